"""The framework document: a versioned, validated description of levels, indicators, gates and sign-off.

Fields are documented in docs/reference/framework-document.md. Everything that decides is data here, and only what the
offline verifier can recompute is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.notations import read
from scorecard.framework.recomputable import recomputation_faults
from scorecard.framework.references import reference_faults
from scorecard.framework.shapes import schema_of, shape_faults

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
AddressSlug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
"""A name that stands in the address of a page, which no dot may."""
Short = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Part):
    """One level; their order in the document is their order of risk."""

    slug: Short
    name: Text


class Policy(_Part):
    """How evidence is read when nothing closer says otherwise."""

    coverage_minimum: float = Field(ge=0, le=1)
    interval: Literal["wilson", "clopper_pearson"]
    alert_margin: float = Field(ge=0, le=1)
    missing_statuses: tuple[Literal["error", "limit", "refused", "not_attempted", "ungraded", "invalidated"], ...]


class LevelDefinition(_Part):
    """What a level means in one category, in words."""

    level: Slug
    definition: Text


class Category(_Part):
    """A tracked risk category."""

    slug: AddressSlug
    name: Text
    summary: Text
    levels: tuple[LevelDefinition, ...]


class Indicator(_Part):
    """A threshold on one evaluation that speaks for one level of one category."""

    id: Slug
    category: Slug
    level: Slug
    evaluation: Slug
    stratum: str | None = None
    metric: Text
    value: float = Field(gt=0, lt=1)
    direction: Literal["at_or_above", "at_or_below"] = "at_or_above"
    statistic: Literal["proportion", "mean_in_unit_interval"] = "proportion"
    interval: Literal["wilson", "clopper_pearson"] | None = None
    required: bool = True
    illustrative: bool = True
    rationale: Text


class CatalogueEntry(_Part):
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


class Gate(_Part):
    """What an overall level permits."""

    action: Slug
    side: Literal["pre_mitigation", "post_mitigation"]
    at_most: Slug
    allowed: Text
    denied: Text
    rule: Text


class Obligation(_Part):
    """What a category's pre-mitigation level demands."""

    slug: Slug
    side: Literal["pre_mitigation"]
    at_least: Slug
    required: Text
    not_required: Text


class Step(_Part):
    """One step of sign-off, in order."""

    role: Literal["advisory_member", "advisory_chair", "leadership", "board"]
    meaning: Literal["reviewed", "recommends", "approves", "accepts_risk"]
    count: int = Field(ge=1, le=20)


class Signoff(_Part):
    """Who signs, in which order, and how long a sealed card stands."""

    steps: tuple[Step, ...] = Field(min_length=1)
    validity_days: int = Field(ge=1, le=3650)
    below_indicated: Text


class FrameworkDocument(_Part):
    """One version of a framework (`framework/1`)."""

    schema_: Literal["framework/1"] = Field(alias="schema")
    slug: AddressSlug
    version: Short
    title: Text = Field(max_length=200)
    summary: Text
    effective_from: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    illustrative_thresholds: bool
    source_note: Text
    overall: Literal["maximum"]
    levels: tuple[Level, ...] = Field(min_length=2)
    policy: Policy
    categories: tuple[Category, ...] = Field(min_length=1)
    indicators: tuple[Indicator, ...]
    evaluations: tuple[CatalogueEntry, ...]
    gates: tuple[Gate, ...]
    obligations: tuple[Obligation, ...]
    signoff: Signoff


def load(source: bytes) -> FrameworkDocument:
    """Parse and validate a TOML or YAML framework document. Raises FrameworkFaulty with all its faults and places."""
    raw, places = read(source)
    faults = reference_faults(raw)
    try:
        document = FrameworkDocument.model_validate(raw)
    except ValidationError as error:
        told = {fault.path for fault in faults}
        faults += [fault for fault in shape_faults(error, FrameworkDocument) if fault.path not in told]
    else:
        faults += recomputation_faults(canonical(document))
        if not faults:
            return document
    raise FrameworkFaulty(fault.located(places) for fault in faults)


def schema() -> Mapping[str, Any]:
    """Return the JSON Schema of a framework document; what refers to what, it cannot say."""
    return schema_of(FrameworkDocument)


def canonical(document: FrameworkDocument) -> dict[str, Any]:
    """Return the document as canonical JSON values; its digest addresses the version."""
    return document.model_dump(mode="json", by_alias=True)
