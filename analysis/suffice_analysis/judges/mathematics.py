r"""Whether two short texts are the same mathematics: ``\frac{1}{2}``, ``1/2`` and ``0.5``; ``x \in [1, 2)`` and ``[1,2)``.

Spelling of LaTeX is taken away; what is left is compared as text, part by part where it is a list, and by value where it
is an expression of numbers. Symbols are not solved for: ``x + 1`` and ``1 + x`` stay different.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

_LONGEST = 200
_DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|limits|,|;|!|:|quad|qquad)(?![A-Za-z])|\\[ ]|\^\{?\\circ\}?|\\degree|°|\$|~"
)
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|boxed|mbox|operatorname)\s*\{([^{}]*)\}")
_UNIT = re.compile(
    r"(?<=[\d}])\s*(?:square|cubic)?\s*(?:units?|degrees?|cm|m|km|inch(?:es)?|feet|ft|miles?|hours?|minutes?|seconds?|dollars?|cents?|percent|%)\.?(?:\^\{?[23]\}?)?$",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_ROOT = re.compile(r"\\sqrt\s*(?:\{([^{}]*)\}|(\w))")
_NAMED = re.compile(r"^\(?(?:[a-z](?:_\d)?(?:\([a-z]\))?(?:,\s*[a-z])*\)?)\s*(?:=|\\in|∈)\s*(?=[^=])")
_WORDS = {
    r"\cdot": "*", r"\times": "*", "×": "*", "·": "*", r"\div": "/", "÷": "/", r"\pi": "pi", "π": "pi", "−": "-", "–": "-",
    r"\infty": "infinity", "∞": "infinity", r"\cup": "u", "∪": "u", r"\le": "<=", r"\leq": "<=", "≤": "<=", r"\ge": ">=",
    r"\geq": ">=", "≥": ">=", r"\ne": "!=", r"\neq": "!=", "√": "sqrt", r"\%": "%", r"\{": "{", r"\}": "}", r"\pm": "±",
}  # fmt: skip
_SORTED_WORDS = sorted(_WORDS, key=len, reverse=True)


def same_mathematics(first: str, second: str) -> bool:
    """Whether they mean the same number, list of numbers, interval or expression, as far as spelling goes."""
    if len(first) > _LONGEST or len(second) > _LONGEST:
        return False
    a, b = plain_mathematics(first), plain_mathematics(second)
    if a == b:
        return bool(a)
    if a[:1] in ("(", "[") and b[:1] in ("(", "[") and (a[:1], a[-1:]) != (b[:1], b[-1:]) and "," in a and "," in b:
        return False  # an open interval is no closed one
    parts, others = _parts(a), _parts(b)
    if len(parts) != len(others) or not parts:
        return False
    return all(_same_part(x, y) for x, y in zip(parts, others, strict=True))


def plain_mathematics(text: str) -> str:
    """Without LaTeX's spelling, units, and a name before ``=``."""
    plain = _DROPPED.sub("", text.strip().rstrip("."))
    for _ in range(4):
        plain, before = _WRAPPED.sub(r"\1", plain), plain
        plain = _FRACTION.sub(lambda m: f"(({m[1] or m[2] or ''})/({m[3] or m[4] or ''}))", plain)
        plain = _ROOT.sub(lambda m: f"sqrt({m[1] or m[2] or ''})", plain)
        if plain == before:
            break
    for word in _SORTED_WORDS:
        plain = plain.replace(word, _WORDS[word])
    plain = _UNIT.sub("", plain.strip())
    plain = _NAMED.sub("", plain.strip().lower()) if "," not in plain.split("=")[0] else plain.lower()
    plain = (
        re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", plain)
        if re.fullmatch(r"[-+$]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain)
        else plain
    )
    return re.sub(r"\s+", "", plain).replace("**", "^").replace("^{", "^(").replace("{", "(").replace("}", ")")


def _parts(text: str) -> list[str]:
    """The members of a list or a pair; the text itself where it is none."""
    inner = text[1:-1] if text[:1] in "([" and text[-1:] in ")]" and _closes_at_end(text) and "," in text else text
    parts, depth, start = [], 0, 0
    for i, c in enumerate(inner):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(inner[start:i])
            start = i + 1
    return [*parts, inner[start:]]


def _closes_at_end(text: str) -> bool:
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0:
            return i == len(text) - 1
    return False


def _same_part(first: str, second: str) -> bool:
    if first == second:
        return True
    a, b = value_of(first), value_of(second)
    return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)


_OPERATIONS: dict[type, Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def value_of(text: str) -> float | None:
    """The value of an expression of numbers, ``sqrt`` and ``pi``; None for any other."""
    written = re.sub(r"(?<=[\d)])(?=[(a-z])", "*", text).replace("^", "**")
    if len(written) > _LONGEST or not re.fullmatch(r"[\d.+\-*/()a-z]+", written):
        return None
    try:
        value = _evaluate(ast.parse(written, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return None
    return value if math.isfinite(value) else None


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, power = _evaluate(left), _evaluate(right)
            if abs(power) > 64 or (base < 0 and power != int(power)):
                raise ValueError("no real number of a sensible size")
            return float(base**power)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_evaluate(left), _evaluate(right))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return math.sqrt(_evaluate(argument))
        case ast.Name(id="pi"):
            return math.pi
    raise ValueError("not an expression of numbers")
