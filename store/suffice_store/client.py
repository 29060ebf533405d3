"""``suffice.Client``: what is recorded and what was found out, for notebooks. No SQL, no server needed.

client = suffice.Client()                # a running collector, or ./suffice.duckdb
client.tasks().pandas()
client.calls(search="refund", order="costliest").arrow
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from suffice_store.opening import open_store


@dataclass(frozen=True, slots=True)
class Rows:
    """The result of a read: an Arrow table, with the other forms a person may want."""

    arrow: pa.Table

    def pandas(self) -> Any:
        """A ``pandas.DataFrame``. Money stays ``decimal.Decimal``; ``*_ns`` are Unix nanoseconds."""
        return self.arrow.to_pandas()

    def dicts(self) -> list[dict[str, Any]]:
        """A list of dictionaries."""
        rows: list[dict[str, Any]] = self.arrow.to_pylist()
        return rows

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.dicts())

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return str(self.arrow.slice(0, 100).to_pandas().to_html(max_rows=20, notebook=True))


class Client:
    """Reads one project, from a running collector (``server``) or a file (``db``)."""

    def __init__(
        self,
        server: str | None = None,
        db: str | None = None,
        project: str = "default",
        key: str | None = None,
    ) -> None:
        """With neither ``server`` nor ``db``: ``SUFFICE_DB``, else ``SUFFICE_ENDPOINT``, else ``./suffice.duckdb``.

        Raises SufficeError when there is no such file or another process holds it.
        """
        self.project = project
        self._store = open_store(db, server=server, key=key, create=False)

    def read(self, name: str, **parameters: Any) -> Rows:
        """Any named read of docs/read-api.md."""
        return Rows(self._store.read(name, project=self.project, **parameters))

    def overview(self, **filters: Any) -> dict[str, Any]:
        """Calls, tokens, what they cost and what is not known, as one dictionary."""
        return self.read("overview", **filters).dicts()[0]

    def spend(self, by: str = "model", **filters: Any) -> Rows:
        """What was paid, by model, service, provider, day, hour or task."""
        return self.read("spend", by=by, **filters)

    def calls(
        self, *, search: str | None = None, order: str = "newest", limit: int = 100, offset: int = 0, **filters: Any
    ) -> Rows:
        """A page of calls: newest, costliest or slowest first."""
        return self.read("calls", search=search, order=order, limit=limit, offset=offset, **filters)

    def call(self, call_id: str) -> dict[str, Any] | None:
        """Everything known of one call; None where there is no such call."""
        return next(iter(self.read("call", call_id=call_id)), None)

    def conversation(self, call_id: str) -> Rows:
        """The messages of one call, in order."""
        return self.read("conversation", call_id=call_id)

    def run_steps(self, run_id: str) -> Rows:
        """The run's calls, agents, tools and other doings, in order of time."""
        return self.read("run_steps", run_id=run_id)

    def run_calls(self, run_id: str) -> Rows:
        """The calls of one run, in order of time."""
        return self.read("run_calls", run_id=run_id)

    def tasks(self, analysis_id: str | None = None) -> Rows:
        """The tasks of an analysis (the latest, if none is named), with their replaceability."""
        return self.read("tasks", analysis_id=analysis_id)

    def task(self, task_id: str, analysis_id: str | None = None) -> dict[str, Any] | None:
        """One task; None where there is no such task."""
        return next(iter(self.read("task", task_id=task_id, analysis_id=analysis_id)), None)

    def task_calls(self, task_id: str, *, limit: int = 100, offset: int = 0) -> Rows:
        """A page of the calls of a task, newest first."""
        return self.read("task_calls", task_id=task_id, limit=limit, offset=offset)

    def evidence(self, task_id: str | None = None, analysis_id: str | None = None) -> Rows:
        """What the estimates rest on."""
        return self.read("evidence", task_id=task_id, analysis_id=analysis_id)

    def estimates(self, task_id: str | None = None, measure: str | None = None, analysis_id: str | None = None) -> Rows:
        """Estimates with interval and grade; ``task_id=""`` is all calls together."""
        return self.read("estimates", task_id=task_id, measure=measure, analysis_id=analysis_id)

    def savings(self, task_id: str | None = None, analysis_id: str | None = None) -> Rows:
        """The four alternatives with what they would save; ``task_id=""`` is all tasks."""
        return self.read("savings", task_id=task_id, analysis_id=analysis_id)

    def analyses(self) -> Rows:
        """The published analyses, newest first."""
        return self.read("analyses")

    def prices(self, model: str | None = None) -> Rows:
        """The prices in force today."""
        return self.read("prices", model=model)

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Any command of docs/read-api.md, on this project."""
        return self._store.command(name, project=self.project, **arguments)

    def close(self) -> None:
        """Give the file back, or close the connections."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
