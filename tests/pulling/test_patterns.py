"""Glob patterns: what fits and what does not, and no pattern that takes for ever."""

from __future__ import annotations

import time

import pytest

from evaluations.pulling.patterns import matches, split_address


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("a/b.eval", "*.eval", True), ("a/b.json", "*.eval", False), ("a/c.eval", "a/*.eval", True),
        ("a/b/c.eval", "a/*.eval", False), ("a/b/c.eval", "a/**/*.eval", True), ("a/c.eval", "a/**/*.eval", True),
        ("c.eval", "**/*.eval", True), ("a/x1.json", "a/x[0-9].json", True), ("a/xy.json", "a/x[0-9].json", False),
        ("a/x1.json", "a/x[!0-9].json", False), ("a/b", "**", True), ("f[.x", "f[.x", True),
        ("A.eval", "a.eval", False),
        ("flat/objects/aa/bb/u.json", "**/objects/*/*/*.json*", True), ("a/b/c", "a/**/b/c", True),
        ("a/b", "a/**/b/c", False), ("a\nb.eval", "*.eval", True),
    ],
)  # fmt: skip
def test_a_pattern_fits_as_in_a_shell(name: str, pattern: str, fits: bool) -> None:
    assert matches(name, pattern) is fits


def test_the_pattern_of_a_whole_name_stays_on_its_level() -> None:
    assert matches("a.eval", "*.eval", whole=True)
    assert not matches("deep/a.eval", "*.eval", whole=True)


def test_an_address_is_split_before_its_first_wildcard() -> None:
    assert split_address("/logs/2026-*/x/*.eval") == ("/logs", "2026-*/x/*.eval")
    assert split_address("/logs") == ("/logs", None)
    assert split_address("/*.eval") == ("/", "*.eval")


def test_no_pattern_takes_for_ever() -> None:
    started = time.monotonic()
    assert not matches("a" * 900, "*a" * 50 + "b")
    assert not matches("/".join("a" * 200), "/".join(["**", "a"] * 50 + ["b"]))
    assert time.monotonic() - started < 2.0
