"""Ratings of many from comparisons of two: Bradley-Terry by maximum likelihood, and Elo for display only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .distributions import two_sided_z
from .estimate import Estimate
from .inputs import inner_share, real, share

Comparison = tuple[str, str, float]
Floats = NDArray[np.float64]
ELO_SCALE = 400.0 / math.log(10.0)
STEPS, TOLERANCE = 200, 1e-13


class NotIdentifiable(ValueError):
    """The comparisons do not order everybody; `components` are the groups between which no ratio is finite."""

    def __init__(self, components: tuple[tuple[str, ...], ...]) -> None:
        self.components = components
        listed = "; ".join(
            "{" + ", ".join(group[:5]) + (" ..." if len(group) > 5 else "") + "}" for group in components
        )
        super().__init__(
            "no finite ratings: between these groups wins go one way only or not at all, so compare across them: "
            f"{listed[:500]}"
        )


@dataclass(frozen=True)
class BradleyTerry:
    """`ratings` in the order of `players`: natural log strengths with mean 0, each with its interval."""

    players: tuple[str, ...]
    ratings: tuple[Estimate, ...]
    log_likelihood: float

    def win_probability(self, first: str, second: str) -> float:
        """Return the fitted chance that the first beats the second. Raises ValueError for an unknown player."""
        gap = self._strength(first) - self._strength(second)
        return 1.0 / (1.0 + math.exp(-gap))

    def elo_scale(self, player: str, *, centre: float = 1000.0) -> float:
        """Return the rating on Elo's scale, 400 points for odds of ten to one."""
        return centre + ELO_SCALE * self._strength(player)

    def _strength(self, player: str) -> float:
        if player not in self.players:
            raise ValueError(f"{player[:80]!r} was not compared")
        return self.ratings[self.players.index(player)].point or 0.0


def _checked(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    for place, (first, second, score) in enumerate(comparisons):
        share(score, f"comparisons[{place}]: the score of the first")
        if first == second:
            raise ValueError(f"comparisons[{place}]: {first[:80]!r} is compared with itself")
    if not comparisons:
        raise ValueError("comparisons must hold at least 1 value(s), got 0")
    return tuple(dict.fromkeys(name for first, second, _ in comparisons for name in (first, second)))


def _table(comparisons: Sequence[Comparison], players: tuple[str, ...]) -> Floats:
    """Return wins[i, j]: how often i beat j, a tie being half a win for both."""
    place = {name: index for index, name in enumerate(players)}
    wins = np.zeros((len(players), len(players)))
    for first, second, score in comparisons:
        wins[place[first], place[second]] += score
        wins[place[second], place[first]] += 1.0 - score
    return wins


def _components(beats: NDArray[np.bool_]) -> list[list[int]]:
    """Return the strongly connected components of "i beat j at least once", by the closure of its paths."""
    reach = beats | np.eye(len(beats), dtype=bool)
    for through in range(len(beats)):
        reach |= np.outer(reach[:, through], reach[through])
    both = reach & reach.T
    return [np.flatnonzero(row).tolist() for place, row in enumerate(both) if np.flatnonzero(row)[0] == place]


def _likelihood(wins: Floats, theta: Floats) -> float:
    return float(-(wins * np.logaddexp(0.0, theta[None, :] - theta[:, None])).sum())


def _maximum(wins: Floats) -> tuple[Floats, Floats]:
    """Return the log strengths with mean 0 and the information matrix, by Newton's method with halved steps."""
    games, theta = wins + wins.T, np.zeros(len(wins))
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(theta[None, :] - theta[:, None]))
        gradient = wins.sum(axis=1) - (games * chance).sum(axis=1)
        spread = games * chance * (1.0 - chance)
        information = np.diag(spread.sum(axis=1)) - spread
        step = np.linalg.solve(information + games.sum() / len(theta) ** 2, gradient)
        before = _likelihood(wins, theta)
        while np.abs(step).max() > TOLERANCE and _likelihood(wins, theta + step) < before - 1e-9 * abs(before):
            step = step / 2.0
        theta = theta + step - step.mean()
        if np.abs(step).max() <= TOLERANCE:
            break
    return theta - theta.mean(), information


def bradley_terry(comparisons: Sequence[Comparison], *, confidence: float = 0.95) -> BradleyTerry:
    """Return the maximum likelihood ratings from (first, second, score of the first), score 1, 0 or 1/2 for a tie.

    Zermelo (1929); Bradley and Terry (1952); it exists exactly if everybody is linked to everybody by wins (Ford
    1957), else `NotIdentifiable` names the groups. Agrees with `choix.opt_pairwise(alpha=0)`, centred. Intervals are
    normal, from the inverse information under mean 0, and take comparisons for independent. Raises ValueError without
    comparisons, for one with itself, or for a score outside [0, 1].
    """
    players, level = _checked(comparisons), inner_share(confidence, "confidence")
    wins = _table(comparisons, players)
    groups = _components(wins > 0.0)
    if len(groups) > 1:
        raise NotIdentifiable(tuple(tuple(players[index] for index in group) for group in groups))
    theta, information = _maximum(wins)
    errors = np.sqrt(np.diag(np.linalg.pinv(information, hermitian=True)))
    games, half = (wins + wins.T).sum(axis=1), two_sided_z(level) * errors
    ratings = tuple(
        Estimate(
            statistic="bradley_terry", method="maximum likelihood", point=float(point), low=float(point - reach),
            high=float(point + reach), confidence=level, stderr=float(error), n=len(comparisons), n_eff=float(played),
        )
        for point, reach, error, played in zip(theta, half, errors, games, strict=True)
    )  # fmt: skip
    return BradleyTerry(players=players, ratings=ratings, log_likelihood=_likelihood(wins, theta))


@dataclass(frozen=True)
class EloRatings:
    """Ratings after the games in the given order and in the reverse one; `order_effect` is the largest change."""

    ratings: dict[str, float]
    reversed_ratings: dict[str, float]
    order_effect: float
    n: int
    notes: tuple[str, ...]


def _played(comparisons: Sequence[Comparison], players: tuple[str, ...], k: float, initial: float) -> dict[str, float]:
    ratings = dict.fromkeys(players, initial)
    for first, second, score in comparisons:
        expected = 1.0 / (1.0 + 10.0 ** ((ratings[second] - ratings[first]) / 400.0))
        change = k * (score - expected)
        ratings[first] += change
        ratings[second] -= change
    return ratings


def elo(comparisons: Sequence[Comparison], *, k: float = 32.0, initial: float = 1000.0) -> EloRatings:
    """Return Elo ratings: display only, because the same games in another order give other ratings.

    Elo (1978); agrees with `evalica.elo(initial=1000, base=10, scale=400, k=32)`. The order effect is shown; use
    `bradley_terry` for anything else. Raises ValueError as `bradley_terry`, except that everybody has a rating.
    """
    players, step, start = _checked(comparisons), real(k, "k"), real(initial, "initial")
    forward = _played(comparisons, players, step, start)
    backward = _played(list(reversed(comparisons)), players, step, start)
    effect = max(abs(forward[name] - backward[name]) for name in players)
    notes = ("display only: Elo depends on the order of games", f"reversing the order moves a rating by {effect:.1f}")
    return EloRatings(ratings=forward, reversed_ratings=backward, order_effect=effect, n=len(comparisons), notes=notes)
