"""The samples of a run: a list with its filters in the address, and one sample with its proof and gated content."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render

from evaluations.models import EvaluationRun
from evaluations.sample_queries import FILTERS, FilterRefused, Listing, listing, sample_row
from evaluations.samples import SampleColumns
from evaluations.samples.columns import ORIGINS, STATUSES
from evaluations.samples.tree import root_of
from evaluations.transcripts import keeps_transcript
from scorecard.ledger.merkle import inclusion_proof
from scorecard.refusals import Refused
from scorecard.showing import index_of, readable_samples, sample_digest
from scorecard.web.content import FAULTY, gate, opened
from scorecard.web.doors import page, person_in
from scorecard.web.runs import run_of
from scorecard.web.sample_files import FORMATS, samples_file
from scorecard.web.sample_rows import address_of, listed_row, twins_of

ROWS = 100
PROVEN_AT_ONCE = 20_000
"""Samples of a run up to which the page computes the proof unasked; beyond, hashing them all takes seconds."""
MOST_ATTEMPTS = 200
FIELDS = (
    ("id", "Id contains", ()),
    ("status", "Status", tuple((one, one.replace("_", " ")) for one in STATUSES)),
    ("error_origin", "Error origin", tuple((one, one.replace("_", " ")) for one in ORIGINS if one)),
    ("score", "Score, e.g. <0.5 or none", ()),
    ("cluster", "Cluster", ()),
    ("attempt", "Attempt", ()),
    ("superseded", "Superseded", (("false", "left out"), ("true", "only these"))),
)


def _filters(given: QueryDict) -> dict[str, str]:
    return {name: str(given[name]) for name in FILTERS if given.get(name)}


def _number(text: str, *, otherwise: int) -> int:
    return int(text[:9]) if text.isascii() and text.isdigit() else otherwise


def _matching(run: EvaluationRun, filters: dict[str, str]) -> tuple[Listing, Counter[str]]:
    """Return all samples that match, and how many of each status match the other filters. Raises FilterRefused."""
    status = filters.get("status")
    if status is not None and status not in STATUSES:
        raise FilterRefused(f"status is one of {', '.join(STATUSES)}.")
    with readable_samples():
        found = listing(run, {name: text for name, text in filters.items() if name != "status"})
    if found is None:
        return Listing(SampleColumns(run.unit), [], 0, 0), Counter()
    codes = found.columns.statuses
    counted = Counter(codes[index] for index in found.indices)
    facets = Counter({STATUSES[code]: count for code, count in counted.items()})
    if status is None:
        return found, facets
    wanted = STATUSES.index(status)
    chosen = [index for index in found.indices if codes[index] == wanted]
    return Listing(found.columns, chosen, len(chosen), found.total), facets


@page()
def samples(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """List the samples of a run; filters and place stand in the address, and the same list comes as a file."""
    run, chosen = run_of(request, run_id), _filters(request.GET)
    context: dict[str, Any] = {"run": run, "chosen": chosen, "fields": FIELDS, "formats": FORMATS}
    try:
        found, facets = _matching(run, chosen)
    except FilterRefused as fault:
        return render(request, "pages/samples.html", {**context, "fault": str(fault)}, status=FAULTY)
    if request.GET.get("format") in FORMATS and run.block_digest:
        with readable_samples():
            return samples_file(run, found, request.GET["format"])
    start = min(_number(request.GET.get("cursor", ""), otherwise=0), max(0, found.matching - 1))
    shown = urlencode(chosen)
    context |= {
        "found": found,
        "facets": [(name, facets[name]) for name in STATUSES if facets[name] or name == chosen.get("status")],
        "all": sum(facets.values()),
        "rows": [listed_row(found.columns, index, shown) for index in found.indices[start : start + ROWS]],
        "first": start + 1,
        "before": max(0, start - ROWS) if start else None,
        "after": start + ROWS if start + ROWS < found.matching else None,
    }
    return render(request, "pages/samples.html", context)


def _said(request: HttpRequest) -> tuple[str, int, int | None, dict[str, str]]:
    given = request.POST if request.method == "POST" else request.GET
    place = given.get("place", "")
    shown = _filters(QueryDict(given.get("list", "").encode("utf-8", "replace")))
    attempt = _number(given.get("attempt", "1"), otherwise=-1)
    return given.get("id", ""), attempt, _number(place, otherwise=-1) if place else None, shown


def _proof(run: EvaluationRun, columns: SampleColumns, index: int) -> dict[str, Any]:
    leaves = columns.leaves()
    place = columns.order().index(index)
    return {
        "leaf": f"sha256:{leaves[place].hex()}",
        "place": place,
        "size": len(leaves),
        "path": [f"sha256:{part.hex()}" for part in inclusion_proof(leaves, place)],
        "holds": f"sha256:{root_of(iter(leaves)).hex()}" == run.samples_root,
    }


def _listed(run: EvaluationRun, filters: dict[str, str]) -> tuple[Listing, str]:
    """Return the list that a sample was chosen from and its query string; a filter that cannot be lists all."""
    try:
        return _matching(run, filters)[0], urlencode(filters)
    except FilterRefused:
        return _matching(run, {})[0], ""


def _neighbours(found: Listing, index: int, shown: str) -> dict[str, Any]:
    """Return a sample's number in the list, and the ones before and after it; nothing for one that is not in it."""
    around: dict[str, Any] = {"listed": shown, "matching": found.matching}
    if index not in found.indices:
        return around
    at = found.indices.index(index)
    before = address_of(found.columns, found.indices[at - 1], shown) if at else None
    after = address_of(found.columns, found.indices[at + 1], shown) if at + 1 < found.matching else None
    return {**around, "number": at + 1, "before": before, "after": after}


@page("POST")
def sample(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show one attempt at a sample; its content only to who asks for it with a reason, after the ledger entry."""
    run = run_of(request, run_id)
    name, attempt, place, filters = _said(request)
    found, shown = _listed(run, filters)
    columns, index = found.columns, index_of(found.columns, name, attempt, place)
    if index is None:
        raise Refused("not-found", "This run holds no such attempt at a sample.", status=404)
    content: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        content, status = opened(request, run, sample=name, attempt=attempt, place=place)
    twins = [twin for _, twin in twins_of(columns, name) if twin != index]
    context = {
        "run": run,
        "row": sample_row(columns, index),
        "hidden": {"id": name, "attempt": attempt, "place": "" if place is None else place, "list": shown},
        "others": [listed_row(columns, twin, shown) for twin in twins[:MOST_ATTEMPTS]],
        "more_attempts": max(0, len(twins) - MOST_ATTEMPTS),
        "kept": keeps_transcript(run, columns.detail(index)["transcript"]),
        "proof": _proof(run, columns, index) if len(columns) <= PROVEN_AT_ONCE or "proof" in request.GET else None,
        **_neighbours(found, index, shown),
        **gate(
            ("run", run.id), by=person_in(request, run.subject.programme), sample=sample_digest(name), attempt=attempt
        ),
        **content,
    }
    return render(request, "pages/sample.html", context, status=status)
