"""The collector's process, looked at in a Python of its own: what it keeps out stays out, and harms nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from suffice_collector.interpreter import prepare
prepare()
import gc
assert gc.get_threshold()[0] == 100_000
assert sys.getswitchinterval() < 0.001
from suffice_store.file_store import FileStore
with FileStore(sys.argv[1]) as store:
    table = store.read("prices")
    print(table.num_rows > 100, "pandas" in sys.modules)
import pandas
print(pandas.DataFrame({"a": [1]}).shape)
"""


def test_a_database_is_opened_and_read_without_pandas_which_can_be_imported_later(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path / "x.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("True False\n(1, 1)\n", "")


def test_pandas_that_is_there_already_stays() -> None:
    script = "import pandas; from suffice_collector.interpreter import keep_pandas_out; keep_pandas_out(); import pyarrow; print(pyarrow.table({'a': [1]}).to_pandas().shape)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "(1, 1)\n"
