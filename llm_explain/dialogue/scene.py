"""What answers are made of: the shop, a user's events that may be used, and the list on screen."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.dialogue import offers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.mentions import MOST_CHOICES
from llm_explain.dialogue.own_events import OwnEvents
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from scoring.data.targets import OTHER

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.turns import Context
    from llm_explain.explainer import Explainer
    from llm_explain.records import Text
    from scoring.data.history import History


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn says.

    Attributes:
        parts: Statements, and texts that are verified already.
        choices: Items among which the person is asked to choose.
        missing: Slot that the person is asked for.
        focus: Item that the answer speaks of.
        data: Records or numbers behind it.
        is_to_staff: Whether it speaks to a member of staff about a customer.
    """

    parts: Sequence[Statement | Text]
    choices: tuple[str, ...] = ()
    missing: str | None = None
    focus: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    is_to_staff: bool = False


class Scene:
    """What one user is answered about.

    Args:
        explainer: The shop.
        user_id: The shop's id of the user.
        context: The list on screen, and what the user has switched off.
        locale: A folder under ``prompts/``.
        history: The user's events; those of the log if not given.
        suppressions: Claims that the user's feedback took back.

    Attributes:
        explainer: The shop.
        context: The list on screen, and what the user has switched off.
        locale: A folder under ``prompts/``.
        shop: Facts of the shop.
        catalogue: Its catalogue.
        suppressions: Claims that are not said.
        history: The user's events that are used.
        own: Statements about them.
    """

    def __init__(
        self,
        explainer: Explainer,
        user_id: str,
        context: Context,
        locale: str,
        history: History | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
    ) -> None:
        self.explainer, self.context, self.locale = explainer, context, locale
        self.shop, self.catalogue = explainer.shop, explainer.shop.catalogue
        self.suppressions = replace(suppressions, kinds=frozenset(context.kinds_off))
        known = explainer.events.history(user_id, explainer.as_of) if history is None else history
        self.history = self._used(known)
        self.own = OwnEvents(self.shop, self.history)

    def _used(self, history: History) -> History:
        """Return the events that the user lets us use, and the items that are not recommended."""
        hidden = self.catalogue.index_of(self.context.hidden).tolist() if self.context.hidden else ()
        history = replace(history, items_off=tuple(hidden))
        if not self.context.is_personal:
            return history.select(np.zeros(len(history), dtype=bool))
        names = self.catalogue.category_names
        off = [index for index, name in enumerate(names) if name in self.context.groups_off]
        return history.select(~np.isin(self.catalogue.category_index[history.item_index], off)) if off else history

    def within(self, first: dt.date, last: dt.date) -> Scene:
        """Return the same with the events of a period alone, without what was taken back then or later."""
        scene, counts = copy(self), self.history.is_target | (self.history.role == OTHER)
        days = self.shop.shop.clock.local(self.history.timestamp).astype("datetime64[D]")
        scene.history = self.history.select(counts & (days >= np.datetime64(first)) & (days <= np.datetime64(last)))
        scene.own = OwnEvents(scene.shop, scene.history)
        return scene

    @property
    def is_whole_history(self) -> bool:
        """Whether no event of the user is left out."""
        return self.context.is_personal and not self.context.groups_off

    @property
    def bought(self) -> set[str]:
        """Items of the history that is used."""
        return {str(item) for item in self.catalogue.item_ids[np.unique(self.history.item_index)]}

    def item(self, slots: dict[str, Any]) -> str | Answer:
        """Return the item that is asked about, or a question back."""
        if "item_id" in slots:
            return str(slots["item_id"])
        category = slots.get("category")
        own = self.of_category(category)
        if len(own) == 1:
            return own[0]
        if category is not None and not own and slots.get("intent") == "price":  # it differs by item
            return Answer([Statement("which_item")], offers.titles_of(self.shop, category)[:MOST_CHOICES], "item_id")
        if category is not None and not own:
            placed = self.explainer.rank(k=1, history=self.history, categories=[category])
            return placed[0].item_id if placed else Answer([Statement("no_more")])
        items = own or self.context.items
        if not items:
            return Answer([Statement("nothing_listed")])
        frame = "which_item" if own or not category else "not_found"
        return Answer([Statement(frame)], tuple(items[:5]), "item_id")

    def of_category(self, category: str | None) -> list[str]:
        """Return the items of the list that are in a category."""
        if category is None or not self.context.items:
            return []
        index = self.catalogue.index_of(self.context.items)
        names = [self.catalogue.category_names[each] for each in self.catalogue.category_index[index]]
        return [item for item, name in zip(self.context.items, names, strict=True) if name == category]

    def until(self) -> Statement:
        """Return until which day the history goes."""
        if not self.shop.has_dates:
            return Statement("unknown")
        return Statement("data_until", dates={"moment": self.shop.shop.clock.local(self.explainer.as_of).date()})

    def category_of(self, item_id: str) -> str:
        """Return the category of an item."""
        (index,) = self.catalogue.index_of([item_id])
        return str(self.catalogue.category_names[self.catalogue.category_index[index]])

    def is_hidden(self, item: str) -> bool:
        """Return whether the user does not want to be recommended an item, or another one of its title."""
        titles = self.explainer.titles
        return item in self.context.hidden or any(titles[each] == titles[item] != "" for each in self.context.hidden)

    def is_sensitive(self, item: str) -> bool:
        (index,) = self.catalogue.index_of([item])
        return self.shop.is_sensitive(int(index))
