"""openai 2 and anthropic 0 on httpx, the library that the newer ones left: the same tests, in an environment of their own.

The two generations can't be installed side by side, so the tests of clients and transports run again in a second
virtual environment (``.venv-openai2``, kept between runs, made from ``requirements/openai2.txt``).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from environments import ROOT, python_of, variables
from sdk.asking import HOW
from sdk.local_servers import Server
from sdk.stored import KEY, check_anthropic_call, check_openai_call, keyed_collector

# Runs in the second environment: each client each way, each into a project of its own, and says what the app got.
ASKING = """
import asyncio, json, sys
import anthropic, openai
import suffice
from sdk.asking import ANTHROPIC_TOOL, HOW, OPENAI_TOOL, ask_anthropic, ask_openai

provider, endpoint, key = sys.argv[1:]
answers = {"openai": openai.__version__, "anthropic": anthropic.__version__}
for how in HOW:
    for client, ask, tool in (("openai", ask_openai, OPENAI_TOOL), ("anthropic", ask_anthropic, ANTHROPIC_TOOL)):
        suffice.init(endpoint, "tests", key=key, project=f"{client} {how}", quiet=True)
        answers[f"{client} {how}"] = asyncio.run(ask(provider, how, tools=[tool]))
        assert suffice.shutdown() == (1, 0, 0), (client, how)
assert "httpx2" not in sys.modules
print(json.dumps(answers))
"""


@pytest.fixture(scope="session")
def old_python() -> Path:
    return python_of("openai2")


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.xdist_group("openai 2")
def test_openai_2_and_httpx(old_python: Path) -> None:
    files = ["test_contract.py", "test_httpx.py", "test_beside_others.py"]
    tests = ["tests/sdk/test_clients.py", *(f"tests/sdk/transports/{file}" for file in files)]
    tests += ["-k", "not httpx2 and not requests and not urllib3 and not aiohttp"]  # those are tested in ours
    done = subprocess.run(
        [str(old_python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=ROOT,
        env=variables(ROOT / "sdk") | {"TESTED_HTTPX": "httpx"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert int(summary.split(" passed")[0].split()[-1]) >= 60, summary


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.xdist_group("openai 2")
def test_their_calls_come_out_of_a_running_collector_as_they_went_in(
    old_python: Path, provider: Server, tmp_path: Path
) -> None:
    with keyed_collector(tmp_path) as collector:
        done = subprocess.run(
            [str(old_python), "-c", ASKING, provider.url, f"http://127.0.0.1:{collector.port}", KEY],
            cwd=tmp_path,
            env=variables(ROOT / "sdk", ROOT / "tests") | {"SUFFICE_SPOOL": str(tmp_path / "client")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        answers = json.loads(done.stdout)
        assert (answers["openai"][:2], answers["anthropic"][:2]) == ("2.", "0.")
        for how in HOW:
            check_openai_call(collector, f"openai {how}", how, answers[f"openai {how}"])
            check_anthropic_call(collector, f"anthropic {how}", how, answers[f"anthropic {how}"])
