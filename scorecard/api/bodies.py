"""What the deeds' routes accept: strict, frozen documents; an unknown field is refused."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Mitigation = Literal["pre_mitigation", "post_mitigation"]
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class Body(BaseModel):
    """Base of every body."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=10_000)


class ModelBinding(Body):
    """What one model of a log is."""

    subject: str | None = None
    checkpoint: str | None = None
    mitigation: str | None = None
    evaluation: str | None = Field(default=None, pattern=SLUG)


class BindingBody(ModelBinding):
    """What a log is: for all of it, and for single models by the name that the log gives them."""

    models: dict[str, ModelBinding] | None = None


class UploadBody(ModelBinding):
    """A file that will arrive in parts."""

    digest: str
    """`sha256:` and 64 hexadecimal digits of the whole file."""
    bytes: int = Field(ge=1)
    filename: str = Field(default="", max_length=400)
    format: str = "auto"


class SubjectBody(Body):
    """A subject to register."""

    slug: str = Field(pattern=SLUG)
    name: str = Field(min_length=1, max_length=200)
    kind: Literal["evaluated", "comparison", "fictional"] = "evaluated"
    note: str = ""


class CheckpointBody(Body):
    """A checkpoint to register under a subject."""

    subject: str
    name: str = Field(pattern=SLUG)
    parent: str | None = None
    note: str = ""


class EvaluationBody(Body):
    """An evaluation to describe; an unknown slug is registered, a known one described anew."""

    slug: str = Field(pattern=SLUG)
    title: str = Field(min_length=1, max_length=200)
    polarity: Literal["higher_is_riskier", "higher_is_safer", "none"]
    unit: str = "proportion"
    summary: str = ""


class FrameworkSourceBody(Body):
    """A framework document to try."""

    source: str = Field(max_length=524_288)
    """The text of the document, TOML or YAML."""


class ScorecardBody(Body):
    """A scorecard to open."""

    checkpoint: str
    framework: str
    """Slug of the framework; its newest version is used unless `version` names one."""
    version: str | None = None
    title: str = Field(min_length=1, max_length=200)


class DeterminationBody(Body):
    """People's level for one category and side; `seen` is the side's `assessment_digest`."""

    category: str
    mitigation: Mitigation
    level: str
    rationale: str
    seen: str
    kind: Literal["determined", "precautionary", "held_equal", "inherited"] = "determined"
    argument: str = ""
    """What a lower level after mitigation rests on where no fall was measured; it is signed with the card."""
    safeguards: list[str] = Field(default_factory=list, max_length=200)
    """Ids of the safeguards that a level after mitigation credits."""


class ApplicabilityBody(Body):
    """A determination that results on one checkpoint hold for another."""

    from_checkpoint: str
    to_checkpoint: str
    rationale: str
    limits: str
    last_day: str | None = None
    """The last day on which they hold, as `YYYY-MM-DD`; no end where it is left out."""
    compute_multiple: float | None = None
    """How many times the effective compute of the first checkpoint the second one has."""


class ChangeBody(Body):
    """A change of a checkpoint, after which what was measured before it may not hold."""

    checkpoint: str
    kind: str
    """One of `fine_tune scaffold tools safeguard breakthrough`."""
    happened_at: str
    """RFC 3339, with its offset."""
    words: str


class PlannedElicitation(Body):
    """What is planned of a run's elicitation."""

    scaffold: bool = False
    tools: bool = False
    fine_tuned: bool = False
    attempts: int | None = Field(default=None, ge=1)
    best_of_n: int | None = Field(default=None, ge=1)


class PlannedItem(Body):
    """One measurement that is planned."""

    evaluation: str
    metric: str = Field(min_length=1, max_length=100)
    mitigation: Mitigation
    stratum: str | None = None
    version: str | None = None
    dataset_digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    planned_samples: int | None = Field(default=None, ge=1, le=10**9)
    elicitation: PlannedElicitation = PlannedElicitation()


class PlanBody(Body):
    """An evaluation plan for a checkpoint under a framework, to be locked."""

    checkpoint: str
    framework: str
    """The framework's slug; its newest version, or `slug@version`."""
    items: list[PlannedItem]
    stopping_rule: str
    reason: str
    seen: int = Field(default=0, ge=0)
    """The version that was looked at; 0 where there is none."""


class ForecastBody(Body):
    """A level that the subject is expected to reach by a day, and what will be left of it after mitigation."""

    category: str
    level: str
    post_level: str | None = None
    """The same as `level` where it is left out."""
    by_day: str
    """The day as `YYYY-MM-DD`."""
    basis: str


class ExceptionBody(Body):
    """An exception clause, and for each of its statements (by slug) the grounds on which it is attested."""

    clause: str
    grounds: dict[str, str]


class SafeguardText(Body):
    """What a safeguard is, what it covers, and why this is written."""

    name: str = Field(min_length=1, max_length=200)
    summary: str
    claim: str = ""
    """What it argues, by the slug that the framework gives such a claim."""
    threat_actor: str = Field(min_length=1, max_length=200)
    categories: list[str] = Field(default_factory=list, max_length=50)
    pathways: list[str] = Field(default_factory=list, max_length=200)
    evaluations: list[str] = Field(default_factory=list, max_length=200)
    """Slugs of the evaluations that show how well it works."""
    reason: str


class SafeguardBody(SafeguardText):
    """A safeguard to register."""

    subject: str
    slug: str


class SafeguardVersionBody(SafeguardText):
    """The next version of a safeguard; the id in the address says which version was looked at."""


class ReasonBody(Body):
    """A deed that needs nothing but its reason."""

    reason: str


class SeenBody(Body):
    """A deed on exactly the digest that was seen."""

    seen: str


class ProvedBody(Body):
    """A deed that needs a fresh proof of who does it: the password, or the code that the authenticator app shows."""

    password: str = ""
    code: str = ""

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if not {"password", "code"} & self.model_fields_set:
            raise ValueError("password or code is needed, afresh for every deed of this kind")
        return self


class SignatureBody(ProvedBody):
    """A signature: role, meaning, the digest seen, and a fresh proof: the signer's password, or a code of their app."""

    role: str
    meaning: str
    seen: str
    reason: str = ""


class DeclineBody(ProvedBody):
    """A refusal to sign."""

    seen: str
    reason: str


class ReopenBody(Body):
    """Why a card in review goes back to draft."""

    reason: str


class RevokeBody(ProvedBody):
    """Why a sealed card is revoked."""

    reason: str
