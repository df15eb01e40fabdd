"""A partner's report: who tested what, with which access and independence, what was found, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.evidence.parts import CheckpointDocument, Day, Part, Section, Severity, repeated, unknown
from evaluations.report import Fault
from evaluations.report.values import Count, Digest, Name, PositiveCount, Prose, ShortName

SEVERITIES = ("critical", "high", "medium", "low", "informational")


class Access(Part):
    """What the partner could reach."""

    level: Literal["black_box", "grey_box", "white_box", "outside_the_box"]
    """The words of the auditing literature: outputs only, some internals, weights, or documents and staff as well."""
    notes: Prose | None = None
    """Which surface, which safeguards were off, which rate limits held."""


class Independence(Part):
    """How free the partner was."""

    paid_by: Name
    """Who paid for the work; `nobody` is an answer too."""
    right_to_publish: Literal["free", "after_review", "with_consent", "none"]
    """Whether the partner may publish, and on whose word."""
    notes: Prose | None = None
    """Other ties between partner and developer."""


class PartnerFinding(Part):
    """One thing that the partner found."""

    id: Name
    """Number or name."""
    title: Name
    """What it is, in a line."""
    severity: Severity
    """How grave the partner calls it; no risk level."""
    detail: Prose | None = None
    """What was seen."""


class Recommendation(Part):
    """One thing that the partner advises, and the answer to it."""

    id: Name
    """Number or name."""
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    """What is advised."""
    finding: Name | None = None
    """The finding that it answers."""
    adopted: bool | None = None
    """Whether it was adopted; null while it is open."""
    reason: Prose | None = None
    """Why it was adopted or not; needed as soon as it is decided."""


class ReportFile(Part):
    """The report itself, by its digest."""

    name: Name
    """Its file name."""
    digest: Digest
    """`sha256:` of its bytes."""


class PartnerReport(CheckpointDocument):
    """What an outside organisation did and found."""

    schema_name: Literal["partner-report/1"] = Field(alias="schema")
    """Name and version of this kind."""
    organisation: Name
    """The partner."""
    started_on: Day
    """First day of the work."""
    ended_on: Day
    """Last day of the work."""
    hours: Annotated[float, Field(ge=0.0, le=1e7, allow_inf_nan=False)] | None = None
    """Hours of work in all."""
    people: PositiveCount | None = None
    """Number of people who worked on it."""
    conversations: Count | None = None
    """Number of conversations or trajectories."""
    access: Access
    """What the partner could reach."""
    independence: Independence
    """Who paid, and who decides on publication."""
    also_tested: Annotated[list[ShortName], Field(max_length=50)] = []
    """Further checkpoints that were tested; the report stands under each."""
    methods: Annotated[list[Prose], Field(min_length=1, max_length=50)]
    """What was done."""
    findings: Annotated[list[PartnerFinding], Field(max_length=500)] = []
    """What was found."""
    recommendations: Annotated[list[Recommendation], Field(max_length=500)] = []
    """What was advised, and what became of it."""
    file: ReportFile | None = None
    """The report itself."""
    section: Section = "red_teaming"
    """Part of the scorecard under which the document stands."""

    def checkpoint_names(self) -> tuple[str, ...]:
        """Return every tested checkpoint."""
        return (self.checkpoint, *self.also_tested)

    def faults(self) -> Iterator[Fault]:
        """Yield repeated ids, findings that are not listed, decisions without a reason, and days in the wrong order."""
        yield from repeated(self.checkpoint_names(), "/also_tested", "checkpoint")
        yield from repeated((one.id for one in self.findings), "/findings", "finding")
        yield from repeated((one.id for one in self.recommendations), "/recommendations", "recommendation")
        found = {one.id for one in self.findings}
        for index, one in enumerate(self.recommendations):
            if one.finding is not None and one.finding not in found:
                yield unknown(one.finding, f"/recommendations/{index}/finding", "finding")
            if one.adopted is not None and not (one.reason or "").strip():
                detail = "A recommendation that was decided on needs the reason."
                yield Fault(f"/recommendations/{index}/reason", "decision-without-reason", detail, "Say why.")
        if self.ended_on < self.started_on:
            detail = "The last day lies before the first."
            yield Fault("/ended_on", "ended-before-started", detail, "Check both days.")


def read_partner_report(report: PartnerReport, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return the findings by severity, gravest first, and how the recommendations were answered."""
    counts: Counter[str] = Counter(one.severity for one in report.findings)
    answers = Counter(one.adopted for one in report.recommendations)
    found = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
    parts = [
        f"{report.organisation}, {report.started_on} to {report.ended_on}: "
        f"{len(report.findings)} findings{f' ({found})' if found else ''}"
    ]
    if report.recommendations:
        parts.append(f"{answers[True]} of {len(report.recommendations)} recommendations adopted, {answers[None]} open")
    ranked = sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity))
    return {
        "summary": f"{'; '.join(parts)}.",
        "by_severity": [{"severity": severity, "count": counts[severity]} for severity in SEVERITIES],
        "findings": [one.model_dump() for one in ranked],
        "adopted": answers[True],
        "not_adopted": answers[False],
        "open": answers[None],
    }
