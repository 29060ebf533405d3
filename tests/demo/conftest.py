"""A provider process that all tests of a worker share, and clients pointed at it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import anthropic
import openai
import pytest
from demo.whole import end_all

from suffice_demo.processes import Child

SEED = 7


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """Base URL of a running simulated provider."""
    with Child("provider", "suffice_demo.provider", "--seed", str(SEED)) as child:
        child.wait_for(lambda: bool(child.lines), 30)
        assert child.lines[0].startswith("ready http://127.0.0.1:")
        yield child.lines[0].removeprefix("ready ")


@pytest.fixture
def mark() -> Iterator[str]:
    """An environment value that every process of a run inherits; no process may carry it afterwards."""
    value = uuid.uuid4().hex
    yield value
    end_all(value)


@pytest.fixture
def openai_client(provider: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{provider}/v1", api_key="any") as client:
        yield client


@pytest.fixture
def anthropic_client(provider: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=provider, api_key="any") as client:
        yield client
