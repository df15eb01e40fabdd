"""From attack results to runs: an objective is the sample, and each attack and target a run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evaluations.adapters.pyrit.records import (
    Record,
    attack_of,
    class_of,
    converters_of,
    model_of,
    target_of,
    version_of,
)
from evaluations.logs.found import FoundRun, State
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import listing, mapping, moment, text_of
from evaluations.report.document import Sample

STATES: dict[str, State] = {
    "COMPLETED": "complete",
    "IN_PROGRESS": "running",
    "CREATED": "running",
    "FAILED": "error",
    "CANCELLED": "cancelled",
}
OUTCOMES = {"success": 1.0, "failure": 0.0}
SCORES = ("human_objective_score", "automated_objective_score", "last_score")
"""Where the score stands that decided the outcome; a person's goes before a machine's."""
IDENTITY_DIGITS = 16
_Group = tuple[str | None, str | None, str | None, str | None]
"""Attack, converters, model and target class."""
NOBODY: _Group = (None, None, None, None)


@dataclass(slots=True)
class Attack:
    """What is needed of one AttackResult, small enough to hold many."""

    place: str
    objective: str
    """The objective's digest, because the objective may be text that no list of samples should spread."""
    key: str | None
    conversation: str | None
    outcome: str
    """In lower case; some exports write the enumeration's name before it."""
    broke: bool
    attack: str | None
    model: str | None
    target: str | None
    converters: str | None
    """What the prompts went through before they were sent, in order."""
    version: str | None
    scorer: str | None
    stamp: str | None

    @property
    def nameless(self) -> bool:
        """Whether it broke off and, as PyRIT 1.1 writes such attacks, says neither which attack nor which target."""
        return (self.broke or self.outcome == "error") and self.attack is self.model is self.target is None

    @classmethod
    def of(cls, record: Record, place: str) -> Attack:
        """Return the attack of a record."""
        objective = record.get("objective")
        text = objective if isinstance(objective, str) else ""
        target = target_of(record)
        score = next((found for name in SCORES if (found := mapping(record.get(name)))), {})
        return cls(
            place=place,
            objective=f"objective {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:IDENTITY_DIGITS]}",
            key=text_of(record.get("attack_result_id")) or text_of(record.get("id")),
            conversation=text_of(record.get("conversation_id")),
            outcome=(text_of(record.get("outcome"), limit=60) or "").rpartition(".")[2].lower(),
            broke=bool(record.get("error_type")),
            attack=attack_of(record),
            model=model_of(target),
            target=class_of(target),
            converters=converters_of(record),
            version=version_of(target, record.get("atomic_attack_identifier"), record.get("attack_identifier")),
            scorer=class_of(score.get("scorer_class_identifier")),
            stamp=moment(record.get("timestamp")),
        )


def scenario_runs(record: Record, place: str) -> Iterator[FoundRun]:
    """Yield one run per atomic attack of a ScenarioResult. Raises LogRefused for one without any result."""
    groups = {
        text_of(key) or "unnamed attack": [
            Attack.of(mapping(one), f"{place}/attack_results/{text_of(key, limit=80)}/{index}")
            for index, one in enumerate(listing(value))
        ]
        for key, value in mapping(record.get("attack_results")).items()
    }
    tried = {name: attacks for name, attacks in groups.items() if attacks}
    if not tried:
        words = f"The scenario planned {len(groups)} attacks and holds no result."
        raise LogRefused("nothing-measured", words, pointer=f"{place}/attack_results")
    silent = [name for name in groups if name not in tried]
    for name, attacks in tried.items():
        run = _scenario_run(record, name, attacks, several=len(groups) > 1)
        if silent:
            run.warnings.append(f"{len(silent)} attacks of the scenario have no result: {', '.join(silent[:10])}.")
        yield run


def _scenario_run(record: Record, name: str, attacks: list[Attack], *, several: bool) -> FoundRun:
    scenario, target = mapping(record.get("scenario_identifier")), target_of(record)
    evaluation = text_of(record.get("scenario_name")) or class_of(scenario) or "pyrit scenario"
    version = text_of(record.get("pyrit_version"), limit=40) or version_of(scenario, target)
    run = _run(attacks, evaluation=evaluation, attack=name, model=model_of(target), version=version)
    run.stratum = name if several else None
    run.native_id = text_of(record.get("id"))
    run.version = text_of(record.get("scenario_version"), limit=40)
    run.state = STATES.get(text_of(record.get("scenario_run_state"), limit=40) or "", "partial")
    run.started_at, run.completed_at = moment(record.get("creation_time")), moment(record.get("completion_time"))
    scorer = class_of(record.get("objective_scorer_identifier"))
    run.grader = {"scorer": scorer} if scorer else run.grader
    planned = len(set(map(str, listing(mapping(record.get("metadata")).get("objective_hashes")))))
    if not several and planned >= len({attack.objective for attack in attacks}):
        run.planned_samples = planned
    return run


def attack_runs(attacks: list[Attack], name: str) -> Iterator[FoundRun]:
    """Yield one run per attack strategy, converters, target class and model of a plain list of attack results."""
    groups: dict[_Group, list[Attack]] = {}
    for attack in attacks:
        groups.setdefault((attack.attack, attack.converters, attack.model, attack.target), []).append(attack)
    nameless = [attack for attack in attacks if attack.nameless]
    if len(groups) == 2 and nameless == groups.get(NOBODY):
        # They can only be of the other group, which would look complete without them.
        groups = {group: attacks for group in groups if group != NOBODY}
    ways = Counter((strategy, model, target) for strategy, _, model, target in groups)
    for (strategy, converters, model, target), members in groups.items():
        run = _run(members, evaluation=strategy or name, attack=strategy, model=model, version=None)
        if ways[strategy, model, target] > 1:
            run.stratum = f"through {converters}" if converters else "through no converter"
        stamps = sorted(attack.stamp for attack in members if attack.stamp)
        run.started_at, run.completed_at = (stamps[0], stamps[-1]) if stamps else (None, None)
        run.warnings.append("A list of attack results does not say how many were planned.")
        if nameless and strategy is not None:
            _note_nameless(run, len(nameless), certain=len(groups) == 1)
        yield run


def _note_nameless(run: FoundRun, count: int, *, certain: bool) -> None:
    if certain:
        run.warnings.append(f"{count} attacks broke off and name no attack; they are counted in the only one here.")
        return
    run.state = "partial"
    words = f"{count} attacks of the list broke off and do not name their attack; some may be of this run."
    run.warnings.append(f"{words} Export one attack at a time.")


def _run(
    attacks: list[Attack], *, evaluation: str, attack: str | None, model: str | None, version: str | None
) -> FoundRun:
    first, warnings = next((one for one in attacks if not one.nameless), attacks[0]), []
    found = model or first.model
    if found is None:
        warnings.append("The identifiers name no model; the checkpoint must be bound by whoever posts it.")
    undetermined = sum(one.outcome not in {*OUTCOMES, "error"} and not one.broke for one in attacks)
    if undetermined:
        warnings.append(f"{undetermined} attacks have no determined outcome and are ungraded, not failed.")
    tool = version or first.version
    sampling = {"attack": first.attack or attack, "target": first.target, "converters": first.converters}
    return FoundRun(
        evaluation=evaluation,
        metric="attack_success_rate",
        source=f"pyrit {tool}" if tool else "pyrit",
        model=found,
        samples=_samples(attacks),
        grader={"scorer": first.scorer} if first.scorer else None,
        sampling={name: value for name, value in sampling.items() if value} or None,
        locator=attack,
        producer_polarity="lower_is_better",
        warnings=warnings,
    )


def _samples(attacks: list[Attack]) -> Iterator[Sample]:
    latest: dict[tuple[str, str | None], Attack] = {
        (one.objective, one.key): one for one in attacks if one.key is not None
    }
    numbers: dict[tuple[str, str | None], int] = {}
    counts: Counter[str] = Counter()
    for one in attacks:
        same = (one.objective, one.key)
        if one.key is None or same not in numbers:
            counts[one.objective] += 1
            numbers[same] = counts[one.objective]
        sample: Sample = {"id": one.objective, "attempt": numbers[same], "transcript": one.place}
        if one.outcome in OUTCOMES:
            sample["status"], sample["score"] = "scored", OUTCOMES[one.outcome]
        elif one.outcome == "error" or one.broke:
            sample["status"], sample["error_origin"] = "error", "system"
        else:
            sample["status"], sample["error_origin"] = "ungraded", "grader"
        if uuid := one.key or one.conversation:
            sample["uuid"] = uuid
        if latest.get(same, one) is not one:
            sample["superseded"] = True
        yield sample
