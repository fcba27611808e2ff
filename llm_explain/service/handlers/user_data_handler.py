"""Handles requests about stored data: events, feedback, preferences, erasure, export, the audit record."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas import problems
from llm_explain.service.schemas.problems import ServiceProblem
from llm_explain.service.state.feedback import Opinion
from llm_explain.service.state.users import now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet

    from llm_explain.service.handlers.answer import Json
    from llm_explain.service.handlers.explanation_handler import ExplanationHandler
    from llm_explain.service.handlers.user_context_reader import UserContextReader
    from llm_explain.service.schemas.requests import EventsRequest, FeedbackRequest, NewEvent, Preferences
    from llm_explain.service.state import State
    from llm_explain.service.state.records import Kept
    from llm_explain.service.state.users import StoredUser, Suppressed
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import History

FUTURE: Final = timedelta(days=1)
SAME: Final = ("data", "scorer", "policy")
"""Provenance that must be the same for a replay to be tried."""


class UserDataHandler:
    """Stores events, preferences and feedback, and returns what is stored; safe to share between threads.

    Args:
        state: The storage.
        explanations: Explains a stored record again.
        context_reader: Reads users' events, and notes erasures.
        kinds: Claim kinds that sentences may state.
    """

    def __init__(
        self,
        state: State,
        explanations: ExplanationHandler,
        context_reader: UserContextReader,
        *,
        kinds: Collection[str],
    ) -> None:
        self._state = state
        self._explanations = explanations
        self._context_reader = context_reader
        self._kinds = kinds

    @property
    def _catalogue(self) -> Catalogue:
        return self._explanations.explainer.shop.catalogue

    def add_events(self, request: EventsRequest, *, key: str, body: bytes) -> Answer:
        """Store events; they count in the next answer."""
        known = self._explanations.items.known
        events = [event for event in request.events if event.item_id in known]
        latest = now() + FUTURE
        if any(event.timestamp is not None and event.timestamp > latest for event in request.events):
            raise ServiceProblem(problems.FUTURE)
        present = self._present({event.user_id for event in events if event.timestamp is None})
        rows = [_row(event, present) for event in events]
        receipt = self._state.events.add(rows, key=key, body=body)
        unknown = sorted({event.item_id for event in request.events if event.item_id not in known})
        return Answer({"stored": receipt.stored, "repeated": receipt.is_repeated, "unknown_items": unknown})

    def add_feedback(self, request: FeedbackRequest, user_id: str | None = None) -> Answer:
        """Store what a shopper thinks, and suppress what is wrong or unwanted at once."""
        kept = self._kept(request.explanation_id, user_id)
        record = kept.record
        told = record["reasons"] or record["statements"]
        meant = request.reason
        if meant is not None:
            told = [reason for reason in told if (reason["kind"], reason["player"]) == (meant.kind, meant.player)]
            if not told:
                raise ServiceProblem(problems.UNKNOWN_REASON)
        item_id = {"wrong": record["item_id"], "hide_reason": None}
        suppressed: list[Suppressed] = []
        if request.verdict in item_id:
            suppressed = [(reason["kind"], reason["player"], item_id[request.verdict]) for reason in told]
        opinion = Opinion(
            explanation_id=request.explanation_id,
            user_id=kept.user_id,
            item_id=record["item_id"],
            verdict=request.verdict,
            kind=meant.kind if meant else None,
            player=meant.player if meant else None,
            kinds=tuple(reason["kind"] for reason in told),
            skeleton=record["provenance"]["skeleton"],
            source=record["source"] or "",
            locale=record["locale"],
        )
        is_new = self._state.feedback.add(opinion, suppressed)
        if is_new is None:
            raise ServiceProblem(problems.UNKNOWN_EXPLANATION)
        return Answer({"feedback_id": opinion.id, "repeated": not is_new, "suppressed": _named(suppressed)})

    def prefer(self, user_id: str, wanted: Preferences) -> Answer:
        """Keep what a user has switched off."""
        categories = {GROUP_PREFIX + name for name in self._catalogue.category_names}
        if not categories.issuperset(wanted.groups_off):
            raise ServiceProblem(problems.UNKNOWN_PLAYER)
        if not set(wanted.kinds_off) <= set(self._kinds):
            raise ServiceProblem(problems.INVALID, [{"pointer": "#/kinds_off", "in": "body", "rule": "unknown_kind"}])
        self._state.users.prefer(
            user_id,
            personalised=wanted.personalised,
            groups_off=tuple(dict.fromkeys(wanted.groups_off)),
            kinds_off=tuple(dict.fromkeys(wanted.kinds_off)),
        )
        return self.preferences(user_id)

    def preferences(self, user_id: str) -> Answer:
        """Return what a user has switched off, and what could be."""
        user = self._state.users.read(user_id)
        groups = self._context_reader.groups(user_id, user)
        return Answer({"user_id": user_id, **_preferences(user), "groups": groups, "kinds": list(self._kinds)})

    def erase(self, user_id: str) -> Answer:
        """Remove a user from every table and cache; the artifacts' events of the user count no more."""
        removed = self._state.users.erase(user_id)
        self._context_reader.note_erasures(self._state.users.read(user_id).erasures)
        return Answer({"removed": removed})

    def export(self, user_id: str) -> Answer:
        """Return everything that is kept of a user."""
        user = self._state.users.read(user_id)
        moment = self._context_reader.moment([event.timestamp for event in user.events])
        logged = self._context_reader.events_of(user_id, replace(user, events=()), moment)
        stored = [{**asdict(event), "source": "state"} for event in user.events]
        content = {
            "user_id": user_id,
            **_preferences(user),
            "events": [*_logged(logged, self._catalogue.item_ids), *stored],
            "feedback": self._state.feedback.of_user(user_id),
            "explanations": self._state.records.of_user(user_id),
        }
        return Answer(content)

    def record(self, explanation_id: str, user_id: str | None = None) -> Answer:
        """Return a record as it was given, and whether explaining again gives the same."""
        kept = self._kept(explanation_id, user_id)
        content = {"record": kept.record, "created_at": kept.created_at, "reproduced": self._reproduced(kept)}
        return Answer(content)

    def _kept(self, explanation_id: str, user_id: str | None) -> Kept:
        """Return a stored record; that of another user is not found."""
        kept = self._state.records.find(explanation_id)
        if kept is None or user_id not in (None, kept.user_id):
            raise ServiceProblem(problems.UNKNOWN_EXPLANATION)
        return kept

    def _reproduced(self, kept: Kept) -> bool | None:
        """Explain a list again from what was stored then."""
        provenance, replay = self._explanations.explainer.provenance, kept.context
        if any(kept.record["provenance"][name] != provenance[name] for name in SAME):
            return None
        user = self._state.users.read(kept.user_id, until=replay["last_event"])
        with self._context_reader.watching_erasures(user):
            then = replace(
                user,
                personalised=replay["personalised"],
                groups_off=tuple(replay["groups_off"]),
                kinds_off=tuple(replay["kinds_off"]),
                suppressed=tuple((kind, player, item_id) for kind, player, item_id in replay["suppressed"]),
            )
            context = self._context_reader.of_user(kept.user_id, then, datetime.fromisoformat(replay["as_of"]))
            records = self._explanations.explain_again(context, replay)
        return bool(records[kept.place]["id"] == kept.record["id"])

    def _present(self, user_ids: AbstractSet[str]) -> dict[str, datetime]:
        """Return the present moment of users whose event says none."""
        latest = self._state.events.latest(user_ids)
        moments = {user: self._context_reader.moment([latest[user]] if user in latest else []) for user in user_ids}
        return {user_id: moment.to_pydatetime(warn=False) for user_id, moment in moments.items()}


def _row(event: NewEvent, present: dict[str, datetime]) -> Json:
    row = event.model_dump()
    if row["timestamp"] is None:
        row["timestamp"] = present[event.user_id]
    return row


def _preferences(user: StoredUser) -> Json:
    preferences = {name: getattr(user, name) for name in ("personalised", "groups_off", "kinds_off")}
    return {"preferences": preferences, "suppressed": _named(user.suppressed)}


def _named(suppressed: Sequence[Suppressed]) -> list[Json]:
    return [{"kind": kind, "player": player, "item_id": item_id} for kind, player, item_id in suppressed]


def _logged(history: History, item_ids: Any) -> list[Json]:
    columns = (
        history.item_index,
        history.timestamp,
        history.quantity,
        history.price,
        history.kind,
        history.store_id,
        history.order_id,
        history.channel,
    )
    return [
        {
            "item_id": str(item_ids[item]),
            "timestamp": str(moment)[:26],
            "quantity": float(quantity),
            "price": None if price != price else float(price),
            "kind": str(kind),
            "channel": str(channel),
            "store_id": str(store_id),
            "order_id": str(order_id),
            "source": "artifacts",
        }
        for item, moment, quantity, price, kind, store_id, order_id, channel in zip(*columns, strict=True)
    ]
