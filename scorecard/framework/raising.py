"""What would raise a level: the smallest count of successes whose lower bound reaches a threshold."""

from __future__ import annotations

from evaluations.estimates.deciding import INTERVALS


def solves_to_reach(threshold: float, interval: str, n: int) -> int | None:
    """Return the smallest k of n whose lower bound is at or above the threshold; None if even n of n is below it."""
    bound = INTERVALS[interval]
    low, high = 0, n
    if bound(n, n)[0] < threshold:
        return None
    while low < high:
        middle = (low + high) // 2
        if bound(middle, n)[0] >= threshold:
            high = middle
        else:
            low = middle + 1
    return low
