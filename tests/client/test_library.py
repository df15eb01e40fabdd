"""The library: the same conversations for synchronous and asynchronous callers, typed, with errors that tell."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from scorecard_client import (
    AsyncClient,
    CheckFailed,
    Client,
    ExitCode,
    Misused,
    Patience,
    ProblemAnswer,
    RunReport,
    Unreachable,
)
from scorecard_client.parcels import Binding, log_parcel
from scorecard_client.report import EvaluationRef, Provenance, Tally, report_bytes

from evaluations.report import RunReport as ServerReport
from tests.client.api import PART_BYTES, SECRET, Api, named, problem

Write = Callable[..., Path]


def a_report(**changes: Any) -> RunReport:
    fields: dict[str, Any] = {
        "subject": "atlas-2", "checkpoint": "atlas-2-rc1", "mitigation": "post_mitigation",
        "evaluation": EvaluationRef(slug="ctf-professional"), "metric": "pass@12",
        "tally": Tally(successes=13, trials=110), "provenance": Provenance(source="tests"),
    }  # fmt: skip
    return RunReport(**(fields | changes))


def test_a_run_is_created_from_a_model_a_mapping_or_bytes(api: Api) -> None:
    raw = report_bytes(a_report())
    with Client() as client:
        first = client.runs.create(a_report())
        again = client.runs.create(raw)
    assert (first.created, again.created) == (True, False)
    assert first.id == again.id
    assert api.asked[0].body == raw
    assert b'"schema": "run-report/1"' in raw
    assert b"null" not in raw


def test_a_typed_report_is_accepted_by_the_server_s_own_reader() -> None:
    assert ServerReport.model_validate_json(report_bytes(a_report())).tally is not None


def test_the_typed_report_has_every_field_of_the_server_s() -> None:
    assert set(RunReport.model_fields) == set(ServerReport.model_fields)
    ours, theirs = (model.model_json_schema(by_alias=True)["$defs"] for model in (RunReport, ServerReport))
    for name in ours:
        assert set(ours[name]["properties"]) == set(theirs[name]["properties"]), name


def test_a_misspelt_field_is_named_before_anything_is_sent() -> None:
    with pytest.raises(ValidationError, match="sucesses"):
        Tally(sucesses=1, trials=2)  # type: ignore[call-arg]


@pytest.mark.parametrize("report", [{"score": float("nan")}, {"x": object()}, {"x": {1, 2}}])
def test_what_json_cannot_say_is_refused(report: dict[str, Any]) -> None:
    with pytest.raises(Misused, match="JSON"):
        report_bytes(report)


def test_a_refusal_carries_the_problem_the_request_and_the_exit_code(api: Api) -> None:
    with Client() as client, pytest.raises(ProblemAnswer) as caught:
        client.runs.create({"tally": {"successes": 14, "trials": 13}})
    fault = caught.value
    assert (fault.status, fault.problem.code, fault.request_id) == (422, "more-successes-than-trials", "req-7")
    assert fault.problem.errors[0].pointer == "/tally/successes"
    assert fault.exit_code is ExitCode.CHECK_FAILED


def test_a_log_is_pushed_followed_and_its_card_read(api: Api, log: Write) -> None:
    with Client(url=api.url, token=SECRET) as client:
        receipt = client.logs.push(log(), checkpoint="atlas-2-rc1", format="inspect")
        assert client.jobs.wait(receipt.job).state == "done"
        assert client.logs.get(receipt.id).state == "read"
        assert client.scorecards.newest("atlas-2-rc1").number == "PSC-2026-0001"
    assert api.asked[0].query == {"format": "inspect", "checkpoint": "atlas-2-rc1"}


def test_a_log_that_looks_like_a_report_goes_where_the_caller_says(api: Api, report: Write) -> None:
    with Client() as client:
        client.logs.push(report())
    assert api.paths() == ["/api/v1/logs/"]


def test_the_gate_is_asked(api: Api) -> None:
    api.gate = {"decision": "deny", "reasons": ["stale"]}
    with Client() as client:
        assert not client.gate("atlas-2-rc1", action="deploy").allowed


def test_patience_can_be_chosen(api: Api, pauses: list[float]) -> None:
    api.failures.extend([problem(503, "not-available", "Later.")] * 3)
    with Client(patience=Patience(attempts=2)) as client, pytest.raises(ProblemAnswer) as caught:
        client.jobs.get("job_1")
    assert (len(api.asked), len(pauses), caught.value.exit_code) == (2, 1, ExitCode.NETWORK)


def test_the_asynchronous_client_does_the_same(
    api: Api, log: Write, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr("scorecard_client.parcels.WHOLE_UP_TO", 2500)
    api.gate = {"decision": "allow"}

    async def everything() -> list[Any]:
        async with AsyncClient() as client:
            api.failures.append(problem(500, "server-failed", "Once."))
            run = await client.runs.create(a_report())
            small = await client.logs.push(log(b"small"), checkpoint="atlas-2-rc1")
            large = await client.logs.push(log(b"l" * 2600, "large.eval"))
            job = await client.jobs.wait(run.job)
            card = await client.scorecards.newest("atlas-2-rc1")
            gate = await client.gate("atlas-2-rc1", action="deploy")
            with pytest.raises(ProblemAnswer):
                await client.runs.create(b"no json")
            return [run.created, small.digest, large.digest, job.state, card.version, gate.allowed]

    assert asyncio.run(everything()) == [True, named(b"small"), named(b"l" * 2600), "done", 1, True]
    assert [len(asked.body) for asked in api.asked if asked.method == "PUT"] == [PART_BYTES, PART_BYTES, 600]
    assert len(pauses) == 1


def test_the_asynchronous_client_gives_up_in_words(api: Api) -> None:
    api.failures.extend([None] * 5)

    async def ask() -> None:
        async with AsyncClient() as client:
            await client.jobs.get("job_1")

    with pytest.raises(Unreachable, match="cannot be reached"):
        asyncio.run(ask())


def test_both_clients_offer_the_same() -> None:
    with Client(url="http://127.0.0.1:1", token="psc_x") as client:
        other = AsyncClient(url="http://127.0.0.1:1", token="psc_x")
        for part in ("runs", "logs", "jobs", "scorecards"):
            ours, theirs = (
                {name: list(inspect.signature(member).parameters) for name, member in inspect.getmembers(whole)
                 if inspect.ismethod(member) and not name.startswith("_")}
                for whole in (getattr(client, part), getattr(other, part))
            )  # fmt: skip
            assert ours == theirs
        asyncio.run(other.close())


def test_an_answer_larger_than_memory_allows_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scorecard_client.transport.LARGEST_ANSWER", 1000)
    api.failures.append((200, {"Content-Encoding": "gzip"}, b" " * 10_000_000))
    with Client() as client, pytest.raises(CheckFailed, match="larger than 1000 bytes"):
        client.jobs.get("job_1")


def test_a_file_that_shrinks_while_it_is_sent_is_named(api: Api, log: Write) -> None:
    path = log(b"x" * 1000)
    parcel = log_parcel(path, binding=Binding())
    path.write_bytes(b"x")
    with Client() as client, pytest.raises(CheckFailed, match="became shorter"):
        client.logs.push_parcel(parcel)
