"""Tests of what would change the verdict."""
