"""A real HTTP server that speaks every vendor's wire format, answering the same to the same question.

Every answer says ``You said: QUESTION`` with the same usage, or calls the first tool offered with
``{"city": "Ulm"}``, so that a test can say what must come out whichever client asked.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any
from urllib.parse import unquote, urlsplit

from sdk.local_servers import Handler, Server, anthropic_answer, openai_answer

INPUT_TOKENS, OUTPUT_TOKENS = 21, 7  # of every format here; openai.chat and anthropic.messages: see local_servers.py
ARGUMENTS = {"city": "Ulm"}
Json = dict[str, Any]


class SpeakersHandler(Handler):
    def do_GET(self) -> None:
        self.answer_json(404, {"error": "nothing to get"})

    def do_POST(self) -> None:
        request = json.loads(self.body() or b"{}")
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/busy-"):  # a base URL of its own for each client: the first two tries are refused
            name, path = path[1:].split("/", 1)[0], "/" + path[1:].split("/", 1)[1]
            self.server.refused[name] = self.server.refused.get(name, 0) + 1
            if self.server.refused[name] < 3:
                self.answer_json(503, {"message": "overloaded", "error": {"message": "overloaded"}})
                return
        if path.endswith("/chat/completions"):
            counted = {"stream_options": {"include_usage": True}} | request  # groq, together, mistral: unasked
            self.speak(*openai_answer(counted), streamed=request.get("stream"))
        elif path.endswith("/messages"):
            self.speak(*anthropic_answer(request), streamed=request.get("stream"))
        elif path.endswith("/responses"):
            self.speak(*responses_answer(request), streamed=request.get("stream"))
        elif path.endswith("/embeddings"):
            self.answer_json(200, embeddings_answer(request))
        elif ":generateContent" in path or ":streamGenerateContent" in path:
            body = gemini_answer(request, path)
            self.speak(body, [f"data: {json.dumps(body)}\r\n\r\n"], streamed=":stream" in path)
        elif path.endswith("/v2/chat"):
            self.speak(*cohere_answer(request), streamed=request.get("stream"))
        elif path.endswith("/api/chat"):
            body, lines = ollama_answer(request)
            self.speak(body, lines, streamed=request.get("stream", True), content_type="application/x-ndjson")
        elif path.startswith("/model/"):
            self.bedrock(path.split("/")[2], path.rsplit("/", 1)[1], request)
        else:
            self.answer_json(404, {"error": f"no such path: {path}"})

    def bedrock(self, model: str, operation: str, request: Json) -> None:
        if operation == "converse":
            self.answer_json(200, converse_answer(request)[0])
        elif operation == "converse-stream":
            self.pieces([aws_frame(name, event) for name, event in converse_answer(request)[1]], AWS_STREAM)
        elif operation == "invoke":
            self.answer_json(200, anthropic_answer({"model": model} | request)[0])
        else:
            events = [each.partition("data: ")[2].strip() for each in anthropic_answer({"model": model} | request)[1]]
            packed = [{"bytes": base64.b64encode(each.encode()).decode()} for each in events]
            self.pieces([aws_frame("chunk", each) for each in packed], AWS_STREAM)

    def speak(self, body: Json, events: list[str], *, streamed: Any, content_type: str = "text/event-stream") -> None:
        if streamed:
            self.pieces([each.encode() for each in events], content_type)
        else:
            self.answer_json(200, body)

    def pieces(self, pieces: list[bytes], content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


AWS_STREAM = "application/vnd.amazon.eventstream"


def speakers_server() -> Server:
    server = Server(("127.0.0.1", 0), SpeakersHandler)
    server.refused = {}  # type: ignore[attr-defined]
    return server


def responses_answer(request: Json) -> tuple[Json, list[str]]:
    """As OpenAI's responses API."""
    asked = request["input"]
    last = asked if isinstance(asked, str) else asked[-1]["content"]
    text = f"You said: {last if isinstance(last, str) else last[-1]['text']}"
    if request.get("tools"):
        call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": request["tools"][0]["name"]}
        item: Json = call | {"arguments": json.dumps(ARGUMENTS), "status": "completed"}
    else:
        content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
    usage = {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    base: Json = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": request["model"] + "-2026-01-01",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": request.get("tools") or [],
        "error": None,
        "incomplete_details": None,
        "instructions": request.get("instructions"),
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
    }
    body = base | {"status": "completed", "output": [item], "usage": usage}
    started = base | {"status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": started}]
    if item["type"] == "message":
        at = {"item_id": "msg_1", "output_index": 0}
        part = item["content"][0]
        events += [
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": item | {"content": [], "status": "in_progress"},
            },
            {"type": "response.content_part.added", "content_index": 0, "part": part | {"text": ""}} | at,
            {"type": "response.output_text.delta", "content_index": 0, "delta": text, "logprobs": []} | at,
            {"type": "response.output_text.done", "content_index": 0, "text": text, "logprobs": []} | at,
            {"type": "response.content_part.done", "content_index": 0, "part": part} | at,
        ]
    else:
        at = {"item_id": "fc_1", "output_index": 0}
        events += [
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": item | {"arguments": "", "status": "in_progress"},
            },
            {"type": "response.function_call_arguments.delta", "delta": item["arguments"]} | at,
            {"type": "response.function_call_arguments.done", "arguments": item["arguments"], "name": item["name"]}
            | at,
        ]
    events += [
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": body},
    ]
    lines = [json.dumps({"sequence_number": number} | event) for number, event in enumerate(events)]
    return body, [f"event: {event['type']}\ndata: {line}\n\n" for event, line in zip(events, lines, strict=True)]


def embeddings_answer(request: Json) -> Json:
    asked = request["input"] if isinstance(request["input"], list) else [request["input"]]
    data = [{"object": "embedding", "index": number, "embedding": [0.5, 0.25]} for number, _ in enumerate(asked)]
    usage = {"prompt_tokens": INPUT_TOKENS, "total_tokens": INPUT_TOKENS}
    return {"object": "list", "data": data, "model": request["model"] + "-2026-01-01", "usage": usage}


def gemini_answer(request: Json, path: str) -> Json:
    """As Google's generateContent; a stream is one chunk of the same."""
    part: Json = {"text": f"You said: {request['contents'][-1]['parts'][-1]['text']}"}
    tools = request.get("tools")
    if tools:
        declared = tools[0].get("functionDeclarations") or tools[0]["function_declarations"]
        part = {"functionCall": {"name": declared[0]["name"], "args": ARGUMENTS}}
    return {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": INPUT_TOKENS,
            "candidatesTokenCount": OUTPUT_TOKENS,
            "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
        },
        "modelVersion": path.rsplit("/", 1)[1].partition(":")[0] + "-2026-01-01",
        "responseId": "gem-1",
    }


def cohere_answer(request: Json) -> tuple[Json, list[str]]:
    """As Cohere's v2 chat."""
    asked = request["messages"][-1]["content"]
    text = f"You said: {asked if isinstance(asked, str) else asked[-1]['text']}"
    tokens = {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS}
    usage = {"billed_units": tokens, "tokens": tokens}
    start: Json = {"id": "co-1", "type": "message-start", "delta": {"message": {"role": "assistant", "content": []}}}
    if request.get("tools"):
        function = {"name": request["tools"][0]["function"]["name"], "arguments": json.dumps(ARGUMENTS)}
        call = {"id": "call_1", "type": "function", "function": function}
        message: Json = {"role": "assistant", "tool_calls": [call], "tool_plan": "I look it up."}
        finish = "TOOL_CALL"
        opened = call | {"function": function | {"arguments": ""}}
        more = {"tool_calls": {"function": {"arguments": function["arguments"]}}}
        middle: list[Json] = [
            {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I look it up."}}},
            {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": opened}}},
            {"type": "tool-call-delta", "index": 0, "delta": {"message": more}},
            {"type": "tool-call-end", "index": 0},
        ]
    else:
        message, finish = {"role": "assistant", "content": [{"type": "text", "text": text}]}, "COMPLETE"
        opening = {"content": {"type": "text", "text": ""}}
        middle = [
            {"type": "content-start", "index": 0, "delta": {"message": opening}},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}},
            {"type": "content-end", "index": 0},
        ]
    end = {"type": "message-end", "delta": {"finish_reason": finish, "usage": usage}}
    body = {"id": "co-1", "message": message, "finish_reason": finish, "usage": usage}
    events = [start, *middle, end]
    return body, [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events]


def ollama_answer(request: Json) -> tuple[Json, list[str]]:
    """As Ollama's /api/chat: JSON lines when streamed, which is its default."""
    message: Json = {"role": "assistant", "content": f"You said: {request['messages'][-1]['content']}"}
    if request.get("tools"):
        function = {"name": request["tools"][0]["function"]["name"], "arguments": ARGUMENTS}
        message = {"role": "assistant", "content": "", "tool_calls": [{"function": function}]}
    base = {"model": request["model"], "created_at": "2026-01-01T00:00:00Z"}
    counts = {"prompt_eval_count": INPUT_TOKENS, "eval_count": OUTPUT_TOKENS, "total_duration": 5, "load_duration": 1}
    done = {"done": True, "done_reason": "stop"} | counts
    last = base | {"message": {"role": "assistant", "content": ""}} | done
    lines = [base | {"message": message, "done": False}, last]
    return base | {"message": message} | done, [json.dumps(each) + "\n" for each in lines]


def converse_answer(request: Json) -> tuple[Json, list[tuple[str, Json]]]:
    """As Bedrock's converse and converse-stream."""
    usage = {"inputTokens": INPUT_TOKENS, "outputTokens": OUTPUT_TOKENS, "totalTokens": INPUT_TOKENS + OUTPUT_TOKENS}
    tools = (request.get("toolConfig") or {}).get("tools")
    if tools:
        name = tools[0]["toolSpec"]["name"]
        content: Json = {"toolUse": {"toolUseId": "tu_1", "name": name, "input": ARGUMENTS}}
        opened: list[tuple[str, Json]] = [
            ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "tu_1", "name": name}}})
        ]
        delta: Json = {"toolUse": {"input": json.dumps(ARGUMENTS)}}
        reason = "tool_use"
    else:
        text = f"You said: {request['messages'][-1]['content'][-1]['text']}"
        content, delta, opened, reason = {"text": text}, {"text": text}, [], "end_turn"
    message = {"role": "assistant", "content": [content]}
    body = {"output": {"message": message}, "stopReason": reason, "usage": usage, "metrics": {"latencyMs": 5}}
    events: list[tuple[str, Json]] = [
        ("messageStart", {"role": "assistant"}),
        *opened,
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": reason}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    ]
    return body, events


def aws_frame(event: str, payload: Json) -> bytes:
    """One message of application/vnd.amazon.eventstream."""
    given = {":event-type": event, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in given.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return start + struct.pack("!I", zlib.crc32(start))
