"""Claims of every kind, with facts whose sentences a reader can check in the head."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from llm_explain.records import Claim
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from scoring.data.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.records import Fact
    from llm_explain.text.sentence_spec import SentenceSpec

AS_OF = pd.Timestamp("2017-12-01")
SCENE: dict[str, Any] = {
    "title": "Chobani Peach Yogurt 5.3 oz",
    "as_of": dt.date(2017, 12, 1),
    "titles": {"7": "Crunchy Granola 12 oz"},
}
ALIKE: dict[str, Any] = {
    "title": "Rice cakes, 4.5 oz",
    "as_of": SCENE["as_of"],
    "titles": {"10": "Large rice cakes, 6 oz"},
}
"""An item and another one that is called like it."""

REALISER = Realiser(load_lexicon("en"))


def spec(claims: Sequence[Claim], **about: Any) -> SentenceSpec:
    """Return the specification of an English sentence about the yogurt, or about something else."""
    return REALISER.specify(claims, **{**SCENE, **about})


def claim(kind: str, licences: tuple[str, ...] = (), **facts: Fact) -> Claim:
    """Return a claim whose attribution does not matter."""
    return Claim(kind, "group:yogurt", "tower", 1.0, 0.5, facts, frozenset(licences))


CLAIMS: dict[str, Claim] = {
    "repeat_item": claim("repeat_item", ("often", "current"), count=12, last="2017-11-03"),
    "due": claim("due", ("often", "current"), interval_days=14, days_since=12, last="2017-11-19", count=12),
    "category_affinity": claim(
        "category_affinity", ("often", "regularly", "current"), category="yogurt", count=9, window_days=90
    ),
    "related_category": claim("related_category", ("current",), category="cold cereal", count=4, window_days=365),
    "usual_brand": claim("usual_brand", ("usually", "current"), brand="Chobani", category="yogurt", share=0.8, count=9),
    "usual_price": claim("usual_price", ("usually", "current"), price=2.99, usual=2.89, category="yogurt"),
    "lower_price": claim("lower_price", (), price=1.99, usual=2.49, last_paid=2.49),
    "similar_item": claim(
        "similar_item",
        ("some", "crowd"),
        other_item_id="7",
        next_share=0.31,
        window_days=365,
        until="2017-12-01T00:00:00",
    ),
    "promotion": claim(
        "promotion", (), label="mailer", start="2017-11-27T00:00:00", end="2017-12-05T00:00:00", store_id="401"
    ),
    "popular": claim("popular", (), users_band=250, window_days=30, until="2017-12-01T00:00:00"),
    "best_seller": claim("best_seller", (), among=3, category="yogurt", window_days=30, until="2017-12-01T00:00:00"),
    "season": claim("season", (), lift=1.8, category="yogurt"),
    "buyers": claim("buyers", (), users=172, window_days=30, until="2017-12-01T00:00:00"),
    "first_in_category": claim("first_in_category", (), category="yogurt", orders=38),
    "back_after_break": claim("back_after_break", (), interval_days=14, last="2017-05-12"),
    "companion": claim("companion", (), other_item_id="7", together=6, orders=9),
    "latest_orders": claim("latest_orders", (), having=4, orders=5),
    "most_bought": claim("most_bought", (), category="yogurt", window_days=365),
    "kept_since": claim("kept_since", ("often", "current"), since="2017-03-04"),
    "related_title": claim("related_title", (), other_item_id="7", size="5.3 oz", other_size="12 oz"),
    "frequent_item": claim("frequent_item", (), other_item_id="7", count=12),
    "bought_together": claim(
        "bought_together",
        ("some", "crowd"),
        other_item_id="7",
        together_share=0.31,
        window_days=365,
        until="2017-12-01T00:00:00",
    ),
    "new_arrival": claim("new_arrival", (), first_seen="2017-11-14", days=17),
}

ALIKE_CATALOGUE = Catalogue(
    pd.DataFrame({"item_id": ["10"], "title": ["Large rice cakes, 6 oz"], "category": ["rice cakes"]})
)
CATALOGUE = Catalogue(
    pd.DataFrame(
        {
            "item_id": [str(number) for number in range(12)],
            "title": [
                "Chobani Peach Yogurt 5.3 oz",
                "Fage Plain Yogurt 7 oz",
                "Sugar-free gum",
                "Pale ale",
                "Dog biscuits",
                "Whole milk",
                "Rye bread",
                "Crunchy Granola 12 oz",
                "Salted butter",
                "Green tea",
                "Dark chocolate",
                "Tomato soup",
            ],
            "category": [
                "yogurt",
                "yogurt",
                "candy and gum",
                "beer",
                "dog food and treats",
                "milk",
                "bread and buns",
                "cold cereal",
                "butter",
                "tea",
                "candy and gum",
                "soup",
            ],
            "brand": ["Chobani", "Fage", *["brand #7"] * 10],
        }
    )
)
