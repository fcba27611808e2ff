"""The claim kinds that a catalogue proves: back in stock, lowest price in a year, variants and own brands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import PastItem
from llm_explain.claims import ClaimKind, ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.claims.catalogue_kinds import BackInStock, LowestPrice, OwnBrand, Variant, catalogue_kinds
from llm_explain.claims.catalogue_kinds.own_brand import size_of
from llm_explain.evaluation.audit import Audit
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.verifier import Verifier
from scoring.data.catalogue import Catalogue
from scoring.data.catalogue_history import CatalogueHistory
from scoring.data.changes import Change, changed_items
from scoring.data.history import EventLog, History
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot

AS_OF = pd.Timestamp("2018-12-01")
SHOP = Shop(own_brands=("Corner Shop",))
ITEMS = pd.DataFrame(
    [
        ("fancy", "Fancy salsa verde, 16 oz", "dips", "Fiesta", 4.0, None),
        ("plain", "Plain salsa verde, 16 oz", "dips", "Corner Shop", 2.5, None),
        ("small", "Plain salsa, 8 oz", "dips", "Corner Shop", 2.0, "plain"),
        ("beans", "Bean dip, 16 oz", "dips", "Fiesta", 4.0, None),
        ("milk", "Milk, 1 gallon", "milk", "Dairyland", 3.0, None),
        ("bread", "Rye bread, 1 lb", "bread", "Bakers", 3.0, None),
        ("tea", "Green tea, 20 count", "tea", "Leaf", 3.0, None),
        ("soap", "Hand soap, 8 oz", "soap", "Suds", 3.0, None),
    ],
    columns=["item_id", "title", "category", "brand", "price", "parent_id"],
)
KINDS = ClaimKinds(kind() for kind in (BackInStock, LowestPrice, OwnBrand, Variant))


def events(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Return purchases: user, item, days before ``AS_OF`` and price."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "days", "price"])
    moment = AS_OF - pd.to_timedelta(frame.pop("days"), unit="D") + pd.Timedelta(hours=10)
    frame = frame.assign(timestamp=moment.astype("datetime64[ns]"), quantity=1.0)
    return frame.sort_values(["user_id", "timestamp"], ignore_index=True)


def stock(item: str, days: float, *, available: bool) -> Change:
    moment = (AS_OF - pd.Timedelta(days=days)).isoformat()
    return Change(operation="patch", moment=moment, items=({"item_id": item, "available": available},))


def subject(
    rows: pd.DataFrame, item: str, *changes: Change, shop: Shop = SHOP, items: pd.DataFrame = ITEMS
) -> Subjects:
    """Return the user ``ann`` and one item."""
    tables = Tables(rows, items, shop=shop)
    trained = Catalogue(items)
    catalogue = Catalogue(changed_items(items, changes)) if changes else trained
    evidence = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(replace(tables, items=catalogue.items), catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
        shop=shop,
        past=CatalogueHistory(items, changes),
        events=EventLog(rows, trained, shop),
    )
    own = History.from_events(rows[rows["user_id"] == "ann"], catalogue, as_of=AS_OF, user_id="ann", shop=shop)
    return Subjects.of(Evidence(evidence, [own]), np.array([0]), catalogue.index_of([item]))


def facts(kind: type[ClaimKind], subjects: Subjects) -> dict[str, Any] | None:
    found = kind().find(subjects)
    return dict(found.facts_at(0)) if len(found.rows) else None


def audited(
    folder: Path, kind: str, rows: pd.DataFrame, item: str, found: dict[str, Any], *changes: Change
) -> list[str]:
    """Return what the audit finds wrong with a claim."""
    Tables(rows, ITEMS, shop=SHOP).write(folder)
    record = {"user_id": "ann", "item_id": item, "as_of": AS_OF.isoformat()}
    audit = Audit(folder, AS_OF, changes=changes, kinds=KINDS)
    player = "group:dips" if kind == "variant" else "context:price"
    (faults,) = audit.fact_faults([(record, {"kind": kind, "player": player, "facts": found})])
    return faults


SOME = events(("ann", "fancy", 20, 4.0), ("ann", "milk", 5, 3.0))


def test_an_item_is_back_in_stock_for_two_weeks(tmp_path: Path) -> None:
    gone, back = stock("milk", 9, available=False), stock("milk", 3, available=True)
    found = facts(BackInStock, subject(SOME, "milk", gone, back))
    assert found == {"since": "2018-11-28"}
    assert audited(tmp_path, "back_in_stock", SOME, "milk", found, gone, back) == []
    assert audited(tmp_path, "back_in_stock", SOME, "milk", {"since": "2018-11-27"}, gone, back)
    assert audited(tmp_path, "back_in_stock", SOME, "milk", found, back)  # it never went


@pytest.mark.parametrize(
    "steps",
    [
        [(9, True)],  # it was there all the time
        [(9, False)],
        [(9, False), (8.5, True)],  # half a day is no news
        [(40, False), (15, True)],
        [(9, False), (3, True), (1, False)],
    ],
)
def test_an_item_that_did_not_come_back_is_not_back(steps: list[tuple[float, bool]], tmp_path: Path) -> None:
    changes = [stock("milk", days, available=available) for days, available in steps]
    assert facts(BackInStock, subject(SOME, "milk", *changes)) is None
    assert audited(tmp_path, "back_in_stock", SOME, "milk", {"since": "2018-11-28"}, *changes)


def test_an_item_that_the_table_has_off_sale_comes_back() -> None:
    items = ITEMS.assign(available=ITEMS["item_id"] != "milk")
    assert facts(BackInStock, subject(SOME, "milk", stock("milk", 2, available=True), items=items)) is not None
    assert facts(BackInStock, subject(SOME, "milk", items=items)) is None


def priced(*prices: float, item: str = "plain") -> pd.DataFrame:
    """Return a purchase every 29 days, the latest last."""
    return events(*(("bob", item, 29.0 * (len(prices) - n) - 1, price) for n, price in enumerate(prices)))


@pytest.mark.parametrize(
    ("prices", "holds"),
    [
        ([3.0] * 14, True),  # 2.50 now, for more than a year
        ([3.0] * 12, False),  # the log has eleven months
        ([*[3.0] * 10, 2.4, *[3.0] * 3], False),  # a customer paid less
        ([2.4, *[3.0] * 13], True),  # more than a year ago
        ([2.6] * 14, False),  # hardly less than usual
    ],
)
def test_the_lowest_price_in_a_year_needs_a_year(prices: list[float], holds: bool, tmp_path: Path) -> None:
    rows = pd.concat([SOME, priced(*prices)], ignore_index=True)
    found = facts(LowestPrice, subject(rows, "plain"))
    assert (found is not None) == holds
    expected = {"price": 2.5, "usual": 3.0}
    assert found in (None, expected)
    assert (audited(tmp_path, "lowest_price", rows, "plain", expected) == []) == holds


def test_a_month_without_a_price_or_a_lower_stated_price_is_no_proof() -> None:
    rows = priced(*[3.0] * 14)
    assert facts(LowestPrice, subject(pd.concat([SOME, rows.drop(index=[7, 8])], ignore_index=True), "plain")) is None
    lower = Change(operation="patch", moment=AS_OF.isoformat(), items=({"item_id": "plain", "price": 2.2},))
    back = Change(operation="patch", moment=AS_OF.isoformat(), items=({"item_id": "plain", "price": 2.5},))
    assert facts(LowestPrice, subject(pd.concat([SOME, rows], ignore_index=True), "plain", lower, back)) is None


def test_a_request_does_not_read_the_whole_catalogue_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for name in ("stated_prices", "sale_steps"):
        whole = getattr(CatalogueHistory, name)
        monkeypatch.setattr(
            CatalogueHistory, name, lambda self, name=name, whole=whole: (read.append(name), whole(self))[1]
        )
    changes = stock("plain", 9, available=False), stock("plain", 2, available=True)
    of_item = subject(pd.concat([SOME, priced(*[3.0] * 14)], ignore_index=True), "plain", *changes)
    for _ in range(2):
        assert len(LowestPrice().find(of_item).rows) == len(BackInStock().find(of_item).rows) == 1
    assert read == ["stated_prices", "sale_steps"]


def test_a_variant_shares_the_parent_of_an_item_that_the_user_bought(tmp_path: Path) -> None:
    rows = events(("ann", "plain", 20, 2.5), ("ann", "milk", 5, 3.0))
    found = facts(Variant, subject(rows, "small"))
    assert found == {"other_item_id": "plain"}
    assert audited(tmp_path, "variant", rows, "small", found) == []
    assert audited(tmp_path, "variant", rows, "small", {"other_item_id": "milk"})
    assert facts(Variant, subject(rows, "beans")) is None
    assert facts(Variant, subject(events(("ann", "plain", 20, 2.5), ("ann", "small", 5, 2.0)), "small")) is None
    whole = subject(rows, "small")
    cited = PastItem(int(whole.shop.catalogue.index_of(["plain"])[0]), "links:plain", {"links": 1.0})
    findings = Variant().find(whole.take(np.array([0]), past_items=[[cited]]))
    assert findings.cites == [cited]


def test_the_own_brand_is_cheaper_than_a_branded_item_of_one_size_and_kind(tmp_path: Path) -> None:
    found = facts(OwnBrand, subject(SOME, "plain"))
    assert found == {"other_item_id": "fancy", "price": 2.5, "last_paid": 4.0}
    assert audited(tmp_path, "own_brand", SOME, "plain", found) == []
    assert audited(tmp_path, "own_brand", SOME, "plain", {**found, "last_paid": 3.9})
    assert size_of("Plain salsa verde, 16 oz") == size_of("SALSA 16OZ") == "16oz"
    assert size_of("Plain salsa") == ""
    assert facts(OwnBrand, subject(events(("ann", "beans", 20, 4.0)), "plain")) is None  # another thing
    assert facts(OwnBrand, subject(events(("ann", "fancy", 20, 2.6)), "plain")) is None  # hardly dearer
    assert facts(OwnBrand, subject(events(("ann", "fancy", 20, 5.1)), "plain")) is None  # hardly the same thing
    assert facts(OwnBrand, subject(SOME, "plain", shop=Shop())) is None  # no brand is known to be the shop's own


def test_a_kind_is_in_force_where_the_shop_has_the_data() -> None:
    assert set(catalogue_kinds(Catalogue(ITEMS), SHOP)) == {BackInStock, LowestPrice, OwnBrand, Variant}
    bare = Catalogue(ITEMS[["item_id", "title", "category", "brand"]])
    assert catalogue_kinds(bare, Shop()) == (BackInStock,)


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("word", ["", "lowest price", "最低价"])
def test_a_proven_claim_overrides_the_locales_blocked_word_and_not_the_merchants(locale: str, word: str) -> None:
    lexicon = load_lexicon(locale, KINDS)
    claim = Claim("lowest_price", "context:price", "price", 0.0, 0.0, {"price": 1.99, "usual": 2.49})
    realiser = Realiser(lexicon)
    spec = realiser.specify([claim], title="Salsa", as_of=AS_OF.date(), is_neutral=True)
    (skeleton,) = Templates(lexicon).of_form("lowest_price", "badge")
    text = realiser.fill(skeleton, spec)
    verdict = Verifier(lexicon, blocklist=[word] if word else []).verify(text, spec)
    assert verdict.ok == (not word or word not in text)
    about = {"title": "Salsa", "as_of": AS_OF.date()}
    other = realiser.specify([replace(claim, kind="back_in_stock", facts={"since": "2018-11-28"})], **about)
    assert not Verifier(lexicon).verify(text, other).ok
    dearer = realiser.specify([replace(claim, facts={"price": 2.19, "usual": 2.49})], **about)
    assert not Verifier(lexicon).verify(text, dearer).ok
