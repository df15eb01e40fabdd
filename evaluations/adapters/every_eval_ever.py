"""Every Eval Ever: aggregate records, instance-level JSONL, and the index of its data store.

An aggregate states one number for each result, sometimes with its uncertainty; instance rows state single scores.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.names import Repeated
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import mapping, moment, number, sample_id, text_of, tolerant_json, whole_number
from evaluations.report.document import Sample, Status

# The format's own JSON Schema has the same keys, but describes them by objects; a record states texts.
VERSIONED = re.compile(rb'"schema_version"\s*:\s*"')
IDENTIFIED = re.compile(rb'"evaluation_id"\s*:\s*"')
CONTENT = re.compile(rb'"(?:evaluation_results|source_metadata|model_info|sample_id|model_id|eval_library)"\s*:')
INDEXED = re.compile(rb'"object_(?:uuid|path)"\s*:\s*"')
UNITS = {
    "proportion": ("proportion", 1.0),
    "percent": ("percent", 100.0),
    "percentage": ("percent", 100.0),
    "points": ("points", math.inf),
    "minutes": ("minutes", math.inf),
    "count": ("count", math.inf),
}
"""Stated unit: the report's unit, and its largest value."""
UNKNOWN_LEVEL = -1.0
"""The score that stands for "unknown" in results whose configuration says that they have such a level."""
UNKNOWN = frozenset({None, "unknown"})
STATUSES: tuple[Status, ...] = ("scored", "ungraded", "error", "refused")
MOST_GROUPS = 2000


def _verbatim(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def _metric_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.@+%/:=-]+", "-", name).lstrip("_.@+%/:=-").rstrip("-")[:100] or "score"


def recognise(source: LogSource) -> bool:
    """Whether the head is that of a record, of instance rows, or of the store's index."""
    head = source.head().lstrip(b"\xef\xbb\xbf \r\n\t")
    if not head.startswith(b"{"):
        return False
    index = INDEXED.search(head) is not None and b'"record_type"' in head
    return index or all(sign.search(head) is not None for sign in (VERSIONED, IDENTIFIED, CONTENT))


def _metric(config: dict[str, Any]) -> str:
    """Return the canonical metric; an id with a benchmark before it is no metric in the field's notation."""
    identifier = text_of(config.get("metric_id"))
    plain = identifier if identifier and not re.search(r"[/.]", identifier) else None
    named = plain or text_of(config.get("metric_kind")) or text_of(config.get("metric_name")) or identifier
    return _metric_name(named or "score")


def _unit(config: dict[str, Any], value: float) -> tuple[str, list[str]]:
    stated = text_of(config.get("metric_unit"))
    low, high = number(config.get("min_score")), number(config.get("max_score"))
    unit, ceiling = UNITS.get((stated or "").casefold(), ("score", math.inf))
    if stated is None and (low, high) == (0.0, 1.0):
        # Records before 0.3.0 state no unit, but the scale: 0 to 1 is a proportion by its definition.
        unit, ceiling = "proportion", 1.0
    if ceiling < math.inf and not 0.0 <= value <= ceiling:
        return "score", [f"The value {value:g} contradicts the stated unit or scale ({stated or '0 to 1'})."]
    if unit == "score":
        return unit, ["The record states no unit that the product knows, so the value stays a score."]
    return unit, []


def _estimate(details: dict[str, Any], value: float) -> tuple[dict[str, Any], list[str]]:
    uncertainty = mapping(details.get("uncertainty"))
    error = uncertainty.get("standard_error")
    stderr = number(error.get("value") if isinstance(error, dict) else error)
    trials = whole_number(uncertainty.get("num_samples"))
    estimate: dict[str, Any] = {"value": value}
    estimate |= {"trials": trials} if trials else {}
    estimate |= {"stderr": stderr} if stderr is not None and stderr >= 0 else {}
    stated = mapping(uncertainty.get("confidence_interval"))
    low, high, level = (number(stated.get(name)) for name in ("lower", "upper", "confidence_level"))
    if low is None or high is None:
        return estimate, []
    if low > high:
        return estimate, ["The confidence interval has its lower bound above the upper one and was left out."]
    estimate["interval"] = {"low": low, "high": high}
    if level is not None and 0.0 < level < 1.0:
        estimate["interval"]["level"] = level
    if (method := text_of(stated.get("method"))) is not None:
        estimate["interval"]["method"] = method
    return estimate, []


def _result(record: dict[str, Any], result: dict[str, Any], index: int) -> FoundRun | None:
    details, config = mapping(result.get("score_details")), mapping(result.get("metric_config"))
    value = number(details.get("score"))
    if value is None or (config.get("has_unknown_level") is True and value == UNKNOWN_LEVEL):
        return None
    (estimate, doubts), (unit, remarks) = _estimate(details, value), _unit(config, value)
    name = text_of(result.get("evaluation_name")) or "unnamed"
    identity = [text_of(record.get("evaluation_id")), text_of(result.get("evaluation_result_id")) or name]
    polarity = {True: "lower_is_better", False: "higher_is_better"}
    lower = config.get("lower_is_better")
    reported = Reported(
        text_of(config.get("metric_name")) or _metric(config),
        _verbatim(details.get("score")),
        stderr=estimate.get("stderr"),
        n=estimate.get("trials"),
    )
    return FoundRun(
        evaluation=name,
        quality="third_party",
        metric=_metric(config),
        native_id=text_of("/".join(part for part in identity if part)) if identity[0] else None,
        started_at=moment(result.get("evaluation_timestamp")),
        estimate=estimate,
        unit=unit,
        reported=[reported],
        sampling=_settings(result),
        locator=f"evaluation_results/{index}",
        producer_polarity=polarity[lower] if isinstance(lower, bool) else None,
        warnings=[*doubts, *remarks],
        **_of_record(record),
    )


def _of_record(record: dict[str, Any]) -> dict[str, Any]:
    model, library = mapping(record.get("model_info")), mapping(record.get("eval_library"))
    origin = mapping(record.get("source_metadata"))
    version = text_of(library.get("version"))
    relation = text_of(origin.get("evaluator_relationship"))
    organisation = text_of(origin.get("source_organization_name"), limit=150)
    tool = text_of(library.get("name"))
    return {
        "source": f"every_eval_ever {text_of(record.get('schema_version'), limit=50) or ''}".strip(),
        "model": text_of(model.get("id")) or text_of(model.get("name")),
        "packages": {tool: version} if tool not in UNKNOWN and version not in UNKNOWN else None,
        "tags": [f"evaluator: {relation}"] * (relation is not None) + [f"from: {organisation}"] * bool(organisation),
    }


def _settings(result: dict[str, Any]) -> dict[str, Any] | None:
    arguments = mapping(mapping(result.get("generation_config")).get("generation_args"))
    found = {name: number(arguments.get(name)) for name in ("temperature", "top_p", "top_k", "max_tokens")}
    return {name: value for name, value in found.items() if value is not None} or None


def _of_aggregate(record: dict[str, Any], place: str) -> Iterator[FoundRun]:
    results = record.get("evaluation_results")
    if not isinstance(results, list):
        raise LogRefused("not-every-eval-ever", "The record has no list `evaluation_results`.", pointer=place)
    seen: dict[tuple[str, str, str | None], int] = {}
    for index, result in enumerate(results):
        run = _result(record, mapping(result), index)
        if run is None:
            continue
        key = (run.evaluation, run.metric, run.native_id)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1 and run.native_id is not None:
            run.native_id = f"{run.native_id[:190]} #{seen[key]}"
        run.started_at = run.started_at or moment(record.get("evaluation_timestamp"))
        yield run


@dataclass
class _Rows:
    """The instance rows of one result, as columns."""

    ids: Repeated = field(default_factory=Repeated)
    lines: array[int] = field(default_factory=lambda: array("L"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    statuses: array[int] = field(default_factory=lambda: array("b"))

    def add(self, row: dict[str, Any], identifier: str, line: int) -> None:
        """Note one row; what the file calls an error has no score, whatever it states."""
        score, error = number(mapping(row.get("evaluation")).get("score")), text_of(row.get("error"))
        status = "scored" if score is not None else "ungraded"
        if error is not None:
            status = "refused" if "refus" in error.casefold() else "error"
        self.ids.append(identifier)
        self.lines.append(line)
        self.scores.append(score if score is not None and status == "scored" else math.nan)
        self.statuses.append(STATUSES.index(status))

    def unit(self) -> str:
        """Return `proportion` where all scores lie within [0, 1]."""
        scored = [score for score in self.scores if not math.isnan(score)]
        return "proportion" if scored and min(scored) >= 0.0 and max(scored) <= 1.0 else "score"

    def samples(self) -> Iterator[Sample]:
        """Yield the rows; the same id again is another attempt."""
        attempts = self.ids.repeats(range(len(self.ids)))
        rows = zip(self.ids, attempts, self.lines, self.scores, self.statuses, strict=True)
        for identifier, attempt, line, score, code in rows:
            status = STATUSES[code]
            sample: Sample = {"id": identifier, "attempt": attempt, "status": status}
            if status == "scored":
                sample["score"] = score
            elif status == "error":
                sample["error_origin"] = "unknown"
            sample["transcript"] = f"line {line}"
            yield sample


def _of_instances(source: LogSource) -> Iterator[FoundRun]:
    groups: dict[tuple[str | None, ...], _Rows] = {}
    versions: set[str] = set()
    for count, (line, data) in enumerate(source.lines(), 1):
        place = f"line {line}"
        row = tolerant_json(data, place=place, depth=source.budget.depth)
        identifier = sample_id(row.get("sample_id")) if isinstance(row, dict) else None
        if identifier is None:
            raise LogRefused("sample-without-id", "The line is no row with a sample_id.", pointer=place)
        names = ("evaluation_id", "model_id", "evaluation_name", "evaluation_result_id")
        groups.setdefault(tuple(text_of(row.get(name)) for name in names), _Rows()).add(row, identifier, line)
        versions.add(text_of(row.get("schema_version"), limit=20) or "")
        if count > source.budget.samples or len(groups) > MOST_GROUPS:
            words = f"More than {source.budget.samples} rows or {MOST_GROUPS} results."
            raise LogRefused("too-many-samples", words, pointer=place, remedy="Split the file.")
    for (evaluation_id, model, name, result_id), rows in groups.items():
        identity = [evaluation_id, result_id or name]
        yield FoundRun(
            evaluation=name or result_id or "unnamed",
            metric="score",
            source=f"every_eval_ever {' '.join(sorted(versions))[:100]}".strip(),
            model=model,
            native_id=text_of("/".join(part for part in identity if part)) if evaluation_id else None,
            samples=rows.samples(),
            unit=rows.unit(),
            locator=text_of(f"evaluation_result_id {result_id}") if result_id else None,
            warnings=["Instance rows name neither the metric nor the number planned; the aggregate record has both."],
        )


def _of_index(source: LogSource, row: dict[str, Any]) -> LogRefused:
    named = text_of(row.get("object_path")) or "the objects that it lists"
    remedy = f"Send the objects themselves, the first is {named}."
    return LogRefused("nothing-measured", "This index lists records and holds no score.", pointer="", remedy=remedy)


def _records(source: LogSource) -> Iterator[FoundRun]:
    first = next(source.lines(), (0, b""))[1]
    if not (first.startswith(b"{") and first.endswith(b"}") and len(first) > 2):
        record = tolerant_json(source.whole(), place="", depth=source.budget.depth)
        yield from _of_aggregate(mapping(record), "")
        return
    opening = mapping(tolerant_json(first, place="line 1", depth=source.budget.depth))
    if "sample_id" in opening:
        yield from _of_instances(source)
    elif "evaluation_results" not in opening and "record_type" in opening:
        raise _of_index(source, opening)
    else:
        for line, data in source.lines():
            record = tolerant_json(data, place=f"line {line}", depth=source.budget.depth)
            yield from _of_aggregate(mapping(record), f"line {line}")


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each result. Raises LogRefused for damage, an index, and records without a number."""
    source.refuse_empty()
    found = False
    for run in _records(source):
        found = True
        yield run
    if not found:
        raise LogRefused("nothing-measured", "No result of the record has a number.", pointer="evaluation_results")


ADAPTER = Adapter(name="every-eval-ever", title="Every Eval Ever", recognise=recognise, read=read)
