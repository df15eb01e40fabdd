"""The reference page lists every kind and every field of its documents; an auditor can read them without a server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing
from typing import Any

import pytest

from evaluations.evidence import KINDS, CheckpointDocument, parse_evidence
from evaluations.evidence.parts import Part
from tests.evidence.conftest import NOW
from tests.house.places import ROOT
from tests.house.test_purity import BLOCKED

PAGE = (ROOT / "docs/reference/evidence-kinds.md").read_text(encoding="utf-8")
HEAD = set(CheckpointDocument.model_fields)


def inside(annotation: Any) -> list[Any]:
    return [annotation, *(found for part in typing.get_args(annotation) for found in inside(part))]


def fields(model: type[Part], prefix: str = "") -> dict[str, bool]:
    """Return path -> whether it is required, for all but the head."""
    found = {}
    for name, field in model.model_fields.items():
        if not prefix and name in HEAD and not (name == "version" and field.is_required()):
            continue
        parts = inside(field.annotation)
        path = f"{prefix}{name}{'[]' if any(typing.get_origin(part) is list for part in parts) else ''}"
        found[path] = field.is_required()
        for part in parts:
            if isinstance(part, type) and issubclass(part, Part):
                found |= fields(part, f"{path}.")
    return found


def section(kind: str) -> str:
    return PAGE.partition(f"## `{kind}`\n")[2].partition("\n## ")[0]


def test_the_page_lists_the_kinds() -> None:
    assert re.findall(r"^## `(\S+)`$", PAGE, flags=re.MULTILINE) == list(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_lists_the_fields_of_a_kind_and_which_are_required(kind: str) -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (yes)? ?\| .+ \|$", section(kind), flags=re.MULTILINE)
    assert {path: said == "yes" for path, said in rows} == fields(KINDS[kind].document)


def test_the_smallest_document_of_the_page_is_one() -> None:
    example = PAGE.partition("```json\n")[2].partition("```")[0]
    assert parse_evidence(example.encode(), now=NOW).id == json.loads(example)["id"]


def test_the_documents_and_what_is_computed_from_them_need_no_django() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "evaluations.evidence"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
