"""Pulling from an MLflow tracking server: every ended run once, a changed one again, page after page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from evaluations import blobs
from evaluations.models import EvaluationRun, LogFile, PulledItem
from evaluations.pulling import mlflow_artifacts
from evaluations.pulling.mlflow import document_of
from evaluations.pulling.taking import pull
from scorecard import tasks
from tests.conftest import drain
from tests.pulling.conftest import MakeSource
from tests.pulling.servers import Answer, Asked, Mlflow, mlflow_run, serving

NOW = timezone.now()


@pytest.fixture
def mlflow() -> Mlflow:
    runs = {"ctf": [mlflow_run(f"r{at}") for at in range(5)], "other": [mlflow_run("o1")]}
    return Mlflow(runs, token="mlflow-token")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_MLFLOW", "mlflow-token")


@pytest.fixture
def source_at(source_of: MakeSource):
    return lambda url, **said: source_of(
        "mlflow", url, allow_private=True, **{"secret_env": "SCORECARD_SECRET_MLFLOW", **said}
    )


def test_the_runs_of_every_page_become_logs_of_the_format_mlflow(source_at, mlflow: Mlflow) -> None:
    with serving(mlflow) as server:
        done = pull(source_at(f"{server.url}/"), at=NOW)
    assert (done.state, done.found, done.new) == ("done", 6, 6)
    assert set(LogFile.objects.values_list("format", flat=True)) == {"mlflow"}
    assert LogFile.objects.filter(name="r3.json").exists()


def test_one_experiment_is_chosen_by_name_and_an_unknown_one_is_told(source_at, mlflow: Mlflow) -> None:
    with serving(mlflow) as server:
        assert pull(source_at(server.url, experiments=["other"], slug="one"), at=NOW).found == 1
        done = pull(source_at(server.url, experiments=["nothing"], slug="none"), at=NOW)
    assert (done.state, done.error_code) == ("failed", "experiment-unknown")


def test_a_running_run_waits_and_a_changed_one_is_a_new_version(source_at, mlflow: Mlflow) -> None:
    mlflow.runs["ctf"][0] = mlflow_run("r0", status="RUNNING")
    with serving(mlflow) as server:
        source = source_at(server.url, experiments=["ctf"])
        first = pull(source, at=NOW)
        mlflow.runs["ctf"][0] = mlflow_run("r0")
        mlflow.runs["ctf"][1] = mlflow_run("r1", accuracy=0.75)
        second = pull(source, at=NOW + timedelta(minutes=1))
    assert (first.new, first.skipped, first.notes[0]["code"]) == (4, 1, "not-settled")
    assert (second.new, second.unchanged) == (2, 3)
    assert PulledItem.objects.filter(key="r1").count() == 2


def test_the_order_in_which_the_server_lists_metrics_makes_no_new_version() -> None:
    run = mlflow_run("r")
    run["data"]["metrics"].append({"key": "aaa", "value": 1, "step": 0})
    turned = {**run, "data": {**run["data"], "metrics": run["data"]["metrics"][::-1]}}
    assert document_of(run) == document_of(turned)


def test_a_pulled_run_is_read_and_measured_like_a_posted_one(source_at, mlflow: Mlflow, atlas) -> None:
    with serving(mlflow) as server:
        pull(source_at(server.url, experiments=["other"], binding={"mitigation": "post_mitigation"}), at=NOW)
    for job in tasks.queued("read"):
        tasks.read_log(job.id)
    drain()
    run = EvaluationRun.objects.get()
    assert (run.checkpoint.name, run.state, run.mitigation) == ("atlas-2-rc1", "measured", "post_mitigation")
    assert run.log is not None
    assert (run.actor_kind, run.log.state) == ("source", "read")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b'{"experiments": 3}', b"<html>", b"", b'{"experiments": [1, null]}'])
def test_an_answer_of_another_kind_is_no_traceback(body: bytes, source_at) -> None:
    with serving(lambda asked: Answer(200, body)) as server:
        done = pull(source_at(server.url), at=NOW)
    assert (done.state, done.error_code) in {("failed", "answer-unexpected"), ("done", "")}
    assert done.new == 0


def test_pages_that_do_not_end_are_given_up(source_at) -> None:
    with serving(lambda asked: Answer(200, b'{"experiments": [], "next_page_token": "again"}')) as server:
        done = pull(source_at(server.url), at=NOW)
    assert done.error_code == "pages-without-end"
    assert len(server.asked) < 5


def test_runs_of_strange_shape_are_passed_over(source_at, mlflow: Mlflow) -> None:
    mlflow.runs["ctf"] = [{}, {"info": []}, {"info": {"run_id": "x", "status": 7}}, mlflow_run("good"), {"info": None}]
    with serving(mlflow) as server:
        done = pull(source_at(server.url, experiments=["ctf"]), at=NOW)
    assert (done.state, done.found, done.new, done.skipped) == ("done", 5, 1, 4)


def test_a_wrong_secret_is_told(source_at, mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_MLFLOW", "wrong")
    with serving(mlflow) as server:
        done = pull(source_at(server.url), at=NOW)
    assert (done.state, done.error_code) == ("failed", "not-authorised")
    assert "wrong" not in done.error + done.remedy


def test_artifacts_that_fit_the_pattern_are_logs_beside_their_run(source_at, mlflow: Mlflow) -> None:
    logs = {
        "logs/ä b+c.eval": b"first log",
        "logs/deep/x.eval": b"second log",
        "logs/plot.png": b"no log",
        "y.eval": b"3",
    }
    mlflow.artifacts = {"r0": logs, "r1": {"z.eval": b"of a run that goes on"}}
    mlflow.runs["ctf"][1] = mlflow_run("r1", status="RUNNING")
    with serving(mlflow) as server:
        source = source_at(server.url, experiments=["ctf"], artifacts="*.eval", format="auto")
        first, again = pull(source, at=NOW), pull(source, at=NOW)
    assert (first.state, first.new, first.skipped) == ("done", 4 + 3, 1)
    assert (again.new, again.unchanged) == (0, 7)
    for path in ("logs/ä b+c.eval", "logs/deep/x.eval", "y.eval"):
        item = PulledItem.objects.get(key=f"r0/{path}")
        assert (item.log.name, blobs.get(item.log.digest)) == (path.rsplit("/", 1)[-1], logs[path])
    assert {one.headers["authorization"] for one in server.asked} == {"Bearer mlflow-token"}


def test_artifacts_are_left_alone_unless_the_source_names_a_pattern(source_at, mlflow: Mlflow) -> None:
    mlflow.artifacts = {"r0": {"x.eval": b"a log"}}
    with serving(mlflow) as server:
        assert pull(source_at(server.url, experiments=["ctf"]), at=NOW).new == 5
    assert not any("artifact" in one.path for one in server.asked)


def test_artifacts_of_a_run_that_ended_once_more_are_got_again(source_at, mlflow: Mlflow) -> None:
    mlflow.artifacts = {"o1": {"x.eval": b"same size 1"}}
    with serving(mlflow) as server:
        source = source_at(server.url, experiments=["other"], artifacts="**", format="auto")
        pull(source, at=NOW)
        mlflow.artifacts["o1"]["x.eval"] = b"same size 2"
        mlflow.runs["other"][0]["info"]["end_time"] = 1795451999999
        assert pull(source, at=NOW).new == 2
    assert PulledItem.objects.filter(key="o1/x.eval").count() == 2


def test_a_run_with_too_many_artifacts_is_told_and_stops_nothing(source_at, mlflow: Mlflow, monkeypatch) -> None:
    monkeypatch.setattr(mlflow_artifacts, "MOST_ARTIFACTS", 3)
    mlflow.artifacts = {"o1": {f"{at}.eval": b"log %d" % at for at in range(9)}}
    with serving(mlflow) as server:
        done = pull(source_at(server.url, experiments=["other"], artifacts="*.eval", format="auto"), at=NOW)
    assert (done.state, done.new, done.notes[0]["code"]) == ("done", 1 + 3, "too-many-artifacts")


def test_a_server_without_artifacts_fails_the_pull_and_keeps_what_it_had(source_at, mlflow: Mlflow) -> None:
    def refusing(asked: Asked) -> Answer:
        return Answer(403, b"{}") if "artifacts" in asked.path else mlflow(asked)

    with serving(refusing) as server:
        done = pull(source_at(server.url, experiments=["other"], artifacts="*.eval", format="auto"), at=NOW)
    assert (done.state, done.new, done.error_code) == ("failed", 1, "not-authorised")
