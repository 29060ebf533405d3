"""``python -m suffice_collector.columnar``: compiles what reads spans by columns, for processes that come after."""

from __future__ import annotations

import sys

from suffice_collector.columnar import load_reader

if __name__ == "__main__":
    sys.exit(load_reader() is None)
