"""The posted document `run-report/1`: what one executed evaluation has to say about one checkpoint."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from evaluations.report.values import (
    Address,
    Count,
    Digest,
    Metric,
    Moment,
    Name,
    Number,
    PositiveCount,
    Prose,
    ShortName,
    Shown,
    Slug,
)

Mitigation = Literal["pre_mitigation", "post_mitigation", "unspecified"]
Unit = Literal["proportion", "percent", "points", "minutes", "count", "score", "coefficient"]
Status = Literal["scored", "error", "limit", "refused", "not_attempted", "ungraded", "invalidated"]
ErrorOrigin = Literal["system", "model", "grader", "usage_limit", "user", "unknown"]
MOST_SAMPLES = 1_000_000


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", validate_by_name=False, use_attribute_docstrings=True
    )


class EvaluationRef(_Part):
    """Which benchmark was run, and on which data."""

    slug: Slug
    """The evaluation's slug, e.g. `ctf-professional`."""
    version: Name | None = None
    """Version of the evaluation."""
    dataset_digest: Digest | None = None
    """`sha256:` and 64 hexadecimal digits of the data set."""
    stratum: Name | None = None
    """A row of a breakdown, e.g. `harassment/threatening` or a language."""


class Tally(_Part):
    """Successes among trials."""

    successes: Count
    """Number of successes, at most `trials`."""
    trials: PositiveCount
    """Number of scored units."""


class Interval(_Part):
    """An interval as the producer states it."""

    low: Number
    """Lower bound in the report's unit."""
    high: Number
    """Upper bound in the report's unit."""
    level: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """Confidence level, e.g. 0.95."""
    method: Name | None = None
    """How the producer computed it."""


class Estimate(_Part):
    """A published figure; without trials and standard error it informs and never decides."""

    value: Number
    """The figure in the report's unit."""
    qualifier: Literal["=", "<=", ">=", "~"] = "="
    """Whether the figure is exact, a bound, or approximate."""
    trials: PositiveCount | None = None
    """Number of units behind the figure."""
    trials_text: Name | None = None
    """The number of units where it was published in words only."""
    stderr: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    """Standard error in the report's unit."""
    interval: Interval | None = None
    """The producer's own interval."""


@with_config(ConfigDict(strict=True, extra="forbid"))
class Sample(TypedDict):
    """One attempt at one sample. A dictionary, because a model object per sample costs kilobytes of memory each."""

    id: Name
    """The sample's id in its data set."""
    attempt: NotRequired[Count]
    """Number of the attempt; 1 where absent."""
    score: NotRequired[Number | None]
    """The score in the report's unit; present exactly when the status is `scored`."""
    cluster: NotRequired[Name | None]
    """What makes samples dependent, e.g. the shared document or task family."""
    status: NotRequired[Status]
    """What became of the attempt; `scored` where absent."""
    error_origin: NotRequired[ErrorOrigin | None]
    """Whose fault an error was."""
    uuid: NotRequired[Name | None]
    """The harness's own id of the attempt."""
    superseded: NotRequired[bool]
    """A later attempt under the same number replaces this one."""
    judge: NotRequired[Shown]
    """What graded the attempt."""
    transcript: NotRequired[Prose | None]
    """Where the transcript is kept."""


class Comparator(_Part):
    """What a baseline row is a baseline of."""

    kind: Literal["model", "human_expert", "human_novice", "control_group", "published"]
    """Kind of baseline."""
    label: Name | None = None
    """How the producer calls it."""
    subject: ShortName | None = None
    """Slug of the compared subject."""
    checkpoint: ShortName | None = None
    """Name of the compared checkpoint."""


class Elicitation(_Part):
    """How hard the producer tried to bring the capability out."""

    adequate: bool | None = None
    """Whether the elicitation is declared adequate; only then can a level be ruled out."""
    declared_by: Name | None = None
    """Who declares it."""
    scaffold: Prose | None = None
    """Agent scaffold or prompt set-up."""
    tools: Annotated[list[Name], Field(max_length=200)] | None = None
    """Tools that the model could use."""
    fine_tuned: bool | None = None
    """Whether the model was fine-tuned for the task."""
    attempts: Count | None = None
    """Attempts that each sample was given."""
    best_of_n: Count | None = None
    """Number of candidates of which the best counted."""
    notes: Prose | None = None
    """Anything else that a reader needs."""


class Provenance(_Part):
    """Where the numbers come from."""

    source: Name
    """The publication, pipeline or person."""
    url: Address | None = None
    """Address of the source (http, https, s3 or gs)."""
    locator: Name | None = None
    """Page, table or line in the source."""
    quality: Literal["measured", "printed", "derived", "read_from_chart", "third_party"] | None = None
    """How directly the numbers were obtained."""


class RunReport(_Part):
    """The document that a pipeline posts for one executed evaluation. Exactly one of tally, estimate, samples."""

    schema_name: Literal["run-report/1"] = Field(alias="schema")
    """Name and version of this format."""
    subject: ShortName
    """Slug of the subject."""
    checkpoint: ShortName
    """Name of the model checkpoint that was evaluated."""
    mitigation: Mitigation
    """Side of the mitigations."""
    evaluation: EvaluationRef
    """The evaluation."""
    metric: Metric
    """The metric in the field's notation, e.g. `pass@1`."""
    provenance: Provenance
    """The origin of the numbers; an unnamed one is refused."""
    run_id: Name | None = None
    """The harness's own id; absent, the content digest identifies the run."""
    unit: Unit = "proportion"
    """Unit of values and scores."""
    started_at: Moment | None = None
    """When the run started."""
    completed_at: Moment | None = None
    """When the run was complete."""
    planned_samples: PositiveCount | None = None
    """How many samples the run should have had."""
    attempts_per_sample: PositiveCount | None = None
    """How many attempts every sample should have had."""
    tally: Tally | None = None
    """Successes among trials."""
    estimate: Estimate | None = None
    """A published figure."""
    samples: Annotated[list[Sample], Field(max_length=MOST_SAMPLES, min_length=1, fail_fast=True)] | None = None
    """Scores of every attempt."""
    reported: dict[str, Shown] | None = None
    """The producer's own headline numbers, verbatim."""
    comparator: Comparator | None = None
    """What the row is a baseline of."""
    elicitation: Elicitation | None = None
    """How hard the capability was elicited."""
    completion: Literal["complete", "partial", "cancelled", "error", "running"] | None = None
    """How the run ended, where it did not run to its end. Without `planned_samples` such a run cannot decide."""
    grader: Shown = None
    """What graded the samples."""
    code: Shown = None
    """Revision of the evaluation code."""
    packages: Shown = None
    """Versions of the packages used."""
    sampling: Shown = None
    """Temperature and other sampling settings."""
    contamination: Shown = None
    """What is known about contamination."""
    sandbagging: Shown = None
    """What is known about sandbagging."""
    cost: Shown = None
    """What the run cost."""
    operator: Shown = None
    """Who ran it."""
    tags: Annotated[list[Name], Field(max_length=100)] | None = None
    """Free labels."""

    @property
    def form(self) -> str:
        """Which of the three forms the numbers have: `tally`, `estimate` or `samples`."""
        return next(name for name in ("tally", "estimate", "samples") if getattr(self, name) is not None)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, for the API description."""
    return RunReport.model_json_schema(by_alias=True)
