"""The matrix's cases: which client, asked how, in which environments, and what must be recorded of it.

Imports no client, so that the tests and the table in docs/clients.md can read it anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

QUESTION = "Weather in Ulm?"
ANSWER = f"You said: {QUESTION}"
TOOL = "weather"
EVERYWHERE = ("newest", "openai2", "openai1")
FOUR = ("sync", "sync stream", "async", "async stream")


@dataclass(frozen=True, slots=True)
class Case:
    """One use of one client. ``package`` is what is installed, ``speak`` the function in clients.py."""

    name: str
    package: str
    speak: str
    wire_format: str
    environments: tuple[str, ...] = ("newest",)
    ways: tuple[str, ...] = FOUR
    tools: bool | tuple[str, ...] = False  # asked once more, with a tool: each way, or these ways
    model: str = "gpt-test"

    def runs(self) -> list[tuple[str, bool]]:
        """(way, with a tool) of each run."""
        with_tool = self.tools if isinstance(self.tools, tuple) else self.ways * self.tools
        return [(way, False) for way in self.ways] + [(way, True) for way in with_tool]


CHAT, CLAUDE, BEDROCK = "openai.chat", "claude-test", "anthropic.claude-test-v1:0"
CASES = (
    Case("openai chat", "openai", "openai_chat", CHAT, EVERYWHERE, tools=True),
    Case("openai chat, raw response", "openai", "openai_raw", CHAT, EVERYWHERE, ("sync", "async")),
    Case("openai chat, streaming response", "openai", "openai_streaming", CHAT, EVERYWHERE, ("sync", "async")),
    Case("openai chat, parse", "openai", "openai_parse", CHAT, EVERYWHERE, ("sync", "async")),
    Case("openai responses", "openai", "openai_responses", "openai.responses", EVERYWHERE, tools=True),
    Case("openai embeddings", "openai", "openai_embeddings", "openai.embeddings", EVERYWHERE, ("sync", "async")),
    Case("AzureOpenAI", "openai", "azure", CHAT, EVERYWHERE),
    Case("anthropic messages", "anthropic", "anthropic_create", "anthropic.messages", EVERYWHERE, FOUR, True, CLAUDE),
    Case("anthropic stream helper", "anthropic", "anthropic_stream", "anthropic.messages", EVERYWHERE, ("sync stream", "async stream"), model=CLAUDE),
    Case("AnthropicBedrock", "anthropic", "anthropic_bedrock", "bedrock.invoke", ("newest",), FOUR, model=BEDROCK),
    Case("google-genai", "google-genai", "google", "gemini.generateContent", ("newest",), FOUR, True, "gemini-test"),
    Case("mistralai", "mistralai", "mistral", CHAT, ("newest", "openai1"), FOUR, ("sync", "async")),
    Case("cohere v2", "cohere", "cohere_chat", "cohere.v2.chat", ("newest",), FOUR, True),
    Case("groq", "groq", "groq_chat", CHAT, ("newest",)),
    Case("together", "together", "together_chat", CHAT, ("newest",)),
    Case("ollama", "ollama", "ollama_chat", "ollama.chat", ("newest",), FOUR, True),
    Case("huggingface_hub", "huggingface-hub", "hugging_face", CHAT, ("newest", "openai1")),
    Case("litellm, openai", "litellm", "litellm_openai", CHAT, ("openai2",), FOUR, True),
    Case("litellm, anthropic", "litellm", "litellm_anthropic", "anthropic.messages", ("openai2",), model=CLAUDE),
    Case("langchain-openai", "langchain-openai", "langchain_openai", CHAT, ("newest", "openai2"), FOUR, True),
    Case("langchain-anthropic", "langchain-anthropic", "langchain_anthropic", "anthropic.messages", ("newest",), FOUR, True, CLAUDE),
    Case("openai-agents", "openai-agents", "agents_run", "openai.responses", ("newest",), ("async", "async stream")),
    Case("pydantic-ai, openai", "pydantic-ai-slim", "pydantic_openai", CHAT, ("newest",), ("async", "async stream")),
    Case("pydantic-ai, anthropic", "pydantic-ai-slim", "pydantic_anthropic", "anthropic.messages", ("newest",), ("async", "async stream"), model=CLAUDE),
    Case("instructor", "instructor", "instructor_create", CHAT, ("openai2",), ("sync", "async")),
    Case("llama-index", "llama-index-llms-openai", "llama_index", CHAT, ("openai2",), FOUR, model="gpt-4o-mini"),
    Case("boto3 converse", "boto3", "boto_converse", "bedrock.converse", ("newest",), ("sync", "sync stream"), True, BEDROCK),
    Case("boto3 invoke_model", "boto3", "boto_invoke", "bedrock.invoke", ("newest",), ("sync", "sync stream"), model=BEDROCK),
    Case("aioboto3 converse", "aioboto3", "aioboto_converse", "bedrock.converse", ("newest",), ("async", "async stream"), True, BEDROCK),
)  # fmt: skip
RETRYING = {  # clients that try again by themselves: refused twice, answered then
    "newest": ("openai_chat", "anthropic_create", "groq_chat", "together_chat", "cohere_chat", "boto_converse", "aioboto_converse"),
    "openai2": ("openai_chat", "anthropic_create", "litellm_openai", "langchain_openai"),
    "openai1": ("openai_chat", "anthropic_create"),
}  # fmt: skip
ALWAYS_WITH_TOOL = frozenset({"instructor"})  # its answer's form is a tool
