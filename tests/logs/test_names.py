"""Names by number agree with a plain dictionary, whatever is asked in whatever order, in a fraction of its memory."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from evaluations.logs import names
from evaluations.logs.names import Counts, Names, Repeated

ODD = ["", " ", "ä", "a", "a\n", "\ud800", "名前", "x" * 500, "0", "-1"]


@pytest.fixture
def soon_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names leave the dictionary after a few, so that the sorted arrays are what is asked."""
    monkeypatch.setattr(names, "YOUNG", 7)


@pytest.mark.usefixtures("soon_merged")
def test_names_are_numbered_as_a_dictionary_would_number_them() -> None:
    draw = random.Random(3)
    known, plain = Names(), dict[str, int]()
    for _ in range(5000):
        text = draw.choice(ODD) if draw.random() < 0.1 else f"task-{draw.randrange(1500)}"
        assert known.find(text) == plain.get(text)
        assert known.number(text) == plain.setdefault(text, len(plain))
    assert len(known) == len(plain)
    assert list(known) == list(plain)


@pytest.mark.usefixtures("soon_merged")
def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "hash", lambda text: -5 if text.startswith("same") else 2**62, raising=False)
    known = Names()
    texts = [f"{kind} {index}" for index in range(40) for kind in ("same", "other")]
    assert [known.number(text) for text in texts] == list(range(80))
    assert [known.find(text) for text in texts] == list(range(80))
    assert known.find("same 40") is None


@pytest.mark.usefixtures("soon_merged")
def test_a_name_is_added_once() -> None:
    known = Names()
    assert [known.add(text) for text in ("a", "b", "a")] == [True, True, False]
    assert all(known.add(str(index)) for index in range(20))
    assert not known.add("a")


@pytest.mark.usefixtures("soon_merged")
def test_counts_say_how_often_a_text_came() -> None:
    counts = Counts()
    assert counts.most() == 0
    assert [counts.again(text) for text in ("a", "b", "a", "a")] == [1, 1, 2, 3]
    for index in range(20):
        counts.again(str(index))
    assert counts.again("b") == 2
    assert (len(counts), counts.most()) == (22, 3)


@pytest.mark.usefixtures("soon_merged")
def test_a_column_of_repeated_texts_reads_as_the_list_that_was_put_in() -> None:
    texts = [f"task {index % 13}" for index in range(200)]
    column = Repeated()
    assert [column.append(text) for text in texts] == [index % 13 for index in range(200)]
    assert (list(column), len(column), column[150]) == (texts, 200, texts[150])
    assert (column.count("task 5"), column.count("never")) == (texts.count("task 5"), 0)
    assert list(column.repeats(range(0, 40, 13))) == [1, 2, 3, 4]
    assert list(column.repeats([0, 1, 13, 14, 0])) == [1, 1, 2, 2, 3]
    assert column.distinct(range(0, 200, 26)) == 1
    assert column.distinct(range(200)) == 13


@pytest.mark.usefixtures("soon_merged")
def test_sealed_names_are_told_and_take_no_other() -> None:
    known = Names()
    texts = [f"task {index}" for index in range(25)]
    for text in texts:
        known.number(text)
    known.seal()
    assert (list(known), known[24]) == (texts, "task 24")
    with pytest.raises(RuntimeError):
        known.number("task 25")


def test_a_name_costs_less_than_a_hundred_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "YOUNG", 500)

    def held(count: int) -> int:
        tracemalloc.start()
        try:
            known = Names()
            for index in range(count):
                known.number(f"task-{index:07d}")
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    few, many = 5_000, 15_000
    assert (held(many) - held(few)) / (many - few) < 60
