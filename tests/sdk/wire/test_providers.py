"""Names of vendors: by the end of the host, by Azure's path, by Ollama's port; never by a lookalike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.providers import provider_of, provider_of_model


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("https://acme.openai.azure.com/openai/v1/chat/completions", "azure.ai.openai"),
        ("https://proxy.acme.org/openai/deployments/gpt/chat/completions", "azure.ai.openai"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/model/x/converse", "aws.bedrock"),
        ("https://bedrock-mantle.us-east-1.api.aws/openai/v1/responses", "aws.bedrock"),
        ("https://api.voyageai.com/v1/embeddings", "voyage_ai"),
        ("https://vllm-123.eu-west-1.elb.amazonaws.com/v1/chat/completions", "default"),
        ("https://europe-west1-aiplatform.googleapis.com/v1", "gcp.vertex_ai"),
        ("https://api.groq.com/openai/v1/chat/completions", "groq"),
        ("http://localhost:11434/v1/chat/completions", "ollama"),
        ("http://localhost:8000/v1/chat/completions", "default"),
        ("https://api.openai.com.evil.example/v1/chat/completions", "default"),
        ("https://notapi.openai.com/v1", "default"),
        ("https://[broken", "default"),
        ("http://host:notaport/", "default"),
        ("", "default"),
    ],
)
def test_provider(url: str, provider: str) -> None:
    assert provider_of(url, "default") == provider


@given(st.text())
def test_any_text_has_a_provider(url: str) -> None:
    assert provider_of(url, "default")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-4o", "openai"),
        ("Claude-3", "anthropic"),
        ("o3-mini", "openai"),
        ("llama-3", "openai.chat's"),
        (None, "openai.chat's"),
    ],
)
def test_provider_of_model(model: str | None, provider: str) -> None:
    assert provider_of_model(model, "openai.chat's") == provider
