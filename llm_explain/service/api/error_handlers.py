"""Turns the errors that the application knows into problem documents; ``RequestMiddleware`` answers any other.

Messages of the package's own errors name ids and values, so they never leave: each class of error has its own problem.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from llm_explain import errors
from llm_explain.service.admission.queue import ShedError
from llm_explain.service.schemas import problems
from llm_explain.service.schemas.fields import Body
from llm_explain.service.schemas.problems import Problem, ServiceProblem, problem_response
from llm_explain.state.errors import KeyReusedError, StateBusyError, StateError, StateFullError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import JSONResponse

_LOG = logging.getLogger(__name__)

_BY_ERROR: Final[tuple[tuple[type[errors.LlmExplainError], Problem], ...]] = (
    (errors.UnknownItemError, problems.UNKNOWN_ITEM),
    (errors.UnknownGroupError, problems.UNKNOWN_PLAYER),
    (errors.UnknownUserError, problems.UNKNOWN_USER),
    (errors.SettingError, problems.UNUSABLE),
    (errors.TableError, problems.INVALID_ROW),
    (errors.PromptError, problems.UNKNOWN_LOCALE),
    (StateFullError, problems.FULL),
    (StateBusyError, problems.BUSY),
    (KeyReusedError, problems.KEY_REUSED),
    (StateError, problems.INTERNAL),
)


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem document.

    Args:
        app: The application.
    """
    for kind in (ServiceProblem, ShedError, RequestValidationError, HTTPException, errors.LlmExplainError):
        app.add_exception_handler(kind, _answer)


def _answer(request: Request, error: Exception) -> JSONResponse:
    request_id = getattr(request.state, "request_id", "")
    match error:
        case ServiceProblem():
            return problem_response(error.problem, request_id, error.errors)
        case ShedError():
            return problem_response(error.problem, request_id)
        case RequestValidationError():
            found = error.errors()
            if any(each["type"] == "json_invalid" for each in found):
                return problem_response(problems.MALFORMED, request_id)
            # A list is too short because one of its rows is refused: the row alone is reported.
            around = {each["loc"][:n] for each in found for n in range(len(each["loc"]))}
            found = [each for each in found if each["type"] != "too_short" or each["loc"] not in around]
            return problem_response(problems.INVALID, request_id, [_place(each) for each in found[:10]])
        case HTTPException():
            response = problem_response(_of_status(error.status_code), request_id)
            response.headers.update(error.headers or {})
            return response
    for kind, problem in _BY_ERROR:
        if isinstance(error, kind):
            return problem_response(problem, request_id)
    _LOG.error("request failed: %s", type(error).__name__)
    return problem_response(problems.INTERNAL, request_id)


def _place(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where which rule is broken; neither the pointer nor the message of a rule repeats a value or a key."""
    part, *path = error["loc"] or ("body",)
    known = _names_of(Body) if part == "body" else {*path}
    pointer = "#/" + "/".join(
        str(each) for each in takewhile(lambda each: each in known or isinstance(each, int), path)
    )
    where = {"pointer": pointer, "in": part, "rule": error["type"]}
    return {**where, "detail": error["msg"].removeprefix("Value error, ")}


def _names_of(model: type[BaseModel]) -> set[str]:
    """Return the names of the fields of a model and of the models that are derived from it."""
    own = {field.alias or name for name, field in model.model_fields.items()}
    return own.union(*map(_names_of, model.__subclasses__()))


def _of_status(status: int) -> Problem:
    if status == HTTPStatus.BAD_REQUEST:
        return problems.MALFORMED
    known = HTTPStatus(status)
    return Problem(known.phrase.lower().replace(" ", "-"), status, f"{known.description}.")
