"""Template text: what is constant in a task's requests, for people; variable parts are ``…``.

Shown on the head that stands closest to the task's commonest template. A word is constant if a
4-gram that covers it is in most heads of the task.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suffice_analysis.discovery.text import GRAM, WORD, GramReader, Grams, message_parts, plain_text
from suffice_analysis.discovery.types import MessageText

GAP = "…"
TEMPLATE_CHARS = 4000
SHORT_ISLAND = 2  # this many constant words between two gaps say nothing


def render_template(
    messages: Sequence[MessageText],
    constant: Grams,
    reader: GramReader | None = None,
    limit: int = TEMPLATE_CHARS,
) -> str:
    """The messages' text with what no constant gram covers replaced by ``…``, at most ``limit`` characters.

    ``constant`` is sorted; a ``reader`` that knows words already saves time. Messages stand apart by an empty line; those after the first system message carry their role.
    """
    reader = reader or GramReader()
    blocks: list[str] = []
    for message in messages:
        text = constant_text(message, constant, reader)
        blocks.append(f"[{message.role}]\n{text}" if len(messages) > 1 else text)
    whole = "\n\n".join(blocks)
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + GAP


def constant_text(message: MessageText, constant: Grams, reader: GramReader) -> str:
    """One message's text with its variable parts as ``…``."""
    text = plain_text(message)
    if any(part.get("type") == "hashed" for part in message_parts(message.content)):
        return text
    spans = [match.span() for match in WORD.finditer(text)]
    if not spans:
        return ""
    grams = reader.word_grams([text[a:b].casefold() for a, b in spans], message.role)
    at = np.searchsorted(constant, grams)
    at[at == len(constant)] = 0
    hit = constant[at] == grams if len(constant) else np.zeros(len(grams), dtype=bool)
    covered = np.zeros(len(spans) + 2 * (GRAM - 1), dtype=bool)
    for offset in range(GRAM):
        covered[offset : offset + len(grams)] |= hit
    words = covered[GRAM - 1 : GRAM - 1 + len(spans)]
    pieces: list[str] = []
    position = 0
    for first, last, keep in _stretches(words):
        start, end = spans[first][0], spans[last][1]
        between = text[position:start]
        if keep:
            pieces.append(between + text[start:end])
        else:
            pieces.append((between if between.strip() == "" else " ") + GAP)
        position = end
    return "".join(pieces).strip()


def _stretches(words: np.ndarray) -> list[tuple[int, int, bool]]:
    """(first word, last word, constant?) of each stretch; short constant islands between gaps join the gap."""
    edges = np.flatnonzero(np.diff(words.astype(np.int8))) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(words)]])
    stretches: list[tuple[int, int, bool]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        keep = bool(words[start])
        if keep and end - start <= SHORT_ISLAND and start > 0 and end < len(words):
            keep = False
        if stretches and stretches[-1][2] == keep:
            stretches[-1] = (stretches[-1][0], end - 1, keep)
        else:
            stretches.append((start, end - 1, keep))
    return stretches
