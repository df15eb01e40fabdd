"""The demo: the public o1 card sealed, a fictional subject in every other state; loading it twice changes nothing."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint, Subject
from scorecard import tasks
from scorecard.access import Person, person_for
from scorecard.adopting import publish
from scorecard.applying import declare_applicable
from scorecard.assessing import assess
from scorecard.demonstration import fictional, published
from scorecard.demonstration.people import PASSWORD, gather
from scorecard.determining import determine
from scorecard.environment import ROOT, private_file
from scorecard.issuing import issue_token
from scorecard.models import FrameworkVersion, Programme, Scope, Scorecard, Side, User
from scorecard.opening import open_scorecard
from scorecard.planning import lock
from scorecard.queries import card_digest
from scorecard.safeguarding import Described, register
from scorecard.sealing import seal
from scorecard.signing import request, sign

DATA = ROOT / "demo"
FRAMEWORK = ROOT / "scorecard" / "framework" / "documents" / "preparedness-framework-beta.toml"
TOKEN_SCOPES = (Scope.RUNS_WRITE, Scope.EVIDENCE_READ, Scope.SCORECARDS_READ)
ATLAS_LEVELS = {"cbrn": "medium", "cybersecurity": "low", "persuasion": "low", "model_autonomy": "low"}
ATLAS_REASON = "Invented for the demo: the team judged the whole of the evidence, of which the indicators are a part."


def is_loaded() -> bool:
    """Whether the demo is in this database already."""
    return Programme.objects.filter(slug="frontier").exists()


def load(*, at: datetime) -> bool:
    """Load the demo in one transaction; return False if it was there already.

    Nothing else may be running against an empty database meanwhile. The work that runs cause is done here and now, so
    that no message waits for a worker when the first page is opened.
    """
    if is_loaded():
        return False
    with _unheard(), transaction.atomic():
        programme = Programme.objects.create(slug="frontier", name="Frontier models")
        people = gather(programme)
        before = at - timedelta(minutes=1)
        framework = publish(FRAMEWORK.read_bytes(), by=SYSTEM, at=before)
        cast = {name: person_for(user, programme) for name, user in people.items()}
        _prepared(programme, framework, cast["ada"], before)
        _published_story(programme, framework, cast, at)
        _fictional_story(programme, framework, cast, at)
        _demo_token(programme, people["ada"], at)
    return True


@contextmanager
def _unheard() -> Iterator[None]:
    """Leave the proofs of people who are made up out of the security log, where a newcomer would wonder about them."""
    log = logging.getLogger("scorecard.security")
    former = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(former)


def _take_in(raw: bytes, at: datetime) -> None:
    tasks.measure_run(receive(raw, by=SYSTEM, at=at).job.id)


def _published_story(
    programme: Programme, framework: FrameworkVersion, cast: dict[str, Person], at: datetime
) -> Scorecard:
    rows = published.read_rows(DATA / "o1_system_card.csv")
    for slug, name in dict.fromkeys(row.subject for row in rows):
        kind = "evaluated" if slug == "o1" else "comparison"
        subject = Subject.objects.create(slug=slug, programme=programme.id, name=name, kind=kind)
        for checkpoint in dict.fromkeys(row.checkpoint for row in rows if row.subject[0] == slug):
            Checkpoint.objects.create(subject=subject, name=checkpoint)
    catalogue = published.Catalogue.of(framework.document)
    for row in rows:
        _take_in(published.report_of(row, catalogue), at)
    told = tomllib.loads((DATA / "o1-determinations.toml").read_text(encoding="utf-8"))
    near_final, release = (Checkpoint.objects.get(name=name) for name in (published.NEAR_FINAL, published.RELEASE))
    declare_applicable(
        programme=programme, from_checkpoint=near_final, to_checkpoint=release, **told["applicability"],
        by=cast["ada"], at=at,
    )  # fmt: skip
    card = open_scorecard(
        programme=programme, checkpoint=release, framework=framework, title="o1 scorecard", by=cast["ada"], at=at,
        year=2024,
    )  # fmt: skip
    assess(card, cause="demo", at=at)
    for category, row in told["levels"].items():
        note = {Side.PRE: "", Side.POST: f" {told['post_mitigation']['note']}"}
        for side in (Side.PRE, Side.POST):
            _determine(card, category, side, row["level"], row["reason"] + note[side], cast["ada"], at)
    _sign_and_seal(card, cast, at, reason="The levels and reasons are those of the published system card.")
    return card


def _prepared(programme: Programme, framework: FrameworkVersion, by: Person, at: datetime) -> None:
    """Describe the fictional subject, register a safeguard of it and lock a plan, before there are results."""
    slug, name = fictional.SUBJECT
    note = "Invented for the demo."
    subject = Subject.objects.create(slug=slug, programme=programme.id, name=name, kind="fictional", note=note)
    for checkpoint_name in fictional.CHECKPOINTS:
        Checkpoint.objects.create(subject=subject, name=checkpoint_name)
    register(
        subject, slug=fictional.SAFEGUARD_SLUG, described=Described(**fictional.SAFEGUARD), reason=ATLAS_REASON, by=by,
        at=at,
    )  # fmt: skip
    lock(
        Checkpoint.objects.get(name=fictional.CHECKPOINTS[1]), framework, items=fictional.planned(),
        stopping_rule="Each evaluation once; runs that break off are repeated whole.", reason=ATLAS_REASON, by=by,
        at=at,
    )  # fmt: skip


def _fictional_story(programme: Programme, framework: FrameworkVersion, cast: dict[str, Person], at: datetime) -> None:
    for checkpoint_name in fictional.CHECKPOINTS:
        checkpoint = Checkpoint.objects.get(name=checkpoint_name)
        for raw in fictional.reports(checkpoint_name):
            _take_in(raw, at)
        card = open_scorecard(
            programme=programme, checkpoint=checkpoint, framework=framework, title=f"{checkpoint_name} scorecard",
            by=cast["ada"], at=at,
        )  # fmt: skip
        assess(card, cause="demo", at=at)
        for category, level in ATLAS_LEVELS.items():
            for side in (Side.PRE, Side.POST):
                _determine(card, category, side, level, ATLAS_REASON, cast["ada"], at)
        if checkpoint_name == fictional.CHECKPOINTS[0]:
            _contested_and_stale(card, cast, at)


def _contested_and_stale(card: Scorecard, cast: dict[str, Person], at: datetime) -> None:
    _sign_and_seal(card, cast, at, reason="Invented for the demo.", dissent="The cybersecurity evidence is too thin.")
    job = receive(fictional.late_report(card.checkpoint.name), by=SYSTEM, at=at).job
    tasks.measure_run(job.id)
    for assessing in tasks.queued("assess"):
        tasks.assess_scorecard(assessing.id)


def _determine(card: Scorecard, category: str, side: str, level: str, reason: str, by: Person, at: datetime) -> None:
    newest = card.assessments.filter(category=category, mitigation=side).latest("id")
    determine(card, category=category, mitigation=side, level=level, rationale=reason, seen=newest.digest, by=by, at=at)


def _sign_and_seal(card: Scorecard, cast: dict[str, Person], at: datetime, *, reason: str, dissent: str = "") -> None:
    card = request(card, seen=card_digest(card), by=cast["ada"], at=at)
    common = {"seen": card.digest, "password": PASSWORD, "at": at}
    if dissent:
        sign(card, role="advisory_member", meaning="dissents", reason=dissent, by=cast["bo"], **common)  # type: ignore[arg-type]
    sign(card, role="advisory_chair", meaning="recommends", reason=reason, by=cast["chen"], **common)  # type: ignore[arg-type]
    sign(card, role="leadership", meaning="approves", reason=reason, by=cast["dana"], **common)  # type: ignore[arg-type]
    seal(card, seen=card.digest, by=cast["ada"], at=at)


def _demo_token(programme: Programme, person: User, at: datetime) -> None:
    _, secret = issue_token(
        name="demo", scopes=list(TOKEN_SCOPES), person=person, programme=programme, days=90, by=SYSTEM, at=at
    )
    transaction.on_commit(lambda: _write_token(secret))


def _write_token(secret: str) -> None:
    path: Path = settings.DATA_DIR / "demo-token"
    path.unlink(missing_ok=True)
    private_file(path, secret.encode())
