"""What a request body may be, before anything else reads it: strict JSON of bounded size, depth and width.

Strict means RFC 8259 and no more: UTF-8, no ``NaN``, no number beyond a double, no name twice in one object, no half of
a surrogate pair (I-JSON, RFC 7493). What Python's own parser lets through would otherwise come out again as an answer
that is no JSON, or as text that no database stores.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER = 19

Refusal = tuple[int, str, str]
"""Status, code and detail."""


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


class BodyError(Exception):
    """A body is refused; the message never repeats what came.

    Args:
        status: HTTP status.
        code: Stable name of the rule.
        detail: What is wrong, what is needed, and what to do.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def read_body(body: bytes, limits: BodyLimits) -> Any:
    """Return the value of a body; refuse one that is no strict JSON or goes beyond the limits.

    Args:
        body: The whole body.
        limits: Its bounds.

    Returns:
        The JSON value.

    Raises:
        BodyError: If it is refused.
    """
    check_size(len(body), limits)
    try:
        text = body.decode("utf-8")
        if text.startswith("\ufeff"):
            raise BodyError(*_invalid("starts with a byte order mark", "Leave it out."))
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise BodyError(*_invalid("holds bytes that are no UTF-8", "Encode it as UTF-8.")) from error
    except json.JSONDecodeError as error:
        raise BodyError(*_invalid("cannot be parsed", "Send valid JSON.")) from error
    except RecursionError as error:
        raise BodyError(*_too_deep(limits)) from error
    _check_shape(value, limits, has_escapes=_MAYBE_SURROGATE.search(body) is not None)
    return value


def check_size(n_bytes: int, limits: BodyLimits) -> None:
    """Refuse a body that is too large.

    Args:
        n_bytes: Its size, or what has come of it.
        limits: Its bounds.

    Raises:
        BodyError: If it is refused.
    """
    if n_bytes > limits.max_bytes:
        raise BodyError(*_too_large(limits))


def _check_shape(value: Any, limits: BodyLimits, *, has_escapes: bool) -> None:
    """Walk a value level by level."""
    level = [value]
    for _ in range(limits.max_depth):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict | list):
                if len(each) > limits.max_list:
                    raise BodyError(
                        413,
                        "list-too-long",
                        f"The body holds a list of more than {limits.max_list} entries. Send fewer at a time.",
                    )
                below.extend(each.values() if isinstance(each, dict) else each)
                if has_escapes and isinstance(each, dict):
                    below.extend(each)
            elif has_escapes and isinstance(each, str) and not _is_whole(each):
                raise BodyError(
                    *_invalid("holds half of a surrogate pair", "Escape characters in pairs, or not at all.")
                )
        if not below:
            return
        level = below
    raise BodyError(*_too_deep(limits))


def _is_whole(text: str) -> bool:
    """Return whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BodyError(*_invalid("names a field twice", "Name each field once."))
    return made


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BodyError(*_invalid("holds a number beyond what a double holds", "Send a smaller one."))
    return number


def _bounded(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise BodyError(
            *_invalid(f"holds a whole number of more than {_LONGEST_INTEGER} digits", "Send a smaller one.")
        )
    return int(digits)


def _no_constant(_: str) -> NoReturn:
    raise BodyError(*_invalid("holds NaN or an infinity", "JSON has no such numbers; leave the field out."))


def _too_large(limits: BodyLimits) -> Refusal:
    said = f"The body is larger than the {limits.max_bytes} bytes that are taken. Send less at a time."
    return 413, "body-too-large", said


def _too_deep(limits: BodyLimits) -> Refusal:
    said = f"The body is nested deeper than the {limits.max_depth} levels that are taken. Flatten it."
    return 400, "body-too-deep", said


def _invalid(what: str, remedy: str) -> Refusal:
    return 400, "invalid-json", f"The body {what} but strict JSON is needed. {remedy}"


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_int=_bounded, parse_constant=_no_constant
)
