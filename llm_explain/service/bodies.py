"""What a request body may be, before anything else reads it: strict JSON of bounded size, depth and width.

Strict means RFC 8259 and no more: UTF-8, no ``NaN``, no number beyond a double, no name twice in one object, no half of
a surrogate pair (I-JSON, RFC 7493). What Python's own parser lets through would otherwise come out again as an answer that is no
JSON, or as text that no database stores.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER = 19


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


def too_large(limits: BodyLimits) -> BodyError:
    """Return the refusal of a body that is too large."""
    return BodyError(
        413,
        "body-too-large",
        f"The body is larger than the {limits.max_bytes} bytes that are taken. Send less at a time.",
    )


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
    if len(body) > limits.max_bytes:
        raise too_large(limits)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(f"holds no UTF-8 at byte {error.start}", "Encode it as UTF-8.") from None
    if text.startswith("\ufeff"):
        raise _invalid("starts with a byte order mark", "Leave it out.")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _invalid(f"is no JSON at character {error.pos}", "Send valid JSON.") from None
    except RecursionError:
        raise _too_deep(limits) from None
    _check_shape(value, limits, has_escapes=_MAYBE_SURROGATE.search(body) is not None)
    return value


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
                raise _invalid("holds half of a surrogate pair", "Escape characters in pairs, or not at all.")
        if not below:
            return
        level = below
    raise _too_deep(limits)


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
        raise _invalid("names a field twice", "Name each field once.")
    return made


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _invalid("holds a number beyond what a double holds", "Send a smaller one.")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise _invalid(f"holds a whole number of more than {_LONGEST_INTEGER} digits", "Send a smaller one.")
    return int(digits)


def _no_constant(name: str) -> NoReturn:
    raise _invalid("holds NaN or an infinity", "JSON has no such numbers; leave the field out.")


def _invalid(what: str, remedy: str) -> BodyError:
    return BodyError(400, "invalid-json", f"The body {what} but strict JSON is needed. {remedy}")


def _too_deep(limits: BodyLimits) -> BodyError:
    return BodyError(
        400,
        "body-too-deep",
        f"The body is nested deeper than the {limits.max_depth} levels that are taken. Flatten it.",
    )


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_int=_bounded, parse_constant=_no_constant
)
