"""Reads that a page needs run beside each other, each once; what goes wrong is told where the page asks for it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from dashboard import fleet
from dashboard.conftest import Open, shown

from suffice.errors import SufficeError
from suffice_dashboard import queries
from suffice_store.file_store import FileStore

PAGES = {
    "views/overview.py": {},
    "views/tasks.py": {},
    "views/savings.py": {},
    "views/decisions.py": {},
    "views/task.py": {"task_id": fleet.task_id(0)},
    "views/calls.py": {},
    "views/runs.py": {},
    "views/quality.py": {},
    "views/health.py": {},
}


class Counting:
    """A store that counts what is read, and how many reads run at a time."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self.reads: Counter[tuple[str, tuple[tuple[str, Any], ...]]] = Counter()
        self.most = self._now = 0
        self._lock = threading.Lock()

    def read(self, name: str, **parameters: Any) -> pa.Table:
        with self._lock:
            self.reads[name, tuple(sorted(parameters.items()))] += 1
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self._store.read(name, **parameters)
        finally:
            with self._lock:
                self._now -= 1


@pytest.mark.parametrize("page", PAGES)
def test_no_page_reads_the_same_twice(page: str, open_page: Open, fleet_store: FileStore) -> None:
    store = Counting(fleet_store)
    app = open_page(store, page, **PAGES[page])
    assert not app.exception
    assert [each for each, times in store.reads.items() if times > 1] == []
    before = dict(store.reads)
    app.run()
    assert dict(store.reads) == before, "what is cached is not begun again"


@pytest.mark.parametrize("page", ["views/overview.py", "views/task.py"])
def test_reads_run_beside_each_other(page: str, open_page: Open, fleet_store: FileStore) -> None:
    store = Counting(fleet_store)
    open_page(store, page, **PAGES[page])
    assert 1 < store.most <= queries.READING + 1


def test_what_goes_wrong_is_told_where_the_page_asks(open_page: Open, fleet_store: FileStore) -> None:
    class Refusing(Counting):
        def read(self, name: str, **parameters: Any) -> pa.Table:
            if name == "savings":
                raise SufficeError("role 'viewer' may not read savings in project 'default'")
            return super().read(name, **parameters)

    assert "The collector does not answer as it should" in shown(open_page(Refusing(fleet_store), "views/savings.py"))
    assert "12 recurring tasks" in shown(open_page(Refusing(fleet_store), "views/tasks.py"))


def test_what_an_earlier_run_began_and_did_not_ask_for_is_forgotten() -> None:
    key = ("overview", "http://127.0.0.1:1", "default", None, ())
    queries._begun.reads = {key: queries._readers.submit(list)}
    queries._kept_until[key] = 0.0
    queries.start_page()
    assert queries._begun.reads == {}
    assert key not in queries._kept_until
