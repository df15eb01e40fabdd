"""Documents that are refused before anything is stored, each with its place, its code and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.evidence import KINDS, Probing, evidence_digest, kind_of, parse_evidence, refuse_faults
from evaluations.report import ReportRefused
from tests.evidence import documents as d
from tests.evidence.conftest import LEVELS, NOW

PAIR = {"first": "a", "second": "b", "counts": {"first": 1, "second": 1}}
RUN = "run_" + "0" * 26
ALL = {
    "policy/1": d.policy(), "policy-judgements/1": d.judgements(RUN, [("s", "1", "complies", "ann")]),
    "breakdown/1": d.breakdown(d.XSTEST, d.XSTEST_TOTALS), "refusals/1": d.refusals(), "jailbreaks/1": d.jailbreaks(),
    "comparison/1": d.comparison(), "arena/1": d.arena(), "probing/1": d.probing(),
    "partner-report/1": d.partner_report(),
}  # fmt: skip
CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"schema": "policy/2"}, "/schema", "unknown-kind"),
    ({"schema": ["policy/1"]}, "/schema", "unknown-kind"),
    ({**d.policy(), "extra": 1}, "/extra", "unknown-field"),
    ({**d.policy(), "clauses": []}, "/clauses", "too-short"),
    (d.policy(clauses=[*d.policy()["clauses"], d.policy()["clauses"][0]]), "/clauses/2", "listed-twice"),
    (d.policy(clauses=[{"id": "1", "text": "x", "severity": "severe"}]), "/clauses/0/severity", "literal-error"),
    (d.policy(dated="2099-01-01T00:00:00Z"), "/dated", "in-the-future"),
    (d.judgements(RUN, [("s", "1", "complies", "ann")] * 2), "/judgements/1", "listed-twice"),
    (d.judgements("run_1", [("s", "1", "complies", "ann")]), "/run", "string-pattern-mismatch"),
    (d.breakdown({"a": ("1.2", "0.1", "0.1", "0.1")}, ("0.1",) * 4), "/rows/0/cells/0/value", "out-of-range"),
    (d.breakdown({"a": ("NaN", "0.1", "0.1", "0.1")}, ("0.1",) * 4), "/rows/0/cells/0/value",
     "string-pattern-mismatch"),
    (d.breakdown({"a": ("0.1",) * 4}, ("0.1",) * 4, columns=["o1"]), "/rows/0/cells/0/column", "not-listed"),
    ({**d.breakdown({"a": ("0.1",) * 4}, ("0.1",) * 4), "totals": [{"column": "o3", "printed": "1"}]},
     "/totals/0/column", "not-listed"),
    (d.refusals(not_unsafe={"value": 0.5, "successes": 1, "trials": 2}), "/not_unsafe", "one-of-several"),
    (d.refusals(not_unsafe={"successes": 3, "trials": 2}), "/not_unsafe/successes", "more-successes-than-trials"),
    (d.refusals(not_unsafe={"run": RUN}, not_overrefuse={"run": RUN}), "/not_overrefuse/run", "listed-twice"),
    (d.jailbreaks(p=0), "/p", "greater-than"),
    (d.jailbreaks(results=[{"prompt": "p", "technique": "t", "safety": 2}]), "/results/0/safety", "less-than-equal"),
    (d.comparison({**PAIR, "second": "a"}), "/pairings/0/second", "listed-twice"),
    (d.comparison(PAIR, {**PAIR, "first": "b", "second": "a"}), "/pairings/1", "listed-twice"),
    (d.comparison({**PAIR, "counts": {"first": 0, "second": 0, "tie": 4}}, ties="drop"), "/pairings/0",
     "nothing-compared"),
    (d.comparison({"first": "a", "second": "b", "shares": {"first": "60", "second": "30"}}), "/pairings/0/shares",
     "shares-do-not-sum"),
    (d.comparison({"first": "a", "second": "b"}), "/pairings/0", "one-of-several"),
    (d.arena(results=[{"challenge": "x", "model": "m", "printed": "5"}]), "/results/0/challenge", "not-listed"),
    (d.arena(results=[{"challenge": "harmful text", "model": "m", "successes": 5}]), "/results/0", "count-without-n"),
    (d.probing(conversations=[{"id": "c", "ratings": [{"rater": "x", "level": "low"}]}]),
     "/conversations/0/ratings/0/rater", "not-listed"),
    (d.probing(ratings_needed=1), "/ratings_needed", "greater-than-equal"),
    (d.partner_report(ended_on="2026-02-01"), "/ended_on", "ended-before-started"),
    (d.partner_report(ended_on="2026-02-30"), "/ended_on", "no-such-day"),
    (d.partner_report(recommendations=[{"id": "R", "text": "x", "adopted": False}]), "/recommendations/0/reason",
     "decision-without-reason"),
    (d.partner_report(recommendations=[{"id": "R", "text": "x", "finding": "F9"}]), "/recommendations/0/finding",
     "not-listed"),
    (d.partner_report(also_tested=["atlas-2-rc1"]), "/also_tested/1", "listed-twice"),
]  # fmt: skip


def outcome(raw: bytes) -> ReportRefused | None:
    """Read the document and all that is computed from it; return why it was refused, None where it was not."""
    try:
        document = parse_evidence(raw, now=NOW)
        if isinstance(document, Probing):
            refuse_faults(document.strange_levels([level["slug"] for level in LEVELS]))
    except ReportRefused as refusal:
        return refusal
    bound = {"levels": LEVELS, "policy": {"clauses": d.policy()["clauses"]}, "runs": {}}
    assert kind_of(document).read(document, bound)["summary"]
    return None


@pytest.mark.parametrize(("document", "pointer", "code"), CASES, ids=[f"{row[1]} {row[2]}" for row in CASES])
def test_a_faulty_document_is_refused_with_its_place_and_a_remedy(
    document: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(ReportRefused) as refusal:
        parse_evidence(d.posted(document), now=NOW)
    assert refusal.value.status == 422
    assert (pointer, code) in [(fault.pointer, fault.code) for fault in refusal.value.faults]
    assert all(fault.detail and fault.remedy for fault in refusal.value.faults)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"{", b"\xff", b'{"schema": NaN}', b'{"schema": "policy/1", "schema": "arena/1"}']
)
def test_what_is_no_strict_json_object_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(ReportRefused) as refusal:
        parse_evidence(raw, now=NOW)
    assert refusal.value.status == 400


def test_every_kind_has_a_document_here() -> None:
    assert set(ALL) == set(KINDS)
    assert all(parse_evidence(d.posted(document), now=NOW).schema_name == kind for kind, document in ALL.items())


@pytest.mark.parametrize("kind", sorted(ALL))
def test_a_document_without_any_one_of_its_fields_is_read_or_refused_and_never_fails(kind: str) -> None:
    for name in ALL[kind]:
        smaller = {key: value for key, value in ALL[kind].items() if key != name}
        for changed in (smaller, {**smaller, name: None}, {**smaller, name: 0}, {**smaller, name: [{}]}):
            refusal = outcome(d.posted(changed))
            assert refusal is None or refusal.faults


def test_two_spellings_of_one_document_have_one_digest_and_another_figure_has_another() -> None:
    document = d.refusals()
    tidy = json.dumps(document, indent=2, sort_keys=True).encode()
    assert evidence_digest(parse_evidence(tidy, now=NOW)) == evidence_digest(
        parse_evidence(d.posted(document), now=NOW)
    )
    other = d.refusals(not_unsafe={"successes": 195, "trials": 200})
    assert evidence_digest(parse_evidence(d.posted(other), now=NOW)) != evidence_digest(parse_evidence(tidy, now=NOW))


@given(st.sampled_from(sorted(ALL)), st.data())
def test_a_document_with_anything_anywhere_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(ALL[kind]))
    anything = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                            lambda inner: st.lists(inner, max_size=3), max_leaves=4)  # fmt: skip
    here: Any = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(here[key], dict | list) and here[key] and data.draw(st.booleans()):
            here = here[key]
            continue
        here[key] = data.draw(anything)
        break
    refusal = outcome(json.dumps(document).encode())
    assert refusal is None or refusal.status in (400, 422)
