"""Interval plots and level glyphs as SVG: one drawing for the page and for print, readable in grey and without a font.

Everything is drawn with presentation attributes: no style element, because a page's security policy refuses those, and
because a document's style sheet does not reach into an SVG in print. Classes let a page recolour the parts in the dark.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

Record = dict[str, Any]

WIDTH = 800
LABEL_WIDTH, PLOT_LEFT, PLOT_WIDTH = 210, 222, 400
TOP, ROW, AXIS = 10, 38, 26
LINE_CHARS = 34
INK, SOFT, GRID, PAPER = "#14232e", "#46535d", "#d5dadf", "#ffffff"
BANDS = (("#f2b94b", ".32", "#8a5a00", "3 2"), ("#c4481a", ".30", "#c4481a", ""), ("#4f0a22", ".36", "#4f0a22", "7 2"))
"""Fill, its opacity, edge and dash of the first, second and third threshold above the base level."""
OPEN_EDGE = f'stroke="{INK}" stroke-width="1.5"'
FONT = "'IBM Plex Sans', sans-serif"
SHOWN_ROWS = 60
OFFSETS = {"pre_mitigation": -5.0, "post_mitigation": 4.5}
SIDE_NAMES = {"pre_mitigation": "pre-mitigation", "post_mitigation": "post-mitigation"}


def percent(fraction: float) -> str:
    """Return a fraction as percent with one decimal where it needs one: `13%`, `20.9%`."""
    return f"{fraction * 100:.1f}".removesuffix(".0") + "%"


def level_bars(index: int, count: int, *, colour: str = "currentColor") -> str:
    """Draw `count` rising bars of which the first `index` + 1 are filled (`index` -1: none)."""
    step = 14 / max(1, count - 1)
    bars = []
    for bar in range(count):
        height = 3 + 8 * bar / max(1, count - 1)
        fill = colour if bar <= index else "none"
        bars.append(
            f'<rect x="{1 + bar * step * 0.96:.2f}" y="{12 - height:.2f}" width="3" height="{height:.2f}" '
            f'fill="{fill}" stroke="{colour}" stroke-width="1"/>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 19 13" width="19" height="13">{"".join(bars)}</svg>'


def _shown(words: str) -> str:
    """Escape a text, and show the control characters that no drawing may obey."""
    return escape("".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in words))


def _x(fraction: float) -> str:
    return f"{PLOT_LEFT + PLOT_WIDTH * min(1.0, max(0.0, fraction)):.2f}"


def _line(x1: str, y1: float, x2: str, y2: float, *, stroke: str = INK, width: float = 1.3, more: str = "") -> str:
    return (
        f'<line x1="{x1}" y1="{y1:.2f}" x2="{x2}" y2="{y2:.2f}" stroke="{stroke}" '
        f'stroke-width="{width}"{" " + more if more else ""}/>'
    )


def _text(x: str, y: float, words: str, *, size: float = 12, fill: str = INK, anchor: str = "start", name: str = "ink"
          ) -> str:  # fmt: skip
    return (
        f'<text class="plot-{name}" x="{x}" y="{y:.2f}" font-family="{FONT}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}">{_shown(words)}</text>'
    )


def wrapped(words: str, width: int = LINE_CHARS) -> list[str]:
    """Break a label into at most two lines of `width` characters; what does not fit ends in an ellipsis."""
    lines = [""]
    for word in words.split():
        candidate = f"{lines[-1]} {word}".strip()
        if len(candidate) <= width or not lines[-1]:
            lines[-1] = candidate
        else:
            lines.append(word)
    kept = [line if len(line) <= width else line[: width - 1] + "…" for line in lines[:2]]
    if len(lines) > 2:
        kept[1] = kept[1][: width - 1].rstrip("… ") + "…"
    return kept


def _band(bands: list[Record], place: int, middle: float) -> str:
    band = bands[place]
    fill, opacity, edge, dash = BANDS[min(len(BANDS) - 1, max(0, int(band.get("rank", place + 1)) - 1))]
    end = bands[place + 1]["value"] if place + 1 < len(bands) else 1.0
    left, width = _x(band["value"]), max(0.0, PLOT_WIDTH * (end - band["value"]))
    dashed = f'stroke-dasharray="{dash}"' if dash else ""
    top = f"{middle - 12:.2f}"
    return (
        f'<rect x="{left}" y="{top}" width="{width:.2f}" height="24" fill="{fill}" fill-opacity="{opacity}"/>'
        + _line(left, middle - 12, left, middle + 12, stroke=edge, width=1.8, more=dashed)
    )


def _interval(side: str, estimate: Record, middle: float) -> str:
    y = middle + OFFSETS[side]
    low, high = _x(estimate["low"]), _x(estimate["high"])
    drawn = ""
    if estimate["upper"] > estimate["high"] + 0.0005:
        worst = _x(estimate["upper"])
        drawn += _line(high, y, worst, y, stroke="#7b8790", width=1, more='class="plot-worst" stroke-dasharray="2 2"')
        drawn += _line(worst, y - 2.5, worst, y + 2.5, stroke="#7b8790", width=1, more='class="plot-worst"')
    drawn += _line(low, y, high, y, more='class="plot-line"')
    for end in (low, high):
        drawn += _line(end, y - 3, end, y + 3, more='class="plot-line"')
    return drawn + _mark(side, estimate["point"], middle)


def _mark(side: str, fraction: float, middle: float) -> str:
    point, y = _x(fraction), middle + OFFSETS[side]
    if side == "pre_mitigation":
        return f'<circle class="plot-open" cx="{point}" cy="{y:.2f}" r="3.4" fill="{PAPER}" {OPEN_EDGE}/>'
    left, top = float(point) - 3.2, y - 3.2
    return f'<rect class="plot-full" x="{left:.2f}" y="{top:.2f}" width="6.4" height="6.4" fill="{INK}"/>'


def _bare_words(row: Record) -> str:
    """Return the published figures that have no interval: `13%, no n` or `pre: 47.1%, no n`."""
    bare = row.get("bare") or {}
    if "post_mitigation" in bare:
        return f"{percent(bare['post_mitigation'])}, no n"
    return f"pre: {percent(bare['pre_mitigation'])}, no n" if bare else ""


def figures(estimate: Record) -> str:
    """Return an estimate as value, interval and n: `13% (8%–21%) · 100`."""
    interval = f"{percent(estimate['low'])}–{percent(estimate['high'])}"
    return f"{percent(estimate['point'])} ({interval}) · {round(estimate['n'])}"


def _said(row: Record) -> str:
    parts = [
        f"{SIDE_NAMES[side]} {percent(one['point'])}, 95 % interval {percent(one['low'])} to {percent(one['high'])}, "
        f"worst case {percent(one['upper'])}, n {round(one['n'])}"
        for side, one in row["sides"].items()
        if side in OFFSETS
    ]
    parts += [f"{SIDE_NAMES[side]} {percent(share)} as published, without n and so without interval"
              for side, share in (row.get("bare") or {}).items() if side in OFFSETS]  # fmt: skip
    limits = ", ".join(f"{band['name']} from {percent(band['value'])}" for band in row["bands"])
    return f"{row['title']}: {'; '.join(parts) or row.get('note') or 'cannot be plotted'}. Thresholds: {limits}."


def _row(row: Record, place: int) -> str:
    middle = TOP + ROW * place + ROW / 2
    bands = sorted(row["bands"], key=lambda band: float(band["value"]))
    label = wrapped(str(row["title"]))
    first = middle + 4 if len(label) == 1 else middle - 3
    drawn = "".join(_text("0", first + 14 * number, line) for number, line in enumerate(label))
    drawn += "".join(_band(bands, number, middle) for number in range(len(bands)))
    sides = {side: row["sides"][side] for side in OFFSETS if row["sides"].get(side)}
    drawn += "".join(_interval(side, estimate, middle) for side, estimate in sides.items())
    drawn += "".join(_mark(side, share, middle) for side, share in (row.get("bare") or {}).items() if side in OFFSETS)
    if not sides:
        note = _bare_words(row) or row.get("note") or "cannot be plotted"
        drawn += _text(str(WIDTH), middle + 4, note, fill=SOFT, anchor="end", name="soft")
    elif "post_mitigation" in sides:
        drawn += _text(str(WIDTH), middle + 4, figures(sides["post_mitigation"]), anchor="end")
    else:
        drawn += _text(str(WIDTH), middle + 4, "pre: " + figures(sides["pre_mitigation"]), anchor="end")
    below = TOP + ROW * (place + 1)
    return drawn + _line("0", below, str(WIDTH), below, stroke=GRID, width=0.8, more='class="plot-grid"')


def _axis(bottom: float) -> str:
    drawn = ""
    for tick in range(0, 101, 20):
        x = _x(tick / 100)
        width = 1.5 if tick == 0 else 0.8
        drawn += _line(x, TOP - 4, x, bottom + 5, stroke=GRID, width=width, more='class="plot-grid"')
        drawn += _text(x, bottom + 20, f"{tick}%", size=11, fill=SOFT, anchor="middle", name="soft")
    return drawn


def forest_plot(rows: list[Record], *, title: str = "Interval plot") -> str:
    """Draw each measurement's 95 % interval against the thresholds of its levels, in percent and in risk direction.

    A row is `{title, bands: [{name, value, rank}], sides: {side: estimate}, bare: {side: share}, note}`
    (`framework.reading.plot_rows`); `bare` is a published share without n, drawn as its mark alone. Pre-mitigation is
    an open circle, post-mitigation a filled square, the worst case a thinner dashed extension, the first threshold a
    dashed and the second a solid edge. The title says all numbers in words. At most 60 rows are drawn.
    """
    shown = rows[:SHOWN_ROWS]
    bottom = TOP + ROW * len(shown)
    said = " ".join([f"{title}.", *(_said(row) for row in shown)])
    if len(rows) > len(shown):
        said += f" The first {len(shown)} of {len(rows)} rows are drawn."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 {WIDTH} {bottom + AXIS}" '
        f'width="{WIDTH}" height="{bottom + AXIS}"><title>{_shown(said)}</title>'
        f"{_axis(bottom)}{''.join(_row(row, place) for place, row in enumerate(shown))}</svg>"
    )
