"""A lower level after mitigation rests on a measured fall, tested safeguards or a signed argument, or it blocks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard import safeguarding
from scorecard.access import Person
from scorecard.bundling import bundle_without_pdf
from scorecard.determining import Grounds, determine, newest_assessment
from scorecard.models import Determination, Safeguard, Scorecard
from scorecard.queries import card_digest, snapshot_of
from scorecard.refusals import Refused
from scorecard.sealing import seal
from scorecard.signing import request, sign
from scorecard.verifier.build import source
from tests.conftest import NOW, PASSWORD
from tests.web.conftest import address
from tests.web.journeys import REASON

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]
Measure = Callable[..., EvaluationRun]
Level = Callable[..., Determination]
ARGUMENT = "The classifier stops every known way to the capability; see the red-team report."


def credit(card: Scorecard) -> dict[str, Any] | None:
    categories = snapshot_of(card)["categories"]
    found: dict[str, Any] | None = next(row for row in categories if row["category"] == "cybersecurity").get("credit")
    return found


def codes(card: Scorecard) -> dict[str, str]:
    return {row["code"]: row["severity"] for row in snapshot_of(card)["lint"] if row["where"].startswith("cyber")}


def test_a_fall_on_the_same_samples_is_a_measured_credit(card: Scorecard, measure: Measure, level: Level) -> None:
    pre, post = measure("pre_mitigation", solved=40), measure("post_mitigation", solved=2)
    level("pre_mitigation", "high")
    level("post_mitigation", "low")
    found = credit(card)
    assert found is not None
    assert (found["basis"], found["levels"]) == ("measured", ["medium", "high"])
    assert [(row["pre_run"], row["post_run"], row["counts"]) for row in found["pairs"]] == [(pre.id, post.id, True)] * 2
    assert "from 66.7 % to 3.3 % on 60 samples, a fall of 63.3 points" in found["pairs"][0]["words"]
    assert "lowered-without-cause" not in codes(card)


@pytest.mark.parametrize(
    ("earlier", "later", "words"),
    [
        ({"solved": 40}, {"solved": 38}, "is not clear"),
        ({"solved": 40}, {"solved": 2, "dataset": None}, "do not state one dataset digest"),
        ({"solved": 40}, {"solved": 2, "dataset": "sha256:" + "cd" * 32}, "do not state one dataset digest"),
        ({"solved": 40}, {"solved": 0, "n": 20}, "is not clear"),
    ],
    ids=["no clear fall", "no dataset", "another dataset", "the hard samples dropped"],
)
def test_without_a_measured_fall_the_lowering_has_no_cause(
    card: Scorecard, measure: Measure, level: Level, earlier: dict[str, Any], later: dict[str, Any], words: str
) -> None:
    measure("pre_mitigation", **earlier)
    measure("post_mitigation", **later)
    level("pre_mitigation", "high")
    level("post_mitigation", "low")
    found = credit(card)
    assert found is not None
    assert found["basis"] == "missing"
    assert words in found["words"]
    assert codes(card)["lowered-without-cause"] == "error"


def test_a_lowering_without_cause_cannot_be_signed(card: Scorecard, level: Level, person: Cast) -> None:
    others(card, person)
    level("pre_mitigation", "medium")
    level("post_mitigation", "low")
    with pytest.raises(Refused) as refusal:
        request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    assert "Cybersecurity" in refusal.value.detail + refusal.value.remedy


def test_an_argument_lowers_with_a_warning(card: Scorecard, level: Level) -> None:
    level("pre_mitigation", "medium")
    level("post_mitigation", "low", Grounds(argument=ARGUMENT))
    found = credit(card)
    assert found is not None
    assert found["basis"] == "argument"
    assert codes(card)["lowered-by-argument"] == "warning"


def test_equal_levels_and_overtaken_ones_have_no_credit(card: Scorecard, level: Level) -> None:
    level("pre_mitigation", "medium")
    assert credit(card) is None
    level("post_mitigation", "medium", Grounds(kind="held_equal"))
    assert credit(card) is None
    side = next(row for row in snapshot_of(card)["categories"] if row["category"] == "cybersecurity")["post_mitigation"]
    assert side["determination"]["kind"] == "held_equal"


@pytest.mark.parametrize(
    ("side", "slug", "grounds", "code"),
    [
        ("post_mitigation", "low", Grounds(kind="held_equal"), "not-equal"),
        ("post_mitigation", "low", Grounds(kind="guessed"), "kind-unknown"),
        ("pre_mitigation", "low", Grounds(argument=ARGUMENT), "credit-misplaced"),
        ("pre_mitigation", "medium", Grounds(kind="held_equal"), "credit-misplaced"),
        ("post_mitigation", "low", Grounds(safeguards=["sg_nobody"]), "safeguard-unknown"),
    ],
)
def test_grounds_that_do_not_belong_are_refused(
    card: Scorecard, level: Level, side: str, slug: str, grounds: Grounds, code: str
) -> None:
    level("pre_mitigation", "medium")
    with pytest.raises(Refused) as refusal:
        level(side, slug, grounds)
    assert refusal.value.code == code


def test_a_withdrawn_safeguard_takes_its_credit_with_it(
    card: Scorecard, level: Level, person: Cast, classifier: Safeguard
) -> None:
    level("pre_mitigation", "medium")
    level("post_mitigation", "low", Grounds(argument=ARGUMENT, safeguards=[classifier.id]))
    assert snapshot_of(card)["safeguards"][0]["in_force"] is True
    safeguarding.withdraw(classifier, seen=1, reason="It was switched off.", by=person("ada"), at=NOW)
    found = credit(card)
    assert found is not None
    assert (found["basis"], found["words"]) == (
        "missing", "it credits what is no longer in force: Exploit classifier v1"
    )  # fmt: skip
    assert codes(card)["lowered-without-cause"] == "error"


def others(card: Scorecard, person: Cast) -> None:
    """Determine everything but cybersecurity at Low."""
    for category in card.framework.document["categories"]:
        for side in ("pre_mitigation", "post_mitigation") if category["slug"] != "cybersecurity" else ():
            seen = newest_assessment(card, category["slug"], side).digest
            determine(card, category=category["slug"], mitigation=side, level="low", rationale=REASON, seen=seen,
                      by=person("ada"), at=NOW)  # fmt: skip


def sealed(card: Scorecard, person: Cast) -> Scorecard:
    request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    card.refresh_from_db()
    for name, role, meaning in (("chen", "advisory_chair", "recommends"), ("dana", "leadership", "approves")):
        sign(card, role=role, meaning=meaning, seen=card.digest, reason="Agreed.", password=PASSWORD, by=person(name),
             at=NOW)  # fmt: skip
    seal(card, seen=card.digest, by=person("ada"), at=NOW)
    card.refresh_from_db()
    return card


def test_an_auditor_recomputes_the_credit_offline(
    card: Scorecard, measure: Measure, level: Level, person: Cast, classifier: Safeguard, tmp_path: Path
) -> None:
    measure("pre_mitigation", solved=40)
    measure("post_mitigation", solved=2)
    others(card, person)
    level("pre_mitigation", "high")
    level("post_mitigation", "low", Grounds(safeguards=[classifier.id]))
    (tmp_path / "verify.py").write_text(source(), encoding="utf-8")
    (tmp_path / "bundle.zip").write_bytes(bundle_without_pdf(sealed(card, person)))
    asked = [sys.executable, "-I", "verify.py", "bundle.zip"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert "1 lowered levels recomputed on 2 pairs of runs; 0 forecasts, 1 safeguards" in done.stdout


def test_a_revised_safeguard_makes_a_signed_card_stale(
    card: Scorecard, level: Level, person: Cast, classifier: Safeguard
) -> None:
    others(card, person)
    level("pre_mitigation", "medium")
    level("post_mitigation", "low", Grounds(argument=ARGUMENT, safeguards=[classifier.id]))
    card = sealed(card, person)
    assert not card.stale
    safeguarding.withdraw(classifier, seen=1, reason="It was switched off.", by=person("ada"), at=NOW)
    card.refresh_from_db()
    assert card.stale
    assert "Exploit classifier" in card.stale_reasons[-1]["words"]


def test_the_page_says_why_it_is_lower_and_holds_equal_by_one_click(
    card: Scorecard, measure: Measure, level: Level, visit: Callable[[str], Client]
) -> None:
    measure("pre_mitigation", solved=40)
    measure("post_mitigation", solved=2)
    level("pre_mitigation", "high")
    level("post_mitigation", "low")
    client, page = visit("ada"), address(card, "cybersecurity/")
    shown = client.get(page).content.decode()
    assert "Why it is lower after mitigation" in shown
    assert "from 66.7 % to 3.3 % on 60 samples, a fall of 63.3 points" in shown
    seen = newest_assessment(card, "cybersecurity", "post_mitigation").digest
    form = {"mitigation": "post_mitigation", "kind": "held_equal", "level": "high", "seen": seen, "rationale": REASON}
    assert client.post(f"{page}determine/", form).status_code == 302
    shown = client.get(page).content.decode()
    assert "Why it is lower after mitigation" not in shown
    assert "Held equal" in shown
