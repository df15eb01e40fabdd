"""What must be in place before the first request: tables, guards, static files."""

from __future__ import annotations

import hashlib
import socket
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from scorecard import guarding

STATIC_PACKAGES = (
    "django",
    "django-allauth",
    "django-htmx",
    "djangorestframework",
    "drf-spectacular-sidecar",
    "whitenoise",
)
UNUSED_STATIC = ["rest_framework", "ext"]
"""The browsable API is off and no page uses an htmx extension, so their files stay out."""
STAMP_NAME = ".collected"


class PortTaken(RuntimeError):
    """Another program listens on the address."""


def require_free(host: str, port: int) -> None:
    """Raise PortTaken with the remedy unless `host:port` can be bound now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"{host}:{port} cannot be used ({error.strerror}). "
                f"Choose another port: make run PORT={port + 1}, or python manage.py up --port {port + 1}."
            ) from error


def pending_migrations() -> list[str]:
    """Return the migrations that the database lacks, as `app.name`."""
    executor = MigrationExecutor(connection)
    return [f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def migrate() -> bool:
    """Bring the tables up to date and reinstall missing guards; say whether anything was done."""
    if pending_migrations() or guarding.missing():
        call_command("migrate", verbosity=0, interactive=False)
        return True
    return False


def static_fingerprint(folder: Path) -> str:
    """Return a digest of our static files' names, sizes and times, and of the packages that bring their own."""
    facts = [f"{name} {version(name)}" for name in STATIC_PACKAGES]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            facts.append(f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def collect_static() -> bool:
    """Collect static files if they changed since the last time; say whether they were collected."""
    fingerprint = static_fingerprint(Path(settings.BASE_DIR) / "scorecard" / "static")
    stamp = Path(settings.STATIC_ROOT) / STAMP_NAME
    if stamp.exists() and stamp.read_text() == fingerprint:
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED_STATIC)
    stamp.write_text(fingerprint)
    return True
