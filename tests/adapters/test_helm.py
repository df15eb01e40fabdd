"""HELM: counts that are not n, splits and perturbations that are never mixed, and requests that failed."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.helm import ADAPTER
from evaluations.adapters.helm.streaming import WHOLE_DOCUMENT, array_items
from evaluations.logs.budget import Budget
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import mutants
from tests.adapters.sources import source_at, source_of

TYPOS = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed", "prob": 0.1}


def statistic(name: str, mean: Any, split: str = "test", *, count: int = 1, perturbation: Any = None) -> dict[str, Any]:
    """A statistic as HELM writes it; `count` counts training trials."""
    named = {"name": name, "split": split} | ({"perturbation": perturbation} if perturbation else {})
    values = {"sum": mean, "mean": mean, "stddev": 0.0} if count else {"sum": 0}
    return {"name": named, "count": count, **values}


def instance(name: str, score: Any, split: str = "test", trial: int = 0, perturbation: Any = None) -> dict[str, Any]:
    statistics = [
        statistic("num_prompt_tokens", 100, split, perturbation=perturbation),
        statistic("exact_match", score, split, perturbation=perturbation),
        statistic("finish_reason_stop", 1, split, perturbation=perturbation),
    ]
    more = {"perturbation": perturbation} if perturbation else {}
    return {"instance_id": name, "train_trial_index": trial, "stats": statistics, **more}


def request(
    name: str, split: str = "test", *, success: bool = True, at: Any = 1772359200, **more: Any
) -> dict[str, Any]:
    inside = {"id": name, "split": split, "input": {"text": 'ask "request_states": ['}, **more}
    return {"instance": inside, "train_trial_index": 0, "result": {"success": success, "request_datetime": at}}


SPEC = {
    "name": "trivia:subject=tea,method=generation,model=acme_atlas-2,model_deployment=acme_x",
    "scenario_spec": {"class_name": "helm.Trivia"},
    "adapter_spec": {
        "method": "generation", "model": "acme/atlas-2", "model_deployment": "acme/x", "temperature": 0.0,
        "num_train_trials": 1, "max_eval_instances": 10, "instructions": "long text",
    },
    "metric_specs": [{"class_name": "helm.BasicGenerationMetric", "args": {}}],
    "data_augmenter_spec": {"perturbation_specs": []},
    "groups": ["trivia"],
}  # fmt: skip
INSTANCES = [instance("id1", 1.0), instance("id2", 0.0), instance("id3", 1.0, "valid")]
STATS = [
    statistic("exact_match", 0.5), statistic("exact_match", 1.0, "valid"), statistic("num_instances", 2.0),
    statistic("num_instances", 1.0, "valid"), statistic("ece_10_bin", 0.25), statistic("perplexity", 3.5),
    statistic("exact_match", 0.5, perturbation={"name": "robustness", "computed_on": "worst"}),
    statistic("training_co2_cost", 0, count=0),
]  # fmt: skip
REQUESTS = [request("id1"), request("id2", at=1772359260), request("id3", "valid")]


def members(path: str = "runs/v1/trivia/", **changes: Any) -> dict[str, bytes]:
    """A run folder; a change of None leaves its file out."""
    parts = {
        "run_spec": SPEC, "per_instance_stats": INSTANCES, "stats": STATS,
        "scenario_state": {"adapter_spec": SPEC["adapter_spec"], "request_states": REQUESTS},
    } | changes  # fmt: skip
    return {
        f"{path}{name}.json": json.dumps(part, indent=1).encode() for name, part in parts.items() if part is not None
    }


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def runs(data: bytes, name: str = "run.zip", **limits: int) -> list[FoundRun]:
    return list(ADAPTER.read(source_of(data, name, **limits)))


def read(**changes: Any) -> dict[tuple[str, str | None], FoundRun]:
    return {(run.metric, run.stratum): run for run in runs(zipped(members(**changes)))}


def test_instances_are_the_samples_and_count_is_not_n() -> None:
    run = read()["exact_match", "test"]
    samples = samples_of(run)
    assert [(sample["id"], sample["attempt"], sample["score"]) for sample in samples] == [
        ("id1", 1, 1.0),
        ("id2", 1, 0.0),
    ]
    assert (run.planned_samples, run.attempts_per_sample, run.unit) == (2, 1, "proportion")
    assert (run.reported[0].value, run.reported[0].n, run.reported[0].stderr) == (0.5, None, None)
    assert "number of training trials" in (run.reported[0].note or "")
    assert run.estimate is None


def test_the_splits_of_one_metric_stand_apart() -> None:
    found = read()
    assert {key: len(samples_of(found[key])) for key in found if key[0] == "exact_match"} == {
        ("exact_match", "test"): 2, ("exact_match", "valid"): 1,
    }  # fmt: skip


def test_the_evaluation_is_named_without_the_model() -> None:
    run = read()["exact_match", "test"]
    assert run.evaluation == "trivia:subject=tea,method=generation"
    assert run.model == "acme/atlas-2"
    assert run.native_id == f"{SPEC['name']}@2026-03-01T10:00:00.000000Z"
    assert (run.started_at, run.completed_at) == ("2026-03-01T10:00:00.000000Z", "2026-03-01T10:01:00.000000Z")
    assert run.cost == {"prompt_tokens": 200.0}
    assert run.sampling == {
        "method": "generation", "model_deployment": "acme/x", "temperature": 0.0, "max_eval_instances": 10,
        "num_train_trials": 1,
    }  # fmt: skip


def test_bookkeeping_is_left_out_and_named() -> None:
    found = read()
    assert {key[0] for key in found} == {"exact_match", "ece_10_bin"}
    warning = found["exact_match", "test"].warnings[0]
    assert "finish_reason_stop" in warning
    assert "num_prompt_tokens" in warning
    assert "perplexity" in warning


def test_a_number_that_only_the_aggregate_has_is_an_estimate_without_n() -> None:
    run = read()["ece_10_bin", "test"]
    assert run.estimate == {"value": 0.25}
    samples_of(run)


def test_language_modelling_keeps_its_likelihoods_as_scores() -> None:
    spec = SPEC | {"adapter_spec": {"method": "language_modeling", "model": "acme/atlas-2"}}
    run = read(run_spec=spec)["perplexity", "test"]
    assert (run.estimate, run.unit) == ({"value": 3.5}, "score")


def test_rows_of_perturbations_that_never_happened_are_left_out_in_words() -> None:
    found = read()
    assert not [stratum for _, stratum in found if "robustness" in str(stratum)]
    assert any("nothing was perturbed" in warning for warning in found["exact_match", "test"].warnings)


def test_perturbed_instances_are_never_mixed_with_the_plain_ones() -> None:
    spec = SPEC | {"data_augmenter_spec": {"perturbation_specs": [{"class_name": "Typos"}]}}
    rows = [*INSTANCES, instance("id1", 0.0, perturbation=TYPOS), instance("id2", 0.0, perturbation=TYPOS)]
    states = [*REQUESTS, request("id1", perturbation=TYPOS), request("id2", perturbation=TYPOS)]
    found = read(run_spec=spec, per_instance_stats=rows, scenario_state={"request_states": states})
    plain, typos = found["exact_match", "test"], found["exact_match", "test, typos prob=0.1, perturbed"]
    assert (mean(samples_of(plain)), mean(samples_of(typos))) == (0.5, 0.0)
    assert (plain.planned_samples, typos.planned_samples) == (2, 2)
    assert found["exact_match", "test, robustness, worst"].estimate == {"value": 0.5}


def test_a_failed_request_is_an_error_and_not_a_wrong_answer() -> None:
    states = [request("id1"), request("id2", success=False), request("id3", "valid")]
    samples = samples_of(read(scenario_state={"request_states": states})["exact_match", "test"])
    assert statuses(samples) == {"scored": 1, "error/system": 1}


def test_an_instance_that_was_asked_and_never_scored_stays_missing() -> None:
    run = read(scenario_state={"request_states": [*REQUESTS, request("id9")]})["exact_match", "test"]
    assert (len(samples_of(run)), run.planned_samples) == (2, 3)


def test_without_the_scenario_state_the_plan_is_the_stated_number_of_instances() -> None:
    run = read(scenario_state=None)["exact_match", "test"]
    assert (run.planned_samples, run.started_at, run.native_id) == (2, None, SPEC["name"])


def test_training_trials_are_attempts() -> None:
    spec = SPEC | {"adapter_spec": {**SPEC["adapter_spec"], "num_train_trials": 2}}  # type: ignore[dict-item]
    rows = [instance("id1", 1.0), instance("id1", 0.0, trial=1)]
    run = read(run_spec=spec, per_instance_stats=rows)["exact_match", "test"]
    assert ([sample["attempt"] for sample in samples_of(run)], run.attempts_per_sample) == ([1, 2], 2)


@pytest.mark.parametrize("score", [None, float("nan"), "N/A", []])
def test_what_is_no_number_is_ungraded(score: Any) -> None:
    samples = samples_of(read(per_instance_stats=[instance("id1", 1.0), instance("id2", score)])["exact_match", "test"])
    assert statuses(samples) == {"scored": 1, "ungraded": 1}


def test_several_folders_in_one_archive_are_several_runs() -> None:
    other = SPEC | {"name": "trivia:subject=coffee,model=acme_atlas-2"}
    empty = members("runs/v1/c/", per_instance_stats=[], stats=[])
    found = runs(zipped({**members("runs/v1/a/"), **members("runs/v1/b/", run_spec=other), **empty}))
    assert {run.evaluation for run in found} == {"trivia:subject=tea,method=generation", "trivia:subject=coffee"}
    assert {run.locator for run in found} == {"runs/v1/a", "runs/v1/b"}
    assert found[-1].warnings[-1] == "The folder runs/v1/c/ of the same archive measured nothing."


def test_a_folder_packed_as_tar_or_without_a_path_is_read() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in members("").items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    source = source_of(packed.getvalue(), "run.tgz")
    assert ADAPTER.recognise(source)
    assert len(list(ADAPTER.read(source))) == 3


def cut(part: str, by: int) -> bytes:
    files = members()
    name = f"runs/v1/trivia/{part}.json"
    return zipped(files | {name: files[name][:-by]})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped({"a/readme.txt": b"x"}), "not-helm"),
        (zipped(members(per_instance_stats=None, stats=None)), "nothing-measured"),
        (zipped(members(run_spec=[])), "not-helm"),
        (zipped(members(per_instance_stats={"a": [1]})), "not-helm"),
        (zipped(members(per_instance_stats=[1])), "not-helm"),
        (zipped(members(per_instance_stats=[{"stats": []}])), "sample-without-id"),
        (zipped(members(scenario_state={"adapter_spec": {}})), "not-helm"),
        (cut("per_instance_stats", 30), "not-json"),
        (cut("scenario_state", 60), "not-json"),
        (cut("stats", 30), "not-json"),
        (zipped(members())[:-100], "not-a-zip"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        runs(data)
    assert refusal.value.fault.code == code


def test_too_many_instances_are_refused() -> None:
    with pytest.raises(LogRefused, match="more than 2 rows"):
        runs(zipped(members()), samples=2)


def test_elements_longer_than_a_chunk_and_nan_are_streamed() -> None:
    long = [{"text": "ü" * 200_000, "value": float("nan")}, *({"n": number} for number in range(20_000))]
    found = list(array_items(io.BytesIO(json.dumps(long).encode()), WHOLE_DOCUMENT, place="x", budget=Budget()))
    assert [item.get("n") for item in found[1:]] == list(range(20_000))
    assert len(found[0]["text"]) == 200_000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'[{"a": ' + b"[" * 100_000, "too-deep"),
        (b'[{"a": "' + b"x" * 300_000, "part-too-large"),
        (b'[{"a": "\xff"}]', "not-utf-8"),
        (b'{"b": [{}]}', "not-helm"),
        (b"", "not-helm"),
    ],
)
def test_hostile_arrays_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        list(array_items(io.BytesIO(data), WHOLE_DOCUMENT, place="x", budget=Budget(member_bytes=250_000)))
    assert refusal.value.fault.code == code


def test_hostile_folders_give_coherent_runs_or_refusals() -> None:
    spec = {part: SPEC[part] for part in ("name", "adapter_spec", "metric_specs", "data_augmenter_spec")}
    small = {
        "run_spec": spec, "per_instance_stats": INSTANCES[:1], "stats": [STATS[0], STATS[4], STATS[6]],
        "scenario_state": {"request_states": REQUESTS[:1]},
    }  # fmt: skip
    for path, _, changed in mutants(small):
        if not isinstance(changed, dict):
            continue
        try:
            for run in runs(zipped(members(**changed))):
                samples_of(run)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(path) from error


FOLDERS = {
    "commonsense-dataset=hellaswag,method=multiple_choice_joint,model=eleutherai_pythia-1b-v0": {
        ("exact_match", "valid"): (10, 0.3),
    },
    "mmlu-subject=philosophy,method=multiple_choice_joint,model=openai_gpt2": {
        ("exact_match", "test"): (9, 1 / 9), ("exact_match", "valid"): (1, 0.0),
    },
}  # fmt: skip


def packed_corpus(corpus: Path) -> bytes:
    return zipped({path.relative_to(corpus).as_posix(): path.read_bytes() for path in sorted(corpus.glob("helm/*/*"))})


def test_real_folders_give_the_scores_of_their_instances(corpus: Path) -> None:
    found = runs(packed_corpus(corpus))
    assert len(found) == 8 + 16
    metrics = {"exact_match", "quasi_exact_match", "prefix_exact_match", "quasi_prefix_exact_match"}
    assert {run.metric for run in found} == metrics | {f"{metric}@5" for metric in metrics}
    for run in found:
        name = (run.locator or "").removeprefix("helm/")
        samples = samples_of(run)
        raw = json.loads((corpus / "helm" / name / "per_instance_stats.json").read_bytes())
        expected = {
            row["instance_id"]: one["mean"]
            for row in raw
            for one in row["stats"]
            if one["name"] == {"name": run.metric, "split": run.stratum}
        }
        assert {sample["id"]: sample["score"] for sample in samples} == expected
        assert statuses(samples) == {"scored": run.planned_samples}
        assert mean(samples) == pytest.approx(run.reported[0].value)


def test_real_folders_have_the_known_sizes_and_means(corpus: Path) -> None:
    found = {(run.locator, run.metric, run.stratum): run for run in runs(packed_corpus(corpus))}
    for folder, rows in FOLDERS.items():
        for (metric, split), (size, expected) in rows.items():
            samples = samples_of(found[f"helm/{folder}", metric, split])
            assert len(samples) == size
            assert mean(samples) == pytest.approx(expected)
    assert {run.model for run in found.values()} == {"eleutherai/pythia-1b-v0", "openai/gpt2"}
    assert all(re.search(r"@2025-\d\d-\d\dT", run.native_id or "") for run in found.values())


def test_only_an_archive_of_run_folders_is_recognised(corpus: Path) -> None:
    assert ADAPTER.recognise(source_of(packed_corpus(corpus), "helm.zip"))
    assert not ADAPTER.recognise(source_of(zipped({"a/run_spec.json": b"{}"}), "a.zip"))
    assert not ADAPTER.recognise(source_of(b"PK\x03\x04 damaged", "a.zip"))
    assert claimed(ADAPTER, corpus) == set()
    assert not ADAPTER.recognise(source_at(next(corpus.glob("inspect/*.eval"))))
