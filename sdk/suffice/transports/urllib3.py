"""urllib3, and with it boto3: ``urlopen`` of the pool and of the manager above it.

botocore signs and sends through a pool, so each of its tries passes here with its real path, its JSON and
the answer's bytes (an event stream as it comes: ``EventStream`` and ``StreamingBody`` read from the
response). ``BaseClient._make_api_call``, where others wrap, sees none of these and hides the failed tries.
urllib3's own retries and redirects call ``urlopen`` from within: they are one exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suffice.announce import log_once
from suffice.capture import Capture, RawHeaders, capturing
from suffice.http_spans import around_call
from suffice.transports.seams import Unpatch, as_bytes, as_raw_headers, begin, wrap
from suffice.transports.urllib3_tee import tee

MODULES = ("urllib3",)


def patch(module: Any) -> Unpatch:
    """Wrap ``urlopen`` of connection pools and pool managers."""
    pool, manager = module.HTTPConnectionPool, module.PoolManager
    unpatch_pool, unpatch_manager = wrap(pool, "urlopen", _urlopen), wrap(manager, "urlopen", _urlopen)

    def unpatch() -> None:
        unpatch_manager()
        unpatch_pool()

    return unpatch


def _urlopen(original: Callable[..., Any]) -> Callable[..., Any]:
    def urlopen(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        def read() -> tuple[str, RawHeaders, bytes]:
            return _read_request(self, str(url), args, kwargs)

        capture = begin("urllib3", str(method), str(url), read)
        if capture is None:
            return original(self, method, url, *args, **kwargs)
        token = capturing.set(True)
        try:
            with around_call(capture):
                response = original(self, method, url, *args, **kwargs)
        except BaseException as error:
            capture.fail(error)
            raise
        finally:
            capturing.reset(token)
        _take_answer(capture, response)
        return response

    return urlopen


def _read_request(pool: Any, url: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, RawHeaders, bytes]:
    """A pool is given the path alone; a manager, and a pool that speaks to a proxy, the whole address."""
    if "://" not in url:
        host = f"[{pool.host}]" if ":" in pool.host else pool.host
        url = f"{pool.scheme}://{host}{f':{pool.port}' if pool.port else ''}{url}"
    body = args[0] if args and hasattr(pool, "host") else kwargs.get("body")
    headers = args[1] if len(args) > 1 and hasattr(pool, "host") else kwargs.get("headers")
    if headers is None:
        headers = pool.headers
    return url, as_raw_headers(headers.items()), as_bytes(body)


def _take_answer(capture: Capture, response: Any) -> None:
    try:
        if response.status == 101:
            return
        capture.answered(response.status, as_raw_headers(response.headers.items()))
        body = getattr(response, "_body", None)
        if isinstance(body, bytes):  # preloaded: decoded, unless the app asked for it as it came
            capture.encoded = not response.decode_content
            capture.whole(body)
            capture.end()
        else:
            tee(response, capture)
    except Exception:
        log_once("reading a urllib3 response")
