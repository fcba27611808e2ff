"""The tools themselves: plain functions over an explainer, each limited to the users that its caller may ask about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from llm_explain.agents.models import Item, Page, Preferences, Proof, Reason, Sentence
from llm_explain.dialogue.changes import changed
from llm_explain.dialogue.turns import Context
from llm_explain.errors import LlmExplainError, SettingError, UnknownGroupError
from llm_explain.policy.suppressions import Suppressions
from llm_explain.service.schemas.fields import Id, Player

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.agents.stored_users import StoredUsers
    from llm_explain.dialogue.staff import Staff
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from scoring.data.history import History

Scope = Literal["user", "storefront", "admin"]
MOST_ITEMS = 50
MOST_OFFSET = 1000
MOST_SESSIONS = 1000
"""Users whose changes of this session are remembered; the oldest are forgotten."""

SOURCES = ("phrasebook", "template")


class AccessError(LlmExplainError):
    """A tool was asked about a user or a matter that its caller may not ask about."""


class Toolbox:
    """Tools about one shop.

    Args:
        explainer: The shop.
        caller: Returns the scope of the caller and, for a user, the only user that it may ask about.
        staff: Models for staff; ``None`` for none.
        locale: Locale of the texts; the shop's if not given.
        stored: What the service has stored of users; ``None`` for the artifacts' events alone.
    """

    def __init__(
        self,
        explainer: Explainer,
        caller: Callable[[], tuple[Scope, str | None]],
        *,
        staff: Staff | None = None,
        locale: str | None = None,
        stored: StoredUsers | None = None,
    ) -> None:
        self._explainer, self._caller, self._staff, self._stored = explainer, caller, staff, stored
        self._locale = locale or explainer.locale
        self._preferences: OrderedDict[str, Context] = OrderedDict()

    def recommend(
        self, user_id: Id, k: int = 10, offset: int = 0, section: Literal["mixed", "new", "again"] = "mixed"
    ) -> Page:
        """Recommend items, each with a verified sentence. Other tools take its ids and categories.

        Args:
            user_id: The shop's id of the user; one without events gets the shop's popular items.
            k: Items on the page, 1 to 50.
            offset: Items to skip: ``next_offset`` of the page before.
            section: mixed; new for items that the user has not had; again for those due once more.

        Returns:
            Items and the offset of the next page.

        Raises:
            SettingError: If ``k`` or ``offset`` is out of range.
        """
        _, history, suppressions = self._read(user_id)
        if not 1 <= k <= MOST_ITEMS:
            raise SettingError(f"k is {k} but 1 to {MOST_ITEMS} are needed. Ask for fewer items, and use offset.")
        if not 0 <= offset <= MOST_OFFSET:
            raise SettingError(f"offset is {offset} but 0 to {MOST_OFFSET} are needed. Ask for an earlier page.")
        rows = self._explainer.recommend(
            k=k,
            offset=offset,
            section=section,
            history=history,
            locale=self._locale,
            sources=SOURCES,
            suppressions=suppressions,
        )
        after = self._explainer.rank(k=1, offset=offset + k, section=section, history=history)
        return Page(items=[self._item(row) for row in rows], next_offset=offset + k if after else None)

    def explain(self, user_id: Id, item_id: Id) -> Item:
        """Say why an item scores as it does for a user ("why this?"), whether or not it is recommended.

        Args:
            user_id: The shop's id of the user.
            item_id: The shop's id of the item.

        Returns:
            The item with its sentence, badges and reasons.
        """
        return self._item(self._explained(user_id, item_id))

    def why_not(self, user_id: Id, item_id: Id) -> Sentence:
        """Say why an item ranks below the best one for a user ("why not that?").

        Args:
            user_id: The shop's id of the user.
            item_id: The shop's id of the item.

        Returns:
            The sentence; ``numbers`` holds the item's rank by score and the best item. The best item has no sentence.
        """
        _, history, suppressions = self._read(user_id)
        (best,) = self._explainer.rank(k=1, history=history)
        numbers = {"rank": self._explained(user_id, item_id).rank, "best": best.item_id}
        if item_id == best.item_id:
            return Sentence(text=None, numbers=numbers, titles=self._titles(numbers))
        found = self._explainer.contrast(
            None, best.item_id, item_id, history=history, locale=self._locale, suppressions=suppressions
        )
        return Sentence(text=found.text.text if found.text else None, numbers=numbers, titles=self._titles(numbers))

    def compare(self, user_id: Id, item_id: Id, other_id: Id) -> Sentence:
        """Say why one item ranks above another for a user.

        Args:
            user_id: The shop's id of the user.
            item_id: The one item.
            other_id: The other item.

        Returns:
            The sentence, and the difference of the scores by player.
        """
        _, history, suppressions = self._read(user_id)
        found = self._explainer.contrast(
            None, item_id, other_id, history=history, locale=self._locale, suppressions=suppressions
        )
        numbers = found.to_dict() | {"text": None}
        return Sentence(text=found.text.text if found.text else None, numbers=numbers, titles=self._titles(numbers))

    def what_if(self, user_id: Id, category: Player, item_id: Id) -> Sentence:
        """Score an item as if the user's events in a category had never happened; exact.

        Args:
            user_id: The shop's id of the user.
            category: The category that is left out, as ``recommend`` writes it.
            item_id: The item that is scored.

        Returns:
            The sentence, and both scores and ranks.

        Raises:
            SettingError: If the user has no events in the category.
        """
        asked: dict[str, Any] = {
            "without": [f"group:{category}"],
            "item_ids": [item_id],
            "history": self._read(user_id)[1],
        }
        try:
            (row,) = self._explainer.what_if(None, locale=self._locale, **asked)
        except UnknownGroupError:  # its message names similar groups of the user, which may be sensitive
            raise SettingError(
                "the category is not among this user's but one of them is needed. Ask for `prove` to see them."
            ) from None
        numbers = row.to_dict() | {"text": None}
        return Sentence(text=row.text.text if row.text else None, numbers=numbers, titles=self._titles(numbers))

    def prove(self, user_id: Id, item_id: Id) -> Proof:
        """Return the record of an explanation, and the SQL that repeats its facts.

        Args:
            user_id: The shop's id of the user.
            item_id: The shop's id of the item.

        Returns:
            The record and the SQL of each claim kind.
        """
        row = self._explained(user_id, item_id)
        kinds = {claim.kind for claim in (*row.reasons, *row.statements)}
        sql = {kind: self._explainer.kinds[kind].sql.read_text(encoding="utf-8") for kind in sorted(kinds)}
        return Proof(record=row.to_dict(), sql=sql)

    def preferences(
        self,
        user_id: Id,
        action: Literal["show", "stop", "resume"] = "show",
        category: Player | None = None,
        item_id: Id | None = None,
        *,
        confirmed: bool = False,
    ) -> Preferences:
        """Show or change what is used for a user. Without ``confirmed`` nothing changes: ask the person first.

        A change is about either a category or an item.

        Args:
            user_id: The shop's id of the user.
            action: show, stop or resume.
            category: Category whose events are used or not, as ``recommend`` writes it.
            item_id: Item that is recommended or not.
            confirmed: Whether the person has confirmed the change.

        Returns:
            What is switched off, and whether it changed.

        Raises:
            SettingError: If a change names neither or both of a category and an item.
        """
        context, status = self._read(user_id)[0], "unchanged"
        if action != "show":
            if (category is None) == (item_id is None):
                raise SettingError("category and item_id are both given or both missing but one is needed. Give one.")
            slots = {"category": category} if category is not None else {"item_id": item_id}
            self._check(slots)
            status = "changed" if confirmed else "needs_confirmation"
            if confirmed:
                context = self._change(user_id, changed(context, action, slots))
        return Preferences(
            groups_off=list(context.groups_off),
            kinds_off=list(context.kinds_off),
            hidden=list(context.hidden),
            titles=self._titles(list(context.hidden)),
            is_personal=context.is_personal,
            status=status,  # type: ignore[arg-type]
        )

    def churn_reasons(self, user_id: Id) -> Sentence:
        """Say how high the risk of a customer is, what it is the risk of, and why; for staff.

        Args:
            user_id: The shop's id of the customer.

        Returns:
            The verified text; ``numbers`` holds the risk and the facts of the text.
        """
        return self._of_staff("risk", {}, user_id)

    def demand_reasons(self, item_id: Id) -> Sentence:
        """Say what will sell of an item in the coming week and why; with a stock table, what to order; for staff.

        Args:
            item_id: The shop's id of the item.

        Returns:
            The verified text; ``numbers`` holds its facts.
        """
        return self._of_staff("order", {"item_id": item_id}, None)

    def _of_staff(self, intent: str, slots: dict[str, str], user_id: str | None) -> Sentence:
        if self._caller()[0] != "admin":
            raise AccessError("the scope is not admin but staff's answers need it. Use an admin key.")
        staff = self._staff
        if staff is None or (staff.churn if intent == "risk" else staff.demand) is None:
            raise SettingError(
                "the model for this question is not loaded but it is needed. "
                "Start the server with --churn and --data, or --demand."
            )
        if user_id is not None and self._stored is not None and not self._stored.may_score(user_id):
            return Sentence(text=None)
        answer = staff.answer(intent, slots, user_id, self._locale)
        if "explanations" not in answer.data:
            raise SettingError(
                f"the model knows no {'customer' if intent == 'risk' else 'item'} of this id but a known one is needed"
                ". Take an id from the tables that the model reads."
            )
        (record,) = answer.data["explanations"]
        facts = [claim["facts"] for claim in (*record["statements"], *record["reasons"])]
        risk = {} if record["probability"] is None else {"risk": record["probability"]}
        return Sentence(text=record["text"], numbers={**risk, "facts": facts})

    def _read(self, user_id: str) -> tuple[Context, History, Suppressions]:
        """Return what a user has switched off, the events that count, and the claims that are not said.

        The call raises ``AccessError`` if the caller may not ask about the user.
        """
        scope, own = self._caller()
        if scope == "user" and user_id != own:
            raise AccessError("the token is for another user but the user of the request is needed. Use its own token.")
        context = self._preferences.get(user_id, Context())
        if self._stored is not None:
            return self._stored.read(user_id, context)
        history, catalogue = (
            self._explainer.events.history(user_id, self._explainer.as_of),
            self._explainer.shop.catalogue,
        )
        off = [index for index, name in enumerate(catalogue.category_names) if name in context.groups_off]
        kept = history.without(off, catalogue) if off else history
        hidden = tuple(catalogue.index_of(context.hidden).tolist())
        kept = replace(kept, user_id=user_id, items_off=hidden)
        return context, kept, Suppressions(kinds=frozenset(context.kinds_off))

    def _check(self, slots: Mapping[str, str | None]) -> None:
        """Raise ``SettingError`` for a category, or ``UnknownItemError`` for an item, that the catalogue lacks."""
        catalogue = self._explainer.shop.catalogue
        if (category := slots.get("category")) is not None and category not in catalogue.category_names:
            raise SettingError(
                "the category is not in the catalogue but a known one is needed. Use a category of an item."
            )
        if (item_id := slots.get("item_id")) is not None:
            catalogue.index_of([item_id])

    def _change(self, user_id: str, context: Context) -> Context:
        """Remember a change: the service stores it, and without the service it holds for this session."""
        if self._stored is not None:
            self._stored.store(user_id, context)
        self._preferences[user_id] = context
        self._preferences.move_to_end(user_id)
        while len(self._preferences) > MOST_SESSIONS:
            self._preferences.popitem(last=False)
        return context

    def _explained(self, user_id: str, item_id: str) -> Explanation:
        _, history, suppressions = self._read(user_id)
        (row,) = self._explainer.explain(
            None, [item_id], history=history, locale=self._locale, sources=SOURCES, suppressions=suppressions
        )
        return row

    def _titles(self, value: Any, name: str = "item_id") -> dict[str, str]:
        """Return the titles of the item ids in a value: what stands under a name with "item", and the best item."""
        if isinstance(value, Mapping):
            return {key: title for each, own in value.items() for key, title in self._titles(own, str(each)).items()}
        if isinstance(value, list | tuple):
            return {key: title for own in value for key, title in self._titles(own, name).items()}
        is_item = isinstance(value, str) and (name == "best" or "item" in name)
        return {value: self._explainer.titles[value]} if is_item and value in self._explainer.titles else {}

    def _item(self, row: Explanation) -> Item:
        item_id, shop = str(row.item_id), self._explainer.shop
        (index,) = shop.catalogue.index_of([item_id])
        category = shop.catalogue.category_names[shop.catalogue.category_index[index]]
        return Item(
            item_id=item_id,
            title=self._explainer.titles[item_id],
            category=category if category and shop.policy.may_name_category(category) else None,
            position=row.position,
            rank=row.rank,
            section=row.section,
            text=row.text.text if row.text else None,
            badges=[badge.text.text for badge in row.badges],
            reasons=[
                Reason(kind=each.kind, share=each.share, facts=dict(each.facts), titles=self._titles(each.facts))
                for each in row.reasons
            ],
            explanation_id=row.id,
        )
