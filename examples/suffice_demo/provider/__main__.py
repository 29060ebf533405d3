"""``python -m suffice_demo.provider --seed N``: serves on a free loopback port, says where, and ends with its parent.

The first line on stdout is ``ready http://127.0.0.1:PORT``. The end of stdin is the parent's end.
"""

from __future__ import annotations

import argparse
import socket

import uvicorn

from suffice_demo.parent import when_parent_ends
from suffice_demo.provider.app import make_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="suffice_demo.provider")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", arguments.port), backlog=512)
    config = uvicorn.Config(make_app(arguments.seed), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    when_parent_ends(stop)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
