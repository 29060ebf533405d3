"""Stored texts as Arrow behave like a dict of them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from suffice_analysis.discovery.types import MessageText
from suffice_analysis.texts import StoredTexts

ROWS = [("b", "user", "Grüße"), ("a", "assistant", "x"), ("c", "user", "")]


def table(rows: list[tuple[str, str, str]]) -> pa.Table:
    names = ("message_hash", "role", "content")
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})


def test_like_a_dict() -> None:
    texts = StoredTexts([table(ROWS[:2]), table(ROWS[2:])])
    assert dict(texts) == {key: MessageText(role, content) for key, role, content in ROWS}
    assert len(texts) == 3
    assert texts.get("nothing") is None
    with pytest.raises(KeyError):
        texts["aa"]


def test_all_at_once() -> None:
    texts = StoredTexts([table(ROWS)])
    wanted = pa.array(["c", "a", "none", "b"])
    assert texts.have_role(wanted, "user").tolist() == [True, False, False, True]
    assert texts.have_role(wanted, "tool").tolist() == [False] * 4
    assert texts.lengths(wanted).tolist() == [0, 1, 0, 5]


def test_none() -> None:
    texts = StoredTexts()
    assert (dict(texts), texts.get("a")) == ({}, None)
    assert texts.have_role(pa.array(["a"]), "user").tolist() == [False]
    assert texts.lengths(pa.array(["a"])).tolist() == [0]


def test_many_as_columns_are_like_one_after_the_other() -> None:
    texts = StoredTexts([table(ROWS[:2]), table(ROWS[2:])])
    wanted = ["c", "none", "a", "b", "a", "zz"]
    roles, contents = texts.columns(wanted)
    nothing = MessageText("", "[]")
    assert list(map(MessageText, roles.to_pylist(), contents.to_pylist())) == [texts.get(e, nothing) for e in wanted]
    assert [texts.role(each) for each in wanted] == roles.to_pylist()
    for each, hashes in ((StoredTexts(), ["a"]), (texts, [])):
        roles, contents = each.columns(hashes)
        assert (roles.to_pylist(), contents.to_pylist()) == ([""] * len(hashes), ["[]"] * len(hashes))
