"""Items for a page without a user: similar to one item, or bought with a basket, each with a verified text.

The order comes from the scorer's links or, where it has none, from the snapshot's counts of pairs. The texts state
these counts alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import TemplateError, Undefined

from llm_explain.answers import RelatedItem
from llm_explain.claims.visible_links import words_of
from llm_explain.records import Fault, Text, Verdict
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.name_cleaning import inside_sentence
from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.text.values import value_expressions
from llm_explain.verifier.proof import proof_environment
from scoring.data.catalogue import NO_CATEGORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.claims import ShopEvidence
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray
    from scoring.features.item_pairs import ItemPairs
    from scoring.model.links import Links

FILE: Final = "related_items.yaml"
MIN_SHARE: Final = 0.1
"""Least share of an item's users that a text may mention."""

_SLOT = re.compile(r"\{(\w+)\}")


class RelatedItems:
    """Finds related items and says what the counts say of them.

    Args:
        shop: The shop, with its statistics and policy.
        candidates: Items that may be shown unless the policy keeps them out, shape ``(n_candidates,)``.
        links: The scorer's links; ``None`` for a scorer without.
    """

    def __init__(self, shop: ShopEvidence, candidates: IndexArray, links: Links | None = None) -> None:
        self._shop = shop
        self._may_show = np.zeros(len(shop.catalogue), dtype=bool)
        self._may_show[candidates] = shop.may_recommend[candidates]
        self._links = links if links is not None and links.tables else None

    def similar(self, item: int, k: int, texts: PairTexts) -> list[RelatedItem]:
        """Return the items that the scorer links to an item, or that its users bought later or with it.

        Other products of its category come last, by the words that both titles have and by their buyers.

        Args:
            item: Row number of the item.
            k: How many.
            texts: Words of a locale.

        Returns:
            Items, strongest first; none for a sensitive item.
        """
        strength = self._linked(np.array([item]))
        counted = self._counted(item, self._shop.snapshot.followers) + self._counted(
            item, self._shop.snapshot.companions
        )
        order = self._alike(item)
        for stronger in (counted, strength):
            if stronger is not None:  # at least 1 above every item that has weaker evidence alone
                order = np.where(stronger > 0, 1.0 + order.max() + stronger / max(stronger.max(), 1e-12), order)
        return self._shown(np.array([item]), order, k, texts)

    def complete(self, basket: Sequence[int], k: int, texts: PairTexts) -> list[RelatedItem]:
        """Return the items that were bought in one occasion with those of a basket.

        Args:
            basket: Row numbers of items, at least one.
            k: How many.
            texts: Words of a locale.

        Returns:
            Items, strongest first; sensitive items of the basket have no influence.
        """
        items = np.array(basket, dtype=np.int64)
        strength = sum(self._counted(item, self._shop.snapshot.companions) for item in self._plain(items).tolist())
        return self._shown(items, np.asarray(strength + np.zeros(len(self._may_show))), k, texts)

    def _plain(self, items: IndexArray) -> IndexArray:
        return items[[not self._shop.is_sensitive(item) for item in items.tolist()]]

    def _linked(self, items: IndexArray) -> np.ndarray[Any, np.dtype[np.float64]] | None:
        """Return the sum of the links from some items to every item, shape ``(n_items,)``."""
        if self._links is None or (items >= self._links.n_items).any():
            return None
        weights = np.array([[table.weight for table in self._links.tables]] * len(items))
        found = np.zeros(len(self._may_show))
        found[: self._links.n_items] = self._links.of_history(items, weights)
        return found

    def _alike(self, item: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return how near the other products of one's named category come to it, below 2, shape ``(n_items,)``."""
        shop, found = self._shop, np.zeros(len(self._may_show))
        category, titles = shop.catalogue.category_index, shop.catalogue.titles
        if shop.catalogue.category_names[category[item]] == NO_CATEGORY:
            return found
        is_other = self._may_show & (category == category[item]) & (shop.family != shop.family[item])
        others, own = np.flatnonzero(is_other), words_of(str(titles[item]))
        buyers = shop.snapshot.buyers[others]
        found[others] = 1e-3 * (1 + buyers) / (1.0 + buyers.max(initial=0))  # it decides between equals
        found[others] += [
            len(own & words) / max(1, len(own | words)) for words in map(words_of, map(str, titles[others]))
        ]
        return found

    def _counted(self, item: int, pairs: ItemPairs) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the cosine of one item's users with those of every item, shape ``(n_items,)``."""
        buyers = np.maximum(self._shop.snapshot.buyers, 1)
        other, users = pairs.of(item)
        found = np.zeros(len(self._may_show))
        found[other] = users / np.sqrt(buyers[item] * buyers[other])
        return found

    def _shown(
        self, asked: IndexArray, strength: np.ndarray[Any, np.dtype[np.float64]], k: int, texts: PairTexts
    ) -> list[RelatedItem]:
        """Return the strongest items that may be shown, one of each title."""
        shop, found = self._shop, list[RelatedItem]()
        plain = self._plain(asked)
        titles = {int(shop.title_index[item]) for item in asked.tolist()}
        may_show = self._may_show & (strength > 0) if len(plain) else np.zeros(len(strength), dtype=bool)
        may_show[asked] = False
        places = np.flatnonzero(may_show)
        for item in places[np.argsort(-strength[places], kind="stable")].tolist():
            title = int(shop.title_index[item])
            if title in titles or shop.is_sensitive(item):
                continue
            titles.add(title)
            found.append(self._item(plain, item, float(strength[item]), texts, is_one=len(asked) == 1))
            if len(found) == k:
                break
        return found

    def _item(self, asked: IndexArray, item: int, strength: float, texts: PairTexts, *, is_one: bool) -> RelatedItem:
        """Return an item with the strongest statement that its counts permit."""
        shop, snapshot = self._shop, self._shop.snapshot
        ids, least = shop.catalogue.item_ids, shop.policy.settings.min_crowd
        together = snapshot.companions.users_of(asked, np.full(len(asked), item))
        other = int(asked[int(together.argmax())])
        facts: dict[str, Fact] = {"item_id": str(ids[item]), "other_item_id": str(ids[other])}
        facts["event_kind"] = shop.crowd_kind or ""
        buyers = int(snapshot.buyers[other])
        users = int(snapshot.followers.users_of(np.array([other]), np.array([item]))[0])
        kind = ""
        if together.max() >= least:
            kind, facts["users"] = "companion", int(together.max())
        elif is_one and shop.has_dates and buyers >= least and users >= MIN_SHARE * buyers:
            kind, facts["share"] = "follower", np.floor(100 * users / buyers + 1e-9) / 100
        titles = {str(ids[each]): self._title(each) for each in (item, other)}
        text = texts.write(kind, facts, titles) if kind and shop.crowd_kind else None
        return RelatedItem(str(ids[item]), strength, kind, facts if kind else {}, text)

    def _title(self, item: int) -> str:
        catalogue = self._shop.catalogue
        return inside_sentence(str(catalogue.titles[item]), catalogue.common_words)


class _Phrases(StrictModel):
    values: dict[str, str]
    texts: tuple[str, ...]


class _Writer(StrictModel):
    verbs: dict[str, str]
    measures: dict[str, dict[str, str]]
    kinds: dict[str, _Phrases]


class _Proof(StrictModel):
    reads: str
    holds: str


class _Verifier(StrictModel):
    verbs: dict[str, str]
    kinds: dict[str, _Proof]


class _File(StrictModel):
    version: int
    writer: _Writer
    verifier: _Verifier


@cache
def pair_texts(locale: str) -> PairTexts:
    """Return the texts of a locale, compiled once."""
    return PairTexts(locale)


class PairTexts:
    """Writes and proves the texts of related items in one locale.

    The constructor raises ``PromptError`` if the locale's file breaks its schema.

    Args:
        locale: A folder under ``prompts/``, perhaps with a region.
    """

    def __init__(self, locale: str = "en") -> None:
        lexicon = load_lexicon(locale)
        self._file, digest = read_yaml(lexicon.locale, FILE, _File)
        self._origin = f"{lexicon.locale}/{FILE}@{digest}"
        writer = self._file.writer
        spoken = lexicon.model_copy(update={"measures": {**lexicon.measures, **writer.measures}})
        self._values = {
            kind: value_expressions(spoken, each.values, where=f"{FILE}: {kind}") for kind, each in writer.kinds.items()
        }
        environment = proof_environment(lexicon)
        self._proofs = {
            kind: (re.compile(each.reads, re.DOTALL), environment.compile_expression(each.holds))
            for kind, each in self._file.verifier.kinds.items()
        }

    def write(self, kind: str, facts: Mapping[str, Fact], titles: Mapping[str, str]) -> Text | None:
        """Return a verified text.

        Args:
            kind: ``companion`` or ``follower``.
            facts: What the counts say.
            titles: Titles by ``item_id``.

        Returns:
            The text; ``None`` if nothing can be said, such as of an event kind without a word.
        """
        verb = self._file.writer.verbs.get(str(facts["event_kind"]))
        names = {**facts, "titles": titles, "verb": verb}
        found = {slot: value(names) for slot, value in self._values[kind].items()}
        values = {slot: str(value) for slot, value in found.items() if value and not isinstance(value, Undefined)}
        for skeleton in self._file.writer.kinds[kind].texts:
            if set(_SLOT.findall(skeleton)) <= values.keys():
                text = _SLOT.sub(lambda match: values[match.group(1)], skeleton)
                verdict = self.verify(text, kind, facts, titles)
                if verdict.ok:
                    return Text(text, "template", skeleton, verdict, False, self._origin)
        return None

    def verify(self, text: str, kind: str, facts: Mapping[str, Fact], titles: Mapping[str, str]) -> Verdict:
        """Return every fault of a text: it must be one statement of the kind, read by a pattern, that the facts prove.

        Args:
            text: The finished text.
            kind: ``companion`` or ``follower``.
            facts: What the counts say.
            titles: Titles by ``item_id``.

        Returns:
            The verdict.
        """
        pattern, holds = self._proofs[kind]
        match = pattern.fullmatch(text)
        if match is None:
            return Verdict((Fault("unread", "the text is no statement of its kind"),))
        names = {**match.groupdict(), "facts": dict(facts), "titles": dict(titles), "verbs": self._file.verifier.verbs}
        try:
            is_proven = bool(holds(names))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            is_proven = False  # what cannot be read is not proven
        fault = Fault("unproven_value", f"{text!r} does not follow from the facts")
        return Verdict() if is_proven else Verdict((fault,))
