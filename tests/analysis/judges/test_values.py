"""Numbers, mathematics and values as programs write them."""

from __future__ import annotations

import pytest

from suffice_analysis.judges.lenient_json import lenient_json
from suffice_analysis.judges.mathematics import same_mathematics, value_of
from suffice_analysis.judges.values import number_of, same_scalar


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (r"\frac{1}{2}", "1/2", True),
        (r"\dfrac12", "0.5", True),
        (r"$x = 3$", "3", True),
        (r"\sqrt{12}", r"2\sqrt{3}", True),
        (r"90^\circ", "90", True),
        (r"\left( 1, 2 \right)", "(1,2)", True),
        (r"\text{north}", "north", True),
        ("3, 4", "4, 3", False),
        ("[1, 2]", "(1, 2)", False),
        ("x+1", "1+x", False),
        ("2^10", "1024", True),
        ("12 square units", "12", True),
    ],
)
def test_mathematics(first: str, second: str, same: bool) -> None:
    assert same_mathematics(first, second) is same


@pytest.mark.parametrize(
    ("recorded", "given", "same"),
    [
        ("'abc'", "abc", True),
        ("'aBc'", "'abc'", False),
        ("''", "", True),
        ("{'a': 1}", '{"a": 1}', True),
        ("[1, 2]", " [1, 2]", True),
        ("usAr", "USAR", False),
        ("USA", "usa", True),
        (True, "yes", True),
        (True, "no", False),
        (None, "", True),
        (None, "x", False),
        ("310", "160 + 150 = 310 apples", True),
        ("310", "160 + 150 = 311", False),
        (["a"], "a", True),
        ({"a": 1}, "a", False),
    ],
)
def test_scalars(recorded: object, given: object, same: bool) -> None:
    assert same_scalar(recorded, given) is same


@pytest.mark.parametrize("text", ["9**9**9", "1/0", "(" * 90, "a", "", "2^99999", "__import__('os')"])
def test_what_is_no_number_has_no_value(text: str) -> None:
    assert value_of(text) is None
    assert number_of(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\frac{1}{2}"}', {"a": r"\frac{1}{2}"}),
        ('{"a": "\\\\sqrt{2}"}', {"a": r"\sqrt{2}"}),
        ('{"a": "line\\nbreak"}', {"a": "line\nbreak"}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('Here you are: {"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}', {"a": 1}),
    ],
)
def test_json_as_models_write_it(text: str, value: object) -> None:
    found = lenient_json(text)
    assert found is not None
    assert found.value == value
