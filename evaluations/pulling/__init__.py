"""Pulling: logs are taken from configured sources, on a schedule or on demand, each version of each thing once."""
