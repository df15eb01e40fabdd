"""The cheapest renewal against every set of evaluations, tried one by one."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.tally import tally_from_counts
from scorecard.framework.levels import indicate
from scorecard.whatif.renewing import cheapest_renewal
from tests.xray.world import World, indicator, listed

SIDE = "post_mitigation"
NAMES = ("ctf", "probe", "swe")


def document() -> dict[str, Any]:
    found = World().framework
    rules = [
        indicator("cybersecurity", level, value, id=f"{name}-{level}", evaluation=name, required=name != "swe")
        for name in NAMES
        for level, value in (("medium", 0.5), ("high", 0.8))
    ]
    return {**found, "indicators": rules, "evaluations": [listed(name, "cybersecurity") for name in NAMES]}


def item(name: str, successes: int, trials: int, *, ended: bool) -> dict[str, Any]:
    return {
        "run": f"run-{name}", "evaluation": name, "stratum": None, "metric": "pass@1", "unit": "proportion",
        "checkpoint": "atlas-1", "mitigation": SIDE, "applies": "direct", "elicitation_adequate": True,
        "tally": tally_from_counts(min(successes, trials), trials, None).to_dict(),
        **({"expired": [{"kind": "age", "words": "w"}]} if ended else {}),
    }  # fmt: skip


RUNS = st.tuples(*[
    st.builds(item, st.just(name), st.integers(0, 90), st.integers(20, 90), ended=st.booleans()) for name in NAMES
])  # fmt: skip


def level(rows: list[dict[str, Any]]) -> str | None:
    found: str | None = indicate(document(), "cybersecurity", SIDE, rows)["indicated_level"]
    return found


@given(RUNS)
def test_no_cheaper_set_gives_the_level_back(runs: tuple[dict[str, Any], ...]) -> None:
    found = cheapest_renewal(document(), "cybersecurity", SIDE, runs)
    ended = [one for one in runs if one.get("expired")]
    if not ended:
        assert found is None
        return
    assert found is not None
    fresh = [{**one, "expired": []} for one in runs]
    goal = level(fresh)
    costs = {}
    for chosen in chain.from_iterable(combinations(ended, size) for size in range(len(ended) + 1)):
        names = {one["evaluation"] for one in chosen}
        rows = [{**one, "expired": []} if one["evaluation"] in names else one for one in runs]
        if level(rows) == goal:
            costs[tuple(sorted(names))] = sum(one["tally"]["expected"] for one in chosen)
    assert found.renewed_level == goal
    assert found.samples == min(costs.values()) == costs[tuple(sorted(found.evaluations))]
    assert found.exact


def test_one_evaluation_is_enough_where_ruling_the_lower_level_out_rules_all_out() -> None:
    runs = [item(name, 1, 90, ended=True) for name in ("ctf", "probe")]
    found = cheapest_renewal(document(), "cybersecurity", SIDE, runs)
    assert found is not None
    assert (found.level, found.renewed_level, found.evaluations) == ("high", "low", ("ctf", "probe"))
