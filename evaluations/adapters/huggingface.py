"""Hugging Face: the `model-index` in a model card's front matter, and `.eval_results/*.yaml`.

Neither says the unit of a value: 0.412 and 20.90 both occur for accuracies. Only a written per cent sign is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, mapping, moment, number, text_of

LARGEST_DOCUMENT = 512 * 1024
"""Bytes of YAML that are parsed, because the parser takes seconds for that; the longest known cards have a third."""
MODEL_INDEX = re.compile(rb"^model-index\s*:", re.MULTILINE)
RESULT_ENTRY = re.compile(rb"^\s*-?\s+dataset\s*:", re.MULTILINE)
RESULT_VALUE = re.compile(rb"^\s+value\s*:", re.MULTILINE)
FRONT_MATTER = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
NO_UNIT = "The card does not say the unit of this value, so it stays a score: nothing is multiplied by a guess."
EMPTY = frozenset({"", "null", "~", "Null", "NULL"})


class _Loader(yaml.BaseLoader):
    """YAML whose scalars stay text, so that 20.90 is not shortened and no date or octal number is guessed."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node. Raises LogRefused for references, which unfold a small document into a large one."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            words = "The YAML refers to other parts of itself."
            raise LogRefused("yaml-reference", words, pointer=_place(event.start_mark), remedy="Write the parts out.")
        return super().compose_node(parent, index)


@dataclass(frozen=True)
class _Value:
    """A stated value: the number, its unit, and the text as it stands."""

    number: float
    unit: str
    text: str

    @classmethod
    def of(cls, stated: Any) -> _Value | None:
        """Return the value, or None for what is no number; a per cent sign is the only unit that is believed."""
        text = text_of(stated)
        if text is None:
            return None
        plain = text.removesuffix("%").rstrip()
        found = number(plain)
        return None if found is None else cls(found, "percent" if plain != text else "score", text)


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark is not None else ""


def _text(value: Any) -> str | None:
    text = text_of(value)
    return None if text in EMPTY else text


def _metric_name(name: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9_.@+%/:=-]+", "-", name or "").lstrip("_.@+%/:=-").rstrip("-")[:100] or "score"


def _looks_like_results(head: bytes) -> bool:
    identified = re.search(rb"^\s+(?:id|task_id)\s*:", head, re.MULTILINE) is not None
    return identified and RESULT_ENTRY.search(head) is not None and RESULT_VALUE.search(head) is not None


def recognise(source: LogSource) -> bool:
    """Whether the head opens front matter with a model index, or a YAML list of results by data set."""
    head = source.head().removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"---") and MODEL_INDEX.search(head) is not None:
        return True
    return source.suffix in (".yaml", ".yml") and head.startswith((b"-", b"#")) and _looks_like_results(head)


def _yaml(data: bytes) -> Any:
    if len(data) > LARGEST_DOCUMENT:
        words = f"More than {LARGEST_DOCUMENT} bytes of YAML are not parsed."
        raise LogRefused("part-too-large", words, remedy="Send the card without what is no result.")
    try:
        return yaml.load(data.decode("utf-8-sig"), Loader=_Loader)  # noqa: S506 - a BaseLoader makes only texts
    except LogRefused:
        raise
    except UnicodeDecodeError as error:
        raise LogRefused("not-utf-8", f"Byte {error.start} is not UTF-8.") from None
    except RecursionError:
        raise LogRefused("too-deep", "The YAML is nested too deeply.") from None
    except yaml.MarkedYAMLError as error:
        raise LogRefused("not-yaml", f"{error.problem or error.context}.", pointer=_place(error.problem_mark)) from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        # Keys that are lists or objects cannot be keys in Python, and PyYAML says so by different exceptions.
        raise LogRefused("not-yaml", f"The YAML cannot be read: {str(error)[:200]}.") from None


def _stderr(value: _Value, stated: Any) -> float | None:
    """Return a stated error in the unit of the value: a bare 0.03 beside "7.5%" could mean either, and is left out."""
    error = _Value.of(stated)
    return error.number if error is not None and error.unit == value.unit and error.number >= 0 else None


def _run(
    value: _Value, *, metric: str | None, dataset: dict[str, Any], source: dict[str, Any], **more: Any
) -> FoundRun:
    stderr = more.pop("stderr", None)
    origin = more.pop("origin")
    where = _text(source.get("url")) or _text(source.get("name"))
    unit = "score" if value.unit == "percent" and not 0.0 <= value.number <= 100.0 else value.unit
    return FoundRun(
        metric=_metric_name(metric),
        source=origin,
        quality="printed",
        estimate={"value": value.number} | ({"stderr": stderr} if stderr is not None else {}),
        unit=unit,
        version=_text(dataset.get("revision")),
        stratum=text_of(", ".join(part for name in ("config", "split") if (part := _text(dataset.get(name))))),
        reported=[Reported(metric or "value", value.text, stderr=stderr, note=f"source: {where}" if where else None)],
        warnings=["A card states neither n nor single results."] + [NO_UNIT] * (unit == "score"),
        **more,
    )


def _of_card(document: Any) -> Iterator[FoundRun]:
    for model in map(mapping, listing(mapping(document).get("model-index"))):
        name = _text(model.get("name"))
        for at, result in enumerate(map(mapping, listing(model.get("results")))):
            dataset, task = mapping(result.get("dataset")), mapping(result.get("task"))
            for metric in map(mapping, listing(result.get("metrics"))):
                value = _Value.of(metric.get("value"))
                if value is None:
                    continue
                kind = _text(metric.get("type")) or _text(metric.get("name"))
                identity = (name, _text(dataset.get("type")), _text(task.get("type")), _text(metric.get("name")))
                yield _run(
                    value,
                    metric=kind,
                    dataset=dataset,
                    source=mapping(result.get("source")),
                    stderr=_stderr(value, mapping(metric.get("args")).get("stderr")),
                    evaluation=_text(dataset.get("name")) or _text(dataset.get("type")) or "unnamed",
                    origin="Hugging Face model card",
                    model=name,
                    native_id=text_of("/".join(part or "-" for part in identity)),
                    locator=f"model-index/results/{at}",
                )


def _of_results(document: Any) -> Iterator[FoundRun]:
    for at, entry in enumerate(map(mapping, listing(document))):
        dataset, value = mapping(entry.get("dataset")), _Value.of(entry.get("value"))
        if value is None:
            continue
        dataset = {**dataset, "config": dataset.get("task_id", dataset.get("config"))}
        source = mapping(entry.get("source"))
        identity = [_text(dataset.get(part)) or "-" for part in ("id", "config", "split")]
        run = _run(
            value,
            metric=_text(entry.get("metric")),
            dataset=dataset,
            source=source,
            evaluation=_text(dataset.get("id")) or "unnamed",
            origin="Hugging Face evaluation results",
            native_id=text_of("/".join([*identity, _text(entry.get("notes")) or "-"])),
            started_at=moment(_text(entry.get("date"))),
            locator=f"{at}",
        )
        run.warnings.append("The file names no model: it is the repository in which it lies.")
        yield run


def _document(source: LogSource) -> Iterator[FoundRun]:
    data = source.whole()
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"---"):
        front = FRONT_MATTER.match(data)
        if front is None:
            words = "The front matter does not end; the card may be cut."
            raise LogRefused("front-matter-cut", words, remedy="Send the complete model card.")
        return _of_card(_yaml(front["yaml"]))
    document = _yaml(data)
    return _of_results(document) if isinstance(document, list) else _of_card(document)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each stated value. Raises LogRefused for damaged YAML and cards without a number."""
    source.refuse_empty()
    seen: dict[tuple[str, str, str | None, str | None], int] = {}
    for run in _document(source):
        key = (run.evaluation, run.metric, run.stratum, run.native_id)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            # Two values under one name would otherwise look like a correction of each other.
            run.native_id = f"{(run.native_id or '')[:190]} #{seen[key]}".strip()
        yield run
    if not seen:
        words = "No result with a number stands in model-index or in the list of results."
        raise LogRefused("nothing-measured", words, remedy="Check that every metric has a numeric value.")


ADAPTER = Adapter(name="huggingface", title="Hugging Face model card", recognise=recognise, read=read)
