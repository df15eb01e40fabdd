"""The evidence app: what was run, on which model, and what came back."""

from __future__ import annotations

from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    """Evidence has no doors and no start-up work of its own."""

    name = "evaluations"
    default_auto_field = "django.db.models.BigAutoField"
