"""Log lines: JSON where a program reads them, short text where a person does."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum


class LogFormat(StrEnum):
    """What ``--log-format`` may be."""

    auto = "auto"
    text = "text"
    json = "json"

    @property
    def as_json(self) -> bool | None:
        """None: as stderr asks for."""
        return None if self is LogFormat.auto else self is LogFormat.json


class JsonLines(logging.Formatter):
    """One JSON object a line: time (ISO, UTC), level, logger, message, and error where one was raised."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class ShortLines(logging.Formatter):
    """``21:17:05 warning the journal ...``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        record.levelname = record.levelname.lower()
        return super().format(record)


def set_up_logs(*, as_json: bool | None = None, level: int = logging.INFO) -> None:
    """Everything to stderr. ``as_json`` None: JSON unless stderr is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    use_json = not sys.stderr.isatty() if as_json is None else as_json
    handler.setFormatter(JsonLines() if use_json else ShortLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("suffice").setLevel(level)
