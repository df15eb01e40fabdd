"""A programme with one real object behind every kind of address, and people of every role in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from evaluations import blobs, reading_logs, uploading
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.models import Checkpoint, EvaluationRun, Job, Subject
from evaluations.pulling.registering import Settings, register
from evaluations.reach import Reach
from scorecard import (
    applying,
    changing,
    clearing,
    forecasting,
    inviting,
    proposing,
    publishing,
    recovering,
    safeguarding,
    tasks,
)
from scorecard.access import Person, person_for
from scorecard.assessing import assess
from scorecard.determining import determine, newest_assessment
from scorecard.enrolling import open_programme
from scorecard.filing import file
from scorecard.issuing import issue_token
from scorecard.models import (
    Clearance,
    FrameworkVersion,
    Invocation,
    Membership,
    Programme,
    Role,
    Scope,
    Scorecard,
    User,
)
from scorecard.opening import open_scorecard
from scorecard.queries import card_digest
from scorecard.signing import request
from tests.accounts.authenticators import app_of
from tests.adapters import inspect_logs
from tests.conftest import PASSWORD, drain
from tests.evidence.documents import partner_report

PROBE, OPEN = "radiological-and-nuclear-expert-knowledge", "ctf-professional"
"""An evaluation of CBRN, and one of another category."""
REASON = "A reason that is long enough to be kept."


@dataclass
class World:
    """One programme: its people by role, and its objects by the name that an address gives them."""

    programme: Programme
    people: dict[str, User] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def person(self, name: str) -> Person:
        """The named person inside the programme."""
        return person_for(self.people[name], self.programme)

    @property
    def reach(self) -> Reach:
        """The reach of whoever sends evidence here."""
        return Reach(self.programme.id)


def somebody(world: World, name: str, *roles: str) -> User:
    """Make a person of the programme with these roles."""
    username = f"{world.programme.slug}-{name}".replace("_", "-")
    person = User.objects.create(username=username, first_name=name.title(), password=make_password(PASSWORD))
    for role in roles:
        Membership.objects.create(person=person, programme=world.programme, role=role)
    world.people[name] = person
    return person


def _card(world: World, framework: FrameworkVersion, checkpoint: Checkpoint) -> Scorecard:
    made = open_scorecard(
        programme=world.programme, checkpoint=checkpoint, framework=framework, title=f"{checkpoint.name} card",
        by=world.person("preparedness"), at=timezone.now(),
    )  # fmt: skip
    assess(made, cause="test", at=timezone.now())
    return made


def _in_review(world: World, card: Scorecard) -> Scorecard:
    by, now = world.person("preparedness"), timezone.now()
    for category in card.framework.document["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            seen = newest_assessment(card, category["slug"], side).digest
            determine(card, category=category["slug"], mitigation=side, level="low", rationale=REASON, seen=seen, by=by,
                      at=now)  # fmt: skip
    return request(card, seen=card_digest(card), by=by, at=now)


def _run_in_log(world: World, checkpoint: str, evaluation: str, *, beta: str) -> EvaluationRun:
    raw = inspect_logs.as_zip(inspect_logs.log(inspect_logs.sample("alpha", "C"), inspect_logs.sample("beta", beta)))
    binding = Binding(checkpoint=checkpoint, mitigation="post_mitigation", evaluation=evaluation)
    receipt = reading_logs.receive_log(
        blobs.put(raw), len(raw), name="night.eval", format="auto", binding=binding, by=SYSTEM, at=timezone.now(),
        within=world.reach,
    )  # fmt: skip
    tasks.read_log(receipt.job.id)
    drain()
    receipt.log.refresh_from_db()
    return EvaluationRun.objects.get(id=receipt.log.outcomes[0]["id"])


def _evidence(world: World, subject: str, checkpoint: str, category: str) -> str:
    report = partner_report(subject=subject, checkpoint=checkpoint, also_tested=[], category=category)
    return file(json.dumps(report).encode(), by=SYSTEM, at=timezone.now(), within=world.reach).document.id


def _expected_in(world: World, card: Scorecard, category: str) -> dict[str, str]:
    """Make a forecast, and an invoked clause (of which this framework has none), so that each can be withdrawn."""
    by, now = world.person("preparedness"), timezone.now()
    day = (now + timedelta(days=60)).date()
    made = forecasting.forecast(
        card, category=category, level="high", post_level="medium", by_day=day, basis=REASON, by=by, at=now
    )
    invoked = Invocation.objects.create(
        scorecard=card, clause="none", attestations=[], actor_id=by.actor.id, actor_name=by.actor.name,
        actor_role="preparedness", invoked_at=now,
    )  # fmt: skip
    described = safeguarding.Described(
        name="Classifier", summary="Stops requests.", threat_actor="malicious user", categories=[category]
    )
    kept = safeguarding.register(
        card.checkpoint.subject, slug="classifier", described=described, reason=REASON, by=by, at=now
    )
    return {
        "forecast": made.id, "invocation": invoked.id, "safeguard": kept.id, **_validity_in(world, card.checkpoint)
    }  # fmt: skip


def _validity_in(world: World, target: Checkpoint) -> dict[str, str]:
    """Apply results of another checkpoint to the card's, and report a change of it, so that each can be withdrawn."""
    by, now = world.person("preparedness"), timezone.now()
    source = Checkpoint.objects.create(subject=target.subject, name=f"{target.name}-earlier")
    applied = applying.declare_applicable(
        programme=world.programme, from_checkpoint=source, to_checkpoint=target, rationale=REASON, limits=REASON,
        by=by, at=now,
    )  # fmt: skip
    changed = changing.report_change(
        programme=world.programme, checkpoint=target, kind="tools", happened_at=now, words=REASON, by=by, at=now
    )
    return {"applicability": applied.id, "change": changed.id}


def _evidence_in(world: World, framework: FrameworkVersion, *, hidden: bool) -> None:
    slug = world.programme.slug
    subject = Subject.objects.create(slug=f"{slug}-model", name=f"{slug} model", programme=world.programme.id)
    first, second = (Checkpoint.objects.create(subject=subject, name=f"{slug}-{n}") for n in ("rc1", "rc2"))
    category, evaluation = ("cbrn", PROBE) if hidden else ("cybersecurity", OPEN)
    _run_in_log(world, first.name, evaluation, beta="I")
    run = _run_in_log(world, first.name, evaluation, beta="C")
    job = Job.objects.get(kind="measure", about=run.id)
    Job.objects.filter(id=job.id).update(state="failed")
    settings = Settings(kind="feed", address="https://example.org/feed.json")
    source, _ = register(f"{slug}-nightly", settings, at=timezone.now(), within=world.reach)
    upload = uploading.begin(
        f"sha256:{'0' * 64}", 5, name="x", format="auto", binding=Binding(), by=SYSTEM, at=timezone.now(),
        within=world.reach,
    )  # fmt: skip
    world.objects |= {
        "subject": subject.slug, "checkpoint": first.name, "category": category, "run": run.id, "job": job.id,
        "log": run.read_from.get().id, "source": source.id, "source_slug": source.slug, "upload": upload.id,
        "evidence": _evidence(world, subject.slug, first.name, category),
        "card": (card := _card(world, framework, first)),
        **_expected_in(world, card, category),
        "review": _in_review(world, _card(world, framework, second)),
        "framework": framework,
    }  # fmt: skip


def _rights_in(world: World, framework: FrameworkVersion, *, hidden: bool) -> None:
    now, spare = timezone.now(), somebody(world, "spare", Role.AUDITOR)
    granted = {"granted_at": now, "expires_at": now + timedelta(days=9)}
    compartment = clearing.declare(
        world.programme, "inner", name="Inner", categories=["cbrn"] if hidden else [],
        evaluations=[] if hidden else ["nothing-that-exists"], by=SYSTEM, at=now,
    )  # fmt: skip
    for person in [*world.people.values()]:
        row = Clearance.objects.create(person=person, compartment=compartment, reason=REASON, **granted)
    content = {"person": spare.person_id, "compartment": "inner", "days": 5}
    proposal = proposing.propose(clearing.GRANT, content, reason=REASON, by=world.person("administrator"), at=now)
    amended = publishing.content_of(framework.source.replace(f'"{framework.version}"', '"amended"', 1).encode())
    amendment = proposing.propose(publishing.PUBLISH, amended, reason=REASON, by=world.person("preparedness"), at=now)
    world.objects |= {
        "amendment": amendment, "clearance": row.id, "proposal": proposal,
        "membership": Membership.objects.get(person=spare).pk, "spare": spare, "compartment": compartment,
    }  # fmt: skip


def _ways_in(world: World) -> None:
    now, by, spare = timezone.now(), world.person("administrator"), world.objects["spare"]
    token, _ = issue_token(
        name="spare", scopes=["evidence:read"], person=spare, programme=world.programme, days=5, by=SYSTEM, at=now
    )
    key = Authenticator.objects.create(user=spare, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    invitation, secret = inviting.invite(
        f"{world.programme.slug}-new", programme=world.programme, role=Role.PREPAREDNESS, by=SYSTEM, at=now
    )
    _, way_back = recovering.offer_recovery(spare.username, by=by, at=now)
    identities = {
        role: SocialAccount.objects.create(user=world.people[role], provider="none", uid=f"{spare.pk}-{role}").pk
        for role in Role.values
    }
    app_of(world.people["auditor"]), app_of(world.people["pipeline"])
    world.objects |= {"identities": identities, "token": token.id, "passkey": key.pk, "invitation": invitation.id}
    world.secrets |= {"invitation": secret, "recovery": way_back}


def built(slug: str, framework: FrameworkVersion, *, hidden: bool) -> World:
    """Build a programme; `hidden` puts its run, log, document, job and source into a compartment.

    Everybody but "uncleared", who holds every role, is cleared for it.
    """
    world = World(open_programme(slug, name=slug.title(), by=SYSTEM, at=timezone.now()))
    for role in Role.values:
        somebody(world, role, role)
    somebody(world, "everything", *Role.values)
    _evidence_in(world, framework, hidden=hidden)
    _rights_in(world, framework, hidden=hidden)
    somebody(world, "uncleared", *Role.values)
    _ways_in(world)
    return world


def token_of(world: World, name: str, *scopes: str) -> tuple[str, str]:
    """Issue a token of the named person and return its id and secret; without scopes it has all."""
    token, secret = issue_token(
        name=name, scopes=list(scopes) or list(Scope.values), person=world.people[name], programme=world.programme,
        days=1, by=SYSTEM, at=timezone.now(),
    )  # fmt: skip
    return token.id, secret
