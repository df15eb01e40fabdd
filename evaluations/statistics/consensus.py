"""Answers chosen among k attempts: by majority (cons@k) or by a reward model (best of n), computed exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .estimate import Estimate
from .inputs import real, share, whole
from .means import mean_in_unit_interval

TIES = ("split", "wrong")
MOST = 256


@dataclass(frozen=True)
class Vote:
    """The recorded answers of one item and the correct one; an answer that could not be read is one answer more."""

    answers: tuple[Hashable, ...]
    correct: Hashable


def _drawn(n: int, k: int, name: str) -> int:
    size = whole(k, "k", at_least=1)
    if n > MOST:
        raise ValueError(f"an item holds at most {MOST} {name} here, got {n}")
    if size > n:
        raise ValueError(f"k = {size} needs {size} {name}, the item has {n}")
    return size


def _ways(others: Sequence[int], draws: int, most: int) -> dict[int, int]:
    """Return number of answers that tie at `most` -> ways to draw `draws` attempts of others, none above `most`."""
    table: dict[tuple[int, int], int] = {(0, 0): 1}
    for held in others:
        grown: Counter[tuple[int, int]] = Counter()
        for (used, tied), ways in table.items():
            for taken in range(min(held, most, draws - used) + 1):
                grown[(used + taken, tied + (taken == most))] += ways * math.comb(held, taken)
        table = dict(grown)
    return {tied: ways for (used, tied), ways in table.items() if used == draws}


def item_cons_at_k(vote: Vote, k: int, *, ties: str = "split") -> float:
    """Return the chance that the correct answer wins the vote of k attempts drawn without replacement.

    Wang et al. (2023), "Self-consistency"; exact, and equal to enumerating all subsets, in a time that does not grow
    with their number. A tie for first is split evenly, or lost with `ties="wrong"`. Raises ValueError for k above the
    recorded answers, an answer of None, or another tie policy.
    """
    size = _drawn(len(vote.answers), k, "answers")
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, got {str(ties)[:40]!r}")
    if any(answer is None for answer in vote.answers):
        raise ValueError("an answer of None cannot vote: drop the attempt, or give unreadable answers a label")
    held = Counter(vote.answers)
    mine = held.pop(vote.correct, 0)
    won = Fraction(0)
    for votes in range(1, min(mine, size) + 1):
        for tied, ways in _ways(list(held.values()), size - votes, votes).items():
            if ties == "split" or not tied:
                won += Fraction(math.comb(mine, votes) * ways, tied + 1)
    return float(won / math.comb(len(vote.answers), size))


def cons_at_k(votes: Sequence[Vote], *, k: int, ties: str = "split") -> Estimate:
    """Return the mean over items of `item_cons_at_k`, with Wilson's interval. Raises ValueError likewise."""
    values = [item_cons_at_k(vote, k, ties=ties) for vote in votes]
    return mean_in_unit_interval(values, statistic=f"cons@{k}", notes=(f"ties {ties}",))


@dataclass(frozen=True)
class Ranked:
    """One attempt: its score in [0, 1] and the reward model's opinion of it, in any unit."""

    score: float
    reward: float


def item_best_of_n(attempts: Sequence[Ranked], k: int) -> float:
    """Return the expected score of the attempt with the highest reward among k drawn without replacement.

    Exact: a reward is the highest with chance (C(at most, k) - C(below, k)) / C(n, k), and equal rewards share it
    (Nakano et al. 2021, "WebGPT", best of n; the estimator is that of Gao, Schulman and Hilton 2023, appendix).
    Raises ValueError for k above the attempts, or a reward that is not finite.
    """
    size, n = _drawn(len(attempts), k, "attempts"), len(attempts)
    levels: dict[float, list[float]] = {}
    for place, attempt in enumerate(attempts):
        score = share(attempt.score, f"attempts[{place}].score")
        levels.setdefault(real(attempt.reward, f"attempts[{place}].reward"), []).append(score)
    below, expected = 0, []
    for reward in sorted(levels):
        scores = levels[reward]
        chance = Fraction(math.comb(below + len(scores), size) - math.comb(below, size), math.comb(n, size))
        expected.append(float(chance) * math.fsum(scores) / len(scores))
        below += len(scores)
    return min(1.0, math.fsum(expected))


def best_of_n(items: Sequence[Sequence[Ranked]], *, k: int) -> Estimate:
    """Return the mean over items of `item_best_of_n`, with Wilson's interval. Raises ValueError likewise."""
    return mean_in_unit_interval([item_best_of_n(item, k) for item in items], statistic=f"best_of_{k}")
