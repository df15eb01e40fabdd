"""Where a finding turns while one count grows: the search that samples flipped and samples added share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Finding = Callable[[int], str]


def _first_other(finding: Finding, held: str, at: int, most: int) -> int | None:
    """Return the smallest count above `at` with another finding than `held`, or None up to `most`."""
    if finding(most) == held:
        return None
    low, step = at, 1
    while finding(min(most, low + step)) == held:
        low, step = low + step, step * 2
    high = min(most, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if finding(middle) == held else (low, middle)
    return high


def turns(finding: Finding, most: int) -> Iterator[tuple[int, str]]:
    """Yield (count, finding) wherever the finding becomes another while the count grows from 0 to `most`.

    Each finding must hold for one unbroken stretch of counts. It does where both bounds move in one direction, as they
    do when successes, failures or samples at one rate are added.
    """
    at = 0
    held = finding(0)
    while at < most:
        following = _first_other(finding, held, at, most)
        if following is None:
            return
        at, held = following, finding(following)
        yield at, held
