"""The registry of safeguards: what protects a system, against whom, and which pathways to harm it closes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard import safeguarding
from scorecard.access import Person, visible_runs, visible_safeguards, visible_scorecards, visible_subjects
from scorecard.framework.derivation import level_names
from scorecard.models import Role, Safeguard
from scorecard.queries.credits import frameworks_in_use
from scorecard.refusals import Refused
from scorecard.safeguarding import Described
from scorecard.web.doors import page, people_of, reader_for, the_one

TEXTS = ("name", "summary", "claim", "threat_actor")
LISTS = ("categories", "pathways", "evaluations")


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in (*TEXTS, *LISTS, "slug", "subject", "reason")}


def _described(given: dict[str, str]) -> Described:
    categories, pathways, evaluations = (given[name].replace(",", " ").split() for name in LISTS)
    return Described(
        name=given["name"], summary=given["summary"], claim=given["claim"], threat_actor=given["threat_actor"],
        categories=categories, pathways=pathways, evaluations=evaluations,
    )  # fmt: skip


def _standing(request: HttpRequest) -> list[Safeguard]:
    """Return the newest version of every safeguard that the reader may see, by subject and slug."""
    rows = visible_safeguards(reader_for(request)).order_by("subject__name", "slug", "version")
    return list({(row.subject_id, row.slug): row for row in rows}.values())


def _coverage(request: HttpRequest, rows: list[Safeguard]) -> list[dict[str, Any]]:
    """Return every pathway of the frameworks in use with the safeguards in force that close it; none is a gap."""
    hidden = {slug for sight in reader_for(request).sights for slug in sight.withheld}
    return [
        {
            "framework": version.title,
            "pathway": pathway,
            "category": next(
                row["name"] for row in version.document["categories"] if row["slug"] == pathway["category"]
            ),
            "level": level_names(version.document)[pathway["level"]],
            "rows": [row for row in rows if row.state == "in_force" and pathway["slug"] in row.pathways],
        }
        for version in frameworks_in_use(visible_scorecards(reader_for(request)))
        for pathway in version.document.get("pathways", [])
        if pathway["category"] not in hidden
    ]


def _page(request: HttpRequest, **extra: Any) -> HttpResponse:
    rows = _standing(request)
    claims = {
        claim["slug"]: claim
        for version in frameworks_in_use(visible_scorecards(reader_for(request)))
        for claim in version.document.get("claims", [])
    }
    context = {
        "rows": rows,
        "coverage": _coverage(request, rows),
        "claims": list(claims.values()),
        "subjects": visible_subjects(reader_for(request)).exclude(kind="comparison").order_by("name"),
        "may_write": bool(people_of(request, Role.PREPAREDNESS)),
        **extra,
    }
    return render(request, "safeguards/registry.html", context, status=extra.get("status", 200))


def _writer(request: HttpRequest, programme: str) -> Person:
    """Return the person as they may write in a programme. Raises Refused 404 for a programme that they do not read."""
    for person in reader_for(request).people():
        if person.programme.id == programme:
            return person
    raise Refused("not-found", "There is no such safeguard, or it is not visible to you.", status=404)


@page("POST")
def registry(request: HttpRequest) -> HttpResponse:
    """List the safeguards that stand; a posted form registers one."""
    if request.method != "POST":
        return _page(request)
    given = _given(request)
    subject = the_one(visible_subjects(reader_for(request)).filter(slug=given["subject"]), "subject")
    try:
        row = safeguarding.register(
            subject, slug=given["slug"], described=_described(given), reason=given["reason"],
            by=_writer(request, subject.programme), at=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, refusal=refusal, given=given, status=refusal.status)
    messages.success(request, f"{row.name} is registered. A level after mitigation can credit it.")
    return redirect("web:safeguard", row.id)


def _one(request: HttpRequest, row: Safeguard, **extra: Any) -> HttpResponse:
    versions = visible_safeguards(reader_for(request)).filter(subject=row.subject, slug=row.slug).order_by("-version")
    runs = visible_runs(reader_for(request)).filter(
        subject=row.subject, evaluation__slug__in=row.evaluations, superseded_by=None
    )  # fmt: skip
    newest = versions[0]
    context = {
        "row": row,
        "versions": versions,
        "newest": newest,
        "runs": runs.select_related("evaluation", "checkpoint").order_by("-id")[:50],
        "may_write": _writer(request, row.programme_id).has(Role.PREPAREDNESS) and newest.id == row.id,
        "shown_fields": extra.get("given")
        or {
            **{name: getattr(row, name) for name in TEXTS},
            **{name: " ".join(getattr(row, name)) for name in LISTS},
        },
        **extra,
    }
    return render(request, "safeguards/safeguard.html", context, status=extra.get("status", 200))


@page("POST")
def safeguard(request: HttpRequest, safeguard_id: str) -> HttpResponse:
    """Show one version of a safeguard; a posted form revises or withdraws it."""
    row = the_one(visible_safeguards(reader_for(request)).filter(id=safeguard_id), "safeguard")
    if request.method != "POST":
        return _one(request, row)
    by, now, given = _writer(request, row.programme_id), timezone.now(), _given(request)
    try:
        if request.POST.get("verdict") == "withdraw":
            made = safeguarding.withdraw(row, seen=row.version, reason=given["reason"], by=by, at=now)
        else:
            made = safeguarding.revise(
                row, seen=row.version, described=_described(given), reason=given["reason"], by=by, at=now
            )
    except Refused as refusal:
        return _one(request, row, refusal=refusal, given=given, status=refusal.status)
    messages.success(request, f"{made.name} has version {made.version}. Cards that credit an earlier one are stale.")
    return redirect("web:safeguard", made.id)
