"""The framework document: a versioned, validated description of levels, indicators, gates and sign-off.

Fields are documented in docs/reference/framework-document.md. Everything that decides is data here, and only what the
offline verifier can recompute is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.notations import read
from scorecard.framework.parts import (
    AddressSlug,
    CatalogueEntry,
    Category,
    Change,
    Claim,
    Day,
    ExceptionClause,
    Gate,
    Indicator,
    Level,
    Obligation,
    Part,
    Pathway,
    Policy,
    Short,
    Sides,
    Signoff,
    Text,
)
from scorecard.framework.recomputable import recomputation_faults
from scorecard.framework.references import reference_faults
from scorecard.framework.shapes import schema_of, shape_faults


class FrameworkDocument(Part):
    """One version of a framework (`framework/1`)."""

    schema_: Literal["framework/1"] = Field(alias="schema")
    slug: AddressSlug
    version: Short
    title: Text = Field(max_length=200)
    summary: Text
    effective_from: Day
    illustrative_thresholds: bool
    source_note: Text
    overall: Literal["maximum", "none"]
    levels: tuple[Level, ...] = Field(min_length=2)
    sides: Sides = Sides()
    policy: Policy
    categories: tuple[Category, ...] = Field(min_length=1)
    indicators: tuple[Indicator, ...]
    evaluations: tuple[CatalogueEntry, ...]
    claims: tuple[Claim, ...] = ()
    pathways: tuple[Pathway, ...] = ()
    gates: tuple[Gate, ...]
    obligations: tuple[Obligation, ...]
    exceptions: tuple[ExceptionClause, ...] = ()
    changes: tuple[Change, ...] = ()
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
