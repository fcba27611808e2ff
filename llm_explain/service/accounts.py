"""What the routes ask of the state: events, feedback, preferences, erasure, export, the audit record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.claims import KINDS
from llm_explain.service import problems
from llm_explain.service.desk import Answer
from llm_explain.service.problems import ServiceProblem
from llm_explain.service.state.feedback import Opinion
from llm_explain.service.state.people import now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from llm_explain.service.desk import Desk, Json
    from llm_explain.service.readers import Readers
    from llm_explain.service.schemas import EventsRequest, FeedbackRequest, NewEvent, Preferences
    from llm_explain.service.state import State
    from llm_explain.service.state.people import Person, Suppressed
    from llm_explain.service.state.records import Kept
    from llm_explain.service.visits import Visits
    from scoring.data.history import History

FUTURE: Final = timedelta(days=1)
SAME: Final = ("data", "scorer", "policy")
"""Provenance that must be the same for a replay to be tried."""


class Accounts:
    """Keeps what users do, want and think; safe to share between threads.

    Args:
        state: Where it is kept.
        desk: Explains again.
        visits: Reads users' events.
        readers: Told of erasures.
    """

    def __init__(self, state: State, desk: Desk, visits: Visits, readers: Readers) -> None:
        self._state = state
        self._desk = desk
        self._visits = visits
        self._readers = readers
        self._catalogue = desk.explainer.shop.catalogue

    def add_events(self, request: EventsRequest, *, key: str, body: bytes) -> Answer:
        """Store events; they count in the next answer."""
        self._catalogue.index_of([event.item_id for event in request.events])
        latest = now() + FUTURE
        if any(event.timestamp is not None and event.timestamp > latest for event in request.events):
            raise ServiceProblem(problems.FUTURE)
        present = self._present({event.user_id for event in request.events if event.timestamp is None})
        rows = [_row(event, present) for event in request.events]
        receipt = self._state.events.add(rows, key=key, body=body)
        return Answer({"stored": receipt.stored, "repeated": receipt.is_repeated})

    def add_feedback(self, request: FeedbackRequest) -> Answer:
        """Store what a shopper thinks, and suppress what is wrong or unwanted at once."""
        kept = self._kept(request.explanation_id)
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
        self._state.people.prefer(
            user_id,
            personalised=wanted.personalised,
            groups_off=tuple(dict.fromkeys(wanted.groups_off)),
            kinds_off=tuple(dict.fromkeys(wanted.kinds_off)),
        )
        return self.preferences(user_id)

    def preferences(self, user_id: str) -> Answer:
        """Return what a user has switched off, and what could be."""
        person = self._state.people.read(user_id)
        groups = self._visits.groups(user_id, person)
        return Answer({"user_id": user_id, **_wishes(person), "groups": groups, "kinds": list(KINDS)})

    def erase(self, user_id: str) -> Answer:
        """Remove a user from every table and cache; the artifacts' events of the user count no more."""
        removed = self._state.people.erase(user_id)
        self._readers.saw(self._state.people.read(user_id).erasures)
        return Answer({"removed": removed})

    def export(self, user_id: str) -> Answer:
        """Return everything that is kept of a user."""
        person = self._state.people.read(user_id)
        moment = self._visits.moment([event.timestamp for event in person.events])
        logged = self._visits.events_of(user_id, replace(person, events=()), moment)
        stored = [
            {**{name: getattr(event, name) for name in event.__slots__}, "source": "state"} for event in person.events
        ]
        content = {
            "user_id": user_id,
            **_wishes(person),
            "events": [*_logged(logged, self._catalogue.item_ids), *stored],
            "feedback": self._state.feedback.of_user(user_id),
            "explanations": self._state.records.of_user(user_id),
        }
        return Answer(content)

    def record(self, explanation_id: str) -> Answer:
        """Return a record as it was given, and whether explaining again gives the same."""
        kept = self._kept(explanation_id)
        content = {"record": kept.record, "created_at": kept.created_at, "reproduced": self._reproduced(kept)}
        return Answer(content)

    def _kept(self, explanation_id: str) -> Kept:
        kept = self._state.records.find(explanation_id)
        if kept is None:
            raise ServiceProblem(problems.UNKNOWN_EXPLANATION)
        return kept

    def _reproduced(self, kept: Kept) -> bool | None:
        """Explain a list again from what was known then."""
        provenance, context = self._desk.explainer.provenance, kept.context
        if any(kept.record["provenance"][name] != provenance[name] for name in SAME):
            return None
        person = self._state.people.read(kept.user_id, until=context["last_event"])
        with self._readers.watched(person):
            then = replace(
                person,
                personalised=context["personalised"],
                groups_off=tuple(context["groups_off"]),
                kinds_off=tuple(context["kinds_off"]),
                suppressed=tuple((kind, player, item_id) for kind, player, item_id in context["suppressed"]),
            )
            visit = self._visits.of_user(kept.user_id, then, datetime.fromisoformat(context["as_of"]))
            records = self._desk.again(visit, context["item_ids"], context["words"])
        return bool(records[kept.place]["id"] == kept.record["id"])

    def _present(self, user_ids: AbstractSet[str]) -> dict[str, datetime]:
        """Return the present moment of users whose event says none."""
        latest = self._state.events.latest(user_ids)
        moments = {user: self._visits.moment([latest[user]] if user in latest else []) for user in user_ids}
        return {user_id: moment.to_pydatetime(warn=False) for user_id, moment in moments.items()}


def _row(event: NewEvent, present: dict[str, datetime]) -> Json:
    row = event.model_dump()
    if row["timestamp"] is None:
        row["timestamp"] = present[event.user_id]
    return row


def _wishes(person: Person) -> Json:
    preferences = {
        "personalised": person.personalised,
        "groups_off": person.groups_off,
        "kinds_off": person.kinds_off,
    }
    return {"preferences": preferences, "suppressed": _named(person.suppressed)}


def _named(suppressed: Sequence[Suppressed]) -> list[Json]:
    return [{"kind": kind, "player": player, "item_id": item_id} for kind, player, item_id in suppressed]


def _logged(history: History, item_ids: Any) -> list[Json]:
    columns = (history.item_index, history.timestamp, history.quantity, history.price, history.kind, history.store_id)
    return [
        {
            "item_id": str(item_ids[item]),
            "timestamp": str(moment)[:26],
            "quantity": float(quantity),
            "price": None if price != price else float(price),
            "kind": str(kind),
            "channel": "",
            "store_id": str(store_id),
            "source": "artifacts",
        }
        for item, moment, quantity, price, kind, store_id in zip(*columns, strict=True)
    ]
