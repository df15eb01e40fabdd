"""The page on which two runs of one evaluation are compared, sample by sample."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evaluations.pair_queries import NotComparable, PairedRuns, paired_runs
from scorecard.refusals import Refused
from scorecard.showing import readable_samples
from scorecard.web.content import FAULTY
from scorecard.web.doors import page
from scorecard.web.runs import run_of

COUNTED = {
    "both": "A and B",
    "first_only": "A only",
    "second_only": "B only",
    "neither": "neither",
    "first_higher": "A higher",
    "second_higher": "B higher",
    "equal": "equal",
}
WORDS = {True: "Solved by", False: "Score"}


def verdict(found: PairedRuns) -> str:
    """Say in words what the interval of the difference tells, without calling either side better."""
    low, high = found.difference["low"], found.difference["high"]
    if low is None:
        return "There is no interval, so the difference may be chance."
    if low > 0.0:
        return "A is higher than B: the whole interval lies above 0."
    if high < 0.0:
        return "A is lower than B: the whole interval lies below 0."
    return "A and B are not told apart: the interval holds 0."


def _shown(found: PairedRuns) -> dict[str, Any]:
    fraction = found.first.unit in ("proportion", "percent")
    sides = zip(("A", "B"), (found.first, found.second), found.pairs.sides, found.means, strict=True)
    return {
        "found": found,
        "paired": len(found.pairs),
        "verdict": verdict(found),
        "rows": [found.difference, *found.beside],
        "sides": [{"name": name, "run": run, "side": side, "mean": mean} for name, run, side, mean in sides],
        "counted": [(COUNTED[name], count) for name, count in found.table.items()],
        "counted_as": WORDS[found.binary],
        "fraction": fraction,
        "statistics_unit": "proportion" if fraction else found.first.unit,
    }


@page()
def compare(request: HttpRequest) -> HttpResponse:
    """Show the paired difference of `?a=` and `?b=`, or say why the two cannot be compared."""
    names = [request.GET.get(name, "") for name in ("a", "b")]
    if not all(names):
        words = "The address names no two runs."
        raise Refused("not-found", words, remedy="Open a run and choose another to compare it with.", status=404)
    first, second = (run_of(request, name) for name in names)
    context: dict[str, Any] = {"first": first, "second": second}
    try:
        with readable_samples():
            context |= _shown(paired_runs(first, second))
    except NotComparable as reason:
        return render(request, "pages/compare.html", {**context, "reason": str(reason)}, status=FAULTY)
    return render(request, "pages/compare.html", context)
