"""Where in a TOML text each value stands, which the standard library's parser does not tell.

Only for a text that `tomllib` has read already: what is known to be valid needs no second refusal.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

from scorecard.framework.faults import Path, Places

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{1,2})?|' r"'''.*?'''(?:'{1,2})?|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL
)
PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d[^,\]}\s#]*|[^,\]}\s#]+")
"""A number, a word or a date, which may have one blank before its time of day."""
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class _Walk:
    """One walk over a valid TOML text; `found` holds the offset of each value."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {(): 0}
        self.counts: dict[Path, int] = {}
        """How many tables each list of tables has so far."""

    def blank(self) -> None:
        self.at = self._end(BLANK)

    def _end(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        return match.end() if match else self.at

    def take(self, mark: str) -> bool:
        """Step over `mark` and the blanks around it, if it stands here."""
        self.blank()
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        self.blank()
        return True

    def key(self) -> Path:
        """Step over a key, dotted or not, and return its parts."""
        parts: list[str] = []
        while not parts or self.take("."):
            self.blank()
            start = self.at
            quoted = self.text[start] in "\"'"
            self.at = self._end(TEXT if quoted else BARE_KEY)
            raw = self.text[start : self.at]
            parts.append(str(tomllib.loads(f"k = {raw}")["k"]) if quoted else raw)
            self.blank()
        return tuple(parts)

    def value(self, path: Path) -> None:
        """Step over a value and note where it and all that is in it stand."""
        self.blank()
        self.found[path] = self.at
        if self.take("["):
            place = 0
            while not self.take("]"):
                self.value((*path, place))
                place += 1
                self.take(",")
        elif self.take("{"):
            while not self.take("}"):
                self.pair(path)
                self.take(",")
        else:
            self.at = self._end(TEXT if self.text[self.at] in "\"'" else PLAIN)

    def pair(self, table: Path) -> None:
        """Step over `key = value`."""
        start, key = self.at, self.key()
        for length in range(1, len(key)):
            self.found.setdefault((*table, *key[:length]), start)
        self.take("=")
        self.value((*table, *key))

    def header(self) -> Path:
        """Step over `[table]` or `[[table]]` and return the path of what follows."""
        start, many = self.at, self.take("[[")
        if not many:
            self.take("[")
        path: Path = ()
        key = self.key()
        for place, part in enumerate(key):
            path = (*path, part)
            if many and place == len(key) - 1:
                self.counts[path] = self.counts.get(path, 0) + 1
            self.found.setdefault(path, start)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        self.found[path] = start
        self.take("]]" if many else "]")
        return path

    def document(self) -> None:
        """Step over the whole text."""
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.blank()


def toml_places(text: str) -> Places:
    """Return path -> (line, column) of every value of a TOML text that `tomllib` reads."""
    walk = _Walk(text)
    walk.document()
    ends = [match.start() for match in re.finditer("\n", text)]
    starts = [0, *(end + 1 for end in ends)]
    return {
        path: (line := bisect_right(starts, offset), offset - starts[line - 1] + 1)
        for path, offset in walk.found.items()
    }
