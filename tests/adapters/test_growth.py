"""What an adapter holds of each sample is small, so that a worker's memory does not follow the log."""

from __future__ import annotations

import tempfile
import tracemalloc
from importlib import import_module
from itertools import count

import pytest

from evaluations.logs import names
from evaluations.logs.source import LogSource
from tests.adapters.growing import GROWING

MOST_BYTES = 100
"""Bytes that an adapter may hold of a sample."""


def held(module: str, samples: int) -> int:
    """Bytes that the adapter holds when it has told the last sample of the first run."""
    name, make = GROWING[module]
    read = import_module(f"evaluations.adapters.{module}").ADAPTER.read
    with tempfile.TemporaryFile() as file:
        size = file.write(make(samples))
        tracemalloc.start()
        try:
            runs = read(LogSource(file, name, size))
            found = iter(next(runs).samples)
            told = next(number for number, _ in zip(count(1), found, strict=False) if number == samples)
            assert told == samples
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("module", GROWING)
def test_an_adapter_holds_at_most_a_hundred_bytes_of_a_sample(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first names stand in a dictionary; fewer of them, so that a small log shows what a large one costs.
    monkeypatch.setattr(names, "YOUNG", 200)
    few, many = 20_000, 40_000
    assert (held(module, many) - held(module, few)) / (many - few) <= MOST_BYTES
