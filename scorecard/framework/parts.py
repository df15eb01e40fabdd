"""The parts of a framework document: levels, categories, thresholds, safeguards, gates, obligations and sign-off.

Fields are documented in docs/reference/framework-document.md. What is left out means the plainest reading: every side,
the whole category, no expiry, no exception.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
AddressSlug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
"""A name that stands in the address of a page, which no dot may."""
Short = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Side = Literal["pre_mitigation", "post_mitigation"]
Interval = Literal["wilson", "clopper_pearson"]


class Part(BaseModel):
    """A table of the document; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(Part):
    """One entry of the framework's own history: what changed, and the case for and against it."""

    date: Day
    summary: Text
    evidence_for: Text
    evidence_against: Text


class Level(Part):
    """One level; their order in the document is their order of risk."""

    slug: Short
    name: Text


class SideDefinition(Part):
    """What one of the two columns of a scorecard is called, and what it rests on."""

    name: Text
    summary: str = ""


class SecondSide(SideDefinition):
    """The column after mitigation. `capability_and_safeguards`: what the first column rules out is ruled out here."""

    rests_on: Literal["evaluations", "capability_and_safeguards"] = "evaluations"


class Sides(Part):
    """The two columns of the scorecard."""

    pre_mitigation: SideDefinition = SideDefinition(name="Pre-mitigation")
    post_mitigation: SecondSide = SecondSide(name="Post-mitigation")


class Expiry(Part):
    """When evidence ends: by age, by growth of effective compute, and by what happens to the system."""

    max_age_days: int | None = Field(default=None, ge=1, le=3650)
    compute_multiple: float | None = Field(default=None, gt=1, le=1000)
    changes: tuple[Literal["fine_tune", "scaffold", "tools", "safeguard", "breakthrough"], ...] = ()


class Policy(Part):
    """How evidence is read when nothing closer says otherwise."""

    coverage_minimum: float = Field(ge=0, le=1)
    interval: Interval
    alert_margin: float = Field(ge=0, le=1)
    missing_statuses: tuple[Literal["error", "limit", "refused", "not_attempted", "ungraded", "invalidated"], ...]
    excluded_statuses: tuple[Literal["refused"], ...] = ()
    mitigation_credit: Literal["paired_measurement", "safeguards"] = "paired_measurement"
    expiry: Expiry = Expiry()


class LevelDefinition(Part):
    """What a level means in one category, in words."""

    level: Slug
    definition: Text
    state: Literal["defined", "exploratory", "not_yet_defined"] = "defined"


class SubArea(Part):
    """A part of a category that is also shown by itself."""

    slug: AddressSlug
    name: Text
    summary: str = ""


class Category(Part):
    """A risk category with its own ladder of levels: some or all of the framework's, in their order."""

    slug: AddressSlug
    name: Text
    summary: Text
    kind: Literal["tracked", "research", "unknown_unknowns"] = "tracked"
    sub_areas: tuple[SubArea, ...] = ()
    levels: tuple[LevelDefinition, ...] = Field(min_length=2)


class Comparator(Part):
    """What a threshold is measured against, as its author states it."""

    kind: Literal["model", "human_expert", "human_novice", "control_group", "tools_of", "published"]
    label: Text
    statistic: str = ""
    value: float | None = None


class Elicitation(Part):
    """What a run must declare of its elicitation before it can rule the level out."""

    scaffold: bool = False
    tools: bool = False
    fine_tuned: bool = False
    attempts: int | None = Field(default=None, ge=1)
    best_of_n: int | None = Field(default=None, ge=1)


class Indicator(Part):
    """A threshold on one evaluation that speaks for one level of one category."""

    id: Slug
    category: Slug
    level: Slug
    sub_area: Slug | None = None
    sides: tuple[Side, ...] = Field(default=("pre_mitigation", "post_mitigation"), min_length=1, max_length=2)
    evaluation: Slug
    stratum: str | None = None
    metric: Text
    value: float = Field(gt=0, lt=1)
    direction: Literal["at_or_above", "at_or_below"] = "at_or_above"
    statistic: Literal["proportion", "mean_in_unit_interval"] = "proportion"
    interval: Interval | None = None
    alert_margin: float | None = Field(default=None, ge=0, le=1)
    comparator: Comparator | None = None
    elicitation: Elicitation = Elicitation()
    pathway: Slug | None = None
    claim: Slug | None = None
    required: bool = True
    illustrative: bool = True
    author: str = ""
    effective_from: Day | None = None
    rationale: Text


class CatalogueEntry(Part):
    """An evaluation as the framework reads it: its role, its part of the card, and which direction is risk."""

    slug: Slug
    title: Text
    role: Literal["indicator", "contextual", "supporting"]
    section: Literal["preparedness", "safety", "red_teaming"]
    category: Slug | None = None
    polarity: Literal["higher_is_riskier", "higher_is_safer", "none"]
    unit: Text = "proportion"
    summary: str = ""
    aliases: tuple[str, ...] = ()


class Claim(Part):
    """A kind of argument that a safeguard can make, and the actor it holds against."""

    slug: Slug
    name: Text
    threat_actor: Text
    summary: str = ""


class Pathway(Part):
    """A way to severe harm at one level of one category, and the claims that can close it."""

    slug: Slug
    category: Slug
    level: Slug
    name: Text
    summary: str = ""
    claims: tuple[Slug, ...] = Field(min_length=1)


class Gate(Part):
    """What a level permits: the overall one, or that of each category (all tracked ones, or those named)."""

    action: Slug
    side: Side
    at_most: Slug
    scope: Literal["overall", "each_category"] = "overall"
    categories: tuple[Slug, ...] = ()
    counts_forecasts: bool = False
    allowed: Text
    denied: Text
    rule: Text


class Obligation(Part):
    """What a category's level demands."""

    slug: Slug
    side: Side
    at_least: Slug
    categories: tuple[Slug, ...] = ()
    counts_forecasts: bool = False
    required: Text
    not_required: Text


class Attestation(Part):
    """One statement that must be made, with its grounds, before an exception holds."""

    slug: Slug
    text: Text


class ExceptionClause(Part):
    """A clause under which a gate opens although its rule denies, once every statement is attested and signed."""

    slug: Slug
    name: Text
    actions: tuple[Slug, ...] = Field(min_length=1)
    attestations: tuple[Attestation, ...] = Field(min_length=1)


class Step(Part):
    """One step of sign-off, in order."""

    role: Literal["advisory_member", "advisory_chair", "leadership", "board"]
    meaning: Literal["reviewed", "recommends", "approves", "accepts_risk"]
    count: int = Field(ge=1, le=20)


class Signoff(Part):
    """Who signs, in which order, and how long a sealed card stands."""

    steps: tuple[Step, ...] = Field(min_length=1)
    validity_days: int = Field(ge=1, le=3650)
    below_indicated: Text
