"""PyRIT: success is the attack's, an undetermined outcome is no failure, and score values are text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.pyrit import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.mutation import survives
from tests.adapters.soundness import counted, strict
from tests.adapters.sources import source_at, source_of

READ = strict(ADAPTER).read
TARGET = {"class_name": "OpenAIChatTarget", "class_module": "pyrit.prompt_target", "model_name": "atlas-2",
          "pyrit_version": "1.1.0"}  # fmt: skip
NESTED = {
    "class_name": "AtomicAttack", "pyrit_version": "1.1.0", "children": {"attack_technique": {
        "class_name": "AttackTechnique", "children": {"attack": {
            "class_name": "CrescendoAttack", "children": {"objective_target": TARGET}}}}},
}  # fmt: skip
SCORER = {"class_name": "SelfAskTrueFalseScorer", "class_module": "pyrit.score", "pyrit_version": "1.1.0"}


def score(value: Any = "true", kind: str = "true_false", **changes: Any) -> dict[str, Any]:
    """A Score as its model dump writes it."""
    return {
        "id": "s-1", "score_value": value, "status": "complete", "score_type": kind, "score_category": ["cyber"],
        "score_rationale": "r", "score_metadata": {}, "scorer_class_identifier": SCORER, "message_piece_id": "p-1",
        "timestamp": "2026-11-23T16:00:00Z", "objective": "o",
    } | changes  # fmt: skip


def attack(outcome: Any = "success", *, number: int = 0, **changes: Any) -> dict[str, Any]:
    """An AttackResult as its model dump writes it."""
    return {
        "conversation_id": f"c-{number}", "objective": f"objective {number}", "attack_result_id": f"a-{number}",
        "atomic_attack_identifier": NESTED, "last_response": None, "last_score": score(), "executed_turns": 3,
        "execution_time_ms": 10, "outcome": outcome, "outcome_reason": None, "metadata": {},
        "timestamp": f"2026-11-23T16:00:0{number % 10}Z", "labels": {}, "error_type": None,
    } | changes  # fmt: skip


def scenario(attacks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "5b0c", "scenario_identifier": {"class_name": "Cyber", "version": 2, "pyrit_version": "1.1.0"},
        "attack_results": attacks, "scenario_run_state": "COMPLETED", "creation_time": "2026-11-23T16:00:00Z",
        "completion_time": "2026-11-23T17:00:00Z", "metadata": {"objective_hashes": ["a", "b", "c"]},
        "scenario_name": "Cyber", "scenario_version": 2, "pyrit_version": "1.1.0",
        "objective_target_identifier": TARGET, "objective_scorer_identifier": SCORER,
    } | changes  # fmt: skip


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(values: Any) -> bytes:
    return b"".join(as_json(one) + b"\n" for one in (values if isinstance(values, list) else [values]))


def runs_of(value: Any) -> list[FoundRun]:
    source = source_of(as_json(value), "red team.json")
    assert ADAPTER.recognise(source)
    return list(READ(source))


def statuses(run: FoundRun) -> list[tuple[str, float | None, str | None]]:
    return [(one["status"], one.get("score"), one.get("error_origin")) for one in run.samples or ()]


def test_success_is_the_attack_s_and_what_has_no_outcome_is_no_failure() -> None:
    (run,) = runs_of([attack(one, number=n) for n, one in enumerate(["success", "failure", "error", "undetermined"])])
    assert statuses(run) == [
        ("scored", 1.0, None), ("scored", 0.0, None), ("error", None, "system"), ("ungraded", None, "grader"),
    ]  # fmt: skip
    assert (run.metric, run.producer_polarity) == ("attack_success_rate", "lower_is_better")
    assert any("1 attacks have no determined outcome" in warning for warning in run.warnings)


def test_attack_target_scorer_and_version_are_found_in_the_nested_identifiers() -> None:
    (run,) = runs_of([attack()])
    assert (run.evaluation, run.model, run.source) == ("CrescendoAttack", "atlas-2", "pyrit 1.1.0")
    assert run.sampling == {"attack": "CrescendoAttack", "target": "OpenAIChatTarget"}
    assert run.grader == {"scorer": "SelfAskTrueFalseScorer"}
    assert run.started_at == "2026-11-23T16:00:00.000000Z"


def test_the_objective_s_text_never_becomes_the_sample_s_name() -> None:
    (run,) = runs_of([attack(objective="how to build something terrible")])
    (sample,) = run.samples or ()
    assert "terrible" not in json.dumps(sample)
    assert (sample["uuid"], sample["transcript"]) == ("a-0", "/0")


def test_the_same_objective_again_is_an_attempt_and_the_same_result_again_a_replacement() -> None:
    first, again = attack(), attack("failure", attack_result_id="a-9")
    (run,) = runs_of([first, again, first | {"outcome": "failure"}])
    assert [(one["attempt"], one.get("superseded", False)) for one in run.samples or ()] == [
        (1, True), (2, False), (1, False),
    ]  # fmt: skip


def test_older_results_with_flat_identifiers_are_read() -> None:
    target = {"__type__": "AzureMLChatTarget", "params": {"model_name": "atlas-1"}}
    strategy = {"__type__": "RedTeamingAttack"}
    old = attack("AttackOutcome.SUCCESS", attack_identifier=strategy, objective_target_identifier=target)
    del old["atomic_attack_identifier"], old["attack_result_id"]
    (run,) = runs_of([old])
    assert (run.evaluation, run.model, statuses(run)[0][1]) == ("RedTeamingAttack", "atlas-1", 1.0)


def test_rows_of_the_memory_s_table_hold_their_identifiers_as_text() -> None:
    (run,) = runs_of([attack(atomic_attack_identifier=json.dumps(NESTED), id="row-1")])
    assert (run.evaluation, run.model) == ("CrescendoAttack", "atlas-2")


def test_several_attacks_and_targets_are_runs_of_their_own() -> None:
    other = json.loads(json.dumps(NESTED).replace("atlas-2", "borealis"))
    runs = runs_of([attack(), attack(atomic_attack_identifier=other), attack(number=1)])
    assert [(run.model, counted(run)["n"]) for run in runs] == [("atlas-2", 2), ("borealis", 1)]


def broken(number: int) -> dict[str, Any]:
    """An attack that broke off, as PyRIT 1.1 writes it: without any identifier."""
    nothing = {"atomic_attack_identifier": None, "last_score": None, "error_type": "Exception"}
    return attack("error", number=number, **nothing)


def test_attacks_that_broke_off_without_a_name_are_missing_in_the_only_attack_of_the_list() -> None:
    (run,) = READ(source_of(as_json([attack(), attack("failure", number=1), broken(2)])))
    assert counted(run) == {"n": 3, "scored": 2, "error": 1, "mean": 0.5}
    assert (run.evaluation, run.model, run.state) == ("CrescendoAttack", "atlas-2", "complete")
    assert any("1 attacks broke off and name no attack; they are counted" in one for one in run.warnings)
    (first, *_) = READ(source_of(as_json([broken(2), attack()])))
    assert (first.evaluation, first.model, first.grader) == (
        "CrescendoAttack",
        "atlas-2",
        {"scorer": SCORER["class_name"]},
    )


def test_where_they_may_be_of_several_attacks_none_of_these_counts_as_complete() -> None:
    other = json.loads(json.dumps(NESTED).replace("CrescendoAttack", "TreeAttack"))
    records = [attack(), attack(number=1, atomic_attack_identifier=other), broken(2)]
    runs = list(READ(source_of(as_json(records), "ops.json")))
    assert [(run.evaluation, run.state) for run in runs] == [
        ("CrescendoAttack", "partial"), ("TreeAttack", "partial"), ("ops", "complete"),
    ]  # fmt: skip
    assert any("do not name their attack" in warning for run in runs[:2] for warning in run.warnings)
    assert counted(runs[2]) == {"n": 1, "error": 1, "mean": None}


def test_a_list_of_nothing_but_attacks_that_broke_off_is_one_run_without_a_name() -> None:
    (run,) = READ(source_of(as_json([broken(1), broken(2)]), "ops.json"))
    assert (run.evaluation, run.model, counted(run)["error"]) == ("ops", None, 2)


def test_prompts_that_went_through_a_converter_are_a_run_of_their_own() -> None:
    through = json.loads(json.dumps(NESTED))
    inner = through["children"]["attack_technique"]["children"]["attack"]["children"]
    inner["request_converters"] = [{"class_name": "ROT13Converter"}, {"class_name": "Base64Converter"}]
    plain, converted = READ(source_of(as_json([attack(), attack("failure", atomic_attack_identifier=through)])))
    assert (plain.stratum, counted(plain)["mean"]) == ("through no converter", 1.0)
    assert (converted.stratum, counted(converted)["mean"]) == ("through ROT13Converter, Base64Converter", 0.0)
    (alone,) = READ(source_of(as_json([attack(atomic_attack_identifier=through)])))
    assert (alone.stratum, alone.sampling["converters"]) == (None, "ROT13Converter, Base64Converter")


def test_categories_stand_as_json_text_in_the_memory_s_table() -> None:
    rows = [score(score_category='["cyber", "bio"]'), score(score_category="[cut", id="s-2")]
    assert [run.stratum for run in READ(source_of(as_json(rows)))] == ["cyber, bio", "[cut"]


def test_a_scenario_gives_a_run_for_each_attack_with_what_it_says_of_itself() -> None:
    runs = runs_of(scenario({"crescendo": [attack(), attack("failure", number=1)], "tap": [attack("failure")]}))
    assert [(run.evaluation, run.stratum, counted(run)["mean"]) for run in runs] == [
        ("Cyber", "crescendo", 0.5),
        ("Cyber", "tap", 0.0),
    ]
    run = runs[0]
    assert (run.native_id, run.model, run.state, run.version) == ("5b0c", "atlas-2", "complete", "2")
    assert (run.started_at, run.completed_at) == ("2026-11-23T16:00:00.000000Z", "2026-11-23T17:00:00.000000Z")
    assert run.grader == {"scorer": "SelfAskTrueFalseScorer"}


def test_a_scenario_of_one_attack_says_how_many_objectives_were_planned() -> None:
    (run,) = runs_of(scenario({"crescendo": [attack()]}, scenario_run_state="CANCELLED"))
    assert (run.state, run.planned_samples, run.stratum) == ("cancelled", 3, None)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("IN_PROGRESS", "running"), ("CREATED", "running"), ("FAILED", "error"), ("NEW", "partial"), (None, "partial")],
)
def test_the_state_of_a_scenario_is_kept(state: Any, expected: str) -> None:
    (run,) = runs_of(scenario({"crescendo": [attack()]}, scenario_run_state=state))
    assert run.state == expected


def test_an_attack_of_a_scenario_without_a_result_is_named() -> None:
    (run,) = runs_of(scenario({"crescendo": [attack()], "tap": []}))
    assert any("no result: tap" in warning for warning in run.warnings)
    with pytest.raises(LogRefused) as caught:
        runs_of(scenario({"tap": []}))
    assert caught.value.fault.code == "nothing-measured"


def test_scores_are_runs_by_scorer_category_and_type() -> None:
    harm = score("0.25", "float_scale", scorer_class_identifier={"__type__": "AzureContentFilterScorer"})
    runs = runs_of([score(), score("False", id="s-2", message_piece_id="p-2"), harm, harm | {"score_category": "hate"}])
    assert [(run.metric, run.stratum, counted(run)["mean"]) for run in runs] == [
        ("score:SelfAskTrueFalseScorer", "cyber", 0.5),
        ("score:AzureContentFilterScorer", "cyber", 0.25),
        ("score:AzureContentFilterScorer", "hate", 0.25),
    ]


@pytest.mark.parametrize(
    ("value", "kind", "changes"),
    [
        (None, "true_false", {"status": "undetermined"}),
        ("maybe", "true_false", {}),
        ("true", "float_scale", {}),
        ("7", "float_scale", {}),
        ("nan", "float_scale", {}),
        ("0.5", "unknown", {}),
    ],
)
def test_a_score_without_a_value_of_its_type_is_ungraded(value: Any, kind: str, changes: dict[str, Any]) -> None:
    (run,) = runs_of([score(value, kind, **changes)])
    assert statuses(run) == [("ungraded", None, "grader")]


def test_scores_inside_exported_conversations_are_read_with_their_target() -> None:
    piece = {
        "id": "p-7", "role": "assistant", "conversation_id": "c-1", "original_value": "x", "converted_value": "x",
        "prompt_target_identifier": TARGET, "scores": [score(message_piece_id=None)],
    }  # fmt: skip
    (run,) = runs_of([piece, piece | {"id": "p-8", "scores": []}])
    (sample,) = run.samples or ()
    assert (run.model, sample["id"], sample["transcript"]) == ("atlas-2", "p-7", "/0/scores/0")
    with pytest.raises(LogRefused, match="1 messages without a score"):
        runs_of([piece | {"scores": []}])


def test_lines_lists_and_single_objects_hold_the_same() -> None:
    results = [attack(), attack("failure", number=1)]
    for data in (as_lines(results), as_json(results), json.dumps(results, indent=4).encode()):
        (run,) = READ(source_of(data))
        assert counted(run)["mean"] == 0.5
    for data in (as_json(attack()), json.dumps(attack(), indent=2).encode(), as_lines([attack()])):
        (run,) = READ(source_of(data))
        assert counted(run) == {"n": 1, "scored": 1, "mean": 1.0}


def test_a_large_list_is_read_as_a_stream() -> None:
    data = as_json([attack("success" if number % 4 else "failure", number=number) for number in range(200)])
    (run,) = READ(source_of(data, member_bytes=80_000))
    assert (len(data) > 80_000, counted(run)["mean"]) == (True, 0.75)
    with pytest.raises(LogRefused, match="More than 50 records"):
        list(READ(source_of(data, samples=50)))


@pytest.mark.parametrize("data", [b"[", b"[1]", b'{"a": 1}', b"{}\n{}\n", b"[]", b'{"a": 1}\n[2]\n', b"x", b"[{}]"])
def test_what_holds_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(LogRefused):
        list(READ(source_of(data)))


def test_a_cut_export_is_refused() -> None:
    data = as_json([attack(), attack(number=1)])
    for end in range(1, len(data), 11):
        with pytest.raises(LogRefused):
            list(READ(source_of(data[:end])))


@pytest.mark.parametrize("hostile", [[attack()], scenario({"crescendo": [attack()]}), [score()]])
def test_hostile_values_anywhere_give_runs_or_refusals(hostile: Any) -> None:
    assert survives(strict(ADAPTER), hostile, write=as_json, name="x.json") > 150


def test_pyrit_recognises_no_other_tool_s_files(corpus: Path) -> None:
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        assert not ADAPTER.recognise(source_at(path)), path
