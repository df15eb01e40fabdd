"""The interval plot and the level glyph: marks, bands, words, and text that stays text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from scorecard.framework.reading import plot_rows
from scorecard.plots import SHOWN_ROWS, figures, forest_plot, level_bars, percent, wrapped
from tests.pdf.cards import a_framework, a_snapshot

SVG = "{http://www.w3.org/2000/svg}"


def _category(slug: str) -> dict[str, Any]:
    return next(row for row in a_snapshot()["categories"] if row["category"] == slug)


def _drawn(slug: str) -> ET.Element:
    return ET.fromstring(forest_plot(plot_rows(_category(slug), a_framework())))


def _named(svg: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def test_before_mitigation_is_an_open_circle_and_after_it_a_filled_square() -> None:
    svg = _drawn("cbrn")
    assert [mark.tag for mark in _named(svg, "plot-open")] == [f"{SVG}circle"]
    assert [mark.tag for mark in _named(svg, "plot-full")] == [f"{SVG}rect"] * 3


def test_the_first_threshold_is_dashed_and_the_second_solid() -> None:
    edges = [
        line.get("stroke-dasharray")
        for line in _drawn("persuasion").iter(f"{SVG}line")
        if line.get("stroke-width") == "1.8"
    ]
    assert edges == ["3 2", None]


def test_a_threshold_stands_at_its_percentage() -> None:
    bands = [rect for rect in _drawn("persuasion").iter(f"{SVG}rect") if rect.get("fill-opacity")]
    assert [float(rect.get("x", 0)) for rect in bands] == [222 + 400 * 0.45, 222 + 400 * 0.7]


def test_missing_samples_extend_the_interval_to_the_worst_case() -> None:
    assert len(_named(_drawn("cybersecurity"), "plot-worst")) == 2
    assert _named(_drawn("cbrn"), "plot-worst") == []


def test_a_row_without_n_says_so_in_words_and_draws_no_mark() -> None:
    svg = _drawn("persuasion")
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert "no n: cannot be plotted" in words
    assert _named(svg, "plot-full") == []


def test_the_title_says_every_number_that_the_drawing_shows() -> None:
    said = _drawn("cybersecurity").findtext(f"{SVG}title") or ""
    assert "Capture-the-flag, professional: post-mitigation 12.6%" in said
    assert "worst case 25.5%" in said
    assert "Thresholds: Medium from 25%, High from 50%." in said


def test_markup_and_control_characters_in_a_title_stay_text() -> None:
    row = {"title": "<script>&\x07", "bands": [], "sides": {}}
    drawing = forest_plot([row])
    assert "<script>" not in drawing
    assert "\x07" not in drawing
    assert "&lt;script&gt;&amp;\\u0007" in drawing


def test_no_style_element_and_no_address_is_in_the_drawing() -> None:
    drawing = forest_plot(plot_rows(_category("cbrn"), a_framework()))
    assert "<style" not in drawing
    assert "style=" not in drawing
    assert drawing.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_the_same_rows_give_the_same_drawing() -> None:
    rows = plot_rows(_category("cbrn"), a_framework())
    assert forest_plot(rows) == forest_plot(rows)


def test_more_rows_than_can_be_read_are_counted_in_words() -> None:
    row = {"title": "x", "bands": [], "sides": {}}
    assert f"The first {SHOWN_ROWS} of 500 rows are drawn." in forest_plot([row] * 500)


def test_a_lower_is_riskier_threshold_is_drawn_in_risk_direction() -> None:
    category = _category("persuasion")
    for level in category["post_mitigation"]["levels"]:
        for row in level["indicators"]:
            row.update(direction="at_or_below", threshold=0.2)
    bands = plot_rows(category, a_framework())[0]["bands"]
    assert {band["value"] for band in bands} <= {0.8, 0.45, 0.7}


@pytest.mark.parametrize(("index", "filled"), [(-1, 0), (0, 1), (1, 2), (3, 4)])
def test_a_level_fills_as_many_bars_as_it_is_high(index: int, filled: int) -> None:
    bars = ET.fromstring(level_bars(index, 4)).findall(f"{SVG}rect")
    assert len(bars) == 4
    assert sum(bar.get("fill") != "none" for bar in bars) == filled
    assert [float(bar.get("height", 0)) for bar in bars] == sorted(float(bar.get("height", 0)) for bar in bars)


def test_a_glyph_of_one_level_is_one_bar() -> None:
    assert level_bars(0, 1).count("<rect") == 1


def test_labels_break_at_words_and_never_run_over() -> None:
    assert wrapped("Capture-the-flag, professional") == ["Capture-the-flag, professional"]
    assert wrapped("Radiological and nuclear expert knowledge") == ["Radiological and nuclear expert", "knowledge"]
    assert all(len(line) <= 34 for line in wrapped("x" * 200 + " " + "word " * 50))
    assert wrapped("word " * 50)[1].endswith("…")


@pytest.mark.parametrize(
    ("fraction", "words"), [(0.0, "0%"), (0.13, "13%"), (0.2098, "21%"), (0.5555, "55.5%"), (1.0, "100%")]
)
def test_percent_has_a_decimal_only_where_it_needs_one(fraction: float, words: str) -> None:
    assert percent(fraction) == words


def test_figures_say_value_interval_and_n_together() -> None:
    estimate = {"point": 0.44, "low": 0.35, "high": 0.54, "n": 100}
    assert figures(estimate) == "44% (35%–54%) · 100"
