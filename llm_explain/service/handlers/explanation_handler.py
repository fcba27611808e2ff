"""Handles requests that are answered from one user's attributions: ranks, explanations, shelves, what-if, contrast."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llm_explain.service.handlers.answer import Answer
from llm_explain.service.handlers.catalogue_handler import CatalogueItems
from llm_explain.service.schemas.problems import INVALID, ServiceProblem
from llm_explain.state.experiments import ANSWER
from llm_explain.state.records import GivenAnswer
from llm_explain.state.users import PREFERENCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from llm_explain.answers import Ranked
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from llm_explain.service.handlers.answer import Json
    from llm_explain.service.handlers.user_context_reader import UserContext, UserContextReader
    from llm_explain.service.schemas import events, fields, requests

PLACE: Final = ("rank", "position", "section", "section_title", "placement")
STORED: Final = (*PREFERENCES, "suppressed", "last_event")
"""What is stored of a user and needed to make an answer again."""

SENTENCE: Final = ("id", "text", "reason_code", "ai_generated")
"""Fields of a record with ``detail=text``."""


class ExplanationHandler:
    """Ranks and explains for one user or history; safe to share between threads.

    Args:
        explainer: Ranks and explains.
        context_reader: Reads users and histories.

    Attributes:
        explainer: Ranks and explains.
        items: Items of the catalogue.
    """

    def __init__(self, explainer: Explainer, context_reader: UserContextReader) -> None:
        self.explainer = explainer
        self.items = CatalogueItems(explainer)
        self._context_reader = context_reader

    def recommend_many(self, request: requests.RecommendationRequest, user_ids: Sequence[str]) -> list[Answer]:
        """Return the best items for several users, and why; they are read together."""
        listed, skipped = self._listed(request)
        with ExitStack() as stack:
            contexts = [stack.enter_context(self._context(request.of(user_id))) for user_id in user_ids]
            histories = [context.history for context in contexts]
            if not request.explain:
                ranked = self.explainer.rank_many(histories, as_of=request.as_of, **listed)
                return [
                    self._ranked(context, rows, request, skipped)
                    for context, rows in zip(contexts, ranked, strict=True)
                ]
            lists = self.explainer.recommend_many(
                histories,
                suppressions=[context.suppressions for context in contexts],
                as_of=request.as_of,
                deadline=None if request.deadline_ms is None else len(contexts) * request.deadline_ms / 1000,
                **listed,
                **request.words(),
            )
            return [
                self._explained(context, rows, request, listed=listed, skipped=skipped)
                for context, rows in zip(contexts, lists, strict=True)
            ]

    def _listed(self, request: requests.RecommendationRequest) -> tuple[Json, Json]:
        """Read which items a request is about.

        Args:
            request: The request.

        Returns:
            Arguments of the explainer, and what the answer says of items that are skipped.

        Raises:
            ServiceProblem: If no item has a category or a brand of the request.
        """
        known, catalogue = self.items.known, self.explainer.shop.catalogue
        told = "No item has this name. Take it from an answer of /v1/filters."
        absent = [
            {"pointer": f"#/{name}/{place}", "in": "body", "rule": "unknown_name", "detail": told}
            for name, names in (("categories", catalogue.category_names), ("brands", catalogue.brand_names))
            for place, value in enumerate(getattr(request, name))
            if value not in names and not (name == "categories" and catalogue.below(value) is not None)
        ]
        if absent:
            raise ServiceProblem(INVALID, absent)
        dropped = self._dropped([each for each in (*(request.candidates or ()), *request.pins) if each in known])
        unknown = sorted({item_id for item_id in request.items_named() if item_id not in known})
        return request.listed(known), {"unknown_items": unknown, "dropped": dropped}

    def _dropped(self, item_ids: Sequence[str]) -> list[Json]:
        """Return which items no list shows, and why."""
        reasons = self.explainer.unlisted(list(dict.fromkeys(item_ids))) if item_ids else {}
        return [{"item_id": item_id, "reason": reason} for item_id, reason in reasons.items()]

    def recommend(self, request: requests.RecommendationRequest) -> Answer:
        """Return the best items, and why."""
        with self._context(request) as context:
            listed, skipped = self._listed(request)
            if not request.explain:
                ranked = self.explainer.rank(history=context.history, **listed)
                return self._ranked(context, ranked, request, skipped)
            rows = self.explainer.recommend(**listed, **_spoken(context, request))
            return self._explained(context, rows, request, listed=listed, skipped=skipped)

    def _ranked(
        self,
        context: UserContext,
        rows: Sequence[Ranked],
        request: requests.RecommendationRequest,
        skipped: Json,
    ) -> Answer:
        """Return a list without reasons, which is counted for its experiment."""
        items = [row.to_dict() for row in rows]
        content, user_id = self._content(context, items, request, skipped), context.history.user_id
        if context.user is None or user_id is None or request.experiment is None:
            return Answer(content)
        exposures = _exposures(user_id, request.experiment, items)
        return Answer(content, GivenAnswer(user_id, {}, [], context.user.erasures, exposures))

    def explain(self, request: requests.ExplanationRequest) -> Answer:
        """Return why items score as they do."""
        known = self.items.known
        item_ids = [item_id for item_id in request.item_ids if item_id in known]
        with self._context(request) as context:
            rows = self.explainer.explain(None, item_ids, **_spoken(context, request))
            skipped = {"unknown_items": (), "dropped": self._dropped(item_ids)}
            answer = self._explained(context, rows, request, skipped=skipped)
        explained = iter(answer.content["items"])
        items = [next(explained) if item_id in known else self.items.brief(item_id) for item_id in request.item_ids]
        return replace(answer, content={**answer.content, "items": items})

    def shelves(self, user_id: str, *, k: int, locale: str, as_of: datetime | None) -> Answer:
        """Return items by reason."""
        with self._context_reader.reading_user(user_id, as_of) as context:
            shelves = []
            of_user: dict[str, Any] = {"history": context.history, "suppressions": context.suppressions}
            for shelf in self.explainer.shelves(k=k, locale=locale, **of_user):
                items = [{**self.items.brief(row.item_id), "phi": row.phi, "score": row.score} for row in shelf.items]
                shelves.append({"player": shelf.player, "title": shelf.title, "items": items})
            return Answer({**self._head(context), "shelves": shelves})

    def what_if(self, request: requests.WhatIfRequest) -> Answer:
        """Return scores and ranks without some players."""
        with self._context(request) as context:
            asked = request.item_ids
            item_ids = None if asked is None else [item_id for item_id in asked if item_id in self.items.known]
            asking: dict[str, Any] = {"history": context.history, "locale": request.locale, "k": request.k}
            rows = self.explainer.what_if(without=request.without, item_ids=item_ids, **asking)
            found = {row.item_id: row.to_dict() for row in rows}
            items = [{**self.items.brief(item_id), **found.get(item_id, {})} for item_id in asked or found]
            return Answer({**self._head(context), "items": items})

    def contrast(self, request: requests.ContrastRequest) -> Answer:
        """Return why one item scores above another."""
        with self._context(request) as context:
            words: dict[str, Any] = {"locale": request.locale, "suppressions": context.suppressions}
            ids = request.item_id, request.other_id
            found = self.explainer.contrast(None, *ids, history=context.history, **words)
            return Answer({**self._head(context), **found.to_dict()})

    def explain_again(self, context: UserContext, replay: Mapping[str, Any]) -> list[Json]:
        """Return the records that a stored answer gets now: those of its list, or of its items."""
        context = context.requested_in(replay.get("channel", ""))
        words: dict[str, Any] = {**replay["words"], "history": context.history, "suppressions": context.suppressions}
        if (listed := replay.get("listed")) is not None:
            return [row.to_dict() for row in self.explainer.recommend(**listed, **words)]
        return [row.to_dict() for row in self.explainer.explain(None, replay["item_ids"], **words)]

    @contextmanager
    def _context(self, request: requests.Who) -> Iterator[UserContext]:
        if request.channel and (known := self.explainer.reader.known_channels) and request.channel not in known:
            needed = f"One of {', '.join(known)} is needed."
            raise ServiceProblem(
                INVALID, [{"pointer": "#/channel", "in": "body", "rule": "unknown_name", "detail": needed}]
            )
        reader = self._context_reader
        reading: AbstractContextManager[UserContext]
        if request.user_id is None:
            reading = reader.reading_history(request.history or (), request.as_of)
        else:
            reading = reader.reading_user(request.user_id, request.as_of)
        with reading as context:
            yield context.requested_in(request.channel)

    def _explained(
        self,
        context: UserContext,
        rows: Sequence[Explanation],
        wording: requests.Wording,
        *,
        listed: Json | None = None,
        skipped: Json | None = None,
    ) -> Answer:
        records = [row.to_dict() for row in rows]
        items = [{**record, "explanation": _detailed(record, wording.detail)} for record in records]
        content = self._content(context, items, wording, skipped)
        user, user_id = context.user, context.history.user_id
        if user is None or user_id is None:
            return Answer(content)
        replay = {
            "as_of": context.history.as_of.isoformat(),
            "words": wording.words(),
            "listed": listed,
            "item_ids": [record["item_id"] for record in records],
            "channel": context.history.requested_in,
            **{name: getattr(user, name) for name in STORED},
            "guests": [(guest_id, since and since.isoformat()) for guest_id, since in user.guests],
        }
        exposures = _exposures(user_id, wording.experiment, records)
        return Answer(content, GivenAnswer(user_id, replay, records, user.erasures, exposures))

    def _content(self, context: UserContext, rows: list[Json], wording: requests.Wording, skipped: Json | None) -> Json:
        """Return the response of a list."""
        names = PLACE if wording.detail != "full" else (*PLACE, "score", "probability")
        items = [
            {**self.items.brief(row["item_id"]), **{name: row[name] for name in names if row.get(name) is not None}}
            | ({"explanation": row["explanation"]} if "explanation" in row else {})
            for row in rows
        ]
        return {
            **self._head(context),
            "locale": wording.locale,
            "recorded": False,
            **(skipped or {"unknown_items": (), "dropped": ()}),
            "items": items,
        }

    def _head(self, context: UserContext) -> Json:
        """Return the fields that every answer about a user has."""
        return {
            "user_id": context.history.user_id,
            "as_of": context.history.as_of.tz_localize("UTC").isoformat(),
            "personalised": context.personalised,
            "provenance": self.explainer.provenance,
        }


def _exposures(user_id: str, experiment: events.Experiment | None, rows: Sequence[Json]) -> list[Json]:
    """Return the rows that count an answer for its experiment."""
    if experiment is None:
        return []
    counted = {"user_id": user_id, **experiment.model_dump(), "kind": ANSWER}
    return [{**counted, "item_id": row["item_id"], "explanation_id": row.get("id")} for row in rows]


def _detailed(record: Json, detail: fields.Detail) -> Json:
    """Return the fields of a record that a detail names."""
    if detail == "full":
        return record
    sentence = {name: record[name] for name in SENTENCE}
    if record.get("subject_line"):
        sentence["subject_line"] = record["subject_line"]
    if detail == "text":
        return sentence
    told = "reasons" if record["reasons"] else "statements"  # a neutral sentence states facts without weighing them
    claims = [
        {**{name: claim[name] for name in ("kind", "player", "facts", "names")}, "share": round(claim["share"], 3)}
        for claim in record[told]
    ]
    return {**sentence, "section": record["section"], "badges": record["badges"], "reasons": [], told: claims}


def _spoken(context: UserContext, request: requests.Wording) -> dict[str, Any]:
    """Return the history of a list and how its sentences are to sound."""
    deadline = None if request.deadline_ms is None else request.deadline_ms / 1000
    of_user = {"history": context.history, "suppressions": context.suppressions}
    return {**request.words(), **of_user, "deadline": deadline}
