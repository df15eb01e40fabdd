"""A table as rows of cells: its header, its lines in bounded pieces, and what is wrong where it cannot be split."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource
from evaluations.logs.values import BYTE_ORDER_MARK, text_of

COLUMNS = {
    "id": ("id", "sample_id", "task_id"),
    "attempt": ("attempt", "epoch"),
    "score": ("score", "correct", "passed", "success"),
    "status": ("status",),
    "error_origin": ("error_origin",),
    "cluster": ("cluster",),
    "uuid": ("uuid",),
    "model": ("model",),
    "evaluation": ("evaluation", "task"),
    "metric": ("metric",),
    "run_id": ("run_id",),
}
"""What a column means -> how its header may be spelt; case, blanks and hyphens make no difference."""
MEANINGS = {spelling: meaning for meaning, spellings in COLUMNS.items() for spelling in spellings}
DELIMITERS = ",;\t"
MOST_COLUMNS = 1000
REMEDY = (
    f"Name the columns {', '.join('/'.join(names) for names in COLUMNS.values())}; id and score (or status) at least."
)


@dataclass
class Table:
    """Where each meaning stands in the rows of a source."""

    source: LogSource
    delimiter: str
    width: int
    places: dict[str, int]
    score_name: str
    ignored: list[str]

    def picker(self, *meanings: str) -> Callable[[list[str]], tuple[str, ...]]:
        """Return what picks at least two cells out of a row of `rows`; a column that is not there is empty."""
        return itemgetter(*(self.places.get(meaning, self.width) for meaning in meanings))


def plain(name: str) -> str:
    """Return a word as columns, statuses and origins are compared."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def split(line: str) -> list[str]:
    """Return the names in a header. Raises csv.Error."""
    return next(csv.reader([line], delimiter=_delimiter(line), strict=True), [])


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def opened(source: LogSource) -> Table:
    """Return the table after a look at its header. Raises LogRefused."""
    line = source.open().readline(source.budget.member_bytes + 1)
    first = _text(line, 1, source) if line else ""
    if first.count(_delimiter(first)) >= MOST_COLUMNS:
        words = f"The table has more than {MOST_COLUMNS} columns."
        raise LogRefused("too-many-columns", words, pointer="line 1", remedy=REMEDY)
    try:
        names = split(first)
    except csv.Error as error:
        raise LogRefused("not-csv", f"The header cannot be split: {error}.", pointer="line 1") from None
    places = _places(names)
    ignored = [
        text_of(name, limit=40) or "(nameless)" for place, name in enumerate(names) if place not in places.values()
    ]
    score_name = plain(names[places["score"]]) if "score" in places else "score"
    return Table(source, _delimiter(first), len(names), places, score_name, ignored)


def _places(names: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        meaning = MEANINGS.get(plain(name))
        if meaning is not None and meaning in places:
            words = f"The columns {names[places[meaning]]!r:.80} and {name!r:.80} mean the same."
            raise LogRefused("ambiguous-columns", words, pointer="line 1", remedy="Keep one of them.")
        if meaning is not None:
            places[meaning] = place
    if "id" not in places or not {"score", "status"} & set(places):
        there = ", ".join(text_of(name, limit=40) or "(nameless)" for name in names[:50])
        words = f"The columns of this table are not known: {there}."
        raise LogRefused("unknown-columns", words, pointer="line 1", remedy=REMEDY)
    return places


def _text(line: bytes, number: int, source: LogSource) -> str:
    """Return a line as text, counted against the budget. Raises LogRefused."""
    place = f"line {number}"
    source.budget.line(len(line), number)
    if b"\x00" in line:
        raise LogRefused("nul", "The line holds a NUL byte.", pointer=place, remedy="Send the table as UTF-8 text.")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        words = f"Byte {error.start} of the line is not UTF-8."
        raise LogRefused("not-utf-8", words, pointer=place, remedy="Send the whole table as UTF-8.") from None


def _lines(source: LogSource) -> Iterator[str]:
    stream, budget, number = source.open(), source.budget, 0
    while block := stream.read(CHUNK):
        block += stream.readline(budget.member_bytes + 1)
        text = _at_once(block, first=not number, source=source)
        if text is not None:
            # A newline is the only end of a line here; what else ends one is for the reader of cells.
            yield from io.StringIO(text, newline="\n")
            number += block.count(b"\n")
            continue
        for line in io.BytesIO(block):
            number += 1
            yield _text(line, number, source)


def _at_once(block: bytes, *, first: bool, source: LogSource) -> str | None:
    """Return the text of many lines, or None where one of them has a fault that must be told with its number."""
    budget = source.budget
    if len(block) > budget.member_bytes or budget.spent + len(block) > budget.total_bytes or b"\x00" in block:
        return None
    try:
        text = block.removeprefix(BYTE_ORDER_MARK).decode() if first else block.decode()
    except UnicodeDecodeError:
        return None
    budget.spend(len(block), place=source.base_name)
    return text


def rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Yield (line of its end, cells and one empty cell more) of every row that is not blank. Raises LogRefused."""
    reader = csv.reader(_lines(table.source), delimiter=table.delimiter, strict=True)
    count, most, width = 0, table.source.budget.samples, table.width
    try:
        next(reader, None)
        for row in reader:
            if not "".join(row).strip():
                continue
            count += 1
            if len(row) != width:
                words = f"The row has {len(row)} cells, the header {width}; the file may be cut."
                remedy = "Quote cells that hold the separator."
                raise LogRefused("row-length", words, pointer=f"line {reader.line_num}", remedy=remedy)
            if count > most:
                place, words = f"line {reader.line_num}", f"The table has more than {most} rows."
                raise LogRefused("too-many-samples", words, pointer=place, remedy="Split the table.")
            row.append("")
            yield reader.line_num, row
    except csv.Error as error:
        place = f"line {reader.line_num}"
        raise LogRefused("not-csv", f"The table cannot be split into cells: {error}.", pointer=place) from None
