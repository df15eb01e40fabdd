"""The statistics that are shown beside the deciding estimate of a run: what else its samples say, and how surely."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import groupby
from typing import Any

from evaluations.estimates.scores import ScoreRow
from evaluations.samples import SampleColumns
from evaluations.statistics.attempts import Attempts
from evaluations.statistics.bootstraps import (
    bootstrap_attempts,
    bootstrap_mean,
    bootstrap_proportion,
    bootstrap_two_level,
)
from evaluations.statistics.estimate import Estimate
from evaluations.statistics.means import mean, mean_clustered
from evaluations.statistics.passing import pass_at_k, pass_hat_k
from evaluations.statistics.proportions import proportion_jeffreys, upper_bound
from evaluations.statistics.timed_attempts import TimedAttempt, horizon_of_attempts

MOST_ROWS = 200_000
"""Rows beyond which the shown statistics are left out; the deciding ones need no lists and stay."""
MOST_DRAWN = 20_000
"""Items beyond which nothing is resampled: the interval of the mean says the same by then."""
RESAMPLES = 2_000
MINUTES, WEIGHT = "human_minutes", "invsqrt_task_weight"
"""What an adapter keeps with an attempt at a timed task: how long a skilled human takes, and METR's weight of it."""
Computing = Callable[[], Estimate]


def _items(columns: SampleColumns) -> list[tuple[str, list[ScoreRow]]]:
    rows = (row for row in columns.rows() if not row.superseded)
    return [(identifier, list(group)) for identifier, group in groupby(rows, key=lambda row: row.id)]


def _scores(attempts: list[ScoreRow]) -> list[float]:
    return [row.score for row in attempts if row.score is not None]


def _single_attempts(columns: SampleColumns) -> tuple[list[float], list[str | None]]:
    """Return value and cluster of every scored sample, in canonical order and without an object per sample."""
    scores, gone = columns.scores, columns.superseded
    scored = [index for index in columns.order() if not gone[index] and not math.isnan(scores[index])]
    return [scores[index] for index in scored], columns.clusters.at(scored)


def _seed_of(columns: SampleColumns) -> int:
    """A seed that the samples themselves determine, so that the same run always shows the same interval."""
    return int.from_bytes(hashlib.sha256(columns.digest().encode()).digest()[:4], "big")


def _wanted(columns: SampleColumns) -> list[Computing]:
    items: list[tuple[str, list[ScoreRow]]] = []
    if columns.ids_are_distinct():
        values, clusters = _single_attempts(columns)
    else:
        items = [(name, attempts) for name, attempts in _items(columns) if _scores(attempts)]
        values = [sum(scores) / len(scores) for scores in (_scores(attempts) for _, attempts in items)]
        clusters = [next((row.cluster for row in attempts if row.cluster), None) for _, attempts in items]
    seed = _seed_of(columns) if len(values) <= MOST_DRAWN else None
    wanted: list[Computing] = [partial(mean, values)]
    if any(clusters):
        named = [cluster or f"alone {number}" for number, cluster in enumerate(clusters)]
        wanted.append(partial(mean_clustered, values, named))
    if columns.unit not in ("proportion", "percent") or any(score not in (0.0, 1.0) for score in columns.live_scores()):
        drawn = [partial(bootstrap_mean, values, seed=seed, resamples=RESAMPLES)] if seed is not None else []
        return [*wanted, *drawn]
    if max((len(attempts) for _, attempts in items), default=1) == 1:
        return [*wanted, *_of_single_attempts(int(sum(values)), len(values))]
    return [*wanted, *_of_repeated_attempts(items, seed)]


def _of_single_attempts(k: int, n: int) -> list[Computing]:
    return [partial(statistic, k, n) for statistic in (bootstrap_proportion, upper_bound, proportion_jeffreys)]


def _of_repeated_attempts(items: list[tuple[str, list[ScoreRow]]], seed: int | None) -> list[Computing]:
    attempts = [
        Attempts(
            valid=len(_scores(rows)), correct=int(sum(_scores(rows))), errors=len(rows) - len(_scores(rows)), name=name
        )
        for name, rows in items
    ]
    most = max(len(rows) for _, rows in items)
    wanted: list[Computing] = []
    if seed is not None:
        rates = [item.correct / item.valid for item in attempts]
        wanted += [
            partial(bootstrap_attempts, attempts, seed=seed, resamples=RESAMPLES),
            partial(bootstrap_mean, rates, seed=seed, resamples=RESAMPLES),
            partial(bootstrap_two_level, attempts, seed=seed, resamples=RESAMPLES),
        ]
    for k in sorted({2, most}):
        wanted += [partial(pass_at_k, attempts, k=k), partial(pass_hat_k, attempts, k=k)]
    return wanted


def shown_beside(columns: SampleColumns) -> list[dict[str, Any]]:
    """Return the statistics of a run's samples as JSON values, each with its method, interval, n and notes.

    One that cannot be computed is listed with the reason. Nothing here decides a level.
    """
    if len(columns) > MOST_ROWS or not any(True for _ in columns.live_scores()):
        return []
    rows = []
    for compute in _wanted(columns):
        try:
            rows.append(asdict(compute()))
        except ValueError as reason:
            name = compute.func.__name__ if isinstance(compute, partial) else "statistic"
            rows.append({"statistic": name, "method": "not computed", "point": None, "notes": [str(reason)]})
    return rows


def _number(judged: Any, name: str) -> float | None:
    value = judged.get(name) if isinstance(judged, dict) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _timed(columns: SampleColumns) -> Iterator[TimedAttempt | None]:
    """Yield every live attempt at a task whose human minutes are known; None for one without a score."""
    for index in columns.order():
        judge = None if columns.superseded[index] else columns.detail(index)["judge"]
        minutes = _number(judge, MINUTES)
        if minutes is None or minutes <= 0.0:
            continue
        row = columns.row(index)
        if row.score is None:
            yield None
        else:
            yield TimedAttempt(row.id, row.cluster or row.id, minutes, row.score, _number(judge, WEIGHT))


def shown_horizon(columns: SampleColumns) -> dict[str, Any] | None:
    """Return METR's time horizon in minutes as JSON values, or why there is none; None where no task has minutes.

    `n` counts tasks, `attempts` the scored attempts at them and `unscored` those without a score, which are left out.
    """
    judges, tried = columns.details["judge"], range(min(len(columns), MOST_ROWS))
    if judges is None or not any(MINUTES in (judges[index] or "") for index in tried):
        return None
    if len(columns) > MOST_ROWS:
        return _no_horizon(f"more than {MOST_ROWS} attempts are not fitted here")
    found = list(_timed(columns))
    scored = [one for one in found if one is not None]
    counts = {"attempts": len(scored), "unscored": len(found) - len(scored)}
    if not scored:
        return {**_no_horizon("no attempt at a task with human minutes has a score"), **counts}
    try:
        horizon = horizon_of_attempts(scored, seed=_seed_of(columns))
    except ValueError as reason:
        return {**_no_horizon(f"no horizon: {reason}"), **counts}
    return {**asdict(horizon), **counts}


def _no_horizon(reason: str) -> dict[str, Any]:
    shape = dict.fromkeys(("point", "low", "high", "n"))
    return {"statistic": "time_horizon", "method": "not computed", **shape, "notes": [reason]}
