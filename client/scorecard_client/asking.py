"""The conversations that ask: for jobs, logs, scorecards and the gate."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import quote

from scorecard_client.answers import (
    CardPage,
    GateAnswer,
    Job,
    JobPage,
    Log,
    RunRow,
    Scorecard,
    Snapshot,
    json_of,
    parsed,
    read,
)
from scorecard_client.errors import CheckFailed, Misused, NoScorecard
from scorecard_client.retrying import PATIENT, Patience, patiently
from scorecard_client.steps import Call, Pause, Steps

JOB_NAME = re.compile(r"(?:^|/)(job_[0-9A-Za-z]+)/?$")
CARD_NAME = re.compile(r"card_[0-9A-Z]{26}|[A-Z]+-\d{4}-\d{4,}(-v\d+)?")
DOCUMENTS = ("document.pdf", "scorecard.json", "bundle.zip", "evidence.csv")
FIRST_LOOK, LONGEST_LOOK = 0.2, 2.0
"""Seconds between two looks at a job; the wait doubles from the first to the longest."""
LONG_ENOUGH = 600.0
"""Seconds that a wait lasts unless told otherwise."""
MOST_PAGES = 50
Watching = Callable[[Job], None]


def _unwatched(job: Job) -> None:
    """Tell nobody."""


def job_id(name: str) -> str:
    """Return the id in an id or a path of a job. Raises Misused."""
    found = JOB_NAME.search(name)
    if found is None:
        raise Misused(f"{name!r} names no job.", remedy="A job's id reads job_ and 26 characters.")
    return found[1]


def is_card_name(name: str) -> bool:
    """Whether a name is a scorecard's (id, number, `NUMBER-vN`) and not a checkpoint's."""
    return CARD_NAME.fullmatch(name) is not None


def _path(*parts: str) -> str:
    return "".join(f"{quote(part, safe='')}/" for part in parts)


def job(name: str, *, patience: Patience = PATIENT) -> Steps[Job]:
    """Ask for a job."""
    return read(Job, (yield from patiently(Call("GET", _path("jobs", job_id(name))), patience)))


def finished_job(
    name: str, *, within: float = LONG_ENOUGH, patience: Patience = PATIENT, watching: Watching = _unwatched
) -> Steps[Job]:
    """Wait until a job is done and return it. Raises CheckFailed when it failed or takes more than `within` seconds."""
    until, look = time.monotonic() + within, FIRST_LOOK
    while True:
        found = yield from job(name, patience=patience)
        watching(found)
        if found.state == "failed":
            raise CheckFailed(f"{found.id} failed: {found.error or 'no reason was kept'}")
        if found.over:
            return found
        if time.monotonic() + look > until:
            raise CheckFailed(
                f"{found.id} is still {found.state} after {within:.0f} s.",
                remedy="Is a worker running? `python manage.py doctor` on the server says.",
            )
        yield Pause(look)
        look = min(LONGEST_LOOK, look * 2)


def log(name: str, *, patience: Patience = PATIENT) -> Steps[Log]:
    """Ask what became of a log."""
    return read(Log, (yield from patiently(Call("GET", _path("logs", name)), patience)))


def run(name: str, *, patience: Patience = PATIENT) -> Steps[RunRow]:
    """Ask for a run."""
    return read(RunRow, (yield from patiently(Call("GET", _path("runs", name)), patience)))


def card(name: str, *, patience: Patience = PATIENT) -> Steps[Scorecard]:
    """Ask for a scorecard by id, number or `NUMBER-vN`."""
    return read(Scorecard, (yield from patiently(Call("GET", _path("scorecards", name)), patience)))


def newest_card(checkpoint: str, *, patience: Patience = PATIENT) -> Steps[Scorecard]:
    """Ask for a checkpoint's newest scorecard. Raises NoScorecard where none is visible."""
    query = {"checkpoint": checkpoint, "limit": "1"}
    page = read(CardPage, (yield from patiently(Call("GET", "scorecards/", query=query), patience)))
    if not page.results:
        raise NoScorecard(
            f"{checkpoint} has no scorecard that this token can see.",
            remedy="Check the name; a scorecard is opened by a person.",
        )
    return (yield from card(page.results[0].id, patience=patience))


def card_of(name: str, *, patience: Patience = PATIENT) -> Steps[Scorecard]:
    """Ask for the scorecard of that name, or for the newest one of the checkpoint of that name."""
    if is_card_name(name):
        return (yield from card(name, patience=patience))
    return (yield from newest_card(name, patience=patience))


def snapshot(name: str, *, patience: Patience = PATIENT) -> Steps[Snapshot]:
    """Ask for the record (`scorecard.json`) of a scorecard, or of a checkpoint's newest one."""
    found = name if is_card_name(name) else (yield from newest_card(name, patience=patience)).id
    call = Call("GET", _path("scorecards", found) + "scorecard.json")
    answer = yield from patiently(call, patience)
    return parsed(Snapshot, json_of(answer.body, source="scorecard.json"), source="scorecard.json")


def document(name: str, kind: str, into: Path, *, patience: Patience = PATIENT) -> Steps[Path]:
    """Download one of DOCUMENTS into a file, which appears whole or not at all."""
    if kind not in DOCUMENTS:
        raise Misused(f"{kind!r} is no document of a scorecard.", remedy=f"There are {', '.join(DOCUMENTS)}.")
    yield from patiently(Call("GET", _path("scorecards", name) + kind, into=into), patience)
    return into


def gate(checkpoint: str, action: str, *, patience: Patience = PATIENT) -> Steps[GateAnswer]:
    """Ask the gate. Raises CheckFailed for an answer to another question."""
    query = {"checkpoint": checkpoint, "action": action}
    answer = read(GateAnswer, (yield from patiently(Call("GET", "gate/", query=query), patience)))
    if (answer.checkpoint, answer.action) != (checkpoint, action):
        raise CheckFailed("The gate answered another question than was asked; treat it as denied.")
    return answer


def _concerned(found: Job, runs: Collection[str]) -> bool:
    return found.payload.get("run") in runs or found.payload.get("cause") in runs


def _open_work(runs: Collection[str], oldest: str, patience: Patience) -> Steps[list[Job]]:
    """List unfinished or failed jobs that the runs caused, looking back as far as the job `oldest`."""
    concerned: list[Job] = []
    query = {"limit": "200"}
    for _ in range(MOST_PAGES):
        page = read(JobPage, (yield from patiently(Call("GET", "jobs/", query=query), patience)))
        concerned += [found for found in page.results if _concerned(found, runs) and found.state != "done"]
        if page.next is None or page.next < oldest:
            break
        query = {"limit": "200", "cursor": page.next}
    return concerned


def settled(
    runs: Collection[str], *, oldest: str, within: float = LONG_ENOUGH, patience: Patience = PATIENT
) -> Steps[None]:
    """Wait until every measurement and assessment that these runs caused is done.

    Needs a token with evidence:read. `oldest` is the id of the first job. Two quiet looks in a row count, because a
    measurement may ask for an assessment between two pages. Raises CheckFailed when one failed or time is over.
    """
    until, quiet, look = time.monotonic() + within, 0, FIRST_LOOK
    while quiet < 2:
        waiting = yield from _open_work(runs, oldest, patience)
        failed = [found for found in waiting if found.state == "failed"]
        if failed:
            raise CheckFailed(f"{failed[0].kind} {failed[0].id} failed: {failed[0].error or 'no reason was kept'}")
        quiet = 0 if waiting else quiet + 1
        if waiting and time.monotonic() + look > until:
            raise CheckFailed(f"The level is not settled after {within:.0f} s: {waiting[0].id} is {waiting[0].state}.")
        if quiet < 2:
            yield Pause(look)
            look = min(LONGEST_LOOK, look * 2) if waiting else FIRST_LOOK
