"""Lease tokens: whose they are, and when that process is surely gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluations import leases
from scorecard.environment import ROOT

OWN = "from evaluations import leases; print(leases.new_token())"


def test_two_tokens_of_one_process_differ_and_neither_is_abandoned() -> None:
    first, second = leases.new_token(), leases.new_token()
    assert first != second
    assert not leases.is_abandoned(first)


def test_the_token_of_a_process_that_ended_is_abandoned() -> None:
    done = subprocess.run([sys.executable, "-c", OWN], cwd=ROOT, capture_output=True, text=True, check=True)
    assert leases.place()
    assert leases.is_abandoned(done.stdout.strip())


@pytest.mark.parametrize("token", ["", "lease_of_another", "-7-x", "elsewhere-999999999-x", "elsewhere-x-y", "a-b"])
def test_what_cannot_be_judged_from_here_is_never_taken_for_abandoned(token: str) -> None:
    assert not leases.is_abandoned(token)


@pytest.mark.parametrize("number", ["", "x", "-3", "99999999999999999999"])
def test_a_token_of_here_without_a_process_that_could_be_is_never_taken_for_abandoned(number: str) -> None:
    assert not leases.is_abandoned(f"{leases.place()}-{number}-0123456789abcdef")


def test_where_processes_cannot_be_told_apart_nothing_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BOOT", Path("/nowhere/boot_id"))
    leases.place.cache_clear()
    try:
        assert leases.place() == ""
        assert not leases.is_abandoned("-999999999-x")
    finally:
        leases.place.cache_clear()


def test_a_token_fits_its_column_for_the_largest_process_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 2**22)
    assert len(leases.new_token()) <= 40
