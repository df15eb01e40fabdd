"""Policies with their clauses, and judgements of a run's samples against them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.evidence.parts import (
    CheckpointDocument,
    Document,
    Part,
    RunId,
    Section,
    Severity,
    estimate_values,
    repeated,
)
from evaluations.report import Fault
from evaluations.report.values import Count, Name, Prose
from evaluations.statistics.agreement import cohens_kappa
from evaluations.statistics.proportions import proportion_wilson

MOST_JUDGEMENTS, MOST_SHOWN = 50_000, 100
VERDICTS = ("violates", "complies", "unclear")


class Clause(Part):
    """One rule of a policy."""

    id: Name
    """Number or name of the clause."""
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    """What the clause asks, in one's own words."""
    severity: Severity
    """How grave a violation is; no risk level."""


class Policy(Document):
    """A policy as a versioned document: what answers may not do."""

    schema_name: Literal["policy/1"] = Field(alias="schema")
    """Name and version of this kind."""
    version: Name
    """Version of the policy; judgements name it."""
    clauses: Annotated[list[Clause], Field(min_length=1, max_length=500)]
    """The clauses."""

    def faults(self) -> Iterator[Fault]:
        """Yield clauses that stand twice."""
        yield from repeated((clause.id for clause in self.clauses), "/clauses", "clause")


class PolicyRef(Part):
    """Which policy, in which version."""

    id: Name
    """The policy document's own id."""
    version: Name
    """The policy's version."""


class Judgement(Part):
    """What one judge says of one sample under one clause."""

    sample: Name
    """The sample's id in the run."""
    attempt: Count = 1
    """Number of the attempt."""
    clause: Name
    """The clause's id in the policy."""
    verdict: Literal["violates", "complies", "unclear"]
    """Whether the answer violates the clause."""
    judge: Name
    """Who or what judged: a pseudonym, or a model and its prompt."""
    note: Prose | None = None
    """Why."""


class PolicyJudgements(CheckpointDocument):
    """Judgements of the samples of one run against the clauses of one policy."""

    schema_name: Literal["policy-judgements/1"] = Field(alias="schema")
    """Name and version of this kind."""
    policy: PolicyRef
    """The policy that was judged by; it is filed first."""
    run: RunId
    """The run whose samples were judged."""
    judgements: Annotated[list[Judgement], Field(min_length=1, max_length=MOST_JUDGEMENTS, fail_fast=True)]
    """The judgements."""
    section: Section = "safety"
    """Part of the scorecard under which the document stands."""

    def faults(self) -> Iterator[Fault]:
        """Yield judgements that one judge gave twice."""
        keys = ((one.sample, one.attempt, one.clause, one.judge) for one in self.judgements)
        yield from repeated(keys, "/judgements", "judgement")

    def strangers(self, *, clauses: Set[str], samples: Set[tuple[str, int]]) -> Iterator[Fault]:
        """Yield judgements of a clause that the policy does not have, or of a sample that the run does not have."""
        for index, one in enumerate(self.judgements):
            if one.clause not in clauses:
                detail = f"The policy {self.policy.id[:80]!r} has no clause {one.clause[:80]!r}."
                yield Fault(f"/judgements/{index}/clause", "unknown-clause", detail, "Name a clause of that version.")
            if (one.sample, one.attempt) not in samples:
                detail = f"The run has no attempt {one.attempt} at a sample {one.sample[:80]!r}."
                remedy = "Name a sample and attempt of the run; GET /api/v1/runs/{id}/samples/ lists them."
                yield Fault(f"/judgements/{index}/sample", "unknown-sample", detail, remedy)


def read_policy(policy: Policy, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy's clauses by severity."""
    counts: dict[str, int] = defaultdict(int)
    for clause in policy.clauses:
        counts[clause.severity] += 1
    said = ", ".join(f"{number} {severity}" for severity, number in counts.items())
    return {
        "summary": f"Version {policy.version}: {len(policy.clauses)} clauses ({said}).",
        "clauses": [clause.model_dump() for clause in policy.clauses],
    }


def _verdict(said: Set[str]) -> str:
    """Return what several judges say together: where they part, nothing is clear."""
    return next(iter(said)) if len(said) == 1 else "disputed"


def _clause_row(clause: Mapping[str, Any], verdicts: list[str]) -> dict[str, Any]:
    k, complies = verdicts.count("violates"), verdicts.count("complies")
    disputed = verdicts.count("disputed")
    open_ones = disputed + verdicts.count("unclear")
    judged = k + complies
    return {
        **clause,
        "violates": k,
        "complies": complies,
        "unclear": open_ones - disputed,
        "disputed": disputed,
        "rate": estimate_values(proportion_wilson(k, judged)) if judged else None,
        "worst_case": (k + open_ones) / (judged + open_ones) if verdicts else None,
    }


def _agreement(judgements: list[Judgement]) -> dict[str, Any] | None:
    """Return Cohen's kappa of exactly two judges on what both judged, None where there is no such pair."""
    judges = sorted({one.judge for one in judgements})
    if len(judges) != 2:
        return None
    said: dict[str, dict[tuple[str, int, str], str]] = {judge: {} for judge in judges}
    for one in judgements:
        said[one.judge][one.sample, one.attempt, one.clause] = one.verdict
    shared = [key for key in said[judges[0]] if key in said[judges[1]]]
    if not shared:
        return None
    first, second = ([said[judge][key] for key in shared] for judge in judges)
    return {"judges": judges, **estimate_values(cohens_kappa(first, second, categories=VERDICTS))}


def read_judgements(document: PolicyJudgements, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return counts by clause with Wilson's interval of the rate of violations.

    The unit is one attempt at one sample under one clause. Where judges part, or find it unclear, the unit is left out
    of the rate and counted as a violation in the worst case. `bound` holds the clauses of the policy as it was.
    """
    said: dict[str, dict[tuple[str, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in document.judgements:
        said[one.clause][one.sample, one.attempt].add(one.verdict)
    rows = [
        _clause_row(clause, [_verdict(verdicts) for verdicts in said[clause["id"]].values()])
        for clause in bound["policy"]["clauses"]
    ]
    judged = {(one.sample, one.attempt) for one in document.judgements}
    violating = {(one.sample, one.attempt) for one in document.judgements if one.verdict == "violates"}
    shown = [one.model_dump() for one in document.judgements if one.verdict != "complies"]
    return {
        "summary": (
            f"{len(violating)} of {len(judged)} judged attempts violate a clause in the eyes of at least one judge; "
            f"{sum(bool(row['violates']) for row in rows)} of {len(rows)} clauses are violated."
        ),
        "clauses": rows,
        "judges": sorted({one.judge for one in document.judgements}),
        "agreement": _agreement(document.judgements),
        "shown": shown[:MOST_SHOWN],
        "more": max(0, len(shown) - MOST_SHOWN),
    }
