"""What a reader needs is loaded before the server answers: opening a page first loads nothing, and no row is read for it."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

from starlette.applications import Starlette

from suffice_dashboard.preload import preloaded
from suffice_dashboard.serve import app

SAY = """
import json, socket, sys
import streamlit
socket.socket.connect = lambda *_: sys.exit("something was asked")
from suffice_dashboard.preload import preload
preload()
before = set(sys.modules)
from streamlit import env_util
from streamlit.elements.lib import image_utils
from suffice_dashboard.charts import estimate, savings, spend
from suffice_dashboard.views import (
    call, calls, decisions, health, overview, quality, replay, runs, savings, settings, task, tasks,
)
from suffice_store import open_store
open_store(server="http://127.0.0.1:1")
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_a_page_that_is_opened_first_loads_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


async def test_the_server_answers_when_all_is_loaded() -> None:
    assert app._user_lifespan is preloaded
    async with preloaded(Starlette()):
        assert "suffice_dashboard.views.savings" in sys.modules
        assert gc.get_freeze_count() > 100_000, (
            "what was loaded is left out of the collection after every run of a page"
        )
    assert gc.get_freeze_count() == 0
