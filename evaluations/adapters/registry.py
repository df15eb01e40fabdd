"""Which adapters there are: our own, and those that installed packages register by entry point."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from evaluations.logs.found import Adapter
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

GROUP = "scorecard.log_adapters"
"""Entry point group; each entry is an `Adapter`."""
OWN = (
    "run_report", "inspect_log", "garak", "pyrit", "nanoeval", "openai_evals", "metr", "swe_lancer", "paperbench",
    "mle_bench", "swe_bench", "lm_eval", "helm", "promptfoo", "deepeval", "every_eval_ever", "mlflow", "huggingface",
    "junit", "csv_table", "simple_evals",
)  # fmt: skip
"""Our modules in the order in which `auto` asks them: the most telling signs first, the least telling last."""


@cache
def adapters() -> dict[str, Adapter]:
    """Return every adapter by name. Raises ValueError when an installed package takes a name that is taken."""
    names = [f"evaluations.adapters.{name}" for name in OWN]
    own: list[Adapter] = [import_module(name).ADAPTER for name in names if find_spec(name)]
    known = {adapter.name: adapter for adapter in own}
    for entry in entry_points(group=GROUP):
        adapter: Adapter = entry.load()
        if adapter.name in known:
            raise ValueError(f"the log adapter {entry.value} takes the name {adapter.name!r}, which is taken")
        known[adapter.name] = adapter
    return known


def chosen(source: LogSource, name: str = "auto") -> Adapter:
    """Return the adapter of that name, or for `auto` the first that recognises the file. Raises LogRefused."""
    if name != "auto":
        if name not in adapters():
            words = f"There is no log format {name!r}."
            raise LogRefused("unknown-format", words, remedy=f"Use auto, or one of {', '.join(sorted(adapters()))}.")
        return adapters()[name]
    source.refuse_empty()
    for adapter in adapters().values():
        if adapter.recognise(source):
            return adapter
    raise LogRefused(
        "format-not-recognised",
        "No adapter recognises this file.",
        remedy=f"Name its format: {', '.join(sorted(adapters()))}.",
    )
