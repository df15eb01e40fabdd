"""Start-up of the judgement app: the Celery application, the receiver of evidence news, ledger triggers and checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScorecardConfig(AppConfig):
    """Loads what must be there before the first request; kept out of `__init__` so the pure rooms stay pure."""

    name = "scorecard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the one signal and the trigger installer."""
        from evaluations.signals import evidence_changed
        from scorecard import celery, guarding, shared_cache, staling, system_checks  # noqa: F401

        evidence_changed.connect(staling.on_evidence_changed, dispatch_uid="scorecard.staling")
        post_migrate.connect(guarding.install, sender=self, dispatch_uid="scorecard.guarding")
        post_migrate.connect(shared_cache.make_table, sender=self, dispatch_uid="scorecard.cache")
