"""Evaluation plans: locked before results, compared with what was done."""
