"""A page that is run by a test is not ``__main__`` for the next one: spawned processes begin with that file."""

from __future__ import annotations

import sys

import pytest
from streamlit.testing.v1 import AppTest

MAIN = sys.modules["__main__"]  # before any test

pytestmark = pytest.mark.xdist_group("main module")


def test_a_page_takes_its_place() -> None:
    main = sys.modules["__main__"]
    AppTest.from_string("import streamlit; streamlit.write('a page')").run()
    assert sys.modules["__main__"] is not main, "the fixture in tests/conftest.py is not needed any more"


def test_it_is_there_again() -> None:
    assert sys.modules["__main__"] is MAIN
