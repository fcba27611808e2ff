"""Answers from attributions: why, why not, what a list would be without something, where a reason comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.claims.derive import CONTEXT_PREFIX
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.own_events import MOST_NAMED
from llm_explain.dialogue.scene import Answer
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.referring_expressions import ReferringExpressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.dialogue.scene import Scene
    from llm_explain.records import Claim, Explanation, Text

LEAST_SHARE: Final = 0.1
"""Least share of the sum of all absolute attributions of a player that is said to lower a rank."""


class ReasonAnswers:
    """Answers questions about the reasons of a list.

    Args:
        scene: What the user is answered about.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def why(self, slots: dict[str, Any]) -> Answer:
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return self._of_several(item, slots.get("category"))
        if self._scene.is_hidden(item):
            return Answer([Statement("left_out", item=item)], focus=item)
        row = self._explained(item)
        part: Statement | Text = row.text if row.text is not None else Statement("silent", item=item)
        return Answer([part], focus=item, data={"explanation": row.to_dict()})

    def _of_several(self, asked: Answer, category: str | None) -> Answer:
        """Return how many items of the list are from a category, and the history with it, before the question which."""
        own, scene = self._scene.of_category(category), self._scene
        if category is None or len(own) < 2 or not scene.shop.policy.may_name_category(category):
            return asked
        numbers = {"count": len(own), "length": len(scene.context.items)}
        told = [Statement("share_of_list", category=category, numbers=numbers), scene.own.how_often(None, category)]
        return replace(asked, parts=[*told, *asked.parts])

    def _explained(self, item_id: str) -> Explanation:
        """Return the reason of an item, of one on the list as a list gives it: the score knows no related titles."""
        explainer, items = self._scene.explainer, self._scene.context.items
        (row,) = explainer.explain(
            None,
            [item_id],
            history=self._scene.history,
            locale=self._scene.locale,
            suppressions=self._scene.suppressions,
            sources=("phrasebook", "template"),
            is_list=item_id in items,
        )
        return replace(row, position=items.index(item_id) + 1) if item_id in items else row

    def why_not(self, slots: dict[str, Any]) -> Answer:
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self._scene.is_hidden(item):
            return Answer([Statement("left_out", item=item)], focus=item)
        if item in self._scene.context.items:
            place = Statement("place_in_list", item=item, numbers={"place": self._scene.context.items.index(item) + 1})
            why = self.why({"item_id": item})
            return Answer([place, *self._lowering(self._explained(item)), *why.parts], focus=item, data=why.data)
        if self._scene.is_sensitive(item):
            return Answer([Statement("no_talk_own")], focus=slots.get("item_id"))
        item = self._best_of_title(item)
        row = self._explained(item)
        if row.rank is None:
            return Answer([Statement("not_candidate", item=item)], focus=item)
        if (held := self._held(item, row.rank)) is not None:
            return Answer([held], focus=item, data={"explanation": row.to_dict()})
        parts: list[Statement | Text] = [Statement("rank", item=item, numbers={"rank": row.rank})]
        parts += self._lowering(row)
        if self._scene.context.items:
            parts += self._contrast(self._scene.context.items[0], item)
        return Answer(parts, focus=item, data={"explanation": row.to_dict()})

    def _best_of_title(self, item: str) -> str:
        """Return the item of a visible title that the user is most likely to want: an answer names the title alone."""
        titles = self._scene.explainer.titles
        alike = [each for each, title in titles.items() if title == titles[item] != ""]
        best = self._scene.explainer.rank(k=1, history=self._scene.history, candidates=alike) if len(alike) > 1 else []
        return best[0].item_id if best else item

    def _held(self, item: str, rank: int) -> Statement | None:
        """Return that an item is held back because the user had it lately; ``None`` if its rank is too low anyway."""
        last = self._scene.own.last_of(item)
        if rank > len(self._scene.context.items) or last is None:
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
        if player.startswith(GROUP_PREFIX) and self._scene.shop.policy.may_name_category(category):
            return [Statement("lower_group", category=category)]
        return []

    def compared(self, slots: dict[str, Any]) -> Answer:
        item, other = slots.get("item_id"), slots.get("other_id")
        if item is None or other is None or item == other:
            missing = "item_id" if item is None else "other_id"
            return Answer([Statement("which_pair")], tuple(self._scene.context.items[:5]), missing)
        return Answer(self._contrast(item, other) or self._ranks((item, other)), focus=item)

    def _contrast(self, item: str, other: str) -> list[Statement | Text]:
        """Return why one item ranks higher; first how often a title was bought whose short name others share."""
        found = self._scene.explainer.contrast(
            None,
            item,
            other,
            history=self._scene.history,
            locale=self._scene.locale,
            suppressions=self._scene.suppressions,
        )
        counted = [self._scene.own.how_often(each, None) for each in (item, other) if self._is_one_of_several(each)]
        return [*counted, found.text] if found.text is not None else []

    def _is_one_of_several(self, item: str) -> bool:
        """Return whether the user bought an item, and another title that a sentence calls by the same name."""
        titles, said = self._scene.explainer.titles, ReferringExpressions(load_lexicon(self._scene.locale)).definite
        others = {titles[each] for each in self._scene.bought} - {titles[item], ""}
        return self._scene.own.has_item(item) and said(titles[item]) in map(said, others)

    def _ranks(self, items: Sequence[str]) -> list[Statement]:
        rows = [self._explained(item) for item in items]
        return [
            Statement("rank", item=item, numbers={"rank": row.rank})
            if row.rank is not None
            else Statement("not_candidate", item=item)
            for item, row in zip(items, rows, strict=True)
        ]

    def what_if(self, slots: dict[str, Any]) -> Answer:
        category = slots.get("category")
        if category is None and "item_id" in slots:
            category = self._scene.category_of(slots["item_id"])
        if slots.get("all") or "event" in slots:  # the only kind of event that there is
            nothing = self._scene.history.select(np.zeros(len(self._scene.history), dtype=bool))
            placed = self._scene.explainer.rank(k=MOST_NAMED, history=nothing, section="mixed")
            items = tuple(each.item_id for each in placed)
            return Answer([Statement("list_without", items=items) if items else Statement("no_more")])
        if category is None:
            return Answer([Statement("which_group")], tuple(self._scene.own.categories()[:5]), "category")
        if not self._scene.shop.policy.may_name_category(category):
            return Answer([Statement("no_talk")])
        if not self._scene.own.count_in(category):
            return Answer([Statement("not_bought", category=category)])
        rows = self._scene.explainer.what_if(
            None,
            without=[GROUP_PREFIX + category],
            item_ids=self._scene.context.items or None,
            history=self._scene.history,
            locale=self._scene.locale,
        )
        focused = [row for row in rows if row.item_id == self._scene.context.focus]
        moved = focused or sorted(rows, key=lambda row: -abs((row.rank_without or 0) - (row.rank or 0)))
        texts = [row.text for row in moved if row.text is not None]
        n_moved = sum(row.rank != row.rank_without for row in moved)
        is_kept = self._scene.context.focus in self._scene.of_category(category)  # "if I had never bought it"
        return Answer(
            texts[: min(2, max(1, n_moved))] or [Statement("unknown")],
            focus=self._scene.context.focus if is_kept else None,
            data={"rows": [row.to_dict() for row in rows]},
        )

    def where_from(self, slots: dict[str, Any]) -> Answer:
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        row = self._explained(item)
        claims = [*row.reasons, *row.statements]
        found = [source for claim in claims if (source := self._source(claim)) is not None]
        found.sort(key=lambda source: source.term is not None)  # the user's own events first
        if not found and self._scene.own.has_item(item) and not self._scene.is_sensitive(item):
            found = [self._scene.own.how_often(item, None)]  # a reason from a category that no text names
        elif not found:
            found = [self._scene.own.known() if claims else Statement("silent", item=item)]
        return Answer(found[:1], focus=item, data={"reasons": [c.to_dict() for c in claims]})

    def _source(self, claim: Claim) -> Statement | None:
        """Return the events or figures that a claim was derived from."""
        if isinstance(other := claim.facts.get("other_item_id"), str):
            count = self._scene.own.count_of(other)
            return Statement("source_item", other=other, numbers={"count": count}) if count else None
        if claim.player.startswith(CONTEXT_PREFIX):
            is_told = claim.phi > 0  # a reason of the user's own orders weighs nothing in the score
            return Statement("source_term", term=claim.player.removeprefix(CONTEXT_PREFIX)) if is_told else None
        category = claim.player.removeprefix(GROUP_PREFIX)
        count = self._scene.own.count_in(category) if claim.player.startswith(GROUP_PREFIX) else 0
        return Statement("source_group", category=category, numbers={"count": count}) if count else None

    def prove(self, slots: dict[str, Any]) -> Answer:
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self._scene.is_sensitive(item) and self._scene.context.staff_user is None:
            return Answer([Statement("no_talk_own")], focus=item)
        row = self._explained(item)
        kinds = {claim.kind: self._scene.explainer.kinds[claim.kind] for claim in (*row.reasons, *row.statements)}
        sql = {name: kind.sql.read_text(encoding="utf-8") for name, kind in kinds.items()}
        bought = [] if self._scene.is_sensitive(item) else [self._scene.own.how_often(item, None)]
        is_staff, is_own = self._scene.context.staff_user is not None, self._scene.own.has_item(item)
        parts = [*bought, *([] if is_own and not is_staff else self._strongest(row))]
        parts += [*([Statement("prove")] if is_staff else []), *([Statement("if_wrong")] if is_own else [])]
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
        if player.startswith(GROUP_PREFIX) and self._scene.shop.policy.may_name_category(category):
            return [Statement("share_group", category=category, numbers=numbers)]
        return []

    def more(self, slots: dict[str, Any]) -> Answer:
        if "item_id" in slots:
            item = str(slots["item_id"])
            if self._scene.is_sensitive(item):
                return Answer([Statement("no_more")])
            most = MOST_NAMED + len(self._scene.context.hidden)
            near = [each.item_id for each in self._scene.explainer.similar(item, k=most, locale=self._scene.locale)]
            items = [each for each in near if not self._scene.is_hidden(each)][:MOST_NAMED]
            statement = Statement("like_item", item=item, items=tuple(items))
        elif "category" in slots and self._scene.shop.policy.may_name_category(slots["category"]):
            placed = self._scene.explainer.rank(k=10, history=self._scene.history, categories=[slots["category"]])
            of_title = {self._scene.explainer.titles[each.item_id]: each.item_id for each in reversed(placed)}
            items = [each.item_id for each in placed if each.item_id in of_title.values()][:MOST_NAMED]
            statement = Statement("like_group", category=slots["category"], items=tuple(items))
        else:
            return Answer([Statement("which_item")], tuple(self._scene.context.items[:5]), "item_id")
        if not items:
            return Answer([Statement("no_more")])
        return Answer([statement], focus=slots.get("item_id"), data={"items": items})
