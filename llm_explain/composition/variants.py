"""Which variant of a product suits a user: the one whose size or colour the user buys most."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.shop_evidence import ShopEvidence
    from scoring.data.catalogue import IndexArray

_WORD: Final = re.compile(r"\w+(?:[.,]\d+)?")


def variant_fit(items: IndexArray, evidence: Evidence) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count the user's purchases of variants that share words with each item's variant.

    Args:
        items: Row numbers of items, shape ``(n,)``.
        evidence: The user's events, as the only history.

    Returns:
        Purchases, summed over the words, shape ``(n,)``; 0 for an item without other variants.
    """
    words = evidence.shop.once(variant_words)
    if not words:
        return np.zeros(len(items), dtype=np.int64)
    bought = Counter(word for item in evidence.item.tolist() for word in words.get(item, ()))
    return np.array([sum(bought[word] for word in words.get(item, ())) for item in items.tolist()], dtype=np.int64)


def has_usual_variants(evidence: Evidence) -> bool:
    """Return whether the user bought a product that has several variants."""
    words = evidence.shop.once(variant_words)
    return bool(words) and any(map(words.get, evidence.item.tolist()))


def variant_words(shop: ShopEvidence) -> dict[int, frozenset[str]]:
    """Return what tells each variant from its siblings: "red" and "m" of "Wool jumper - Red / M".

    Args:
        shop: The shop.

    Returns:
        The words of each title that not all titles of its ``parent_id`` have, in small letters, by row number.
    """
    found: dict[int, frozenset[str]] = {}
    order = np.argsort(shop.family, kind="stable")
    starts = np.flatnonzero(np.diff(shop.family[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        if len(rows) > 1:
            words = [frozenset(_WORD.findall(str(shop.catalogue.titles[row]).casefold())) for row in rows]
            shared = frozenset.intersection(*words)
            found |= {row: own - shared for row, own in zip(rows.tolist(), words, strict=True)}
    return found
