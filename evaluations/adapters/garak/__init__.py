"""Logs of garak, the LLM vulnerability scanner: report.jsonl, hitlog.jsonl and the digest.

A detector value of 1.0 is a hit, so an attack that worked; garak's `passed` counts the safe side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.adapters.garak.digest import digest_runs
from evaluations.adapters.garak.hitlog import hit_runs
from evaluations.adapters.garak.report import read_report
from evaluations.adapters.garak.runs import report_runs
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.source import LogSource

ENTRY = re.compile(
    rb'\s*\{\s*"entry_type"\s*:\s*"(?:start_run setup|init|attempt|eval|digest|plugin_cache|probe_summary|completion)"'
)
DIGEST = re.compile(rb'\s*\{\s*"entry_type"\s*:\s*"digest"')
HIT = re.compile(rb'\s*\{\s*"goal"\s*:.*"(?:attempt_id|attempt_seq)"\s*:', re.DOTALL)


def recognise(source: LogSource) -> bool:
    """Whether the first entry is one of garak's report, digest or hit log."""
    head = source.head()
    return ENTRY.match(head) is not None or HIT.match(head) is not None


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run per probe and detector. Raises LogRefused."""
    source.refuse_empty()
    head = source.head()
    if HIT.match(head):
        yield from hit_runs(source)
    elif DIGEST.match(head):
        yield from digest_runs(source)
    else:
        yield from report_runs(read_report(source))


ADAPTER = Adapter(name="garak", title="garak report, hit log or digest", recognise=recognise, read=read)
