"""Blinded comparisons of two answers: win rates with their tie policy, Cohen's h, and ratings of many models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.estimates.wilson import wilson_interval
from evaluations.evidence.parts import (
    CheckpointDocument,
    Part,
    Printed,
    Section,
    half_unit,
    one_form,
    repeated,
)
from evaluations.report import Fault
from evaluations.report.values import Count, Name, PositiveCount, Prose
from evaluations.statistics.comparisons import win_rate
from evaluations.statistics.differences import arcsine_distance
from evaluations.statistics.ratings import NotIdentifiable, bradley_terry

MOST_MODELS, MOST_RATED = 50, 100_000
POLICIES = ("half", "drop")
POLICY_WORDS = {"half": "ties split half", "drop": "ties dropped"}


class Counts(Part):
    """How often each side was preferred."""

    first: Count
    """Comparisons won by the first."""
    second: Count
    """Comparisons won by the second."""
    tie: Count = 0
    """Comparisons that were even."""


class Shares(Part):
    """Published shares in percent, as text."""

    first: Printed
    """Share won by the first, e.g. `59.75`."""
    second: Printed
    """Share won by the second."""
    tie: Printed = "0"
    """Share that was even."""
    n: PositiveCount | None = None
    """Number of comparisons, if it was published; without it there is no interval."""


class Pairing(Part):
    """Two models compared with each other."""

    first: Name
    """The one model."""
    second: Name
    """The other."""
    counts: Counts | None = None
    """How often each was preferred."""
    shares: Shares | None = None
    """The published shares instead."""
    printed_effect: Printed | None = None
    """Cohen's h as it was printed."""

    def faults(self, place: str) -> Iterator[Fault]:
        """Yield a pairing with itself, without one form, or whose shares are no whole."""
        if self.first == self.second:
            detail = "A model is compared with itself."
            yield Fault(f"{place}/second", "listed-twice", detail, "Name the other model.")
        yield from one_form({"counts": self.counts is not None, "shares": self.shares is not None}, place)
        if self.shares is not None:
            parts = (self.shares.first, self.shares.second, self.shares.tie)
            slack = sum((Fraction(half_unit(part)) for part in parts), Fraction())
            total = sum((Fraction(part) for part in parts), Fraction())
            if any(part.startswith("-") for part in parts) or abs(total - 100) > slack:
                detail = f"The shares add up to {float(total):g} %, which rounding does not explain."
                yield Fault(f"{place}/shares", "shares-do-not-sum", detail, "Give all three shares in percent.")


class Comparison(CheckpointDocument):
    """Pairwise preferences of raters who did not know which answer came from which model."""

    schema_name: Literal["comparison/1"] = Field(alias="schema")
    """Name and version of this kind."""
    question: Name
    """What the raters were asked, e.g. which answer is safer."""
    blinded: bool
    """Whether the raters could not know which model answered."""
    ties: Literal["half", "drop"]
    """What a tie counts: half a win for both, or nothing."""
    raters: PositiveCount | None = None
    """Number of raters."""
    selection: Prose | None = None
    """Which conversations were compared."""
    pairings: Annotated[list[Pairing], Field(min_length=1, max_length=1225)]
    """The compared pairs."""
    section: Section = "red_teaming"
    """Part of the scorecard under which the document stands."""

    def models(self) -> list[str]:
        """Return every compared model once, in order of appearance."""
        return list(dict.fromkeys(name for one in self.pairings for name in (one.first, one.second)))

    def faults(self) -> Iterator[Fault]:
        """Yield pairs that stand twice, too many models, and what is wrong with a pairing."""
        yield from repeated((frozenset((one.first, one.second)) for one in self.pairings), "/pairings", "pair")
        if len(self.models()) > MOST_MODELS:
            detail = f"More than {MOST_MODELS} models are compared."
            yield Fault("/pairings", "too-many-models", detail, "Split the document.")
        for index, pairing in enumerate(self.pairings):
            yield from pairing.faults(f"/pairings/{index}")
            given = pairing.counts or pairing.shares
            if given is not None and _rate(*_numbers(given), self.ties) is None:
                detail = "No comparison is left to count under this tie policy."
                yield Fault(f"/pairings/{index}", "nothing-compared", detail, "Leave the pair out, or count ties half.")


def _rate(first: Fraction, second: Fraction, tie: Fraction, policy: str) -> float | None:
    even = tie if policy == "half" else Fraction()
    total = first + second + even
    return float((first + even / 2) / total) if total > 0 else None


def _h(rate: float | None) -> float | None:
    return None if rate is None else arcsine_distance(rate, 0.5)


def _numbers(given: Counts | Shares | None) -> tuple[Fraction, Fraction, Fraction]:
    """Return first, second and tie of a pairing's one form, which the document was checked to have."""
    assert given is not None
    return Fraction(given.first), Fraction(given.second), Fraction(given.tie)


def _effect_range(pairing: Pairing, policy: str) -> tuple[float, float] | None:
    """Return the least and the largest h that the rounding of published shares leaves open."""
    numbers = _numbers(pairing.counts or pairing.shares)
    said = pairing.shares
    halves = [Fraction(half_unit(part)) for part in (said.first, said.second, said.tie)] if said else [Fraction()] * 3
    ends = [(max(Fraction(), number - half), number + half) for number, half in zip(numbers, halves, strict=True)]
    corners = [_h(_rate(first, second, tie, policy)) for first, second, tie in product(*ends)]
    known = [h for h in corners if h is not None]
    return (min(known), max(known)) if known else None


def _printed_effect(pairing: Pairing, effects: Mapping[str, float | None]) -> dict[str, Any] | None:
    """Say which tie policy comes nearest to a printed h, how far off it is, and whether rounding explains that."""
    if pairing.printed_effect is None:
        return None
    said, half = float(pairing.printed_effect), float(half_unit(pairing.printed_effect))
    known = {name: h for name, h in effects.items() if h is not None}
    if not known:
        return None
    nearest = min(known, key=lambda name: abs(known[name] - said))
    low, high = _effect_range(pairing, nearest) or (known[nearest], known[nearest])
    reproduces = low - half <= said <= high + half
    verdict = "which reproduces it" if reproduces else f"{abs(said - known[nearest]):.4f} off, beyond rounding"
    words = f"Printed {pairing.printed_effect}; {POLICY_WORDS[nearest]} gives {known[nearest]:.4f}, {verdict}."
    return {"printed": pairing.printed_effect, "nearest": nearest, "reproduces": reproduces, "words": words}


def _interval(pairing: Pairing, policy: str) -> dict[str, Any] | None:
    """Return rate with its Wilson interval; None for shares without n."""
    if pairing.counts is not None:
        counts = pairing.counts
        shown = win_rate(counts.first, counts.second, ties=counts.tie, policy=policy)
        return {"low": shown.low, "high": shown.high, "n": shown.n, "method": shown.method, "p_value": shown.p_value}
    shares, n = pairing.shares, pairing.shares.n if pairing.shares else None
    rate = _rate(*_numbers(shares), policy) if shares else None
    if n is None or shares is None or rate is None:
        return None
    units = n if policy == "half" else n * (1.0 - float(Fraction(shares.tie)) / 100.0)
    low, high = wilson_interval(rate * units, units)
    return {"low": low, "high": high, "n": n, "method": f"wilson, ties {policy}", "p_value": None}


def _row(pairing: Pairing, policy: str) -> dict[str, Any]:
    numbers = _numbers(pairing.counts or pairing.shares)
    total = sum(numbers, Fraction())
    effects = {name: _h(_rate(*numbers, name)) for name in POLICIES}
    interval = _interval(pairing, policy)
    bounds = None if interval is None else {"low": _h(interval["low"]), "high": _h(interval["high"])}
    return {
        "first": pairing.first,
        "second": pairing.second,
        "counts": pairing.counts.model_dump() if pairing.counts else None,
        "shares": dict(zip(("first", "second", "tie"), (float(part / total) for part in numbers), strict=True)),
        "win_rate": _rate(*numbers, policy),
        "interval": interval,
        "effect": effects[policy],
        "effect_interval": bounds,
        "effects": effects,
        "printed": _printed_effect(pairing, effects),
    }


def _ratings(document: Comparison) -> dict[str, Any] | None:
    """Return Bradley-Terry ratings of three or more models, or why there are none."""
    if len(document.models()) < 3:
        return None
    if any(one.counts is None for one in document.pairings):
        return {"rows": [], "why_not": "Shares without counts cannot be rated together."}
    weighed: list[tuple[str, str, float]] = []
    for one in document.pairings:
        counts = one.counts
        assert counts is not None
        if len(weighed) + counts.first + counts.second + counts.tie > MOST_RATED:
            return {"rows": [], "why_not": f"More than {MOST_RATED} comparisons are not rated here."}
        for score, times in ((1.0, counts.first), (0.0, counts.second)):
            weighed += [(one.first, one.second, score)] * times
        weighed += [(one.first, one.second, 0.5)] * (counts.tie if document.ties == "half" else 0)
    try:
        fitted = bradley_terry(weighed)
    except NotIdentifiable as refusal:
        return {"rows": [], "why_not": f"{str(refusal)[:1].upper()}{str(refusal)[1:]}."}
    rows = [
        {"model": model, "rating": rating.point, "low": rating.low, "high": rating.high, "elo": fitted.elo_scale(model)}
        for model, rating in zip(fitted.players, fitted.ratings, strict=True)
    ]
    return {"rows": sorted(rows, key=lambda row: -row["rating"]), "why_not": None}


def read_comparison(document: Comparison, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return, for each pair, shares, win rate and Cohen's h against even odds, and ratings where many were compared.

    h is 2 arcsin sqrt(win rate) - 2 arcsin sqrt(1/2), in radians, under the stated tie policy; it is shown under the
    other policy too, because published figures seldom say which they used.
    """
    rows = [_row(pairing, document.ties) for pairing in document.pairings]
    first = rows[0]
    how = f"{POLICY_WORDS[document.ties]}, {'blinded' if document.blinded else 'not blinded'}"
    summary = f"{first['first']} against {first['second']}: preferred in {first['win_rate']:.1%} ({how})"
    if first["effect"] is not None:
        summary = f"{summary}, Cohen's h {first['effect']:.3f}"
    if len(rows) > 1:
        summary = f"{summary}; {len(rows)} pairs of {len(document.models())} models"
    return {"summary": f"{summary}.", "pairings": rows, "ratings": _ratings(document)}
