"""Faults of a framework document, each with its line, its path, what is wrong, what is allowed and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

Path = tuple[str | int, ...]
Places = Mapping[Path, tuple[int, int]]
"""Path -> (line, column) of the value there, both counted from 1."""


@dataclass(frozen=True)
class DocumentFault:
    """One fault of a framework document."""

    path: Path
    """Keys and places in lists that lead to it; empty for the whole document."""
    problem: str
    allowed: str = ""
    """What may stand there, in words; empty where the problem says it."""
    suggestion: str = ""
    """What was probably meant."""
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """The path as people write it: `indicators[3].value`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901): `/indicators/3/value`."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)

    @property
    def sentence(self) -> str:
        """What is wrong, what is allowed, and what was probably meant."""
        words = f"{self.problem}."
        words += f" Allowed: {self.allowed}." if self.allowed else ""
        return words + (f" Did you mean {self.suggestion}?" if self.suggestion else "")

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else ""
        column = f"column {self.column}" if self.column is not None and not self.path else ""
        where = ", ".join(part for part in (line, column, self.place) if part)
        return f"{where or 'document'}: {self.sentence}"

    def located(self, places: Places) -> DocumentFault:
        """Return the fault with the line and column of its path, or of the nearest thing around it that has one."""
        if self.line is not None:
            return self
        for length in range(len(self.path), -1, -1):
            if self.path[:length] in places:
                line, column = places[self.path[:length]]
                return replace(self, line=line, column=column)
        return self


class FrameworkFaulty(ValueError):
    """A framework document that cannot be published; `faults` holds all that is wrong with it, in order of lines."""

    def __init__(self, faults: Iterable[DocumentFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
        super().__init__("\n".join(map(str, self.faults)))


def nearest(word: object, known: Sequence[str]) -> str:
    """Return the known word that is nearest to a misspelt one, in quotes; empty where none is near."""
    near = get_close_matches(str(word), known, n=1)
    return repr(near[0]) if near else ""
