"""A results file: the document around the numbers, read tolerantly, with what it says of each task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evaluations.adapters.lm_eval.naming import NO_FILTER
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import listing, mapping, moment, number, text_of, tolerant_json, whole_number

SHOWN_OF_CONFIG = (
    "model_args", "model_revision", "model_sha", "model_dtype", "gen_kwargs", "limit", "random_seed", "numpy_seed",
    "torch_seed", "fewshot_seed",
)  # fmt: skip
PRETRAINED = re.compile(r"(?:^|,)\s*(?:pretrained|model)=([^,]+)")
LONGEST_SHOWN = 500
JOINED_BY = {"perplexity": "perplexity", "word_perplexity": "weighted_perplexity", "bits_per_byte": "bits_per_byte"}
"""What lm-eval joins the documents of a metric by where the task does not say; of all others it is the mean."""


def shown(value: Any) -> Any:
    """Return a setting as something small: a finite number, a flag, or its text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and number(value) is not None and abs(value) < 2**53:
        return value
    if isinstance(value, dict):
        return {str(key)[:100]: str(item)[:LONGEST_SHOWN] for key, item in list(value.items())[:20]}
    return str(value)[:LONGEST_SHOWN]


@dataclass(frozen=True)
class Results:
    """A results document; every accessor bears missing and mistyped parts."""

    document: dict[str, Any]
    stamp: str | None
    """The time in the file's name."""

    @classmethod
    def of(cls, data: bytes, *, place: str, stamp: str | None, depth: int) -> Results:
        """Return the parsed document. Raises LogRefused for what is no results file."""
        document = tolerant_json(data, place=place, depth=depth)
        if not isinstance(document, dict) or not isinstance(document.get("results"), dict):
            words = "The document has no object `results`."
            raise LogRefused("not-lm-eval", words, pointer=place, remedy="Send results_*.json as lm-eval wrote it.")
        return cls(document, stamp)

    def of_task(self, part: str, task: str) -> Any:
        """Return what the part (`versions`, `configs` ...) says of the task."""
        return mapping(self.document.get(part)).get(task)

    @property
    def general(self) -> dict[str, Any]:
        """What LightEval, which writes the same results, says of the whole run; empty for lm-eval."""
        return mapping(self.document.get("config_general"))

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """The entries under `results`, groups among them, but not the averages over whatever LightEval ran."""
        found = {task: entry for task, entry in self.document["results"].items() if isinstance(entry, dict)}
        return {
            task: entry
            for task, entry in found.items()
            if not self.general or (task != "all" and ":_average" not in task)
        }

    def members_of_group(self, task: str) -> list[str]:
        """Return the tasks that a group joins; empty for a task."""
        members = self.of_task("group_subtasks", task)
        named = [name for name in members if isinstance(name, str)] if isinstance(members, list) else []
        return named or (["tasks that the file does not list"] if self.of_task("groups", task) is not None else [])

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the run."""
        return mapping(self.document.get("config"))

    @property
    def invented_name(self) -> bool:
        """Whether the model was lm-eval's own dummy, which draws its name at random."""
        return "dummy" in (self.document.get("model_source"), self.config.get("model"))

    @property
    def model(self) -> str | None:
        """The model under test; `config.model` is only the kind of client."""
        if self.invented_name:
            return None
        arguments = self.config.get("model_args")
        named = self.document.get("model_name", self.general.get("model_name"))
        if named is None and isinstance(arguments, dict):
            named = arguments.get("pretrained") or arguments.get("model")
        elif named is None and (match := PRETRAINED.search(str(arguments or ""))):
            named = match[1]
        return text_of(named)

    @property
    def identity(self) -> str | None:
        """The run's start as the file states it, which is all the identity that lm-eval gives a run."""
        return text_of(self.document.get("date")) or self.stamp

    @property
    def started_at(self) -> str | None:
        """`date`; `start_time` and `end_time` count from the machine's start and tell no time of day."""
        return moment(self.document.get("date"))

    @property
    def source(self) -> str:
        """The tool with its version."""
        if self.general:
            return "LightEval"
        return f"lm-eval {text_of(self.document.get('lm_eval_version'), limit=50) or ''}".strip()

    def effective(self, task: str) -> int | None:
        """Return how many documents the run set out to score."""
        lighteval = mapping(self.of_task("config_tasks", task)).get("effective_num_docs")
        return whole_number(mapping(self.of_task("n-samples", task)).get("effective", lighteval)) or None

    def repeats(self, task: str) -> int:
        """Return how many responses each document was given; a filter makes one score of them."""
        return whole_number(mapping(self.of_task("configs", task)).get("repeats")) or 1

    def sampling(self, task: str) -> dict[str, Any]:
        """Return the settings of model and task that a reader compares runs by."""
        task_config = mapping(self.of_task("configs", task))
        settings = {name: self.config[name] for name in SHOWN_OF_CONFIG if self.config.get(name) is not None}
        settings |= {"client": self.config.get("model"), "num_fewshot": self.of_task("n-shot", task)}
        settings |= {name: task_config.get(name) for name in ("generation_kwargs", "repeats", "output_type")}
        return {name: shown(value) for name, value in settings.items() if value is not None}

    def code(self, task: str) -> dict[str, Any]:
        """Return revisions of harness and task."""
        named = {
            "git_hash": self.document.get("git_hash"),
            "upper_git_hash": self.document.get("upper_git_hash"),
            "task_hash": self.of_task("task_hashes", task),
        }
        return {name: shown(value) for name, value in named.items() if value is not None}

    def packages(self) -> dict[str, str]:
        """Return the versions of the packages that the file names."""
        named = {name: text_of(self.document.get(f"{name}_version")) for name in ("lm_eval", "transformers")}
        return {name: version for name, version in named.items() if version is not None and version != "N/A"}

    def filters(self, task: str) -> list[str]:
        """Return the names of the task's filters in their order; a task without any has the filter `none`."""
        stated = mapping(self.of_task("configs", task)).get("filter_list")
        names = [text_of(mapping(item).get("name"), limit=100) for item in listing(stated)]
        return [name for name in names if name is not None] or [NO_FILTER]

    def aggregation(self, task: str, metric: str) -> str | None:
        """Return how lm-eval joins the documents where that is not their mean, e.g. `perplexity`."""
        entries = [mapping(item) for item in listing(mapping(self.of_task("configs", task)).get("metric_list"))]
        stated = next((item.get("aggregation") for item in entries if item.get("metric") == metric), None)
        name = text_of(stated, limit=60) or JOINED_BY.get(metric)
        return None if name in (None, "mean", "nanmean") else name

    def polarity(self, task: str, metric: str) -> str | None:
        """Return the producer's claim of which direction is better."""
        claims = {True: "higher_is_better", False: "lower_is_better"}
        claim = mapping(self.of_task("higher_is_better", task)).get(metric)
        return claims[claim] if isinstance(claim, bool) else None
