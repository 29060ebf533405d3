"""``suffice dashboard``: starts Streamlit on our pages, quiet, on loopback, telling nobody."""

from __future__ import annotations

import argparse
import os
import threading
import time
import webbrowser
from pathlib import Path

from suffice.errors import SufficeError, UsageError
from suffice_dashboard.launch import Launch, holder_of, is_loopback, port_is_free, wait_until_answers
from suffice_dashboard.login_file import check_file


def main(argv: list[str]) -> int:
    """Run until interrupted. Exit codes: 0 ended, 1 could not start, 2 would be unsafe as asked."""
    parser = argparse.ArgumentParser(prog="suffice dashboard", description="The pages over a running collector.")
    parser.add_argument("--server", help="the collector (default: SUFFICE_ENDPOINT, else http://127.0.0.1:4318)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8501, help="the port to listen on (default: 8501)")
    parser.add_argument(
        "--oidc", type=Path, metavar="FILE.toml", help="people log in with OpenID Connect and see what their role shows"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args(argv)
    if options.oidc:
        check_file(options.oidc)
    server = options.server or os.environ.get("SUFFICE_ENDPOINT")
    launch = Launch(server=server, host=options.host, port=options.port, oidc=options.oidc)
    if not is_loopback(launch.host) and not os.environ.get("SUFFICE_KEY"):
        raise UsageError(
            f"listening on {launch.host} would open the dashboard to the network without a key; "
            f"set one first: SUFFICE_KEY=$(openssl rand -hex 16) suffice dashboard --host {launch.host}"
        )
    if not port_is_free(launch.host, launch.port):
        raise SufficeError(
            f"port {launch.port} is taken by {holder_of(launch.port)}; stop it, or choose another: "
            f"suffice dashboard --port {launch.port + 1}"
        )
    return _serve(launch, open_browser=not options.no_browser)


def _serve(launch: Launch, *, open_browser: bool) -> int:
    """In this process, so that whoever stops it stops the pages too."""
    os.environ.update(launch.environment())
    from streamlit.web.cli import main as streamlit

    print(f"dashboard: {launch.url}", flush=True)
    if open_browser:
        threading.Thread(target=_open_when_ready, args=(launch,), daemon=True).start()
    try:
        streamlit(launch.arguments(), standalone_mode=False)
    except KeyboardInterrupt:
        return 0
    return 0


def _open_when_ready(launch: Launch) -> None:
    if wait_until_answers(launch, seconds=30):
        time.sleep(0.2)
        webbrowser.open(launch.url)
