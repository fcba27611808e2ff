"""Answers to shoppers: statements, and sentences that the writer of recommendations has verified."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.claims.derive import CONTEXT_PREFIX
from llm_explain.dialogue import offers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.mentions import MOST_CHOICES
from llm_explain.dialogue.own_events import MOST_NAMED, OwnEvents
from llm_explain.dialogue.slots import OF_TWO_ITEMS
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.referring_expressions import ReferringExpressions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.turns import Context
    from llm_explain.explainer import Explainer
    from llm_explain.records import Claim, Explanation, Text
    from scoring.data.history import History

LEAST_SHARE: Final = 0.1
"""Least share of the sum of all absolute attributions of a player that is said to lower a rank."""


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


class Answers:
    """Answers questions of one user about a shop.

    Args:
        explainer: The shop.
        user_id: The shop's id of the user.
        context: The list on screen, and what the user has switched off.
        locale: A folder under ``prompts/``.
        history: The user's events; those of the log if not given.
        suppressions: Claims that the user's feedback took back.
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
        self._explainer, self._context, self._locale = explainer, context, locale
        self._shop, self._catalogue = explainer.shop, explainer.shop.catalogue
        self._suppressions = replace(suppressions, kinds=frozenset(context.kinds_off))
        known = explainer.events.history(user_id, explainer.as_of) if history is None else history
        self._history = self._used(known)
        self._own = OwnEvents(self._shop, self._history)

    def _used(self, history: History) -> History:
        """Return the events that the user lets us use, and the items that are not recommended."""
        hidden = self._catalogue.index_of(self._context.hidden).tolist() if self._context.hidden else ()
        history = replace(history, items_off=tuple(hidden))
        if not self._context.is_personal:
            return history.select(np.zeros(len(history), dtype=bool))
        names = self._catalogue.category_names
        off = [index for index, name in enumerate(names) if name in self._context.groups_off]
        return history.select(~np.isin(self._catalogue.category_index[history.item_index], off)) if off else history

    @property
    def bought(self) -> set[str]:
        """Items of the history that is used."""
        return {str(item) for item in self._catalogue.item_ids[np.unique(self._history.item_index)]}

    def has_only(self, event: str) -> bool:
        """Return whether all of the user's events are of a kind, so that it stands for the whole history."""
        return self._own.has_only(event)

    def of_events(self, event: str) -> Statement:
        """Return that there are no events of a kind, or that they cannot be left out alone."""
        return Statement("events_whole" if self._own.has(event) else "no_events", event=event)

    def shown(self, k: int, *, by_score: bool = False) -> tuple[str, ...]:
        """Return the items of the user's list, in the order shown."""
        placed = self._explainer.rank(k=k, history=self._history, section=None if by_score else "mixed")
        return tuple(each.item_id for each in placed)

    def answer(self, intent: str, slots: Mapping[str, Any], choices: Sequence[str]) -> Answer:
        """Return the answer to a question of a shopper.

        Args:
            intent: What is asked.
            slots: Its typed slots.
            choices: Items among which the message did not tell.

        Returns:
            What to say.
        """
        if choices:
            missing = "other_id" if intent in OF_TWO_ITEMS and "item_id" in slots else "item_id"
            missing = missing if choices[0] in self._explainer.titles else "category"
            return Answer([Statement("which_group")], tuple(choices), missing)
        answers = {
            "why": self._why, "why_not": self._why_not, "why_above": self._compared, "compare": self._compared,
            "what_if": self._what_if, "know": self._know, "where_from": self._where_from, "prove": self._prove,
            "more": self._more, "last_bought": self._bought, "how_often": self._bought, "paid": self._bought,
            "price": self._of_shop, "usual": self._usual, "stock": self._of_shop, "offer": self._of_shop,
        }  # fmt: skip
        if "event" in slots and intent == "what_if" and not self.has_only(slots["event"]):
            return Answer([self.of_events(slots["event"])])
        if intent in answers:
            return answers[intent]({**slots, "intent": intent})
        if intent == "visits":
            return Answer([self._own.visits()])
        if intent == "switched_off":
            return Answer(self._off())
        if intent == "cheapest":
            found = offers.cheapest(self._shop, [each for each in self._context.items if not self._is_sensitive(each)])
            return Answer([found], focus=found.item)
        if intent == "help" and self._history.is_target.any():
            return Answer([Statement("made_of"), Statement("help")])
        return Answer([Statement(intent)])

    def _off(self) -> list[Statement]:
        """Return what the user has switched off or hidden."""
        off = self._context
        told = [] if off.is_personal else [Statement("left_out_all")]
        told += [Statement("left_out_group", category=each) for each in off.groups_off]
        told += [Statement("left_out_kind", kind=each) for each in off.kinds_off]
        return [*told, *(Statement("left_out", item=each) for each in off.hidden)] or [Statement("nothing_off")]

    def _item(self, slots: dict[str, Any]) -> str | Answer:
        """Return the item that is asked about, or a question back."""
        if "item_id" in slots:
            return str(slots["item_id"])
        category = slots.get("category")
        own = self._of_category(category)
        if len(own) == 1:
            return own[0]
        if category is not None and not own and slots.get("intent") == "price":  # it differs by item
            return Answer([Statement("which_item")], offers.titles_of(self._shop, category)[:MOST_CHOICES], "item_id")
        if category is not None and not own:
            placed = self._explainer.rank(k=1, history=self._history, categories=[category])
            return placed[0].item_id if placed else Answer([Statement("no_more")])
        items = own or self._context.items
        if not items:
            return Answer([Statement("nothing_listed")])
        frame = "which_item" if own or not category else "not_found"
        return Answer([Statement(frame)], tuple(items[:5]), "item_id")

    def _of_category(self, category: str | None) -> list[str]:
        """Return the items of the list that are in a category."""
        if category is None or not self._context.items:
            return []
        index = self._catalogue.index_of(self._context.items)
        names = [self._catalogue.category_names[each] for each in self._catalogue.category_index[index]]
        return [item for item, name in zip(self._context.items, names, strict=True) if name == category]

    def _explained(self, item_id: str) -> Explanation:
        (row,) = self._explainer.explain(
            None,
            [item_id],
            history=self._history,
            locale=self._locale,
            suppressions=self._suppressions,
            sources=("phrasebook", "template"),
        )
        return row

    def _why(self, slots: dict[str, Any]) -> Answer:
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        if self._is_hidden(item):
            return Answer([Statement("left_out", item=item)], focus=item)
        row = self._explained(item)
        part: Statement | Text = row.text if row.text is not None else Statement("silent", item=item)
        return Answer([part], focus=item, data={"explanation": row.to_dict()})

    def _why_not(self, slots: dict[str, Any]) -> Answer:
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        if self._is_hidden(item):
            return Answer([Statement("left_out", item=item)], focus=item)
        if item in self._context.items:
            place = Statement("place_in_list", item=item, numbers={"place": self._context.items.index(item) + 1})
            why = self._why({"item_id": item})
            return Answer([place, *self._lowering(self._explained(item)), *why.parts], focus=item, data=why.data)
        row = self._explained(item)
        if row.rank is None:
            return Answer([Statement("not_candidate", item=item)], focus=item)
        if (held := self._held(item, row.rank)) is not None:
            return Answer([held], focus=item, data={"explanation": row.to_dict()})
        parts: list[Statement | Text] = [Statement("rank", item=item, numbers={"rank": row.rank})]
        parts += self._lowering(row)
        if self._context.items:
            parts += self._contrast(self._context.items[0], item)
        return Answer(parts, focus=item, data={"explanation": row.to_dict()})

    def _held(self, item: str, rank: int) -> Statement | None:
        """Return that an item is held back because the user had it lately; ``None`` if its rank is too low anyway."""
        last = self._own.last_of(item)
        if rank > len(self._context.items) or last is None:
            return None
        return Statement("held", item=item, numbers={"rank": rank}, dates={"last": last})

    def _lowering(self, row: Explanation) -> list[Statement]:
        """Return what lowers a score most, if it weighs something and may be named."""
        values = np.asarray(row.attribution.values)
        total = float(np.abs(values).sum())
        place = int(np.argmin(values)) if len(values) else -1
        if place < 0 or values[place] >= -LEAST_SHARE * total:
            return []
        player = row.attribution.players[place]
        category = player.removeprefix(GROUP_PREFIX)
        if player.startswith(CONTEXT_PREFIX):
            return [Statement("lower_term", term=player.removeprefix(CONTEXT_PREFIX))]
        if player.startswith(GROUP_PREFIX) and self._shop.policy.may_name_category(category):
            return [Statement("lower_group", category=category)]
        return []

    def _compared(self, slots: dict[str, Any]) -> Answer:
        item, other = slots.get("item_id"), slots.get("other_id")
        if item is None or other is None or item == other:
            missing = "item_id" if item is None else "other_id"
            return Answer([Statement("which_pair")], tuple(self._context.items[:5]), missing)
        return Answer(self._contrast(item, other) or self._ranks((item, other)), focus=item)

    def _contrast(self, item: str, other: str) -> list[Statement | Text]:
        """Return why one item ranks higher; first how often a title was bought whose short name others share."""
        found = self._explainer.contrast(
            None, item, other, history=self._history, locale=self._locale, suppressions=self._suppressions
        )
        counted = [self._own.how_often(each, None) for each in (item, other) if self._is_one_of_several(each)]
        return [*counted, found.text] if found.text is not None else []

    def _is_one_of_several(self, item: str) -> bool:
        """Return whether the user bought an item, and another title that a sentence calls by the same name."""
        titles, said = self._explainer.titles, ReferringExpressions(load_lexicon(self._locale)).definite
        others = {titles[each] for each in self.bought} - {titles[item], ""}
        return self._own.has_item(item) and said(titles[item]) in map(said, others)

    def _ranks(self, items: Sequence[str]) -> list[Statement]:
        rows = [self._explained(item) for item in items]
        return [
            Statement("rank", item=item, numbers={"rank": row.rank})
            if row.rank is not None
            else Statement("not_candidate", item=item)
            for item, row in zip(items, rows, strict=True)
        ]

    def _what_if(self, slots: dict[str, Any]) -> Answer:
        category = slots.get("category")
        if category is None and "item_id" in slots:
            (index,) = self._catalogue.index_of([slots["item_id"]])
            category = self._catalogue.category_names[self._catalogue.category_index[index]]
        if slots.get("all") or "event" in slots:  # the only kind of event that there is
            nothing = self._history.select(np.zeros(len(self._history), dtype=bool))
            placed = self._explainer.rank(k=MOST_NAMED, history=nothing, section="mixed")
            items = tuple(each.item_id for each in placed)
            return Answer([Statement("list_without", items=items) if items else Statement("no_more")])
        if category is None:
            return Answer([Statement("which_group")], tuple(self._own.categories()[:5]), "category")
        if not self._shop.policy.may_name_category(category):
            return Answer([Statement("no_talk")])
        if not self._own.count_in(category):
            return Answer([Statement("not_bought", category=category)])
        rows = self._explainer.what_if(
            None,
            without=[GROUP_PREFIX + category],
            item_ids=self._context.items or None,
            history=self._history,
            locale=self._locale,
        )
        moved = sorted(rows, key=lambda row: -abs((row.rank_without or 0) - (row.rank or 0)))
        texts = [row.text for row in moved if row.text is not None]
        n_moved = sum(row.rank != row.rank_without for row in moved)
        is_kept = self._context.focus in self._of_category(category)  # "if I had never bought it"
        return Answer(
            texts[: min(2, max(1, n_moved))] or [Statement("unknown")],
            focus=self._context.focus if is_kept else None,
            data={"rows": [row.to_dict() for row in rows]},
        )

    def _know(self, slots: dict[str, Any]) -> Answer:
        if slots.get("category"):
            return self._bought({**slots, "intent": "how_often"})
        return Answer([self._own.known()])

    def _bought(self, slots: dict[str, Any]) -> Answer:
        """Answer when, how often or for how much the user bought an item or from a category."""
        intent, category = slots["intent"], slots.get("category")
        tell = {"last_bought": self._own.last_bought, "paid": self._own.spent}.get(intent, self._own.how_often)
        if category is not None and "item_id" not in slots:
            if not self._shop.policy.may_name_category(category):
                return Answer([Statement("no_talk")])
            return Answer([tell(None, category)])
        if slots.get("all"):
            told = self._own.spent() if intent == "paid" else self._own.most_often()
            return Answer([told], focus=told.item)
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        if self._is_sensitive(item):
            return Answer([Statement("no_talk")])
        if intent != "paid":
            rhythm = self._own.rhythm(item) if intent == "how_often" else None
            return Answer([tell(item, None), *([rhythm] if rhythm else [])], focus=item)
        total = self._own.spent(item, None)
        return Answer([self._own.paid(item), *([total] if total.numbers.get("count", 0) > 1 else [])], focus=item)

    def _of_shop(self, slots: dict[str, Any]) -> Answer:
        """Answer what an item costs, whether it is available and whether a promotion runs."""
        if slots["intent"] == "offer" and not {"item_id", "category"} & slots.keys() and self._context.items:
            items = [item for item in self._context.items if not self._is_sensitive(item)]
            return Answer([offers.offers(self._shop, items, self._history, most=len(items))])
        if slots["intent"] != "price" and "item_id" not in slots and (category := slots.get("category")) is not None:
            if not self._shop.policy.may_name_category(category):
                return Answer([Statement("no_talk")])
            if slots["intent"] == "stock":
                return Answer([offers.stock_of(self._shop, category, most=MOST_NAMED)])
            return Answer([offers.offers_of(self._shop, category, self._history, most=MOST_NAMED)])
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        if self._is_sensitive(item):
            return Answer([Statement("no_talk")])
        if slots["intent"] == "offer":
            return Answer([offers.offer(self._shop, item, self._history)], focus=item)
        if slots["intent"] == "stock":
            return Answer([offers.stock(self._shop, item)], focus=item)
        return Answer(self._priced(item, slots.get("other_id")), focus=item)

    def _priced(self, *items: str | None) -> list[Statement]:
        """Return the prices of items in the catalogue; what the user paid for one that has none."""
        told: list[Statement] = []
        for item in items:
            if item is None or self._is_sensitive(item):
                continue
            told.append(offers.price(self._shop, item))
            paid = self._own.paid(item)
            if told[-1].frame == "no_price" and paid.frame == "paid" and self._context.staff_user is None:
                told.append(paid)
        return told

    def _usual(self, slots: dict[str, Any]) -> Answer:
        """Answer whether an item costs more than the user paid: what it costs, and the prices that were paid."""
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        if self._is_sensitive(item):
            return Answer([Statement("no_talk")])
        if "other_id" in slots:
            return Answer(self._priced(item, slots["other_id"]), focus=item)
        return Answer([offers.price(self._shop, item), self._own.paid_range(item)], focus=item)

    def _is_hidden(self, item: str) -> bool:
        """Return whether the user does not want to be recommended an item, or another one of its title."""
        titles = self._explainer.titles
        return item in self._context.hidden or any(titles[each] == titles[item] != "" for each in self._context.hidden)

    def _is_sensitive(self, item: str) -> bool:
        (index,) = self._catalogue.index_of([item])
        return self._shop.is_sensitive(int(index))

    def _where_from(self, slots: dict[str, Any]) -> Answer:
        if "item_id" not in slots and "category" not in slots:
            return self._know(slots)
        if "item_id" not in slots and not self._of_category(slots["category"]):
            return self._bought({**slots, "intent": "how_often"})  # "how do you know that I have a cat?"
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        row = self._explained(item)
        claims = [*row.reasons, *row.statements]
        found = [source for claim in claims if (source := self._source(claim)) is not None]
        found.sort(key=lambda source: source.term is not None)  # the user's own events first
        if not found and self._own.has_item(item) and not self._is_sensitive(item):
            found = [self._own.how_often(item, None)]  # a reason from a category that no text names
        elif not found:
            found = [self._own.known() if claims else Statement("silent", item=item)]
        return Answer(found[:1], focus=item, data={"reasons": [c.to_dict() for c in claims]})

    def _source(self, claim: Claim) -> Statement | None:
        """Return the events or figures that a claim was derived from."""
        if claim.player.startswith(CONTEXT_PREFIX):
            return Statement("source_term", term=claim.player.removeprefix(CONTEXT_PREFIX))
        if isinstance(other := claim.facts.get("other_item_id"), str):
            count = self._own.count_of(other)
            return Statement("source_item", other=other, numbers={"count": count}) if count else None
        category = claim.player.removeprefix(GROUP_PREFIX)
        count = self._own.count_in(category) if claim.player.startswith(GROUP_PREFIX) else 0
        return Statement("source_group", category=category, numbers={"count": count}) if count else None

    def _prove(self, slots: dict[str, Any]) -> Answer:
        item = self._item(slots)
        if isinstance(item, Answer):
            return item
        row = self._explained(item)
        kinds = {claim.kind: self._explainer.kinds[claim.kind] for claim in (*row.reasons, *row.statements)}
        sql = {name: kind.sql.read_text(encoding="utf-8") for name, kind in kinds.items()}
        bought = [] if self._is_sensitive(item) else [self._own.how_often(item, None)]
        parts = [*bought, *self._strongest(row), Statement("prove")]
        parts += [Statement("if_wrong")] if self._own.has_item(item) else []
        return Answer(parts, focus=item, data={"explanation": row.to_dict(), "sql": sql})

    def _strongest(self, row: Explanation) -> list[Statement]:
        """Return the share of what raised a score most, in whole percent, if it may be named."""
        values = np.asarray(row.attribution.values)
        positive = float(values[values > 0].sum())
        if not positive:
            return []
        place = int(np.argmax(values))
        player, numbers = row.attribution.players[place], {"share": round(100 * float(values[place]) / positive)}
        if player.startswith(CONTEXT_PREFIX):
            return [Statement("share_term", term=player.removeprefix(CONTEXT_PREFIX), numbers=numbers)]
        category = player.removeprefix(GROUP_PREFIX)
        if player.startswith(GROUP_PREFIX) and self._shop.policy.may_name_category(category):
            return [Statement("share_group", category=category, numbers=numbers)]
        return []

    def _more(self, slots: dict[str, Any]) -> Answer:
        if "item_id" in slots:
            item = str(slots["item_id"])
            if self._is_sensitive(item):
                return Answer([Statement("no_more")])
            most = MOST_NAMED + len(self._context.hidden)
            near = [each.item_id for each in self._explainer.similar(item, k=most, locale=self._locale)]
            items = [each for each in near if not self._is_hidden(each)][:MOST_NAMED]
            statement = Statement("like_item", item=item, items=tuple(items))
        elif "category" in slots and self._shop.policy.may_name_category(slots["category"]):
            placed = self._explainer.rank(k=10, history=self._history, categories=[slots["category"]])
            of_title = {self._explainer.titles[each.item_id]: each.item_id for each in reversed(placed)}
            items = [each.item_id for each in placed if each.item_id in of_title.values()][:MOST_NAMED]
            statement = Statement("like_group", category=slots["category"], items=tuple(items))
        else:
            return Answer([Statement("which_item")], tuple(self._context.items[:5]), "item_id")
        if not items:
            return Answer([Statement("no_more")])
        return Answer([statement], focus=slots.get("item_id"), data={"items": items})
