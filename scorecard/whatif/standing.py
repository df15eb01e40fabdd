"""One category and side with the finding of every run, so that a change of some findings is weighed at once.

A run's finding does not depend on the other runs. It is therefore computed once, by `indicate`, and what remains after
a run is left out, or finds something else, is settled by the same functions that settle the real verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from scorecard.framework.findings import RISK_ORDER, counts_for
from scorecard.framework.ladders import reads_side, rests_on_capability
from scorecard.framework.levels import both_found, indicate, own_finding, settle

Record = dict[str, Any]
CAPABILITY = "pre_mitigation"
Findings = Mapping[tuple[str, str], str]
"""(indicator id, run id) -> finding."""


@dataclass(frozen=True)
class Verdict:
    """The levels that evidence alone gives; both None without any."""

    indicated: str | None
    reached: str | None


@dataclass(frozen=True)
class Held:
    """One indicator: the finding of each run that speaks to it; those `ended` count where none stands."""

    id: str
    required: bool
    findings: Mapping[str, str]
    ended: frozenset[str] = frozenset()

    @cached_property
    def _ranked(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The runs by finding, highest risk first."""
        runs = {
            finding: frozenset(run for run, one in self.findings.items() if one == finding and run not in self.ended)
            for finding in RISK_ORDER
        }
        return tuple((finding, runs[finding]) for finding in reversed(RISK_ORDER) if runs[finding])

    def finding(self, without: frozenset[str] = frozenset(), instead: Findings = MappingProxyType({})) -> str:
        """Return the finding of highest risk among the remaining runs, some of which may find something `instead`."""
        changed = {
            run: found
            for (indicator, run), found in instead.items()
            if indicator == self.id and not (run in self.ended and found == self.findings[run])
        }
        gone = without.union(changed)
        found = [one for run, one in changed.items() if run not in without]
        found += next(([one] for one, runs in self._ranked if not runs <= gone), [])
        if not found and self.ended - gone:
            return "cannot_rule_out"
        return max(found, key=RISK_ORDER.index, default="not_assessed")


@dataclass(frozen=True)
class Case:
    """A question's inputs: a framework document, a category, a side, and the evidence items that speak to it.

    `beside` are the items of the capability side where the framework's second side rests on it: they bound the levels
    and are none of those that a question changes.
    """

    document: Record
    category: str
    side: str
    evidence: tuple[Record, ...]
    beside: tuple[Record, ...] = ()

    @cached_property
    def indicators(self) -> tuple[Record, ...]:
        """The category's indicators that speak for the side, in the document's order."""
        return _speaking(self.document, self.category, self.side)

    @cached_property
    def result(self) -> Record:
        """What `indicate` says."""
        return indicate(self.document, self.category, self.side, [*self.evidence, *self.beside])

    @cached_property
    def rows(self) -> tuple[Record, ...]:
        """The result's row of every indicator, lowest level first, each with the slug of its level."""
        return tuple({**row, "level": level["level"]} for level in self.result["levels"] for row in level["indicators"])

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """The ids of the runs, in order."""
        return tuple(sorted(item["run"] for item in self.evidence))

    @cached_property
    def _held(self) -> tuple[tuple[str, tuple[Held, ...]], ...]:
        return tuple(
            (level["level"], tuple(
                Held(
                    row["id"], row["required"], {run["run"]: run["finding"] for run in row["runs"]},
                    frozenset(run["run"] for run in row["runs"] if "ended" in run),
                )
                for row in level["indicators"]
            ))
            for level in self.result["levels"][1:]
        )  # fmt: skip

    @cached_property
    def _bounds(self) -> dict[str, tuple[str | None, bool]]:
        """Level -> what the capability side found, if the side rests on it, and whether anything stands for it."""
        return {row["level"]: (row.get("capability"), row["operationalised"]) for row in self.result["levels"]}

    @property
    def held(self) -> tuple[Held, ...]:
        """Every indicator with the findings of its runs, lowest level first."""
        return tuple(one for _, indicators in self._held for one in indicators)

    @property
    def verdict(self) -> Verdict:
        """The levels as they are."""
        return Verdict(self.result["indicated_level"], self.result["reached_level"])

    def speaking_to(self, item: Record) -> tuple[Record, ...]:
        """Return the indicators that an evidence item speaks to."""
        return tuple(row for row in self.indicators if counts_for(row, self.side, item))

    def weighed(
        self,
        *,
        without: frozenset[str] = frozenset(),
        instead: Findings | None = None,
        held_as: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Return the verdict if some runs were left out, found something else, or an indicator were `held_as`."""
        changed, as_held = instead or {}, held_as or {}
        rows = []
        for level, indicators in self._held:
            found = [as_held.get(one.id) or one.finding(without, changed) for one in indicators]
            own = own_finding(
                [{"required": one.required, "finding": it} for one, it in zip(indicators, found, strict=True)]
            )
            capability, operationalised = self._bounds[level]
            rows.append(
                {"level": level, "finding": own if capability is None else both_found(capability, own),
                 "operationalised": operationalised, "implied": False, "contradiction": False}
            )  # fmt: skip
        settled = settle(self.result["levels"][0]["level"], rows)
        return Verdict(settled["indicated_level"], settled["reached_level"])


def case_of(document: Record, category: str, side: str, evidence: Sequence[Record]) -> Case:
    """Return the case of one category and side; evidence of anything else is left aside, as it decides nothing."""
    beside = _items_for(document, category, CAPABILITY, evidence) if rests_on_capability(document, side) else ()
    return Case(document, category, side, _items_for(document, category, side, evidence), beside)


def _speaking(document: Record, category: str, side: str) -> tuple[Record, ...]:
    return tuple(row for row in document["indicators"] if row["category"] == category and reads_side(row, side))


def _items_for(document: Record, category: str, side: str, evidence: Sequence[Record]) -> tuple[Record, ...]:
    named = _speaking(document, category, side)
    speaking = [item for item in evidence if any(counts_for(row, side, item) for row in named)]
    return tuple(sorted(speaking, key=lambda item: str(item["run"])))


def verdict_under(document: Record, case: Case, evidence: Sequence[Record]) -> Verdict:
    """Return the verdict of the case's category and side under another document or with other evidence."""
    result = indicate(document, case.category, case.side, [*evidence, *case.beside])
    return Verdict(result["indicated_level"], result["reached_level"])
