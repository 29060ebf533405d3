"""Runs in a matrix environment: ``python drive.py ENVIRONMENT URL`` asks through every client that is there.

Prints one JSON document: the versions, and of each run what the app got and what was recorded.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from importlib.metadata import version
from typing import Any

from sdk.matrix import clients
from sdk.matrix.cases import CASES, RETRYING, Case

from suffice import transports
from suffice.testing import recorded_calls


async def run_all(environment: str, url: str) -> dict[str, Any]:
    cases = [case for case in CASES if environment in case.environments]
    runs = {
        run_name(case, way, with_tool): await run(case, url, way, with_tool)
        for case in cases
        for way, with_tool in case.runs()
    }
    for speak in RETRYING[environment]:
        way = "async" if speak.startswith("aio") else "sync"
        runs[f"{speak} / busy"] = await ask(speak, f"{url}/busy-{speak}", way, False)
    versions = {case.package: version(case.package) for case in cases}
    return {"versions": versions, "runs": runs, "patched": transports.patched()}


def run_name(case: Case, way: str, with_tool: bool) -> str:
    return f"{case.name} / {way}{' / tool' if with_tool else ''}"


async def run(case: Case, url: str, way: str, with_tool: bool) -> dict[str, Any]:
    return await ask(case.speak, url, way, with_tool)


async def ask(speak: str, url: str, way: str, with_tool: bool) -> dict[str, Any]:
    with recorded_calls() as calls:
        try:
            answer = await asyncio.wait_for(getattr(clients, speak)(url, way, with_tool), 30)
        except Exception:
            return {"error": traceback.format_exc()[-2000:]}
        for _ in range(50):  # a client that leaves its stream to the loop has it closed a moment later
            await asyncio.sleep(0.02)
            if calls():
                break
        return {"answer": answer, "calls": calls()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run_all(sys.argv[1], sys.argv[2]))))
