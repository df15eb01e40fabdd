"""A transcript comes from the run's own log, bounded and compared with its digest, or not at all, in clear words."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluations import blobs, transcripts
from evaluations.measuring import samples_of
from evaluations.models import EvaluationRun
from evaluations.transcripts import (
    SHOWN,
    NoTranscript,
    TranscriptDamaged,
    TranscriptGone,
    TranscriptOutOfReach,
    keeps_transcript,
    payload_of,
    transcript_of,
)  # fmt: skip
from tests.adapters import inspect_logs
from tests.evaluations.test_reading_logs import evals_log, nova, only_run, read
from tests.web.conftest import a_report

pytestmark = pytest.mark.django_db
__all__ = ["nova"]


def places(run: EvaluationRun) -> Iterator[tuple[str, str]]:
    columns = samples_of(run)
    assert columns is not None
    for index in columns.order():
        yield columns.ids[index], columns.detail(index)["transcript"]


@pytest.fixture
def run() -> EvaluationRun:
    """A run of three samples, read from a log of lines."""
    return only_run(read(evals_log(True, False, True)))


def test_every_sample_of_a_log_leads_to_its_own_line(run: EvaluationRun) -> None:
    for name, place in places(run):
        shown = transcript_of(run, place)
        assert json.loads(shown.text)["sample_id"] == name
        assert (shown.place, shown.cut, shown.indented, shown.compared) == (place, 0, True, True)


def test_a_log_that_was_compressed_as_a_whole_is_read_inside() -> None:
    packed = only_run(read(gzip.compress(evals_log(True, False, run="zipped")), name="run.jsonl.gz"))
    for name, place in places(packed):
        assert json.loads(transcript_of(packed, place).text)["sample_id"] == name


@pytest.mark.parametrize("container", [inspect_logs.as_zip, inspect_logs.as_json])
def test_both_containers_of_an_inspect_log_show_the_sample(container: object) -> None:
    assert callable(container)
    raw = container(inspect_logs.log(inspect_logs.sample("one"), inspect_logs.sample("two", "I")))
    read_run = only_run(read(raw, name="log.eval" if raw.startswith(b"PK") else "log.json"))
    for name, place in places(read_run):
        assert json.loads(transcript_of(read_run, place).text)["id"] == name


def test_of_a_long_transcript_the_beginning_is_shown_and_the_cut_is_counted() -> None:
    long = inspect_logs.sample("one", messages=[{"role": "user", "content": "é" * SHOWN}])
    read_run = only_run(read(inspect_logs.as_zip(inspect_logs.log(long)), name="log.eval"))
    ((_, place),) = places(read_run)
    shown = transcript_of(read_run, place)
    assert SHOWN - 4 <= len(shown.text.encode()) <= SHOWN
    assert shown.cut == shown.size - SHOWN > SHOWN
    assert "\ufffd" not in shown.text


def test_a_sample_without_a_place_has_no_transcript(run: EvaluationRun) -> None:
    for place in (None, "/reductions", "/resolved_ids"):
        assert not keeps_transcript(run, place)
        with pytest.raises(NoTranscript, match="The log keeps no transcript of this sample"):
            transcript_of(run, place)


@pytest.mark.parametrize(
    "place", ["line 900", "/results/3", "samples/a.json", "../../etc/passwd", "testcase 1", "\x00"]
)
def test_a_place_at_which_nothing_stands_is_said_to_be_none(run: EvaluationRun, place: str) -> None:
    with pytest.raises((NoTranscript, TranscriptDamaged)):
        transcript_of(run, place)


def test_a_posted_report_keeps_no_transcript_but_names_where_its_producer_has_it(
    framework: object, atlas: object, post: object
) -> None:
    samples = [{"id": "s1", "attempt": 1, "score": 1, "status": "scored", "transcript": "line 1"}]
    report = json.loads(a_report(samples=samples, planned_samples=1))
    del report["tally"]
    assert callable(post)
    posted = post(json.dumps(report).encode())
    with pytest.raises(NoTranscript, match="Its producer says that it is at: line 1"):
        transcript_of(posted, "line 1")
    assert '"run_id": "nightly-1"' in payload_of(posted).text


def path_of(run: EvaluationRun) -> Path:
    return blobs.path_of(run.raw_digest)


def test_bytes_that_are_gone_and_bytes_that_changed_are_named_as_such(run: EvaluationRun) -> None:
    raw = path_of(run).read_bytes()
    os.chmod(path_of(run), 0o600)
    path_of(run).write_bytes(raw.replace(b"mini.dev.0", b"mini.dev.9"))
    with pytest.raises(TranscriptDamaged, match="are not the ones it names"):
        transcript_of(run, "line 2")
    path_of(run).unlink()
    with pytest.raises(TranscriptGone, match="Restore them from a backup"):
        payload_of(run)


def test_a_log_too_large_to_be_hashed_says_that_it_was_not_compared(
    run: EvaluationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "HASHED", 10)
    assert transcript_of(run, "line 2").compared is False


def test_a_transcript_too_deep_in_the_log_is_out_of_reach(run: EvaluationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "SEARCHED", 300)
    with pytest.raises(TranscriptOutOfReach, match="Download the log"):
        transcript_of(run, "line 4")


def test_the_payload_of_an_archive_is_the_list_of_its_members() -> None:
    raw = inspect_logs.as_zip(inspect_logs.log(inspect_logs.sample("one")))
    assert "samples/one_epoch_1.json" in payload_of(only_run(read(raw, name="log.eval"))).text


def test_a_row_of_a_table_is_shown_as_it_came() -> None:
    table = "id,score\nα,1\n".encode() + b"b,0\n"
    log = read(table, name="t.csv", format="csv")
    shown = transcript_of(only_run(log), "line 2")
    assert (shown.text, shown.indented) == ("α,1", False)
