"""The examples of docs/connect/python.md, run as they stand there: ``python -m sdk.matrix.guide ENVIRONMENT URL``.

Runs in a matrix environment. Prints one JSON document: of each example what was recorded, or how it failed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import traceback
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "connect" / "python.md"
EXAMPLE = re.compile(
    r"^## (?P<name>.+?)\n\n<!-- runs in: (?P<environment>\w+) -->\n```python\n(?P<code>.*?)```", re.M | re.S
)
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "CO_API_KEY")
AWS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret"}


def examples(environment: str) -> dict[str, str]:
    """Heading -> code."""
    found = EXAMPLE.finditer(PAGE.read_text())
    return {each["name"]: each["code"] for each in found if each["environment"] == environment}


def addresses(url: str) -> dict[str, str]:
    """Where each client goes, by its own variables."""
    openai_like = dict.fromkeys(("OPENAI_BASE_URL", "OPENAI_API_BASE"), f"{url}/v1")
    others = (
        "ANTHROPIC_BASE_URL",
        "GOOGLE_GEMINI_BASE_URL",
        "CO_API_URL",
        "OLLAMA_HOST",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    )
    return openai_like | dict.fromkeys(others, url) | dict.fromkeys(KEYS, "any") | AWS


def run_example(code: str, url: str) -> dict[str, object]:
    """Execute it as a program would; the calls that were recorded meanwhile."""
    from suffice.testing import recorded_calls

    code = code.replace("Mistral()", f"Mistral(server_url={url!r})")  # the one without a variable for its address
    with recorded_calls() as calls:
        try:
            exec(compile(code, "example", "exec"), {"__name__": "example"})
        except Exception:
            return {"error": traceback.format_exc()[-2000:]}
        for _ in range(50):
            if calls():
                break
            time.sleep(0.02)
        return {"calls": calls()}


if __name__ == "__main__":
    os.environ.update(addresses(sys.argv[2]))
    print(json.dumps({name: run_example(code, sys.argv[2]) for name, code in examples(sys.argv[1]).items()}))
