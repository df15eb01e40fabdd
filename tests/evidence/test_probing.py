"""Expert probing: the 42 conversations of the o1 system card, second ratings that are owed, and agreement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evidence.conftest import read
from tests.evidence.documents import probing


def conversation(name: str, *levels: str, **more: Any) -> dict[str, Any]:
    ratings = [{"rater": f"expert {place}", "level": level} for place, level in enumerate(levels)]
    return {"id": name, "ratings": ratings, **more}


def test_the_42_conversations_stand_at_32_low_and_10_medium_with_four_initially_high() -> None:
    found = read(probing())
    assert found["table"] == [
        {"level": "low", "initial": 30, "final": 32},
        {"level": "medium", "initial": 8, "final": 10},
        {"level": "high", "initial": 4, "final": 0},
        {"level": "critical", "initial": 0, "final": 0},
    ]
    assert found["summary"] == "42 conversations: 32 Low, 10 Medium; 4 initially High or above."
    assert [row["initial"] for row in found["escalated"]] == ["high"] * 4
    assert [row["final"] for row in found["escalated"]] == ["low", "low", "medium", "medium"]
    assert found["owed"] == []


def test_a_grave_conversation_owes_a_second_rating_and_names_who_was_asked() -> None:
    rows = [conversation("g", "critical", assigned=["expert 0", "expert 2"]), conversation("calm", "low")]
    found = read(probing(conversations=rows))
    assert [(row["id"], row["missing"], row["owed_by"]) for row in found["owed"]] == [("g", 1, ["expert 2"])]
    assert "1 still owed a further rating" in found["summary"]


def test_until_it_is_adjudicated_the_highest_rating_stands() -> None:
    found = read(probing(conversations=[conversation("g", "high", "low")]))
    assert found["conversations"][0]["final"] == "high"
    assert [row["id"] for row in found["unadjudicated"]] == ["g"]


def test_the_initial_rating_stays_beside_the_adjudicated_one() -> None:
    row = conversation("g", "high", "low", adjudicated={"level": "low", "reason": "Known."})
    shown = read(probing(conversations=[row]))["conversations"][0]
    assert (shown["initial"], shown["final"], shown["state"]) == ("high", "low", "settled")


def test_where_the_bar_lies_and_how_many_ratings_it_needs_is_said_by_the_document() -> None:
    found = read(probing(escalate_from="medium", ratings_needed=3, conversations=[conversation("m", "medium", "low")]))
    assert (found["owed"][0]["missing"], found["owed"][0]["owed_by"]) == (1, [])


def test_agreement_is_kappa_of_the_first_two_ratings_with_the_steps_between_levels_weighed() -> None:
    rows = [conversation(f"c{place}", *pair) for place, pair in enumerate([("low", "low"), ("medium", "medium")] * 3)]
    found = read(probing(conversations=[*rows, conversation("alone", "low")]))["agreement"]
    assert (found["point"], found["n"], found["same"]) == (pytest.approx(1.0), 6, 6)


def test_without_a_second_rating_there_is_no_agreement() -> None:
    assert read(probing(conversations=[conversation("c", "low")]))["agreement"] is None


def test_conversations_of_raters_who_did_not_pass_the_screening_are_named() -> None:
    raters = [{"pseudonym": "expert 0", "screening": "failed", "screening_note": "9 of 20 questions"}]
    assert read(probing(raters=raters, conversations=[conversation("c", "low")]))["unscreened"] == ["c"]
