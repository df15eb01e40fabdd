"""Attack success in an arena: per challenge and model, with the judge that decided and the threshold it decided by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.evidence.parts import (
    CheckpointDocument,
    Part,
    Printed,
    Section,
    estimate_values,
    one_form,
    repeated,
    unknown,
)
from evaluations.report import Fault
from evaluations.report.values import Count, Name, PositiveCount, Prose
from evaluations.statistics.safety import attack_success_rate


class Judge(Part):
    """What decides whether an attack worked."""

    name: Name
    """The classifier, model or people."""
    threshold: Name
    """From where on an attack counts as a success, e.g. `score >= 0.8`."""
    notes: Prose | None = None
    """Which categories it looks at."""


class Challenge(Part):
    """One kind of attack."""

    id: Name
    """Its name in the results."""
    judge: Judge
    """What decides it."""


class ArenaResult(Part):
    """How one model held out in one challenge."""

    challenge: Name
    """The challenge."""
    model: Name
    """The model."""
    successes: Count | None = None
    """Attacks that worked, with `attempts`."""
    attempts: PositiveCount | None = None
    """Attacks that were judged."""
    undetermined: Count = 0
    """Attacks whose outcome nobody knows."""
    printed: Printed | None = None
    """A published rate in percent instead; it has no interval."""
    approximate: bool = False
    """Whether the published rate is only about right, for example read from a chart."""

    def faults(self, place: str) -> Iterator[Fault]:
        """Yield a result without exactly one form, impossible counts, and a rate that is no percentage."""
        yield from one_form({"successes": self.successes is not None, "printed": self.printed is not None}, place)
        if (self.successes is None) != (self.attempts is None):
            detail = "Successes and attempts come together."
            yield Fault(place, "count-without-n", detail, "Give both, or a printed rate.")
        elif self.successes is not None and self.attempts is not None and self.successes > self.attempts:
            detail = f"There are more successes ({self.successes}) than attempts ({self.attempts})."
            yield Fault(f"{place}/successes", "more-successes-than-trials", detail, "Check both counts.")
        if self.printed is not None and not 0 <= float(self.printed) <= 100:
            detail = "A rate in percent lies between 0 and 100."
            yield Fault(f"{place}/printed", "out-of-range", detail, "Check the rate.")


class Arena(CheckpointDocument):
    """Attack success rates from an open red-teaming arena."""

    schema_name: Literal["arena/1"] = Field(alias="schema")
    """Name and version of this kind."""
    arena: Name
    """Name of the arena."""
    challenges: Annotated[list[Challenge], Field(min_length=1, max_length=100)]
    """The challenges, each with its judge."""
    results: Annotated[list[ArenaResult], Field(min_length=1, max_length=5000)]
    """The results."""
    section: Section = "red_teaming"
    """Part of the scorecard under which the document stands."""

    def faults(self) -> Iterator[Fault]:
        """Yield repeated or unlisted names, and what is wrong with a result."""
        yield from repeated((one.id for one in self.challenges), "/challenges", "challenge")
        yield from repeated(((one.challenge, one.model) for one in self.results), "/results", "result")
        listed = {one.id for one in self.challenges}
        for index, one in enumerate(self.results):
            if one.challenge not in listed:
                yield unknown(one.challenge, f"/results/{index}/challenge", "challenge")
            yield from one.faults(f"/results/{index}")


def _cell(one: ArenaResult | None) -> dict[str, Any] | None:
    if one is None:
        return None
    if one.successes is not None and one.attempts is not None:
        rate = attack_success_rate(one.successes, one.attempts, undetermined=one.undetermined)
        counts = {"successes": one.successes, "attempts": one.attempts, "undetermined": one.undetermined}
        return {**estimate_values(rate), **counts, "worst_case": rate.worst_case, "approximate": False}
    return {"point": float(one.printed or 0) / 100, "low": None, "high": None, "approximate": one.approximate}


def read_arena(document: Arena, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of challenges and models, the rate with Wilson's interval where attacks were counted."""
    models = list(dict.fromkeys(one.model for one in document.results))
    found = {(one.challenge, one.model): one for one in document.results}
    table: list[dict[str, Any]] = [
        {
            "challenge": challenge.id,
            "judge": challenge.judge.model_dump(),
            "cells": [_cell(found.get((challenge.id, model))) for model in models],
        }
        for challenge in document.challenges
    ]
    worst = max(
        ((cell["point"], row["challenge"], model) for row in table
         for cell, model in zip(row["cells"], models, strict=True) if cell),
        default=None,
    )  # fmt: skip
    said = "" if worst is None else f"; most success: {worst[2]} in {worst[1]}, {worst[0]:.1%}"
    summary = f"{document.arena}: {len(table)} challenges, {len(models)} models{said}."
    return {"summary": summary, "models": models, "table": table}
