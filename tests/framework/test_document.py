"""The framework document: every fault is refused with its place, and the shipped one fits the published card."""

from __future__ import annotations

import csv

import pytest

from scorecard.environment import ROOT
from scorecard.framework.document import load
from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.naming import evaluation_slug, metric_name, split_stratum
from tests.framework.documents import SOURCE, beta

TEXT = SOURCE.read_text()
INDICATOR = 'id = "cyber-professional-medium"'
LISTED = '{ slug = "ctf-professional", title = "Capture-the-flag, professional", role = "indicator"'
GATE = 'action = "deploy"\nside = "post_mitigation"\nat_most = "medium"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (INDICATOR, 'id = "cyber-collegiate-medium"', "indicator 'cyber-collegiate-medium' is defined twice"),
        ('slug = "cybersecurity"\nname', 'slug = "cbrn"\nname', "category 'cbrn' is defined twice"),
        ('slug = "critical", name', 'slug = "high", name', "level 'high' is defined twice"),
        ('slug = "apollo"', 'slug = "xstest"', "evaluation 'xstest' is defined twice"),
        ('action = "develop"', 'action = "deploy"', "gate 'deploy' is defined twice"),
        ('level = "high", definition', 'level = "low", definition', "must define exactly the levels low, medium, high"),
        (INDICATOR + '\ncategory = "cybersecurity"', INDICATOR + '\ncategory = "x"', "names the unknown category 'x'"),
        ('level = "medium"\nevaluation', 'level = "x"\nevaluation', "names the unknown level 'x'"),
        ('level = "medium"\nevaluation', 'level = "low"\nevaluation', "is on the base level, which needs no indicator"),
        ('evaluation = "ctf-professional"', 'evaluation = "x"', "'x', which the catalogue does not list"),
        (LISTED, LISTED.replace("indicator", "contextual"), "whose role 'contextual' never sets a level"),
        (INDICATOR, INDICATOR + '\ndirection = "at_or_below"', "reads at_or_below although 'ctf-professional' is"),
        (GATE, GATE.replace("medium", "x"), "gate 'deploy' names the unknown level 'x'"),
        ('at_least = "high"', 'at_least = "x"', "obligation 'security_hardening' names the unknown level 'x'"),
        (LISTED, LISTED + ", unit = 3", "evaluations[8].unit: 3 does not fit"),
        ("value = 0.25", "value = 0.0", "0.0 is out of range. Allowed: more than"),
        ("value = 0.25", "value = 1.0", "1.0 is out of range. Allowed: less than 1"),
        ("value = 0.25", "value = nan", "indicators[4].value: nan"),
        ('statistic = "proportion"', 'statistic = "bootstrap"', "indicators[0].statistic: 'bootstrap' is not known"),
        ('interval = "wilson"', 'interval = "normal"', "policy.interval"),
        ('overall = "maximum"', 'overall = "mean"', "overall: "),
        ("validity_days = 180", "validity_days = 0", "signoff.validity_days"),
        ('schema = "framework/1"', 'schema = "framework/2"', "line 5, schema: "),
        ("[policy]", "[policy]\nbonus = 1", "policy.bonus"),
        ("[policy]", "[policy", "not valid TOML"),
        ('title = "Preparedness', 'title = "P\\u0000reparedness', "title: the offline verifier refuses this text"),
        ('slug = "cybersecurity"\nname', 'slug = "history"\nname', "would hide another page of the scorecard"),
        ('slug = "cybersecurity"\nname', 'slug = "cyber.security"\nname', "categories[1].slug: 'cyber.security'"),
        ('version = "2023-12-18"', f'version = "{"1" * 41}"', "version: "),
    ],
)  # fmt: skip
def test_a_faulty_document_is_refused_with_the_place(old, new, message):
    assert old in TEXT
    with pytest.raises(FrameworkFaulty) as refusal:
        load(TEXT.replace(old, new, 1).encode())
    assert message in str(refusal.value)


def test_a_document_that_is_not_utf_8_is_refused():
    with pytest.raises(FrameworkFaulty, match="line 2: byte 2 is not UTF-8"):
        load(b"#\n\xff")


def test_every_threshold_of_the_shipped_document_says_illustrative():
    document = beta()
    assert document["illustrative_thresholds"] is True
    assert all(row["illustrative"] and row["rationale"].startswith("Illustrative.") for row in document["indicators"])


def _printed_rows() -> list[dict[str, str]]:
    with (ROOT / "demo" / "o1_system_card.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _evaluation_of(printed: str) -> tuple[str, str | None]:
    for entry in beta()["evaluations"]:
        if printed in entry["aliases"]:
            return entry["slug"], None
    base, stratum = split_stratum(printed)
    return evaluation_slug(base), stratum


def test_the_shipped_catalogue_lists_every_evaluation_of_the_published_card():
    listed = {row["slug"] for row in beta()["evaluations"]}
    printed = {row["evaluation"] for row in _printed_rows()}
    assert {name for name in printed if _evaluation_of(name)[0] not in listed} == set()


def test_the_published_card_has_a_row_for_every_indicator():
    printed = {(*_evaluation_of(row["evaluation"]), metric_name(row["metric"])) for row in _printed_rows()}
    wanted = {(row["evaluation"], row["stratum"], row["metric"]) for row in beta()["indicators"]}
    assert wanted - printed == set()
