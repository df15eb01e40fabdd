"""The routes: who may file and read, what the answers say, filters, and problems with their place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from evaluations.models import Checkpoint, EvidenceDocument
from tests.api.conftest import Caller, problem_of
from tests.evidence import documents as d
from tests.web.sample_runs import entries

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(token_for: Callable[..., str]) -> Callable[..., Caller]:
    return lambda *who: Caller(token_for(*who))


@pytest.fixture
def pipeline(caller: Callable[..., Caller], atlas: Checkpoint) -> Caller:
    """A token that may post and nothing else."""
    return caller("ada", "runs:write")


@pytest.fixture
def reader(caller: Callable[..., Caller]) -> Caller:
    """A token that may read evidence."""
    return caller("faye", "evidence:read")


def test_a_document_is_filed_once_and_its_later_version_supersedes_it(pipeline: Caller) -> None:
    first = pipeline.post("evidence/", d.refusals())
    again = pipeline.post("evidence", d.refusals())
    later = pipeline.post("evidence/", d.refusals(not_unsafe={"successes": 1, "trials": 2}))
    assert [answer.status_code for answer in (first, again, later)] == [201, 200, 201]
    assert again.json()["id"] == first.json()["id"]
    assert (later.json()["superseded"], later.json()["revision"]) == (first.json()["id"], 2)
    assert first.json()["posted_by"]["kind"] == "token"


def test_a_compressed_body_is_the_same_document(pipeline: Caller) -> None:
    pipeline.post("evidence/", d.refusals())
    answer = pipeline.post("evidence/", gzip.compress(d.posted(d.refusals())), Content_Encoding="gzip")
    assert answer.status_code == 200


def test_one_document_comes_with_what_was_posted_and_what_is_computed(pipeline: Caller, reader: Caller) -> None:
    identifier = pipeline.post("evidence/", d.comparison()).json()["id"]
    answer = reader.get(f"evidence/{identifier}/").json()
    assert answer["document"]["pairings"][0]["shares"]["first"] == "59.75"
    assert answer["reading"]["pairings"][0]["printed"]["nearest"] == "half"
    raw = reader.get(f"evidence/{identifier}/raw")
    assert b"".join(raw.streaming_content) == json.dumps(d.comparison()).encode()
    assert "attachment" in raw["Content-Disposition"]
    [entry] = entries("content.downloaded")
    assert entry["subject"] == {"type": "evidence", "id": identifier}
    assert (entry["data"]["reason"], entry["actor"]["kind"]) == ("Through the API.", "token")


def test_lists_are_filtered_and_a_document_of_two_checkpoints_stands_once(
    pipeline: Caller, reader: Caller, atlas: Checkpoint
) -> None:
    Checkpoint.objects.create(subject=atlas.subject, name="atlas-2-rc2")
    for document in (d.partner_report(also_tested=["atlas-2-rc2"]), d.arena(), d.policy()):
        assert pipeline.post("evidence/", document).status_code == 201
    pipeline.post("evidence/", d.arena(title="Corrected"))

    def kinds(**filters: str) -> list[str]:
        return [row["kind"] for row in reader.get("evidence/", **filters).json()["results"]]

    assert sorted(kinds()) == ["arena/1", "partner-report/1", "policy/1"]
    assert kinds(checkpoint="atlas-2-rc2") == ["partner-report/1"]
    assert kinds(subject="atlas-2", kind="arena/1") == ["arena/1"]
    assert kinds(subject="atlas-2", kind="arena/1", superseded="yes") == ["arena/1", "arena/1"]
    assert sorted(kinds(section="red_teaming")) == ["arena/1", "partner-report/1"]
    assert reader.get("evidence/", format="csv")["Content-Type"].startswith("text/csv")
    problem_of(reader.get("evidence/", colour="red"), 400)


def test_an_ingest_token_reads_nothing_and_a_reader_files_nothing(pipeline: Caller, reader: Caller) -> None:
    identifier = pipeline.post("evidence/", d.refusals()).json()["id"]
    for path in ("evidence/", f"evidence/{identifier}/", f"evidence/{identifier}/raw"):
        problem_of(pipeline.get(path), 403)
    problem_of(reader.post("evidence/", d.arena()), 403)
    problem_of(Caller().get("evidence/"), 401)


def test_a_person_without_a_reading_role_finds_no_document(pipeline: Caller, reader: Caller, programme: Any) -> None:
    identifier = pipeline.post("evidence/", d.refusals()).json()["id"]
    programme.memberships.filter(person__username="faye").delete()
    for path in ("evidence/", f"evidence/{identifier}/", f"evidence/{identifier}/raw"):
        assert reader.get(path).status_code in (403, 404)


@pytest.mark.parametrize("name", ["evd_" + "0" * 26, "evd_1"])
def test_a_document_that_is_not_there_is_404(reader: Caller, name: str) -> None:
    problem_of(reader.get(f"evidence/{name}/"), 404)


def test_a_refused_document_is_a_problem_with_pointers_and_nothing_is_stored(pipeline: Caller) -> None:
    problem = problem_of(pipeline.post("evidence/", d.refusals(not_unsafe={"successes": 3, "trials": 2})), 422)
    assert problem["errors"][0]["pointer"] == "/not_unsafe/successes"
    assert problem_of(pipeline.post("evidence/", {"schema": "essay/1"}), 422)["code"] == "unknown-kind"
    assert problem_of(pipeline.post("evidence/", b""), 400)["code"] == "empty"
    assert problem_of(pipeline.post("evidence/", b'{"a": 1, "a": 2}'), 400)["code"] == "duplicate-key"
    assert EvidenceDocument.objects.count() == 0


def test_the_body_is_kept_as_sent_and_not_as_understood(pipeline: Caller, reader: Caller) -> None:
    sent = json.dumps(d.refusals(title="Zu\u0308rich"), indent=2).encode()
    identifier = pipeline.post("evidence/", sent).json()["id"]
    assert b"".join(reader.get(f"evidence/{identifier}/raw").streaming_content) == sent
    assert reader.get(f"evidence/{identifier}/").json()["document"]["title"] == "Z\u00fcrich"
