"""Handles requests about stored data: events, feedback, preferences, erasure, export, the audit record."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.policy.suppressions import ANY_KIND
from llm_explain.service.handlers.answer import Answer, etag_of
from llm_explain.service.handlers.user_context_reader import SKEW
from llm_explain.service.schemas import problems
from llm_explain.service.schemas.problems import ServiceProblem
from llm_explain.state.feedback import Opinion
from llm_explain.state.users import PREFERENCES, now
from scoring.data.ratings import DISLIKE, LIKE, RATE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from llm_explain.service.handlers.answer import Json
    from llm_explain.service.handlers.explanation_handler import ExplanationHandler
    from llm_explain.service.handlers.user_context_reader import UserContextReader
    from llm_explain.service.schemas.events import EventsRequest, NewEvent
    from llm_explain.service.schemas.user_data import FeedbackRequest, PreferencesPatch
    from llm_explain.state import State
    from llm_explain.state.records import Kept
    from llm_explain.state.users import StoredUser, Suppressed
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import History

EXPOSURES: Final = frozenset({"impression", "click"})
"""Kinds of event that count for an experiment and are no part of a history."""

RATED: Final = frozenset({LIKE, DISLIKE, RATE})

LOGGED: Final = "logged_event"
"""Events of the artifacts in receipts: they are not removed before the next training, and do not count any more."""

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
        latest = now() + SKEW
        if any(event.timestamp is not None and event.timestamp > latest for event in request.events):
            raise ServiceProblem(problems.FUTURE)
        present = self._present({event.user_id for event in events if event.timestamp is None})
        counted = [event for event in events if event.kind in EXPOSURES]
        rows = [_row(event, present) for event in events if event.kind not in EXPOSURES]
        exposures, uncounted = self._exposures(counted, present)
        receipt = self._state.events.add(rows, key=key, body=body, exposures=exposures)
        unknown = sorted({event.item_id for event in request.events if event.item_id not in known})
        log = self._explanations.explainer.events
        known_kinds = {*EXPOSURES, *RATED, *log.kinds, *log.shop.target_kinds, *log.shop.return_kinds}
        kinds = sorted({event.kind for event in events} - known_kinds)
        stored = {"stored": receipt.stored, "repeated": receipt.is_repeated}
        skipped = {"unknown_items": unknown, "unknown_kinds": kinds, "unknown_explanations": sorted(uncounted)}
        return Answer({**stored, **skipped})

    def _exposures(self, events: Sequence[NewEvent], present: dict[str, datetime]) -> tuple[list[Json], set[str]]:
        """Return rows of the impressions and clicks of experiments, and the explanations that belong to none."""
        ids = {event.explanation_id for event in events if event.explanation_id and event.experiment is None}
        given = self._state.experiments.of_explanations(ids)
        rows: list[Json] = []
        uncounted = set()
        for event in events:
            of, shown = event.experiment, event.explanation_id
            answered = given.get((shown or "", event.item_id), ("", ""))
            tag, arm = answered if of is None else (of.tag, of.arm)
            if shown and not tag:
                uncounted.add(shown)
            elif tag:
                row = _row(event, present)
                kept = {name: row[name] for name in ("user_id", "item_id", "kind", "timestamp")}
                rows.append({**kept, "tag": tag, "arm": arm, "explanation_id": shown})
        return rows, uncounted

    def figures(self, tag: str) -> Answer:
        """Return what each arm of an experiment did."""
        kinds = self._explanations.explainer.events.shop.target_kinds
        return Answer({"tag": tag, "arms": self._state.experiments.figures(tag, kinds)})

    def merge(self, user_id: str, guest_id: str) -> Answer:
        """Give everything of a guest to a user."""
        if user_id == guest_id:
            raise ServiceProblem(problems.GUEST_ITSELF)
        n_logged = len(self._logged(guest_id, self._state.users.read(guest_id)))
        moved = self._state.users.merge(user_id, guest_id)
        if moved is None:
            raise ServiceProblem(problems.GUEST_TAKEN)
        moved[LOGGED] = n_logged
        self._context_reader.note_erasures(self._state.users.read(user_id).erasures)
        return Answer({"user_id": user_id, "moved": moved})

    def withdraw(self, feedback_id: str, user_id: str | None) -> Answer:
        """Remove an opinion, of a user or of any; what it suppressed may be said again."""
        user_id = self._state.feedback.withdraw(feedback_id, user_id)
        if user_id is None:
            raise ServiceProblem(problems.UNKNOWN_FEEDBACK)
        return Answer({"feedback_id": feedback_id, "suppressed": self._state.feedback.suppressed_of(user_id)})

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
        if request.verdict == "wrong":
            players = dict.fromkeys(reason["player"] for reason in told)
            suppressed += [(ANY_KIND, player, record["item_id"]) for player in players]
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
        return Answer({"feedback_id": opinion.id, "repeated": not is_new, "suppressed": _named(suppressed, opinion.id)})

    def prefer(self, user_id: str, patch: PreferencesPatch, if_match: str) -> Answer:
        """Change what a user has switched off."""
        wanted = {
            name: list(dict.fromkeys(value)) if isinstance(value, tuple) else value
            for name, value in patch.model_dump(exclude_none=True).items()
        }
        categories = {GROUP_PREFIX + name for name in self._catalogue.category_names}
        if not categories.issuperset(wanted.get("groups_off", ())):
            raise ServiceProblem(problems.UNKNOWN_PLAYER)
        if not set(wanted.get("kinds_off", ())) <= set(self._kinds):
            raise ServiceProblem(problems.INVALID, [{"pointer": "#/kinds_off", "in": "body", "rule": "unknown_kind"}])
        if not all(item_id in self._explanations.items.known for item_id in wanted.get("items_off", ())):
            raise ServiceProblem(problems.INVALID, [{"pointer": "#/items_off", "in": "body", "rule": "unknown_item"}])
        if not self._state.users.prefer(
            user_id, wanted, expects=lambda stored: if_match == "*" or etag_of(stored) in if_match
        ):
            raise ServiceProblem(problems.CHANGED_MEANWHILE)
        return self.preferences(user_id)

    def preferences(self, user_id: str) -> Answer:
        """Return what a user has switched off, and what could be."""
        user = self._state.users.read(user_id)
        groups = self._context_reader.groups(user_id, user)
        return Answer(
            {"user_id": user_id, **self._preferences(user_id, user), "groups": groups, "kinds": list(self._kinds)}
        )

    def erase(self, user_id: str) -> Answer:
        """Remove a user from every table and cache; the artifacts' events of the user count no more."""
        n_logged = len(self._logged(user_id, self._state.users.read(user_id)))
        removed = {**self._state.users.erase(user_id), LOGGED: n_logged}
        self._context_reader.note_erasures(self._state.users.read(user_id).erasures)
        return Answer({"removed": removed})

    def export(self, user_id: str) -> tuple[Json, Iterator[Json]]:
        """Return what is kept of a user without the explanation records, and these, which are read a list at a time."""
        user = self._state.users.read(user_id)
        logged = self._logged(user_id, user)
        stored = [{**asdict(event), "source": "state"} for event in user.events]
        content = {
            "user_id": user_id,
            "guests": [guest_id for guest_id, _ in user.guests],
            **self._preferences(user_id, user),
            "events": _zoned(
                [*({**row, "source": "artifacts"} for row in logged.rows(self._catalogue.item_ids)), *stored]
            ),
            "feedback": _zoned(self._state.feedback.of_user(user_id)),
            "exposures": _zoned(self._state.experiments.of_user(user_id)),
        }
        return content, self._state.records.of_user(user_id)

    def _logged(self, user_id: str, user: StoredUser) -> History:
        """Return the events of the artifacts that count as a user's."""
        moment = self._context_reader.moment([event.timestamp for event in user.events])
        return self._context_reader.events_of(user_id, replace(user, events=()), moment)

    def record(self, explanation_id: str, user_id: str | None = None, *, is_audit: bool = True) -> Answer:
        """Return a record as it was given, and whether explaining again gives the same.

        Args:
            explanation_id: Its id.
            user_id: Its user; any if not given.
            is_audit: Whether to explain again, which may build an earlier version of the catalogue (300 MB, seconds).

        Returns:
            The record.
        """
        kept = self._kept(explanation_id, user_id)
        created_at, reproduced = kept.created_at.replace(tzinfo=UTC), self._reproduced(kept) if is_audit else None
        return Answer({"record": kept.record, "created_at": created_at, "reproduced": reproduced})

    def _kept(self, explanation_id: str, user_id: str | None) -> Kept:
        """Return a stored record; that of another user is not found."""
        kept = self._state.records.find(explanation_id)
        if kept is None or user_id not in (None, kept.user_id):
            raise ServiceProblem(problems.UNKNOWN_EXPLANATION)
        return kept

    def _reproduced(self, kept: Kept) -> bool | None:
        """Explain a list again from what was stored then."""
        provenance, replay = self._explanations.explainer.provenance, kept.context
        is_same = all(kept.record["provenance"][name] == provenance[name] for name in SAME)
        if not is_same or kept.record["user_id"] != kept.user_id:  # or the record of a guest before the merge
            return None
        user = self._state.users.read(kept.user_id, until=replay["last_event"])
        with self._context_reader.watching_erasures(user):
            then = replace(
                user,
                personalised=replay["personalised"],
                groups_off=tuple(replay["groups_off"]),
                kinds_off=tuple(replay["kinds_off"]),
                items_off=tuple(replay.get("items_off", ())),
                suppressed=tuple((kind, player, item_id) for kind, player, item_id in replay["suppressed"]),
                guests=tuple(
                    (guest_id, since and datetime.fromisoformat(since)) for guest_id, since in replay.get("guests", ())
                ),
            )
            context = self._context_reader.of_user(kept.user_id, then, datetime.fromisoformat(replay["as_of"]))
            records = self._explanations.explain_again(context, replay)
        return bool(records[kept.place]["id"] == kept.record["id"])

    def _preferences(self, user_id: str, user: StoredUser) -> Json:
        preferences = {name: getattr(user, name) for name in PREFERENCES}
        return {"preferences": preferences, "suppressed": self._state.feedback.suppressed_of(user_id)}

    def _present(self, user_ids: AbstractSet[str]) -> dict[str, datetime]:
        """Return the present moment of users whose event says none."""
        latest = self._state.events.latest(user_ids)
        moments = {user: self._context_reader.moment([latest[user]] if user in latest else []) for user in user_ids}
        return {user_id: moment.to_pydatetime(warn=False) for user_id, moment in moments.items()}


def _row(event: NewEvent, present: dict[str, datetime]) -> Json:
    row = event.model_dump(exclude={"explanation_id", "experiment"})
    if row["timestamp"] is None:
        row["timestamp"] = present[event.user_id]
    return row


def _named(suppressed: Sequence[Suppressed], feedback_id: str) -> list[Json]:
    return [
        {"kind": kind, "player": player, "item_id": item_id, "feedback_id": feedback_id}
        for kind, player, item_id in suppressed
    ]


def _zoned(rows: list[Json]) -> list[Json]:
    """Return rows whose times, which are stored in UTC, say so."""
    return [
        {name: each.replace(tzinfo=UTC) if isinstance(each, datetime) else each for name, each in row.items()}
        for row in rows
    ]
