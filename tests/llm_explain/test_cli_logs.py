"""Log lines are JSON and hold nothing that a client sent, whatever the code hands to the logger."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from llm_explain.cli.logs import JsonFormatter, configure_logs
from llm_explain.errors import SettingError, UnknownUserError
from llm_explain.service.telemetry.request_middleware import request_id

if TYPE_CHECKING:
    pass

SECRET = "mary.smith@example.org"


@pytest.fixture
def logger() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    to_stream = logging.StreamHandler(stream)
    to_stream.setFormatter(JsonFormatter())
    made = logging.Logger("test")
    made.addHandler(to_stream)
    return made, stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_texts_among_the_arguments_are_replaced_by_their_type(logger: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = logger
    log.info("user %s bought %d of %r", SECRET, 3, {"who": SECRET})
    log.info("user %(user)s", {"user": SECRET})
    log.info("a broken %d template %s", SECRET)
    assert [line["message"] for line in lines(stream)] == [
        "user <str> bought 3 of <dict>",
        "user …",
        "a broken %d template %s",
    ]
    assert SECRET not in stream.getvalue()


def test_errors_that_speak_of_settings_are_said_and_others_are_not(
    logger: tuple[logging.Logger, io.StringIO],
) -> None:
    log, stream = logger
    log.warning("%s", SettingError("the port is taken"))
    log.warning("%s", UnknownUserError(SECRET))
    assert [line["message"] for line in lines(stream)] == ["the port is taken", "<UnknownUserError>"]


def test_a_traceback_keeps_places_and_types_and_no_message(logger: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = logger
    try:
        _fail()
    except UnknownUserError:
        log.exception("failed for %s", SECRET)
    line = lines(stream)[0]
    assert (line["error"]["type"], line["error"]["cause"]) == ("UnknownUserError", "KeyError")
    assert "_fail" in line["error"]["at"][-1]
    assert SECRET not in stream.getvalue()


def _fail() -> None:
    try:
        {}[SECRET]
    except KeyError as error:
        raise UnknownUserError(SECRET) from error


def test_only_known_fields_and_the_request_id_are_added(logger: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = logger
    token = request_id.set("abc")
    log.info("request", extra={"fields": {"status": 200, "user_id": SECRET}, "user": SECRET})
    request_id.reset(token)
    line = lines(stream)[0]
    assert (line["status"], line["request_id"]) == (200, "abc")
    assert SECRET not in stream.getvalue()


def test_a_line_is_one_line(logger: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = logger
    log.info("first\nsecond")
    assert len(stream.getvalue().splitlines()) == 1


def test_every_logger_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers, root.level
    raises = logging.raiseExceptions
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # as a server that ran before may leave it
    try:
        configure_logs("INFO")
        logging.getLogger("uvicorn.error").info("hello %s", SECRET)
        logging.getLogger("uvicorn.access").info("GET /v1/users/%s", SECRET)
        logging.getLogger("mcp.server.transport_security").error(f"Invalid Host header: {SECRET}")
    finally:
        root.handlers, logging.raiseExceptions = before[0], raises
        root.setLevel(before[1])
    said = capsys.readouterr().err
    assert [json.loads(line)["message"] for line in said.splitlines()] == ["hello <str>"]
