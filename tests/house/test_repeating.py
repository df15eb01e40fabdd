"""The suite says the same of the same code: examples repeat, and rows written again are those the deeds wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import settings

from evaluations.actors import SYSTEM
from scorecard.adopting import publish
from scorecard.demonstration.people import gather
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import Programme
from scorecard.recording import record
from tests.conftest import NOW
from tests.house.places import ROOT
from tests.replaying import replayed


def test_the_everyday_examples_are_the_same_in_every_run() -> None:
    everyday = settings.get_profile("everyday")
    assert everyday.derandomize
    assert everyday.deadline is None


@pytest.mark.parametrize("surroundings", [{}, {"CI": "true"}])
def test_a_search_is_random_on_every_machine(surroundings: dict[str, str]) -> None:
    program = "from tests.effort import load_profile, settings; load_profile(); print(settings().derandomize)"
    plain = {name: value for name, value in os.environ.items() if name != "CI"}
    for profile, repeats in (("search", "False"), ("everyday", "True")):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**plain, **surroundings, "HYPOTHESIS_PROFILE": profile},
        )  # fmt: skip
        assert done.stdout == f"{repeats}\n"


@pytest.mark.parametrize(("profile", "tried"), [("everyday", 40), ("search", 200)])
def test_a_property_that_names_its_number_is_searched_as_hard_as_the_others(profile: str, tried: int) -> None:
    program = "from tests.effort import examples, load_profile; load_profile(); print(examples(40).max_examples)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "HYPOTHESIS_PROFILE": profile},
    )  # fmt: skip
    assert done.stdout == f"{tried}\n"


def test_the_long_tests_search_with_random_examples() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nfaults:")[2].partition("\n\n")[0]
    assert 'HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q -m "slow or hypothesis"' in recipe


def _everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {
        model._meta.label: sorted(map(repr, model._default_manager.values_list()))
        for model in apps.get_models()
        if model._meta.managed
    }


class Undone(Exception):
    """Takes a transaction back."""


def _taken_back(act: Callable[[], Any]) -> Any:
    """Do something, look at every row, and take it back."""
    found = None
    try:
        with transaction.atomic():
            found = (act(), _everything())
            raise Undone
    except Undone:
        return found


def _begun() -> str:
    programme = Programme.objects.create(slug="frontier", name="Frontier models")
    gather(programme)
    return publish(FRAMEWORK.read_bytes(), by=SYSTEM, at=NOW).id


def test_what_is_written_again_is_every_row_that_the_deed_wrote(db: None) -> None:
    before = _everything()
    first = _taken_back(lambda: replayed(_begun))
    assert _everything() == before
    assert _taken_back(lambda: replayed(_begun)) == first
    assert first[1]["scorecard.FrameworkVersion"] != before["scorecard.FrameworkVersion"]


def test_from_another_beginning_the_deed_is_done_afresh(db: None) -> None:
    done: list[str] = []
    mine = object()

    def deed() -> str:
        done.append("done")
        return "name"

    for given in ((mine,), (mine,), (mine, "more"), (mine, "more")):
        assert replayed(deed, *given) == "name"
    assert len(done) == 2
    with transaction.atomic():
        record("programme.opened", subject=("programme", "p"), data={}, by=SYSTEM, at=NOW)
    replayed(deed, mine)
    assert len(done) == 3
