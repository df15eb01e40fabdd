"""SWE-bench reports: of a run, of single instances, and the plain lists of the leaderboard and of the first harness."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.adapters.swe_bench.lists import of_lists
from evaluations.adapters.swe_bench.reports import LISTS, of_instances, of_run
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import tolerant_json

RUN_MARKS = (b'"resolved_ids"', b'"unresolved_ids"', b'"submitted_instances"')
INSTANCE_MARKS = (b'"patch_successfully_applied"', b'"patch_is_None"')
DETAIL_MARKS = (b'"api_calls"', b'"resolved"')
"""What mini-SWE-agent's per_instance_details.json says of every instance."""
LISTS_START = re.compile(rb'\A\{\s*"(?:no_generation|no_logs|generated)"\s*:\s*\[')
LISTED = re.compile(rb'"(?:no_generation|generated)"\s*:\s*\[')
RESOLVED_START = re.compile(rb'\A\{\s*"resolved"\s*:\s*\[')
INSTANCE_PATH = re.compile(r"(?:^|/)logs/(?:run_)?evaluation/.+/report\.json$")


def recognise(source: LogSource) -> bool:
    """Whether the file is the report of a run or of an instance, or a table of lists, whole or cut."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if INSTANCE_PATH.search(source.name.replace("\\", "/")):
        return True
    if not head.startswith(b"{"):
        return False
    marked = any(mark in head for mark in (*RUN_MARKS, *INSTANCE_MARKS)) or all(mark in head for mark in DETAIL_MARKS)
    return marked or LISTS_START.match(head) is not None or bool(RESOLVED_START.match(head) and LISTED.search(head))


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield the one run of the report. Raises LogRefused."""
    source.refuse_empty()
    document = tolerant_json(source.whole(), place=source.base_name)
    if not isinstance(document, dict) or not document:
        raise LogRefused("nothing-measured", "The file holds no report.", pointer=source.base_name)
    if any(name in document for name in LISTS) or "total_instances" in document:
        yield of_run(source, document)
    elif isinstance(document.get("resolved"), list):
        yield of_lists(source, document)
    else:
        yield of_instances(document)


ADAPTER = Adapter(name="swe-bench", title="SWE-bench report", recognise=recognise, read=read)
