"""One request to a candidate, tried again where the endpoint is busy: what came back, as a Call.

Busy (429, 5xx, no connection) says nothing of the model: after ``ATTEMPTS`` tries it is *unavailable* and not judged. A timeout, a
cut stream or a refusal of the request (400: too long, no tools) is an answer that an app would not have had: it failed. llama.cpp
says 500 where it takes no tools ("tools param requires --jinja flag"): that is a refusal, and not asked again.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from suffice.wire.call import Call
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange
from suffice.wire.writing import CannotWriteError, write_as
from suffice_analysis.replay.candidates import Candidate
from suffice_store.replaying import is_loopback

ATTEMPTS = 5
NOT_ANSWERED = "without sending a response"  # httpcore's words; asked again, as the vendors' own clients do
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 20.0
_NO_TOOLS = re.compile(
    r"\btools?\b[^.]{0,60}\b(?:requires?|(?:not|n't) support(?:ed)?|unsupported)\b|not support tools?\b", re.IGNORECASE
)
REACHED_IN = 3  # tries: a server that is being started again gets 1.5 s
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
MAX_ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one request. ``failure``: unavailable, timeout, cut, refused, unwritable; None where there is an answer."""

    call: Call | None
    failure: str | None
    remark: str
    attempts: int
    started_ns: int
    ended_ns: int

    @property
    def latency_ms(self) -> float | None:
        return (self.ended_ns - self.started_ns) / 1e6 if self.attempts else None

    @property
    def seconds(self) -> float | None:
        return (self.ended_ns - self.started_ns) / 1e9 if self.attempts else None


class Pace:
    """At most so many requests a minute, evenly. Thread-safe."""

    def __init__(
        self,
        per_minute: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Until it is this request's turn."""
        if not self._gap:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)


class Sender:
    """Sends to one candidate. Thread-safe; close it."""

    def __init__(self, candidate: Candidate, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.candidate = candidate
        self._pace = Pace(candidate.requests_per_minute)
        self._sleep = sleep
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(candidate.timeout_s, connect=min(10.0, candidate.timeout_s)),
            headers=_headers(candidate),
            trust_env=not is_loopback(candidate.host),
            limits=httpx2.Limits(max_connections=candidate.parallel),
            follow_redirects=False,  # content goes where it was allowed to go
        )

    def send(self, call: Call) -> Sent:
        """The call's request, written in the candidate's format. Never raises."""
        now = time.time_ns()
        try:
            written = write_as(call, self.candidate.wire_format, self.candidate.model, stream=self.candidate.stream)
        except CannotWriteError as error:
            return Sent(None, "unwritable", str(error), 0, now, now)
        url = join_url(self.candidate.url, written.path)
        asked = written.body
        if self.candidate.stream and written.wire_format == "openai.chat":
            asked = asked | {"stream_options": {"include_usage": True}}  # else its tokens are estimates
        body = json.dumps(asked, ensure_ascii=False).encode("utf-8", "replace")
        sent = Sent(None, "unavailable", "no attempt was made", 0, now, now)
        for attempt in range(1, ATTEMPTS + 1):
            self._pace.wait()
            sent, wait_s = self._try(url, body, attempt)
            if wait_s is None:
                return sent
            if attempt < ATTEMPTS:
                self._sleep(wait_s)
        return sent

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _try(self, url: str, body: bytes, attempt: int) -> tuple[Sent, float | None]:
        """What came, and how long to wait before it is tried again (None: it is not)."""
        started = time.time_ns()
        backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
        headers = {"content-type": "application/json", "x-stainless-retry-count": str(attempt - 1)}
        try:
            response = self._client.post(url, content=body, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:  # a model that was never asked fails nothing
            return Sent(None, "unavailable", f"no connection: {error}", attempt, started, time.time_ns()), backoff
        except httpx2.TimeoutException:
            said = f"no answer in {self.candidate.timeout_s:g} s"
            return Sent(None, "timeout", said, attempt, started, time.time_ns()), None
        except httpx2.HTTPError as error:
            # It closed a kept connection as we used it: llama.cpp's server does after a few answers.
            if NOT_ANSWERED in str(error):
                return Sent(None, "unavailable", f"no answer: {error}", attempt, started, time.time_ns()), backoff
            return Sent(
                None, "cut", f"the answer broke off: {type(error).__name__}", attempt, started, time.time_ns()
            ), None
        ended = time.time_ns()
        answer = response.content[:MAX_ANSWER_BYTES]
        call = parse_exchange(
            Exchange(
                "POST", url, request_body=body, status=response.status_code, response_headers=dict(response.headers),
                response_body=answer, streamed=self.candidate.stream, started_ns=started, ended_ns=ended,
            )
        )  # fmt: skip
        failure, remark = _failure(response.status_code, call)
        busy = failure == "unavailable" and _is_busy(response.status_code)
        wait_s = (_retry_after(response.headers) or backoff) if busy else None
        return Sent(call, failure, remark, attempt, started, ended), wait_s


def why_unreachable(candidate: Candidate, *, sleep: Callable[[float], None] = time.sleep) -> str | None:
    """One line where nothing answers at the candidate's URL, before recorded content is sent; None where anything does, an error too."""
    why = ""
    with httpx2.Client(
        timeout=min(10.0, candidate.timeout_s), trust_env=not is_loopback(candidate.host), follow_redirects=False
    ) as client:
        for attempt in range(REACHED_IN):
            try:
                with client.stream("GET", candidate.url):
                    return None
            except httpx2.ConnectTimeout:
                return f"nothing answers at {candidate.url} (no connection in {min(10.0, candidate.timeout_s):g} s)"
            except httpx2.ConnectError as error:
                why = _ERRNO.sub("", str(error))
            except httpx2.HTTPError:
                return None  # it was reached; what it says to a call is said then
            if attempt < REACHED_IN - 1:
                sleep(FIRST_WAIT_S * 2**attempt)
    return f"nothing answers at {candidate.url} ({why})"


def join_url(base: str, path: str) -> str:
    """``http://host/v1`` and ``/v1/chat/completions`` meet once."""
    base = base.rstrip("/")
    first = "/" + path.lstrip("/").split("/", 1)[0]
    return (base.removesuffix(first) if urlsplit(base).path.endswith(first) else base) + path


def _headers(candidate: Candidate) -> dict[str, str]:
    key = candidate.key or "none"  # local servers take any
    match candidate.format:
        case "anthropic":
            return {"x-api-key": key, "anthropic-version": "2023-06-01"}
        case "gemini":
            return {"x-goog-api-key": key}
    return {"authorization": f"Bearer {key}"}


def _is_busy(status: int) -> bool:
    return status in (408, 409, 429) or status >= 500


def _failure(status: int, call: Call | None) -> tuple[str | None, str]:
    said = (call.error_message or call.error_type or "") if call is not None else ""
    if status >= 500 and _NO_TOOLS.search(said):
        return "refused", f"status {status} {said}"
    if _is_busy(status):
        return "unavailable", f"status {status} {said}".strip()
    if status in (401, 403, 404):
        return "unavailable", f"status {status}: {said or 'not allowed, or not there'}"
    if status >= 400:
        return "refused", f"status {status} {said}".strip()
    if call is None:
        return "unavailable", "what answered is no such API"
    if call.completeness == "error":
        return "refused", said or "an error in the answer"
    if call.completeness == "partial":
        return "cut", "the answer broke off"
    if "length" in call.finish_reasons:
        return "cut", "it ran into the limit of its length"
    return None, ""


def _retry_after(headers: Mapping[str, Any]) -> float:
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return min(LONGEST_WAIT_S, max(0.0, float(headers.get(name, ""))) / unit)
        except ValueError:
            continue
    return 0.0
