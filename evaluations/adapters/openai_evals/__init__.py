"""OpenAI evals: the recorder's JSON Lines, and the event arrays that its HTTP recorder posts.

The final report may precede the events in the file, so one pass over it learns all runs before the first is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.adapters.openai_evals.learning import learnt
from evaluations.adapters.openai_evals.runs import found_in
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

EVENT = re.compile(rb'"event_id"\s*:\s*[0-9]+\s*,\s*"sample_id"\s*:')
POSTED_EVENT = re.compile(rb'\\"event_id\\"\s*:\s*[0-9]+\s*,\s*\\"sample_id\\"\s*:')
SPEC = re.compile(rb'\A\{\s*"spec"\s*:\s*\{')


def recognise(source: LogSource) -> bool:
    """Whether the head is a run spec, or holds events as the recorders write or post them."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if SPEC.match(head) and (b'"completion_fns"' in head or b'"base_eval"' in head):
        return True
    return head.startswith((b"{", b"[")) and bool(EVENT.search(head) or POSTED_EVENT.search(head))


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield, for every run, its accuracy and each key of its metrics events, or what it reports. Raises LogRefused."""
    source.refuse_empty()
    runs = learnt(source)
    yielded = 0
    for run in runs.values():
        for found in found_in(run):
            yielded += 1
            yield found
    if not yielded:
        raise LogRefused(
            "nothing-measured",
            "The log holds neither a match nor a metric, no error, and no report with a number.",
            pointer=source.base_name,
        )


ADAPTER = Adapter(name="openai-evals", title="OpenAI evals log", recognise=recognise, read=read)
