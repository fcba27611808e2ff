"""Reads a request body as strict JSON (RFC 8259) of bounded size, depth and width.

Python's own parser accepts ``NaN`` and half of a surrogate pair. They would come out again as an answer that is not
JSON, or as text that no database stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from llm_explain.service.schemas.problems import Problem, ServiceProblem


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bounds of a JSON body.

    Attributes:
        max_bytes: Largest body.
        max_depth: Deepest nesting.
        max_list: Longest array or object.
    """

    max_bytes: int
    max_depth: int
    max_list: int


def read_json(body: bytes, limits: BodyLimits) -> Any:
    """Return the value of a body.

    Args:
        body: The whole body.
        limits: Its bounds.

    Returns:
        The JSON value.

    Raises:
        ServiceProblem: If the body is not strict JSON or exceeds the limits.
    """
    check_size(len(body), limits)
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:  # its message names a rule and a place, and repeats nothing
        detail = f"The body cannot be read ({error}) but strict JSON in UTF-8 is needed. Send valid JSON."
        raise ServiceProblem(Problem("invalid-json", 400, detail)) from error
    _check_shape(value, limits)
    return value


def check_size(n_bytes: int, limits: BodyLimits) -> None:
    """Refuse a body that is too large.

    Args:
        n_bytes: Its size, or the size of what has arrived.
        limits: Its bounds.

    Raises:
        ServiceProblem: If it is too large.
    """
    if n_bytes > limits.max_bytes:
        detail = f"The body is larger than the {limits.max_bytes} bytes that are taken. Send less at a time."
        raise ServiceProblem(Problem("body-too-large", 413, detail))


def _check_shape(value: Any, limits: BodyLimits) -> None:
    """Check depth and width, level by level, without recursion."""
    level = [value]
    for _ in range(limits.max_depth):
        level = [each for each in level if isinstance(each, dict | list)]
        if any(len(each) > limits.max_list for each in level):
            detail = f"The body holds a list of more than {limits.max_list} entries. Send fewer at a time."
            raise ServiceProblem(Problem("list-too-long", 413, detail))
        level = [below for each in level for below in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return
    detail = f"The body is nested deeper than the {limits.max_depth} levels that are taken. Flatten it."
    raise ServiceProblem(Problem("body-too-deep", 400, detail))
