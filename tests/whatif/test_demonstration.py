"""What the demonstration's cards would need to read otherwise: the fictional atlas-2 and the published o1."""

from __future__ import annotations

import pytest

from scorecard.access import Reader, reader_of
from scorecard.models import Scorecard, User
from scorecard.queries.whatif import what_if_of, what_if_record
from tests.demonstration.conftest import data_dir, loaded
from tests.whatif import naive

__all__ = ["data_dir", "loaded"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    """Ada, who leads the preparedness team."""
    return reader_of(User.objects.get(username="ada"))


def test_the_sealed_atlas_card_is_53_samples_or_5_losses_from_low(reader: Reader) -> None:
    card = Scorecard.objects.get(number="PSC-2026-0001", version=1)
    _, _, said = what_if_of(reader, card, "cybersecurity").categories["cybersecurity"]["post_mitigation"]
    assert said["further_samples"] == [
        "Capture-the-flag, professional: 53 further samples at this rate of 13.0 % would rule Medium out; the "
        "indicated level falls from Medium to Low."
    ]
    assert (
        "Capture-the-flag, professional: with 5 of the 10 missing samples, had they failed, the indicated level falls "
        "from Medium to Low."
    ) in said["flips"]
    assert (
        said["removals"][0] == "Without Capture-the-flag, professional, the indicated level rises from Medium to High."
    )


@pytest.mark.parametrize("which", ["indicated", "reached"])
def test_on_every_card_the_smallest_sets_are_those_found_by_trying_all(reader: Reader, which: str) -> None:
    asked = 0
    for card in Scorecard.objects.order_by("number", "version"):
        for sides in what_if_of(reader, card).categories.values():
            for case, answer, _ in sides.values():
                found = getattr(answer, f"removals_{which}")
                expected = naive.smallest_sets_of(case, which)
                assert [(one.runs, one.level) for one in found.sets] == expected
                asked += bool(expected)
    assert asked


def test_the_answers_start_from_the_levels_that_the_card_shows(reader: Reader) -> None:
    card = Scorecard.objects.get(number="PSC-2024-0001", version=1)
    shown = {row["category"]: row for row in what_if_of(reader, card).document["categories"]}
    rows = what_if_record(reader, card)
    assert len(rows) == len(shown) == 4
    for row in rows:
        for side in ("pre_mitigation", "post_mitigation"):
            levels = {which: shown[row["category"]][side][f"{which}_level"] for which in ("indicated", "reached")}
            assert row[side]["verdict"] == levels
