"""Scorecards beside each other: one measurement a row, and the difference to the first card where it can be formed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.cache import cache

from evaluations.models import EvaluationRun
from evaluations.pair_queries import NotComparable, paired_runs
from evaluations.statistics.differences import difference_newcombe
from scorecard.contrast import (
    counts_of,
    decision_rows,
    figures_of,
    finding_rows,
    flags_of,
    level_rows,
    reason_rows,
    refusal_of,
    threshold_rows,
)
from scorecard.ledger.canonical import digest
from scorecard.models import Scorecard

Record = dict[str, Any]
MOST_CARDS = 8
MOST_PAIRS = 60
"""Paired differences that one request computes; of further ones the page says where to see them."""
KEPT_SECONDS = 24 * 3600


def _paired(one: EvaluationRun, other: EvaluationRun) -> Record:
    """Return the paired difference, other minus one, or why there is none; kept, because runs never change."""
    key = "contrast:" + digest([one.digest, other.digest]).removeprefix("sha256:")
    kept: Record | None = cache.get(key)
    if kept is None:
        try:
            found = paired_runs(other, one)
            told = {name: found.difference[name] for name in ("point", "low", "high", "n", "method")}
            kept = {"state": "paired", **told, "notes": list(found.notes)}
        except NotComparable as reason:
            kept = {"state": "refused", "words": str(reason)}
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _independent(one: Record, other: Record) -> Record:
    """Return the difference of two counts as of independent samples, or that no interval can be formed."""
    first, second = counts_of(one), counts_of(other)
    if first is None or second is None:
        return {"state": "no_interval", "words": "no interval can be formed: the counts are not known"}
    found = difference_newcombe(*second, *first)
    words = ["the samples are not paired, so that the interval is wider than it need be"]
    return {"state": "independent", "point": found.point, "low": found.low, "high": found.high, "n": found.n,
            "method": found.method, "notes": words}  # fmt: skip


class _Differences:
    """The differences of one request: runs are fetched once, and pairs computed up to a number."""

    def __init__(self, figures: Sequence[dict[tuple[str, ...], Record]]) -> None:
        named = {item["run"] for card in figures for item in card.values() if item["form"] == "samples"}
        runs = EvaluationRun.objects.filter(id__in=named).select_related("evaluation", "checkpoint")
        self.runs = {run.id: run for run in runs}
        self.left = MOST_PAIRS

    def of(self, one: Record, other: Record) -> Record:
        """Return the difference of two figures, other minus one, with what must be known of it in `flags`."""
        refused = refusal_of(one, other)
        if refused:
            return {"state": "refused", "words": refused, "flags": []}
        flags = flags_of(one, other)
        pair = self.runs.get(one["run"]), self.runs.get(other["run"])
        if pair[0] is not None and pair[1] is not None:
            if not self.left:
                words = "not computed here: compare these two runs by themselves"
                return {"state": "left_out", "words": words, "flags": flags}
            self.left -= 1
            found = _paired(pair[0], pair[1])
            if found["state"] == "paired":
                return {**found, "flags": flags}
        return {**_independent(one, other), "flags": flags}


def _shown(item: Record) -> Record:
    tally = item["tally"]
    return {"run": item["run"], "value": item["value"], "unit": item["unit"], "qualifier": item["qualifier"],
            "n": tally["scored"] if tally else None, "reported_n": item["reported_n"],
            "ended": bool(item.get("expired"))}  # fmt: skip


def _evidence_rows(documents: Sequence[Record]) -> list[Record]:
    """Return a row for each measurement on any card: the figures, and their differences to the first card's."""
    figures = [figures_of(document["evidence"]) for document in documents]
    differences = _Differences(figures)
    rows = []
    for key in sorted({key for card in figures for key in card}):
        items = [card.get(key) for card in figures]
        first, cells = items[0], []
        for item in items:
            cell = None if item is None else _shown(item)
            if cell is not None and first is not None and item is not None and item is not first:
                same = first["run"] == item["run"]
                cell["difference"] = {"state": "same", "words": "the same run"} if same else differences.of(first, item)
            cells.append(cell)
        evaluation, stratum, metric, side = key
        rows.append({"evaluation": evaluation, "stratum": stratum or None, "metric": metric, "side": side,
                     "cells": cells})  # fmt: skip
    return rows


def contrast_of(cards: Sequence[Scorecard], documents: Sequence[Record]) -> Record:
    """Return cards beside each other, in the order given; `documents` are what the reader may see of each.

    `levels` and `evidence` hold a cell for each card. Of exactly two cards `findings`, `thresholds`, `decisions` and
    `reasons` tell the differences as well, and are empty otherwise.
    """
    heads = [
        {"number": card.number, "version": card.version, "title": card.title, "checkpoint": card.checkpoint.name,
         "subject": card.checkpoint.subject.name, "state": card.state, "stale": card.stale,
         "framework": {"slug": card.framework.slug, "version": card.framework.version}}
        for card in cards
    ]  # fmt: skip
    found = {"cards": heads, "levels": level_rows(documents), "evidence": _evidence_rows(documents)}
    if len(cards) != 2:
        return {**found, "findings": [], "thresholds": [], "decisions": [], "reasons": []}
    one, other = documents
    return {
        **found,
        "findings": finding_rows(one, other),
        "thresholds": threshold_rows(cards[0].framework.document, cards[1].framework.document),
        "decisions": decision_rows(one, other),
        "reasons": reason_rows(one, other),
    }
