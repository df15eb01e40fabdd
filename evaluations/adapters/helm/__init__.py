"""HELM (Holistic Evaluation of Language Models): an archive of one or several run folders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath

from evaluations.adapters.helm.folder import read_folder, runs_of
from evaluations.logs.archive import listed_names, open_archive
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

SPECIFICATION = "run_spec.json"
COMPANIONS = frozenset({"per_instance_stats.json", "stats.json", "scenario_state.json"})
REMEDY = "Send the whole run folder, packed as zip or tar."


def recognise(source: LogSource) -> bool:
    """Whether the file is an archive that lists a run specification beside what HELM writes next to it."""
    bases = {PurePosixPath(name).name for name in listed_names(source)}
    return SPECIFICATION in bases and not COMPANIONS.isdisjoint(bases)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each folder, metric and context. Raises LogRefused for damage and empty archives."""
    source.refuse_empty()
    archive = open_archive(source)
    specifications = [name for name in archive.names() if PurePosixPath(name).name == SPECIFICATION]
    if not specifications:
        raise LogRefused("not-helm", f"The archive holds no {SPECIFICATION}.", remedy=REMEDY)
    held: FoundRun | None = None
    empty: list[str] = []
    for path in (name.removesuffix(SPECIFICATION) for name in specifications):
        runs = runs_of(read_folder(archive, path, source.budget))
        first = next(runs, None)
        if first is None:
            empty.append(path or "the archive itself")
            continue
        for run in chain([first], runs):
            if held is not None:
                yield held
            held = run
    if held is None:
        words = "No folder holds a statistic about answers."
        raise LogRefused("nothing-measured", words, pointer=specifications[0][:200], remedy=REMEDY)
    # The last run is held back, because only then is it known which folders were empty.
    held.warnings += [f"The folder {path[:200]} of the same archive measured nothing." for path in empty]
    yield held


ADAPTER = Adapter(name="helm", title="HELM", recognise=recognise, read=read)
