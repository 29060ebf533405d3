"""Code: the same program passes whatever its layout and comments; another one can't be judged without running it."""

from __future__ import annotations

import ast
import re

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.said import Said
from suffice_analysis.judges.text import similarity

NAME = "code"
FAR = 0.3  # similarity under which it is another program
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the recorded answer is code."""
    return not recorded.hashed and recorded.form == "code"


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By syntax tree where it is Python, else by its tokens."""
    if given.calls:
        return failed(NAME, "wrong", f"it called {given.calls[0].name} where the recorded answer is code")
    wanted, found = block(recorded.text), block(given.text)
    tree, other = _tree(wanted), _tree(found)
    if tree is not None and other is not None and tree == other:
        return passed(NAME, "the same program")
    if "".join(found.split()) == "".join(wanted.split()):
        return passed(NAME, "the same code")
    if tree is not None and other is None:
        return failed(NAME, "format", "no Python that can be parsed")
    score = similarity(wanted, found)
    if score < FAR:
        return failed(NAME, "wrong", f"another program, similarity {score:.2f}", score)
    return unjudged(NAME, f"another program, similarity {score:.2f}: it would have to be run", score)


def block(text: str) -> str:
    """The longest fenced block, else the whole text."""
    blocks = _FENCE.findall(text)
    return max(blocks, key=len) if blocks else text


def _tree(text: str) -> str | None:
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
