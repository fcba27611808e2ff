"""Turns every error of the application into a problem document.

Messages of the package's own errors name ids and values, so they never leave: each class of error has its own problem.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from llm_explain.errors import (
    LlmExplainError,
    PromptError,
    SettingError,
    UnknownGroupError,
    UnknownItemError,
    UnknownUserError,
)
from llm_explain.service.schemas.problems import (
    BUSY,
    FULL,
    INTERNAL,
    INVALID,
    KEY_REUSED,
    MALFORMED,
    UNKNOWN_ITEM,
    UNKNOWN_LOCALE,
    UNKNOWN_PLAYER,
    UNKNOWN_USER,
    UNUSABLE,
    Problem,
    ServiceProblem,
    problem_response,
)
from llm_explain.service.state.errors import KeyReusedError, StateBusyError, StateError, StateFullError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import JSONResponse

_LOG = logging.getLogger(__name__)

_BY_ERROR: Final[tuple[tuple[type[LlmExplainError], Problem], ...]] = (
    (UnknownItemError, UNKNOWN_ITEM),
    (UnknownGroupError, UNKNOWN_PLAYER),
    (UnknownUserError, UNKNOWN_USER),
    (SettingError, UNUSABLE),
    (PromptError, UNKNOWN_LOCALE),
    (StateFullError, FULL),
    (StateBusyError, BUSY),
    (KeyReusedError, KEY_REUSED),
    (StateError, INTERNAL),
)

_SAFE_RULES: Final = frozenset({
    "missing", "extra_forbidden", "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
    "string_unicode", "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "finite_number",
    "bool_type", "bool_parsing", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "too_long",
    "too_short", "tuple_type", "list_type", "dict_type", "model_type", "model_attributes_type", "literal_error",
    "datetime_type", "datetime_from_date_parsing", "datetime_parsing", "json_invalid", "value_error",
})  # fmt: skip
"""Pydantic's names of broken rules that say nothing of the value."""


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem document.

    Args:
        app: The application.
    """
    app.add_exception_handler(ServiceProblem, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LlmExplainError, _own)
    app.add_exception_handler(Exception, _unexpected)


def _answer(request: Request, problem: Problem, errors: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    return problem_response(problem, getattr(request.state, "request_id", ""), errors)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceProblem)
    return _answer(request, error.problem, error.errors)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return _answer(request, MALFORMED)
    return _answer(request, INVALID, [_place(each) for each in found[:10]])


def _place(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where a rule was broken; the name of an unknown field is the input's and stays out."""
    is_unknown = error["type"] == "extra_forbidden"
    parts = [str(part) for part in (error["loc"][:-1] if is_unknown else error["loc"])]
    rule = error["type"] if error["type"] in _SAFE_RULES else "invalid"
    return {"pointer": "#/" + "/".join(parts[1:]), "in": parts[0] if parts else "body", "rule": rule}


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _answer(request, MALFORMED)
    status = HTTPStatus(error.status_code)
    answer = _answer(request, Problem(status.phrase.lower().replace(" ", "-"), status, f"{status.description}."))
    answer.headers.update(error.headers or {})
    return answer


def _own(request: Request, error: Exception) -> JSONResponse:
    for kind, problem in _BY_ERROR:
        if isinstance(error, kind):
            return _answer(request, problem)
    _LOG.error("request failed: %s", type(error).__name__)
    return _answer(request, INTERNAL)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("request failed: %s", type(error).__name__)
    return _answer(request, INTERNAL)
