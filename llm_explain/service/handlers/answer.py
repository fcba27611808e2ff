"""The result of a handler."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

if TYPE_CHECKING:
    from llm_explain.state.records import GivenAnswer

Json = dict[str, Any]


def etag_of(content: Json) -> str:
    """Return the ETag of content."""
    return f'"{hashlib.sha256(to_json(content)).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Answer:
    """The result of a handler.

    Attributes:
        content: The response, without its request id.
        keep: Records to store before the response is sent; ``recorded`` says whether they were stored.
    """

    content: Json
    keep: GivenAnswer | None = None
