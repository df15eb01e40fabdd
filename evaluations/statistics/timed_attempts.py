"""METR's time horizon from attempts at timed tasks; those at one task are gathered, because they share its length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .horizons import TimeHorizon, time_horizon

REGULARISATION = 0.1
"""The L2 penalty of both of METR's reports."""


@dataclass(frozen=True)
class TimedAttempt:
    """One scored attempt at a task that takes a skilled human `minutes` > 0; `score` in [0, 1], `group` its family.

    `weight` is the publication's own, None where it gives none.
    """

    task: str
    group: str
    minutes: float
    score: float
    weight: float | None = None


def horizon_of_attempts(attempts: Iterable[TimedAttempt], *, seed: int, resamples: int = 1000) -> TimeHorizon:
    """Return the time horizon at one half, its interval from resampled families, with `n` counting the tasks.

    Kwa et al. (2025). The loss is linear in the attempts at one task, so their weighted mean with their summed weight
    has the same fit and costs a fraction. The attempts weigh what the publication says if it says so of each of them,
    otherwise every task weighs the same; `notes` say which. Raises ValueError without attempts, for minutes <= 0 and
    for a score outside [0, 1].
    """
    given = list(attempts)
    published = bool(given) and all(one.weight is not None for one in given)
    gathered: dict[tuple[str, str, float], list[tuple[float, float]]] = {}
    for one in given:
        place = (one.group, one.task, one.minutes)
        gathered.setdefault(place, []).append((one.score, one.weight if published and one.weight is not None else 1.0))
    totals = [sum(weight for _, weight in rows) for rows in gathered.values()]
    means = [
        sum(score * weight for score, weight in rows) / total if total > 0.0 else rows[0][0]
        for rows, total in zip(gathered.values(), totals, strict=True)
    ]
    found = time_horizon(
        [minutes for _, _, minutes in gathered], means, weights=totals if published else None,
        groups=[group for group, _, _ in gathered], regularisation=REGULARISATION, seed=seed, resamples=resamples,
    )  # fmt: skip
    said = "attempts weigh what the publication says" if published else "every task weighs the same"
    return TimeHorizon(**{**vars(found), "notes": (*found.notes, said)})
