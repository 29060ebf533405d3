"""Template text: constant words stay, the rest is an ellipsis."""

from __future__ import annotations

import json

import numpy as np

from suffice_analysis.discovery.templates import TEMPLATE_CHARS, render_template
from suffice_analysis.discovery.text import GramReader
from suffice_analysis.discovery.types import MessageText


def message(text: str, role: str = "user") -> MessageText:
    return MessageText(role, json.dumps([{"type": "text", "content": text}]))


def shown(*texts: str) -> str:
    """The first text with what all texts share as constant."""
    grams = [set(GramReader().grams(message(text)).tolist()) for text in texts]
    constant = np.asarray(sorted(set.intersection(*grams)), dtype=np.uint64)
    return render_template([message(texts[0])], constant)


def test_variable_parts_are_an_ellipsis() -> None:
    assert (
        shown("Classify this ticket now: my parcel is late\nAnswer with one word.", "Classify this ticket now: refund please\nAnswer with one word.")
        == "Classify this ticket now: …\nAnswer with one word."
    )  # fmt: skip


def test_all_constant_is_the_text_itself() -> None:
    assert shown("Say hello, in French!", "Say hello, in French!") == "Say hello, in French!"


def test_nothing_constant_is_one_ellipsis() -> None:
    assert render_template([message("some words here")], np.zeros(0, dtype=np.uint64)) == "…"


def test_an_empty_message() -> None:
    assert render_template([message("")], np.zeros(0, dtype=np.uint64)) == ""
    assert render_template([], np.zeros(0, dtype=np.uint64)) == ""


def test_several_messages_carry_their_roles() -> None:
    system, user = message("Be brief.", "system"), message("free text of somebody")
    constant = np.sort(GramReader().grams(system))
    assert render_template([system, user], constant) == "[system]\nBe brief.\n\n[user]\n…"


def test_it_is_bounded() -> None:
    text = "word " * 3000
    constant = np.unique(GramReader().grams(message(text)))
    rendered = render_template([message(text)], constant)
    assert len(rendered) <= TEMPLATE_CHARS
    assert rendered.endswith("…")
