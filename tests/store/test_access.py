"""API keys and people: made, found in constant time, revoked; never told again."""

from __future__ import annotations

from typing import Any

import pytest

from suffice.errors import SufficeError
from suffice_store.access import ROLES, ApiKey, find_key, read_keys, read_members
from suffice_store.file_store import FileStore


def keys_of(store: FileStore) -> dict[str, ApiKey]:
    with store.connected() as connection:
        return read_keys(connection)


def test_a_key_is_found_by_its_whole_text_and_nothing_else(file_store: FileStore) -> None:
    made = file_store.command("create_key", label=" ci ", scopes="read,ingest", role="analyst", project="a")
    assert {name: made[name] for name in ("project", "name", "scopes", "role")} == {
        "project": "a",
        "name": "ci",
        "scopes": "ingest,read",
        "role": "analyst",
    }
    keys = keys_of(file_store)
    found = find_key(keys, made["key"])
    assert found is not None
    assert (found.project, found.key_id, found.scopes, found.role) == (
        "a",
        made["key_id"],
        {"ingest", "read"},
        "analyst",
    )
    other = file_store.command("create_key", label="x", scopes="read", project="b")["key"]
    swapped = made["key"][: len("sfk_") + 10] + other[len("sfk_") + 10 :]
    for wrong in (
        "",
        "sfk_",
        made["key"][:-1],
        made["key"] + "x",
        made["key"].upper(),
        swapped,
        made["key_id"],
        "\udc80",
    ):
        assert find_key(keys, wrong) is None


def test_the_secret_is_stored_and_told_nowhere(file_store: FileStore) -> None:
    made = file_store.command("create_key", label="ci", scopes=["read"], project="a", requests_per_minute=5)
    secret = made["key"].split("_", 2)[2]
    with file_store.connected() as connection:
        stored = repr(connection.exec_driver_sql("SELECT * FROM api_keys").fetchall())
    assert secret not in stored
    (row,) = file_store.read("keys", project="a").to_pylist()
    assert "secret_hash" not in row
    assert (row["name"], row["role"], row["active"], row["requests_per_minute"]) == ("ci", "reader", True, 5)
    assert file_store.read("keys", project="b").num_rows == 0
    assert file_store.read("keys", project="*").num_rows == 1


def test_a_revoked_key_is_gone_and_still_listed(file_store: FileStore) -> None:
    made = file_store.command("create_key", label="ci", scopes="admin", project="a")
    assert file_store.command("revoke_key", key_id=made["key_id"], project="a")["revoked"] is True
    assert find_key(keys_of(file_store), made["key"]) is None
    assert [row["active"] for row in file_store.read("keys", project="a").to_pylist()] == [False]
    with pytest.raises(SufficeError, match="no active key"):
        file_store.command("revoke_key", key_id=made["key_id"], project="a")


def test_a_project_cannot_revoke_the_key_of_another(file_store: FileStore) -> None:
    made = file_store.command("create_key", label="ci", scopes="read", project="a")
    with pytest.raises(SufficeError, match="no active key"):
        file_store.command("revoke_key", key_id=made["key_id"], project="b")
    file_store.command("revoke_key", key_id=made["key_id"], project="*")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"label": "x", "scopes": ""}, "'scopes' must be some of ingest, read, admin"),
        ({"label": "x", "scopes": "read,write"}, "'scopes' must be"),
        ({"label": "x", "scopes": 5}, "'scopes' must be"),
        ({"label": "", "scopes": "read"}, "'label' must be"),
        ({"label": 7, "scopes": "read"}, "'label' must be"),
        ({"label": "x", "scopes": "ingest", "role": "reader"}, "it needs scope read"),
        ({"label": "x", "scopes": "read", "role": "admin"}, "role admin needs scope admin"),
        ({"label": "x", "scopes": "admin", "role": "reader"}, "give it scope read for less"),
        ({"label": "x", "scopes": "read", "role": "boss"}, "'role' must be one of"),
        ({"label": "x", "scopes": "read", "requests_per_minute": 0}, "a whole number from 1"),
        ({"label": "x", "scopes": "read", "max_body_bytes": True}, "a whole number from 1"),
        ({"scopes": "read"}, "needs 'label'"),
    ],
)
def test_refusals_of_a_key(file_store: FileStore, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(SufficeError, match=reason):
        file_store.command("create_key", **given)
    assert keys_of(file_store) == {}


def test_people_have_one_role_a_project_and_the_latest_counts(file_store: FileStore) -> None:
    for project, role in (("a", "reader"), ("b", "admin"), ("a", "auditor")):
        file_store.command("set_member", email=" Ann@Example.com", role=role, project=project)
    with file_store.connected() as connection:
        assert read_members(connection) == {("a", "ann@example.com"): "auditor", ("b", "ann@example.com"): "admin"}
    file_store.command("set_member", email="ann@example.com", role=None, project="b")
    with file_store.connected() as connection:
        assert read_members(connection) == {("a", "ann@example.com"): "auditor"}


@pytest.mark.parametrize(
    ("email", "role"), [("nobody", "reader"), ("a@b c", "reader"), ("a@b", "boss"), ("", "reader")]
)
def test_refusals_of_a_person(file_store: FileStore, email: str, role: str) -> None:
    with pytest.raises(SufficeError):
        file_store.command("set_member", email=email, role=role)


def test_roles_are_in_order_of_what_they_see() -> None:
    assert ROLES == ("reader", "analyst", "auditor", "admin")
