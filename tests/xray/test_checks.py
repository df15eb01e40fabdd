"""Every check finds the fault that it is there for, and nothing in a card without faults."""

from __future__ import annotations

import re

import pytest

from scorecard.xray.examining import CHECKS, examine
from scorecard.xray.finding import SEVERITIES
from tests.house.places import ROOT
from tests.xray.plants import PLANTS
from tests.xray.world import World

PAGE = (ROOT / "docs/reference/xray.md").read_text(encoding="utf-8")


def test_a_card_without_faults_has_no_finding() -> None:
    assert World().findings() == []


def test_there_are_more_than_thirty_checks_and_a_fault_for_each() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes)) >= 30
    assert set(PLANTS) == set(codes)


@pytest.mark.parametrize("code", PLANTS)
def test_a_planted_fault_is_found(code: str) -> None:
    world = World()
    PLANTS[code](world)
    check = next(check for check in CHECKS if check.code == code)
    found = [row for row in world.findings() if row.code == code]
    assert found
    for row in found:
        assert row.title == check.title
        assert row.remedy == check.remedy
        assert row.where.startswith("/")
        assert re.search(r"[.?]$", row.reason)
        assert set(row.runs) <= {figure["run"] for figure in world.figures}


def test_findings_come_gravest_first_and_the_same_each_time() -> None:
    world = World()
    for code in ("tally-contradiction", "rationale-repeated", "threshold-illustrative"):
        PLANTS[code](world)
    found = world.findings()
    order = [SEVERITIES.index(row.severity) for row in found]
    assert order == sorted(order)
    assert {0, 1, 2} <= set(order)
    assert examine(world.document()) == found


def test_the_reference_names_every_check_as_the_code_does_and_no_other() -> None:
    said = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \| (.+) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    assert said == [(check.code, check.severity, check.looks_at, check.remedy) for check in CHECKS]
