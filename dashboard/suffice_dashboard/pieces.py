"""Pieces of a page as HTML strings: badges, tiles, tables, interval bars. Everything that came from outside is escaped.

They return text and draw nothing, so the tests read them without a browser; all they look at besides is the project of the
address, for links. ``e`` is the only way a value gets into a piece; test_pieces.py feeds every piece hostile text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.unsettled import unsettled_sentence
from suffice_dashboard.formatting import is_wide, number_or_none, render_interval
from suffice_dashboard.project import in_project
from suffice_dashboard.verdicts import GRADES, VERDICTS, verdict

Row = Mapping[str, Any]


def e(value: object) -> str:
    """The value as text that HTML shows and never runs."""
    return escape("" if value is None else str(value), quote=True)


def task_link(task_id: str) -> str:
    """The address of a task's page, relative to any page."""
    return f"task?task_id={quote(task_id, safe='')}"


def call_link(call_id: str) -> str:
    """The address of a call's page, relative to any page."""
    return f"calls?call_id={quote(call_id, safe='')}"


def link(address: str, text: str) -> str:
    """A link that stays in this tab."""
    return f'<a href="{href(address)}" target="_self">{e(text)}</a>'


def href(address: str) -> str:
    """A page's address as it stands in an attribute, in the project that is shown."""
    return e(in_project(address))


def badge(text: str, tone: str = "plain", title: str = "") -> str:
    """A rounded label. ``tone``: a verdict, ``plain`` or ``bad``."""
    return f'<span class="sf-badge {e(tone)}" title="{e(title)}">{e(text)}</span>'


def verdict_badge(key: str | None) -> str:
    """A verdict's icon and word, with its meaning as the tooltip."""
    each = verdict(key)
    return badge(f"{each.icon} {each.word}", each.key, each.meaning)


def task_badge(row: Mapping[str, Any]) -> str:
    """The verdict of a row of ``tasks`` or ``slices``; of what was tested and is not settled, what the test said."""
    return tested_badge(row["verdict"], unsettled_sentence(row))


def tested_badge(key: str, unsettled: str) -> str:
    """``unsettled``: what a test said of it, in full; "" where there was none or it settled the task."""
    if not unsettled:
        return verdict_badge(key)
    each, words = verdict(key), unsettled.partition(" (")[0]
    return badge(f"{each.icon} {words[:1].upper()}{words[1:]}", each.key, unsettled)


def grade_badge(grade: str | None) -> str:
    """The grade of evidence, explained in the tooltip."""
    return badge(grade or "no evidence", "plain", GRADES.get(grade or "", "nothing is known about this task yet"))


def badges(*pieces: str) -> str:
    """Badges in a row."""
    return f'<div class="sf-badges">{"".join(pieces)}</div>'


def tile(label: str, value: str, note: str = "", title: str = "") -> str:
    """One figure with its name and, below, what it means."""
    return (
        f'<div class="sf-tile" title="{e(title)}"><div class="k">{e(label)}</div>'
        f'<div class="v">{e(value)}</div><div class="n">{e(note)}</div></div>'
    )


def tiles(*pieces: str) -> str:
    """Tiles side by side, as many as fit."""
    return f'<div class="sf-tiles">{"".join(pieces)}</div>'


def title(words: str) -> str:
    """The heading of a page."""
    return f'<h1 class="sf-title">{e(words)}</h1>'


def section(title: str, note: str = "") -> str:
    """A heading with a line that says how to read what follows."""
    below = f'<p class="sf-note">{e(note)}</p>' if note else ""
    return f'<h2 class="sf-section">{e(title)}</h2>{below}'


def trace(*facts: str) -> str:
    """Where the numbers of a page come from: analysis, seed, n, grade."""
    return f'<div class="sf-trace">{e(" · ".join(fact for fact in facts if fact))}</div>'


def interval_bar(value: Any, low: Any, high: Any, tone: str, bar: float | None = None) -> str:
    """A dot and its interval on a line from 0 to 100 %, no dot where it is too wide for one; ``bar`` draws the share that "proven" asks for."""
    middle = number_or_none(value)
    if middle is None:
        return '<span class="sub">unknown</span>'
    left, right = (_percent(each if number_or_none(each) is not None else middle) for each in (low, high))
    dot = "" if is_wide(low, high) else f'<div class="dot" style="left:{_percent(middle):.1f}%"></div>'
    mark = f'<div class="bar" style="left:{_percent(bar):.1f}%"></div>' if bar is not None else ""
    return (
        f'<div class="sf-interval {e(tone)}" role="img" aria-label="{e(render_interval(value, low, high))}">'
        f'<div class="track"></div>{mark}<div class="range" style="left:{left:.1f}%;width:{max(right - left, 1):.1f}%">'
        f"</div>{dot}</div>"
    )


def task_interval(task: Row, tone: str, bar: float | None = None) -> str:
    """The interval of a row of ``tasks``, or nothing where none is claimed."""
    if task["calls"] < CLAIM_CALLS or number_or_none(task["replaceability"]) is None:
        return '<span class="sub">no claim</span>'
    return interval_bar(task["replaceability"], task["replaceability_low"], task["replaceability_high"], tone, bar)


def _percent(share: Any) -> float:
    return min(100.0, max(0.0, float(share) * 100))


def meter(share: float | None, colour: str = "") -> str:
    """A thin bar, full at 1."""
    style = f"width:{_percent(share or 0):.1f}%" + (f";background:{e(colour)}" if colour else "")
    return f'<div class="sf-meter" aria-hidden="true"><div style="{style}"></div></div>'


def bar_list(rows: Iterable[tuple[str, str, float | None, str]], colour: str = "") -> str:
    """Ranked bars: name, figure, share of the widest bar (0 to 1), small print."""
    lines = (
        f'<div class="row"><span class="l" title="{e(name)}">{e(name)}</span><span class="n">{e(figure)}</span>'
        f'{meter(share, colour)}<span class="s">{e(note)}</span></div>'
        for name, figure, share, note in rows
    )
    return f'<div class="sf-bars">{"".join(lines)}</div>'


def table(head: Sequence[tuple[str, str]], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table. ``head``: (title, class) a column; ``rows``: (class, cells), the cells already HTML."""
    top = "".join(f'<th class="{e(kind)}" scope="col">{e(title)}</th>' for title, kind in head)
    body = "".join(
        f'<tr class="{e(tone)}">'
        + "".join(f'<td class="{e(kind)}">{cell}</td>' for (_, kind), cell in zip(head, cells, strict=True))
        + "</tr>"
        for tone, cells in rows
    )
    return (
        '<div class="sf-scroll" tabindex="0"><table class="sf"><thead><tr>'
        f"{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    return (
        '<div class="sf-facts">'
        + "".join(f'<div class="k">{e(k)}</div><div class="v">{e(v)}</div>' for k, v in pairs)
        + "</div>"
    )


def verdict_key(present: Iterable[str]) -> str:
    """The legend of the verdicts that occur, in words."""
    shown = set(present)
    lines = (
        f'<span><i style="background:{each.colour}"></i>{each.icon} <b>{each.word}</b>: {e(each.meaning)}</span>'
        for each in VERDICTS.values()
        if each.key in shown
    )
    return f'<div class="sf-key">{"".join(lines)}</div>'


def watermark(words: str) -> str:
    """Over the whole page, where nothing of it is real: a sentence, and a pattern that a screenshot can't leave out."""
    return f'<div class="sf-watermark" aria-hidden="true"></div><p class="sf-simulated" role="note">{e(words)}</p>'


def card(title: str, address: str, lines: Sequence[str], tag: str = "", go: str = "Open", also: str = "") -> str:
    """A step to take: a title, a few lines (the last in small print) and where to go. ``also``: another link, already HTML."""
    *body, small = lines
    text = "".join(f"<p>{e(line)}</p>" for line in body)
    return (
        f'<div class="sf-card">{badges(tag) if tag else ""}<h3>{e(title)}</h3>{text}<p class="sub">{e(small)}</p>'
        f'<div class="go">{link(address, go + " →")}{also}</div></div>'
    )


def cards(*pieces: str) -> str:
    """Cards side by side, as many as fit."""
    return f'<div class="sf-cards">{"".join(pieces)}</div>'


def paragraphs(lines: Iterable[str], tone: str = "sf-lead") -> str:
    """Sentences, each its own line. Text between ``**`` is bold; the rest is escaped."""
    return f'<div class="{e(tone)}">' + "".join(f"<p>{bold(line)}</p>" for line in lines) + "</div>"


def bold(line: str) -> str:
    """``a **b** c`` with b in bold. Odd leftovers stay as they are."""
    pieces = line.split("**")
    if len(pieces) % 2 == 0:
        return e(line)
    return "".join(_strong(piece) if i % 2 else e(piece) for i, piece in enumerate(pieces))


def _strong(text: str) -> str:
    """Figures stay on one line, names may break."""
    return (
        f'<b class="sf-figure">{e(text)}</b>'
        if len(text) < 24 and any(c in text for c in "%$")
        else f"<b>{e(text)}</b>"
    )
