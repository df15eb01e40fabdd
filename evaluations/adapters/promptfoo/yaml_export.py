"""promptfoo's YAML: the same document as its JSON; parts that stand in it twice are written once and referred to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import yaml

from evaluations.adapters.promptfoo.documents import collector, stem
from evaluations.adapters.promptfoo.rows import Results
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, mapping, text_of

LARGEST_DOCUMENT = 8 * 1024 * 1024
"""Bytes of YAML that are parsed, because it cannot be read as a stream."""
MOST_NODES = 5_000_000
"""Values in the document when every reference is written out."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REMEDY = "Send results.json."


def from_yaml(source: LogSource) -> Results:
    """Return the results of a YAML export. Raises LogRefused."""
    if source.size > LARGEST_DOCUMENT:
        words = f"More than {LARGEST_DOCUMENT} bytes of YAML are not parsed."
        raise LogRefused("part-too-large", words, pointer=source.base_name, remedy=REMEDY)
    document = mapping(_loaded(source))
    if _nodes(document, {}, source.budget.depth) > MOST_NODES:
        raise LogRefused("part-too-large", f"Written out, the YAML has more than {MOST_NODES} values.", remedy=REMEDY)
    results = Results(stem(source))
    collected = collector(results, source)
    for path, value in _parts(document):
        collected(path, value)
    return results


def _parts(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = mapping(document.get("results"))
    for name in ("evalId", "config", "metadata", "runtimeOptions"):
        yield (name,), document.get(name)
    for name in ("timestamp", "prompts", "stats"):
        value = inner.get(name)
        yield ("results", name), value.isoformat() if isinstance(value, date | datetime) else value
    for row in listing(inner.get("results")):
        yield ("results", "results", "*"), row


def _loaded(source: LogSource) -> Any:
    try:
        return yaml.load(source.whole().decode("utf-8-sig"), Loader=LOADER)  # noqa: S506 - a safe loader
    except UnicodeDecodeError as error:
        raise LogRefused("not-utf-8", f"Byte {error.start} is not UTF-8.", remedy=REMEDY) from None
    except RecursionError:
        raise LogRefused("too-deep", "The YAML is nested too deeply.", remedy=REMEDY) from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        words = f"{text_of(str(error), limit=200) or 'The YAML cannot be read'}; the file may be cut."
        raise LogRefused("not-yaml", words, pointer=source.base_name, remedy=REMEDY) from None


def _nodes(value: Any, known: dict[int, int], levels: int) -> int:
    """Count the values under one, references written out. Raises LogRefused for what holds itself or is too deep."""
    if not isinstance(value, dict | list):
        return 1
    if levels == 0:
        raise LogRefused("too-deep", "The YAML is nested too deeply, or a part of it holds itself.", remedy=REMEDY)
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_nodes(part, known, levels - 1) for part in parts)
    return known[id(value)]
