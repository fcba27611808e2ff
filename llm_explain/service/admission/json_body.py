"""Reads a request body as strict JSON (RFC 8259) of bounded size, depth and width.

Python's own parser accepts ``NaN`` and half of a surrogate pair. They would come out again as an answer that is not
JSON, or as text that no database stores. A field that is given twice is refused, because parsers differ in which of
both counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json

from llm_explain.service.schemas.problems import Problem, ServiceProblem

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


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
        ServiceProblem: If the body is not strict JSON, gives a field twice or exceeds the limits.
    """
    check_size(len(body), limits)
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:  # its message names a rule and a place, and repeats nothing
        detail = f"The body cannot be read ({error}) but strict JSON in UTF-8 is needed. Send valid JSON."
        raise ServiceProblem(Problem("invalid-json", 400, detail)) from error
    if _check_shape(value, limits) != _STRING.sub(b"", body).count(b":"):
        detail = "The body gives one field twice but each field once is needed. Leave one of both out."
        raise ServiceProblem(Problem("invalid-json", 400, detail))
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


def _check_shape(value: Any, limits: BodyLimits) -> int:
    """Check depth and width, level by level, without recursion, and return the number of fields of all objects."""
    level, n_fields = [value], 0
    for _ in range(limits.max_depth):
        level = [each for each in level if isinstance(each, dict | list)]
        if any(len(each) > limits.max_list for each in level):
            detail = f"The body holds a list of more than {limits.max_list} entries. Send fewer at a time."
            raise ServiceProblem(Problem("list-too-long", 413, detail))
        n_fields += sum(len(each) for each in level if isinstance(each, dict))
        level = [below for each in level for below in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return n_fields
    detail = f"The body is nested deeper than the {limits.max_depth} levels that are taken. Flatten it."
    raise ServiceProblem(Problem("body-too-deep", 400, detail))
