#!/usr/bin/env python3
"""Verify a preparedness scorecard offline, with nothing but Python 3.9 or newer: python3 -I verify.py DIR|ZIP|PDF

This one file is joined from the product's own modules. It cannot vouch for itself: whoever altered the bundle could
have altered it too. Its digest stands in the ledger entry of the seal (kind scorecard.sealed, data.verifier) and is
published with the laboratory's ledger key; compare it, or fetch your copy from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from dataclasses import dataclass
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from typing import Any, Callable, Dict, List, Optional, Tuple
from typing import Any, Dict
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Optional, Set, Tuple
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Set
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Tuple
from typing import Any, Dict, Iterable, List, Optional
from typing import Any, Dict, Iterable, List, Optional, Tuple
from typing import Any, Dict, List
from typing import Any, Dict, List, Optional
from typing import Any, Dict, List, Optional, Tuple
from typing import Any, Dict, List, Tuple
from typing import Any, Dict, Set
from typing import Any, Dict, Tuple
from typing import Any, List
from typing import Callable, List, Optional, Tuple
from typing import Dict
from typing import Dict, List, Optional, Tuple
from typing import Iterable, List, Optional
from typing import List
from typing import List, Tuple
from typing import Optional
from typing import Optional, Tuple
from typing import Tuple
import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import math
import re
import struct
import sys
import unicodedata
import zlib


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/strict_json.py: The one strict JSON parser for every door: what it lets through means the same to every reader.

MAX_SAFE_INTEGER = 2**53
DEFAULT_MAX_BYTES = 64 * 1024 * 1024
DEFAULT_MAX_DEPTH = 32
LONGEST_NUMBER = 40
SLICE = 64 * 1024
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A text, whether it ends or not, or a bracket."""
DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
ONE_KIND_OF_BRACKET = bytes.maketrans(b"[]", b"{}")
ALL_BUT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


class StrictJSONError(ValueError):
    """A document that strict readers refuse; `code` is a stable slug, `pointer` a JSON pointer as far as known."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


def scan_depth(text: str, limit: int) -> None:
    """Refuse nesting deeper than `limit` before the recursive parser sees it."""
    depth = 0
    for token in TOKEN.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > limit:
                raise StrictJSONError("too-deep", "The document is nested deeper than %d levels." % limit)
        elif first != '"':
            depth -= 1


class _Faulty:
    """Stands where a faulty value was read until its place is known; `check_text` raises it with its pointer."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message


def _integer(text: str) -> Any:
    if len(text) > LONGEST_NUMBER or abs(int(text)) > MAX_SAFE_INTEGER:
        return _Faulty("number-too-large", "The integer %s... is beyond 2^53." % text[:24])
    return int(text)


def _float(text: str) -> Any:
    value = float(text)
    if value and len(text) <= LONGEST_NUMBER and not math.isinf(value):
        return value
    if len(text) > LONGEST_NUMBER:
        return _Faulty("number-too-long", "The number %s... has too many digits." % text[:24])
    if math.isinf(value):
        return _Faulty("number-too-large", "The number %s overflows." % text)
    mantissa = text.lower().split("e")[0]
    if value == 0.0 and any(digit in "123456789" for digit in mantissa):
        return _Faulty("number-underflow", "The number %s underflows to zero." % text)
    return 0.0


def _constant(text: str) -> Any:
    return _Faulty("number-not-finite", "%s is not a JSON number." % text)


def unique_object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """Return the object; a faulty value stands under a key that came twice."""
    found: Dict[str, Any] = {}
    for key, value in pairs:
        twice = key in found
        found[key] = _Faulty("duplicate-key", "The key %r stands twice in one object." % key[:80]) if twice else value
    return found


DECODER = json.JSONDecoder(
    object_pairs_hook=unique_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
)
"""Reads faulty values as `_Faulty`, for `check_text` to tell of."""


def _nothing(written: Any) -> None:
    """Stand in for a value of which only the syntax is wanted."""


FORM = json.JSONDecoder(
    object_pairs_hook=_nothing, parse_constant=_nothing, parse_int=_nothing, parse_float=_nothing
)  # fmt: skip
"""Reads nothing but the syntax."""


def _sound(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def value_of(written: Any) -> Any:
        value = read(written)
        if isinstance(value, _Faulty):
            raise ValueError(value.message)
        return value

    return value_of


def _sound_object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


SOUND_KEYS = json.JSONDecoder(object_pairs_hook=_sound_object)
SOUND_VALUES = json.JSONDecoder(
    object_pairs_hook=_sound_object,
    parse_constant=_sound(_constant), parse_int=_sound(_integer), parse_float=_sound(_float),
)  # fmt: skip
"""These raise ValueError at the first fault; the one before does so for keys only, because plain numbers have none."""


def check_text(value: Any, pointer: str = "") -> None:
    """Refuse lone surrogates, NUL characters and faulty values anywhere, with the JSON pointer of the place."""
    if isinstance(value, str):
        if "\x00" in value:
            raise StrictJSONError("nul-character", "The text holds a NUL character.", pointer)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise StrictJSONError("lone-surrogate", "The text holds a lone surrogate.", pointer)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_text(item, "%s/%d" % (pointer, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            place = "%s/%s" % (pointer, key.replace("~", "~0").replace("/", "~1"))
            check_text(key, place)
            check_text(item, place)
    elif isinstance(value, _Faulty):
        raise StrictJSONError(value.code, value.message, pointer)


def decode_utf8(data: bytes, max_bytes: int) -> str:
    """Return strict UTF-8 text without a byte-order mark, within the size limit."""
    if len(data) > max_bytes:
        raise StrictJSONError("too-large", "The document is larger than %d bytes." % max_bytes)
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise StrictJSONError("byte-order-mark", "The document starts with a byte-order mark; send plain UTF-8.")
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise StrictJSONError("not-utf-8", "Byte %d is not valid UTF-8." % error.start) from None


def _outside_texts(text: str) -> str:
    """Return a JSON document without its texts: brackets, commas, colons, numbers and words."""
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    found, inside = [], 0
    for start in range(0, len(text), SLICE):
        parts = text[start : start + SLICE].split('"')
        found.append("".join(parts[inside::2]))
        inside ^= (len(parts) - 1) & 1
    return "".join(found)


def _fits_depth(outside: bytes, limit: int) -> bool:
    """Whether all brackets are gone when the innermost pairs are taken away `limit` times."""
    brackets = outside.translate(ONE_KIND_OF_BRACKET, ALL_BUT_BRACKETS)
    for _ in range(limit):
        if not brackets:
            break
        brackets = brackets.replace(b"{}", b"")
    return not brackets


def _numbers_are_plain(outside: bytes) -> bool:
    """Whether no number can be faulty: no exponent or negative zero, 15 digits before the point and 23 after."""
    zeros = outside.translate(DIGITS_AS_ZEROS)
    numbers = zeros.replace(b"true", b"").replace(b"false", b"").replace(b"null", b"")
    return not (
        b"-0" in outside
        or any(letter in numbers for letter in (b"e", b"E", b"N", b"I"))
        or b"0" * 24 in numbers
        or b"0" * 16 in numbers.replace(b"." + b"0" * 16, b".")
    )


def _flat_objects(text: str, outside: bytes) -> Optional[List[Any]]:
    """Return a list of objects that hold no others, or None for anything else and for a key that stands twice."""
    if outside.count(b"[") != 1:
        return None
    value = json.loads(text)
    if not isinstance(value, list) or set(map(type, value)) != {dict} or outside.count(b"{") != len(value):
        return None
    return value if outside.count(b":") == sum(map(len, value)) else None


def parse_if_sound(text: str, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """Return the value of a JSON document in which nothing can be faulty.

    Raises ValueError or RecursionError for every other, sound or not; only `parse_json` says what is wrong with it.
    """
    outside = _outside_texts(text).encode("utf-8")
    if not _fits_depth(outside, max_depth):
        raise ValueError("the document is nested too deep")
    value = _sound_value(text, outside)
    if "\\u" in text:
        check_text(value)
    return value


def _sound_value(text: str, outside: bytes) -> Any:
    if not _numbers_are_plain(outside):
        return SOUND_VALUES.decode(text)
    flat = _flat_objects(text, outside)
    return SOUND_KEYS.decode(text) if flat is None else flat


def parse_json(data: bytes, max_bytes: int = DEFAULT_MAX_BYTES, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """Parse one JSON document. Raises StrictJSONError for everything that two readers could understand differently."""
    text = decode_utf8(data, max_bytes)
    if not text.strip():
        raise StrictJSONError("empty", "The document is empty.")
    try:
        return parse_if_sound(text, max_depth)
    except (ValueError, RecursionError):
        return _parse_carefully(text, max_depth)


def _parse_carefully(text: str, max_depth: int) -> Any:
    value = _well_formed(text, max_depth, DECODER)
    check_text(value)
    return value


def _well_formed(text: str, max_depth: int, decoder: json.JSONDecoder) -> Any:
    scan_depth(text, max_depth)
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise StrictJSONError("not-json", "%s at line %d column %d." % (error.msg, error.lineno, error.colno)) from None


def check_form(data: bytes, max_bytes: int = DEFAULT_MAX_BYTES, max_depth: int = DEFAULT_MAX_DEPTH) -> None:
    """Refuse what `parse_json` refuses before it looks at any value: bytes that are no UTF-8, depth, and syntax.

    For readers that take a document in piece by piece, so that they refuse for the same reason. No value is built.
    """
    text = decode_utf8(data, max_bytes)
    if not text.strip():
        raise StrictJSONError("empty", "The document is empty.")
    _well_formed(text, max_depth, FORM)


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/wilson.py: Wilson's score interval for a proportion, closed form in double precision.

Z_95 = 1.959963984540054


def wilson_interval(k: float, n: float) -> Tuple[float, float]:
    """Return the 95 % score interval (low, high) of k successes in n units; k may be fractional, 0 <= k <= n.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22. The bounds are
    exactly 0 at k = 0 and exactly 1 at k = n; without units nothing is known: (0, 1). Raises ValueError otherwise.
    """
    if n < 0 or k < 0 or k > n:
        raise ValueError("need 0 <= k <= n, got k=%r n=%r" % (k, n))
    if n == 0:
        return 0.0, 1.0
    p = k / n
    z2 = Z_95 * Z_95
    denominator = 1.0 + z2 / n
    centre = (p + z2 / (2.0 * n)) / denominator
    half = Z_95 * math.sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n)) / denominator
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return low, high


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/clopper_pearson.py: The exact interval of Clopper and Pearson, by inverting the regularised incomplete beta function.

TAIL = 0.025
TINY = 1e-300


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function (DLMF 8.17.22)."""
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > TINY else TINY)
    result = d
    for m in range(1, 20000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > TINY else TINY)
            c = 1.0 + numerator / c
            c = c if abs(c) > TINY else TINY
            step = c * d
            result *= step
        if abs(step - 1.0) < 1e-15:
            break
    return result


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1 (DLMF 8.17)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _continued_fraction(a, b, x) / a
    return 1.0 - front * _continued_fraction(b, a, 1.0 - x) / b


SMALLEST_SHAPE = 1e-6
"""Below it Newton's method leaves the numbers that have a logarithm; the bisection then begins at (0, 1)."""


def _near_quantile(p: float, a: float, b: float) -> float:
    """Return about the x with I_x(a, b) = p, by Newton's method held between the ends that are known."""
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(30):
        missing = beta_cdf(x, a, b) - p
        low, high = (x, high) if missing < 0.0 else (low, x)
        slope = math.exp(min(700.0, scale + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x)))
        following = x - missing / slope if slope > 0.0 else low
        if not low < following < high:
            following = (low + high) / 2.0
        if not 0.0 < following < 1.0:
            break
        former, x = x, following
        if abs(x - former) <= 1e-7 * min(x, 1.0 - x):
            break
    return x


def _bracket(p: float, a: float, b: float) -> Tuple[float, float]:
    """Return an interval that bisection from (0, 1) would come to, as narrow as rounding lets one be sure of it."""
    if min(a, b) < SMALLEST_SHAPE:
        return 0.0, 1.0
    x = _near_quantile(p, a, b)
    spread = math.sqrt(a * b / (a + b + 1.0)) / (a + b)
    halvings = max(0, int(-math.log2(min(x, spread) * max(1e-12, (a + b) * 1e-13))))
    while halvings > 0:
        ends = 2.0**halvings
        low, high = math.floor(x * ends) / ends, (math.floor(x * ends) + 1.0) / ends
        if high <= 1.0 and beta_cdf(low, a, b) < p <= beta_cdf(high, a, b):
            return low, high
        halvings -= 4
    return 0.0, 1.0


# Kept, because the same counts are held against the threshold of every level and are asked about again and again.
@lru_cache(maxsize=4096)
def beta_quantile(p: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = p by bisection to the last bit, begun close to where it ends."""
    low, high = _bracket(p, a, b)
    for _ in range(1100):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def clopper_pearson_interval(k: float, n: float) -> Tuple[float, float]:
    """Return the exact 95 % interval (low, high) of k successes in n units; k may be fractional.

    Clopper and Pearson (1934), "The use of confidence or fiducial limits", Biometrika 26, through beta quantiles.
    Raises ValueError unless 0 <= k <= n.
    """
    if n < 0 or k < 0 or k > n:
        raise ValueError("need 0 <= k <= n, got k=%r n=%r" % (k, n))
    if n == 0:
        return 0.0, 1.0
    low = 0.0 if k == 0 else beta_quantile(TAIL, k, n - k + 1.0)
    high = 1.0 if k == n else beta_quantile(1.0 - TAIL, k + 1.0, n - k)
    return low, high


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/newcombe.py: The difference of two paired proportions after Newcombe.

def difference_paired(both: float, first_only: float, second_only: float, neither: float) -> Tuple[float, float, float]:
    """Return (difference, low, high) of the first minus the second proportion on the same samples, 95 %.

    Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17, method 10: Wilson limits of both proportions joined by their correlation, with
    the continuity-corrected numerator. Raises ValueError without samples.
    """
    a, b, c, d = both, first_only, second_only, neither
    n = a + b + c + d
    if n <= 0 or min(a, b, c, d) < 0:
        raise ValueError("need at least one pair and no negative count")
    p1, p2 = (a + b) / n, (a + c) / n
    low1, high1 = wilson_interval(a + b, n)
    low2, high2 = wilson_interval(a + c, n)
    product = (a + b) * (c + d) * (a + c) * (b + d)
    phi = 0.0
    if product > 0:
        numerator = a * d - b * c
        corrected = max(numerator - n / 2.0, 0.0) if numerator > 0 else float(numerator)
        phi = corrected / math.sqrt(product)
    down = (p1 - low1) ** 2 - 2.0 * phi * (p1 - low1) * (high2 - p2) + (high2 - p2) ** 2
    up = (high1 - p1) ** 2 - 2.0 * phi * (high1 - p1) * (p2 - low2) + (p2 - low2) ** 2
    difference = p1 - p2
    return difference, difference - math.sqrt(max(down, 0.0)), difference + math.sqrt(max(up, 0.0))


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/scores.py: Per-sample scores and their canonical CSV: the form in which they are hashed, stored, exported and recomputed.

SCORE_HEADER = ["id", "attempt", "status", "score", "cluster", "superseded"]


@dataclass(frozen=True)
class ScoreRow:
    """One attempt at one sample: `score` in [0, 1] when the status is `scored`, else None."""

    id: str
    attempt: int
    status: str
    score: Optional[float]
    cluster: Optional[str]
    superseded: bool


def scores_to_csv(rows: Iterable[ScoreRow]) -> bytes:
    """Return canonical CSV: heading, rows sorted by id and attempt, shortest-repr floats, newline line ends."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(SCORE_HEADER)
    for row in sorted(rows, key=lambda row: (row.id, row.attempt, row.superseded, row.status)):
        score = "" if row.score is None else repr(float(row.score))
        cluster = "" if row.cluster is None else ":" + row.cluster
        writer.writerow([row.id, row.attempt, row.status, score, cluster, "1" if row.superseded else "0"])
    return target.getvalue().encode("utf-8")


def scores_from_csv(data: bytes) -> List[ScoreRow]:
    """Return the rows of canonical CSV. Raises ValueError unless `scores_to_csv` would write exactly these bytes."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    rows = []
    try:
        if next(reader, None) != SCORE_HEADER:
            raise ValueError("the heading is not %s" % ",".join(SCORE_HEADER))
        for identifier, attempt, status, score, cluster, superseded in reader:
            value = float(score) if score else None
            if (value is None) == (status == "scored") or not math.isfinite(value or 0.0):
                raise ValueError("%s has the status %s with the score %r" % (identifier[:80], status[:80], score[:40]))
            rows.append(
                ScoreRow(identifier, int(attempt), status, value, cluster[1:] if cluster else None, superseded == "1")
            )
    except csv.Error as fault:
        raise ValueError("the scores are not CSV: %s" % fault) from None
    if scores_to_csv(rows) != data:
        raise ValueError("the scores are not in canonical form")
    return rows


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/tally.py: Sufficient statistics of a run: what is counted once and then decides every threshold, without the samples.

@dataclass(frozen=True)
class Tally:
    """Sums over the units of one run, each unit having a value in [0, 1].

    `total` is the sum over the `scored` units, of which `units` are independent (clusters where declared). Of
    `expected` units, `expected_units` independent, `floor` is the sum with every missing attempt counted 0 and
    `ceiling` the sum with every missing attempt counted 1.
    """

    total: float
    scored: int
    expected: int
    floor: float
    ceiling: float
    units: float
    expected_units: float

    @property
    def coverage(self) -> float:
        """The share of the expected units that were scored; 0 where none is expected."""
        return self.scored / self.expected if self.expected else 0.0

    def mirrored(self) -> Tally:
        """Return the tally of 1 - x, for metrics where a higher value is safer."""
        return Tally(
            total=self.scored - self.total,
            scored=self.scored,
            expected=self.expected,
            floor=self.expected - self.ceiling,
            ceiling=self.expected - self.floor,
            units=self.units,
            expected_units=self.expected_units,
        )

    def to_dict(self) -> Dict[str, Any]:
        """Return the canonical JSON form."""
        return asdict(self)


def tally_from_dict(value: Dict[str, Any]) -> Tally:
    """Return the tally whose canonical form is `value`. Raises TypeError for missing or unknown keys."""
    return Tally(**value)


def tally_from_counts(successes: int, trials: int, planned: Optional[int]) -> Tally:
    """Return the tally of k successes in n trials, of which `planned` were expected (at least n)."""
    expected = max(planned or 0, trials)
    return Tally(
        total=float(successes),
        scored=trials,
        expected=expected,
        floor=float(successes),
        ceiling=float(successes + expected - trials),
        units=float(trials),
        expected_units=float(expected),
    )


def tally_from_estimate(
    value: float, trials: Optional[int], stderr: Optional[float], planned: Optional[int]
) -> Optional[Tally]:
    """Return the tally behind a published fraction, or None when neither n nor a standard error was published.

    With a standard error s the independent units are min(trials, p(1 - p) / s^2); a stated error of 0 says nothing.
    """
    if trials is None and not stderr:
        return None
    # A standard error whose square is no number says as little as one of 0.
    spread = value * (1.0 - value) / (stderr * stderr) if stderr and stderr * stderr > 0.0 else None
    candidates = [float(number) for number in (trials, spread) if number is not None]
    if not candidates:
        return None
    units = min(candidates)
    scored = trials if trials is not None else max(1, int(units))
    expected = max(planned or 0, scored)
    total = value * scored
    missing = expected - scored
    return Tally(
        total=total,
        scored=scored,
        expected=expected,
        floor=total,
        ceiling=total + missing,
        units=units,
        expected_units=units + missing,
    )


def _items(rows: Iterable[ScoreRow]) -> Iterator[Tuple[str, List[ScoreRow]]]:
    """Yield (id, its attempts that are not superseded) of rows in canonical order."""
    last: Optional[str] = None
    for identifier, group in groupby(rows, key=lambda row: row.id):
        if last is not None and identifier < last:
            raise ValueError("the samples are not in canonical order: %s after %s" % (identifier[:80], last[:80]))
        last = identifier
        attempts = [row for row in group if not row.superseded]
        if attempts:
            yield identifier, attempts


def tally_from_scores(
    rows: Iterable[ScoreRow],
    planned: Optional[int],
    attempts_per_sample: Optional[int],
    missing_statuses: FrozenSet[str],
) -> Tally:
    """Return the tally of per-sample scores: a unit is an item, its value the mean of its scored attempts.

    The rows come in canonical order, so that a million of them need not be held at once. Raises ValueError otherwise.
    A status in `missing_statuses` counts as missing; `refused` and `limit` outside that set count as scored with 0.
    A missing attempt of a half-scored item is 0 in `floor` and 1 in `ceiling`, so losing it can only widen the bounds.
    """
    means, floors, ceilings = [], [], []
    clusters: Set[str] = set()
    scored_clusters: Set[str] = set()
    alone = scored_alone = 0
    for _, attempts in _items(rows):
        values = [row.score or 0.0 for row in attempts if row.status == "scored" or row.status not in missing_statuses]
        slots = max(len(attempts), attempts_per_sample or 0)
        cluster = next((row.cluster for row in attempts if row.cluster is not None), None)
        if cluster is None:
            alone, scored_alone = alone + 1, scored_alone + bool(values)
        else:
            clusters.add(cluster)
            scored_clusters.update([cluster] if values else [])
        if values:
            means.append(math.fsum(values) / len(values))
        floors.append(math.fsum(values) / slots)
        ceilings.append((math.fsum(values) + slots - len(values)) / slots)
    expected = max(planned or 0, len(floors))
    unlisted = expected - len(floors)
    return Tally(
        total=math.fsum(means),
        scored=len(means),
        expected=expected,
        floor=math.fsum(floors),
        ceiling=math.fsum(ceilings) + unlisted,
        units=float(len(scored_clusters) + scored_alone),
        # Units that are not even listed belong to unknown clusters, so they add no independence where any is declared.
        expected_units=float(len(clusters) + alone if clusters else expected),
    )


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/reported.py: From a canonical run report to the tally that decides: the one reading shared by the product and the verifier.

UNIT_SIZE = {"proportion": 1.0, "percent": 100.0}
"""What one whole is in the units that can decide; every other unit is for display only."""
PRINTED_NAMES = ("value", "unit", "metric", "evaluation", "model", "note")
"""Members of `reported` that a scorecard shows word for word, where they are plain text."""
LONGEST_PRINTED = 1000
DECLARED_NAMES = ("scaffold", "tools", "fine_tuned", "attempts", "best_of_n")
"""Members of `elicitation` that a threshold may require."""


def printed_of(report: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """Return the producer's own words for a figure, by name; None where the report gives no figure in words.

    Longer or nested values stay in the report alone: they are no figure that fits into a table.
    """
    reported = report.get("reported", {})
    texts = {name: reported[name] for name in PRINTED_NAMES if isinstance(reported.get(name), str)}
    if not texts.get("value") or max(len(text) for text in texts.values()) > LONGEST_PRINTED:
        return None
    return texts


def shown_facts(report: Dict[str, Any]) -> Dict[str, Any]:
    """Return what tells two figures of one measurement apart, and how each was printed."""
    told = report.get("elicitation", {})
    declared = {name: told[name] for name in DECLARED_NAMES if told.get(name)}
    return {"scaffold": told.get("scaffold"), "printed": printed_of(report),
            **({"elicitation": declared} if declared else {})}  # fmt: skip


def without_statuses(
    rows: Iterable[ScoreRow], excluded_statuses: FrozenSet[str]
) -> Tuple[List[ScoreRow], FrozenSet[str]]:
    """Return the rows without those statuses, and the items of which no attempt that counts is left."""
    every = [row for row in rows if not row.superseded]
    kept = [row for row in every if row.status not in excluded_statuses]
    return kept, frozenset(row.id for row in every) - frozenset(row.id for row in kept)


def tally_of_report(
    report: Dict[str, Any],
    rows: Iterable[ScoreRow],
    missing_statuses: FrozenSet[str],
    excluded_statuses: FrozenSet[str] = frozenset(),
) -> Optional[Tally]:
    """Return the tally behind a canonical report (`report.json`) and its score rows, or None where it cannot decide.

    It cannot decide in a unit that is no fraction of one, as a figure with neither n nor standard error, as a figure
    that is only a bound or approximate (`>= 0.1` measured exactly must never rule a level out), and as a run that
    broke off without saying how many samples it had planned. Attempts with an excluded status are left out of what
    was expected as well as of what was scored.
    """
    size = UNIT_SIZE.get(report.get("unit", "proportion"))
    broken_off = report.get("completion", "complete") != "complete" and "planned_samples" not in report
    if size is None or broken_off:
        return None
    planned = report.get("planned_samples")
    if "tally" in report:
        return tally_from_counts(report["tally"]["successes"], report["tally"]["trials"], planned)
    if "samples_digest" in report:
        if excluded_statuses:
            rows, gone = without_statuses(rows, excluded_statuses)
            planned = None if planned is None else max(0, planned - len(gone))
        return tally_from_scores(rows, planned, report.get("attempts_per_sample"), missing_statuses)
    estimate = report["estimate"]
    if estimate.get("qualifier", "=") != "=":
        return None
    stderr = float(estimate["stderr"]) / size if "stderr" in estimate else None
    return tally_from_estimate(float(estimate["value"]) / size, estimate.get("trials"), stderr, planned)


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/paired_table.py: Two runs on the same samples as one table of pairs, with everything missing counted against a fall.

def _by_item(rows: Iterable[ScoreRow]) -> Dict[str, List[ScoreRow]]:
    found: Dict[str, List[ScoreRow]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return found


def _risk(
    attempts: List[ScoreRow], slots: int, missing_statuses: FrozenSet[str], mirrored: bool, missing: float
) -> float:
    """Return the mean risk of an item's attempts; one that is missing counts as `missing`."""
    values = []
    for row in attempts:
        if row.status == "scored" or row.status not in missing_statuses:
            score = row.score or 0.0
            values.append(1.0 - score if mirrored else score)
    expected = max(slots, len(attempts), 1)
    return (math.fsum(values) + missing * (expected - len(values))) / expected


def paired_table(
    first: Iterable[ScoreRow],
    second: Iterable[ScoreRow],
    missing_statuses: FrozenSet[str],
    mirrored: bool,
    attempts_per_sample: Optional[int] = None,
    excluded_statuses: FrozenSet[str] = frozenset(),
) -> Dict[str, Any]:
    """Return the table of risk on the same items before (`first`) and after (`second`), in the worst case for a fall.

    `both`, `first_only`, `second_only` and `neither` sum the products of the two risks, which are counts where every
    item is solved or not. An item or attempt that is missing counts 0 before and 1 after, so that losing samples never
    earns a credit. `n` counts the items of either run and `n_eff` the independent units among them (clusters where
    they are declared). `mirrored` turns a metric where higher is safer into risk. An item of which one side has nothing
    but attempts with an excluded status is left out on both sides.
    """
    sides = [without_statuses(rows, excluded_statuses) for rows in (first, second)]
    before, after = (_by_item(kept) for kept, _ in sides)
    gone = sides[0][1] | sides[1][1]
    slots = attempts_per_sample or 1
    sums: Dict[str, List[float]] = {"both": [], "first_only": [], "second_only": [], "neither": []}
    clusters: Set[str] = set()
    alone = 0
    identifiers = sorted((set(before) | set(after)) - gone)
    for identifier in identifiers:
        attempts = before.get(identifier, []), after.get(identifier, [])
        one = _risk(attempts[0], slots, missing_statuses, mirrored, 0.0)
        other = _risk(attempts[1], slots, missing_statuses, mirrored, 1.0)
        sums["both"].append(one * other)
        sums["first_only"].append(one * (1.0 - other))
        sums["second_only"].append((1.0 - one) * other)
        sums["neither"].append((1.0 - one) * (1.0 - other))
        cluster = next((row.cluster for row in attempts[0] + attempts[1] if row.cluster is not None), None)
        if cluster is None:
            alone += 1
        else:
            clusters.add(cluster)
    table: Dict[str, Any] = {name: math.fsum(values) for name, values in sums.items()}
    return {"n": len(identifiers), "n_eff": len(clusters) + alone, **table}


def fall_of(table: Dict[str, Any]) -> Dict[str, float]:
    """Return `{pre, post, difference, low, high}` of a table: Newcombe's method 10 on its independent units.

    Raises ValueError for a table without pairs.
    """
    if not table["n"]:
        raise ValueError("the runs share no sample")
    share = table["n_eff"] / table["n"]
    cells = [table[name] * share for name in ("both", "first_only", "second_only", "neither")]
    difference, low, high = difference_paired(*cells)
    return {
        "pre": (table["both"] + table["first_only"]) / table["n"],
        "post": (table["both"] + table["second_only"]) / table["n"],
        "difference": difference,
        "low": low,
        "high": high,
    }


# ---------------------------------------------------------------------------------------------------------------------
# evaluations/estimates/deciding.py: The deciding estimate: point, interval and worst case of one tally, in exact, recomputable arithmetic.

DECIDING_STATISTICS = ("proportion", "mean_in_unit_interval", "difference_paired")
INTERVALS = {"wilson": wilson_interval, "clopper_pearson": clopper_pearson_interval}


def _bounds(fraction_sum: float, count: int, units: float, method: str) -> Tuple[float, float]:
    """Interval of the mean fraction_sum / count on `units` independent units."""
    if count == 0 or units <= 0:
        return 0.0, 1.0
    k = units if fraction_sum >= count else max(0.0, fraction_sum / count * units)
    return INTERVALS[method](k, units)


def deciding_bounds(tally: Tally, interval: str) -> Tuple[float, float]:
    """Return the two bounds that decide: the lower one over the scored units, and the upper one of the worst case."""
    low, _ = _bounds(tally.total, tally.scored, tally.units, interval)
    _, upper = _bounds(tally.ceiling, tally.expected, tally.expected_units, interval)
    return low, upper


def decide(tally: Tally, statistic: str, interval: str) -> Dict[str, Any]:
    """Return the deciding estimate of a tally as canonical JSON values.

    `low` and `high` bound the scored units; `upper` is the worst case: the upper bound with every missing unit counted
    as a success. All are fractions in [0, 1]. Raises ValueError for a statistic or interval outside the closed list.
    """
    if statistic not in DECIDING_STATISTICS or interval not in INTERVALS:
        raise ValueError("%s with %s is not a deciding statistic" % (statistic, interval))
    low, upper = deciding_bounds(tally, interval)
    _, high = _bounds(tally.total, tally.scored, tally.units, interval)
    expected = tally.expected
    return {
        "statistic": statistic,
        "method": interval,
        "confidence": 0.95,
        "point": tally.total / tally.scored if tally.scored else None,
        "low": low,
        "high": high,
        "upper": upper,
        "best_case": tally.floor / expected if expected else None,
        "worst_case": tally.ceiling / expected if expected else None,
        "k": tally.total,
        "n": tally.scored,
        "n_eff": tally.units,
        "expected": expected,
        "coverage": tally.coverage,
        "wilson": list(_bounds(tally.total, tally.scored, tally.units, "wilson")),
        "clopper_pearson": list(_bounds(tally.total, tally.scored, tally.units, "clopper_pearson")),
    }


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/ladders.py: What the document says of a category: its own ladder of levels, its kind, and who reads which side.

COUNTED_KINDS = ("tracked",)
SIDE_NAMES = {"pre_mitigation": "Pre-mitigation", "post_mitigation": "Post-mitigation"}


def category_of(document: dict[str, Any], slug: str) -> dict[str, Any]:
    """Return a category of the document; an empty one for a document that lists none."""
    return next((row for row in document.get("categories", []) if row["slug"] == slug), {})


def kind_of(document: dict[str, Any], slug: str) -> str:
    """Return `tracked`, `research` or `unknown_unknowns`."""
    kind: str = category_of(document, slug).get("kind", "tracked")
    return kind


def ladder(document: dict[str, Any], category: str) -> list[dict[str, Any]]:
    """Return the levels of a category, lowest first: the framework's own that the category defines."""
    defined = {row["level"] for row in category_of(document, category).get("levels", [])}
    return [level for level in document["levels"] if not defined or level["slug"] in defined]


def not_yet_defined(document: dict[str, Any], category: str) -> list[str]:
    """Return the levels of a category that the framework announces and does not define yet."""
    rows = category_of(document, category).get("levels", [])
    return [row["level"] for row in rows if row.get("state", "defined") == "not_yet_defined"]


def level_rank(document: dict[str, Any], level: str | None) -> int:
    """Return the place of a level in the framework's order, -1 for None. Raises ValueError for an unknown level."""
    return -1 if level is None else [entry["slug"] for entry in document["levels"]].index(level)


def side_name(document: dict[str, Any], side: str) -> str:
    """Return what the framework calls one of its two columns."""
    name: str = document.get("sides", {}).get(side, {}).get("name", SIDE_NAMES[side])
    return name


def rests_on_capability(document: dict[str, Any], side: str) -> bool:
    """Whether the side judges what remains of the first side's capability once safeguards are counted."""
    if side != "post_mitigation":
        return False
    return bool(document.get("sides", {}).get(side, {}).get("rests_on") == "capability_and_safeguards")


def reads_side(indicator: dict[str, Any], side: str) -> bool:
    """Whether an indicator speaks on a side; one that names none speaks on both."""
    return side in indicator.get("sides", tuple(SIDE_NAMES))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/findings.py: What one indicator's evidence says about its threshold: reached, ruled out, cannot rule out, or not assessed.

RISK_ORDER = ("not_assessed", "ruled_out", "cannot_rule_out", "reached")
DECIDING_UNITS = ("proportion", "percent")


def percent_text(fraction: Optional[float]) -> str:
    """Return a fraction as people read it, with one decimal: `20.9 %`."""
    return "not measured" if fraction is None else "%.1f %%" % (100.0 * fraction)


def counts_for(indicator: Dict[str, Any], mitigation: str, item: Dict[str, Any]) -> bool:
    """Whether an evidence item is evidence of this indicator on this side of the mitigations."""
    return bool(
        item["evaluation"] == indicator["evaluation"]
        and item["stratum"] == indicator["stratum"]
        and item["metric"] == indicator["metric"]
        and item["mitigation"] == mitigation
        and item["unit"] in DECIDING_UNITS
    )


REQUIRED_WORDS = {"scaffold": "a scaffold", "tools": "tools", "fine_tuned": "fine-tuning for the task"}


def missing_elicitation(indicator: Dict[str, Any], item: Dict[str, Any]) -> List[str]:
    """Return what the indicator requires of a run's elicitation and the run does not declare, in words."""
    required, declared = indicator.get("elicitation", {}), item.get("elicitation", {})
    missing = [words for name, words in REQUIRED_WORDS.items() if required.get(name) and not declared.get(name)]
    for name, words in (("attempts", "%d attempts"), ("best_of_n", "the best of %d")):
        least = required.get(name)
        if least is not None and (declared.get(name) or 0) < least:
            missing.append(words % least)
    return missing


def only_a_lower_bound(indicator: Dict[str, Any], item: Dict[str, Any]) -> str:
    """Return why no number of samples lets a run rule a level out, or an empty text."""
    if item.get("expired"):
        return "the evidence has expired: %s" % "; ".join(reason["words"] for reason in item["expired"])
    if item["elicitation_adequate"] is not True:
        return "its elicitation was not declared adequate, so the result is only a lower bound"
    missing = missing_elicitation(indicator, item)
    if missing:
        return "the threshold requires %s, which the run does not declare" % " and ".join(missing)
    return ""


def _ruling_out_fails(indicator: Dict[str, Any], coverage: float, item: Dict[str, Any], coverage_minimum: float) -> str:
    """Return why a worst-case bound below the threshold still does not rule out, or an empty text."""
    if coverage < coverage_minimum and not only_a_lower_bound(indicator, item):
        return "only %s of the expected samples were scored, below the minimum of %s" % (
            percent_text(coverage),
            percent_text(coverage_minimum),
        )
    return only_a_lower_bound(indicator, item)


def _in_risk_direction(indicator: Dict[str, Any], item: Dict[str, Any]) -> Tuple[Tally, float]:
    """Return a run's tally and the threshold, both mirrored by 1 - x for a safer-is-higher metric."""
    tally = tally_from_dict(item["tally"])
    if indicator["direction"] == "at_or_below":
        return tally.mirrored(), 1.0 - indicator["value"]
    return tally, indicator["value"]


def _found(low: float, upper: float, threshold: float, failing: str) -> str:
    if low >= threshold:
        return "reached"
    return "cannot_rule_out" if upper >= threshold or failing else "ruled_out"


def bare_finding(indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]) -> str:
    """Return the finding of `run_finding` without the estimate and the reason, for whoever asks very often."""
    if item["tally"] is None:
        return "cannot_rule_out"
    tally, threshold = _in_risk_direction(indicator, item)
    low, upper = deciding_bounds(tally, indicator["interval"] or policy["interval"])
    return _found(low, upper, threshold, _ruling_out_fails(indicator, tally.coverage, item, policy["coverage_minimum"]))


def ended_only(indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]) -> bool:
    """Whether nothing but its end keeps a run from ruling the level out, so that a run that stands takes its place."""
    return bool(item.get("expired")) and bare_finding(indicator, {**item, "expired": []}, policy) == "ruled_out"


def run_finding(
    indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]
) -> Tuple[str, str, Optional[Dict[str, Any]]]:
    """Return (finding, reason, estimate) of one run against one threshold T; a tie counts as the higher risk.

    The estimate is in risk direction: for a safer-is-higher metric both it and T are mirrored by 1 - x.
    """
    if item["tally"] is None:
        return "cannot_rule_out", "neither n nor a standard error is known, so no interval can be formed", None
    tally, threshold = _in_risk_direction(indicator, item)
    estimate = decide(tally, indicator["statistic"], indicator["interval"] or policy["interval"])
    failing = _ruling_out_fails(indicator, estimate["coverage"], item, policy["coverage_minimum"])
    finding = _found(estimate["low"], estimate["upper"], threshold, failing)
    if finding == "cannot_rule_out" and estimate["upper"] < threshold:
        return finding, failing, estimate
    words = {
        "reached": "the lower bound %s is at or above the threshold %s",
        "cannot_rule_out": "the worst-case upper bound %s is not below the threshold %s",
        "ruled_out": "the worst-case upper bound %s is below the threshold %s",
    }[finding]
    bound = estimate["low"] if finding == "reached" else estimate["upper"]
    return finding, words % (percent_text(bound), percent_text(threshold)), estimate


def _is_approaching(estimate: Optional[Dict[str, Any]], indicator: Dict[str, Any], margin: float) -> bool:
    if estimate is None:
        return False
    threshold = 1.0 - indicator["value"] if indicator["direction"] == "at_or_below" else indicator["value"]
    point = estimate["point"] if estimate["point"] is not None else 0.0
    return bool(estimate["low"] < threshold and max(point, estimate["upper"]) >= threshold - margin)


def indicator_row(
    indicator: Dict[str, Any], mitigation: str, evidence: List[Dict[str, Any]], policy: Dict[str, Any]
) -> Dict[str, Any]:
    """Return the row of one indicator: its finding, the run that decides it, and every run that was considered.

    Of several current runs the one with the highest-risk finding stands; among equals the one with the highest
    worst-case bound, then the lowest run id. No run can be outvoted by another. Only a run that would rule the level
    out, had it not ended, gives way to one that stands: otherwise nothing could ever renew it.
    """
    runs = []
    for item in evidence:
        if counts_for(indicator, mitigation, item):
            finding, reason, estimate = run_finding(indicator, item, policy)
            ended = {"ended": True} if ended_only(indicator, item, policy) else {}
            runs.append({"run": item["run"], "finding": finding, "reason": reason, "estimate": estimate, **ended})

    def risk(row: Dict[str, Any]) -> Tuple[int, float]:
        bound = row["estimate"]["upper"] if row["estimate"] else 1.0
        return RISK_ORDER.index(row["finding"]), bound

    runs.sort(key=lambda row: row["run"])
    standing = [row for row in runs if "ended" not in row] or runs
    deciding = max(standing, key=risk) if standing else None
    estimate = deciding["estimate"] if deciding else None
    margin = policy["alert_margin"] if indicator.get("alert_margin") is None else indicator["alert_margin"]
    return {
        "id": indicator["id"],
        "evaluation": indicator["evaluation"],
        "stratum": indicator["stratum"],
        "metric": indicator["metric"],
        "threshold": indicator["value"],
        "direction": indicator["direction"],
        "statistic": indicator["statistic"],
        "interval": indicator["interval"] or policy["interval"],
        "required": indicator["required"],
        "illustrative": indicator["illustrative"],
        "finding": deciding["finding"] if deciding else "not_assessed",
        "reason": deciding["reason"] if deciding else "it was not run on this side of the mitigations",
        "approaching": _is_approaching(estimate, indicator, margin),
        "run": deciding["run"] if deciding else None,
        "estimate": estimate,
        "runs": runs,
    }


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/derivation.py: The derivation in words: deterministic sentences made from the findings, each with its numbers.

def level_names(document: Dict[str, Any]) -> Dict[str, str]:
    """Return level slug -> name."""
    return {level["slug"]: level["name"] for level in document["levels"]}


def indicator_title(document: Dict[str, Any], row: Dict[str, Any]) -> str:
    """Return how people call an indicator: the evaluation's title and the row of its breakdown."""
    titles = {entry["slug"]: entry["title"] for entry in document["evaluations"]}
    title = titles.get(row["evaluation"], row["evaluation"])
    return "%s, %s" % (title, row["stratum"]) if row["stratum"] else title


def _measured(row: Dict[str, Any]) -> str:
    estimate = row["estimate"]
    if estimate is None or estimate["point"] is None:
        return ""
    return " (%s of n = %d, 95 %% interval %s to %s)" % (
        percent_text(estimate["point"]),
        estimate["n"],
        percent_text(estimate["low"]),
        percent_text(estimate["high"]),
    )


def _indicator_sentence(document: Dict[str, Any], row: Dict[str, Any]) -> str:
    words = {
        "reached": "reached",
        "ruled_out": "ruled out",
        "cannot_rule_out": "cannot be ruled out",
        "not_assessed": "not assessed",
    }[row["finding"]]
    return "%s%s: %s, because %s." % (indicator_title(document, row), _measured(row), words, row["reason"])


def _level_sentence(document: Dict[str, Any], name: str, row: Dict[str, Any]) -> str:
    if row["contradiction"]:
        return "%s is reached although a lower level is ruled out: the evidence contradicts itself." % name
    if row["implied"] and row["finding"] == "reached":
        return "%s is reached, because a higher level is reached." % name
    if row["implied"]:
        return "%s is ruled out, because a lower level is ruled out." % name
    if "capability" in row and not row["indicators"] and row["finding"] != "ruled_out":
        return "%s is not ruled out: the capability is not, and no safeguard was tested." % name
    if row.get("capability") == "ruled_out":
        return "%s is ruled out, because the capability is ruled out." % name
    if not row["operationalised"]:
        return "%s has no indicator: evidence cannot indicate it, people can determine it." % name
    if row["finding"] == "not_assessed":
        missing = " and ".join(indicator_title(document, indicator) for indicator in row["indicators"])
        return "%s is not ruled out: none of its indicators was run (%s)." % (name, missing)
    return {
        "reached": "%s is reached.",
        "ruled_out": "%s is ruled out: every required indicator is below its threshold, and no other is undecided.",
        "cannot_rule_out": "%s is not ruled out.",
    }[row["finding"]] % name


def derivation_of(document: Dict[str, Any], result: Dict[str, Any]) -> List[str]:
    """Return the sentences that lead from the findings to the indicated level, highest level first."""
    names = level_names(document)
    if result["indicated_level"] is None:
        return ["No indicator of this category was run on this side, so nothing is indicated: not assessed."]
    sentences = []
    for row in reversed(result["levels"][1:]):
        sentences.append(_level_sentence(document, names[row["level"]], row))
        sentences += [
            _indicator_sentence(document, indicator)
            for indicator in row["indicators"]
            if indicator["finding"] != "not_assessed" or row["finding"] != "not_assessed"
        ]
    indicated, reached = names[result["indicated_level"]], names[result["reached_level"]]
    if indicated == reached:
        sentences.append("Indicated level: %s." % indicated)
    else:
        sentences.append(
            "Indicated level: %s, the highest level that the evidence does not rule out; it reaches %s."
            % (indicated, reached)
        )
    return sentences


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/levels.py: From indicators to the level of one category on one side: the algorithm that every reader can recompute.

def own_finding(indicators: List[Dict[str, Any]]) -> str:
    """Return what a level's own indicators say of it, before the order of levels is considered."""
    findings = [row["finding"] for row in indicators]
    required = [row["finding"] for row in indicators if row["required"]]
    if "reached" in findings:
        return "reached"
    if all(finding == "not_assessed" for finding in findings):
        return "not_assessed"
    # An optional indicator that was run and is undecided keeps the level open, because otherwise losing samples of one
    # that was reached would leave only the required ones, and lower the level.
    if required and all(finding == "ruled_out" for finding in required) and "cannot_rule_out" not in findings:
        return "ruled_out"
    return "cannot_rule_out"


def _apply_order(rows: List[Dict[str, Any]]) -> None:
    """Below a reached level all are reached, above a ruled-out one all are ruled out; reached over ruled out stands."""
    own = [row["finding"] for row in rows]
    highest_reached = max((index for index, finding in enumerate(own) if finding == "reached"), default=-1)
    lowest_ruled_out = min((index for index, finding in enumerate(own) if finding == "ruled_out"), default=len(rows))
    for index, row in enumerate(rows):
        if own[index] == "reached" and index > lowest_ruled_out:
            row["contradiction"] = True
        if index < highest_reached and own[index] != "reached":
            row["finding"], row["implied"] = "reached", True
        elif index > lowest_ruled_out and index > highest_reached and own[index] != "ruled_out":
            row["finding"], row["implied"] = "ruled_out", True


def _level_rows(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    rows = []
    speaking = [
        indicator
        for indicator in document["indicators"]
        if indicator["category"] == category and reads_side(indicator, mitigation)
    ]
    for level in ladder(document, category)[1:]:
        indicators = [
            indicator_row(indicator, mitigation, evidence, document["policy"])
            for indicator in speaking
            if indicator["level"] == level["slug"]
        ]
        rows.append(
            {
                "level": level["slug"],
                "finding": own_finding(indicators),
                "implied": False,
                "operationalised": bool(indicators),
                "contradiction": False,
                "indicators": indicators,
            }
        )
    return rows


def _reached_level(base: str, rows: List[Dict[str, Any]], has_evidence: bool) -> Optional[str]:
    reached = [row["level"] for row in rows if row["finding"] == "reached"]
    return reached[-1] if reached else (base if has_evidence else None)


def _indicated_level(base: str, rows: List[Dict[str, Any]], has_evidence: bool) -> Optional[str]:
    if not has_evidence:
        return None
    standing = [row["level"] for row in rows if row["operationalised"] and row["finding"] != "ruled_out"]
    return standing[-1] if standing else base


def settle(base: str, rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Apply the order of levels to the rows above `base`, in place, and return the indicated and the reached level."""
    has_evidence = any(row["finding"] != "not_assessed" for row in rows)
    _apply_order(rows)
    return {
        "indicated_level": _indicated_level(base, rows, has_evidence),
        "reached_level": _reached_level(base, rows, has_evidence),
    }


def both_found(capability: str, failing: str) -> str:
    """Return the finding that a capability is there AND that the safeguards against it fail: each can rule it out."""
    if "ruled_out" in (capability, failing):
        return "ruled_out"
    return capability if capability == failing else "cannot_rule_out"


def _bounded(rows: List[Dict[str, Any]], capability: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Join what is left of each level after safeguards with what the capability side found, before its own order."""
    found = {before["level"]: before for before in capability}
    return [
        {
            **row,
            "finding": both_found(found[row["level"]]["finding"], row["finding"]),
            "operationalised": row["operationalised"] or found[row["level"]]["operationalised"],
            "capability": found[row["level"]]["finding"],
        }
        for row in rows
    ]


def _own_rows(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    """Return the rows above the base level as the order of levels finds them."""
    rows = _level_rows(document, category, mitigation, evidence)
    if rests_on_capability(document, mitigation):
        capability = _level_rows(document, category, "pre_mitigation", evidence)
        _apply_order(capability)
        rows = _bounded(rows, capability)
    return rows


def _sub_areas(document: Dict[str, Any], category: str, base: str, rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return the levels of each sub-area by itself: the same algorithm on the indicators that name it."""
    places = {row["id"]: row.get("sub_area") for row in document["indicators"]}
    found = []
    for area in category_of(document, category).get("sub_areas", []):
        part = []
        for row in rows:
            indicators = [one for one in row["indicators"] if places.get(one["id"]) == area["slug"]]
            own = {"indicators": indicators, "operationalised": bool(indicators), "implied": False}
            part.append({**row, **own, "contradiction": False, "finding": own_finding(indicators)})
        found.append({"slug": area["slug"], "name": area["name"], **settle(base, part)})
    return found


def indicate(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> Dict[str, Any]:
    """Return the indicated level of one category on one side, with every finding and the derivation in words.

    `reached_level` is the highest level reached (the base level if there is evidence and nothing is reached);
    `indicated_level` the highest operationalised level that is not ruled out, so that an unassessed or undecided level
    counts; both are None without any evidence. Same inputs, same result, byte for byte.
    """
    base = ladder(document, category)[0]["slug"]
    rows = _own_rows(document, category, mitigation, evidence)
    areas = _sub_areas(document, category, base, rows)
    verdict = settle(base, rows)
    base_row = {
        "level": base,
        "finding": "not_assessed" if verdict["reached_level"] is None else "reached",
        "implied": False,
        "operationalised": False,
        "contradiction": False,
        "indicators": [],
    }
    result = {**verdict, "levels": [base_row, *rows], **({"sub_areas": areas} if areas else {})}
    return {**result, "derivation": derivation_of(document, result)}


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/gates.py: From determined levels and forecasts to the overall level, the gates and the obligations.

Levels = Dict[str, Optional[str]]
"""Category -> its determined level on one side; None where none counts."""
FORECAST_MEMBER = {"pre_mitigation": "level", "post_mitigation": "post_level"}


def overall(document: Dict[str, Any], determined: Levels) -> Optional[str]:
    """Return the highest determined level, or None while any tracked category is undetermined (never a mean).

    Research categories never count; a rating of unknown unknowns counts where people gave one. A framework whose
    `overall` is `none` has no overall level at all.
    """
    counted = {slug: level for slug, level in determined.items() if kind_of(document, slug) in COUNTED_KINDS}
    if document.get("overall") == "none" or not counted or any(level is None for level in counted.values()):
        return None
    rated = [
        level
        for slug, level in determined.items()
        if level is not None and (slug in counted or kind_of(document, slug) == "unknown_unknowns")
    ]
    return max(rated, key=lambda level: level_rank(document, level))


def _category_names(document: Dict[str, Any]) -> Dict[str, str]:
    return {row["slug"]: row["name"] for row in document.get("categories", [])}


def _counting(document: Dict[str, Any], rule: Dict[str, Any], determined: Levels) -> List[str]:
    """Return the categories that a gate or obligation reads: those it names, else all but the research ones."""
    if rule.get("categories"):
        return [slug for slug in determined if slug in rule["categories"]]
    return [
        slug
        for slug, level in determined.items()
        if kind_of(document, slug) in COUNTED_KINDS or (kind_of(document, slug) != "research" and level is not None)
    ]


def _forecast_for(
    document: Dict[str, Any], rule: Dict[str, Any], category: str, forecasts: Iterable[Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the forecast that weighs most on a rule's side of a category; None where none counts."""
    member = FORECAST_MEMBER[rule["side"]]
    own = [row for row in forecasts if row["category"] == category] if rule.get("counts_forecasts") else []
    return max(own, key=lambda row: (level_rank(document, row[member]), row["id"]), default=None)


def _weighed(
    document: Dict[str, Any],
    rule: Dict[str, Any],
    category: str,
    determined: Levels,
    forecasts: Iterable[Dict[str, Any]],
) -> Tuple[Optional[str], Optional[Dict[str, Any]]]:
    """Return the level of a category that a rule reads, and the forecast where it is that which counts."""
    level, forecast = determined[category], _forecast_for(document, rule, category, forecasts)
    if level is None or forecast is None:
        return level, None
    expected = forecast[FORECAST_MEMBER[rule["side"]]]
    if level_rank(document, expected) > level_rank(document, level):
        return expected, forecast
    return level, None


def _forecast_words(name: str, level: str, forecast: Dict[str, Any]) -> str:
    return "%s is forecast to reach %s by %s." % (name, level, forecast["by_day"])


def _blocking(
    document: Dict[str, Any], gate: Dict[str, Any], determined: Levels, forecasts: Iterable[Dict[str, Any]]
) -> List[str]:
    """Return a sentence for every category that keeps a gate closed."""
    names, levels = _category_names(document), level_names(document)
    said = []
    for slug in _counting(document, gate, determined):
        level, forecast = _weighed(document, gate, slug, determined, forecasts)
        name = names.get(slug, slug)
        if level is None:
            said.append("%s is not determined." % name)
        elif level_rank(document, level) > level_rank(document, gate["at_most"]):
            words = "%s stands at %s." % (name, levels[level])
            said.append(words if forecast is None else _forecast_words(name, levels[level], forecast))
    return said


def _overall_reason(document: Dict[str, Any], gate: Dict[str, Any], determined: Levels) -> str:
    side, level = side_name(document, gate["side"]).lower(), overall(document, determined)
    if level is None:
        return "No overall %s level: a category is not determined." % side
    return "The overall %s level is %s; the rule: %s." % (side, level_names(document)[level], gate["rule"])


def _gate_decision(
    document: Dict[str, Any], gate: Dict[str, Any], determined: Levels, forecasts: Iterable[Dict[str, Any]]
) -> Tuple[bool, List[str]]:
    blocking = _blocking(document, gate, determined, forecasts)
    if gate.get("scope", "overall") == "each_category":
        allowed = bool(_counting(document, gate, determined)) and not blocking
        side = side_name(document, gate["side"]).lower()
        return allowed, blocking or ["Every category meets the rule on its %s level: %s." % (side, gate["rule"])]
    reason = _overall_reason(document, gate, determined)
    if overall(document, determined) is None:
        return False, [reason, *blocking]
    return not blocking, [reason, *blocking]


def _exception_for(
    document: Dict[str, Any], action: str, exceptions: Iterable[Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the clause under which a gate opens: one whose every statement the card attests; None for none."""
    attested = {row["clause"]: {one["slug"] for one in row["attestations"]} for row in exceptions}
    for clause in document.get("exceptions", []):
        wanted = {one["slug"] for one in clause["attestations"]}
        if action in clause["actions"] and wanted <= attested.get(clause["slug"], set()):
            found: Dict[str, Any] = clause
            return found
    return None


def gate_decisions(
    document: Dict[str, Any],
    determined: Dict[str, Levels],
    forecasts: Iterable[Dict[str, Any]] = (),
    exceptions: Iterable[Dict[str, Any]] = (),
) -> List[Dict[str, Any]]:
    """Return what each gate decides on the determined levels of both sides (side -> category -> level).

    What is undetermined denies, and no exception helps it. A standing forecast counts where the gate says so: as the
    level that it names before mitigation, and as what is expected to be left of it after. Every reason names its item.
    """
    decisions = []
    for gate in document["gates"]:
        levels = determined[gate["side"]]
        allowed, reasons = _gate_decision(document, gate, levels, forecasts)
        known = all(levels[slug] is not None for slug in _counting(document, gate, levels)) and bool(levels)
        clause = None if allowed or not known else _exception_for(document, gate["action"], exceptions)
        if clause is not None:
            reasons = ["Opened under the clause %s, whose every statement is attested." % clause["name"], *reasons]
        decisions.append(
            {
                "action": gate["action"],
                "decision": "allow" if allowed or clause is not None else "deny",
                "sentence": gate["allowed"] if allowed or clause is not None else gate["denied"],
                "rule": gate["rule"],
                "reasons": reasons,
            }
        )
    return decisions


def obligations(
    document: Dict[str, Any], determined: Dict[str, Levels], forecasts: Iterable[Dict[str, Any]] = ()
) -> List[Dict[str, Any]]:
    """Return which obligations the determined levels trigger; an undetermined category triggers, to be safe.

    A standing forecast triggers the same duty where the obligation counts forecasts.
    """
    rows = []
    for duty in document["obligations"]:
        levels = determined[duty["side"]]
        weighed = {
            slug: _weighed(document, duty, slug, levels, forecasts)[0] for slug in _counting(document, duty, levels)
        }
        triggering = sorted(
            category
            for category, level in weighed.items()
            if level is None or level_rank(document, level) >= level_rank(document, duty["at_least"])
        )
        rows.append(
            {
                "slug": duty["slug"],
                "required": bool(triggering),
                "because": triggering,
                "sentence": duty["required"] if triggering else duty["not_required"],
            }
        )
    return rows


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/credit.py: What a lower level after mitigation than before it rests on: a measured fall, safeguards, or an argument.

HOLDING = ("reached", "cannot_rule_out")
BASES = ("measured", "safeguards", "argument", "missing")


def lowered_levels(document: dict[str, Any], category: str, before: str | None, after: str | None) -> list[str]:
    """Return the levels that people hold before mitigation and no longer after it, lowest first; empty for none."""
    low, high = level_rank(document, after), level_rank(document, before)
    if before is None or after is None:
        return []
    return [row["slug"] for row in ladder(document, category) if low < level_rank(document, row["slug"]) <= high]


def _rows(side: dict[str, Any], levels: list[str]) -> list[dict[str, Any]]:
    return [row for level in side["levels"] if level["level"] in levels for row in level["indicators"]]


def _unpaired(pre: dict[str, Any], post: dict[str, Any] | None) -> str:
    """Return why two evidence items are no pair, or an empty text."""
    if post is None:
        return "it was not run after mitigation"
    if pre["form"] != "samples" or post["form"] != "samples":
        return "a side has no samples that could be paired"
    if not pre["dataset_digest"] or pre["dataset_digest"] != post["dataset_digest"]:
        return "the two runs do not state one dataset digest"
    if pre["version"] != post["version"]:
        return "the versions of the evaluation differ"
    return ""


def wanted_pairs(
    document: dict[str, Any], category: dict[str, Any], levels: list[str], evidence: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for every indicator that holds one of `levels` before mitigation: its runs, or why they are no pair.

    Only indicators that were run before mitigation and do not rule their level out are among them: what is ruled out
    already needs no credit.
    """
    items = {item["run"]: item for item in evidence}
    after = {row["id"]: row for row in _rows(category["post_mitigation"], levels)}
    pairs = []
    for row in _rows(category["pre_mitigation"], levels):
        if row["finding"] not in HOLDING:
            continue
        post = after.get(row["id"], {}).get("run")
        pairs.append(
            {
                "indicator": row["id"],
                "evaluation": row["evaluation"],
                "stratum": row["stratum"],
                "metric": row["metric"],
                "mirrored": row["direction"] == "at_or_below",
                "pre_run": row["run"],
                "post_run": post,
                "unpaired": _unpaired(items[row["run"]], items.get(post) if post else None),
            }
        )
    return pairs


def measured_pair(wanted: dict[str, Any], table: dict[str, Any] | None) -> dict[str, Any]:
    """Return a wanted pair with its fall: it counts when the lower bound of the difference is above 0."""
    if wanted["unpaired"] or table is None or not table["n"]:
        return {**wanted, "counts": False, "words": wanted["unpaired"] or "the runs share no sample"}
    fall = fall_of(table)
    counts = fall["low"] > 0.0
    difference, low, high = (f"{100.0 * fall[name]:.1f}" for name in ("difference", "low", "high"))
    words = (
        f"from {percent_text(fall['pre'])} to {percent_text(fall['post'])} on {table['n']} samples, "
        f"a fall of {difference} points (95 % interval {low} to {high}), "
        f"which {'is clear' if counts else 'is not clear'}"
    )
    return {**wanted, "table": table, "fall": fall, "counts": counts, "words": words}


def _tested(category: dict[str, Any], levels: list[str], claims: dict[str, Any]) -> bool:
    """Whether tested claims alone rule every lowered level out: each level has one, and all required ones hold."""
    for level in category["post_mitigation"]["levels"]:
        if level["level"] not in levels:
            continue
        own = [row for row in level["indicators"] if claims.get(row["id"])]
        required = [row for row in own if row["required"]] or own
        if not own or any(row["finding"] != "ruled_out" for row in required):
            return False
    return True


def _basis(
    document: dict[str, Any], category: dict[str, Any], levels: list[str], pairs: list[dict[str, Any]], argument: str
) -> str:
    if document["policy"].get("mitigation_credit") == "safeguards":
        claims = {row["id"]: row.get("claim") for row in document["indicators"]}
        found = "safeguards" if _tested(category, levels, claims) else ""
    else:
        found = "measured" if pairs and all(pair["counts"] for pair in pairs) else ""
    return found or ("argument" if argument else "missing")


def _words(basis: str, pairs: list[dict[str, Any]], withdrawn: list[str]) -> str:
    if withdrawn:
        return f"it credits what is no longer in force: {', '.join(withdrawn)}"
    if basis == "safeguards":
        return "the safeguards of every lowered level were tested and hold"
    if basis == "measured":
        return "the fall was measured on the same samples for every indicator that holds the level before mitigation"
    if basis == "argument":
        return "no measurement entitles to it; it rests on the argument that is signed with the card"
    failing = [f"{pair['evaluation']}: {pair['words']}" for pair in pairs if not pair["counts"]]
    return "; ".join(failing) or "no indicator that holds the level before mitigation was measured on both sides"


def credit_of(
    document: dict[str, Any],
    category: dict[str, Any],
    pairs: list[dict[str, Any]],
    safeguards: list[dict[str, Any]],
) -> dict[str, Any] | None:
    """Return what a level that is lower after mitigation rests on; None where it is not lower.

    `category` is the card's row with both sides and their determinations, `pairs` the measured pairs of
    `wanted_pairs`, `safeguards` the card's registry rows. `basis` is `measured`, `safeguards`, `argument` or `missing`;
    one that credits a safeguard that is no longer in force is missing, whatever else speaks for it.
    """
    before, after = (category[side]["determined_level"] for side in ("pre_mitigation", "post_mitigation"))
    levels = lowered_levels(document, category["category"], before, after)
    if not levels:
        return None
    determination = category["post_mitigation"]["determination"]
    credited = determination.get("safeguards", [])
    known = {row["id"]: row for row in safeguards}
    withdrawn = [
        f"{known[named]['name']} v{known[named]['version']}" if named in known else named
        for named in credited
        if not known.get(named, {}).get("in_force")
    ]
    basis = "missing" if withdrawn else _basis(document, category, levels, pairs, determination.get("argument", ""))
    return {
        "levels": levels,
        "basis": basis,
        "words": _words(basis, pairs, withdrawn),
        "pairs": pairs,
        "safeguards": credited,
    }


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/decay.py: When evidence ends: by age, by growth of effective compute, by what happened to the system, by its applicability.

CHANGES = {
    "fine_tune": "fine-tuning",
    "scaffold": "a change of the scaffold",
    "tools": "access to new tools",
    "safeguard": "a change of the safeguards",
    "breakthrough": "an algorithmic breakthrough",
}
"""Kind of change -> what it is called in a sentence."""
ONLY_AFTER_MITIGATION = ("safeguard",)
"""Changes that say nothing about what was measured before mitigation."""

Row = dict[str, Any]


def moment_of(text: str) -> datetime:
    """Return the moment that an RFC 3339 text in UTC (`Z`) names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _policy(document: Row) -> Row:
    expiry: Row = document["policy"].get("expiry") or {}
    return expiry


def depends_on_time(document: Row, applicability: list[Row]) -> bool:
    """Whether the day of reading decides anything: the framework bounds age, or results apply until a day."""
    return _policy(document).get("max_age_days") is not None or any(row.get("expires_at") for row in applicability)


def last_day(document: Row, item: Row, applicability: list[Row]) -> str | None:
    """Return the last day (ISO) on which an evidence item stands if nothing else happens; None if it has none."""
    ends = []
    age = _policy(document).get("max_age_days")
    if age is not None:
        ends.append(date.fromisoformat(item["tested_at"][:10]) + timedelta(days=age - 1))
    for row in applicability:
        if row["id"] == item["applies"] and row.get("expires_at"):
            ends.append(date.fromisoformat(row["expires_at"][:10]) - timedelta(days=1))
    return min(ends).isoformat() if ends else None


def _by_time(document: Row, item: Row, applied: Row | None, as_of: str) -> list[Row]:
    found = []
    end = last_day(document, item, [])
    if end is not None and as_of > end:
        words = f"it was run on {item['tested_at'][:10]} and stands for {_policy(document)['max_age_days']} days"
        found.append({"kind": "age", "words": words})
    if applied is not None and applied.get("expires_at") and as_of >= applied["expires_at"][:10]:
        words = (
            f"the determination that results on {applied['from_checkpoint']} hold here "
            f"ended on {applied['expires_at'][:10]}"
        )
        found.append({"kind": "applicability", "words": words})
    return found


def _by_compute(document: Row, applied: Row | None) -> list[Row]:
    most, grown = _policy(document).get("compute_multiple"), (applied or {}).get("compute_multiple")
    if most is None or grown is None or grown <= most:
        return []
    words = f"effective compute grew {grown:g} times since, and evidence stands for {most:g} times"
    return [{"kind": "compute", "words": words}]


def _by_changes(document: Row, item: Row, applied: Row | None, changes: list[Row]) -> list[Row]:
    """Return the changes after the run; a determination that the results hold covers what happened before it."""
    ending, found = _policy(document).get("changes") or [], []
    known = moment_of(item["tested_at"] if applied is None else max(item["tested_at"], applied["at"], key=moment_of))
    for change in changes:
        if change["kind"] not in ending or moment_of(change["happened_at"]) <= known:
            continue
        if change["kind"] in ONLY_AFTER_MITIGATION and item["mitigation"] == "pre_mitigation":
            continue
        words = f"{CHANGES[change['kind']]} came after it, on {change['happened_at'][:10]}"
        found.append({"kind": change["kind"], "words": words})
    return found


def expired_by(document: Row, item: Row, applicability: list[Row], changes: list[Row], as_of: str | None) -> list[Row]:
    """Return why an evidence item has ended as `{kind, words}` rows; empty while it stands.

    `applicability` holds the card's determinations that results on other checkpoints hold for its own, `changes` what
    happened to its checkpoint, and `as_of` the day (ISO) on which the evidence is read; None where no day decides.
    The words name no day of reading, so that what has ended reads the same on every later day.
    """
    applied = next((row for row in applicability if row["id"] == item["applies"]), None)
    withdrawn = []
    if applied is not None and applied.get("withdrawn_at"):
        words = f"the determination that results on {applied['from_checkpoint']} hold here was withdrawn"
        withdrawn = [{"kind": "withdrawn", "words": words}]
    timed = _by_time(document, item, applied, as_of) if as_of is not None else []
    return timed + withdrawn + _by_compute(document, applied) + _by_changes(document, item, applied, changes)


def day_after(day: str) -> str:
    """Return the day after a day (ISO)."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def first_end(document: Row, evidence: list[Row], applicability: list[Row]) -> str | None:
    """Return the first last day among the standing items that decide a level; None if none of them has one."""
    deciding = {row["evaluation"] for row in document["indicators"]}
    ends = [
        last_day(document, item, applicability)
        for item in evidence
        if item["evaluation"] in deciding and item["tally"] is not None and not item.get("expired")
    ]
    return min((end for end in ends if end is not None), default=None)


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/framework/planned.py: What was planned before there were results, against what was done: a pre-registered plan beside the evidence.

KEYS = ("evaluation", "stratum", "metric", "mitigation")
"""What names a planned measurement."""


def _key(row: Row) -> str:
    return "/".join(str(row[name] or "") for name in KEYS)


def locked_since(versions: List[Row]) -> List[Row]:
    """Return the newest version's items, each with `since`: when it was locked and has stood unchanged until now.

    `versions` are all versions of one plan in order, each `{locked_at, items}`.
    """
    found = []
    for item in versions[-1]["items"]:
        since = versions[-1]["locked_at"]
        for version in reversed(versions):
            if item not in version["items"]:
                break
            since = version["locked_at"]
        found.append({**item, "since": since})
    return found


def _deviations(planned: Row, item: Row) -> List[str]:
    """Return how a run deviates from what was planned for it, in words."""
    found = []
    if moment_of(item["tested_at"]) <= moment_of(planned["since"]):
        found.append(f"it was run on {item['tested_at'][:10]}, and the plan was locked on {planned['since'][:10]}")
    if planned.get("dataset_digest") and item["dataset_digest"] != planned["dataset_digest"]:
        told = "states no dataset digest" if item["dataset_digest"] is None else "was made on another dataset"
        found.append(f"the run {told}")
    if planned.get("version") and item["version"] != planned["version"]:
        found.append(f"version {planned['version']} was planned, and {item['version'] or 'none stated'} was run")
    wanted, tally = planned.get("planned_samples"), item["tally"]
    if wanted and (tally is None or tally["scored"] < wanted):
        done = "no count of samples is known" if tally is None else f"{tally['scored']} were scored"
        found.append(f"{wanted} samples were planned, and {done}")
    declared = item.get("elicitation", {})
    for name, words in REQUIRED_WORDS.items():
        if planned.get("elicitation", {}).get(name) and not declared.get(name):
            found.append(f"{words} was planned, and the run does not declare it")
    for name in ("attempts", "best_of_n"):
        least = planned.get("elicitation", {}).get(name)
        if least and (declared.get(name) or 0) < least:
            found.append(
                f"{name.replace('_', ' ')} {least} was planned, and {declared.get(name) or 'none'} is declared"
            )
    return found


def planned_against_done(items: List[Row], evidence: List[Row]) -> List[Row]:
    """Return a row for each planned item: what was run of it, and how that deviates.

    `items` are those of `locked_since`. `state` is `not_done`, `deviates` (every run does) or `done`; `runs` holds
    `{run, deviations}` for each cited run of the item.
    """
    rows = []
    for planned in items:
        runs = [
            {"run": item["run"], "deviations": _deviations(planned, item)}
            for item in evidence
            if _key(item) == _key(planned)
        ]
        kept = [row for row in runs if not row["deviations"]]
        state = "done" if kept else ("deviates" if runs else "not_done")
        rows.append({**planned, "runs": runs, "state": state})
    return rows


def unplanned(document: Row, items: List[Row], evidence: List[Row]) -> List[str]:
    """Return the cited runs of deciding evaluations for which nothing was planned."""
    deciding = {row["evaluation"] for row in document["indicators"]}
    planned = {_key(row) for row in items}
    return [item["run"] for item in evidence if item["evaluation"] in deciding and _key(item) not in planned]


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/canonical.py: Canonical JSON (RFC 8785): one byte sequence for one value, so that a digest names a record for ever.

LARGEST_INTEGER = 2**53 - 1


class NotCanonical(ValueError):
    """A value that RFC 8785 cannot carry: NaN, an integer beyond 2^53 - 1, a lone surrogate, a foreign type."""


def number_text(value: float) -> str:
    """Return a finite double as ECMAScript prints it (RFC 8785, 3.2.2.3)."""
    if not math.isfinite(value):
        raise NotCanonical("%r is not a JSON number" % value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(exponent_text or "0")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + exponent - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    rest = "." + digits[1:] if count > 1 else ""
    return "%s%s%se%s%d" % (sign, digits[0], rest, "+" if point > 0 else "-", abs(point - 1))


STRINGS = json.JSONEncoder(ensure_ascii=False)
"""Kept, because `json.dumps` with any option makes a new encoder for every text."""


def string_text(value: str) -> str:
    """Return a string with the escapes of RFC 8785, 3.2.2.2."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("a lone surrogate has no UTF-8 form") from None
    return STRINGS.encode(value)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _write(value: Any, out: List[str]) -> None:
    if value is None or value is True or value is False:
        out.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        out.append(string_text(value))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("the integer %d is beyond 2^53 - 1" % value)
        out.append(str(value))
    elif isinstance(value, float):
        out.append(number_text(value))
    elif isinstance(value, (list, tuple)):
        out.append("[")
        for index, item in enumerate(value):
            out.append("," if index else "")
            _write(item, out)
        out.append("]")
    elif isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonical("an object's keys are strings")
        out.append("{")
        # The order of ASCII texts is the same in every encoding.
        for index, key in enumerate(sorted(value, key=None if "".join(value).isascii() else _utf16)):
            out.append(("," if index else "") + string_text(key) + ":")
            _write(value[key], out)
        out.append("}")
    else:
        raise NotCanonical("%s has no JSON form" % type(value).__name__)


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON value. Raises NotCanonical."""
    out: List[str] = []
    _write(value, out)
    return "".join(out).encode("utf-8")


def digest_bytes(data: bytes) -> str:
    """Return `sha256:<hex>` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """Return `sha256:<hex>` of the canonical bytes of a value."""
    return digest_bytes(canonical_bytes(value))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/merkle.py: The Merkle tree of RFC 6962: hashes, the append-only frontier, inclusion and consistency proofs.

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_of(data: bytes) -> bytes:
    """Return the leaf hash of an entry: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the perfect subtrees of a tree of `size` leaves, largest first: all that appending needs."""

    size: int = 0
    hashes: List[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier with one more leaf."""
        hashes, size = [*self.hashes, leaf], self.size
        while size & 1:
            right, left = hashes.pop(), hashes.pop()
            hashes.append(node_of(left, right))
            size >>= 1
        return Frontier(self.size + 1, hashes)

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_of(left, root)
        return root


def frontier_of(leaves: List[bytes]) -> Frontier:
    """Return the frontier of a list of leaf hashes, in one pass."""
    hashes: List[bytes] = []
    for count, leaf in enumerate(leaves):
        hashes.append(leaf)
        size = count
        while size & 1:
            right, left = hashes.pop(), hashes.pop()
            hashes.append(node_of(left, right))
            size >>= 1
    return Frontier(len(leaves), hashes)


def merkle_root(leaves: List[bytes]) -> bytes:
    """Return the root over a list of leaf hashes."""
    return frontier_of(leaves).root()


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(leaves: List[bytes], index: int) -> List[bytes]:
    """Return the audit path of leaf `index` (RFC 6962, 2.1.1). Raises IndexError outside the tree."""
    return inclusion_proofs(leaves, [index])[index]


def inclusion_proofs(leaves: List[bytes], indices: List[int]) -> Dict[int, List[bytes]]:
    """Return the audit paths of several leaves, hashing the tree once. Raises IndexError outside the tree."""
    size = len(leaves)
    for index in indices:
        if not 0 <= index < size:
            raise IndexError("no leaf %d in a tree of %d" % (index, size))
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_of(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def range_root(start: int, end: int) -> bytes:
        height = (end - start).bit_length() - 1
        if end - start == 1 << height:
            return levels[height][start >> height]
        middle = start + _split(end - start)
        return node_of(range_root(start, middle), range_root(middle, end))

    return {index: [range_root(start, end) for start, end in sibling_ranges(index, size)] for index in indices}


def consistency_proof(leaves: List[bytes], old_size: int) -> List[bytes]:
    """Return the proof that the tree of the first `old_size` leaves grew into this one (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise IndexError("no tree of %d within %d" % (old_size, len(leaves)))
    return _subproof(leaves, old_size, True)


def _subproof(leaves: List[bytes], old_size: int, complete: bool) -> List[bytes]:
    if old_size == len(leaves):
        return [] if complete else [merkle_root(leaves)]
    half = _split(len(leaves))
    if old_size <= half:
        return [*_subproof(leaves[:half], old_size, complete), merkle_root(leaves[half:])]
    return [*_subproof(leaves[half:], old_size - half, False), merkle_root(leaves[:half])]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: List[bytes], root: bytes) -> bool:
    """Whether the audit path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, running = index, size - 1, leaf
    for part in proof:
        if last == 0 or len(part) != 32:
            return False
        if place & 1 or place == last:
            running = node_of(part, running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = node_of(running, part)
        place, last = place >> 1, last >> 1
    return last == 0 and running == root


def consistency_holds(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: List[bytes]) -> bool:
    """Whether the tree of `old_size` is a prefix of the tree of `new_size` (RFC 9162, 2.1.4.2); size 0 is refused."""
    if not 0 < old_size <= new_size or any(len(part) != 32 for part in proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_running = new_running = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_running, new_running = node_of(part, old_running), node_of(part, new_running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_running = node_of(new_running, part)
        place, last = place >> 1, last >> 1
    return last == 0 and old_running == old_root and new_running == new_root


def sibling_ranges(index: int, size: int) -> List[Tuple[int, int]]:
    """Return which leaves [start, end) each part of the audit path of leaf `index` covers, in the path's order."""
    ranges: List[Tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def root_from_known(known: Dict[Tuple[int, int], bytes], start: int, end: int) -> Optional[bytes]:
    """Return the root over leaves [start, end) where the known subtrees, by their leaves, suffice; else None.

    The audit paths of a few entries name every subtree left of them, so they often prove an older root as well.
    """
    if (start, end) in known:
        return known[start, end]
    if end - start <= 1:
        return None
    middle = start + _split(end - start)
    left = root_from_known(known, start, middle)
    right = None if left is None else root_from_known(known, middle, end)
    return None if left is None or right is None else node_of(left, right)


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/ed25519.py: Ed25519 verification in plain Python after RFC 8032, 5.1.7: slow, short, and independent of any library.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)

Point = Tuple[int, int, int, int]


def _add(left: Point, right: Point) -> Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % PRIME
    b = (left[1] + left[0]) * (right[1] + right[0]) % PRIME
    c = 2 * left[3] * right[3] * CURVE_D % PRIME
    d = 2 * left[2] * right[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _multiply(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _recover_x(y: int, sign: int) -> Optional[int]:
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    if square == 0:
        return None if sign else 0
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME:
        return None
    return PRIME - x if x & 1 != sign else x


def _decompress(data: bytes) -> Optional[Point]:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % PRIME)


def _same(left: Point, right: Point) -> bool:
    return (left[0] * right[2] - right[0] * left[2]) % PRIME == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % PRIME == 0


BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
BASE_X = _recover_x(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % PRIME)


def ed25519_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64-byte signature over `message` was made with the key; malformed input is simply False."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = _decompress(public_key), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    return _same(_multiply(scalar, BASE), _add(commitment, _multiply(challenge, key)))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/note.py: Signed notes and tree heads in the C2SP formats: text that any verifier of the format can check.

ED25519 = b"\x01"
MOST_SIGNATURES = 16
SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")


class NoteFaulty(ValueError):
    """A note, key or head that the format does not allow."""


def decode_base64(text: str) -> bytes:
    """Return strictly decoded base64. Raises NoteFaulty for anything but the canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteFaulty("%r is not base64" % text[:40]) from None
    if base64.b64encode(data).decode() != text:
        raise NoteFaulty("%r is not canonical base64" % text[:40])
    return data


def is_key_name(name: str) -> bool:
    """Whether the text can name a key: not empty, without spaces of any kind and without a plus sign."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that name an Ed25519 key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def vkey(name: str, public_key: bytes) -> str:
    """Return the verification key as text: `name+hex(key id)+base64(type, key)`."""
    return "%s+%s+%s" % (name, key_id(name, public_key).hex(), base64.b64encode(ED25519 + public_key).decode())


def parse_vkey(text: str) -> Tuple[str, bytes, bytes]:
    """Return (name, key id, public key) of a verification key. Raises NoteFaulty."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise NoteFaulty("a verification key reads NAME+ID+KEY")
    name, hexid, encoded = parts
    key = decode_base64(encoded)
    if len(key) != 33 or key[:1] != ED25519:
        raise NoteFaulty("the key is not an Ed25519 key")
    if key_id(name, key[1:]).hex() != hexid:
        raise NoteFaulty("the key id %s does not belong to this name and key" % hexid)
    return name, key_id(name, key[1:]), key[1:]


def head_text(origin: str, size: int, root: bytes) -> str:
    """Return the text of a tree head: origin, size and root, one a line."""
    return "%s\n%d\n%s\n" % (origin, size, base64.b64encode(root).decode())


def parse_head(text: str) -> Tuple[str, int, bytes]:
    """Return (origin, size, root) of a tree head's text. Raises NoteFaulty."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "" or not lines[0] or not SIZE.match(lines[1]):
        raise NoteFaulty("a tree head is origin, size and root, one a line")
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise NoteFaulty("the root is not 32 bytes")
    return lines[0], int(lines[1]), root


def signature_line(name: str, keyid: bytes, signature: bytes) -> str:
    """Return the line that carries one signature of a note."""
    return "\N{EM DASH} %s %s\n" % (name, base64.b64encode(keyid + signature).decode())


@dataclass(frozen=True)
class SignedNote:
    """A note's text and its signatures as (name, key id, signature)."""

    text: str
    signatures: List[Tuple[str, bytes, bytes]]


def parse_note(note: str) -> SignedNote:
    """Split a signed note at its last blank line. Raises NoteFaulty for everything malformed."""
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise NoteFaulty("a note holds no control characters")
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not text or not tail.endswith("\n"):
        raise NoteFaulty("a note is text, a blank line and signatures, each line ended")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteFaulty("a note carries at most %d signatures" % MOST_SIGNATURES)
    signatures = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\N{EM DASH}" or not is_key_name(parts[1]):
            raise NoteFaulty("a signature line reads: dash, name, base64")
        data = decode_base64(parts[2])
        if len(data) < 5:
            raise NoteFaulty("a signature is too short")
        signatures.append((parts[1], data[:4], data[4:]))
    return SignedNote(text + "\n", signatures)


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/entry.py: One entry of the ledger: the envelope that is hashed, and the rules that make it well formed.

ENVELOPE_KEYS = ("actor", "at", "data", "kind", "log", "prev", "seq", "subject", "v")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z")
LEAF_NAME = re.compile(r"sha256:[0-9a-f]{64}\Z")


class EntryFaulty(ValueError):
    """An envelope that the ledger's format does not allow."""


def _normalised(value: Any) -> Any:
    """Return the value with all text in NFC; floats are refused, because readers print them differently."""
    if isinstance(value, float):
        raise EntryFaulty("a ledger entry holds no floats; write %r as text" % value)
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, (list, tuple)):
        return [_normalised(item) for item in value]
    if isinstance(value, dict):
        normal = {unicodedata.normalize("NFC", key): _normalised(item) for key, item in value.items()}
        if len(normal) != len(value):
            raise EntryFaulty("two keys of one object are the same text")
        return normal
    return value


def _is_text_map(value: Any, keys: List[str]) -> bool:
    return isinstance(value, dict) and sorted(value) == keys and all(isinstance(item, str) for item in value.values())


def build_envelope(
    *,
    log: str,
    seq: int,
    prev: Optional[str],
    at: str,
    actor: Dict[str, str],
    kind: str,
    subject: Dict[str, str],
    data: Dict[str, Any],
) -> Dict[str, Any]:
    """Return a well-formed envelope (`ledger/1`). Raises EntryFaulty."""
    envelope = {
        "v": 1, "log": log, "seq": seq, "prev": prev, "at": at, "actor": actor, "kind": kind, "subject": subject,
        "data": data,
    }  # fmt: skip
    normalised: Dict[str, Any] = _normalised(envelope)
    check_envelope(normalised)
    return normalised


def check_envelope(envelope: Any) -> None:
    """Raise EntryFaulty unless the envelope has exactly the keys, types and spellings of the format."""
    if not isinstance(envelope, dict) or sorted(envelope) != list(ENVELOPE_KEYS):
        raise EntryFaulty("an envelope has exactly the keys %s" % ", ".join(ENVELOPE_KEYS))
    if type(envelope["v"]) is not int or envelope["v"] != 1:
        raise EntryFaulty("the format's version is 1, got %r" % envelope["v"])
    if type(envelope["seq"]) is not int or envelope["seq"] < 0:
        raise EntryFaulty("seq is a count from 0")
    prev, moment = envelope["prev"], envelope["at"]
    if (prev is None) != (envelope["seq"] == 0):
        raise EntryFaulty("the first entry, and only it, has no predecessor")
    if prev is not None and not (isinstance(prev, str) and LEAF_NAME.match(prev)):
        raise EntryFaulty("prev is sha256: and 64 hexadecimal digits")
    if not isinstance(moment, str) or not MOMENT.match(moment):
        raise EntryFaulty("at is UTC with microseconds and Z, got %r" % moment)
    if not _is_text_map(envelope["actor"], ["id", "kind", "name"]) or not _is_text_map(
        envelope["subject"], ["id", "type"]
    ):
        raise EntryFaulty("actor is {kind, id, name} and subject is {type, id}, all text")
    if not all(isinstance(envelope[name], str) and envelope[name] for name in ("log", "kind")):
        raise EntryFaulty("log and kind are text")
    if not isinstance(envelope["data"], dict):
        raise EntryFaulty("data is an object")
    if _normalised(envelope) != envelope:
        raise EntryFaulty("its text is not in NFC")


def leaf_hash(envelope: Dict[str, Any]) -> bytes:
    """Return the RFC 6962 leaf hash of the canonical envelope."""
    return leaf_of(canonical_bytes(envelope))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/ledger/chain.py: Verifying ledger entries and heads: what a reader of an export can check without any database.

class ChainBroken(ValueError):
    """The ledger, a proof or a head contradicts itself or the key; the text names the place."""


def verified_head(note: str, key: Optional[str], what: str = "ledger head") -> Tuple[str, int, bytes, Optional[str]]:
    """Return (origin, size, root, signer) of a signed head; signer is None without a key. Raises ChainBroken.

    Signatures of unknown keys are ignored; a bad signature of the given key is never.
    """
    try:
        signed = parse_note(note)
        origin, size, root = parse_head(signed.text)
        if key is None:
            return origin, size, root, None
        name, keyid, public_key = parse_vkey(key)
    except NoteFaulty as fault:
        raise ChainBroken("%s: %s" % (what, fault)) from None
    ours = [signature for who, found, signature in signed.signatures if who == name and found == keyid]
    if not ours:
        raise ChainBroken("%s: not signed by the key %s" % (what, name))
    if not all(ed25519_holds(public_key, signed.text.encode("utf-8"), signature) for signature in ours):
        raise ChainBroken("%s: the signature of %s is wrong" % (what, name))
    if origin != name:
        raise ChainBroken("%s: it is a head of %s, the key is the one of %s" % (what, origin, name))
    return origin, size, root, name


def _named(envelope: Any) -> str:
    return "ledger entry #%s" % (envelope.get("seq", "?") if isinstance(envelope, dict) else "?")


def checked_leaf(envelope: Any, origin: str) -> bytes:
    """Return the leaf hash of a well-formed envelope of this ledger. Raises ChainBroken."""
    try:
        check_envelope(envelope)
        if envelope["log"] != origin:
            raise EntryFaulty("it belongs to the ledger %r, not %r" % (envelope["log"], origin))
        return leaf_hash(envelope)
    except (EntryFaulty, NotCanonical) as fault:
        raise ChainBroken("%s: %s" % (_named(envelope), fault)) from None


def proof_parts(envelope: Dict[str, Any], proof: Any) -> List[bytes]:
    """Return the hashes of an inclusion proof given as hexadecimal texts. Raises ChainBroken."""
    try:
        if not isinstance(proof, list) or any(part != part.lower() or len(part) != 64 for part in proof):
            raise ValueError("not a list of hashes")
        return [bytes.fromhex(part) for part in proof]
    except (ValueError, TypeError, AttributeError):
        raise ChainBroken("%s: its proof is not a list of hexadecimal hashes" % _named(envelope)) from None


def check_inclusion(envelope: Any, proof: Any, origin: str, size: int, root: bytes) -> bytes:
    """Return the leaf hash of an entry whose proof leads to the root. Raises ChainBroken."""
    leaf = checked_leaf(envelope, origin)
    if not inclusion_holds(leaf, envelope["seq"], size, proof_parts(envelope, proof), root):
        raise ChainBroken("%s: it was altered, or its proof does not lead to the root of the head" % _named(envelope))
    return leaf


def is_withheld(row: Any) -> bool:
    """Whether a line stands for an entry whose words were withheld: its place and its leaf hash, and nothing else."""
    return isinstance(row, dict) and sorted(row) == ["leaf", "seq"]


def _leaf_of(row: Any, origin: str) -> bytes:
    if not is_withheld(row):
        return checked_leaf(row, origin)
    try:
        if not isinstance(row["leaf"], str) or row["leaf"] != row["leaf"].lower() or len(row["leaf"]) != 64:
            raise ValueError("not a hash")
        return bytes.fromhex(row["leaf"])
    except ValueError:
        raise ChainBroken("%s: its leaf is not a hexadecimal hash" % _named(row)) from None


def check_links(envelopes: List[Dict[str, Any]], leaves: List[bytes]) -> None:
    """Check order and, between neighbours, that each entry names its predecessor's leaf. Raises ChainBroken.

    An entry whose words were withheld names nothing, but its successor still names it.
    """
    for before, after, leaf in zip(envelopes, envelopes[1:], leaves):
        if after["seq"] <= before["seq"]:
            raise ChainBroken("%s: out of order" % _named(after))
        if is_withheld(after):
            continue
        if after["seq"] == before["seq"] + 1 and after["prev"] != "sha256:" + leaf.hex():
            raise ChainBroken("%s: altered, or not the entry that #%d names" % (_named(before), after["seq"]))


def check_whole_ledger(envelopes: List[Any], origin: str, size: int, root: bytes) -> List[bytes]:
    """Check a full export against a head: from 0, without gaps, chained, with this root. Returns all leaves.

    Entries after the head are chained like the others, but no signed head vouches for them.
    """
    leaves = []
    for place, envelope in enumerate(envelopes):
        leaves.append(_leaf_of(envelope, origin))
        if envelope["seq"] != place:
            raise ChainBroken("%s: stands at place %d" % (_named(envelope), place))
    check_links(envelopes, leaves)
    if len(leaves) < size:
        raise ChainBroken("the export ends after %d entries, the head says %d" % (len(leaves), size))
    if frontier_of(leaves[:size]).root() != root:
        raise ChainBroken("the root of the %d entries is not the root of the head" % size)
    return leaves


def check_older_head(
    older: Tuple[int, bytes], newer: Tuple[int, bytes], proven: List[Tuple[int, bytes, List[bytes]]]
) -> bool:
    """Whether entries proven in the newer head, as (seq, leaf, proof), show that it grew from the older one.

    False where they do not suffice to decide. Raises ChainBroken where they show that it did not.
    """
    size, root = newer
    if older[0] > size:
        raise ChainBroken("the older head has %d entries, this ledger only %d" % (older[0], size))
    known = {(0, size): root}
    for seq, leaf, proof in proven:
        known[seq, seq + 1] = leaf
        known.update(zip(sibling_ranges(seq, size), proof))
    old_root = frontier_of([]).root() if older[0] == 0 else root_from_known(known, 0, older[0])
    if old_root is None:
        return False
    if old_root != older[1]:
        raise ChainBroken("the ledger of %d entries did not grow from the older head of %d" % (size, older[0]))
    return True


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/archive.py: The bundle's zip, written and read in exactly one way, so that every byte of the file is accounted for.

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
DOS_DATE = 0x21  # 1 January 1980
UNIX_FILE = 0o100644 << 16
LARGEST_ARCHIVE = 2 * 1024 * 1024 * 1024
MOST_MEMBERS = 65000
BLOCK = 4096


class ArchiveFaulty(ValueError):
    """A zip that is not byte for byte what the product writes; the text names the member."""


def pack_stored(members: Dict[str, bytes]) -> bytes:
    """Return a zip of stored members in the given order, with fixed dates and nothing optional."""
    body, directory = [], []
    offset = 0
    for path, data in members.items():
        name = path.encode("ascii")
        crc = zlib.crc32(data)
        local = LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, DOS_DATE, crc, len(data), len(data), len(name), 0) + name
        central = CENTRAL.pack(
            b"PK\x01\x02", 0x314, 20, 0, 0, 0, DOS_DATE, crc, len(data), len(data), len(name), 0, 0, 0, 0, UNIX_FILE,
            offset,
        )  # fmt: skip
        body += [local, data]
        directory.append(central + name)
        offset += len(local) + len(data)
    central_directory = b"".join(directory)
    end = END.pack(b"PK\x05\x06", 0, 0, len(members), len(members), len(central_directory), offset, 0)
    return b"".join(body) + central_directory + end


def _safe_path(name: bytes) -> str:
    try:
        path = name.decode("ascii")
    except UnicodeDecodeError:
        raise ArchiveFaulty("a member's name is not plain ASCII") from None
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\\" in path or ":" in path:
        raise ArchiveFaulty("the member name %r is not a plain relative path" % path)
    return path


def _altered_place(members: Dict[str, bytes], data: bytes) -> str:
    """Return whose header or directory entry the first byte belongs to that the product would not have written."""
    expected = pack_stored(members)
    blocks = range(0, min(len(data), len(expected)), BLOCK)
    block = next((at for at in blocks if data[at : at + BLOCK] != expected[at : at + BLOCK]), 0)
    pairs = zip(data[block : block + BLOCK], expected[block : block + BLOCK])
    place = next((block + at for at, (one, other) in enumerate(pairs) if one != other), None)
    if place is None:
        return "its length, after %d bytes" % min(len(data), len(expected))
    header = sum(LOCAL.size + len(path) + len(content) for path, content in members.items())
    offset = 0
    for path, content in members.items():
        end = offset + LOCAL.size + len(path) + len(content)
        entry = header + CENTRAL.size + len(path)
        if offset <= place < end or header <= place < entry:
            return "byte %d, which describes %s" % (place, path)
        offset, header = end, entry
    return "byte %d, in its last record" % place


def unpack_stored(data: bytes) -> Dict[str, bytes]:
    """Return the members of a zip that `pack_stored` would write byte for byte the same. Raises ArchiveFaulty."""
    if len(data) > LARGEST_ARCHIVE:
        raise ArchiveFaulty("the archive is larger than %d bytes" % LARGEST_ARCHIVE)
    members: Dict[str, bytes] = {}
    offset, last = 0, "the start of the archive"
    while data[offset : offset + 4] == b"PK\x03\x04" and len(members) < MOST_MEMBERS:
        if offset + LOCAL.size > len(data):
            raise ArchiveFaulty("the archive ends within a header after %s" % last)
        size, length = LOCAL.unpack_from(data, offset)[7], LOCAL.unpack_from(data, offset)[9]
        start = offset + LOCAL.size + length
        path = _safe_path(data[offset + LOCAL.size : start])
        if path in members:
            raise ArchiveFaulty("%s stands twice in the archive" % path)
        content = data[start : start + size]
        if len(content) != size:
            raise ArchiveFaulty("%s is cut short" % path)
        if zlib.crc32(content) != LOCAL.unpack_from(data, offset)[6]:
            raise ArchiveFaulty("%s: its bytes do not have the checksum that the archive states" % path)
        members[path] = content
        offset, last = start + size, path
    if pack_stored(members) != data:
        where = _altered_place(members, data)
        raise ArchiveFaulty("the archive was altered after %s: %s, is not what the product writes" % (last, where))
    return members


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/pdf_file.py: A printed scorecard: its last line seals every byte before it, and it carries the bundle as an attachment.

SEAL = re.compile(rb"%scorecard-seal/1 sha256:([0-9a-f]{64}) ([^\s]+) ([A-Za-z0-9+/=]+)\n\Z")
EMBEDDED = re.compile(rb"/EmbeddedFile\b")
DIRECT_LENGTH = re.compile(rb"/Length\s+([0-9]{1,10})(?!\s+[0-9]+\s+R)\b")
ZIP_START = b"PK\x03\x04"
TOKEN_LENGTH = 4 + 64


class PdfAltered(ValueError):
    """The PDF's bytes are not the ones that were sealed, or it carries no bundle."""


def check_seal_line(data: bytes, key: Optional[str]) -> str:
    """Return the name under which the last line was signed. Raises PdfAltered; without a key nobody is checked."""
    found = SEAL.search(data[-2048:])
    if found is None:
        raise PdfAltered("the PDF's last line is not a seal: the file was altered or cut")
    body = data[: len(data) - len(found.group(0))]
    stated = found.group(1).decode()
    if hashlib.sha256(body).hexdigest() != stated:
        raise PdfAltered("the PDF's bytes are not the ones its last line seals: the file was altered")
    signer = found.group(2).decode("utf-8", "replace")
    try:
        token = decode_base64(found.group(3).decode())
        if len(token) != TOKEN_LENGTH:
            raise NoteFaulty("its signature has another length")
        if key is not None:
            name, keyid, public_key = parse_vkey(key)
            message = b"scorecard-seal/1\n" + stated.encode() + b"\n"
            ours = signer == name and token[:4] == keyid
            if not ours or not ed25519_holds(public_key, message, token[4:]):
                raise NoteFaulty("it was not signed by the key %s" % name)
    except NoteFaulty as fault:
        raise PdfAltered("the PDF's seal: %s" % fault) from None
    return signer


def _stream_at(data: bytes, place: int) -> Optional[bytes]:
    """Return the inflated stream of the object whose dictionary stands around `place`, if there is one."""
    start = data.find(b"stream", place)
    if start < 0 or b"endobj" in data[place:start]:
        return None
    begin = start + len(b"stream")
    begin += 2 if data[begin : begin + 2] == b"\r\n" else 1
    dictionary = data[max(data.rfind(b"obj", 0, place), 0) : start]
    length = DIRECT_LENGTH.search(dictionary)
    end = begin + int(length.group(1)) if length else data.find(b"endstream", begin)
    content = data[begin : max(end, begin)]
    if b"/FlateDecode" not in dictionary:
        return content if length else content.rstrip(b"\r\n")
    try:
        return zlib.decompressobj().decompress(content, LARGEST_ARCHIVE)
    except zlib.error:
        return None


def embedded_bundle(data: bytes) -> bytes:
    """Return the bundle that the PDF carries. Raises PdfAltered when there is none, or more than one."""
    streams = [_stream_at(data, match.end()) for match in EMBEDDED.finditer(data)]
    bundles = [content for content in streams if content is not None and content[:4] == ZIP_START]
    if len(bundles) != 1:
        raise PdfAltered("the PDF carries %d bundles instead of one, so nothing can be recomputed" % len(bundles))
    return bundles[0]


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/opened.py: Opening a bundle: members, manifest, and the strictly parsed documents that every later check reads.

MOST_FILES = 65000
MANIFEST = "MANIFEST.json"
PRINTED = "scorecard.pdf"


class Difference(ValueError):
    """The first thing that contradicts; the text names the place."""


@dataclass
class Opened:
    """A bundle whose parts have been read; filled by the checks in their order."""

    members: Dict[str, bytes]
    file_digest: str = ""
    printed: Optional[bytes] = None
    snapshot: Dict[str, Any] = field(default_factory=dict)
    sealed: Dict[str, Any] = field(default_factory=dict)
    framework: Dict[str, Any] = field(default_factory=dict)
    entries: List[Dict[str, Any]] = field(default_factory=list)
    head: str = ""
    origin: str = ""
    size: int = 0
    signer: Optional[str] = None
    undecided: List[str] = field(default_factory=list)

    def strict(self, path: str) -> Any:
        """Return a member parsed strictly; it must be in canonical form. Raises Difference."""
        if path not in self.members:
            raise Difference("%s is missing" % path)
        try:
            value = parse_json(self.members[path])
            exact = canonical_bytes(value) == self.members[path]
        except StrictJSONError as error:
            raise Difference("%s: %s" % (path, error.message)) from None
        except NotCanonical as error:
            raise Difference("%s: %s" % (path, error)) from None
        if not exact:
            raise Difference("%s is not in canonical form" % path)
        return value


def exactly(value: Any, keys: str, where: str) -> None:
    """Raise Difference unless `value` is an object with exactly the keys, given as words."""
    if not isinstance(value, dict) or sorted(value) != sorted(keys.split()):
        raise Difference("%s does not have exactly the fields %s" % (where, ", ".join(keys.split())))


def _within_limits(size: int, what: str) -> None:
    if size > LARGEST_ARCHIVE:
        raise Difference("%s is larger than %d bytes" % (what, LARGEST_ARCHIVE))


def _read_folder(folder: Path) -> Dict[str, bytes]:
    files, total = [], 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Difference("%s is a link or a device, not a file" % name)
        if path.is_file():
            files.append((name, path))
            total += path.stat().st_size
        if len(files) > MOST_FILES:
            raise Difference("the folder holds more than %d files" % MOST_FILES)
        _within_limits(total, "the folder")
    return {name: path.read_bytes() for name, path in files}


def open_path(path: Path, key: Optional[str]) -> Opened:
    """Read a folder, a zip or a printed scorecard. Raises Difference naming what is wrong with the file itself."""
    if path.is_dir():
        return Opened(_read_folder(path))
    _within_limits(path.stat().st_size, "the file")
    data = path.read_bytes()
    file_digest = hashlib.sha256(data).hexdigest()
    try:
        if data[:5] != b"%PDF-":
            if b"PK\x03\x04" not in data and b"PK\x05\x06" not in data:
                raise Difference("this file is neither a bundle (.zip), a printed scorecard (.pdf) nor a part of one")
            return Opened(unpack_stored(data), file_digest=file_digest)
        check_seal_line(data, key)
        return Opened(unpack_stored(embedded_bundle(data)), file_digest=file_digest, printed=data)
    except (PdfAltered, ArchiveFaulty) as fault:
        raise Difference(str(fault)) from None


def check_manifest(opened: Opened) -> str:
    """Check that the manifest lists every member and nothing else, once, with its digest and size."""
    manifest = opened.strict(MANIFEST)
    exactly(manifest, "schema number version digest members", MANIFEST)
    if manifest["schema"] != "bundle/1":
        raise Difference("MANIFEST.json is not a bundle/1 manifest")
    for row in manifest["members"]:
        exactly(row, "path sha256 bytes", "MANIFEST.json: a member")
    paths = [row["path"] for row in manifest["members"]]
    for path in sorted(set(opened.members) - {MANIFEST, *paths}):
        raise Difference("%s is not listed in MANIFEST.json" % path)
    for row in manifest["members"]:
        data = opened.members.get(row["path"])
        if data is None:
            raise Difference("%s is missing" % row["path"])
        if digest_bytes(data) != row["sha256"] or len(data) != row["bytes"]:
            raise Difference("%s was altered: its digest is not the one in MANIFEST.json" % row["path"])
    in_zip = bool(opened.file_digest)
    if len(set(paths)) != len(paths) or (in_zip and list(opened.members) != [MANIFEST, *paths]):
        raise Difference("MANIFEST.json does not list every member once, in the order of the archive")
    return "%d members, each with the digest that the manifest states" % len(paths)


def informing_path(row: Dict[str, Any]) -> str:
    """Return where the bytes of an informing document stand."""
    return "informing/%s.json" % row["id"]


def _expected_paths(opened: Opened) -> List[str]:
    """Return every path that belongs into this bundle, in the bundle's fixed order."""
    paths = ["scorecard.json", "sealed.json", "framework.json"]
    for item in opened.snapshot["evidence"]:
        scores = "runs/%s/scores.csv" % item["run"]
        paths += ["runs/%s/report.json" % item["run"], *([scores] if scores in opened.members else [])]
    paths += [informing_path(row) for row in opened.snapshot.get("informing", [])]
    paths += ["ledger/entries.jsonl", "ledger/head.txt", *([PRINTED] if PRINTED in opened.members else [])]
    return [*paths, "verify.py", "README.txt"]


def _check_paths(opened: Opened, listed: List[str]) -> None:
    expected = _expected_paths(opened)
    for path in listed:
        if path not in expected:
            raise Difference("%s does not belong into a bundle" % path)
    for path in expected:
        if path not in opened.members:
            raise Difference("%s is missing" % path)
    if listed != expected:
        raise Difference("MANIFEST.json lists the members in another order than the product")


def check_documents(opened: Opened) -> str:
    """Check the canonical form of the documents, that their digests name each other, and that nothing else is there."""
    opened.snapshot, opened.sealed = opened.strict("scorecard.json"), opened.strict("sealed.json")
    opened.framework = opened.strict("framework.json")
    manifest, snapshot_digest = opened.strict(MANIFEST), digest_bytes(opened.members["scorecard.json"])
    exactly(opened.sealed, "schema snapshot digest signatures sealed ledger", "sealed.json")
    if opened.snapshot["schema"] != "scorecard-snapshot/1" or opened.sealed["schema"] != "sealed-card/1":
        raise Difference("scorecard.json or sealed.json has an unknown schema")
    sealed_snapshot = canonical_bytes(opened.sealed["snapshot"])
    if opened.sealed["digest"] != snapshot_digest or sealed_snapshot != opened.members["scorecard.json"]:
        raise Difference("sealed.json seals another record than scorecard.json")
    if opened.snapshot["framework"]["digest"] != digest_bytes(opened.members["framework.json"]):
        raise Difference("framework.json is not the framework that scorecard.json names")
    for name in ("slug", "version", "title"):
        if opened.snapshot["framework"][name] != opened.framework[name]:
            raise Difference("scorecard.json: the framework's %s is not the one of framework.json" % name)
    named = (manifest["number"], manifest["version"], manifest["digest"])
    if named != (opened.snapshot["number"], opened.snapshot["version"], snapshot_digest):
        raise Difference("MANIFEST.json names another scorecard than scorecard.json")
    runs = [item["run"] for item in opened.snapshot["evidence"]]
    if runs != sorted(set(runs)):
        raise Difference("scorecard.json: its evidence is not one row a run, in order")
    documents = [row["id"] for row in opened.snapshot.get("informing", [])]
    if documents != sorted(set(documents)):
        raise Difference("scorecard.json: informing is not one row a document, in order")
    _check_paths(opened, [row["path"] for row in manifest["members"]])
    framework = opened.snapshot["framework"]
    return "record %s, framework %s %s" % (snapshot_digest, framework["slug"], framework["version"])


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/ledger_checks.py: Checks against the ledger: the head, the cited entries, and that every part of the card was recorded.

RUN_FACTS = ("digest", "revision", "native_id", "evaluation", "stratum", "checkpoint", "mitigation")
UNDOING = ("signoff.declined", "signoff.reopened", "scorecard.staled")


def _entry_rows(data: bytes) -> List[Dict[str, Any]]:
    if not data.endswith(b"\n"):
        raise Difference("ledger/entries.jsonl does not end with a line end")
    rows = []
    for number, line in enumerate(data[:-1].split(b"\n"), start=1):
        try:
            row = parse_json(line)
            exact = isinstance(row, dict) and sorted(row) == ["envelope", "proof"] and canonical_bytes(row) == line
        except StrictJSONError as error:
            raise Difference("ledger/entries.jsonl line %d: %s" % (number, error.message)) from None
        except NotCanonical as error:
            raise Difference("ledger/entries.jsonl line %d: %s" % (number, error)) from None
        if not exact:
            raise Difference("ledger/entries.jsonl line %d is not a canonical entry with its proof" % number)
        rows.append(row)
    return rows


def check_ledger(opened: Opened, key: Optional[str], older: str) -> str:
    """Check the head's signature, every cited entry's proof and links, and growth from an older head."""
    try:
        opened.head = opened.members["ledger/head.txt"].decode("utf-8")
        opened.origin, opened.size, root, opened.signer = verified_head(opened.head, key)
        rows = _entry_rows(opened.members["ledger/entries.jsonl"])
        opened.entries = [row["envelope"] for row in rows]
        leaves = [check_inclusion(row["envelope"], row["proof"], opened.origin, opened.size, root) for row in rows]
        check_links(opened.entries, leaves)
        grown = ""
        if older:
            old_origin, old_size, old_root, _ = verified_head(older, key, "older head")
            if old_origin != opened.origin:
                raise ChainBroken("older head: it is a head of %s, not %s" % (old_origin, opened.origin))
            proven = [
                (row["envelope"]["seq"], leaf, proof_parts(row["envelope"], row["proof"]))
                for row, leaf in zip(rows, leaves)
            ]
            if check_older_head((old_size, old_root), (opened.size, root), proven):
                grown = ", grown from the older head of %d" % old_size
            else:
                opened.undecided.append(
                    "growth from the older head of %d: the cited entries do not suffice; export the whole ledger"
                    % old_size
                )
    except ChainBroken as broken:
        raise Difference(str(broken)) from None
    except UnicodeDecodeError:
        raise Difference("ledger/head.txt is not text") from None
    _check_sealed_place(opened, rows, leaves)
    return "%d entries proven in the head of %d%s" % (len(rows), opened.size, grown)


def _check_sealed_place(opened: Opened, rows: List[Dict[str, Any]], leaves: List[bytes]) -> None:
    """Check that sealed.json names this head and the proof of the seal's own entry."""
    sealed = opened.sealed["ledger"]
    exactly(sealed, "seq leaf proof size head", "sealed.json: ledger")
    if sealed["head"] != opened.head or sealed["size"] != opened.size:
        raise Difference("sealed.json names another ledger head than ledger/head.txt")
    found = [(row["proof"], leaf) for row, leaf in zip(rows, leaves) if row["envelope"]["seq"] == sealed["seq"]]
    if not found or found[0][1].hex() != sealed["leaf"] or found[0][0] != sealed["proof"]:
        raise Difference("sealed.json: the seal is not in the ledger as entry #%s" % sealed["seq"])


def recorded_as(opened: Opened, kind: str) -> List[Dict[str, Any]]:
    """Return the cited entries of a kind, in order."""
    return [envelope for envelope in opened.entries if envelope["kind"] == kind]


def _agree(entry: Dict[str, Any], facts: Dict[str, Any]) -> bool:
    return all(entry["data"].get(name, "missing") == value for name, value in facts.items())


def _check_seal(opened: Opened) -> int:
    """Check that the seal's entry says what sealed.json says; return its place."""
    sealed, place = opened.sealed, opened.sealed["ledger"]["seq"]
    by = sealed["sealed"]
    exactly(by, "by at expires_at", "sealed.json: sealed")
    exactly(by["by"], "id name role", "sealed.json: sealed by")
    facts = {
        "number": opened.snapshot["number"],
        "version": opened.snapshot["version"],
        "digest": sealed["digest"],
        "framework": opened.snapshot["framework"]["digest"],
        "expires_at": by["expires_at"],
        "role": by["by"]["role"],
    }
    for entry in recorded_as(opened, "scorecard.sealed"):
        if entry["seq"] != place:
            continue
        if not _agree(entry, facts) or entry["at"] != by["at"]:
            raise Difference("sealed.json: the ledger's seal (entry #%d) says otherwise" % place)
        if (entry["actor"]["id"], entry["actor"]["name"]) != (by["by"]["id"], by["by"]["name"]):
            raise Difference("sealed.json: the ledger names another person as the sealer")
        if entry["data"]["signatures"] != [digest(signature) for signature in sealed["signatures"]]:
            raise Difference("sealed.json: its signatures are not the ones that were sealed")
        return int(place)
    raise Difference("sealed.json: the seal is not in the ledger")


def _check_runs(opened: Opened, seal: int) -> None:
    received = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "run.received")}
    superseded = {entry["subject"]["id"]: entry["seq"] for entry in recorded_as(opened, "run.superseded")}
    for item in opened.snapshot["evidence"]:
        entry = received.get(item["run"])
        if entry is None or entry["seq"] > seal or not _agree(entry, {name: item[name] for name in RUN_FACTS}):
            raise Difference("%s (%s): its receipt is not in the ledger as cited" % (item["run"], item["evaluation"]))
        if superseded.get(item["run"], seal) < seal:
            raise Difference("%s (%s): it was superseded before the seal" % (item["run"], item["evaluation"]))


def signature_places(opened: Opened) -> Dict[str, int]:
    """Return signature digest -> place of its entry in the ledger."""
    return {entry["data"]["signature"]: entry["seq"] for entry in recorded_as(opened, "signoff.signed")}


def _check_recorded_signatures(opened: Opened, seal: int) -> None:
    card = {"number": opened.snapshot["number"], "version": opened.snapshot["version"]}
    entries = {entry["data"]["signature"]: entry for entry in recorded_as(opened, "signoff.signed")}
    undone = [entry["seq"] for kind in UNDOING for entry in recorded_as(opened, kind) if _agree(entry, card)]
    for signature in opened.sealed["signatures"]:
        entry, where = entries.get(digest(signature)), "signature %s" % signature["id"]
        facts = {**card, "digest": opened.sealed["digest"], **{name: signature[name] for name in ("id", "role")}}
        facts["meaning"] = signature["meaning"]
        if entry is None or entry["seq"] > seal or not _agree(entry, facts) or entry["at"] != signature["at"]:
            raise Difference("%s: it is not in the ledger" % where)
        if (entry["actor"]["kind"], entry["actor"]["id"]) != ("person", signature["signer"]["id"]):
            raise Difference("%s: the ledger names another signer" % where)
        for place in undone:
            if entry["seq"] < place < seal:
                raise Difference("%s: ledger entry #%d took the card back before the seal" % (where, place))


def check_recorded(opened: Opened) -> str:
    """Check that framework, runs, signatures and seal each have their entry with the same facts, before the seal."""
    framework = {name: opened.snapshot["framework"][name] for name in ("slug", "version", "digest")}
    if not any(_agree(entry, framework) for entry in recorded_as(opened, "framework.published")):
        raise Difference("framework.json: its publication is not in the ledger")
    seal = _check_seal(opened)
    _check_runs(opened, seal)
    _check_recorded_signatures(opened, seal)
    return "framework, %d runs, %d signatures and the seal are recorded" % (
        len(opened.snapshot["evidence"]),
        len(opened.sealed["signatures"]),
    )


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/signature_checks.py: Checks of the signatures' rules: right digest, right people, every step of the framework, in order.

SIGNATURE_KEYS = "id number version digest signer role meaning reason at authentication attestation"
FREE_MEANINGS = ("reviewed", "dissents")


def authoring_people(opened: Opened) -> Set[str]:
    """Return the ids of everybody who had a part in the card, as the record and the ledger name them."""
    people = {row["id"] for row in opened.snapshot["authors"]}
    people |= {row["by"]["id"] for row in opened.snapshot["applicability"]}
    for category in opened.snapshot["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            determination = category[side]["determination"]
            people |= {determination["by"]["id"]} if determination else set()
    runs = {item["run"] for item in opened.snapshot["evidence"]}
    received = [entry for entry in recorded_as(opened, "run.received") if entry["subject"]["id"] in runs]
    documents = {row["id"] for row in opened.snapshot.get("informing", [])}
    received += [entry for entry in recorded_as(opened, "evidence.received") if entry["subject"]["id"] in documents]
    people |= {entry["actor"]["id"] for entry in received if entry["actor"]["kind"] == "person"}
    return people


def _check_one(opened: Opened, signature: Dict[str, Any], authors: Set[str]) -> None:
    where = "signature %s" % signature.get("id")
    exactly(signature, SIGNATURE_KEYS, where)
    exactly(signature["signer"], "id name", where + ": signer")
    named = (signature["number"], signature["version"], signature["digest"])
    if named != (opened.snapshot["number"], opened.snapshot["version"], opened.sealed["digest"]):
        raise Difference("%s names another record" % where)
    if signature["signer"]["id"] in authors:
        raise Difference("%s: %s authored a part and may not sign" % (where, signature["signer"]["name"]))
    steps = [(step["role"], step["meaning"]) for step in opened.framework["signoff"]["steps"]]
    if signature["meaning"] not in FREE_MEANINGS and (signature["role"], signature["meaning"]) not in steps:
        raise Difference("%s: no step asks the %s for '%s'" % (where, signature["role"], signature["meaning"]))


def _check_order(opened: Opened) -> None:
    """Check that nobody signed a step before the steps ahead of it were complete."""
    places = signature_places(opened)
    ready = -1
    for step in opened.framework["signoff"]["steps"]:
        own = sorted(
            places[digest(row)]
            for row in opened.sealed["signatures"]
            if row["role"] == step["role"] and row["meaning"] == step["meaning"]
        )
        if len(own) < step["count"]:
            raise Difference(
                "sealed.json: %d of %d signatures that say '%s' as %s"
                % (len(own), step["count"], step["meaning"], step["role"])
            )
        if own[0] < ready:
            raise Difference("sealed.json: the %s signed before the step ahead was complete" % step["role"])
        ready = max(ready, own[step["count"] - 1])


def check_signatures(opened: Opened) -> str:
    """Check separation of duties, and that every step of sign-off has enough different signers."""
    signatures = opened.sealed["signatures"]
    if opened.snapshot["signoff"] != opened.framework["signoff"]:
        raise Difference("scorecard.json: its sign-off rules are not the framework's")
    authors = authoring_people(opened)
    for signature in signatures:
        _check_one(opened, signature, authors)
    people = [signature["signer"]["id"] for signature in signatures]
    if len(set(people)) != len(people):
        raise Difference("sealed.json: one person signed twice")
    _check_order(opened)
    return "%d signatures of different people, none an author, every step complete" % len(signatures)


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/recompute.py: Recomputing every deciding number from the raw reports and scores, and comparing it with what was signed.

BOTH_SIDES = ("pre_mitigation", "post_mitigation")
CLOSE = 1e-9
FORMS = (("tally", "tally"), ("samples", "samples_digest"), ("estimate", "estimate"))
OPTIONAL_FACTS = ("elicitation",)
"""Members of an evidence row that stand there only where the report has them."""
ITEM_LABELS = ("level", "id", "run", "action", "slug", "category")


def _label(row: Any, index: int) -> str:
    """Return how people find a row of a list: its own name where it has one, else its place."""
    names = [row[name] for name in ITEM_LABELS if isinstance(row, dict) and isinstance(row.get(name), str)]
    return names[0] if names else str(index)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def first_difference(recorded: Any, recomputed: Any, where: str = "") -> Optional[str]:
    """Return where two JSON values first differ, in words; None if they are the same.

    Clopper-Pearson bounds pass through transcendental functions, so floats may differ by 1e-9; all else is exact.
    """
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for key in sorted(set(recorded) | set(recomputed)):
            if key not in recorded or key not in recomputed:
                return "%s/%s stands only on one side" % (where, key)
            found = first_difference(recorded[key], recomputed[key], "%s/%s" % (where, key))
            if found:
                return found
        return None
    if isinstance(recorded, list) and isinstance(recomputed, list):
        if len(recorded) != len(recomputed):
            return "%s: recorded %d items, recomputed %d" % (where, len(recorded), len(recomputed))
        for index, (old, new) in enumerate(zip(recorded, recomputed)):
            found = first_difference(old, new, "%s/%s" % (where, _label(new, index)))
            if found:
                return found
        return None
    if _is_number(recorded) and _is_number(recomputed):
        same = abs(recorded - recomputed) <= CLOSE
    else:
        same = type(recorded) is type(recomputed) and recorded == recomputed
    return None if same else "%s: recorded %s, recomputed %s" % (where, recorded, recomputed)


def _fraction(tally: Optional[Dict[str, Any]]) -> str:
    return "nothing that decides" if tally is None else "%g/%d" % (tally["total"], tally["expected"])


def _place(opened: Opened, item: Dict[str, Any]) -> str:
    categories = {row["evaluation"]: row["category"] for row in opened.framework["indicators"]}
    return "%s/%s/%s" % (categories.get(item["evaluation"], "evidence"), item["mitigation"], item["evaluation"])


def _scores(opened: Opened, item: Dict[str, Any], report: Dict[str, Any]) -> List[ScoreRow]:
    path = "runs/%s/scores.csv" % item["run"]
    if "samples_digest" not in report:
        if path in opened.members:
            raise Difference("%s does not belong to its report" % path)
        return []
    if path not in opened.members:
        raise Difference("%s is missing" % path)
    if digest_bytes(opened.members[path]) != report["samples_digest"]:
        raise Difference("%s: %s are not the scores that the report names" % (_place(opened, item), path))
    try:
        return scores_from_csv(opened.members[path])
    except ValueError as fault:
        raise Difference("%s: %s" % (path, fault)) from None


def _shown_value(report: Dict[str, Any], rows: List[ScoreRow], tally: Optional[Tally]) -> Optional[float]:
    """Return the figure that the card shows for a run, in the report's unit."""
    if "estimate" in report:
        return float(report["estimate"]["value"])
    if tally is not None:
        return tally.total / tally.scored * UNIT_SIZE[report["unit"]] if tally.scored else None
    scores = [row.score for row in rows if row.score is not None and not row.superseded]
    return math.fsum(scores) / len(scores) if scores else None


def _reported_facts(report: Dict[str, Any]) -> Dict[str, Any]:
    """Return what an evidence row copies from its report."""
    estimate = report.get("estimate", {})
    trials = estimate.get("trials", report.get("tally", {}).get("trials"))
    evaluation, provenance = report["evaluation"], report["provenance"]
    return {
        "evaluation": evaluation["slug"],
        "stratum": evaluation.get("stratum"),
        "version": evaluation.get("version"),
        "dataset_digest": evaluation.get("dataset_digest"),
        "metric": report["metric"],
        "unit": report["unit"],
        "mitigation": report["mitigation"],
        "checkpoint": report["checkpoint"],
        "form": next(form for form, key in FORMS if key in report),
        "qualifier": estimate.get("qualifier", "="),
        "reported_n": estimate.get("trials_text") or (None if trials is None else str(trials)),
        "elicitation_adequate": report.get("elicitation", {}).get("adequate"),
        "quality": provenance.get("quality"),
        "source": provenance["source"],
        **shown_facts(report),
    }


def _check_item(opened: Opened, item: Dict[str, Any]) -> None:
    """Compare one evidence row with its report: the tally first, because it decides, then what is copied."""
    path, place = "runs/%s/report.json" % item["run"], _place(opened, item)
    report = opened.strict(path)
    rows = _scores(opened, item, report)
    policy = opened.framework["policy"]
    excluded = frozenset(policy.get("excluded_statuses") or [])
    tally = tally_of_report(report, rows, frozenset(policy["missing_statuses"]), excluded)
    recomputed = None if tally is None else tally.to_dict()
    found = first_difference(item["tally"], recomputed)
    if found:
        old, new = _fraction(item["tally"]), _fraction(recomputed)
        words = "recorded %s, recomputed %s" % (old, new) if old != new else "its tally" + found
        raise Difference("%s: %s" % (place, words))
    copied = {**_reported_facts(report), "value": _shown_value(report, rows, tally)}
    recorded = {name: item[name] for name in (*copied, *OPTIONAL_FACTS) if name in item}
    found = first_difference(recorded, copied)
    if found:
        raise Difference(place + found)
    digest = digest_bytes(opened.members[path])
    if digest != item["digest"] or report.get("run_id", digest) != item["native_id"]:
        raise Difference("%s: %s is not the report that the evidence cites" % (place, path))
    if item["applies"] == "direct" and report["subject"] != opened.snapshot["subject"]["slug"]:
        raise Difference("%s: the report is about the subject %s" % (place, report["subject"]))


def check_evidence(opened: Opened) -> str:
    """Recompute the tally of every run from its report and scores."""
    for item in opened.snapshot["evidence"]:
        _check_item(opened, item)
    shown = _counts(item["evaluation"] for item in opened.snapshot["evidence"] if item["tally"] is None)
    deciding = len(opened.snapshot["evidence"]) - sum(shown.values())
    said = "%d runs recomputed from their raw reports and scores; not recomputed: " % deciding
    listed = ", ".join("%s (%d)" % (name, shown[name]) for name in sorted(shown))
    return said + "%d display-only figures%s" % (sum(shown.values()), ": " + listed if listed else "")


def _counts(names: Iterable[str]) -> Dict[str, int]:
    counted: Dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return counted


def _check_applies(opened: Opened) -> None:
    for row in opened.snapshot["applicability"]:
        if row["to_checkpoint"] != opened.snapshot["checkpoint"]:
            raise Difference("applicability %s: it is about %s" % (row["id"], row["to_checkpoint"]))
    known = {row["id"]: row["from_checkpoint"] for row in opened.snapshot["applicability"]}
    for item in opened.snapshot["evidence"]:
        expected = opened.snapshot["checkpoint"] if item["applies"] == "direct" else known.get(item["applies"])
        if item["checkpoint"] != expected:
            raise Difference("%s: nothing lets a run on %s count" % (_place(opened, item), item["checkpoint"]))


def _check_side(opened: Opened, category: Dict[str, Any], side: str) -> None:
    recomputed = indicate(opened.framework, category["category"], side, opened.snapshot["evidence"])
    recorded = {key: category[side].get(key) for key in recomputed}
    found = first_difference(recorded, recomputed)
    where = "%s/%s" % (category["category"], side)
    if found:
        raise Difference(where + found)
    determination, determined = category[side]["determination"], category[side]["determined_level"]
    if (
        determination is None
        and determined is None
        and kind_of(opened.framework, category["category"]) not in COUNTED_KINDS
    ):
        return
    if determination is None or determined is None or determination["counts"] is not True:
        raise Difference("%s: sealed without a determination that counts" % where)
    contradictory = [row["level"] for row in recomputed["levels"] if row["contradiction"]]
    if contradictory:
        raise Difference("%s: sealed although its evidence contradicts itself (%s)" % (where, contradictory[0]))
    below = level_rank(opened.framework, determined) < level_rank(opened.framework, recomputed["indicated_level"])
    if determination["level"] != determined or determination["below_indicated"] is not below:
        raise Difference("%s: the determination is not marked as what it is" % where)


def _check_since(opened: Opened) -> None:
    """Check what the record says of its own side of the changes; the replaced version is not in the bundle."""
    since, replaces = opened.snapshot["since"], opened.snapshot["replaces"]
    if since is None and replaces is None:
        return
    if (
        since is None
        or replaces is None
        or (since["number"], since["version"])
        != (
            replaces["number"],
            replaces["version"],
        )
    ):
        raise Difference("the changes are not those since the version that this card replaces")
    runs = {item["run"] for item in opened.snapshot["evidence"]}
    if not set(since["added"]) <= runs or set(since["removed"]) & runs:
        raise Difference("the changes name runs that did not come or go")
    levels = {row["category"]: row for row in opened.snapshot["categories"]}
    for row in since["rows"]:
        recorded, actual = row["after"], levels[row["category"]][row["mitigation"]]["determined_level"]
        if recorded != actual:
            place = "%s/%s" % (row["category"], row["mitigation"])
            raise Difference("%s: the changes end at %s, the card at %s" % (place, recorded, actual))


def check_levels(opened: Opened) -> str:
    """Recompute every finding and level of every category and side."""
    _check_applies(opened)
    _check_since(opened)
    defined = [(row["slug"], row["name"]) for row in opened.framework["categories"]]
    if [(row["category"], row["name"]) for row in opened.snapshot["categories"]] != defined:
        raise Difference("scorecard.json: its categories are not the framework's")
    for category in opened.snapshot["categories"]:
        for side in BOTH_SIDES:
            _check_side(opened, category, side)
    errors = [row["where"] for row in opened.snapshot["lint"] if row["severity"] == "error"]
    if errors:
        raise Difference("%s: sealed with an open error" % errors[0])
    return "%d categories, both sides: every finding and level recomputed" % len(defined)


def check_decisions(opened: Opened) -> str:
    """Recompute the overall levels, the gates and the obligations."""
    rows = opened.snapshot["categories"]
    determined = {side: {row["category"]: row[side]["determined_level"] for row in rows} for side in BOTH_SIDES}
    totals = {side: overall(opened.framework, determined[side]) for side in BOTH_SIDES}
    forecasts, exceptions = opened.snapshot.get("forecasts", []), opened.snapshot.get("exceptions", [])
    recomputed = {
        "overall": totals,
        "gates": gate_decisions(opened.framework, determined, forecasts, exceptions),
        "obligations": obligations(opened.framework, determined, forecasts),
    }
    found = first_difference({key: opened.snapshot[key] for key in recomputed}, recomputed)
    if found:
        raise Difference(found.lstrip("/"))
    return "overall levels, the gates (%d) and the obligations (%d) recomputed" % (
        len(recomputed["gates"]),
        len(recomputed["obligations"]),
    )


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/validity_checks.py: Checks of how long evidence holds: what had ended when the card was signed, and when the card itself ends.

def _recorded_before_seal(opened: Opened, kind: str) -> Dict[str, Dict[str, Any]]:
    """Return what the ledger says under an event before the seal, by the id of what it is about."""
    sealed = opened.sealed["ledger"]["seq"]
    return {entry["subject"]["id"]: entry["data"] for entry in recorded_as(opened, kind) if entry["seq"] < sealed}


def _said_of(row: Dict[str, Any]) -> Dict[str, Any]:
    """Return what the ledger must say of an applicability row of the card."""
    grown = row.get("compute_multiple")
    return {
        "from_checkpoint": row["from_checkpoint"],
        "to_checkpoint": row["to_checkpoint"],
        "rationale": row["rationale"],
        "limits": row["limits"],
        "compute_multiple": None if grown is None else repr(float(grown)),
        "expires_at": row.get("expires_at"),
    }


def _check_causes(opened: Opened) -> None:
    determined = _recorded_before_seal(opened, "applicability.determined")
    withdrawn = _recorded_before_seal(opened, "applicability.withdrawn")
    for row in opened.snapshot["applicability"]:
        said = determined.get(row["id"], {})
        if {name: said.get(name) for name in _said_of(row)} != _said_of(row):
            raise Difference("applicability %s: the ledger does not record it as the card says" % row["id"])
        if (row["id"] in withdrawn) is not ("withdrawn_at" in row):
            raise Difference("applicability %s: whether it was withdrawn is not what the ledger says" % row["id"])
    reported = _recorded_before_seal(opened, "change.reported")
    for row in opened.snapshot.get("system_changes", []):
        facts = {name: row[name] for name in ("kind", "words", "happened_at")}
        said = reported.get(row["id"], {})
        if {name: said.get(name) for name in facts} != facts or said["checkpoint"] != opened.snapshot["checkpoint"]:
            raise Difference("change %s: the ledger does not record it as the card says" % row["id"])


def _tested_at(opened: Opened, item: Dict[str, Any], received: Dict[str, str]) -> str:
    report = opened.strict("runs/%s/report.json" % item["run"])
    said: str = report.get("started_at") or report.get("completed_at") or received.get(item["run"], "")
    return said


def _check_days(opened: Opened, applicability: List[Dict[str, Any]]) -> None:
    """Nothing may have ended unread between the day of reading and the seal, nor before the card itself ends."""
    as_of = opened.snapshot.get("as_of")
    if depends_on_time(opened.framework, applicability) is not (as_of is not None):
        raise Difference("scorecard.json: whether a day of reading stands in it is not what the framework asks")
    end = first_end(opened.framework, opened.snapshot["evidence"], applicability)
    if end is None:
        return
    if end < opened.sealed["sealed"]["at"][:10]:
        raise Difference("evidence ended on %s, before the card was sealed, and is not marked as expired" % end)
    if opened.sealed["sealed"]["expires_at"][:10] > day_after(end):
        raise Difference("the card stands beyond %s, when evidence that it rests on ends" % end)


def check_validity(opened: Opened) -> str:
    """Recompute which evidence has ended, from its dates, what was determined of it, and what was changed."""
    _check_causes(opened)
    received = {entry["subject"]["id"]: entry["at"] for entry in recorded_as(opened, "run.received")}
    applicability, changes = opened.snapshot["applicability"], opened.snapshot.get("system_changes", [])
    expired = 0
    for item in opened.snapshot["evidence"]:
        dated = {**item, "tested_at": _tested_at(opened, item, received)}
        ended = expired_by(opened.framework, dated, applicability, changes, opened.snapshot.get("as_of"))
        facts: Dict[str, Any] = {"tested_at": dated["tested_at"], "expired": ended}
        found = first_difference({"expired": [], **{name: item[name] for name in facts if name in item}}, facts)
        if found:
            raise Difference("%s%s" % (item["run"], found))
        expired += 1 if ended else 0
    _check_days(opened, applicability)
    said = "what evidence has ended recomputed: %d of %d runs, %d determinations that results hold, %d changes"
    return said % (expired, len(opened.snapshot["evidence"]), len(applicability), len(changes))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/plan_checks.py: Checks of the evaluation plan: locked as the ledger says, and compared with the evidence as the card says.

PLAN_FACTS = ("version", "digest", "items", "stopping_rule", "reason", "locked_at")


def _check_versions(opened: Opened, plan: Dict[str, Any]) -> None:
    locked = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "plan.locked")}
    for place, row in enumerate(plan["versions"], start=1):
        said = locked.get(row["id"], {}).get("data", {})
        if {name: said.get(name) for name in PLAN_FACTS} != {name: row[name] for name in PLAN_FACTS}:
            raise Difference("plan version %s: the ledger does not record it as the card says" % row["version"])
        if row["version"] != place or said["framework"] != opened.snapshot["framework"]["digest"]:
            raise Difference("plan version %s: it does not belong to this card's plan" % row["version"])
        if said["checkpoint"] != opened.snapshot["checkpoint"] or said["locked_at"] != locked[row["id"]]["at"]:
            raise Difference("plan version %s: it was locked for something else, or at another time" % row["version"])


def _check_attempts(opened: Opened, row: Dict[str, Any]) -> None:
    received = {entry["subject"]["id"]: entry["data"] for entry in recorded_as(opened, "run.received")}
    own = {item["run"] for item in opened.snapshot["evidence"] if item["applies"] == "direct"}
    missing = [run["run"] for run in row["runs"] if run["run"] in own and run["run"] not in row["attempts"]]
    if missing:
        raise Difference("plan: %s is cited and not counted as an attempt" % missing[0])
    for run in row["attempts"]:
        said = received.get(run, {})
        facts = {name: row[name] for name in ("evaluation", "stratum", "mitigation")}
        if {name: said.get(name) for name in facts} != facts:
            raise Difference("plan: the ledger does not record the attempt %s" % run)


def check_plan(opened: Opened) -> str:
    """Recompute what was planned against what was done; that no further attempt was received is not recomputable."""
    plan = opened.snapshot.get("plan")
    if plan is None:
        return "no evaluation plan was locked"
    _check_versions(opened, plan)
    items, evidence = locked_since(plan["versions"]), opened.snapshot["evidence"]
    rows = [{name: row[name] for name in row if name != "attempts"} for row in plan["rows"]]
    recomputed = {
        "rows": planned_against_done(items, evidence),
        "unplanned": unplanned(opened.framework, items, evidence),
    }
    found = first_difference({"rows": rows, "unplanned": plan["unplanned"]}, recomputed)
    if found:
        raise Difference("plan%s" % found)
    for row in plan["rows"]:
        _check_attempts(opened, row)
    done = [row for row in plan["rows"] if row["state"] == "done"]
    said = (
        "%d of %d planned measurements done as planned, %d attempts as recorded; whether there were more: not checked"
    )
    return said % (len(done), len(rows), sum(len(row["attempts"]) for row in plan["rows"]))


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/credit_checks.py: Checks of lower levels after mitigation, and of the forecasts, clauses and safeguards that a card carries.

CARRIED_ROWS = (
    ("forecasts", "forecast.made", "forecast", ("category", "level", "post_level", "by_day")),
    ("safeguards", "safeguard.written", "safeguard", ("slug", "version", "name", "claim", "threat_actor")),
)
"""Member of the snapshot, the event that wrote its rows, the event's subject, and what both say alike."""


def _pair_scores(opened: Opened, run: str) -> List[ScoreRow]:
    path = "runs/%s/scores.csv" % run
    if path not in opened.members:
        raise Difference("%s is missing, and a credit rests on it" % path)
    return scores_from_csv(opened.members[path])


def _table_of(opened: Opened, wanted: Dict[str, Any]) -> Dict[str, Any]:
    """Recompute the table of one pair from the scores of both runs."""
    reports = [opened.strict("runs/%s/report.json" % wanted[name]) for name in ("pre_run", "post_run")]
    planned = [report["attempts_per_sample"] for report in reports if report.get("attempts_per_sample")]
    return paired_table(
        _pair_scores(opened, wanted["pre_run"]),
        _pair_scores(opened, wanted["post_run"]),
        frozenset(opened.framework["policy"]["missing_statuses"]),
        wanted["mirrored"],
        max(planned, default=None),
        frozenset(opened.framework["policy"].get("excluded_statuses") or []),
    )


def _check_credit(opened: Opened, category: Dict[str, Any]) -> int:
    """Compare what a lowered level rests on with what the scores say; return how many pairs were recomputed."""
    slug = category["category"]
    levels = lowered_levels(opened.framework, slug, *(category[side]["determined_level"] for side in BOTH_SIDES))
    if not levels and "credit" not in category:
        return 0
    pairs = [
        measured_pair(wanted, None if wanted["unpaired"] else _table_of(opened, wanted))
        for wanted in wanted_pairs(opened.framework, category, levels, opened.snapshot["evidence"])
    ]
    recomputed = credit_of(opened.framework, category, pairs, opened.snapshot.get("safeguards", []))
    found = first_difference({"credit": category.get("credit")}, {"credit": recomputed})
    if found:
        raise Difference("%s%s" % (slug, found))
    if recomputed is not None and recomputed["basis"] == "missing":
        raise Difference("%s: sealed with a level lowered without a cause" % slug)
    return len(pairs)


def _check_rows(opened: Opened, member: str, kind: str, subject: str, facts: Tuple[str, ...]) -> int:
    written = {entry["subject"]["id"]: entry for entry in recorded_as(opened, kind)}
    rows = opened.snapshot.get(member, [])
    if not rows and member in opened.snapshot:
        raise Difference("scorecard.json: %s is empty, and then it is left out" % member)
    for row in rows:
        entry = written.get(row["id"])
        said = entry["data"] if entry is not None and entry["seq"] < opened.sealed["ledger"]["seq"] else {}
        if any((said.get(name, "missing") or None) != row[name] for name in facts):
            raise Difference("%s %s: the ledger does not record it as the card says" % (subject, row["id"]))
    return len(rows)


def _check_exceptions(opened: Opened) -> int:
    """Check that every invoked clause stands in the ledger with its statements, and that nobody withdrew it."""
    card = {name: opened.snapshot[name] for name in ("number", "version")}
    standing: Dict[str, Any] = {}
    for entry in opened.entries:
        data = entry["data"]
        if entry["kind"] not in ("exception.invoked", "exception.withdrawn"):
            continue
        if {name: data.get(name) for name in card} == card and entry["seq"] < opened.sealed["ledger"]["seq"]:
            standing[data["clause"]] = data.get("attestations")
    rows = opened.snapshot.get("exceptions", [])
    for row in rows:
        if standing.get(row["clause"]) != row["attestations"]:
            raise Difference("exception %s: the ledger does not record it as the card says" % row["clause"])
    return len(rows)


def check_credits(opened: Opened) -> str:
    """Recompute what every lowered level rests on, and find forecasts, safeguards and clauses in the ledger."""
    pairs = sum(_check_credit(opened, category) for category in opened.snapshot["categories"])
    counted = [_check_rows(opened, *row) for row in CARRIED_ROWS]
    clauses = _check_exceptions(opened)
    lowered = [row["category"] for row in opened.snapshot["categories"] if "credit" in row]
    return "%d lowered levels recomputed on %d pairs of runs; %d forecasts, %d safeguards, %d clauses as recorded" % (
        len(lowered),
        pairs,
        counted[0],
        counted[1],
        clauses,
    )


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/informing_checks.py: Checks of the documents that inform a card: whole, recorded, and named as what is not recomputed.

INFORMING_KEYS = (
    "id kind kind_title title native_id version revision digest raw_digest checkpoints mitigation category section "
    "source received_at summary figures"
)
DOCUMENT_FACTS = ("kind", "native_id", "revision", "digest", "checkpoints", "mitigation", "category")


def _check_document(opened: Opened, row: Dict[str, Any], received: Dict[str, Dict[str, Any]]) -> None:
    where = "scorecard.json: informing %s" % row.get("id")
    exactly(row, INFORMING_KEYS, where)
    for figure in row["figures"]:
        exactly(figure, "name figure interval n", where)
    path = informing_path(row)
    if digest_bytes(opened.members[path]) != row["raw_digest"]:
        raise Difference("%s is not the document that the record names" % path)
    entry = received.get(row["id"])
    facts = {**{name: row[name] for name in DOCUMENT_FACTS}, "raw": row["raw_digest"]}
    said = entry["data"] if entry is not None and entry["seq"] < opened.sealed["ledger"]["seq"] else {}
    if any(said.get(name, "missing") != value for name, value in facts.items()):
        raise Difference("%s: its receipt is not in the ledger as cited" % path)


def check_informing(opened: Opened) -> str:
    """Check digests and receipts of the informing documents; what they say is not recomputed and decides nothing."""
    rows: List[Dict[str, Any]] = opened.snapshot.get("informing", [])
    if not rows and "informing" in opened.snapshot:
        raise Difference("scorecard.json: informing is empty, and then it is left out")
    received = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "evidence.received")}
    kinds: Dict[str, int] = {}
    for row in rows:
        _check_document(opened, row, received)
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
    if not rows:
        return "no document of another kind informs this card"
    listed = ", ".join("%s (%d)" % (kind, kinds[kind]) for kind in sorted(kinds))
    return "%d documents inform and decide nothing, each as recorded; not recomputed: %s" % (len(rows), listed)


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/carried.py: Checks of what the bundle merely carries: the printed scorecard and the verifier, which the record does not name.

def check_carried(opened: Opened, key: Optional[str]) -> str:
    """Check that verify.py is the one the seal names, and that the printed scorecard prints this record."""
    (seal,) = [entry for entry in opened.entries if entry["seq"] == opened.sealed["ledger"]["seq"]]
    if digest_bytes(opened.members["verify.py"]) != seal["data"]["verifier"]:
        raise Difference("verify.py is not the verifier that the seal names")
    data = opened.printed if opened.printed is not None else opened.members.get(PRINTED)
    if data is None:
        return "verify.py is the one that the seal names; no printed scorecard here"
    try:
        signer = check_seal_line(data, key)
        carried = unpack_stored(embedded_bundle(data))
    except (PdfAltered, ArchiveFaulty) as fault:
        raise Difference("%s: %s" % (PRINTED, fault)) from None
    if signer != opened.origin:
        raise Difference("%s: it is sealed under the name %s, not %s" % (PRINTED, signer, opened.origin))
    for path in ("scorecard.json", "sealed.json"):
        if carried.get(path) != opened.members[path]:
            raise Difference("%s prints another record than scorecard.json" % PRINTED)
    return "verify.py is the one that the seal names; the printed scorecard is whole and carries this record"


# ---------------------------------------------------------------------------------------------------------------------
# scorecard/verifier/command.py: The auditor's command: one line per check, and an exit code that means something.

USAGE = """Verify a preparedness scorecard offline: python3 -I verify.py DIR|ZIP|PDF [--key KEY] [--head OLDER_HEAD]

Exit 0: every check passed. 1: the first difference is named. 2: nothing contradicts, but something could not be
decided (without --key: who signed). 3: usage."""

MALFORMED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
"""What reading a document of another shape raises; the checks expect the product's own shapes."""


def printable(text: str) -> str:
    """Return text that cannot steer a terminal."""
    shown = (character if character.isprintable() else "\\u%04x" % ord(character) for character in text)
    return "".join(shown)


def checks_of(key: Optional[str], older: str) -> List[Tuple[str, Callable[[Opened], str]]]:
    """Return every check with its title, in order."""
    return [
        ("manifest", check_manifest),
        ("documents", check_documents),
        ("ledger", lambda opened: check_ledger(opened, key, older)),
        ("recorded", check_recorded),
        ("signatures", check_signatures),
        ("evidence", check_evidence),
        ("validity", check_validity),
        ("plan", check_plan),
        ("informing", check_informing),
        ("levels", check_levels),
        ("credits", check_credits),
        ("decisions", check_decisions),
        ("carried", lambda opened: check_carried(opened, key)),
    ]


def verify(path: Path, key: Optional[str], older: str, say: Callable[[str], None]) -> Tuple[int, Optional[Opened]]:
    """Run every check, saying one line each; return the exit code and what was opened. Raises OSError."""
    opened = None
    title = "file"
    try:
        opened = open_path(path, key)
        for title, check in checks_of(key, older):
            say("ok   %-10s %s" % (title, printable(check(opened))))
    except Difference as difference:
        say("FAIL %-10s %s" % (title, printable(str(difference))))
        return 1, opened
    except MALFORMED as error:
        say("FAIL %-10s malformed: %s %s" % (title, type(error).__name__, printable(str(error))))
        return 1, opened
    if key is None:
        say("??   %-10s self-consistent; the signer is not verified (give --key)" % "signer")
    else:
        say("ok   %-10s the ledger head is signed by %s" % ("signer", printable(opened.signer or "")))
    for line in opened.undecided:
        say("??   %-10s %s" % ("growth", printable(line)))
    say(
        "     %-10s README.txt, and whether the card was superseded or revoked after ledger entry #%d"
        % ("unchecked", opened.size - 1)
    )
    return (2 if key is None or opened.undecided else 0), opened


def read_arguments(options: argparse.Namespace) -> str:
    """Return the older head's text, or an empty one. Raises OSError, UnicodeDecodeError or NoteFaulty."""
    if options.key is not None:
        parse_vkey(options.key)
    if not options.path.exists():
        raise OSError("%s does not exist" % options.path)
    if options.head is None:
        return ""
    older = str(options.head.read_bytes().decode("utf-8"))
    parse_head(parse_note(older).text)
    return older


def main(arguments: List[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", usage=USAGE, add_help=True)
    parser.add_argument("path", type=Path)
    parser.add_argument("--key")
    parser.add_argument("--head", type=Path)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name in another script must not stop the last line
    try:
        options = parser.parse_args(arguments)
        older = read_arguments(options)
        code, opened = verify(options.path, options.key, older, print)
    except SystemExit as stop:
        return 0 if stop.code == 0 else 3
    except (OSError, UnicodeDecodeError, NoteFaulty) as error:
        print("cannot read: %s" % printable(str(error)), file=sys.stderr)
        return 3
    if opened is not None and opened.file_digest:
        print("     %-10s sha256:%s" % ("file", opened.file_digest))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
