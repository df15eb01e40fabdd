"""All adapters together: every file of the corpus is claimed by its own, others can be added, and the how-to works."""

from __future__ import annotations

import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from evaluations.adapters import registry
from evaluations.logs.found import Adapter
from evaluations.logs.refusal import LogRefused
from scorecard.environment import ROOT
from tests.adapters.sources import source_of

FORMATS = ROOT / "docs" / "reference" / "formats"
HOW_TO = ROOT / "docs" / "how-to" / "write-an-adapter.md"
FOLDERS = {
    "inspect": "inspect", "inspect_generated": "inspect", "openai_evals": "openai-evals", "nanoeval": "nanoeval",
    "paperbench": "paperbench", "mle_bench": "mle-bench", "simple_evals": "simple-evals", "swebench": "swe-bench",
    "lm_eval": "lm-eval", "lm_eval_generated": "lm-eval", "metr": "metr", "eee": "every-eval-ever",
    "hf_model_card": "huggingface", "garak": "garak", "garak_generated": "garak", "promptfoo_generated": "promptfoo",
    "deepeval": "deepeval", "junit": "junit",
}  # fmt: skip
NOT_LOGS = {".py", ".yaml", ".yml"}
ELSEWHERE = {"promptfoo_results_not_junit.xml": "promptfoo"}
"""A file that stands in the folder of the format that it only looks like."""


@pytest.fixture(autouse=True)
def _forget_adapters() -> None:
    registry.adapters.cache_clear()


def test_every_adapter_has_a_page_that_the_overview_lists() -> None:
    listed = (FORMATS / "README.md").read_text(encoding="utf-8")
    for name in registry.adapters():
        assert (FORMATS / f"{name}.md").is_file(), name
        assert f"]({name}.md)" in listed


def test_every_own_module_is_there_and_no_two_share_a_name() -> None:
    assert len(registry.adapters()) == len(registry.OWN)


def test_no_adapter_claims_a_file_of_another_tool(corpus: Path) -> None:
    strays = []
    for folder, name in FOLDERS.items():
        for path in sorted((corpus / folder).rglob("*")):
            if not path.is_file() or path.suffix in NOT_LOGS:
                continue
            source = source_of(path.read_bytes(), path.name)
            claimed = [adapter.name for adapter in registry.adapters().values() if adapter.recognise(source)]
            if claimed and claimed[0] != ELSEWHERE.get(path.name, name):
                strays.append((str(path.relative_to(corpus)), claimed))
    assert strays == []


def _example() -> Adapter:
    code = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(compile(code, "how-to", "exec"), names)
    found = names["ADAPTER"]
    assert isinstance(found, Adapter)
    return found


def test_the_example_of_the_how_to_reads_what_it_says() -> None:
    rows = [
        {"my_lab_eval": "ctf", "model": "nova-1", "run": "r1", "planned": 4, "pass_rate": "50 %"},
        {"id": "a", "score": 1}, {"id": "b", "score": "N/A"}, {"id": "c", "error": "timeout"},
    ]  # fmt: skip
    source = source_of(b"\n".join(json.dumps(row).encode() for row in rows), "log.jsonl")
    adapter = _example()
    assert adapter.recognise(source)
    [run] = adapter.read(source)
    assert [sample.get("status", "scored") for sample in run.samples or ()] == ["scored", "ungraded", "error"]
    assert (run.model, run.planned_samples, run.reported[0].value) == ("nova-1", 4, "50 %")


def test_an_installed_package_adds_its_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("my-lab", "tests.adapters.added:ADAPTER", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == registry.GROUP else [])
    assert registry.chosen(source_of(b"added!\n")).name == "added"
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry, entry])
    registry.adapters.cache_clear()
    with pytest.raises(ValueError, match="takes the name 'added', which is taken"):
        registry.adapters()


def test_an_unknown_name_and_an_unknown_file_are_refused_with_the_list_of_formats() -> None:
    for refused in (lambda: registry.chosen(source_of(b"x"), "excel"), lambda: registry.chosen(source_of(b"\x00\x01"))):
        with pytest.raises(LogRefused) as error:
            refused()
        assert "inspect" in error.value.fault.remedy
    with pytest.raises(LogRefused, match="empty"):
        registry.chosen(source_of(b""))
