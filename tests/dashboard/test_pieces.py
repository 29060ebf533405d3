from __future__ import annotations

import re
from pathlib import Path

from dashboard.fleet import HOSTILE

from suffice_dashboard import pieces
from suffice_dashboard.verdicts import VERDICTS


def test_every_piece_escapes_what_came_from_outside() -> None:
    everything = [
        pieces.badge(HOSTILE, "plain", HOSTILE),
        pieces.verdict_badge(HOSTILE),
        pieces.grade_badge(HOSTILE),
        pieces.tile(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        pieces.section(HOSTILE, HOSTILE),
        pieces.trace(HOSTILE, HOSTILE),
        pieces.bar_list([(HOSTILE, HOSTILE, 0.5, HOSTILE)]),
        pieces.facts([(HOSTILE, HOSTILE)]),
        pieces.card(HOSTILE, pieces.task_link(HOSTILE), [HOSTILE, HOSTILE], go=HOSTILE),
        pieces.paragraphs([HOSTILE, f"**{HOSTILE}**"]),
        pieces.link(pieces.call_link(HOSTILE), HOSTILE),
        pieces.table([(HOSTILE, "")], [("", [pieces.e(HOSTILE)])]),
        pieces.interval_bar(0.5, 0.4, 0.6, HOSTILE),
        pieces.meter(0.4, HOSTILE),
    ]
    for piece in everything:
        assert "<script" not in piece
        assert "<img" not in piece
        assert 'x onerror="' not in piece


def test_links_stay_in_the_tab_and_quote_ids() -> None:
    assert pieces.link(pieces.task_link("a&b/c"), "Open") == '<a href="task?task_id=a%26b%2Fc" target="_self">Open</a>'
    assert pieces.call_link("x y") == "calls?call_id=x%20y"


def test_interval_bar_places_value_interval_and_bar() -> None:
    assert pieces.interval_bar(0.62, 0.55, 0.68, "likely", bar=0.95) == (
        '<div class="sf-interval likely" role="img" aria-label="62\u202f% (55–68)"><div class="track"></div>'
        '<div class="bar" style="left:95.0%"></div><div class="range" style="left:55.0%;width:13.0%"></div>'
        '<div class="dot" style="left:62.0%"></div></div>'
    )


def test_the_value_s_mark_is_narrower_than_an_interval_of_three_points() -> None:
    """A dot of 12 px hid every interval of less than 8 points on a line of 150."""
    css = (Path(pieces.__file__).parent / "style.css").read_text("utf-8")
    line = re.search(r"\.sf-interval \{[^}]*min-width: (\d+)px", css)
    mark = re.search(r"\.sf-interval \.dot \{[^}]*[ ;]width: (\d+)px", css)
    assert line
    assert mark
    assert int(mark[1]) < 0.03 * int(line[1])


def test_interval_bar_of_the_unknown_says_so() -> None:
    assert pieces.interval_bar(None, None, None, "untested") == '<span class="sub">unknown</span>'
    assert "left:62.0%;width:1.0%" in pieces.interval_bar(0.62, None, None, "likely")


def test_verdicts_are_told_by_word_and_icon_not_by_colour_alone() -> None:
    assert [pieces.verdict_badge(key).split(">", 1)[1] for key in VERDICTS] == [
        "✓ Proven</span>", "◐ Likely</span>", "? Untested</span>", "■ Stays</span>",
    ]  # fmt: skip
    assert len({each.symbol for each in VERDICTS.values()}) == 4
    assert "Untested" in pieces.verdict_badge("something new")


def test_bold() -> None:
    assert pieces.bold("a **b** c") == "a <b>b</b> c"
    assert pieces.bold("a ** b") == "a ** b"


def test_verdict_key_names_only_what_occurs() -> None:
    key = pieces.verdict_key(["stays", "likely", "likely"])
    assert "Likely" in key
    assert "Stays" in key
    assert "Proven" not in key


def test_table_has_a_cell_a_column() -> None:
    html = pieces.table([("A", "num"), ("B", "")], [("here", ["1", "2"])])
    assert html == (
        '<div class="sf-scroll" tabindex="0"><table class="sf"><thead><tr><th class="num" scope="col">A</th>'
        '<th class="" scope="col">B</th></tr></thead><tbody><tr class="here"><td class="num">1</td><td class="">2</td>'
        "</tr></tbody></table></div>"
    )
