"""What a gateway runs: recognise the task in a request, send it to the task's group, send an answer back that is not in form.

``Hook`` has LiteLLM's two hooks; ``suffice_hook.py`` of a plan's folder joins it to LiteLLM's own base class, so that nothing here
needs LiteLLM. Streamed requests stay with the baseline: what has been shown can't be taken back. Whatever goes wrong in here, the
request goes where it went before.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suffice.wire import openai_chat
from suffice_analysis.discovery.heads import Request
from suffice_analysis.discovery.router import Router, read_router
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.judges.said import Said, ToolUse
from suffice_analysis.plan.validator import Validator, parse_validator

log = logging.getLogger("suffice.plan")
MOVED_BY = "suffice_asked_for"  # in the request's metadata: the model that the app asked for

MODULE = '''"""LiteLLM loads this beside its configuration. Needs suffice in LiteLLM's environment: pip install 'suffice[server]'."""

from pathlib import Path

from litellm.integrations.custom_logger import CustomLogger
from suffice_analysis.plan.hook import Hook


class Handler(Hook, CustomLogger):
    # LiteLLM looks for its hooks in the class itself, not in those it inherits from
    async_pre_call_hook = Hook.async_pre_call_hook
    async_post_call_success_hook = Hook.async_post_call_success_hook

    async def ask(self, **request):
        from litellm.proxy.proxy_server import llm_router

        return await llm_router.acompletion(**request)


handler = Handler(Path(__file__).parent)
'''


def task_group(task_id: str) -> str:
    """The model's name that is asked for instead of the baseline's."""
    return f"suffice-{task_id}"


class Hook(ABC):
    """For the folder of one plan."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        about = json.loads((folder / "plan.json").read_text("utf-8"))
        self.task_id: str = about["task_id"]
        self.model: str = about["model"]
        self.router: Router = read_router(folder / "router.json.gz")
        self.validator: Validator = parse_validator((folder / "validator.json").read_text("utf-8"))
        self.moved = self.sent_back = 0

    @abstractmethod
    async def ask(self, **request: Any) -> Any:
        """Ask the gateway itself; the folder's module says how."""

    def is_ours(self, body: Mapping[str, Any]) -> bool:
        """Whether a request asks the baseline for this task, and its answer can be checked before anybody sees it."""
        if body.get("model") != self.model or body.get("stream") or (body.get("n") or 1) != 1:
            return False
        call = openai_chat.parse_request({name: body[name] for name in _READ if name in body})
        messages = [MessageText(m["role"], json.dumps({"parts": m["parts"]})) for m in call.request_messages()]
        return self.router.route(Request(messages, call.tool_definitions, call.response_format)).task_id == self.task_id

    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: str) -> Any:
        """The task's group instead of the baseline."""
        try:
            if self.is_ours(data):
                data["model"] = task_group(self.task_id)
                data.setdefault("metadata", {})[MOVED_BY] = self.model
                self.moved += 1
        except Exception:
            log.exception("a request could not be looked at; it goes to the baseline")
        return data

    async def async_post_call_success_hook(self, data: Any, user_api_key_dict: Any, response: Any) -> Any:
        """The baseline's answer where the one that came is not in form."""
        try:
            if (data.get("metadata") or {}).get(MOVED_BY) != self.model:
                return response
            problem = self.validator.problem(read_answer(response))
            if problem is None:
                return response
            self.sent_back += 1
            log.info("sent back to %s: %s", self.model, problem)
            kept = {name: data[name] for name in (*_READ, *_ASKED) if name in data and name != "model"}
            return await self.ask(model=self.model, **kept)
        except Exception:
            log.exception("an answer could not be checked; it is used as it is")
            return response


_READ = ("model", "messages", "tools", "response_format", "functions")
_ASKED = (
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "tool_choice", "parallel_tool_calls",
    "presence_penalty", "frequency_penalty", "logit_bias", "user", "reasoning_effort", "function_call",
)  # fmt: skip


def read_answer(response: Any) -> Said:
    """The first choice of a chat completion, an object or a mapping."""
    body = response if isinstance(response, Mapping) else response.model_dump()
    message = body["choices"][0]["message"]
    calls = [each.get("function") or {} for each in message.get("tool_calls") or ()]
    uses = tuple(ToolUse(str(each.get("name") or ""), each.get("arguments")) for each in calls)
    return Said(str(message.get("content") or ""), uses, bool(message.get("refusal")))
