"""Every fault of a framework document is told at once: line, path, what is wrong, what is allowed, what was meant."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import yaml
from django.urls import get_resolver
from hypothesis import given
from hypothesis import strategies as st

from scorecard.framework.document import FrameworkDocument, canonical, load, schema
from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.notations import MOST_BYTES, read
from scorecard.framework.references import TAKEN
from scorecard.ledger.canonical import digest
from tests.access.table import served
from tests.effort import examples
from tests.framework.documents import SOURCE, beta
from tests.house.places import ROOT

TEXT = SOURCE.read_text(encoding="utf-8")
BETA_DIGEST = "sha256:07353c17d083421c87f615247fb63351f12c3d02d6198fa9382e5245617c638c"
MISTAKES = (
    ('summary = "Four tracked', 'smmary = "Four tracked'),
    ('effective_from = "2023-12-18"', "effective_from = 2023-12-18"),
    ('title = "Apollo", role = "supporting"', 'title = "Apollo", role = "suporting"'),
    ('level = "high", definition', 'level = "hihg", definition'),
    ("value = 0.45", "valeu = 0.45"),
    ('category = "cybersecurity"\nlevel', 'category = "cyber-security"\nlevel'),
    ('at_most = "medium"', 'at_most = "mediun"'),
)
TOLD = (
    "summary: the key 'summary' is missing",
    "Did you mean 'summary'?",
    'Did you mean "2023-12-18"?',
    "evaluations[26].role: 'suporting' is not known here. Allowed: indicator, contextual, supporting. Did you mean",
    "categories[0].levels[2].level: category 'cbrn' must define exactly the levels low, medium, high, critical",
    "indicators[0].valeu: unknown key 'valeu'. Allowed: id, category, level",
    "Allowed: cbrn, cybersecurity, persuasion, model_autonomy. Did you mean 'cybersecurity'?",
    "gates[0].at_most: gate 'deploy' names the unknown level 'mediun'. Allowed: low, medium, high, critical. Did",
)


def faults_of(source: str | bytes) -> FrameworkFaulty:
    with pytest.raises(FrameworkFaulty) as refusal:
        load(source if isinstance(source, bytes) else source.encode())
    return refusal.value


def with_mistakes(text: str) -> str:
    for old, new in MISTAKES:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_shipped_document_keeps_its_bytes_in_either_notation() -> None:
    as_yaml = yaml.safe_dump(tomllib.loads(TEXT), sort_keys=False, allow_unicode=True).encode()
    assert digest(beta()) == digest(canonical(load(as_yaml))) == BETA_DIGEST


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    text = with_mistakes(TEXT)
    found = faults_of(text)
    for words in TOLD:
        assert words in str(found)
    lines = text.splitlines()
    for fault in found.faults:
        assert fault.line is not None
        if fault.problem.startswith(("unknown key", "gate", "'suporting'")):
            assert str(fault.path[-1]) in lines[fault.line - 1]
    assert [fault.line for fault in found.faults] == sorted(fault.line or 0 for fault in found.faults)


def test_the_same_faults_are_told_of_the_same_document_as_yaml() -> None:
    raw = tomllib.loads(with_mistakes(TEXT))
    raw["effective_from"] = "2023-12-18"
    text = yaml.safe_dump(raw, sort_keys=False)
    expected = {(fault.place, fault.sentence) for fault in faults_of(with_mistakes(TEXT)).faults}
    found = faults_of(text)
    assert {(fault.place, fault.sentence) for fault in found.faults} == {
        one for one in expected if one[0] != "effective_from"
    }
    misspelt = next(fault for fault in found.faults if fault.place == "indicators[0].valeu")
    assert misspelt.line is not None
    assert "valeu: 0.45" in text.splitlines()[misspelt.line - 1]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"a = 1\nb = = 2", "line 2, column 5: this is not valid TOML"),
        (b"[policy", "line 1"),
        (b"a: 1\nb: [2", "line 2, column 6: this is not valid YAML"),
        (b"a: 1\na: 2", "line 2, column 1: the key 'a' stands twice"),
        (b"a: &x 1\nb: *x", "line 2, column 4: the alias *x stands for another part"),
        (b"a: !!python/object:os.system 1", "line 1, column 4: the tag"),
        (b"a: \x00", "this is not valid YAML"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
        (b"a: " + b"[" * 50_000, "line 1, column 35: the document is nested too deeply"),
        (b"- " * 50_000, "nested too deeply"),
        (b"# a", "the key 'slug' is missing"),
        (b"- a", "a list does not fit. Allowed: a table"),
        (b"#" * (MOST_BYTES + 1), "larger than 512 KiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_at_its_place(source: bytes, words: str) -> None:
    assert words in str(faults_of(source))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@examples(150)
def test_no_bytes_whatever_break_the_reading(source: bytes) -> None:
    try:
        load(source)
    except FrameworkFaulty as found:
        assert found.faults  # noqa: PT017 - that it is refused with faults is what is asked


KEYS = st.sampled_from(["k", "a b", "é", "d.t"])
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.sampled_from(["a", "'", '"', "# no comment", "]", "x\ny", "[t]", "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def as_toml(value: Any) -> str:
    """Write a value inline, one value to a line in its lists, with comments between."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"  # ] }} = \n  {as_toml(one)},\n" for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in _paths(one, (*path, key)))]


@given(st.dictionaries(KEYS, VALUES, max_size=3), st.lists(VALUES, max_size=3))
@examples(120)
def test_every_value_of_a_document_has_its_place(table: dict[str, Any], rows: list[Any]) -> None:
    text = "".join(f"{json.dumps(key, ensure_ascii=False)} = {as_toml(value)}\n" for key, value in table.items())
    for place, row in enumerate(rows):
        text += f"[[many]] # [no]\nhere.at = {place}\nvalue = {as_toml(row)}\n[many.sub]\nx = '''\n[no]\n'''\n"
    values, places = read(b"#\n" + text.encode() + b"\n")
    assert set(_paths(values)) <= set(places)
    lines = ["#", *text.splitlines()]
    for place, _ in enumerate(rows):
        line, column = places["many", place, "here", "at"]
        assert lines[line - 1][column - 1 :] == str(place)
        assert lines[places["many", place, "sub"][0] - 1] == "[many.sub]"


def test_the_published_schema_is_made_from_the_models() -> None:
    kept = json.loads((ROOT / "docs/reference/framework.schema.json").read_text(encoding="utf-8"))
    assert kept == schema()
    assert kept["required"][:2] == ["schema", "slug"]
    assert set(kept["properties"]) == {field.alias or name for name, field in FrameworkDocument.model_fields.items()}


def test_no_category_can_take_the_address_of_another_page() -> None:
    prefix = "/scorecards/{number}/v{version}/"
    pages = {path.removeprefix(prefix) for path in served(get_resolver().url_patterns) if path.startswith(prefix)}
    single = {path.removesuffix("/") for path in pages if path.count("/") == 1 and "{" not in path}
    assert single == set(TAKEN)


PF2_TEXT = (SOURCE.parent / "preparedness-framework-2.toml").read_text(encoding="utf-8")
REFUSED_RULES = (
    ('level = "critical", definition = "With the', 'level = "high", definition = "With the',
     "category 'biological_chemical' must name its levels once each and in the framework's order"),
    ('scope = "each_category"\nat_most = "below_high"\ncounts', 'at_most = "below_high"\ncounts',
     "gate 'deploy' reads the overall level, and this framework has none. Allowed: scope = \"each_category\""),
    ('pathway = "scaled-operations"', 'pathway = "scaled-operation"',
     "indicator 'cyber-robustness' names the unknown pathway 'scaled-operation'"),
    ('pathway = "scaled-operations"', 'pathway = "novice-known-threat"',
     "tests the pathway 'novice-known-threat' of another category or level"),
    ('claim = "usage_monitoring"', 'claim = "value_alignment"',
     "tests the claim 'value_alignment', which does not close the pathway 'novice-known-threat'"),
    ('claims = ["robustness", "usage_monitoring"', 'claims = ["robustnes", "usage_monitoring"',
     "pathway 'novice-known-threat' names the unknown claim 'robustnes'"),
    ('sides = ["pre_mitigation"]\nevaluation = "protocolqa', 'evaluation = "protocolqa',
     "must speak on one side only: claims are tested on the second, capabilities on the first"),
    ('actions = ["deploy"]', 'actions = ["deploi"]', "exception 'marginal_risk' names the unknown gate 'deploi'"),
    ('action = "deploy"\n', 'action = "deploy"\ncategories = ["sandbagging"]\n',
     "gate 'deploy' reads the category 'sandbagging', which is for research and decides nothing"),
    ('id = "bio-protocolqa-high"\n', 'id = "bio-protocolqa-high"\nsub_area = "chemical"\n',
     "names the unknown sub-area 'chemical'"),
    ('level = "critical"\nname = "An expert', 'level = "below_high"\nname = "An expert',
     "pathway 'expert-novel-threat' is on the base level, which needs no pathway"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), REFUSED_RULES)
def test_a_rule_that_refers_to_what_is_not_there_is_refused_with_its_place(old: str, new: str, words: str) -> None:
    assert old in PF2_TEXT
    found = faults_of(PF2_TEXT.replace(old, new, 1))
    assert words in str(found)
    assert all(fault.line is not None for fault in found.faults)


def test_no_threshold_may_stand_on_a_level_that_is_not_defined_yet() -> None:
    text = (SOURCE.parent / "frontier-safety-like.toml").read_text(encoding="utf-8")
    old = 'category = "misalignment"\nlevel = "alert"'
    assert old in text
    found = faults_of(text.replace(old, 'category = "misalignment"\nlevel = "critical_capability"'))
    assert "is on the level 'critical_capability', which the category does not define yet" in str(found)
