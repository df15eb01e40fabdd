"""The reference values that other libraries produced; they are not part of the project."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scorecard.environment import ROOT


@pytest.fixture(scope="session")
def reference() -> dict[str, list[dict[str, Any]]]:
    """Return statistic -> cases; skips where the file is absent, name one with SCORECARD_REFERENCES."""
    place = Path(os.environ.get("SCORECARD_REFERENCES") or ROOT.parent / "shared" / "data" / "stat_refs.json")
    if not place.is_file():
        pytest.skip(f"no reference statistics at {place}; name a file with SCORECARD_REFERENCES")
    return {entry["statistic"]: entry["cases"] for entry in json.loads(place.read_text(encoding="utf-8"))["refs"]}
