"""How long properties are searched: the same few examples every day, many random ones when asked for."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

USUAL = 100
"""Examples of a property that names no number of its own, in the everyday suite."""


def load_profile() -> None:
    """Register `everyday` and `search`, and load the one that HYPOTHESIS_PROFILE names.

    `everyday` repeats its examples, because a random one must not break a commit that has nothing to do with it.
    Both name what Hypothesis would choose by the machine (a build server, a slow one): the same is searched everywhere.
    """
    shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("everyday", shared, max_examples=USUAL, derandomize=True)
    settings.register_profile("search", shared, max_examples=5 * USUAL, derandomize=False, print_blob=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


def examples(number: int) -> settings:
    """Settings of a property that needs `number` examples every day, and its share more under `search`."""
    return settings(max_examples=number * settings().max_examples // USUAL)
