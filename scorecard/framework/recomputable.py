"""Whether an auditor can recompute what a framework document decides: the last question before it may be published.

The offline verifier has the canonical JSON of the document and the closed list of deciding estimators, and no more.
"""

from __future__ import annotations

from typing import Any

from evaluations.estimates.deciding import DECIDING_STATISTICS, INTERVALS
from evaluations.strict_json import StrictJSONError, check_text
from scorecard.framework.faults import DocumentFault, Path

PAIRED = "difference_paired"
"""Decided of two runs and not of one, so no indicator of `framework/1` can use it."""


def _path(pointer: str) -> Path:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _texts(document: dict[str, Any]) -> list[DocumentFault]:
    try:
        check_text(document)
    except StrictJSONError as error:
        words = f"the offline verifier refuses this text: {error.message.rstrip('.')}"
        return [DocumentFault(_path(error.pointer), words, "text without it")]
    return []


def recomputation_faults(document: dict[str, Any]) -> list[DocumentFault]:
    """Return every rule of a canonical document that the offline verifier could not recompute."""
    statistics = [name for name in DECIDING_STATISTICS if name != PAIRED]
    used: list[tuple[Path, str, list[str]]] = [
        (("policy", "interval"), document["policy"]["interval"], list(INTERVALS))
    ]
    for place, row in enumerate(document["indicators"]):
        used.append((("indicators", place, "statistic"), row["statistic"], statistics))
        if row["interval"] is not None:
            used.append((("indicators", place, "interval"), row["interval"], list(INTERVALS)))
    return _texts(document) + [
        DocumentFault(path, f"the offline verifier cannot recompute {value!r}", ", ".join(known))
        for path, value, known in used if value not in known
    ]  # fmt: skip
