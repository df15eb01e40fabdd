"""The server's answers as typed models. Unknown keys are kept, so that a newer server can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scorecard_client.errors import CheckFailed, Fault
from scorecard_client.steps import Answer

PRE, POST = "pre_mitigation", "post_mitigation"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


Document = TypeVar("Document", bound=_Document)


class Receipt(_Document):
    """What was received: a run (`run_...`) or a log (`log_...`)."""

    id: str
    digest: str
    """`sha256:<hex>`: of a run its content, of a log its bytes."""
    job: str
    """Path of the job that works on it."""
    links: dict[str, Any] = Field(default_factory=dict)
    revision: int | None = None
    supersedes: str | None = None
    created: bool = True
    """False when the server held the same before."""


class Progress(_Document):
    """How much of a job is done."""

    done: int = 0
    total: int = 0


class Job(_Document):
    """A piece of background work."""

    id: str
    kind: str = ""
    state: str
    """queued, running, done or failed."""
    progress: Progress = Progress()
    payload: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    log: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ("done", "failed")


class JobPage(_Document):
    """One page of the list of jobs, newest first."""

    results: list[Job]
    next: str | None = None


class LogRun(_Document):
    """A run that a log held, and what became of it: created, unchanged or superseded."""

    id: str
    outcome: str = ""
    checkpoint: str | None = None
    evaluation: str | None = None


class Warned(_Document):
    """Something in a log that was read with a reservation."""

    pointer: str = ""
    code: str = ""
    detail: str = ""


class Log(_Document):
    """A received log file and what was found in it."""

    id: str
    state: str
    """received, read, unbound or quarantined."""
    format: str | None = None
    runs: list[LogRun] = Field(default_factory=list)
    unbound: list[dict[str, Any]] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)
    warnings: list[Warned | str] = Field(default_factory=list)


class Upload(_Document):
    """A log file that arrives in parts; `part_bytes` is the size of every part but the last."""

    id: str
    part_bytes: int = Field(ge=1, le=2**30)
    received: list[int] = Field(default_factory=list)
    """Numbers of the parts that have arrived, from 1."""
    log: str | None = None
    """Set when the upload is complete."""


class Level(_Document):
    """A level of a category and what the evidence says of it."""

    level: str
    finding: str = ""
    indicators: list[dict[str, Any]] = Field(default_factory=list)


class Side(_Document):
    """One category on one side of the mitigations."""

    indicated_level: str | None = None
    """By the evidence alone."""
    reached_level: str | None = None
    determined_level: str | None = None
    """By people."""
    levels: list[Level] = Field(default_factory=list)
    statement: str | None = None


class Category(_Document):
    """A risk category of a scorecard."""

    category: str
    name: str = ""
    pre_mitigation: Side = Side()
    post_mitigation: Side = Side()


class FrameworkRef(_Document):
    """The framework version that a card was made under."""

    slug: str = ""
    version: str = ""
    digest: str = ""


class Gate(_Document):
    """What one gate of a card decides."""

    action: str
    decision: str = "deny"
    reasons: list[str] = Field(default_factory=list)


class Evidence(_Document):
    """A run that a card rests on."""

    run: str
    evaluation: str = ""
    stratum: str | None = None
    checkpoint: str = ""
    mitigation: str = ""
    digest: str = ""
    tally: dict[str, Any] | None = None


class Change(_Document):
    """Where evidence now reaches a higher level than the card determined."""

    category: str
    mitigation: str
    now_level: str | None = None
    words: str = ""


class Snapshot(_Document):
    """The record that people sign (`scorecard.json`)."""

    number: str
    version: int
    title: str = ""
    checkpoint: str = ""
    subject: dict[str, str] = Field(default_factory=dict)
    framework: FrameworkRef = FrameworkRef()
    categories: list[Category] = Field(default_factory=list)
    overall: dict[str, str | None] = Field(default_factory=dict)
    gates: list[Gate] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"


class Scorecard(Snapshot):
    """A scorecard with its live state."""

    id: str
    state: str
    stale: bool = False
    contested: bool = False
    lapsed: bool = False
    digest: str = ""
    changes: list[Change] = Field(default_factory=list)
    links: dict[str, Any] = Field(default_factory=dict)


class CardRow(_Document):
    """A scorecard as lists show it."""

    id: str
    number: str = ""
    version: int = 0


class CardPage(_Document):
    """One page of the list of scorecards, newest first."""

    results: list[CardRow]


class RunRow(_Document):
    """A run as the server shows it."""

    id: str
    checkpoint: str = ""


class GateAnswer(_Document):
    """May this checkpoint be deployed, or developed further? Anything but `allow` denies."""

    checkpoint: str
    action: str
    decision: str
    reasons: list[str] = Field(default_factory=list)
    scorecard: str | None = None
    digest: str | None = None
    issued_at: str = ""
    expires_at: str = ""
    signature: dict[str, str] = Field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether the answer allows the action."""
        return self.decision == "allow"


def parsed(document: type[Document], value: object, *, source: str) -> Document:
    """Return a value as a model. Raises CheckFailed naming the first place that does not fit."""
    try:
        return document.model_validate(value)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "".join(f"/{part}" for part in first["loc"])
        raise CheckFailed(
            f"{source} is not what this client understands: {place or '/'}: {first['msg']}.",
            remedy="Is this the address of a scorecard? Otherwise update the client.",
        ) from None


def json_of(data: bytes, *, source: str) -> Any:
    """Return parsed JSON. Raises CheckFailed."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise CheckFailed(f"{source} is not JSON.", remedy="Is this the address of a scorecard?") from None


def read(document: type[Document], answer: Answer) -> Document:
    """Return the server's answer as a model. Raises CheckFailed."""
    source = "The server's answer"
    return parsed(document, json_of(answer.body, source=source), source=source)


def snapshot_at(path: Path) -> Snapshot:
    """Return the record in a file on this machine. Raises CheckFailed for another kind of file, OSError."""
    return parsed(Snapshot, json_of(path.read_bytes(), source=path.name), source=path.name)
