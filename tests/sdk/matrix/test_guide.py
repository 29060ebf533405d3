"""The examples of the guide to Python clients: each run as it stands there, and recorded as one call with its answer."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from environments import ROOT, python_of, variables
from sdk.local_servers import serving
from sdk.matrix import guide, speakers
from sdk.matrix.test_matrix import GROUPS, QUIET


def test_every_client_on_the_page_has_an_example_that_runs() -> None:
    shown = re.findall(r"^## (.+)", guide.PAGE.read_text(), flags=re.M)
    run = {name for environment in ("newest", "openai2") for name in guide.examples(environment)}
    assert [name for name in shown if name not in run] == ["Servers and workers", "When nothing arrives"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "environment", [pytest.param(each, marks=pytest.mark.xdist_group(GROUPS[each])) for each in ("newest", "openai2")]
)
def test_each_example_is_recorded_as_one_call(environment: str) -> None:
    python = python_of(environment)
    with serving(speakers.speakers_server()) as server:
        done = subprocess.run(
            [str(python), "-m", "sdk.matrix.guide", environment, server.url],
            env=variables(ROOT / "sdk", ROOT / "tests") | QUIET | {"OPENAI_AGENTS_DISABLE_TRACING": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.keys() == guide.examples(environment).keys()
    for name, result in found.items():
        assert "error" not in result, f"{name}: {result['error']}"
        (call,) = result["calls"]
        assert call["gen_ai.request.model"] in guide.examples(environment)[name]
        assert "Weather in Ulm?" in json.dumps(call["gen_ai.input.messages"])
        assert call["gen_ai.usage.input_tokens"] > 0
        assert "Ulm" in json.dumps(call["gen_ai.output.messages"])
