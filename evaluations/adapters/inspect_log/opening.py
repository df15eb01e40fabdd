"""Opening both containers of an Inspect log: the `.eval` zip and the `.json` document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from evaluations.adapters.inspect_log.attempts import Attempts
from evaluations.adapters.inspect_log.header import SEND_A_LOG, Header
from evaluations.adapters.inspect_log.records import record_at, record_of, streamed_record
from evaluations.adapters.inspect_log.scanning import JsonStream, parsed
from evaluations.logs.archive import ZipArchive
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

SAMPLE = re.compile(r"samples/.+\.json")
JOURNAL = re.compile(r"_journal/summaries/([0-9]{1,9})\.json")
HEADER, START, SUMMARIES, REDUCTIONS = "header.json", "_journal/start.json", "summaries.json", "reductions.json"
HELD_WHOLE = 8 * 1024 * 1024
"""Bytes of a sample up to which it is inflated at once; larger ones are read as a stream."""
KEPT = frozenset(
    {"version", "status", "eval", "plan", "results", "stats", "reductions", "tags", "error", "invalidated", "samples"}
)
LISTED = re.compile(r".+\.(?:eval|json)")


def open_zip(source: LogSource) -> tuple[Header, Attempts]:
    """Return header and attempts of a `.eval` file, also of one whose run was killed. Raises LogRefused."""
    archive = ZipArchive(source)
    names = archive.names()
    present = set(names)
    if not present & {HEADER, START}:
        words = f"The archive has neither {HEADER} nor {START}, so it is no Inspect log."
        raise LogRefused("not-an-inspect-log", words, pointer=HEADER)
    name = HEADER if HEADER in present else START
    header = Header(_object(archive, name, source), journal_only=name == START)
    attempts = Attempts(most=source.budget.samples, cluster_key=header.cluster_key())
    members = [name for name in names if SAMPLE.fullmatch(name)]
    for name in members:
        attempts.add(_member(archive, name, source, metadata=attempts.cluster_key is not None), place=name)
    if len(attempts) < (header.claimed() or len(attempts) + 1):
        _add_summaries(archive, present, source, header, attempts)
    if not len(attempts) and REDUCTIONS in present:
        header.parts["reductions"] = parsed(archive.read(REDUCTIONS), place=REDUCTIONS, depth=source.budget.depth)
    return header, attempts


def _object(archive: ZipArchive, name: str, source: LogSource) -> dict[str, Any]:
    document = parsed(archive.read(name), place=name, depth=source.budget.depth)
    if not isinstance(document, dict):
        raise LogRefused("not-an-inspect-log", "The header is not a JSON object.", pointer=name)
    return document


def _member(archive: ZipArchive, name: str, source: LogSource, *, metadata: bool) -> dict[str, Any]:
    if archive.size(name) > HELD_WHOLE:
        return streamed_record(archive.stream(name), source, place=name)
    return record_of(archive.read(name), source, place=name, metadata=metadata)


def _add_summaries(
    archive: ZipArchive, present: set[str], source: LogSource, header: Header, attempts: Attempts
) -> None:
    """Add the attempts that only a summary tells of; it keeps scores and errors, not why the model stopped."""
    if SUMMARIES in present:
        names: Iterable[str] = (SUMMARIES,)
    else:
        journals = [(int(found[1]), name) for name in present if (found := JOURNAL.fullmatch(name))]
        names = [name for _, name in sorted(journals)]
    known, added = attempts.keys(), 0
    for name in names:
        cursor = JsonStream(archive.stream(name), source.budget, place=name, counted=True)
        for index in cursor.elements():
            place = f"{name}#/{index}"
            entry = record_of(cursor.take(), source, place=place, metadata=True)
            if Attempts.key_of(entry) not in known:
                attempts.add(entry, place=place)
                added += 1
    if added:
        header.warnings.append(
            f"Of {added} attempts there is only the summary, which does not say whether the model refused, "
            "or whether a score was edited or invalidated."
        )


def open_json(source: LogSource) -> tuple[Header, Attempts]:
    """Return header and attempts of a `.json` log of any size. Raises LogRefused."""
    parts: dict[str, Any] = {}
    attempts = Attempts(most=source.budget.samples)
    if not _read_json(source, parts, attempts):
        # The samples stood before the header, which says what is wanted of them.
        _read_json(source, parts, attempts)
    return Header(parts), attempts


def _read_json(source: LogSource, parts: dict[str, Any], attempts: Attempts) -> bool:
    """Read the document once; return whether its samples, if any, could be read with what `parts` held by then."""
    cursor = JsonStream(source.open(), source.budget, place="", counted=False)
    if cursor.peek() != b"{":
        raise LogRefused("not-an-inspect-log", "The document is not a JSON object.", pointer="")
    known, keys, done = "eval" in parts, set[str](), True
    for key in cursor.members():
        cursor.place = f"/{key[:100]}"
        if key in keys and key in KEPT:
            raise LogRefused("key-twice", "The key stands twice in the log.", pointer=cursor.place)
        keys.add(key)
        if key == "samples" and cursor.peek() != b"n":
            done = known or "eval" in parts
            _read_samples(cursor, parts, attempts, depth=source.budget.depth, skip=not done)
        elif key in KEPT and not known:
            parts[key] = parsed(cursor.take(), place=cursor.place, depth=source.budget.depth)
        else:
            cursor.skip()
        cursor.place = ""
    cursor.finish()
    if "eval" not in keys:
        raise _no_log(keys)
    return done


def _read_samples(cursor: JsonStream, parts: dict[str, Any], attempts: Attempts, *, depth: int, skip: bool) -> None:
    if cursor.peek() != b"[":
        raise LogRefused("samples-type", "The samples are not a list.", pointer=cursor.place)
    if skip:
        cursor.skip()
        return
    attempts.cluster_key = Header(parts).cluster_key()
    for index in cursor.elements():
        cursor.place = f"/samples/{index}"
        attempts.add(record_at(cursor, depth=depth), place=cursor.place)


def _no_log(keys: set[str]) -> LogRefused:
    if keys and all(LISTED.fullmatch(key) for key in keys):
        words = "This file lists logs and holds the samples of none."
        return LogRefused("log-listing", words, remedy="Send the log files that it names.")
    words = "The document has no `eval` object, so it is no Inspect log, or only a part of one."
    return LogRefused("not-an-inspect-log", words, pointer="/eval", remedy=SEND_A_LOG)
