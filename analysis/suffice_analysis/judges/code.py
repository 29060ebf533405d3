"""Code: the same program passes whatever its layout and comments; one of the same shape with another number or operator fails, and so does
one that is else alike and lacks a function or class. Any other can't be judged without running it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.said import Said
from suffice_analysis.judges.text import similarity

NAME = "code"
FAR = 0.3  # similarity under which it is another program
CLOSE = 0.5  # from which a lost function is an omission, not another way to write it all
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
    if tree is not None and (differs := _certain_difference(wanted, found, score)):
        return failed(NAME, "wrong", differs, score)
    if score < FAR:
        return failed(NAME, "wrong", f"another program, similarity {score:.2f}", score)
    return unjudged(NAME, f"another program, similarity {score:.2f}: it would have to be run", score)


def _certain_difference(wanted: str, found: str, score: float) -> str:
    """What surely makes another program of it; "" where nothing does."""
    one, other = (_outline(ast.parse(text)) for text in (wanted, found))
    if one.shape == other.shape and one.names == other.names and one.values != other.values:
        return "the same program with another number or operator"
    lost = one.defined - other.defined
    if lost and other.defined < one.defined and score >= CLOSE:
        return f"it lacks {', '.join(sorted(lost)[:3])}"
    return ""


@dataclass(frozen=True, slots=True)
class _Outline:
    shape: list[str]  # kinds of nodes
    names: list[str]
    values: list[str]  # numbers and operators
    defined: frozenset[str]  # functions and classes


def _outline(tree: ast.AST) -> _Outline:
    shape, names, values, defined = [], [], [], set()
    for node in ast.walk(tree):
        kinds = (ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
        is_number = isinstance(node, ast.Constant) and not isinstance(node.value, (str, bytes))
        shape.append(next((kind.__name__ for kind in kinds if isinstance(node, kind)), type(node).__name__))
        if isinstance(node, kinds):
            values.append(type(node).__name__)
        elif is_number and isinstance(node, ast.Constant):
            values.append(repr(node.value))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Name):
            names.append(node.id)
    return _Outline(shape, names, values, frozenset(defined))


def block(text: str) -> str:
    """The longest fenced block, else the whole text."""
    blocks = _FENCE.findall(text)
    return max(blocks, key=len) if blocks else text


def _tree(text: str) -> str | None:
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
