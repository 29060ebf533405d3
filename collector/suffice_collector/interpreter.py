"""How the collector's process runs Python: without pandas, looking less often for garbage, changing threads more often.

Only for a process that is a collector and nothing else: these choices hold for the whole process.
"""

from __future__ import annotations

import gc
import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa

SWITCH_S = 0.0005  # that a thread may keep others waiting


def prepare() -> None:
    """Called once, before the database is opened."""
    keep_pandas_out()
    # Decoded batches are many live objects and no cycles. With Python's own thresholds reading spans took 55 us
    # a span instead of 30, and finding duplicates 20 instead of 4.
    gc.set_threshold(100_000, 50, 50)
    # A read waits for the GIL some twenty times: beside ingest, with the default of 5 ms, `tasks` took 158 ms, not 91. Ingest: 2 % more a span.
    sys.setswitchinterval(SWITCH_S)


def keep_pandas_out() -> None:
    """Arrow's first conversion of Python values imports pandas where it finds it: 1 s and 40 MB that no read needs.

    It tries once and remembers that there was none; afterwards anybody may import pandas.
    """
    if "pandas" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(absent)


class _Absent(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError("kept out of the collector", name=name)
        return None
