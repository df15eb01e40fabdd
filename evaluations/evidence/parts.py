"""What every posted evidence document shares: its head, its small types, and the faults that show on reading it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from evaluations.report import Fault
from evaluations.report.document import Mitigation, Provenance
from evaluations.report.values import Moment, Name, Prose, ShortName, Slug
from evaluations.statistics.estimate import Estimate

Section = Literal["safety", "red_teaming", "preparedness"]
Severity = Literal["informational", "low", "medium", "high", "critical"]
"""How grave a clause or a finding is, in the words of security reports. It is no risk level and never becomes one."""
RunId = Annotated[str, Field(pattern=r"^run_[0-9A-Z]{26}$")]
Printed = Annotated[str, Field(pattern=r"^-?[0-9]{1,9}(?:\.[0-9]{1,9})?$")]
"""A figure as it was printed, as text, because 0.940 says more than 0.94."""


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("no-such-day", "There is no such day in the calendar.") from None
    return text


Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]


class Part(BaseModel):
    """A part of a document: immutable, strictly typed, without a field that nobody knows."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", validate_by_name=False, use_attribute_docstrings=True
    )


class Document(Part):
    """The head of every evidence document."""

    schema_name: str = Field(alias="schema")
    """Name and version of the kind, e.g. `probing/1`."""
    id: Name
    """The sender's own id; a later version of the same id supersedes the former one."""
    title: Name
    """What the document is, in a line."""
    provenance: Provenance
    """Where it comes from; an unnamed origin is refused."""
    version: Name | None = None
    """The sender's own version."""
    dated: Moment | None = None
    """When it was made."""
    notes: Prose | None = None
    """Anything else that a reader needs."""

    def checkpoint_names(self) -> tuple[str, ...]:
        """Return the names of the checkpoints that the document is about; the first one identifies it."""
        return ()

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the parts when they are read together."""
        yield from ()


class CheckpointDocument(Document):
    """The head of a document about one model checkpoint."""

    subject: ShortName
    """Slug of the subject."""
    checkpoint: ShortName
    """Name of the model checkpoint."""
    mitigation: Mitigation = "unspecified"
    """Side of the mitigations."""
    category: Slug | None = None
    """Risk category that the document informs, as the framework spells it; it never sets a level there."""
    section: Section = "safety"
    """Part of the scorecard under which the document stands."""

    def checkpoint_names(self) -> tuple[str, ...]:
        """Return the name of the checkpoint."""
        return (self.checkpoint,)


def repeated(keys: Iterable[Any], place: str, what: str) -> Iterator[Fault]:
    """Yield a fault for every key that stood there before; `place` is the pointer of the list."""
    seen: set[Any] = set()
    for index, key in enumerate(keys):
        if key in seen:
            detail = f"This {what} stands twice."
            yield Fault(f"{place}/{index}", "listed-twice", detail, "Keep one of them, or give each its own id.")
        seen.add(key)


def unknown(name: str, place: str, what: str) -> Fault:
    """Return the fault of a name that the document itself does not list."""
    detail = f"The document lists no {what} {name[:80]!r}."
    return Fault(place, "not-listed", detail, f"List the {what}, or correct its name.")


def one_form(given: dict[str, bool], place: str) -> Iterator[Fault]:
    """Yield a fault unless exactly one of the forms is given."""
    if sum(given.values()) != 1:
        said = " and ".join(name for name, there in given.items() if there) or "none of them"
        detail = f"Exactly one of {', '.join(given)} is needed; this has {said}."
        yield Fault(place, "one-of-several", detail, "Keep the most detailed form.")


def half_unit(printed: str) -> Decimal:
    """Return half a unit of the last printed digit: as far as rounding can have moved the figure."""
    return Decimal(5).scaleb(-len(printed.partition(".")[2]) - 1)


def estimate_values(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as plain values for pages and the API."""
    return {
        "point": estimate.point,
        "low": estimate.low,
        "high": estimate.high,
        "confidence": estimate.confidence,
        "n": estimate.n,
        "method": estimate.method,
        "notes": list(estimate.notes),
    }
