"""The reference page of the statistics has a row for every function, with all its columns, and invents none."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

from evaluations import statistics
from scorecard.environment import ROOT

PAGE = (ROOT / "docs/reference/statistics.md").read_text(encoding="utf-8")
PLUMBING = {"distributions", "estimate", "inputs", "attempts"}
INSIDE = {"means.standard_error", "differences.arcsine_distance"}


def public_functions() -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(statistics.__path__):
        if module.name not in PLUMBING:
            contents = vars(importlib.import_module(f"evaluations.statistics.{module.name}"))
            for name, thing in contents.items():
                if inspect.isfunction(thing) and thing.__module__.endswith(f".{module.name}") and name[0] != "_":
                    found.add(f"{module.name}.{name}")
    return found - INSIDE


def test_every_statistic_has_a_row_and_no_row_is_invented() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", PAGE, flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z_]+\.[a-z_0-9]+)`", row)} == public_functions()


def test_every_row_has_all_columns_and_a_role() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) > 40
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6
        assert all(cells), row
        assert cells[4].startswith(("deciding", "display")), row
