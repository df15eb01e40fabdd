"""What the validator accepts, the offline verifier recomputes; what it could not, the validator refuses."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.estimates.deciding import DECIDING_STATISTICS, INTERVALS
from scorecard.framework.document import canonical, load
from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.gates import gate_decisions, obligations, overall
from scorecard.framework.levels import indicate
from scorecard.framework.parts import Indicator, Policy
from scorecard.framework.recomputable import PAIRED, recomputation_faults
from scorecard.ledger.canonical import canonical_bytes
from scorecard.verifier.build import source
from tests.effort import examples
from tests.framework.documents import an_item, beta

SIDES = ("pre_mitigation", "post_mitigation")
TEXTS = st.text(min_size=1, max_size=12)
RULES = st.sampled_from(["proportion", "mean_in_unit_interval", "bootstrap", "difference_paired"])
WAYS = st.sampled_from([None, "wilson", "clopper_pearson", "normal"])


@pytest.fixture(scope="module")
def verifier() -> Iterator[types.ModuleType]:
    """The one file that an auditor runs, loaded by itself."""
    module = types.ModuleType("offline_verifier")
    sys.modules[module.__name__] = module
    exec(compile(source(), "verify.py", "exec"), module.__dict__)
    yield module
    del sys.modules[module.__name__]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The Beta document with rules, names and numbers that an author could have written, right or wrong."""
    found = deepcopy(beta())
    found["policy"] |= {
        "interval": draw(WAYS.filter(bool)), "coverage_minimum": draw(st.floats(0, 1)),
        "alert_margin": draw(st.floats(-0.1, 1.1)),
    }  # fmt: skip
    found["title"] = draw(TEXTS)
    for level in found["levels"]:
        level["name"] = draw(TEXTS)
    found["indicators"] = draw(st.lists(st.sampled_from(found["indicators"]), min_size=1, max_size=5, unique_by=id))
    found["indicators"] = [
        {
            **row, "value": draw(st.floats(0, 1, exclude_min=True)), "statistic": draw(RULES), "interval": draw(WAYS),
            "required": draw(st.booleans()), "level": draw(st.sampled_from(["medium", "high", "critical", "low"])),
        } for row in found["indicators"]
    ]  # fmt: skip
    for gate in found["gates"]:
        gate["at_most"] = draw(st.sampled_from(["low", "medium", "high", "critical"]))
    return found


def as_yaml(document: dict[str, Any]) -> bytes:
    """A canonical document is a YAML document too."""
    return canonical_bytes(document)


@st.composite
def evidence_for(draw: st.DrawFn, document: dict[str, Any]) -> list[dict[str, Any]]:
    items = []
    for place, row in enumerate(document["indicators"]):
        n = draw(st.sampled_from([1, 7, 100]))
        items.append(
            an_item(
                row["evaluation"], draw(st.integers(0, n)), n, planned=n + draw(st.sampled_from([0, 3])),
                run=f"run-{place}", stratum=row["stratum"], metric=row["metric"],
                mitigation=draw(st.sampled_from(SIDES)), elicitation_adequate=draw(st.sampled_from([True, None])),
            )
        )  # fmt: skip
    return items


@given(data=st.data())
@settings(examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_what_is_accepted_is_recomputed_to_the_same_bytes(data: st.DataObject, verifier: types.ModuleType) -> None:
    drawn = data.draw(documents())
    try:
        document = canonical(load(as_yaml(drawn)))
    except FrameworkFaulty:
        return
    evidence = data.draw(evidence_for(document))
    read = verifier.parse_json(canonical_bytes(document))
    levels: dict[str, str | None] = {}
    for category in document["categories"]:
        for side in SIDES:
            ours = indicate(document, category["slug"], side, evidence)
            theirs = verifier.indicate(read, category["slug"], side, evidence)
            assert canonical_bytes(ours) == canonical_bytes(theirs)
        levels[category["slug"]] = ours["indicated_level"] or document["levels"][0]["slug"]
    determined = dict.fromkeys(SIDES, levels)
    assert overall(document, levels) == verifier.overall(read, levels)
    assert gate_decisions(document, determined) == verifier.gate_decisions(read, determined)
    assert obligations(document, determined) == verifier.obligations(read, determined)


def test_the_rules_that_a_document_may_name_are_those_that_the_verifier_carries() -> None:
    statistics = set(get_args(Indicator.model_fields["statistic"].annotation))
    assert statistics == set(DECIDING_STATISTICS) - {PAIRED}
    assert set(get_args(Policy.model_fields["interval"].annotation)) == set(INTERVALS)


@pytest.mark.parametrize(
    ("section", "key", "value", "place"),
    [
        ("indicators", "statistic", "bootstrap", "indicators[0].statistic"),
        ("indicators", "statistic", "difference_paired", "indicators[0].statistic"),
        ("indicators", "interval", "normal", "indicators[0].interval"),
        ("policy", "interval", "normal", "policy.interval"),
        ("levels", "name", "L\x00w", "levels[0].name"),
    ],
)
def test_a_rule_that_the_verifier_does_not_carry_is_refused(section: str, key: str, value: str, place: str) -> None:
    document = deepcopy(beta())
    target = document[section] if section == "policy" else document[section][0]
    target[key] = value
    faults = recomputation_faults(document)
    assert [fault.place for fault in faults] == [place]
    assert "offline verifier" in faults[0].problem
