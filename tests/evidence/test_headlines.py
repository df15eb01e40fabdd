"""The figures of a document: few, the telling ones first, and each with what it is a share of."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.evidence import KINDS, headline, kind_of, parse_evidence
from evaluations.evidence.headlines import HEADLINES, MOST
from tests.evidence import documents as d
from tests.evidence.conftest import LEVELS, NOW

RUN = "run_" + "0" * 26
BOUND = {"levels": LEVELS, "policy": {"clauses": d.policy()["clauses"]}}


def figures(document: dict[str, Any]) -> list[dict[str, str]]:
    checked = parse_evidence(d.posted(document), now=NOW)
    return headline(checked, kind_of(checked).read(checked, BOUND))


def told(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(row["name"], row["figure"], row["n"]) for row in figures(document)]


def one_of_every_kind() -> list[dict[str, Any]]:
    judged = [("s1", "1", "violates", "ann"), ("s2", "1", "complies", "ann"), ("s3", "1", "unclear", "ann")]
    return [
        d.policy(), d.judgements(RUN, judged), d.breakdown(d.XSTEST, d.XSTEST_TOTALS, n=25), d.refusals(),
        d.jailbreaks(), d.comparison(), d.arena(), d.probing(), d.partner_report(),
    ]  # fmt: skip


def test_every_kind_has_figures_and_every_figure_says_of_how_many() -> None:
    assert set(HEADLINES) == set(KINDS)
    for document in one_of_every_kind():
        rows = figures(document)
        assert 1 <= len(rows) <= MOST, document["schema"]
        for row in rows:
            assert all(isinstance(part, str) for part in row.values())
            assert "" not in (row["name"], row["figure"], row["n"]), document["schema"]


@pytest.mark.parametrize(
    ("document", "row"),
    [
        (d.policy(), ("Clauses of high or critical severity", "1", "of 2 clauses")),
        (d.refusals(), ("Standard refusal: not unsafe", "98%", "196 of 200")),
        (d.refusals(not_unsafe={"value": 0.98}), ("Standard refusal: not unsafe", "98%", "n not published")),
        (d.breakdown(d.XSTEST, d.XSTEST_TOTALS, n=25),
         ("GPT-4o, Total (not_overrefuse)", "0.924", "250 samples, 10 strata; reproduces")),
        (d.breakdown(d.XSTEST, d.XSTEST_TOTALS),
         ("GPT-4o, Total (not_overrefuse)", "0.924", "n of the strata not published, 10 strata; reproduces")),
        (d.jailbreaks(), ("StrongREJECT: goodness@0.1", "25%", "2 prompts, 10 techniques, 20 results")),
        (d.comparison(), ("o1 preferred over GPT-4o (ties half, blinded)", "65.6%", "n not published")),
        (d.arena(), ("o1 in harmful text: attacks that worked", "6%", "6 of 100, 4 undetermined")),
        (d.arena(), ("GPT-4o in harmful text: attacks that worked", "about 3.5%", "n not published")),
        (d.probing(), ("Conversations rated Medium (8 at first)", "10", "of 42")),
        (d.probing(), ("Conversations still owed a rating", "0", "of 42")),
        (d.partner_report(), ("Findings of critical severity, in the partner's words", "1", "of 2")),
        (d.partner_report(), ("Findings", "2", "in 320 hours, 4 people")),
        (d.partner_report(), ("Recommendations adopted", "1", "of 3, 1 open")),
    ],
)  # fmt: skip
def test_a_figure_stands_with_its_denominator_or_says_that_there_is_none(
    document: dict[str, Any], row: tuple[str, str, str]
) -> None:
    assert row in told(document)


def test_judgements_count_attempts_and_the_most_violated_clause_first() -> None:
    judged = [(f"s{number}", clause, "violates" if number < worst else "complies", "ann")
              for clause, worst in (("1", 1), ("2", 3)) for number in range(4)]  # fmt: skip
    rows = told(d.judgements(RUN, judged))
    assert rows[0] == ("Attempts that violate a clause for at least one judge", "3", "of 4")
    assert rows[1] == ("Violations of clause 2, low", "75%", "3 of 4, 0 open")
    assert [row["interval"] != "" for row in figures(d.judgements(RUN, judged))] == [False, True, True]


def test_of_many_figures_the_first_are_given_and_the_others_counted() -> None:
    results = [{"challenge": "harmful text", "model": f"m{place}", "successes": place, "attempts": 10}
               for place in range(10)]  # fmt: skip
    rows = told(d.arena(results=results))
    assert len(rows) == MOST
    assert rows[0][1] == "90%"
    assert rows[-1] == ("Further figures", "5", "in the document itself")
