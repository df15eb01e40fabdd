"""Forecasts of levels, and exception clauses that a card invokes."""
