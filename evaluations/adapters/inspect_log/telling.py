"""What a reader must know of a log, in words: what is missing, excluded, edited, or contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator

from evaluations.adapters.inspect_log.attempts import Attempts
from evaluations.adapters.inspect_log.header import STATES, Header
from evaluations.adapters.inspect_log.scoring import Column
from evaluations.logs.found import FoundRun
from evaluations.logs.values import text_of

NEWEST_VERSION = 3
MEANINGS = {
    "error": "failed with an error and have no score; Inspect's own metrics leave them out",
    "refused": "ended with stop_reason content_filter and count as refused, whatever score they got",
    "invalidated": "were invalidated and have no score; Inspect's own metrics still hold them",
    "scored_error": "have an error and a score; the error counts",
    "retried": "were repeated after an error inside the run",
    "superseded": "stand twice; the later one counts",
    "renumbered": "share a number with another one or have none, and were numbered anew",
}


def tell(header: Header, attempts: Attempts, column: Column, run: FoundRun, source: str) -> Iterator[str]:
    """Yield one sentence for everything unusual in the run; `source` is what stood for its samples."""
    yield from _about_the_file(header, run, source)
    if header.parts.get("invalidated") is True and not attempts.seen["invalidated"]:
        yield "The log is marked as invalidated, but no attempt in it says so of itself; all scores are kept."
    if source in ("samples", "reductions"):
        yield from _about_completeness(header, attempts, run)
        yield from _about_attempts(attempts)
        if empty := attempts.without_score(column):
            yield f"{_attempts(empty)} without error have no usable score: it is missing, NaN, or names no number."
    if run.unit == "score":
        yield "Scores lie outside 0 to 1, so their unit is score; nothing was rescaled."


def _attempts(number: int) -> str:
    return f"{number} attempt" if number == 1 else f"{number} attempts"


def _about_the_file(header: Header, run: FoundRun, source: str) -> Iterator[str]:
    version, status = header.parts.get("version"), header.parts.get("status")
    if isinstance(version, int) and version > NEWEST_VERSION:
        yield f"The log is newer than version {NEWEST_VERSION}, the last that is known here."
    if header.journal_only:
        yield "The run was killed before it wrote its header; the samples are those that were complete by then."
    elif not isinstance(status, str) or status not in STATES:
        yield "The status of the log is none that Inspect writes, so the run counts as partial."
    if (error := text_of(header.part("error").get("message"))) is not None:
        yield f"The run ended with the error: {error}"
    if run.model is None:
        yield "The log names no model."
    if source == "reductions":
        yield "The log holds no samples; the scores are those of its reductions, without errors or refusals."
    if source == "plan":
        yield "No sample of the plan is in the log, so all are missing."


def _about_completeness(header: Header, attempts: Attempts, run: FoundRun) -> Iterator[str]:
    status = header.parts.get("status")
    expected = (run.planned_samples or 0) * (run.attempts_per_sample or 1)
    if attempts.live() < expected:
        said = f"status {status[:40]}" if isinstance(status, str) else "no status"
        yield f"The log, with {said}, holds {attempts.live()} of {expected} planned attempts."
    if (header.completed() or 0) > attempts.live():
        yield f"The header claims {header.completed()} completed attempts; the file holds {attempts.live()}."


def _about_attempts(attempts: Attempts) -> Iterator[str]:
    for what, words in MEANINGS.items():
        if attempts.seen[what]:
            yield f"{_attempts(attempts.seen[what])} of {len(attempts)}: {words}."
    if attempts.edits:
        yield f"{_attempts(len(attempts.edits))} with a score edited after the run; the edited value counts."
    if attempts.limits:
        yield f"{_attempts(len(attempts.limits))} ended by a limit; where one was scored, the score counts."
