"""Each client, used as an app uses it. A function gives the text that the app got, or the tool's arguments."""

from __future__ import annotations

import json
from typing import Any

from sdk.matrix.cases import QUESTION, TOOL

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOL: Any = {"type": "function", "function": {"name": TOOL, "description": "today's", "parameters": SCHEMA}}
MESSAGES: list[Any] = [{"role": "user", "content": QUESTION}]
KEY = "sk-test-abcdefgh"
AWS = {"region_name": "us-east-1", "aws_access_key_id": "AKIATEST", "aws_secret_access_key": "secret"}
BEDROCK = "anthropic.claude-test-v1:0"


def said(message: Any) -> str:
    calls = getattr(message, "tool_calls", None)
    return message.content or (calls[0].function.arguments if calls else "")


def piece(chunk: Any) -> str:
    if not chunk.choices:
        return ""
    delta = chunk.choices[0].delta
    calls = getattr(delta, "tool_calls", None) or ()
    return (delta.content or "") + "".join(call.function.arguments or "" for call in calls)


async def chat(make_sync: Any, make_async: Any, way: str, with_tool: bool, usage: bool = True) -> str:
    """``client.chat.completions.create``, which many clients have."""
    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if with_tool:
        request["tools"] = [OPENAI_TOOL]
    if way.endswith("stream"):
        request["stream"] = True
        if usage:
            request["stream_options"] = {"include_usage": True}
    if way.startswith("sync"):
        client = make_sync()
        answer = client.chat.completions.create(**request)
        return "".join(map(piece, answer)) if way.endswith("stream") else said(answer.choices[0].message)
    client = make_async()
    answer = await client.chat.completions.create(**request)
    if way.endswith("stream"):
        return "".join([piece(chunk) async for chunk in answer])
    return said(answer.choices[0].message)


# --- openai ---------------------------------------------------------------------------------------


def _openai(url: str) -> Any:
    import openai

    return openai.OpenAI(base_url=f"{url}/v1", api_key=KEY)


def _async_openai(url: str) -> Any:
    import openai

    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY)


async def openai_chat(url: str, way: str, with_tool: bool) -> str:
    return await chat(lambda: _openai(url), lambda: _async_openai(url), way, with_tool)


async def openai_raw(url: str, way: str, with_tool: bool) -> str:
    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if way == "sync":
        answer = _openai(url).chat.completions.with_raw_response.create(**request).parse()
    else:
        answer = (await _async_openai(url).chat.completions.with_raw_response.create(**request)).parse()
    return said(answer.choices[0].message)


async def openai_streaming(url: str, way: str, with_tool: bool) -> str:
    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if way == "sync":
        with _openai(url).chat.completions.with_streaming_response.create(**request) as response:
            answer = response.parse()
    else:
        async with _async_openai(url).chat.completions.with_streaming_response.create(**request) as response:
            answer = await response.parse()
    return said(answer.choices[0].message)


async def openai_parse(url: str, way: str, with_tool: bool) -> str:
    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if way == "sync":
        answer = _openai(url).chat.completions.parse(**request)
    else:
        answer = await _async_openai(url).chat.completions.parse(**request)
    return said(answer.choices[0].message)


async def openai_responses(url: str, way: str, with_tool: bool) -> str:
    request: Any = {"model": "gpt-test", "input": QUESTION, "stream": way.endswith("stream")}
    if with_tool:
        request["tools"] = [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}]
    if way.startswith("sync"):
        answer = _openai(url).responses.create(**request)
        response = [event for event in answer][-1].response if way.endswith("stream") else answer  # noqa: C416
    else:
        answer = await _async_openai(url).responses.create(**request)
        response = [event async for event in answer][-1].response if way.endswith("stream") else answer
    return response.output_text or response.output[0].arguments  # type: ignore[no-any-return]


async def openai_embeddings(url: str, way: str, with_tool: bool) -> str:
    request: Any = {"model": "gpt-test", "input": QUESTION}
    if way == "sync":
        answer = _openai(url).embeddings.create(**request)
    else:
        answer = await _async_openai(url).embeddings.create(**request)
    return str(answer.data[0].embedding)


async def azure(url: str, way: str, with_tool: bool) -> str:
    import openai

    given: Any = {"azure_endpoint": url, "api_key": KEY, "api_version": "2024-10-21"}
    return await chat(lambda: openai.AzureOpenAI(**given), lambda: openai.AsyncAzureOpenAI(**given), way, with_tool)


async def instructor_create(url: str, way: str, with_tool: bool) -> str:
    import instructor
    import pydantic

    city = pydantic.create_model(TOOL, city=(str, ...))
    request: Any = {"model": "gpt-test", "messages": MESSAGES, "response_model": city}
    if way == "sync":
        answer = instructor.from_openai(_openai(url)).chat.completions.create(**request)
    else:
        answer = await instructor.from_openai(_async_openai(url)).chat.completions.create(**request)
    return json.dumps(answer.model_dump())


async def agents_run(url: str, way: str, with_tool: bool) -> str:
    import agents

    agents.set_tracing_disabled(True)
    model = agents.OpenAIResponsesModel(model="gpt-test", openai_client=_async_openai(url))
    agent = agents.Agent(name="a", model=model)
    if way == "async":
        return str((await agents.Runner.run(agent, QUESTION)).final_output)
    running = agents.Runner.run_streamed(agent, QUESTION)
    async for _ in running.stream_events():
        pass
    return str(running.final_output)


async def pydantic_openai(url: str, way: str, with_tool: bool) -> str:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(openai_client=_async_openai(url))
    return await _pydantic_run(OpenAIChatModel("gpt-test", provider=provider), way)


async def pydantic_anthropic(url: str, way: str, with_tool: bool) -> str:
    import anthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = anthropic.AsyncAnthropic(base_url=url, api_key=KEY)
    return await _pydantic_run(AnthropicModel("claude-test", provider=AnthropicProvider(anthropic_client=client)), way)


async def _pydantic_run(model: Any, way: str) -> str:
    from pydantic_ai import Agent

    agent = Agent(model)
    if way == "async":
        return str((await agent.run(QUESTION)).output)
    async with agent.run_stream(QUESTION) as running:
        return str(await running.get_output())


async def llama_index(url: str, way: str, with_tool: bool) -> str:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai import OpenAI

    llm = OpenAI(model="gpt-4o-mini", api_base=f"{url}/v1", api_key=KEY)
    asked = [ChatMessage(role="user", content=QUESTION)]
    if way == "sync":
        return str(llm.chat(asked).message.content)
    if way == "sync stream":
        return "".join(each.delta or "" for each in llm.stream_chat(asked))
    if way == "async":
        return str((await llm.achat(asked)).message.content)
    return "".join([each.delta or "" async for each in await llm.astream_chat(asked)])


async def langchain_openai(url: str, way: str, with_tool: bool) -> str:
    from langchain_openai import ChatOpenAI

    model: Any = ChatOpenAI(model="gpt-test", base_url=f"{url}/v1", api_key=KEY, stream_usage=True)  # type: ignore[arg-type]
    return await _langchain_ask(model.bind_tools([OPENAI_TOOL]) if with_tool else model, way)


async def langchain_anthropic(url: str, way: str, with_tool: bool) -> str:
    from langchain_anthropic import ChatAnthropic

    model: Any = ChatAnthropic(model="claude-test", base_url=url, api_key=KEY, max_tokens=100)  # type: ignore[call-arg,arg-type]
    return await _langchain_ask(model.bind_tools([OPENAI_TOOL]) if with_tool else model, way)


async def _langchain_ask(model: Any, way: str) -> str:
    if way == "sync":
        message = model.invoke(QUESTION)
    elif way == "sync stream":
        chunks = list(model.stream(QUESTION))
        message = sum(chunks[1:], chunks[0])
    elif way == "async":
        message = await model.ainvoke(QUESTION)
    else:
        chunks = [chunk async for chunk in model.astream(QUESTION)]
        message = sum(chunks[1:], chunks[0])
    return json.dumps(message.tool_calls[0]["args"]) if message.tool_calls else str(message.text)


async def litellm_openai(url: str, way: str, with_tool: bool) -> str:
    return await _litellm(way, with_tool, model="openai/gpt-test", api_base=f"{url}/v1")


async def litellm_anthropic(url: str, way: str, with_tool: bool) -> str:
    return await _litellm(way, with_tool, model="anthropic/claude-test", api_base=url)


async def _litellm(way: str, with_tool: bool, **given: Any) -> str:
    import litellm

    request = {"messages": MESSAGES, "api_key": KEY, "stream": way.endswith("stream")} | given
    if way.endswith("stream"):
        request["stream_options"] = {"include_usage": True}
    if with_tool:
        request["tools"] = [OPENAI_TOOL]
    if way.startswith("sync"):
        answer = litellm.completion(**request)
        return "".join(map(piece, answer)) if way.endswith("stream") else said(answer.choices[0].message)
    answer = await litellm.acompletion(**request)
    if way.endswith("stream"):
        return "".join([piece(chunk) async for chunk in answer])
    return said(answer.choices[0].message)


# --- the others' own clients ----------------------------------------------------------------------


def _claude_request(with_tool: bool, model: str = "claude-test") -> Any:
    request: Any = {"model": model, "max_tokens": 100, "messages": MESSAGES}
    if with_tool:
        request["tools"] = [{"name": TOOL, "description": "today's", "input_schema": SCHEMA}]
    return request


def _last_block(message: Any) -> str:
    block = message.content[-1]
    return block.text if block.type == "text" else json.dumps(block.input)


async def anthropic_create(url: str, way: str, with_tool: bool) -> str:
    import anthropic

    given: Any = {"base_url": url, "api_key": KEY}
    make = anthropic.Anthropic if way.startswith("sync") else anthropic.AsyncAnthropic
    return await _claude(make(**given), way, _claude_request(with_tool))


async def anthropic_bedrock(url: str, way: str, with_tool: bool) -> str:
    import anthropic

    given: Any = {"base_url": url, "aws_access_key": "AKIATEST", "aws_secret_key": "secret", "aws_region": "us-east-1"}
    make = anthropic.AnthropicBedrock if way.startswith("sync") else anthropic.AsyncAnthropicBedrock
    return await _claude(make(**given), way, _claude_request(with_tool, BEDROCK))


async def _claude(client: Any, way: str, request: Any) -> str:
    if way == "sync":
        return _last_block(client.messages.create(**request))
    if way == "async":
        return _last_block(await client.messages.create(**request))
    if way == "sync stream":
        events = list(client.messages.create(**request, stream=True))
    else:
        events = [event async for event in await client.messages.create(**request, stream=True)]
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    inputs = "".join(getattr(delta, "partial_json", "") for delta in deltas)
    return inputs or "".join(getattr(delta, "text", "") for delta in deltas)


async def anthropic_stream(url: str, way: str, with_tool: bool) -> str:
    import anthropic

    given: Any = {"base_url": url, "api_key": KEY}
    if way.startswith("sync"):
        with anthropic.Anthropic(**given).messages.stream(**_claude_request(with_tool)) as stream:
            return _last_block(stream.get_final_message())
    async with anthropic.AsyncAnthropic(**given).messages.stream(**_claude_request(with_tool)) as astream:
        return _last_block(await astream.get_final_message())


async def google(url: str, way: str, with_tool: bool) -> str:
    from google import genai

    client = genai.Client(api_key=KEY, http_options={"base_url": url})  # type: ignore[arg-type]
    config: Any = None
    if with_tool:
        declared = {"name": TOOL, "description": "today's", "parameters": SCHEMA}
        config = {"tools": [{"function_declarations": [declared]}], "automatic_function_calling": {"disable": True}}
    request: Any = {"model": "gemini-test", "contents": QUESTION, "config": config}
    if way == "sync":
        answers = [client.models.generate_content(**request)]
    elif way == "sync stream":
        answers = list(client.models.generate_content_stream(**request))
    elif way == "async":
        answers = [await client.aio.models.generate_content(**request)]
    else:
        answers = [each async for each in await client.aio.models.generate_content_stream(**request)]
    if with_tool:
        return json.dumps(answers[0].function_calls[0].args)  # type: ignore[index]
    return "".join(each.text or "" for each in answers)


async def mistral(url: str, way: str, with_tool: bool) -> str:
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    client = Mistral(api_key=KEY, server_url=url)
    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if with_tool:
        request["tools"] = [OPENAI_TOOL]
    if way == "sync":
        return said(client.chat.complete(**request).choices[0].message)
    if way == "async":
        return said((await client.chat.complete_async(**request)).choices[0].message)
    if way == "sync stream":
        return "".join(piece(event.data) for event in client.chat.stream(**request))
    return "".join([piece(event.data) async for event in await client.chat.stream_async(**request)])


async def cohere_chat(url: str, way: str, with_tool: bool) -> str:
    import cohere

    request: Any = {"model": "gpt-test", "messages": MESSAGES}
    if with_tool:
        request["tools"] = [OPENAI_TOOL]
    make: Any = cohere.ClientV2 if way.startswith("sync") else cohere.AsyncClientV2
    client = make(api_key=KEY, base_url=url)
    if way.endswith("stream"):
        if way.startswith("sync"):
            events = list(client.chat_stream(**request))
        else:
            events = [event async for event in client.chat_stream(**request)]
        if with_tool:
            called = [event.delta.message.tool_calls for event in events if event.type == "tool-call-delta"]
            return "".join(each.function.arguments for each in called)
        return "".join(event.delta.message.content.text for event in events if event.type == "content-delta")
    message = (client.chat(**request) if way == "sync" else await client.chat(**request)).message
    return message.tool_calls[0].function.arguments if with_tool else message.content[0].text  # type: ignore[no-any-return]


async def groq_chat(url: str, way: str, with_tool: bool) -> str:
    import groq

    given: Any = {"base_url": url, "api_key": KEY}
    return await chat(lambda: groq.Groq(**given), lambda: groq.AsyncGroq(**given), way, with_tool, usage=False)


async def together_chat(url: str, way: str, with_tool: bool) -> str:
    import together

    given: Any = {"base_url": f"{url}/v1", "api_key": KEY}
    return await chat(
        lambda: together.Together(**given), lambda: together.AsyncTogether(**given), way, with_tool, usage=False
    )


async def hugging_face(url: str, way: str, with_tool: bool) -> str:
    import huggingface_hub

    given: Any = {"base_url": f"{url}/v1", "api_key": KEY}
    return await chat(
        lambda: huggingface_hub.InferenceClient(**given),
        lambda: huggingface_hub.AsyncInferenceClient(**given),
        way,
        with_tool,
    )


async def ollama_chat(url: str, way: str, with_tool: bool) -> str:
    import ollama

    request: Any = {"model": "gpt-test", "messages": MESSAGES, "stream": way.endswith("stream")}
    if with_tool:
        request["tools"] = [OPENAI_TOOL]
    if way.startswith("sync"):
        answer: Any = ollama.Client(host=url).chat(**request)
        answers = list(answer) if way.endswith("stream") else [answer]
    else:
        answer = await ollama.AsyncClient(host=url).chat(**request)
        answers = [each async for each in answer] if way.endswith("stream") else [answer]
    if with_tool:
        return json.dumps(dict(answers[0].message.tool_calls[0].function.arguments))
    return "".join(each.message.content or "" for each in answers)


# --- Bedrock --------------------------------------------------------------------------------------


def _converse_request(with_tool: bool) -> Any:
    request: Any = {"modelId": BEDROCK, "messages": [{"role": "user", "content": [{"text": QUESTION}]}]}
    if with_tool:
        spec = {"name": TOOL, "description": "today's", "inputSchema": {"json": SCHEMA}}
        request["toolConfig"] = {"tools": [{"toolSpec": spec}]}
    return request


def _converse_text(answer: Any) -> str:
    content = answer["output"]["message"]["content"][0]
    return content.get("text") or json.dumps(content["toolUse"]["input"])


def _delta_text(event: Any) -> str:
    delta = event.get("contentBlockDelta", {}).get("delta", {})
    return delta.get("text") or delta.get("toolUse", {}).get("input", "")  # type: ignore[no-any-return]


async def boto_converse(url: str, way: str, with_tool: bool) -> str:
    import boto3

    client = boto3.client("bedrock-runtime", endpoint_url=url, **AWS)
    if way == "sync":
        return _converse_text(client.converse(**_converse_request(with_tool)))
    return "".join(map(_delta_text, client.converse_stream(**_converse_request(with_tool))["stream"]))


async def boto_invoke(url: str, way: str, with_tool: bool) -> str:
    import boto3

    client = boto3.client("bedrock-runtime", endpoint_url=url, **AWS)
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": MESSAGES}
    if way == "sync":
        answer = client.invoke_model(modelId=BEDROCK, body=json.dumps(body))
        return json.loads(answer["body"].read())["content"][0]["text"]  # type: ignore[no-any-return]
    answer = client.invoke_model_with_response_stream(modelId=BEDROCK, body=json.dumps(body))
    events = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    return "".join(event.get("delta", {}).get("text", "") for event in events)


async def aioboto_converse(url: str, way: str, with_tool: bool) -> str:
    import aioboto3

    async with aioboto3.Session().client("bedrock-runtime", endpoint_url=url, **AWS) as client:
        if way == "async":
            return _converse_text(await client.converse(**_converse_request(with_tool)))
        answer = await client.converse_stream(**_converse_request(with_tool))
        return "".join([_delta_text(event) async for event in answer["stream"]])
