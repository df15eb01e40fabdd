"""What a statistic accepts: finite numbers, whole counts and shares; anything else is refused by name and place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real

MOST, LARGEST = 2**53, 1e100


def _shown(value: object) -> str:
    if type(value) is int and abs(value) > MOST:
        return f"a whole number of {value.bit_length()} bits"
    return repr(value)[:40]


def real(value: object, name: str) -> float:
    """Return `value` as a float. Raises ValueError unless it is a finite number whose squares can be added up."""
    try:
        found = float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        found = math.nan
    if not abs(found) <= LARGEST:
        raise ValueError(f"{name} must be a finite number of at most {LARGEST:g}, got {_shown(value)}")
    return found


def reals(values: Iterable[object], name: str, *, at_least: int = 1) -> list[float]:
    """Return finite floats. Raises ValueError for fewer than `at_least` and names the place of a bad one."""
    found = [real(value, f"{name}[{place}]") for place, value in enumerate(values)]
    if len(found) < at_least:
        raise ValueError(f"{name} must hold at least {at_least} value(s), got {len(found)}")
    return found


def whole(value: object, name: str, *, at_least: int = 0, at_most: int = MOST) -> int:
    """Return `value` as an int. Raises ValueError unless it is a whole number within its bounds."""
    found = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if found is None or not at_least <= found <= at_most:
        raise ValueError(f"{name} must be a whole number from {at_least} to {at_most}, got {_shown(value)}")
    return found


def share(value: object, name: str) -> float:
    """Return a number in [0, 1]. Raises ValueError otherwise."""
    found = real(value, name)
    if not 0.0 <= found <= 1.0:
        raise ValueError(f"{name} must lie in [0, 1], got {found!r}")
    return found


def inner_share(value: object, name: str) -> float:
    """Return a number in (0, 1): a confidence, an error rate, a null hypothesis. Raises ValueError otherwise."""
    found = real(value, name)
    if not 0.0 < found < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {found!r}")
    return found


def shares(values: Iterable[object], name: str, *, at_least: int = 1) -> list[float]:
    """Return numbers in [0, 1]. Raises ValueError as `reals`, and names the place of one outside."""
    return [share(value, f"{name}[{place}]") for place, value in enumerate(reals(values, name, at_least=at_least))]


def counted(k: object, n: object, name: str = "") -> tuple[int, int]:
    """Return k successes in n >= 1 trials. Raises ValueError otherwise."""
    label = f"{name}: " if name else ""
    successes, trials = whole(k, f"{label}k"), whole(n, f"{label}n", at_least=1)
    if successes > trials:
        raise ValueError(f"{label}{successes} successes are more than {trials} trials")
    return successes, trials
