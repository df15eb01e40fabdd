"""The page that says what would change a category's levels."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scorecard.queries.whatif import Answered, what_if_of
from scorecard.web.category_view import category_entry
from scorecard.web.doors import card_and_person, levels_of, page, reader_for
from scorecard.whatif.words import run_titles

SIDES = ("post_mitigation", "pre_mitigation")
ASKED = (
    ("removals", "Which evidence holds the level"),
    ("flips", "How many samples would change it"),
    ("further_samples", "What more samples would decide"),
    ("thresholds", "Where the thresholds would have to stand"),
    ("baselines", "Other baselines"),
    ("variants", "Other rules for reading the evidence"),
    ("elicitation_gaps", "What another elicitation adds"),
)
NOTHING = {
    "removals": "No run speaks to an indicator of this category, so there is none to leave out.",
    "flips": "No number of samples that come out otherwise in one run changes a level.",
    "further_samples": "No run leaves an indicator undecided.",
    "thresholds": "The framework names no indicator for this category.",
    "baselines": "The framework names no baseline, and no figure of another model stands beside the evidence.",
    "variants": "There is no evidence that other rules could read otherwise.",
    "elicitation_gaps": "No two runs of one evaluation differ in how they were elicited.",
}


def side_shown(answered: Answered) -> dict[str, Any]:
    """Return one side as the page shows it: the sentences by question, and the level without each run."""
    case, answer, said = answered
    items, titles = {item["run"]: item for item in case.evidence}, run_titles(case)
    return {
        "slug": answer.side,
        "verdict": answer.verdict,
        "answers": [{"title": title, "lines": said[name], "nothing": NOTHING[name]} for name, title in ASKED],
        "dropped": [
            {"run": run, "title": titles[run], "metric": items[run]["metric"],
             "verdict": verdict, "changes": verdict != answer.verdict}
            for run, verdict in answer.without.items()
        ],
    }  # fmt: skip


@page()
def what_if(request: HttpRequest, number: str, version: int, category: str) -> HttpResponse:
    """Show what would change the levels of one category of a scorecard."""
    card, _ = card_and_person(request, number, version)
    found = what_if_of(reader_for(request), card, category)
    context = {
        "card": card,
        "document": found.document,
        "levels": levels_of(card),
        "category": category_entry(card.framework.document, category),
        "sides": [side_shown(found.categories[category][side]) for side in SIDES],
    }
    return render(request, "pages/what_if.html", context)
