"""``suffice keys`` as a person uses it: a key is shown once, listed without its secret, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suffice.cli import main


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s.duckdb")


def test_made_listed_revoked(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "ci", "--project", "shop", "--scopes", "ingest,read", "--db", path]) == 0
    shown = capsys.readouterr()
    secret = shown.out.strip()
    assert "not shown again" in " ".join(shown.err.split())
    assert secret.encode() not in Path(path).read_bytes()

    assert main(["keys", "list", "--json", "--db", path]) == 0
    (row,) = json.loads(text := capsys.readouterr().out)
    assert (row["name"], row["project"], row["scopes"], row["active"]) == ("ci", "shop", "ingest,read", True)
    assert secret not in text
    assert secret.startswith(f"sfk_{row['key_id']}_")

    assert main(["keys", "revoke", row["key_id"], "--db", path]) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--db", path]) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "ci", "--scopes", "everything"], "must be some of ingest, read, admin"),
        (["create", "ci", "--scopes", "read", "--role", "king"], "king"),
        (["revoke", "nosuch"], "nosuch"),
    ],
)
def test_refusals_name_what_was_wrong(
    arguments: list[str], reason: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "first", "--db", path]) == 0
    capsys.readouterr()
    assert main(["keys", *arguments, "--db", path]) in (1, 2)
    said = capsys.readouterr().err.strip()
    assert reason in said
    assert len(said.splitlines()) == 1


def test_a_persons_role(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "member", "ann@example.com", "analyst", "--db", path]) == 0
    assert main(["keys", "member", "bob@example.com", "reader", "--db", path]) == 0
    assert main(["keys", "member", "bob@example.com", "none", "--db", path]) == 0
    capsys.readouterr()
    assert main(["keys", "members", "--json", "--db", path]) == 0
    roles = {row["email"]: row["role"] for row in json.loads(capsys.readouterr().out)}
    assert roles == {"ann@example.com": "analyst", "bob@example.com": None}
