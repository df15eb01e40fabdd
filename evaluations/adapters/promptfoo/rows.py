"""One row of promptfoo: one test through one provider with one prompt, and what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluations.logs.values import listing, mapping, number, text_of, whole_number

Outcome = Literal["scored", "error", "refused", "ungraded"]
NO_FAILURE, FAILED_ASSERTION, FAILED = 0, 1, 2
"""`failureReason`: passed, an assertion failed, something broke."""
IDENTITY_DIGITS = 16
CODE_BROKE = ("Custom function threw error", "Python code execution failed", "Ruby code execution failed")
"""How promptfoo's reason begins where the code of an assertion raised."""
UNASSERTED = "No assertions"
"""promptfoo's reason where a test asserts nothing; it passes such a test."""


@dataclass(slots=True)
class Row:
    """What is needed of a row, small enough to hold many."""

    provider: str | None
    provider_id: str | None
    prompt: str | None
    prompt_index: int | None
    test_index: int | None
    test: str
    """The test's identity: a digest of its variables and assertions, the same for its repeats."""
    outcome: Outcome
    origin: Literal["system", "grader"] | None
    passed: bool | None
    score: float | None
    named: dict[str, float | None]
    uuid: str | None
    place: str
    tokens: int = 0
    cost: float = 0.0
    code_broke: bool = False
    """Whether the code of an assertion raised, which may be the fault of the answer as well as of the code."""


@dataclass
class Results:
    """Everything that one file holds."""

    evaluation: str
    rows: list[Row] = field(default_factory=list)
    eval_id: str | None = None
    version: str | None = None
    created: Any = None
    repeat: int | None = None
    prompts: list[Any] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    assertions: set[str] = field(default_factory=set)
    whole: bool = True
    """Whether the format is written only when the run has ended."""
    warnings: list[str] = field(default_factory=list)


def flag(value: Any) -> bool | None:
    """Return a truth value, also in the text that XML makes of it; None for everything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def members(value: Any) -> list[Any]:
    """Return a list, also where XML made a list of one into its only member."""
    return [value] if isinstance(value, dict) else listing(value)


def test_digest(test: Any) -> str:
    """Return the digest that tests of the same content share, whatever their place in the file."""
    text = json.dumps(test, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:IDENTITY_DIGITS]


def assertions_of(test: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the assertions of a test case, those inside an `assert-set` too."""
    for one in members(test.get("assert")):
        assertion = mapping(one)
        yield assertion
        yield from (mapping(inner) for inner in members(assertion.get("assert")))


def row_of(entry: dict[str, Any], place: str) -> Row:
    """Return the row of one member of `results`, of any version that is read."""
    provider, prompt, test = (
        mapping(entry.get("provider")),
        mapping(entry.get("prompt")),
        mapping(entry.get("testCase")),
    )
    identifier = text_of(provider.get("id")) or text_of(entry.get("provider"))
    content = {name: test[name] for name in ("vars", "assert", "description", "threshold") if name in test}
    digest = test_digest(content or {"vars": entry.get("vars")})
    name = text_of(test.get("description"), limit=150)
    outcome, origin = _outcome(entry)
    return Row(
        provider=text_of(provider.get("label")) or identifier,
        provider_id=identifier,
        prompt=text_of(prompt.get("label")) or text_of(prompt.get("raw")),
        prompt_index=whole_number(entry.get("promptIdx")),
        test_index=whole_number(entry.get("testIdx")),
        test=f"{name} {digest}" if name else digest,
        outcome=outcome,
        origin=origin,
        passed=flag(entry.get("success")),
        score=number(entry.get("score")),
        named=_named(entry, test, outcome),
        uuid=text_of(entry.get("id")),
        place=place,
        tokens=whole_number(mapping(entry.get("tokenUsage")).get("total")) or 0,
        cost=max(0.0, number(entry.get("cost")) or 0.0),
        code_broke=any(str(part.get("reason")).startswith(CODE_BROKE) for part in _failed_parts(entry)),
    )


def _outcome(entry: dict[str, Any]) -> tuple[Outcome, Literal["system", "grader"] | None]:
    response, grading = mapping(entry.get("response")), mapping(entry.get("gradingResult"))
    reason = whole_number(entry.get("failureReason"))
    if reason == FAILED or (reason is None and entry.get("error") and not grading):
        answered = bool(response.get("output")) and not response.get("error")
        return ("ungraded", "grader") if answered else ("error", "system")
    passed = flag(entry.get("success"))
    if passed is False and _only_the_grader_failed(entry):
        return "ungraded", "grader"
    if flag(response.get("isRefusal")) and passed is False:
        return "refused", None
    if grading.get("reason") == UNASSERTED or passed is None:
        return "ungraded", None
    return "scored", None


def _failed_parts(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of single assertions that did not pass."""
    grading = mapping(entry.get("gradingResult"))
    parts = [mapping(part) for part in members(grading.get("componentResults"))]
    yield from (part for part in parts or [grading] if flag(part.get("pass")) is False)


def _only_the_grader_failed(entry: dict[str, Any]) -> bool:
    """Whether no assertion failed but those whose judge gave no verdict, which promptfoo counts as failed."""
    failed = [flag(mapping(part.get("metadata")).get("graderError")) is True for part in _failed_parts(entry)]
    return bool(failed) and all(failed)


def _named(entry: dict[str, Any], test: dict[str, Any], outcome: Outcome) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for assertion in assertions_of(test):
        name = text_of(assertion.get("metric"), limit=80)
        if name is not None and "{{" not in name:
            found[name] = None
    if outcome == "scored":
        scores = mapping(entry.get("namedScores")).items()
        found |= {name: number(value) for key, value in scores if (name := text_of(key, limit=80)) is not None}
    return found
