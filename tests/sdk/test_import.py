"""``import suffice`` is light, and what it offers is a list."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest

import suffice

LIST_MODULES = """
import json, sys, time
before = set(sys.modules)
start = time.process_time()
import suffice
taken = time.process_time() - start
print(json.dumps([taken, sorted(set(sys.modules) - before)]))
"""


def test_public_surface() -> None:
    assert sorted(suffice.__all__) == [
        "Client",
        "Delivery",
        "SufficeError",
        "flush",
        "headers",
        "init",
        "outcome",
        "run",
        "shutdown",
        "task",
        "using",
    ]
    for name in set(suffice.__all__) - {"Client"}:
        assert getattr(suffice, name).__module__.startswith("suffice")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        suffice.nothing  # noqa: B018


def test_import_loads_nothing_but_the_standard_library() -> None:
    fastest = 1.0
    for _ in range(3):  # processor time, so that a busy machine changes little; the fastest of three counts
        out = subprocess.run([sys.executable, "-c", LIST_MODULES], capture_output=True, text=True, check=True).stdout
        taken, loaded = json.loads(out)
        allowed = sys.stdlib_module_names | {"suffice"}
        assert {name.partition(".")[0] for name in loaded} - allowed == set()
        fastest = min(fastest, taken)
    assert fastest < 0.150


def test_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "suffice_store.client", None)
    with pytest.raises(suffice.SufficeError, match=r"pip install 'suffice\[server\]'"):
        suffice.Client  # noqa: B018


def test_functions_before_init_do_nothing() -> None:
    assert suffice.flush() == (0, 0, 0)
    assert suffice.shutdown() == (0, 0, 0)
    with suffice.task("a"), suffice.run("b") as run:
        suffice.outcome(ok=True)
    assert run.id is None
    assert import_module("suffice.context").current_run() is None
