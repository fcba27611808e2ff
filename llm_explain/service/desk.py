"""What the routes ask: the explainer and the state behind one face; plain JSON values come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.service.masking import masked, masked_differences
from llm_explain.service.state.people import Person
from llm_explain.service.visits import Visits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from llm_explain.service.schemas import (
        ContrastRequest,
        ExplanationRequest,
        RecommendationRequest,
        WhatIfRequest,
        Who,
    )
    from llm_explain.service.visits import Clock, Visit

Json = dict[str, Any]


class Desk:
    """Answers requests; safe to share between threads.

    Args:
        explainer: Ranks and explains.
        clock: The shop's present moment, as for ``Visits``.
    """

    def __init__(self, explainer: Explainer, *, clock: Clock | None = None) -> None:
        self.explainer = explainer
        self.visits = Visits(explainer, clock)
        self._catalogue = explainer.shop.catalogue
        self._policy = explainer.shop.policy

    def recommend(self, request: RecommendationRequest) -> Json:
        """Return the best items and why."""
        visit = self._visit(request)
        if not request.explain:
            ranked = self.explainer.rank(k=request.k, history=visit.history)
            items = [{**self._item(row.item_id), **row.to_dict(), "explanation": None} for row in ranked]
            return {**self._head(visit), "recorded": False, "items": items}
        rows = self.explainer.recommend(
            k=request.k,
            history=visit.history,
            tone=request.tone,
            locale=request.locale,
            deadline=_seconds(request.deadline_ms),
            wishes=visit.wishes,
        )
        return self._explained(visit, rows)

    def explain(self, request: ExplanationRequest) -> Json:
        """Return why items score as they do."""
        visit = self._visit(request)
        rows = self.explainer.explain(
            None,
            request.item_ids,
            history=visit.history,
            tone=request.tone,
            locale=request.locale,
            deadline=_seconds(request.deadline_ms),
            wishes=visit.wishes,
        )
        return self._explained(visit, rows)

    def shelves(self, user_id: str, *, k: int, locale: str, as_of: datetime | None) -> Json:
        """Return items by reason."""
        visit = self._visit_user(user_id, as_of)
        found = self.explainer.shelves(k=k, history=visit.history, locale=locale)
        shelves = [
            {
                "player": shelf.player,
                "title": shelf.title,
                "items": [{**self._item(item.item_id), "phi": item.phi, "score": item.score} for item in shelf.items],
            }
            for shelf in found
        ]
        return {**self._head(visit), "shelves": shelves}

    def what_if(self, request: WhatIfRequest) -> Json:
        """Return scores and ranks as if some players had never been there."""
        visit = self._visit(request)
        rows = self.explainer.what_if(
            without=request.without, item_ids=request.item_ids, k=request.k, history=visit.history
        )
        return {**self._head(visit), "items": [{**self._item(row.item_id), **row.to_dict()} for row in rows]}

    def contrast(self, request: ContrastRequest) -> Json:
        """Return why one item scores above another."""
        visit = self._visit(request)
        answer = self.explainer.contrast(None, request.item_id, request.other_id, history=visit.history).to_dict()
        differences = masked_differences(answer.pop("differences"), self._policy)
        return {**self._head(visit), **answer, "differences": differences}

    def _visit(self, request: Who) -> Visit:
        if request.user_id is not None:
            return self._visit_user(request.user_id, request.as_of)
        return self.visits.of_history(request.history or (), request.as_of)

    def _visit_user(self, user_id: str, as_of: datetime | None) -> Visit:
        return self.visits.of_user(user_id, Person(), as_of)

    def _explained(self, visit: Visit, rows: Sequence[Explanation]) -> Json:
        items = []
        for row in rows:
            record = masked(row, self._policy).to_dict()
            items.append(
                {**self._item(row.item_id), **_of(record, "rank", "score", "probability"), "explanation": record}
            )
        return {**self._head(visit), "recorded": False, "items": items}

    def _head(self, visit: Visit) -> Json:
        return {
            "user_id": visit.history.user_id,
            "as_of": visit.history.as_of.isoformat(),
            "personalised": visit.personalised,
            "provenance": self.explainer.provenance,
        }

    def _item(self, item_id: str) -> Json:
        index = int(self._catalogue.index_of([item_id])[0])
        category = self._catalogue.category_names[int(self._catalogue.category_index[index])]
        return {"item_id": item_id, "title": str(self._catalogue.titles[index]), "category": category}


def _of(values: Mapping[str, Any], *names: str) -> Json:
    return {name: values[name] for name in names}


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
