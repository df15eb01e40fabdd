"""The dry run says how every open and sealed scorecard would read, touches nothing, and tells nothing withheld."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.models import EvaluationRun
from scorecard import clearing
from scorecard.access import Reader, reader_of
from scorecard.framework.document import canonical, load
from scorecard.models import Assessment, Programme, Scorecard, User
from scorecard.models.ledger import LedgerEntry
from scorecard.queries import working_snapshot
from scorecard.queries.rescoring import dry_run, gates_under
from scorecard.snapshot import canonical as canonical_snapshot
from tests.publishing.conftest import amended

Record = dict[str, Any]


def candidate(*changes: tuple[str, str]) -> Record:
    return canonical(load(amended(*changes)))


def threshold(document: Record, evaluation: str, value: float) -> Record:
    """Return the document with every threshold on an evaluation moved to `value`."""
    found = deepcopy(document)
    for row in found["indicators"]:
        row["value"] = value if row["evaluation"] == evaluation else row["value"]
    return found


def levels(found: Record, category: str, side: str = "post_mitigation") -> Record:
    rows = [row for card in found["cards"] for row in card["levels"]]
    return next(row for row in rows if (row["category"], row["mitigation"]) == (category, side))


@pytest.fixture
def reader(cast: dict[str, User]) -> Reader:
    """Ada, who sees everything."""
    return reader_of(cast["ada"])


@pytest.fixture
def measured(card: Scorecard, post: Callable[[bytes], EvaluationRun], ctf_report: Callable[..., bytes]) -> Scorecard:
    """A draft with 20 of 100 professional capture-the-flag challenges."""
    post(ctf_report())
    return card


def test_a_moved_threshold_moves_the_levels_that_rest_on_it(
    measured: Scorecard, programme: Programme, reader: Reader
) -> None:
    found = dry_run(reader, programme, threshold(candidate(), "ctf-professional", 0.01))
    row = levels(found, "cybersecurity")
    assert row["changed"]
    assert row["before"]["reached_level"] != row["after"]["reached_level"]
    assert not levels(found, "cbrn")["changed"]
    assert (found["changed"], len(found["cards"])) == (1, 1)
    told = [one for one in found["frameworks"][0]["differences"] if one["kind"] == "threshold"]
    assert told
    assert all("at or above 1.0 %" in one["after"] for one in told)
    assert {one["about"] for one in told} == {"Capture-the-flag, professional"}


def test_the_same_document_as_another_version_changes_nothing(
    measured: Scorecard, programme: Programme, reader: Reader
) -> None:
    found = dry_run(reader, programme, candidate())
    assert (found["changed"], found["withheld"], found["frameworks"][0]["differences"]) == (0, 0, [])


def test_looking_touches_nothing(measured: Scorecard, programme: Programme, reader: Reader) -> None:
    before = (LedgerEntry.objects.count(), Assessment.objects.count(), Scorecard.objects.values().get())
    dry_run(reader, programme, threshold(candidate(), "ctf-professional", 0.01))
    assert (LedgerEntry.objects.count(), Assessment.objects.count(), Scorecard.objects.values().get()) == before


def test_a_category_that_comes_or_goes_is_said_to(measured: Scorecard, programme: Programme, reader: Reader) -> None:
    found = dry_run(
        reader, programme,
        {
            **(document := candidate()),
            "categories": [row for row in document["categories"] if row["slug"] != "persuasion"],
            "indicators": [row for row in document["indicators"] if row["category"] != "persuasion"],
        },
    )  # fmt: skip
    row = levels(found, "persuasion")
    assert (row["changed"], row["after"]) == (True, None)


def test_gates_are_asked_over_the_determined_levels(framework: Any) -> None:
    document = framework.document
    determined = {"pre_mitigation": {"determined_level": "medium"}, "post_mitigation": {"determined_level": "medium"}}
    snapshot = {
        "categories": [{"category": row["slug"], **determined} for row in document["categories"]],
        "gates": [{"action": "deploy", "decision": "allow"}, {"action": "leave", "decision": "allow"}],
    }
    deploy = next(row for row in document["gates"] if row["action"] == "deploy")
    stricter = {**document, "gates": [{**deploy, "at_most": "low"}]}
    assert [(row["action"], row["before"], row["after"]) for row in gates_under(stricter, snapshot)] == [
        ("deploy", "allow", "deny"), ("leave", "allow", None),
    ]  # fmt: skip
    renamed = {**document, "levels": [{"slug": f"x-{row['slug']}", "name": "x"} for row in document["levels"]]}
    gates = [{**deploy, "at_most": "x-high"}]
    row = gates_under({**renamed, "gates": gates}, snapshot)[0]
    assert (row["after"], "not determined" in row["reasons"][0]) == ("deny", True)


def _compartment(programme: Programme, categories: list[str], evaluations: list[str]) -> None:
    clearing.declare(
        programme, "inner", name="Inner", categories=categories, evaluations=evaluations, by=SYSTEM, at=timezone.now()
    )


def test_what_is_withheld_is_not_told_whatever_the_document_calls_it(
    measured: Scorecard, programme: Programme, cast: dict[str, User]
) -> None:
    _compartment(programme, ["cybersecurity"], [])
    uncleared = reader_of(cast["ada"])
    probing = threshold(candidate(), "ctf-professional", 0.01)
    assert levels(dry_run(uncleared, programme, probing), "cybersecurity") == {
        "category": "cybersecurity", "name": "Cybersecurity", "mitigation": "post_mitigation", "withheld": True,
    }  # fmt: skip
    for row in probing["indicators"]:
        row["category"] = "persuasion" if row["evaluation"] == "ctf-professional" else row["category"]
    found = dry_run(uncleared, programme, probing)
    assert levels(found, "persuasion")["withheld"]
    assert not levels(found, "cbrn")["withheld"]
    assert found["withheld"] == 1


def test_an_evaluation_in_a_compartment_withholds_every_category_that_reads_it(
    measured: Scorecard, programme: Programme, cast: dict[str, User]
) -> None:
    _compartment(programme, [], ["ctf-professional"])
    found = dry_run(reader_of(cast["ada"]), programme, candidate())
    assert levels(found, "cybersecurity")["withheld"]
    assert not levels(found, "persuasion")["withheld"]


def test_another_programme_sees_none_of_the_cards(measured: Scorecard, programme: Programme) -> None:
    other = Programme.objects.create(slug="other", name="Other")
    stranger = User.objects.create(username="zoe")
    stranger.memberships.create(programme=other, role="preparedness")
    reader = reader_of(stranger)
    assert dry_run(reader, programme, candidate())["cards"] == []
    assert dry_run(reader, other, candidate())["cards"] == []


def test_a_sealed_card_is_read_from_its_own_evidence_and_not_from_what_came_later(
    measured: Scorecard, programme: Programme, reader: Reader, post: Callable[[bytes], EvaluationRun],
    ctf_report: Callable[..., bytes],
) -> None:  # fmt: skip
    text, named = canonical_snapshot(working_snapshot(measured))
    own = Scorecard.objects.filter(id=measured.id)
    own.update(snapshot=text, digest=named, state="sealed")
    post(ctf_report(successes=100, run_id="later"))
    moved = dry_run(reader, programme, threshold(candidate(), "ctf-professional", 0.5))
    row = levels(moved, "cybersecurity")
    assert (moved["cards"][0]["state"], row["after"]["reached_level"]) == ("sealed", "Low")
    assert dry_run(reader, programme, candidate())["changed"] == 0
    own.update(state="revoked")
    assert measured.version not in [card["version"] for card in dry_run(reader, programme, candidate())["cards"]]
