"""Signs of life for operators: plain views, without tokens and without details that help an attacker."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluations.jobs import last_worker_beat
from evaluations.models import WorkerBeat
from scorecard import guarding
from scorecard.signing_key import load_key


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def _database() -> str:
    with transaction.atomic():
        WorkerBeat.objects.update_or_create(name="readyz", defaults={"at": timezone.now()})
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    return "ok" if not executor.migration_plan(executor.loader.graph.leaf_nodes()) else "unapplied: run migrate"


def _triggers() -> str:
    return "ok" if not guarding.missing() else "missing: run migrate"


def _key() -> str:
    load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN)
    return "ok"


def _worker() -> str:
    beat = last_worker_beat()
    return "ok" if beat and (timezone.now() - beat).total_seconds() < 60 else "none was heard of for a minute"


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the product may serve: database writable, migrated, guarded, key usable; no worker only degrades."""
    found = {}
    for name, probe in (("database", _database), ("migrations", _migrations), ("triggers", _triggers), ("key", _key)):
        try:
            found[name] = probe()
        except (DatabaseError, OSError, RuntimeError, ValueError) as error:
            found[name] = type(error).__name__
    ready = all(value == "ok" for value in found.values())
    found["worker"] = _worker() if ready else "not asked"
    status = "failed" if not ready else ("ok" if found["worker"] == "ok" else "degraded")
    return JsonResponse({"status": status, "checks": found}, status=200 if ready else 503)
