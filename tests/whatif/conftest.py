"""What the door tests share with those of access: a compartment, runs inside and outside of it, visitors and tokens."""

from __future__ import annotations

from tests.access.conftest import api, cbrn, cleared, open_run, probe, stranger, visit

__all__ = ["api", "cbrn", "cleared", "open_run", "probe", "stranger", "visit"]
