"""Results of promptfoo: JSON (version 3, and 2), YAML, the JSONL that it writes while running, CSV, and its own XML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.adapters.promptfoo.documents import from_json, from_lines, from_xml
from evaluations.adapters.promptfoo.runs import runs_of
from evaluations.adapters.promptfoo.table import from_csv
from evaluations.adapters.promptfoo.yaml_export import from_yaml
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.source import LogSource

DOCUMENT = re.compile(rb'"results"\s*:\s*\{\s*"version"\s*:\s*"?[23]\b')
ROW = re.compile(rb'\s*\{\s*"(?:provider"\s*:\s*\{\s*"id"|[a-zA-Z]+"\s*:)')
XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?<promptfoo>")
CSV = re.compile(rb"\[[^\]\r\n]+\] [^\r\n]*?,Status,Score,")
YAML = re.compile(rb"(?:\xef\xbb\xbf)?(?:evalId: [^\n]*\n)?results:\s*\n\s+version: [23]\s")
NEAR_START = 4096


def _is_row(head: bytes) -> bool:
    first = head.split(b"\n", 1)[0]
    whole = b'"failureReason"' in first and b'"testIdx"' in first and b'"promptIdx"' in first
    return ROW.match(head) is not None and (whole or head.lstrip().startswith(b'{"provider":{"id":'))


def recognise(source: LogSource) -> bool:
    """Whether the head is one of promptfoo's five outputs."""
    head = source.head()
    looks = (DOCUMENT.search(head[:NEAR_START]), XML.match(head), CSV.search(head), YAML.match(head))
    return any(look is not None for look in looks) or _is_row(head)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run per provider, prompt and metric. Raises LogRefused."""
    source.refuse_empty()
    head = source.head()
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from runs_of(from_xml(source))
    elif YAML.match(head):
        yield from runs_of(from_yaml(source))
    elif DOCUMENT.search(head[:NEAR_START]):
        yield from runs_of(from_json(source))
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        yield from runs_of(from_lines(source))
    else:
        yield from runs_of(from_csv(source))


ADAPTER = Adapter(name="promptfoo", title="promptfoo results", recognise=recognise, read=read)
