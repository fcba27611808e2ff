"""What the routes ask of the explainer; plain JSON values come out, and what is to be kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_explain.policy.masking import masked, masked_differences, sensitive_players
from llm_explain.service.items import CatalogueItems
from llm_explain.service.state.records import GivenAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from llm_explain.service.readers import Readers
    from llm_explain.service.schemas import (
        ContrastRequest,
        ExplanationRequest,
        RecommendationRequest,
        WhatIfRequest,
        Who,
        Wording,
    )
    from llm_explain.service.visits import Visit

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a route gives.

    Attributes:
        content: The reply, but for its request id.
        keep: Records that are to be stored before it is given; ``recorded`` says whether they are.
    """

    content: Json
    keep: GivenAnswer | None = None


class Desk:
    """Answers what is read off attributions; safe to share between threads.

    Args:
        explainer: Ranks and explains.
        readers: Reads users.

    Attributes:
        explainer: Ranks and explains.
        items: Finds items of the catalogue.
    """

    def __init__(self, explainer: Explainer, readers: Readers) -> None:
        self.explainer = explainer
        self._readers = readers
        self.items = CatalogueItems(explainer)
        self._hidden = sensitive_players(explainer.shop.catalogue, explainer.shop.policy)

    def recommend(self, request: RecommendationRequest) -> Answer:
        """Return the best items and why."""
        with self._reading(request) as visit:
            if not request.explain:
                ranked = self.explainer.rank(k=request.k, history=visit.history)
                items = [{**self.items.brief(row.item_id), **row.to_dict(), "explanation": None} for row in ranked]
                return Answer({**self.head(visit), "recorded": False, "items": items})
            rows = self.explainer.recommend(
                k=request.k,
                history=visit.history,
                **request.words(),
                deadline=_seconds(request.deadline_ms),
                suppressions=visit.suppressions,
            )
            return self._explained(visit, rows, request)

    def explain(self, request: ExplanationRequest) -> Answer:
        """Return why items score as they do."""
        with self._reading(request) as visit:
            rows = self.explainer.explain(
                None,
                request.item_ids,
                history=visit.history,
                **request.words(),
                deadline=_seconds(request.deadline_ms),
                suppressions=visit.suppressions,
            )
            return self._explained(visit, rows, request)

    def shelves(self, user_id: str, *, k: int, locale: str, as_of: datetime | None) -> Answer:
        """Return items by reason."""
        with self._readers.of_user(user_id, as_of) as visit:
            found = self.explainer.shelves(k=k, history=visit.history, locale=locale)
            shelves = []
            for shelf in found:
                items = [{**self.items.brief(row.item_id), "phi": row.phi, "score": row.score} for row in shelf.items]
                shelves.append({"player": shelf.player, "title": shelf.title, "items": items})
            return Answer({**self.head(visit), "shelves": shelves})

    def what_if(self, request: WhatIfRequest) -> Answer:
        """Return scores and ranks as if some players had never been there."""
        with self._reading(request) as visit:
            rows = self.explainer.what_if(
                without=request.without, item_ids=request.item_ids, k=request.k, history=visit.history
            )
            items = [{**self.items.brief(row.item_id), **row.to_dict()} for row in rows]
            return Answer({**self.head(visit), "items": items})

    def contrast(self, request: ContrastRequest) -> Answer:
        """Return why one item scores above another."""
        with self._reading(request) as visit:
            found = self.explainer.contrast(None, request.item_id, request.other_id, history=visit.history).to_dict()
            differences = masked_differences(found.pop("differences"), self._hidden)
            return Answer({**self.head(visit), **found, "differences": differences})

    def again(self, visit: Visit, item_ids: Sequence[str], words: Mapping[str, Any]) -> list[Json]:
        """Return the records that a list of items gets."""
        rows = self.explainer.explain(None, item_ids, history=visit.history, suppressions=visit.suppressions, **words)
        return [masked(row, self._hidden).to_dict() for row in rows]

    def _reading(self, request: Who) -> Any:
        if request.user_id is not None:
            return self._readers.of_user(request.user_id, request.as_of)
        return self._readers.of_history(request.history or (), request.as_of)

    def _explained(self, visit: Visit, rows: Sequence[Explanation], wording: Wording) -> Answer:
        records = [masked(row, self._hidden).to_dict() for row in rows]
        items = [
            {
                **self.items.brief(record["item_id"]),
                "rank": record["rank"],
                "score": record["score"],
                "probability": record["probability"],
                "explanation": record,
            }
            for record in records
        ]
        content = {**self.head(visit), "recorded": False, "items": items}
        person, user_id = visit.person, visit.history.user_id
        if person is None or user_id is None:
            return Answer(content)
        context = {
            "as_of": visit.history.as_of.isoformat(),
            "words": wording.words(),
            "item_ids": [record["item_id"] for record in records],
            "personalised": person.personalised,
            "groups_off": person.groups_off,
            "kinds_off": person.kinds_off,
            "suppressed": person.suppressed,
            "last_event": person.last_event,
        }
        return Answer(content, GivenAnswer(user_id, context, records, person.erasures))

    def head(self, visit: Visit) -> Json:
        """Return what every answer about a user says."""
        return {
            "user_id": visit.history.user_id,
            "as_of": visit.history.as_of.isoformat(),
            "personalised": visit.personalised,
            "provenance": self.explainer.provenance,
        }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
