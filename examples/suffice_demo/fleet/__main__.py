"""``python -m suffice_demo.fleet AGENT --provider URL --endpoint URL``: one agent, recorded by one line.

Writes to stdout, a line each: ``calls N`` while it works, and at the end ``done {...}`` with what the SDK
says about delivery. Ends when stdin does, which is when its parent ends.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
import threading
import time

import suffice
from suffice_demo.fleet.agents import AGENTS, ALL_CALLS
from suffice_demo.fleet.drive import jobs_of, work_awaiting, work_blocking
from suffice_demo.parent import when_parent_ends

REPORT_EVERY_S = 0.2
DELIVER_S = 60.0


def main() -> int:
    by_name = {agent.name: agent for agent in AGENTS}
    parser = argparse.ArgumentParser(prog="suffice_demo.fleet")
    parser.add_argument("agent", choices=sorted(by_name))
    parser.add_argument("--provider", required=True, help="base URL of the simulated provider")
    parser.add_argument("--endpoint", required=True, help="base URL of the collector")
    parser.add_argument("--calls", type=int, default=ALL_CALLS, help="of the whole fleet, about")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    agent = by_name[arguments.agent]
    when_parent_ends(lambda: os._exit(1))

    suffice.init(endpoint=arguments.endpoint, service=agent.service, environment="demo", spool=False, quiet=True)

    spoken = itertools.count(1)
    last = [0]
    threading.Thread(target=_report, args=(last,), daemon=True).start()

    def count() -> None:
        last[0] = next(spoken)

    jobs = jobs_of(agent, arguments.seed, arguments.calls)
    if agent.uses_async:
        asyncio.run(work_awaiting(agent, jobs, arguments.provider, count))
    else:
        work_blocking(agent, jobs, arguments.provider, count)
    delivery = suffice.flush(timeout=DELIVER_S)
    print(f"calls {last[0]}", flush=True)
    print("done", json.dumps(delivery._asdict()), flush=True)
    suffice.shutdown()
    return 0


def _report(last: list[int]) -> None:
    while True:
        time.sleep(REPORT_EVERY_S)
        print(f"calls {last[0]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
