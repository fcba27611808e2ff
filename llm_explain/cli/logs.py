"""JSON log lines on the error stream, without personal data.

A line keeps the constant text of its message. Of the arguments it keeps numbers, and this package's errors about files
and settings; any other argument is replaced by the name of its type. Further fields come from a fixed list. A traceback
keeps files, lines and types, and no message, because a message may quote what a client sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from llm_explain.errors import ArtifactError, GenerationError, MissingExtraError, PromptError, SettingError
from llm_explain.service.telemetry.request_middleware import request_id

FIELDS = frozenset({"method", "route", "status", "ms", "bytes_in", "bytes_out", "reason", "count", "key_id", "event"})
"""Fields that a line may have; none of them holds what a client sent."""

_SAID = (bool, int, float, ArtifactError, GenerationError, MissingExtraError, PromptError, SettingError)
_CONVERSION = re.compile(r"%(?:\([^)]*\))?[#0\- +]*[\d*.]*[a-zA-Z]")


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line.

        Args:
            record: What is logged.

        Returns:
            JSON without a line break.
        """
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if named := request_id.get():
            line["request_id"] = named
        fields = getattr(record, "fields", {})
        line |= {name: value for name, value in fields.items() if name in FIELDS}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=_type_name)


def configure_logs(level: str = "INFO") -> None:
    """Let every logger of the process write JSON lines on the error stream.

    Args:
        level: Least level that is written.
    """
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [to_stderr]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.setLevel(logging.NOTSET)
        logger.propagate = name != "uvicorn.access"
    for name in ("sqlalchemy.engine", "asyncio", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # its messages quote what a client sent
    logging.raiseExceptions = False


def _message(record: logging.LogRecord) -> str:
    template = str(record.msg)
    if isinstance(record.args, dict):
        return _CONVERSION.sub("…", template)
    shown = [_shown(value) for value in record.args or ()]
    try:
        return _CONVERSION.sub("%s", template) % tuple(shown) if shown else template
    except (TypeError, ValueError):
        return template


def _shown(value: object) -> str:
    if isinstance(value, _SAID):
        return str(value)
    return f"<{_type_name(value)}>"


def _type_name(value: object) -> str:
    return type(value).__name__


def _trace(error: BaseException) -> dict[str, Any]:
    """Return an error's type and where it came from, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    shown = {"type": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
    cause = error.__cause__
    return shown if cause is None else {**shown, "cause": type(cause).__name__}
