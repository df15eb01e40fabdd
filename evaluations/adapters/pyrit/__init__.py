"""Exports of PyRIT: attack results, scenario results, scores, and the conversations of its memory.

An outcome of `success` means that the attack worked, which is bad for the model under test.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluations.adapters.pyrit.attacks import Attack, attack_runs, scenario_runs
from evaluations.adapters.pyrit.records import is_attack, is_piece, is_scenario, is_score, records_of
from evaluations.adapters.pyrit.scores import Scored, score_runs, scores_of_piece
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import text_of

SIGNS: tuple[tuple[bytes, ...], ...] = (
    (b'"scenario_identifier"', b'"attack_results"'),
    (b'"scenario_name"', b'"attack_results"'),
    (b'"conversation_id"', b'"objective"', b'"outcome"'),
    (b'"conversation_id"', b'"atomic_attack_identifier"'),
    (b'"conversation_id"', b'"attack_result_id"'),
    (b'"score_value"', b'"score_type"'),
    (b'"conversation_id"', b'"original_value"', b'"converted_value"'),
)
"""Names of fields that stand together in no other tool's log."""


def recognise(source: LogSource) -> bool:
    """Whether the head holds the field names of one of PyRIT's exports."""
    head = source.head()
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and any(
        all(sign in head for sign in together) for together in SIGNS
    )


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run per attack and target, and one per scorer and category. Raises LogRefused."""
    source.refuse_empty()
    name = text_of(source.base_name.split(".")[0]) or "pyrit"
    attacks: list[Attack] = []
    scores: list[Scored] = []
    pieces, found = 0, False
    for place, record in records_of(source):
        if len(attacks) + len(scores) > source.budget.samples:
            raise LogRefused("too-many-samples", f"More than {source.budget.samples} records.", pointer=place)
        if is_scenario(record):
            for run in scenario_runs(record, place):
                found = True
                yield run
        elif is_attack(record):
            attacks.append(Attack.of(record, place))
        elif is_score(record):
            scores.append(Scored.of(record, place))
        elif is_piece(record):
            pieces += 1
            scores += scores_of_piece(record, place)
    yield from attack_runs(attacks, name)
    yield from score_runs(scores, name)
    if not (found or attacks or scores):
        held = f"{pieces} messages without a score" if pieces else "no attack result, score or message"
        words = f"The export holds {held}."
        raise LogRefused("nothing-measured", words, remedy="Export the attack results or scores of the operation.")


ADAPTER = Adapter(name="pyrit", title="PyRIT results and scores", recognise=recognise, read=read)
