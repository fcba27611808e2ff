"""A tiny shop in which every fact can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from llm_explain.attribution.values import Attribution
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence
from llm_explain.claims import derive as derive_all
from llm_explain.claims import neutral as neutral_all
from llm_explain.claims.derive import words
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.policy import Policy
from llm_explain.text.lexicon import load_lexicon
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.claims import ClaimKind, Subjects
    from llm_explain.records import Claim, Fact

AS_OF = pd.Timestamp("2017-12-01")
DEGREES = load_lexicon("en").degrees
ITEMS = pd.DataFrame(
    [
        ("tortilla", "Tortilla chips, 9 oz", "chips", "store brand"),
        ("kettle", "Kettle chips, 8 oz", "chips", "brand #7"),
        ("ridged", "Ridged chips, 8 oz", "chips", "store brand"),
        ("salsa", "Salsa, 16 oz", "dips", "Fiesta"),
        ("hummus", "Hummus, 8 oz", "dips", None),
        ("milk", "Milk, 1 gallon", "milk", "Dairyland"),
        ("lager", "Lager, 6-pack", "beer", "Brewhaus"),
        ("kit", "Pregnancy test kit, 1 count", "drugstore", "store brand"),
    ],
    columns=["item_id", "title", "category", "brand"],
)
CATALOGUE = Catalogue(ITEMS)
INDEX = {item_id: place for place, item_id in enumerate(ITEMS["item_id"])}
CATEGORY = {name: place for place, name in enumerate(CATALOGUE.category_names)}
NO_PROMOTIONS = Tables(pd.DataFrame(), ITEMS).promotions


def bought(item: str, *days_ago: float, price: float = np.nan, kind: str = "purchase", store: str = "") -> pd.DataFrame:
    """Return event rows at ten in the morning, so many calendar days before ``AS_OF``."""
    moments = pd.DatetimeIndex([AS_OF - pd.Timedelta(days=days) for days in days_ago]) + pd.Timedelta(hours=10)
    return pd.DataFrame(
        {
            "item_id": item,
            "timestamp": moments.as_unit("ns"),
            "quantity": 1.0,
            "price": price,
            "kind": kind,
            "store_id": store,
        }
    )


EMPTY = Snapshot.build(Tables(bought("milk").assign(user_id="u"), ITEMS), CATALOGUE, AS_OF)


def snapshot(**changes: object) -> Snapshot:
    """Return statistics that support no claim, but for the changes."""
    n = len(ITEMS)
    plain = replace(
        EMPTY,
        days_covered=400.0,
        season_month=11,
        season_lift=np.full(len(CATEGORY), np.nan),
        first_seen=np.full(n, np.datetime64("2017-02-04", "s")),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def history(*events: pd.DataFrame, as_of: pd.Timestamp = AS_OF, shop: Shop | None = None) -> History:
    """Return the history of one user."""
    rows = pd.concat(events) if events else bought("milk")
    return History.from_events(rows, CATALOGUE, as_of=as_of, user_id="u", shop=shop)


def evidence(
    item: str,
    *events: pd.DataFrame,
    statistics: Snapshot | None = None,
    promotions: pd.DataFrame = NO_PROMOTIONS,
    policy: Policy | None = None,
    as_of: pd.Timestamp = AS_OF,
    shop: Shop | None = None,
    stated: Mapping[str, float] | None = None,
) -> Subjects:
    """Return one user and one item; the catalogue states the prices of ``stated``."""
    evidence = ShopEvidence(
        CATALOGUE if stated is None else Catalogue(ITEMS.assign(price=ITEMS["item_id"].map(stated))),
        snapshot=statistics or snapshot(),
        promotions=PromotionCalendar(promotions, CATALOGUE),
        policy=policy or Policy(),
        shop=shop,
    )
    own = history(*events, as_of=as_of, shop=shop)
    return Subjects.of(Evidence(evidence, [own]), np.array([0]), np.array([INDEX[item]]))


def about(subjects: Subjects, category: str) -> Subjects:
    """Return the same user and item with another history group to speak of."""
    return subjects.take(np.array([0]), group=np.array([CATEGORY[category]]))


class Found(NamedTuple):
    """What a rule found for one subject."""

    facts: dict[str, Fact]
    licences: frozenset[str]


def find(kind: type[ClaimKind], subjects: Subjects) -> Found | None:
    """Apply a rule to one subject; of several findings, the first one counts."""
    findings = kind().find(subjects)
    assert not findings.rows.any()
    return Found(findings.facts_at(0), words([findings], DEGREES)[0][0]) if len(findings.rows) else None


def derive(subjects: Subjects, given: Attribution, kinds: ClaimKinds | None = None, **options: Any) -> list[Claim]:
    """Return the claims that explain one score."""
    (claims,) = derive_all(subjects, [given], kinds=kinds or ClaimKinds.installed(), degrees=DEGREES, **options)
    return claims


def neutral(subjects: Subjects) -> Claim | None:
    """Return the neutral fact of one subject."""
    (fact,) = neutral_all(subjects, kinds=ClaimKinds.installed(), degrees=DEGREES, may_tell=lambda *_: True)
    return fact


def attribution(parts: Mapping[str, Mapping[str, float]], rest: Sequence[str] = ()) -> Attribution:
    """Return an attribution with the given parts by player."""
    values = np.array([sum(own.values()) for own in parts.values()])
    categories = []
    for player in parts:
        prefix, _, name = player.partition(":")
        if player == "rest":
            categories.append(tuple(CATEGORY[each] for each in rest))
        else:
            categories.append((CATEGORY[name],) if prefix == "group" else ())
    return Attribution(tuple(parts), values, tuple(parts.values()), 0.0, float(values.sum()), tuple(categories))
