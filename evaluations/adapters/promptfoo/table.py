"""promptfoo's CSV: a row per test, a block of columns per provider and prompt; it has neither ids nor refusals."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluations.adapters.promptfoo.documents import stem
from evaluations.adapters.promptfoo.rows import CODE_BROKE, UNASSERTED, Outcome, Results, Row, test_digest
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import number, text_of

TITLE = re.compile(r"\[(?P<provider>[^\]]+)\] (?P<prompt>.*)", re.DOTALL)
NAMED = "Metric: "
OUTCOMES: dict[str, tuple[Outcome, bool | None]] = {
    "PASS": ("scored", True),
    "FAIL": ("scored", False),
    "ERROR": ("error", None),
}


@dataclass(frozen=True)
class _Block:
    """The columns of one provider and prompt."""

    index: int
    start: int
    provider: str | None
    prompt: str | None
    named: dict[str, int]
    reason: int | None
    """The column of the grader's reason, which older versions lack."""


def from_csv(source: LogSource) -> Results:
    """Return the results of a CSV export. Raises LogRefused."""
    results = Results(stem(source))
    blocks: list[_Block] = []
    for line, cells in _rows(source):
        if not blocks:
            blocks = list(_blocks(cells))
            if not blocks:
                words = "The header names no provider in brackets followed by Status and Score."
                raise LogRefused("no-columns", words, pointer="line 1", remedy="Send results.json.")
            continue
        if len(results.rows) >= source.budget.samples:
            raise LogRefused("too-many-samples", f"More than {source.budget.samples} results.", pointer=f"line {line}")
        test = test_digest(cells[: blocks[0].start])
        results.rows += (_row(cells, block, test, line) for block in blocks)
    results.warnings += [
        "The CSV export rounds scores to two decimals and does not mark refusals; send results.json.",
        "The CSV export does not say whether the run came to its end.",
    ]
    return results


def _rows(source: LogSource) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(io.BytesIO(source.whole()), "utf-8-sig", newline="")
    reader = csv.reader(text)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except (csv.Error, UnicodeDecodeError) as error:
        place = f"line {reader.line_num + 1}"
        words = f"The CSV cannot be read: {text_of(str(error))}."
        raise LogRefused("not-csv", words, pointer=place, remedy="Send results.json.") from None


def _blocks(header: list[str]) -> Iterator[_Block]:
    starts = [at for at, title in enumerate(header[:-2]) if header[at + 1 : at + 3] == ["Status", "Score"]]
    for index, start in enumerate(starts):
        title = TITLE.fullmatch(header[start])
        if title is None:
            continue
        end = starts[index + 1] if index + 1 < len(starts) else len(header)
        named = {
            name: at
            for at in range(start, end)
            if header[at].startswith(NAMED) and (name := text_of(header[at][len(NAMED) :], limit=80)) is not None
        }
        reason = next((at for at in range(start, end) if header[at] == "Grader Reason"), None)
        yield _Block(index, start, text_of(title["provider"]), text_of(title["prompt"]), named, reason)


def _row(cells: list[str], block: _Block, test: str, line: int) -> Row:
    status, score, *_ = [*cells[block.start + 1 : block.start + 3], "", ""]
    outcome, passed = OUTCOMES.get(status, ("ungraded", None))
    reason = cells[block.reason] if block.reason is not None and block.reason < len(cells) else ""
    if outcome == "scored" and reason == UNASSERTED:
        outcome, passed = "ungraded", None
    filled = {name: cells[at] for name, at in block.named.items() if at < len(cells) and cells[at]}
    return Row(
        provider=block.provider,
        provider_id=block.provider,
        prompt=block.prompt,
        prompt_index=block.index,
        test_index=None,
        test=test,
        outcome=outcome,
        origin="system" if outcome == "error" else None,
        passed=passed,
        score=number(score) if outcome == "scored" else None,
        named={name: number(value) for name, value in filled.items()},
        uuid=None,
        place=f"line {line}",
        code_broke=passed is False and reason.startswith(CODE_BROKE),
    )
