"""A forecast counts like a level that is reached, until somebody withdraws it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from scorecard import forecasting
from scorecard.access import Person
from scorecard.access.readers import Reader, Sight
from scorecard.assessing import assess
from scorecard.models import Forecast, Scorecard
from scorecard.models.ledger import LedgerEntry
from scorecard.opening import open_next_version
from scorecard.queries import card_document_for, snapshot_of
from scorecard.refusals import Refused
from tests.conftest import NOW
from tests.web.journeys import determined, sealed

Cast = Callable[[str], Person]
BASIS = "A new way of prompting moves the trend past the threshold within six months."
BY = (NOW + timedelta(days=180)).date()


def forecast(card: Scorecard, by: Person, **changes: Any) -> Forecast:
    told = {"category": "cybersecurity", "level": "critical", "post_level": "critical", "by_day": BY, "basis": BASIS}
    return forecasting.forecast(card, **(told | changes), by=by, at=NOW)


def decisions(card: Scorecard) -> dict[str, str]:
    return {row["action"]: row["decision"] for row in snapshot_of(card)["gates"]}


def test_a_forecast_closes_the_gates_and_triggers_the_duties_of_a_draft(card: Scorecard, person: Cast) -> None:
    card = determined(card, person)
    assert decisions(card) == {"deploy": "allow", "develop": "allow"}
    made = forecast(card, person("ada"))
    assert decisions(card) == {"deploy": "deny", "develop": "deny"}
    told = snapshot_of(card)
    assert told["obligations"][0]["because"] == ["cybersecurity"]
    assert [(row["id"], row["level"], row["basis"]) for row in told["forecasts"]] == [(made.id, "critical", BASIS)]
    assert person("ada").actor.id in {row["id"] for row in told["authors"]}
    entry = LedgerEntry.objects.get(kind="forecast.made")
    assert json.loads(entry.envelope)["data"]["by_day"] == BY.isoformat()


def test_a_card_without_forecasts_does_not_mention_them(card: Scorecard) -> None:
    assert "forecasts" not in snapshot_of(card)


def test_a_sealed_card_becomes_stale_and_its_next_version_carries_the_forecast(card: Scorecard, person: Cast) -> None:
    card = sealed(card, person)
    made = forecast(card, person("chen"))
    card.refresh_from_db()
    assert card.stale
    assert card.stale_reasons[-1]["words"] == f"A forecast of Critical by {BY} was made: cybersecurity."
    assert "forecasts" not in snapshot_of(card)
    following = open_next_version(card, by=person("ada"), at=NOW)
    assess(following, cause="test", at=NOW)
    assert [row["id"] for row in snapshot_of(following)["forecasts"]] == [made.id]


def test_withdrawing_it_makes_what_carried_it_stale_and_is_done_once(card: Scorecard, person: Cast) -> None:
    made = forecast(card, person("ada"))
    card = sealed(card, person)
    assert [row["id"] for row in snapshot_of(card)["forecasts"]] == [made.id]
    forecasting.withdraw(made, reason="The trend did not hold on the next checkpoint.", by=person("bo"), at=NOW)
    card.refresh_from_db()
    assert card.stale
    with pytest.raises(Refused, match="withdrawn already"):
        forecasting.withdraw(made, reason="The trend did not hold on the next checkpoint.", by=person("bo"), at=NOW)
    assert Forecast.objects.get().withdrawn_by == person("bo").actor.name


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"level": "low", "post_level": "low"}, "level-unknown"),
        ({"level": "enormous"}, "level-unknown"),
        ({"post_level": "enormous"}, "level-unknown"),
        ({"level": "medium"}, "forecast-inverted"),
        ({"by_day": NOW.date()}, "day-passed"),
        ({"by_day": date(2020, 1, 1)}, "day-passed"),
        ({"basis": "soon"}, "reason-missing"),
        ({"category": "weather"}, "not-found"),
    ],
)
def test_a_forecast_that_says_nothing_sensible_is_refused(
    card: Scorecard, person: Cast, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        forecast(card, person("ada"), **changes)
    assert refusal.value.code == code
    assert not Forecast.objects.exists()


@pytest.mark.parametrize("name", ["dana", "eli", "faye", "gil"])
def test_only_those_who_evaluate_or_advise_forecast(card: Scorecard, person: Cast, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        forecast(card, person(name))
    assert refusal.value.status == 403


def test_a_forecast_is_never_deleted(card: Scorecard, person: Cast) -> None:
    made = forecast(card, person("ada"))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Forecast.objects.filter(id=made.id).delete()


def test_the_page_makes_and_withdraws_forecasts(card: Scorecard, visit: Callable[[str], Client]) -> None:
    base, client = f"/scorecards/{card.number}/v{card.version}/outlook/", visit("ada")
    form = {"category": "persuasion", "level": "high", "post_level": "", "by_day": "2031-05-01", "basis": BASIS}
    assert client.post(f"{base}forecast/", form).status_code == 302
    page = client.get(base).content.decode()
    assert "2031-05-01" in page
    assert BASIS in page
    made = Forecast.objects.get()
    assert (made.level, made.post_level) == ("high", "high")
    assert client.post(f"{base}forecast/{made.id}/withdraw/", {"reason": "no"}).status_code == 422
    assert client.post(f"{base}forecast/{made.id}/withdraw/", {"reason": "The trend did not hold."}).status_code == 302
    assert "Nobody forecasts a level" in client.get(base).content.decode()


def test_a_refused_form_comes_back_with_what_was_written(card: Scorecard, visit: Callable[[str], Client]) -> None:
    form = {
        "category": "persuasion",
        "level": "high",
        "by_day": "next year",
        "basis": "<b>Grounds</b> that are long enough.",
    }
    answer = visit("ada").post(f"/scorecards/{card.number}/v{card.version}/outlook/forecast/", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Write the day as YYYY-MM-DD." in page
    assert "&lt;b&gt;Grounds&lt;/b&gt;" in page


def test_the_api_makes_and_withdraws_forecasts(card: Scorecard, client: Client, token_for: Callable[..., str]) -> None:
    secret = token_for("ada", "signoff:write", "scorecards:read")
    headers = {"authorization": f"Bearer {secret}"}
    body = {"category": "cybersecurity", "level": "high", "by_day": "2031-05-01", "basis": BASIS}
    answer = client.post(
        f"/api/v1/scorecards/{card.id}/forecasts/", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 201
    made = answer.json()["forecasts"][0]
    assert (made["level"], made["post_level"], made["by_day"]) == ("high", "high", "2031-05-01")
    bad = client.post(
        f"/api/v1/scorecards/{card.id}/forecasts/", {**body, "by_day": "2031-13-01"}, content_type="application/json",
        headers=headers,
    )  # fmt: skip
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["pointer"] == "/by_day"
    gone = client.post(
        f"/api/v1/forecasts/{made['id']}/withdraw/", {"reason": "The trend did not hold."},
        content_type="application/json", headers=headers,
    )  # fmt: skip
    assert gone.json() == {"id": made["id"], "withdrawn": True, "reason": "The trend did not hold."}


def test_the_grounds_of_a_withheld_category_stay_withheld(card: Scorecard, person: Cast) -> None:
    forecast(card, person("ada"), category="cbrn", level="high", post_level="high", basis=BASIS)
    sight = Sight(card.programme, frozenset({"auditor"}), frozenset({"cbrn"}), frozenset())
    told = card_document_for(Reader(person("faye").user, (sight,)), card)
    assert told["forecasts"][0]["level"] == "high"
    assert BASIS not in str(told)


def test_the_pages_call_the_columns_as_the_framework_does(
    second_card: Scorecard, visit: Callable[[str], Client]
) -> None:
    client = visit("ada")
    named = second_card.framework.document["sides"]
    card = f"/scorecards/{second_card.number}/v{second_card.version}/"
    for page in (card, f"{card}biological_chemical/", f"{card}review/"):
        shown = client.get(page).content.decode()
        assert named["pre_mitigation"]["name"] in shown
        assert named["post_mitigation"]["name"] in shown


def test_the_overview_gives_each_framework_its_own_columns(
    second_card: Scorecard, card: Scorecard, visit: Callable[[str], Client]
) -> None:
    client = visit("ada")
    shown = client.get("/").content.decode()
    assert shown.count('<table class="rows levels grid">') == 2
    tables = shown.split('<table class="rows levels grid">')
    second = next(table for table in tables[1:] if "AI self-improvement" in table).split("</table>")[0]
    assert "Persuasion" not in second
    assert "Sandbagging" not in second
    assert '<th scope="col">Overall</th>' not in second
    head = client.get(f"/scorecards/{second_card.number}/v{second_card.version}/").content.decode()
    assert "No overall level: each category is decided by itself" in head
    assert "Not rated" in head
    assert "only if the the" not in head


def test_the_page_of_a_framework_says_all_that_it_demands(
    second_card: Scorecard, visit: Callable[[str], Client]
) -> None:
    client = visit("ada")
    framework = second_card.framework
    shown = client.get(f"/frameworks/{framework.slug}/{framework.version}/").content.decode()
    for words in (
        "There is no overall level", "only if the safeguards leave", "Evidence ends", "access to new tools",
        "Marginal risk:", "Pathways to severe harm", "it decides nothing", "also where it is only forecast",
    ):  # fmt: skip
        assert words in shown, words
    assert "the the" not in shown
    assert "nothing: a gap" in client.get("/safeguards/").content.decode()
