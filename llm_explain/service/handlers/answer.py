"""The result of a handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_explain.service.state.records import GivenAnswer

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """The result of a handler.

    Attributes:
        content: The response, without its request id.
        keep: Records to store before the response is sent; ``recorded`` says whether they were stored.
    """

    content: Json
    keep: GivenAnswer | None = None
