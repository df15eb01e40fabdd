"""The run report as a typed document, for pipelines that write Python; what holds is still the server's check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from scorecard_client.errors import Misused

SCHEMA = "run-report/1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EvaluationRef(_Part):
    """Which benchmark was run, and on which data."""

    slug: str
    version: str | None = None
    dataset_digest: str | None = None
    stratum: str | None = None


class Tally(_Part):
    """Successes among trials."""

    successes: int
    trials: int


class Interval(_Part):
    """An interval as the producer states it, in the report's unit."""

    low: float
    high: float
    level: float | None = None
    method: str | None = None


class Estimate(_Part):
    """A published figure; without trials and standard error it informs and never decides."""

    value: float
    qualifier: Literal["=", "<=", ">=", "~"] = "="
    trials: int | None = None
    trials_text: str | None = None
    stderr: float | None = None
    interval: Interval | None = None


class Sample(_Part):
    """One attempt at one sample."""

    id: str
    attempt: int | None = None
    score: float | None = None
    cluster: str | None = None
    status: Literal["scored", "error", "limit", "refused", "not_attempted", "ungraded", "invalidated"] = "scored"
    error_origin: str | None = None
    uuid: str | None = None
    superseded: bool | None = None
    judge: Any = None
    transcript: str | None = None


class Comparator(_Part):
    """What a baseline row is a baseline of."""

    kind: Literal["model", "human_expert", "human_novice", "control_group", "published"]
    label: str | None = None
    subject: str | None = None
    checkpoint: str | None = None


class Elicitation(_Part):
    """How hard the producer tried to bring the capability out; without `adequate` nothing can be ruled out."""

    adequate: bool | None = None
    declared_by: str | None = None
    scaffold: str | None = None
    tools: list[str] | None = None
    fine_tuned: bool | None = None
    attempts: int | None = None
    best_of_n: int | None = None
    notes: str | None = None


class Provenance(_Part):
    """Where the numbers come from."""

    source: str
    url: str | None = None
    locator: str | None = None
    quality: Literal["measured", "printed", "derived", "read_from_chart", "third_party"] | None = None


class RunReport(_Part):
    """One executed evaluation of one checkpoint. Exactly one of `tally`, `estimate` and `samples`."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    schema_name: Literal["run-report/1"] = Field(default="run-report/1", alias="schema")
    subject: str
    checkpoint: str
    mitigation: Literal["pre_mitigation", "post_mitigation", "unspecified"]
    evaluation: EvaluationRef
    metric: str
    provenance: Provenance
    run_id: str | None = None
    unit: Literal["proportion", "percent", "points", "minutes", "count", "score", "coefficient"] | None = None
    started_at: str | None = None
    completed_at: str | None = None
    planned_samples: int | None = None
    attempts_per_sample: int | None = None
    tally: Tally | None = None
    estimate: Estimate | None = None
    samples: list[Sample] | None = None
    reported: dict[str, Any] | None = None
    comparator: Comparator | None = None
    elicitation: Elicitation | None = None
    completion: Literal["complete", "partial", "cancelled", "error", "running"] | None = None
    grader: Any = None
    code: Any = None
    packages: Any = None
    sampling: Any = None
    contamination: Any = None
    sandbagging: Any = None
    cost: Any = None
    operator: Any = None
    tags: list[str] | None = None


Postable: TypeAlias = RunReport | Mapping[str, Any] | bytes


def report_bytes(report: Postable) -> bytes:
    """Return the bytes to post; the same report gives the same bytes. Raises Misused for what JSON cannot say."""
    if isinstance(report, bytes):
        return report
    if isinstance(report, RunReport):
        report = {"schema": SCHEMA, **report.model_dump(mode="json", by_alias=True, exclude_unset=True)}
    try:
        return json.dumps(dict(report), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as fault:
        raise Misused(f"The report cannot be written as JSON: {fault}.") from None
