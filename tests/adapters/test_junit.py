"""JUnit XML: what broke has no verdict, what was skipped was not attempted, and hostile XML is refused."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from evaluations.adapters.junit import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.soundness import counted, strict
from tests.adapters.sources import source_at, source_of

READ = strict(ADAPTER).read
MODEL = '<properties><property name="model" value="atlas-2"/></properties>'


def case(name: str, inner: str = "", *, properties: str = MODEL) -> str:
    return f'<testcase classname="evals" name={quoteattr(name)} time="0.1">{properties}{inner}</testcase>'


def suite(*cases: str, attributes: str = 'name="night" timestamp="2026-11-23T16:31:49+00:00"', own: str = "") -> str:
    return f"<testsuite {attributes}>{own}{''.join(cases)}</testsuite>"


def runs_of(*suites: str) -> list[FoundRun]:
    document = f'<?xml version="1.0" encoding="utf-8"?><testsuites>{"".join(suites)}</testsuites>'
    return list(READ(source_of(document.encode(), "junit.xml")))


def statuses(run: FoundRun) -> list[tuple[str, float | None]]:
    return [(sample["status"], sample.get("score")) for sample in run.samples or ()]


def test_failure_error_and_skipped_are_three_different_things() -> None:
    (run,) = runs_of(suite(
        case("passes"), case("fails", '<failure message="wrong"/>'), case("breaks", '<error message="sandbox died"/>'),
        case("skipped", '<skipped type="pytest.skip" message="no sandbox"/>'),
    ))  # fmt: skip
    assert statuses(run) == [("scored", 1.0), ("scored", 0.0), ("error", None), ("not_attempted", None)]
    assert [sample.get("error_origin") for sample in run.samples or ()] == [None, None, "system", None]
    assert (run.evaluation, run.metric, run.model) == ("night", "pass_rate", "atlas-2")
    assert run.started_at == "2026-11-23T16:31:49.000000Z"


def test_an_expected_failure_is_ungraded_because_the_file_gives_no_verdict() -> None:
    (run,) = runs_of(suite(case("known", '<skipped type="pytest.xfail" message="known"/>'), case("passes")))
    assert statuses(run)[0] == ("ungraded", None)
    assert any("xfail" in warning for warning in run.warnings)


def test_a_failure_with_an_error_in_the_tear_down_keeps_its_verdict() -> None:
    (run,) = runs_of(suite(case("both", "<failure/><error/>")))
    assert statuses(run) == [("scored", 0.0)]


def test_a_test_that_passed_when_run_again_counts_as_passed_and_is_said() -> None:
    (run,) = runs_of(suite(case("flaky", "<flakyFailure/>"), case("flakier", "<flakyError/>")))
    assert statuses(run) == [("scored", 1.0)] * 2
    assert any("run again" in warning and "2 times" in warning for warning in run.warnings)


def test_broken_and_skipped_tests_belong_to_the_one_model_that_the_others_name() -> None:
    (run,) = runs_of(suite(case("passes"), case("breaks", "<error/>", properties="")))
    assert (run.model, counted(run)["n"]) == ("atlas-2", 2)


def test_several_models_in_one_suite_are_several_runs() -> None:
    other = MODEL.replace("atlas-2", "borealis")
    runs = runs_of(suite(case("a"), case("a", "<failure/>", properties=other)))
    assert [(run.model, counted(run)["mean"]) for run in runs] == [("atlas-2", 1.0), ("borealis", 0.0)]


def test_the_property_score_is_a_run_of_its_own_and_the_verdict_stays() -> None:
    scored = '<properties><property name="score" value="0.75"/><property name="model" value="m"/></properties>'
    verdict, own = runs_of(suite(case("a", "<failure/>", properties=scored), case("b")))[:2]
    assert counted(verdict) == {"n": 1, "scored": 1, "mean": 0.0}
    assert (own.metric, counted(own)) == ("score", {"n": 1, "scored": 1, "mean": 0.75})


def test_properties_of_the_suite_name_model_evaluation_and_run() -> None:
    own = "".join(
        f'<property name="{name}" value="{value}"/>'
        for name, value in {"model": "atlas-2", "evaluation": "cyber-ctf", "run_id": "r-7", "version": "3"}.items()
    )
    (run,) = runs_of(suite(case("a", properties=""), own=f"<properties>{own}</properties>"))
    assert (run.model, run.evaluation, run.native_id, run.version) == ("atlas-2", "cyber-ctf", "r-7", "3")


def test_tests_of_one_name_are_attempts() -> None:
    (run,) = runs_of(suite(case("again"), case("again", "<failure/>")))
    assert [(sample["id"], sample["attempt"]) for sample in run.samples or ()] == [
        ("evals::again", 1),
        ("evals::again", 2),
    ]


def test_nested_suites_are_runs_of_their_own() -> None:
    inner = suite(case("a"), attributes='name="inner"')
    runs = runs_of(suite(inner, case("b"), attributes='name="outer"'))
    assert [(run.evaluation, counted(run)["n"]) for run in runs] == [("inner", 1), ("outer", 1)]


def test_a_suite_that_counts_more_tests_than_it_holds_is_partial() -> None:
    (run,) = runs_of(suite(case("a"), attributes='name="night" tests="5" failures="0"'))
    assert (run.state, run.planned_samples) == ("partial", 5)
    assert [(one.metric, one.value) for one in run.reported] == [("tests", "5"), ("failures", "0")]
    assert any("counts 5 tests; the file holds 1" in warning for warning in run.warnings)


def test_hostile_names_lose_what_cannot_be_seen_and_stay_distinct() -> None:
    names = ["<b>&amp;</b>", "\u202eevil", "evil", "x" * 500, "x" * 501, "日本☣️"]
    (run,) = runs_of(suite(*(case(name) for name in names)))
    ids = [sample["id"] for sample in run.samples or ()]
    assert len(set(ids)) == len(names)
    assert all(len(one) <= 200 for one in ids)
    assert ids[0] == "evals::<b>&amp;</b>"


def test_a_namespace_changes_nothing() -> None:
    data = b'<testsuite xmlns="urn:x" name="n"><testcase name="a"/></testsuite>'
    source = source_of(data)
    assert ADAPTER.recognise(source)
    (run,) = READ(source)
    assert statuses(run) == [("scored", 1.0)]


BOMB = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites><testsuite name="&b;"/></testsuites>'
OUTSIDE = b'<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuites><testsuite name="&x;"/></testsuites>'
REMOTE = b'<!DOCTYPE t SYSTEM "http://example.org/x.dtd"><testsuites/>'


@pytest.mark.parametrize("data", [BOMB, OUTSIDE, REMOTE])
def test_a_dtd_is_refused_unread_whatever_it_declares(data: bytes) -> None:
    source = source_of(data, "junit.xml")
    assert ADAPTER.recognise(source)
    with pytest.raises(LogRefused) as caught:
        list(READ(source))
    assert caught.value.fault.code == "xml-entities"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<testsuites><testsuite>", "not-xml"),
        (b"<testsuites>\x0b</testsuites>", "not-xml"),
        (b"<testsuites>&unknown;</testsuites>", "not-xml"),
        (b'<?xml version="1.0" encoding="utf-7"?><testsuites/>', "not-xml"),
        (b'<?xml version="1.0" encoding="no-such"?><testsuites/>', "not-xml"),
        (b"<testsuites>\xff</testsuites>", "not-xml"),
        (b"<testsuite>" + b"<a>" * 200, "too-deep"),
        (b"<testsuites></testsuites>", "nothing-measured"),
        (b'<testsuites><testsuite name="x" tests="3"/></testsuites>', "nothing-measured"),
        (b"<html></html>", "not-junit"),
        (b"", "empty"),
    ],
)
def test_what_is_no_junit_xml_is_refused_with_the_reason(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as caught:
        list(READ(source_of(data, "junit.xml")))
    assert caught.value.fault.code == code


def test_output_beyond_the_budget_of_one_part_is_refused() -> None:
    noisy = f"<testsuites>{suite(case('a', '<system-out>' + 'x' * 300_000 + '</system-out>'))}</testsuites>".encode()
    with pytest.raises(LogRefused) as caught:
        list(READ(source_of(noisy, member_bytes=100_000)))
    assert caught.value.fault.code == "part-too-large"


def test_many_tests_are_read_within_the_budget_of_one_part() -> None:
    data = f"<testsuites>{suite(*(case(f't{n}') for n in range(3000)))}</testsuites>".encode()
    (run,) = READ(source_of(data, member_bytes=200_000))
    assert (len(data) > 200_000, counted(run)["n"]) == (True, 3000)
    with pytest.raises(LogRefused, match="More than 100 tests"):
        list(READ(source_of(data, samples=100)))


def test_any_attribute_or_text_may_be_hostile() -> None:
    plain = f"<testsuites>{suite(case('a', '<failure/>'), own=MODEL, attributes='name=x tests=1')}</testsuites>"
    plain = plain.replace("name=x tests=1", 'name="x" tests="1" timestamp="t"')
    for place in re.finditer(r'="([^"]*)"', plain):
        for strange in ("", "-1", "1e999", "NaN", "&#8238;", "x" * 5000, "9" * 400):
            changed = plain[: place.start(1)] + strange + plain[place.end(1) :]
            for run in READ(source_of(changed.encode())):
                assert counted(run)["n"] == 1


def test_every_cut_is_refused() -> None:
    data = f"<testsuites>{suite(case('a'))}</testsuites>".encode()
    for end in range(len(data)):
        with pytest.raises(LogRefused):
            list(READ(source_of(data[:end])))


@pytest.mark.parametrize("file", ["pytest.xml", "pytest_xunit1_sysout.xml"])
def test_the_real_reports_give_seven_tests_of_which_four_have_a_verdict(corpus: Path, file: str) -> None:
    verdict, own = READ(source_at(corpus / "junit" / file))
    assert counted(verdict) == {"n": 7, "scored": 4, "not_attempted": 1, "error": 1, "ungraded": 1, "mean": 0.5}
    assert (verdict.model, verdict.planned_samples, verdict.state) == ("mock-o1", 7, "complete")
    assert [(one.metric, one.value) for one in verdict.reported] == [
        ("tests", "7"), ("failures", "2"), ("errors", "1"), ("skipped", "2"),
    ]  # fmt: skip
    assert (own.metric, counted(own)["mean"], counted(own)["scored"]) == ("score", 0.75, 4)


def test_promptfoo_s_own_xml_is_refused_by_name(corpus: Path) -> None:
    with pytest.raises(LogRefused, match="root element is promptfoo"):
        list(READ(source_at(corpus / "junit/promptfoo_results_not_junit.xml")))


def test_junit_recognises_its_own_files_and_no_other_tool_s(corpus: Path) -> None:
    own = {"pytest.xml", "pytest_xunit1_sysout.xml"}
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        assert ADAPTER.recognise(source_at(path)) == (path.name in own), path
