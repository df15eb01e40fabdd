"""Hugging Face cards and evaluation results: values whose unit is believed only where it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluations.adapters.huggingface import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, samples_of
from tests.adapters.mutation import mutants
from tests.adapters.sources import source_at, source_of

CARD = """---
language: en
license: mit
model-index:
- name: atlas-2
  results:
  - task:
      type: text-generation
    dataset:
      name: Trivia
      type: acme/trivia
      config: tea
      split: test
      revision: 0123abc
    metrics:
    - type: accuracy
      value: 0.412
      name: acc
      args:
        stderr: 0.03
    - type: accuracy
      value: 20.90
      name: acc in other units
    - type: pass@1
      value: 7.5%
      args:
        stderr: 0.5%
    source:
      url: https://example.org/card
---

# Model card

model-index: not this one
"""
RESULTS = """# results of the community
- dataset:
    id: acme/trivia
    task_id: tea
    revision: 0123abc
  value: 20.90
  date: "2026-03-01T10:00:00Z"
  source:
    url: https://example.org/run
    name: Eval logs
  notes: no tools

- dataset:
    id: acme/sums
  value: 41 %
"""


def read(text: str | bytes, name: str = "README.md") -> list[FoundRun]:
    data = text.encode() if isinstance(text, str) else text
    return list(ADAPTER.read(source_of(data, name)))


def card(value: str, error: str = "") -> str:
    stated = f"value: {value}" + (f"\n      args:\n        stderr: {error}" if error else "")
    return f"---\nmodel-index:\n- name: a\n  results:\n  - dataset:\n      name: t\n    metrics:\n    - {stated}\n---\n"


def test_a_card_gives_one_figure_for_each_metric() -> None:
    found = read(CARD)
    assert [(run.metric, run.unit, run.estimate) for run in found] == [
        ("accuracy", "score", {"value": 0.412, "stderr": 0.03}),
        ("accuracy", "score", {"value": 20.9}),
        ("pass@1", "percent", {"value": 7.5, "stderr": 0.5}),
    ]
    run = found[0]
    assert (run.evaluation, run.stratum, run.version, run.model) == ("Trivia", "tea, test", "0123abc", "atlas-2")
    assert run.source == "Hugging Face model card"
    assert run.native_id == "atlas-2/acme/trivia/text-generation/acc"
    assert run.reported[0].note == "source: https://example.org/card"
    for one in found:
        samples_of(one)


def test_the_value_is_shown_as_it_is_written() -> None:
    assert [run.reported[0].value for run in read(CARD)] == ["0.412", "20.90", "7.5%"]


def test_a_value_without_a_unit_is_a_score_and_says_why() -> None:
    found = read(CARD)
    assert all("nothing is multiplied by a guess" in run.warnings[-1] for run in found[:2])
    assert not any("guess" in warning for warning in found[2].warnings)


@pytest.mark.parametrize(
    ("value", "number", "unit"),
    [("7.5%", 7.5, "percent"), ("'7.5 %'", 7.5, "percent"), ("0.075", 0.075, "score"), ("7.5e1", 75.0, "score"),
     ("175%", 175.0, "score"), ("-3%", -3.0, "score"), ("'0.5'", 0.5, "score")],
)  # fmt: skip
def test_only_a_written_per_cent_sign_is_a_unit(value: str, number: float, unit: str) -> None:
    (run,) = read(card(value))
    assert ((run.estimate or {})["value"], run.unit) == (number, unit)


def test_an_error_in_another_notation_than_its_value_is_left_out() -> None:
    assert read(card("7.5%", "0.03"))[0].estimate == {"value": 7.5}
    assert read(card("0.5", "-1"))[0].estimate == {"value": 0.5}


@pytest.mark.parametrize("value", [".nan", "~", "null", "[1]", "{a: 1}", "high", "92,3%", "0x10", "1_000", "1e999"])
def test_what_is_no_number_is_no_result(value: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(card(value))
    assert refusal.value.fault.code == "nothing-measured"


def test_two_values_under_one_name_do_not_look_like_a_correction() -> None:
    double = card("0.5").replace("    - value: 0.5\n", "    - value: 0.5\n    - value: 0.6\n")
    assert [run.native_id for run in read(double)] == ["a/-/-/-", "a/-/-/- #2"]


def test_a_corrected_card_names_the_same_runs() -> None:
    before, after = read(CARD), read(CARD.replace("0.412", "0.512"))
    assert [run.native_id for run in before] == [run.native_id for run in after]


def test_evaluation_results_are_read_without_a_model() -> None:
    first, second = read(RESULTS, "trivia.yaml")
    assert (first.evaluation, first.stratum, first.estimate, first.unit) == (
        "acme/trivia",
        "tea",
        {"value": 20.9},
        "score",
    )
    assert (first.model, first.started_at) == (None, "2026-03-01T10:00:00.000000Z")
    assert first.native_id == "acme/trivia/tea/-/no tools"
    assert (second.evaluation, second.estimate, second.unit) == ("acme/sums", {"value": 41.0}, "percent")
    assert "names no model" in first.warnings[-1]
    samples_of(first)


def test_a_day_is_no_instant() -> None:
    assert read(RESULTS.replace("2026-03-01T10:00:00Z", "2026-03-01"), "trivia.yaml")[0].started_at is None


def test_references_that_unfold_are_refused() -> None:
    bomb = "---\nmodel-index:\n- &a [x, x]\n- &b [*a, *a]\n---\n"
    with pytest.raises(LogRefused) as refusal:
        read(bomb)
    assert (refusal.value.fault.code, refusal.value.fault.pointer) == ("yaml-reference", "line 3")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (CARD[:200].encode(), "front-matter-cut"),
        (b"---\nmodel-index: [\n---\n", "not-yaml"),
        (b"---\nmodel-index:\n  a: b\n c: d\n---\n", "not-yaml"),
        (b"---\n? [a]\n: b\nmodel-index: []\n---\n", "not-yaml"),
        (b"---\n? {a: b}\n: b\n---\n", "not-yaml"),
        (b"---\nmodel-index: \xff\n---\n", "not-utf-8"),
        (b"---\nmodel-index: \x01\n---\n", "not-yaml"),
        (b"---\nmodel-index: " + b"[" * 1000 + b"\n---\n", "too-deep"),
        (b"---\nmodel-index: " + b"x" * 600_000 + b"\n---\n", "part-too-large"),
        (b"---\nmodel-index: []\n---\n", "nothing-measured"),
        (b"---\nlicense: mit\n---\n", "nothing-measured"),
        (b"!!python/object/apply:os.system [ls]\n", "nothing-measured"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(data)
    assert refusal.value.fault.code == code


def front(document: Any) -> bytes:
    return b"---\n" + yaml.safe_dump(document, allow_unicode=True).encode() + b"---\n"


def test_hostile_cards_give_coherent_runs_or_refusals() -> None:
    card_document = yaml.safe_load(CARD.split("---")[1])
    results_document = yaml.safe_load(RESULTS)
    for name, document, write in (
        ("README.md", {"model-index": card_document["model-index"]}, front),
        ("results.yaml", results_document[:1], lambda it: yaml.safe_dump(it).encode()),
    ):
        for path, strange, changed in mutants(document):
            if isinstance(strange, str) and "\x00" in strange:
                # YAML itself cannot hold this value; a raw one is among the refusals above.
                continue
            source = source_of(write(changed), name)
            try:
                ADAPTER.recognise(source)
                for run in ADAPTER.read(source):
                    samples_of(run)
            except LogRefused:
                pass
            except Exception as error:
                raise AssertionError(path) from error


def test_the_real_card_gives_its_two_numbers(corpus: Path) -> None:
    found = list(ADAPTER.read(source_at(corpus / "hf_model_card" / "modelcard.md")))
    assert [(run.evaluation, run.metric, run.unit, run.estimate, run.model) for run in found] == [
        ("GPQA diamond — ünï", "accuracy", "score", {"value": 0.61, "stderr": 0.03}, "acme-o1"),
        ("Cybench", "pass@1", "percent", {"value": 7.5}, "acme-o1"),
    ]
    assert [run.reported[0].value for run in found] == ["0.61", "7.5%"]


def test_exactly_its_own_files_of_the_corpus_are_recognised(corpus: Path) -> None:
    assert ADAPTER.recognise(source_of(CARD.encode(), "README.md"))
    assert ADAPTER.recognise(source_of(RESULTS.encode(), "trivia.yaml"))
    assert not ADAPTER.recognise(source_of(b"---\nlicense: mit\n---\n", "README.md"))
    assert claimed(ADAPTER, corpus) == {"hf_model_card/modelcard.md"}
