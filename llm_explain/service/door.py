"""Turns requests away before they become requests.

While more is asked than can be answered, most requests are refused, and each costs what the machine could have spent on
an answer. Behind the door a refusal passes a task, a context and three ASGI layers; at the door it is one look at the
queue and one write. What stands between is kept short: it interrupts a computation, finds nothing of its own in the
processor's caches, and takes three times as long as it would in a loop.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from llm_explain.service.admission import GUARDED, OVERLOADED
from llm_explain.service.gate import QUEUE_FULL
from llm_explain.service.glance import Glance
from llm_explain.service.observed import id_of, new_id
from llm_explain.service.refusals import whole_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.service.drain import Drain
    from llm_explain.service.gate import Gate
    from llm_explain.service.metrics import Metrics
    from llm_explain.service.observed import TurnedAway

_GUARDED = GUARDED.encode()


class Refusal(NamedTuple):
    """An answer to a request that is turned away.

    Attributes:
        answer: The whole HTTP/1.1 answer.
        closes: Whether the connection ends with it.
    """

    answer: bytes
    closes: bool


class Door:
    """Looks at the queue when the head of a request is there, and at nothing else: not even at the key's rate.

    Args:
        gate: The queue.
        metrics: Counters.
        drain: Whether the process is about to end.
        turned_away: Counts what is not logged one by one.
    """

    def __init__(self, *, gate: Gate, metrics: Metrics, drain: Drain, turned_away: TurnedAway) -> None:
        self._gate, self._metrics, self._drain, self._turned_away = gate, metrics, drain, turned_away
        self._glance = Glance()

    def refusal_at_a_glance(self, data: bytes) -> Refusal | None:
        """Return the answer to a request that would find no place, if a glance at what came is enough.

        Args:
            data: What came at once, from where a request may begin.

        Returns:
            What to answer; ``None`` where the request may come in, or has to be read properly.
        """
        asked = self._glance.at(data) if self._gate.is_full else None
        if asked is None or not asked.path.startswith(_GUARDED):
            return None
        return self._refuse(asked.method, new_id(), closes=self._drain.is_on)

    def refusal(
        self, method: str, path: bytes, headers: Iterable[tuple[bytes, bytes]], *, is_last: bool
    ) -> Refusal | None:
        """Return the answer to a request that would find no place.

        Args:
            method: HTTP method.
            path: What is asked for.
            headers: The request's headers, names in lower case.
            is_last: Whether the client keeps the connection for no other request.

        Returns:
            What to answer; ``None`` where the request may come in.
        """
        if not path.startswith(_GUARDED) or not self._gate.is_full:
            return None
        return self._refuse(method, id_of(headers), closes=is_last or self._drain.is_on)

    def _refuse(self, method: str, request_id: str, *, closes: bool) -> Refusal:
        self._gate.note_refusal()
        self._metrics.count_turned_away(method, QUEUE_FULL)
        self._turned_away.add()
        status, code, detail = OVERLOADED
        answer = whole_answer(
            status=status,
            code=code,
            detail=detail,
            request_id=request_id,
            retry_after=max(1, math.ceil(self._gate.expected_wait())),
            closes=closes,
        )
        return Refusal(answer, closes)
