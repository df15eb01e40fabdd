"""Logs of UK AISI's Inspect: `.eval` archives and `.json` documents of all versions, complete, killed or cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.adapters.inspect_log.opening import HEADER, START, open_json, open_zip
from evaluations.adapters.inspect_log.runs import runs_of
from evaluations.logs.archive import ZipArchive, is_zip
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

SUFFIX = ".eval"
BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
ABOUT = re.compile(rb'"eval"\s*:\s*\{')
IDENTITY = re.compile(rb'"(?:run_id|task_id|eval_id)"\s*:')
TASK = re.compile(rb'"task"\s*:\s*"')
LISTING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[^"\\]{1,1000}\.(?:eval|json)"\s*:\s*\{')


def recognise(source: LogSource) -> bool:
    """Whether the file looks like an Inspect log, a cut one, or a listing of such logs."""
    head = source.head()
    if is_zip(source):
        return source.suffix == SUFFIX or START.encode() in head or _has_header(source)
    if source.suffix == SUFFIX:
        return True
    if not BEGINNING.match(head) or not IDENTITY.search(head) or not TASK.search(head):
        return False
    return bool(ABOUT.search(head) or LISTING.match(head))


def _has_header(source: LogSource) -> bool:
    try:
        names = ZipArchive(source).names()
    except LogRefused:
        return False
    return START in names or (HEADER in names and any(name.startswith("samples/") for name in names))


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each scorer of the log. Raises LogRefused."""
    source.refuse_empty()
    if is_zip(source):
        yield from runs_of(*open_zip(source))
    elif source.suffix == SUFFIX:
        words = "A .eval file is a zip archive, and this one is none; it may be cut, or a pointer to a large file."
        raise LogRefused("not-a-zip", words, remedy="Send the complete log file.")
    else:
        yield from runs_of(*open_json(source))


ADAPTER = Adapter(name="inspect", title="Inspect (UK AISI) evaluation log", recognise=recognise, read=read)
