"""The commands of `scorecard`, split by theme; each is a thin door to a module that does the work."""
