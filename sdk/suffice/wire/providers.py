"""Who answered, as far as the address shows it: ``gen_ai.provider.name``.

The host never decides whether a request is an LLM call (41 distinct hosts in 4,000 recordings); it
only names the vendor. Values are the conventions' where they have one.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

_BY_HOST = {  # end of the host name -> provider
    "api.openai.com": "openai",
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "models.ai.azure.com": "azure.ai.inference",
    "inference.ai.azure.com": "azure.ai.inference",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together_ai",
    "api.together.ai": "together_ai",
    "api.fireworks.ai": "fireworks_ai",
    "api.cerebras.ai": "cerebras",
    "api.z.ai": "z_ai",
    "router.huggingface.co": "huggingface",
    "integrate.api.nvidia.com": "nvidia",
    "snowflakecomputing.com": "snowflake",
    "ollama.com": "ollama",
    "api.voyageai.com": "voyage_ai",
    "api.jina.ai": "jina_ai",
    "api.writer.com": "writer",
}


_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@lru_cache(256)
def provider_of(url: str, default: str) -> str:
    """The provider by the end of the host name, by Azure's path, by Ollama's port; else the wire format's own."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return default
    if "/openai/deployments/" in parts.path:
        return "azure.ai.openai"
    if host.startswith("bedrock") and host.endswith(_AWS):  # not any server that AWS happens to host
        return "aws.bedrock"
    if host.endswith("aiplatform.googleapis.com"):  # europe-west1-aiplatform...
        return "gcp.vertex_ai"
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if found := _BY_HOST.get(".".join(labels[start:])):
            return found
    return "ollama" if port == 11434 else default


_BY_MODEL = (  # start of the model's name -> provider
    ("gpt-", "openai"),
    ("chatgpt", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("claude", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("ministral", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("deepseek", "deepseek"),
    ("command", "cohere"),
    ("grok", "x_ai"),
    ("sonar", "perplexity"),
    ("kimi", "moonshot_ai"),
)


def provider_of_model(model: str | None, default: str) -> str:
    """For logs that name a model and no address: the maker by the start of the model's name."""
    return next((provider for start, provider in _BY_MODEL if (model or "").lower().startswith(start)), default)
