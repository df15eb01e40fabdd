"""Reading the text of a framework document, TOML or YAML, into values and the places where they stand."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from scorecard.framework.faults import DocumentFault, FrameworkFaulty, Path, Places
from scorecard.framework.places import toml_places

MOST_BYTES = 512 * 1024
DEEPEST = 32
YAML_START = re.compile(r"---|%YAML|\{|- |[\"']?[\w-]+[\"']?\s*:(?:\s|$)")
TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}
TEXT_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "merge", "value")}
"""Read as they are written; a day needs no quotes in YAML, because nothing here is a date."""


def _faulty(problem: str, *, line: int | None = None, column: int | None = None, allowed: str = "") -> FrameworkFaulty:
    return FrameworkFaulty([DocumentFault((), problem, allowed, line=line, column=column)])


def is_yaml(text: str) -> bool:
    """Whether a document is written as YAML, or JSON, by its first line that is not a comment; else it is TOML."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return bool(YAML_START.match(first))


def text_of(source: bytes) -> str:
    """Return the source as text with plain line ends. Raises FrameworkFaulty."""
    if len(source) > MOST_BYTES:
        raise _faulty(f"the document is larger than {MOST_BYTES // 1024} KiB", allowed="a smaller document")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise _faulty(f"byte {error.start} is not UTF-8", line=line, allowed="text in UTF-8") from None
    return text.replace("\r\n", "\n")


def read_toml(text: str) -> tuple[Any, Places]:
    """Return the values of a TOML text, and where they stand. Raises FrameworkFaulty with line and column."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = TOML_PLACE.search(str(error))
        words = TOML_PLACE.sub("", str(error)).rstrip(".")
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (text.rstrip("\n").count("\n") + 1, 1)
        raise _faulty(f"this is not valid TOML: {words}", line=line, column=column) from None
    except RecursionError:
        raise _faulty("the document is nested too deeply") from None
    return values, toml_places(text)


class _Yaml:
    """One YAML document made into plain values; nothing of it is executed, and no name stands for another part."""

    def __init__(self, text: str) -> None:
        self.loader = yaml.SafeLoader(text)
        self.places: dict[Path, tuple[int, int]] = {}

    def value(self, node: yaml.Node, path: Path) -> Any:
        mark = node.start_mark
        self.places[path] = (mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, place)) for place, one in enumerate(node.value)]
        if node.tag in PLAIN_TAGS:
            return self.loader.construct_object(node)
        if node.tag not in TEXT_TAGS:
            raise _faulty(f"the tag {node.tag!r} is not known", line=mark.line + 1, column=mark.column + 1)
        return str(node.value)

    def _table(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in node.value:
            name, mark = str(key.value), key.start_mark
            if name in table:
                raise _faulty(f"the key {name!r} stands twice", line=mark.line + 1, column=mark.column + 1)
            table[name] = self.value(value, (*path, name))
            self.places[*path, name] = (mark.line + 1, mark.column + 1)
        return table


def _refuse_tricks(text: str) -> None:
    """Refuse aliases and deep nesting from the stream of events, because the parser's time grows with its square."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        if isinstance(event, yaml.AliasEvent):
            words = f"the alias *{event.anchor} stands for another part"
            raise _faulty(words, line=line, column=column, allowed="every part written out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _faulty("the document is nested too deeply", line=line, column=column)


def read_yaml(text: str) -> tuple[Any, Places]:
    """Return the values of a YAML text, and where they stand. Raises FrameworkFaulty with line and column."""
    try:
        _refuse_tricks(text)
        reading = _Yaml(text)
        node = reading.loader.get_single_node()
        return (reading.value(node, ()) if node is not None else {}), reading.places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        raise _faulty(f"this is not valid YAML: {error.problem or error.context}", line=line, column=column) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, FrameworkFaulty):
            raise
        raise _faulty(f"this is not valid YAML: {str(error).splitlines()[0]}") from None


def read(source: bytes) -> tuple[Any, Places]:
    """Return the values of a TOML or YAML document, and where they stand. Raises FrameworkFaulty."""
    text = text_of(source)
    return read_yaml(text) if is_yaml(text) else read_toml(text)
