"""Planning: locking what will be measured before there are results, so that nobody can choose afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.framework.planned import KEYS
from scorecard.ledger.canonical import digest
from scorecard.models import EvaluationPlan, FrameworkVersion, Role, Scorecard
from scorecard.moments import rfc3339
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import locked, mark_stale

Item = dict[str, Any]
MOST_ITEMS = 500


def _refuse(code: str, words: str, remedy: str, pointer: str) -> Refused:
    return Refused(code, words, remedy=remedy, status=422, pointer=pointer)


def _checked(framework: FrameworkVersion, items: Sequence[Item]) -> list[Item]:
    """Return the items in order. Raises Refused 422 for none, too many, one that is named twice or is not listed."""
    if not items or len(items) > MOST_ITEMS:
        words = f"A plan has 1 to {MOST_ITEMS} items; this one has {len(items)}."
        raise _refuse("plan-empty", words, "Name what will be measured.", "/items")
    listed = {row["slug"] for row in framework.document["evaluations"]}
    named: dict[tuple[Any, ...], Item] = {}
    for place, item in enumerate(items):
        if item["evaluation"] not in listed:
            words = f"{framework} does not list the evaluation {item['evaluation']!r}."
            raise _refuse("evaluation-unlisted", words, "Plan evaluations of the framework.",
                          f"/items/{place}/evaluation")  # fmt: skip
        key = tuple(item.get(name) or "" for name in KEYS)
        if key in named:
            words = f"{' '.join(part for part in key if part)} is planned twice."
            raise _refuse("plan-repeats", words, "Plan each measurement once.", f"/items/{place}")
        named[key] = {name: value for name, value in item.items() if value not in (None, "", {})} | {
            name: item.get(name) or None for name in KEYS
        }
    return [named[key] for key in sorted(named)]


def _resting(plan: EvaluationPlan) -> list[Scorecard]:
    """Return the newest version of every card that the plan is shown on, locked in id order."""
    cards = Scorecard.objects.filter(
        programme=plan.programme, checkpoint=plan.checkpoint, framework__slug=plan.framework.slug
    ).order_by("version")
    return locked(list({card.number: card for card in cards.only("id", "number", "version")}.values()))


def lock(
    checkpoint: Checkpoint,
    framework: FrameworkVersion,
    *,
    items: Sequence[Item],
    stopping_rule: str,
    reason: str,
    seen: int = 0,
    by: Person,
    at: datetime,
) -> EvaluationPlan:
    """Lock a plan, or its next version when `seen` is the version that was looked at.

    An item that a former version has unchanged keeps the moment at which it was locked first. Raises Refused: 403
    without the preparedness role, 409 when another version stands, 422 for items, a rule or a reason that fail.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    given, rule = reason_given(reason, pointer="/reason"), reason_given(stopping_rule, pointer="/stopping_rule")
    checked = _checked(framework, items)
    of = EvaluationPlan.objects.filter(programme=by.programme, checkpoint=checkpoint, framework=framework)
    newest = of.order_by("-version").first()
    moved = Refused(
        "plan-moved-on", f"Version {newest.version if newest else 0} is the newest one, and you looked at {seen}.",
        remedy="Read the newest version, then amend that.", pointer="/seen",
    )  # fmt: skip
    if (newest.version if newest else 0) != seen:
        raise moved
    content = {"checkpoint": checkpoint.name, "framework": framework.digest, "items": checked, "stopping_rule": rule}
    plan = EvaluationPlan(
        programme=by.programme, checkpoint=checkpoint, framework=framework, version=seen + 1, items=checked,
        stopping_rule=rule, reason=given, digest=digest(content), actor_id=by.actor.id, actor_name=by.actor.name,
        actor_role=role, locked_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            _write(plan, by=by, at=at)
    except IntegrityError:
        raise moved from None
    return plan


def _write(plan: EvaluationPlan, *, by: Person, at: datetime) -> None:
    cards = _resting(plan)
    plan.save(force_insert=True)
    record(
        "plan.locked",
        subject=("plan", plan.id),
        data={
            "checkpoint": plan.checkpoint.name, "framework": plan.framework.digest, "version": plan.version,
            "digest": plan.digest, "items": plan.items, "stopping_rule": plan.stopping_rule, "reason": plan.reason,
            "locked_at": rfc3339(at), "role": plan.actor_role,
        },
        by=by.actor,
        at=at,
    )  # fmt: skip
    words = f"Version {plan.version} of the evaluation plan was locked."
    for card in cards:
        mark_stale(card, words=words, run=None, at=at, by=SYSTEM)
