"""Assessing many runs (W2): one card of 600, twenty checkpoints of fifty evaluations, and one changed run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from benchmarks.timing import Line, cpu
from evaluations.actors import SYSTEM
from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_dict
from evaluations.intake import receive
from evaluations.measuring import measure
from evaluations.models import Checkpoint, EvaluationRun, Subject
from scorecard.access import person_for
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import FrameworkVersion, Programme, Scorecard, User
from scorecard.opening import open_scorecard
from scorecard.queries import evidence_of, working_snapshot
from scorecard.staling import affected_cards

EVALUATIONS, CHECKPOINTS, RUNS = 50, 20, 600
SIDES = ("pre_mitigation", "post_mitigation")


def _framework() -> FrameworkVersion:
    """Publish the Beta framework with a threshold on each of fifty evaluations more."""
    text = FRAMEWORK.read_text(encoding="utf-8").replace('version = "2023-12-18"', 'version = "matrix"', 1)
    listed = "".join(
        f'  {{ slug = "bench-{n}", title = "Bench {n}", role = "indicator", section = "preparedness", '
        f'category = "cybersecurity", polarity = "higher_is_riskier" }},\n'
        for n in range(EVALUATIONS)
    )
    place = text.index("evaluations = [\n") + len("evaluations = [\n")
    rules = "".join(
        f'\n[[indicators]]\nid = "bench-{n}-medium"\ncategory = "cybersecurity"\nlevel = "medium"\n'
        f'evaluation = "bench-{n}"\nmetric = "pass@1"\nvalue = 0.5\nstatistic = "proportion"\nrationale = "r"\n'
        for n in range(EVALUATIONS)
    )
    return publish((text[:place] + listed + text[place:] + rules).encode(), by=SYSTEM, at=timezone.now())


def _report(checkpoint: str, evaluation: int, number: int, successes: int) -> bytes:
    report: dict[str, Any] = {
        "schema": "run-report/1", "run_id": f"{checkpoint}-{number}", "subject": "matrix", "checkpoint": checkpoint,
        "mitigation": SIDES[number % 2], "evaluation": {"slug": f"bench-{evaluation}"}, "metric": "pass@1",
        "tally": {"successes": successes, "trials": 500}, "provenance": {"source": "benchmark"},
        "elicitation": {"adequate": True, "declared_by": "benchmark"},
    }  # fmt: skip
    return json.dumps(report).encode()


def _taken_in(checkpoint: str, runs: int) -> None:
    with transaction.atomic():
        for number in range(runs):
            raw = _report(checkpoint, number % EVALUATIONS, number, 50 + number % 50)
            measure(receive(raw, by=SYSTEM, at=timezone.now()).run, at=timezone.now())


def _card(framework: FrameworkVersion, name: str, runs: int) -> Scorecard:
    """Open a card over a new checkpoint with so many runs."""
    programme = Programme.objects.get(slug="frontier")
    person = person_for(User.objects.get(username="ada"), programme)
    subject, _ = Subject.objects.get_or_create(
        slug="matrix", defaults={"name": "Matrix", "programme": programme.id, "kind": "fictional"}
    )
    checkpoint = Checkpoint.objects.create(subject=subject, name=name)
    _taken_in(name, runs)
    return open_scorecard(programme=programme, checkpoint=checkpoint, framework=framework, title=name, by=person,
                          at=timezone.now())  # fmt: skip


def _deciding_alone(card: Scorecard) -> None:
    """Decide every run of the card, from statistics in memory: the limit of any assessment."""
    for item in card.held:  # type: ignore[attr-defined]
        decide(tally_from_dict(item["tally"]), "proportion", "wilson")


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure one large card, the matrix, and one changed run in it."""
    framework = _framework()
    large = _card(framework, "matrix-large", RUNS)
    first = cpu(lambda: assess(large, cause="benchmark", at=timezone.now()), rounds=1)
    again = cpu(lambda: assess(large, cause="benchmark", at=timezone.now()))
    large.held = evidence_of(large)  # type: ignore[attr-defined]
    alone = cpu(lambda: _deciding_alone(large))
    words = f"assess a card of {RUNS} runs"
    yield Line(f"{words} for the first time, all written", first, "decide its runs from statistics in memory", alone)
    yield Line(f"{words} again, nothing changed", again, "the same", alone)
    yield Line(f"the signed record of that card ({RUNS} runs), built afresh", cpu(lambda: working_snapshot(large)))
    cards = [_card(framework, f"matrix-{n}", RUNS // CHECKPOINTS) for n in range(CHECKPOINTS)]
    every = cpu(lambda: [assess(card, cause="benchmark", at=timezone.now()) for card in cards], rounds=1)
    yield Line(f"assess {RUNS} runs of {EVALUATIONS} evaluations on {CHECKPOINTS} checkpoints, every card", every)
    yield _one_changed(cards)


def _one_changed(cards: list[Scorecard]) -> Line:
    """Measure what one changed run asks to be assessed again, in a store of more than a thousand runs."""
    checkpoint = cards[0].checkpoint
    raw = _report(checkpoint.name, 0, 0, 499)
    measure(receive(raw, by=SYSTEM, at=timezone.now()).run, at=timezone.now())
    asked = affected_cards(checkpoint)
    cost = cpu(lambda: [assess(card, cause="changed", at=timezone.now()) for card in asked], rounds=1)
    runs = EvaluationRun.objects.count()
    words = f"assess what one changed run touches: {len(asked)} of {len(cards) + 1} cards ({runs:,} runs stored)"
    return Line(words, cost, most=0.020)
