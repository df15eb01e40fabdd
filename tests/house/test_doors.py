"""Pages and routes take rows from `scorecard.access` and say how far a sender reaches; exceptions have a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tests.house.places import ROOT

ROOMS = (ROOT / "scorecard/web", ROOT / "scorecard/api")
APPS = [apps.get_app_config(name) for name in ("scorecard", "evaluations")]
MODELS = frozenset(model.__name__ for app in APPS for model in app.get_models())
REACHING = frozenset({
    "receive", "receive_log", "uploading.begin", "listening.hear", "file", "sourcing.add", "reading_logs.receive_log",
    "hear",
})  # fmt: skip
"""Deeds that bind what comes in to a programme; without `within=` they would reach all of them."""
OPEN_TO_EVERY_READER = "published frameworks are the same for every reader of the installation"
OWN = "the rows of the visitor's own account"
ALLOWED = {
    ("api/authentication.py", "ApiToken"): "finds out who calls, before anything is known of them",
    ("api/health.py", "WorkerBeat"): "writes to see whether the database takes writes",
    ("api/views/catalogue.py", "Checkpoint"): "names are unique in the installation; a taken one is refused",
    ("api/views/catalogue.py", "Evaluation"): "names are unique in the installation; a taken one is refused",
    ("api/views/catalogue.py", "FrameworkVersion"): OPEN_TO_EVERY_READER,
    ("api/views/catalogue.py", "Subject"): "names are unique in the installation; a taken one is refused",
    ("api/views/runs.py", "EvaluationRun"): "the run that this very request stored",
    ("api/views/scorecards.py", "FrameworkVersion"): OPEN_TO_EVERY_READER,
    ("web/account_adapters.py", "OneTimeLink"): "finds out who signs in, before anything is known of them",
    ("web/account_adapters.py", "User"): "finds out who signs in, before anything is known of them",
    ("web/account_adapters.py", "SecurityEvent"): "counts the failures of whoever signs in",
    ("web/account_pages.py", "SecurityEvent"): OWN,
    ("web/context.py", "User"): "the built-in people, in the demonstration only",
    ("web/demo.py", "User"): "the built-in people, in the demonstration only",
    ("web/frameworks.py", "FrameworkVersion"): OPEN_TO_EVERY_READER,
    ("web/overview.py", "FrameworkVersion"): OPEN_TO_EVERY_READER,
    ("web/people.py", "Membership"): "of the programme that the visitor administers",
    ("web/pulse.py", "Scorecard"): "the versions of a card that the visitor sees, told as a digest only",
    ("web/runs.py", "Assessment"): "of the cards that came through their door",
    ("web/sources.py", "Pull"): "of the source that came through its door",
    ("web/verify.py", "Rendering"): "public by design: tells a state by a digest, and never a level",
    ("web/verify.py", "Scorecard"): "public by design: tells a state by a digest, and never a level",
    ("web/verify.py", "SealedCard"): "public by design: tells a state by a digest, and never a level",
}
"""(Module, model) -> why it asks the database itself."""
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})


def asked(source: str) -> Iterator[str]:
    """Yield the models whose rows a module asks for by itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS and isinstance(node.value, ast.Name):
            yield node.value.id


def unreaching(source: str) -> Iterator[str]:
    """Yield the calls of deeds that bind what comes in, where they do not say how far the sender reaches."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in REACHING:
            continue
        if "within" not in {keyword.arg for keyword in node.keywords}:
            yield f"{node.lineno}: {ast.unparse(node.func)}"


def modules() -> Iterator[tuple[str, str]]:
    """Yield every module of the two rooms, by its place below `scorecard`, with its text."""
    for room in ROOMS:
        for path in sorted(Path(room).rglob("*.py")):
            yield path.relative_to(ROOT / "scorecard").as_posix(), path.read_text(encoding="utf-8")


def test_no_page_or_route_asks_the_database_past_the_doors() -> None:
    found = {(name, model) for name, source in modules() for model in asked(source) if model in MODELS}
    assert found - set(ALLOWED) == set(), "take the rows from scorecard.access, or say here why not"
    assert set(ALLOWED) - found == set(), "these exceptions are needed no longer"


def test_what_comes_in_says_how_far_its_sender_reaches() -> None:
    assert [(name, call) for name, source in modules() for call in unreaching(source)] == []


def test_the_two_checks_find_what_they_look_for() -> None:
    assert list(asked("rows = EvaluationRun.objects.filter(id=1)")) == ["EvaluationRun"]
    assert list(unreaching("receive(body, by=actor, at=now)\nreceive(body, by=actor, at=now, within=reach)")) == [
        "1: receive"
    ]
