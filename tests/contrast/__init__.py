"""Scorecards side by side."""
