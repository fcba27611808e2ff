"""Shops whose target events are plays or views, or have no words: explained end to end, each event in its own words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from shop import CUTOFF, SMALL, mixed_shop, small_shop

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.explainer import Explainer
from scoring.data.shop import Shop
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.data.tables import Tables

TOLD = {
    "purchase": r"\b(?:buy\w*|bought|purchas\w*|basket\w*|shopp\w+|sold|sales|pay|paid|demand)\b|买",
    "play": r"\bplay(?:s|ed|ing)?\b|播放",
    "view": r"\blook(?:ed|ing)? at\b(?! too)|\bview(?:s|ed|ing)?\b|浏览",
    "cart": r"\bcarts?\b|加购|购物车",
    "return": r"\breturn\w*|退",
}
NEUTRAL = re.compile(r"here's (?:one|another) to look at|one to look at", re.IGNORECASE)


def with_target(kind: str) -> Tables:
    """Return the small shop with its purchases as events of another kind."""
    tables = small_shop()
    return replace(tables, events=tables.events.assign(kind=kind), shop=Shop(currency="USD", target_kinds=(kind,)))


def explained(tables: Tables, folder: Path, locale: str) -> list[tuple[str, set[str]]]:
    """Return what a shop is told about some users, with the kinds of events that the claims of each text count."""
    explainer = Explainer.train(tables, folder, cutoff=CUTOFF, config=SMALL, language_model=None)
    return [
        (
            explanation.text.text,
            {str(each.facts.get(EVENT_KIND, PURCHASE)) for each in (*explanation.reasons, *explanation.statements)},
        )
        for user_id in explainer.events.user_ids[:3]
        for tone in ("friendly", "concise", "formal")
        for explanation in explainer.recommend(user_id, k=10, tone=tone, locale=locale)  # type: ignore[arg-type]
        if explanation.text
    ]


def texts(tables: Tables, folder: Path, locale: str) -> list[str]:
    """Return what a shop is told about some users."""
    return [text for text, _ in explained(tables, folder, locale)]


def told(text: str) -> set[str]:
    bare = NEUTRAL.sub("", text)
    return {kind for kind, pattern in TOLD.items() if re.search(pattern, bare, re.IGNORECASE)}


@pytest.mark.parametrize(("kind", "locale"), [("play", "en"), ("view", "zh")])
def test_a_shop_of_plays_or_views_is_told_in_their_words(kind: str, locale: str, tmp_path: Path) -> None:
    found = texts(with_target(kind), tmp_path, locale)
    assert len(found) >= 40
    assert [text for text in found if told(text) - {kind}] == []
    assert sum(kind in told(text) for text in found) >= 0.3 * len(found)


def test_a_kind_without_words_is_never_mentioned(tmp_path: Path) -> None:
    found = texts(with_target("gift"), tmp_path, "en")
    assert [text for text in found if told(text) or "gift" in text] == []


def test_signals_and_returns_are_never_told_as_purchases(tmp_path: Path) -> None:
    found = explained(mixed_shop(), tmp_path, "en")
    assert len(found) >= 40
    assert [text for text, kinds in found if told(text) - kinds - {PURCHASE}] == []
    of_signals = [text for text, kinds in found if kinds == {"view"}]
    assert [text for text in of_signals if PURCHASE in told(text)] == []
    assert not any("return" in told(text) for text, _ in found)
