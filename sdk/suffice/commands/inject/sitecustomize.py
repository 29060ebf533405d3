"""Run by each Python beneath ``suffice run``, before the program: records it, and gets out of the way."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path


def _run_the_next_one() -> None:
    """The ``sitecustomize`` that would have run without us."""
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def _record() -> None:
    try:
        from suffice.commands.inject_hook import record_when_needed

        record_when_needed()
    except Exception as error:  # the program runs all the same
        print(f"suffice: not recording, {error} (in {sys.executable})", file=sys.stderr)


_here = str(Path(__file__).resolve().parent)
sys.path[:] = [entry for entry in sys.path if not entry or str(Path(entry).resolve()) != _here]
_record()
_run_the_next_one()
