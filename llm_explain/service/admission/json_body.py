"""Reads a request body as strict JSON of bounded size, depth and width.

Strict means RFC 8259 and I-JSON (RFC 7493): UTF-8, no ``NaN``, no number beyond a double, no name twice in one object,
no half of a surrogate pair. Python's own parser accepts all of these, and they would come out again as an answer that
is not JSON, or as text that no database stores.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from llm_explain.service.schemas.problems import Problem, ServiceProblem

_MAYBE_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER: Final = 19


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
        text = body.decode("utf-8")
        if text.startswith("\ufeff"):
            raise ServiceProblem(_invalid("starts with a byte order mark", "Leave it out."))
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise ServiceProblem(_invalid("holds bytes that are no UTF-8", "Encode it as UTF-8.")) from error
    except json.JSONDecodeError as error:
        raise ServiceProblem(_invalid("cannot be parsed", "Send valid JSON.")) from error
    except RecursionError as error:
        raise ServiceProblem(_too_deep(limits)) from error
    _check_shape(value, limits, has_escapes=_MAYBE_SURROGATE.search(body) is not None)
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


def _check_shape(value: Any, limits: BodyLimits, *, has_escapes: bool) -> None:
    """Check depth, width and surrogate pairs, level by level, without recursion."""
    level = [value]
    for _ in range(limits.max_depth):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict | list):
                if len(each) > limits.max_list:
                    detail = f"The body holds a list of more than {limits.max_list} entries. Send fewer at a time."
                    raise ServiceProblem(Problem("list-too-long", 413, detail))
                below.extend(each.values() if isinstance(each, dict) else each)
                if has_escapes and isinstance(each, dict):
                    below.extend(each)
            elif has_escapes and isinstance(each, str) and not _is_encodable(each):
                raise ServiceProblem(
                    _invalid("holds half of a surrogate pair", "Escape characters in pairs, or not at all.")
                )
        if not below:
            return
        level = below
    raise ServiceProblem(_too_deep(limits))


def _is_encodable(text: str) -> bool:
    """Return whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ServiceProblem(_invalid("names a field twice", "Name each field once."))
    return made


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ServiceProblem(_invalid("holds a number beyond what a double holds", "Send a smaller one."))
    return number


def _bounded(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise ServiceProblem(
            _invalid(f"holds a whole number of more than {_LONGEST_INTEGER} digits", "Send a smaller one.")
        )
    return int(digits)


def _no_constant(_: str) -> NoReturn:
    raise ServiceProblem(_invalid("holds NaN or an infinity", "JSON has no such numbers; leave the field out."))


def _too_deep(limits: BodyLimits) -> Problem:
    detail = f"The body is nested deeper than the {limits.max_depth} levels that are taken. Flatten it."
    return Problem("body-too-deep", 400, detail)


def _invalid(fault: str, remedy: str) -> Problem:
    return Problem("invalid-json", 400, f"The body {fault} but strict JSON is needed. {remedy}")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_int=_bounded, parse_constant=_no_constant
)
