"""Lists of the small shop: sections, filters, places, pages, pins, and what each card says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.claims import ClaimKinds, Subjects, neutral
from llm_explain.claims.cited_items import with_known_items
from llm_explain.claims.kind import Findings
from llm_explain.claims.kinds.companion import Companion
from llm_explain.claims.kinds.first_in_category import FirstInCategory
from llm_explain.claims.kinds.popular import Popular
from llm_explain.composition.arrangement import Placed, _linked_first
from llm_explain.composition.cards import (
    FEW_KINDS,
    Budget,
    first_reasons,
    open_claims,
    repeated_reason,
    with_second_reasons,
)
from llm_explain.errors import SettingError, UnknownItemError
from llm_explain.list_pipeline import ListPipeline
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.records import Claim
from scoring.data.tables import TIMESTAMP, USER_ID, Tables
from tests.llm_explain.claims.scene import INDEX, evidence, find
from tests.llm_explain.claims.test_context import crowd

if TYPE_CHECKING:
    from llm_explain.records import Explanation, Text
    from llm_explain.text.sentence_spec import SentenceRequest

PROMPTS = Path(__file__).parents[3] / "prompts"
USERS = ("u00", "u03", "u07", "u11")


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None)


def bought_titles(tables: Tables, user_id: str, as_of: pd.Timestamp) -> set[str]:
    titles = tables.items.set_index("item_id")["title"]
    events = tables.events
    is_past = (events[USER_ID] == user_id) & (events[TIMESTAMP] < as_of)
    return set(titles[events.loc[is_past, "item_id"]])


def ids(rows: list[Explanation]) -> list[str | None]:
    return [row.item_id for row in rows]


@pytest.mark.parametrize("user_id", USERS)
def test_sections_follow_the_titles_that_the_user_bought(
    explainer: Explainer, shop_tables: Tables, user_id: str
) -> None:
    rows = explainer.recommend(user_id, k=10)
    bought = bought_titles(shop_tables, user_id, explainer.as_of)
    shown = [explainer.titles[str(row.item_id)] for row in rows]
    assert [row.section for row in rows] == ["again" if title in bought else "new" for title in shown]
    assert len(set(shown)) == len(shown)
    assert [row.position for row in rows] == list(range(1, 11))
    sections = [row.section for row in rows]
    assert sections == sorted(sections, key=lambda section: section != sections[0])
    assert Counter(sections)["again"] <= 5
    assert {(row.section, row.section_title) for row in rows} <= {("again", "Buy again"), ("new", "New for you")}


@pytest.mark.parametrize("user_id", USERS)
def test_a_line_states_how_long_ago_it_was_or_the_rhythm(explainer: Explainer, user_id: str) -> None:
    rows = explainer.recommend(user_id, k=6, section="again")
    texts = [row.text.text.lower() for row in rows if row.text is not None]
    kinds = [claim.kind for row in rows for claim in (*row.reasons, *row.statements)]
    assert len(kinds) == len(texts)
    silent = explainer.shop.catalogue.index_of([str(row.item_id) for row in rows if row.text is None])
    assert all(map(explainer.shop.is_sensitive, silent.tolist()))  # what was bought once has a line too
    assert {*kinds} <= {"due", "repeat_item", "latest_orders", "kept_since", "most_bought", "back_after_break"}
    words = (
        "bought",
        "you buy",
        "used to buy",
        "buying",
        "regular",
        "order",
        "number one",
        "top pick",
        "come back",
        "about every",
    )
    assert all(any(word in text for word in words) and "because" not in text for text in texts)


def test_what_was_just_bought_is_held_back(explainer: Explainer) -> None:
    (best, *_) = explainer.rank("u00", k=1, section="again")
    now = explainer.as_of
    moments = [now - pd.Timedelta(days=days) for days in (61, 41, 21, 1)]  # every 20 days, the last time yesterday
    history = pd.DataFrame({"item_id": best.item_id, "timestamp": moments})
    assert best.item_id not in [row.item_id for row in explainer.rank(history=history, k=40, section="again")]
    due = history.assign(timestamp=history["timestamp"] - pd.Timedelta(days=15))  # 16 of 20 days ago: due from 0.8 on
    assert [row.item_id for row in explainer.rank(history=due, k=40, section="again")] == [best.item_id]
    early = history.assign(timestamp=history["timestamp"] - pd.Timedelta(days=14))
    assert explainer.rank(history=early, k=40, section="again") == []
    assert explainer.rank(history=early, k=100, section="mixed")[-1].section == "again"


@pytest.mark.parametrize(("days", "keeps_one", "is_shown"), [(1, False, False), (8, False, True), (1, True, True)])
def test_what_was_just_given_back_is_not_offered(
    explainer: Explainer, days: int, keeps_one: bool, is_shown: bool
) -> None:
    (best, *_) = explainer.rank("u00", k=1, section="again")
    moments = [explainer.as_of - pd.Timedelta(days=each) for each in (60, 20, days)]
    kinds = ["purchase", "purchase", "return"]
    history = pd.DataFrame({"item_id": best.item_id, "timestamp": moments, "kind": kinds})[0 if keeps_one else 1 :]
    assert (best.item_id in [row.item_id for row in explainer.rank(history=history, k=100)]) == is_shown


@pytest.mark.parametrize("diversity", [0.0, 0.2])
@pytest.mark.parametrize("section", ["new", "again", "mixed", None])
def test_pages_continue_one_list(explainer: Explainer, section: Any, diversity: float) -> None:
    for user_id in ("u06", "u07", "u15"):
        whole = explainer.rank(user_id, k=12, section=section, diversity=diversity)
        pages = [explainer.rank(user_id, k=4, offset=n, section=section, diversity=diversity) for n in (0, 4, 8)]
        assert sorted(row.item_id for page in pages for row in page) == sorted(row.item_id for row in whole)
        assert [row.position for page in pages for row in page] == [row.position for row in whole]


def test_filters_leave_only_what_is_asked_for(explainer: Explainer, shop_tables: Tables) -> None:
    items = shop_tables.items.set_index("item_id")
    by_score = explainer.rank("u00", k=40, section=None)
    categories = sorted(set(items["category"]))[:2]
    rows = explainer.rank("u00", k=40, categories=categories)
    assert rows
    assert {items.loc[row.item_id, "category"] for row in rows} <= set(categories)
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))  # by score among the allowed items
    best = by_score[0].item_id
    assert best not in ids(explainer.recommend("u00", k=10, exclude=[best]))
    some = [row.item_id for row in by_score[:3]]
    assert set(ids(explainer.recommend("u00", k=10, candidates=some))) <= set(some)
    price = dict(zip(explainer.shop.catalogue.item_ids, explainer.shop.snapshot.price, strict=True))
    middle = float(pd.Series(price).median())
    cheap = explainer.rank("u00", k=40, max_price=middle)
    dear = explainer.rank("u00", k=40, min_price=middle)
    assert all(price[row.item_id] <= middle for row in cheap)
    assert all(price[row.item_id] >= middle for row in dear)
    assert len(cheap) + len(dear) >= len(by_score)


def test_diversity_shows_more_categories(explainer: Explainer, shop_tables: Tables) -> None:
    category = shop_tables.items.set_index("item_id")["category"]
    plain, diverse = (
        {category[row.item_id] for row in explainer.rank("u03", k=8, section="again", diversity=weight)}
        for weight in (0.0, 1.0)
    )
    assert len(diverse) == 8 > len(plain)


def test_a_merchant_pins_and_buries_and_a_pin_is_not_personal(explainer: Explainer) -> None:
    (first, second, *_, last) = explainer.rank("u00", k=12, section="new")
    rows = explainer.recommend("u00", k=6, section="new", pins=[last.item_id], buries=[first.item_id])
    assert (rows[0].item_id, rows[0].placement, rows[0].position) == (last.item_id, "pinned", 1)
    assert rows[0].rank == last.rank > 1
    assert rows[0].reasons == ()
    assert rows[1].item_id == second.item_id
    assert first.item_id not in ids(rows)
    everything = explainer.recommend("u00", k=40, section="new", buries=[first.item_id])
    assert (everything[-1].item_id, everything[-1].placement) == (first.item_id, "buried")


def test_pins_come_first_though_the_user_bought_all_of_them(explainer: Explainer) -> None:
    pins = [row.item_id for row in explainer.rank("u00", k=40, section="again")[-2:]]
    assert [row.item_id for row in explainer.rank("u00", k=2, section="mixed", pins=pins)] == pins


def test_a_pin_stands_for_the_items_with_its_title(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = explainer.rank("u00", k=2, section="new")
    row, other = explainer.shop.catalogue.index_of([first.item_id, second.item_id]).tolist()
    titles = explainer.shop.title_index.copy()
    titles[other] = titles[row]
    monkeypatch.setattr(explainer.shop, "title_index", titles)
    shown = [each.item_id for each in explainer.rank("u00", k=40, section="new", pins=[second.item_id])]
    assert shown[0] == second.item_id
    assert first.item_id not in shown


def test_a_list_shows_one_variant_of_what_is_new(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = explainer.rank("u00", k=40, section="mixed")
    again, new = ([row.item_id for row in rows if row.section == section] for section in ("again", "new"))
    assert len(again) >= 2
    variants = explainer.shop.catalogue.index_of([*again[:2], *new[:3]])
    family = explainer.shop.family.copy()
    family[variants] = family[variants[0]]
    monkeypatch.setattr(explainer.shop, "family", family)
    shown = [row.item_id for row in explainer.rank("u00", k=40, section="mixed")]
    assert {*again[:2], new[0]} <= set(shown)  # both variants that the user bought, and the best of the others
    assert not {*new[1:3]} & set(shown)
    pinned = [row.item_id for row in explainer.rank("u00", k=40, section="new", pins=[new[2], new[1]])]
    assert pinned[:2] == [new[2], new[1]]


def test_of_variants_with_one_title_only_the_one_that_was_bought_is_shown(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = explainer.rank("u00", k=40, section="mixed")
    bought = max((row for row in rows if row.section == "again"), key=lambda row: row.rank)
    other = min((row for row in rows if row.section == "new"), key=lambda row: row.rank)
    assert other.rank < bought.rank
    shop = explainer.shop
    known, sibling = shop.catalogue.index_of([bought.item_id, other.item_id]).tolist()
    family, titles = shop.family.copy(), shop.title_index.copy()
    family[sibling], titles[sibling] = family[known], titles[known]
    monkeypatch.setattr(shop, "family", family)
    monkeypatch.setattr(shop, "title_index", titles)
    monkeypatch.setattr(shop, "has_variants", np.bincount(family)[family] > 1)
    assert bought.item_id in ids(explainer.rank("u00", k=40, section="mixed"))
    for left_out in ([], [bought.item_id]):
        assert other.item_id not in ids(explainer.rank("u00", k=40, section="mixed", exclude=left_out))


def test_of_the_variants_the_one_in_the_usual_size_is_shown(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = explainer.rank("u00", k=40, section="mixed")
    again, new = ([row.item_id for row in rows if row.section == section] for section in ("again", "new"))
    shop = explainer.shop
    small, medium, large, other, known = shop.catalogue.index_of([*new[:3], new[3], again[0]]).tolist()
    family, titles = shop.family.copy(), shop.catalogue.titles.copy()
    family[[small, medium, large]], family[other] = family[small], family[known]
    titles[[small, medium, large]] = "Wool jumper - S", "Wool jumper - M", "Wool jumper - L"
    titles[[known, other]] = "Linen shirt - M", "Linen shirt - L"
    monkeypatch.setattr(shop, "family", family)
    monkeypatch.setitem(vars(shop.catalogue), "titles", titles)
    monkeypatch.setattr(shop, "_once", {})
    shown = [row.item_id for row in explainer.rank("u00", k=40, section="mixed")]
    assert new[1] in shown  # the user bought "M" alone
    assert not {new[0], new[2]} & set(shown)
    assert shown.index(new[3]) > shown.index(new[1])  # the known shirt in a size that the user does not buy comes last
    pages = [explainer.rank("u00", k=5, section="new", offset=start) for start in range(0, 40, 5)]
    assert [row.item_id for page in pages for row in page] == ids(explainer.rank("u00", k=40, section="new"))


@pytest.mark.parametrize("user_id", USERS)
def test_a_page_keeps_to_its_budget(explainer: Explainer, user_id: str) -> None:
    rows = explainer.recommend(user_id, k=10, section="new")
    claims = [claim for row in rows for claim in row.reasons]
    named = {
        (claim.kind, claim.facts.get("other_item_id", claim.facts.get("category")))
        for claim in claims
        if claim.facts.keys() & {"other_item_id", "category"}
    }
    counts = Counter(claim.kind for claim in claims)
    for kind, cards in counts.items():
        n_named = sum(name[0] == kind for name in named)
        assert cards <= max(2, n_named) or len(counts) < FEW_KINDS


def test_the_policy_keeps_items_out_of_every_list(shop_artifacts: Path, shop_tables: Tables) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    category = str(shop_tables.items["category"].iloc[0])
    kept_out = set(shop_tables.items.loc[shop_tables.items["category"] == category, "item_id"])
    settings = PolicySettings.model_validate({"never_recommend": {"categories": [category.upper()]}})
    explainer.shop.policy = Policy(settings)
    for section in ("mixed", None):
        shown = {row.item_id for row in explainer.rank("u00", k=40, section=section)}  # type: ignore[arg-type]
        assert shown
        assert not shown & kept_out
    shelves = {entry.item_id for user_id in USERS for shelf in explainer.shelves(user_id) for entry in shelf.items}
    assert shelves
    assert not shelves & kept_out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"section": "old"}, "section is 'old' but one of again, new, mixed is needed"),
        ({"diversity": 1.5}, "diversity is 1.5 but a number from 0 to 1 is needed"),
        ({"offset": -1}, "offset is -1 but a whole number of at least 0 is needed"),
        ({"min_price": 3.0, "max_price": 2.0}, "min_price is 3.0 but max_price is 2.0"),
        ({"max_price": float("nan")}, "max_price is nan but an amount of at least 0 is needed"),
        ({"categories": ["nothing"]}, "category 'nothing' is not in the catalogue but a known one is needed. Choose"),
        ({"categories": ["chese"]}, r"category 'chese' is not in the catalogue .* Did you mean cheese"),
        ({"exclude": "31"}, r"exclude is the text '31' but a list is needed. Write \['31'\]"),
    ],
)
def test_a_wrong_option_is_named(explainer: Explainer, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        explainer.recommend("u00", **options)


def test_an_unknown_item_is_refused(explainer: Explainer) -> None:
    with pytest.raises(UnknownItemError, match="item 'x' is not in the catalogue"):
        explainer.rank("u00", exclude=["x"])


def test_badges_are_verified_true_and_of_another_topic_than_the_text(explainer: Explainer) -> None:
    rows = [row for user_id in explainer.events.user_ids[:10] for row in explainer.recommend(user_id, k=10)]
    badges = [(row, badge) for row in rows for badge in row.badges]
    assert badges
    for row, badge in badges:
        assert len(row.badges) == 1
        assert badge.text.verdict.ok
        assert not badge.text.text.endswith(".")
        assert "because" not in badge.text.text
        topics = {explainer.kinds[claim.kind].topic for claim in (*row.reasons, *row.statements)}
        assert explainer.kinds[badge.claim.kind].topic not in topics
    entry = badges[0][1].to_dict()
    assert set(entry) == {"kind", "facts", "text"}


def test_the_audit_repeats_the_facts_of_badges(shop_artifacts: Path, explainer: Explainer) -> None:
    pytest.importorskip("duckdb")
    from llm_explain.evaluation.audit.tables import Audit

    rows = [row for user_id in explainer.events.user_ids[:10] for row in explainer.recommend(user_id, k=10)]
    records = [row.to_dict() for row in rows if row.badges]
    audit = Audit(shop_artifacts / "tables", explainer.as_of)
    assert audit.faults(records) == []
    facts = records[0]["badges"][0]["facts"]
    name, value = next(iter(facts.items()))
    facts[name] = "another" if isinstance(value, str) else value + 1
    assert len(audit.faults(records)) == 1


def test_popularity_promotes_neither_alcohol_nor_tobacco() -> None:
    packaged = Policy.load(PROMPTS / "policy.yaml")
    everywhere = crowd(600, others=600)
    shop = evidence("lager", policy=packaged, statistics=everywhere).shop
    assert (shop.may_promote[INDEX["lager"]], shop.may_promote[INDEX["milk"]]) == (False, True)
    assert find(Popular, evidence("lager", policy=packaged, statistics=everywhere)) is None
    assert find(Popular, evidence("lager", statistics=everywhere)) is not None
    assert find(Popular, evidence("milk", policy=packaged, statistics=everywhere)) is not None


@pytest.mark.parametrize("user_id", USERS)
def test_where_users_do_not_come_back_to_items_a_mixed_list_begins_with_new_ones(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch, user_id: str
) -> None:
    assert explainer.shop.snapshot.has_repeats
    again = ids(explainer.recommend(user_id, k=4, section="again"))
    n_new = len(explainer.recommend(user_id, k=100, section="new"))
    monkeypatch.setitem(vars(explainer.shop.snapshot), "has_repeats", False)
    assert {row.section for row in explainer.recommend(user_id, k=min(4, n_new))} == {"new"}
    assert ids(explainer.recommend(user_id, k=4, section="again")) == again


def test_a_list_asks_for_visible_links(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    def kinds() -> set[str]:
        rows = [row for user_id in USERS for row in explainer.recommend(user_id, k=6, section="new")]
        return {claim.kind for row in rows for claim in row.reasons}

    links = explainer.shop.visible_links
    monkeypatch.setattr(links, "of_reasons", lambda other, item: np.zeros(len(other), dtype=bool))
    assert not {"similar_item", "related_category"} & kinds()
    monkeypatch.setitem(vars(explainer.shop), "names_categories", False)  # then the learned link is all that is known
    assert "similar_item" in kinds()


def test_the_best_linked_item_of_each_category_comes_first() -> None:
    catalogue = SimpleNamespace(category_names=["", "bread", "eggs"], category_index=np.array([2, 2, 1, 2, 0, 0]))
    linked = np.array([True, True, True, False, True, True])
    links = SimpleNamespace(with_any=lambda own, items: linked)
    shop = SimpleNamespace(catalogue=catalogue, visible_links=links, is_sensitive=lambda item: item == 5)
    evidence: Any = SimpleNamespace(shop=shop, item=np.zeros(0, dtype=np.int64))
    # Items without a category are not alike. The second egg and what is sensitive come later, what has no link last.
    assert _linked_first(np.arange(6), evidence).tolist() == [0, 2, 4, 1, 5, 3]


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_badge_names_only_an_item_with_a_visible_link(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch, *, is_seen: bool
) -> None:
    other = explainer.rank("u00", k=1, section="again")[0].item_id

    def find(_: Companion, subjects: Subjects) -> Findings:
        facts = {
            name: [fact] * len(subjects) for name, fact in (("other_item_id", other), ("together", 6), ("orders", 6))
        }
        return Findings(np.arange(len(subjects)), facts)

    monkeypatch.setattr(Companion, "find", find)
    monkeypatch.setattr(explainer.shop.visible_links, "of_items", lambda other, _: np.full(len(other), is_seen))
    rows = explainer.recommend("u00", k=8, section="again", exclude=[other])
    said = {claim.kind for row in rows for claim in (*row.statements, *(badge.claim for badge in row.badges))}
    assert ("companion" in said) == is_seen


def test_a_first_time_is_told_twice_by_cards_that_would_say_nothing(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_: FirstInCategory, subjects: Subjects) -> Findings:
        names, codes = subjects.shop.catalogue.category_names, subjects.category.tolist()
        facts = {"orders": [12] * len(subjects), "category": [names[code] for code in codes]}
        return Findings(np.arange(len(subjects)), facts)

    monkeypatch.setattr(FirstInCategory, "find", find)
    told = 0
    for user_id in USERS:
        rows = explainer.recommend(user_id, k=8, section="new")
        first = [row for row in rows if "first_in_category" in {claim.kind for claim in row.statements}]
        assert len(first) <= 2
        assert all(not row.reasons and len(row.statements) == 1 for row in first)
        told += len(first)
    assert told


def test_a_line_that_is_too_long_gives_way_to_a_short_one(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kinds() -> list[str]:
        rows = [row for user in USERS for row in explainer.recommend(user, k=6, section="again", surface="push")]
        return [claim.kind for row in rows for claim in (*row.reasons, *row.statements)]

    def write(requests: list[SentenceRequest], **how: Any) -> list[Text | None]:
        said = [each.claims[0].kind if each.claims else "" for each in requests]
        return [None if kind == "due" else text for kind, text in zip(said, written(requests, **how), strict=True)]

    whole, written = kinds(), explainer.writer.write
    assert "due" in whole
    monkeypatch.setattr(explainer.writer, "write", write)
    assert kinds() == ["repeat_item" if kind == "due" else kind for kind in whole]


def test_a_second_popular_card_comes_last() -> None:
    def claim(kind: str, phi: float) -> Claim:
        return Claim(kind, f"context:{kind}", kind, phi, phi, {})

    kinds = ClaimKinds.installed()
    popular, season = claim("popular", 0.5), claim("season", 0.2)
    claims = [[popular], [popular, season]]
    budget = Budget.of(claims, kinds)
    chosen = first_reasons(claims, budget, kinds)
    assert chosen == [(popular,), (season,)]
    assert with_second_reasons(claims, chosen, budget, kinds)[0] == (popular,)
    assert first_reasons(claims[1:], Budget.of(claims, kinds), kinds) == [(popular,)]


@pytest.mark.parametrize(("has_few_kinds", "n_said"), [(True, 4), (False, 2)])
def test_with_few_kinds_more_cards_give_reasons_of_one_kind(has_few_kinds: bool, n_said: int) -> None:
    cards = [[because_of(item, 1.0)] for item in ("alien", "brazil", "contact", "diva", "alien")]
    chosen = first_reasons(cards, Budget(has_few_kinds=has_few_kinds), ClaimKinds.installed())
    assert sum(bool(claims) for claims in chosen) == n_said  # and no item speaks for two cards


def test_few_kinds_are_those_that_more_than_one_card_may_state() -> None:
    kinds, crowd = ClaimKinds.installed(), ("popular", "best_seller", "bought_together")
    of_user = ("similar_item", "frequent_item", "category_affinity", "usual_brand")
    claims = [Claim(kind, "", kind, 1.0, 0.5, {}) for kind in (*of_user, *crowd)]
    assert Budget.of([claims], kinds).has_few_kinds
    assert not Budget.of([[*claims, Claim("usual_price", "", "usual_price", 1.0, 0.5, {})]], kinds).has_few_kinds


def test_two_cards_of_a_page_speak_of_what_others_bought_together() -> None:
    cards = [[Claim("bought_together", "", f"links:{item}", 1.0, 0.5, {"other_item_id": item})] for item in "abc"]
    budget, kinds = Budget.of(cards, ClaimKinds.installed()), ClaimKinds.installed()
    assert sum(bool(claims) for claims in first_reasons(cards, budget, kinds)) == 2
    again = Claim("bought_together", "", "links:d", 1.0, 0.5, {"other_item_id": "d"})
    assert repeated_reason([again], budget, kinds, most_names=2) is None
    assert not budget.take_fact(again, is_alone=True, is_last=True)


def test_a_page_about_the_user_tells_once_what_many_buy() -> None:
    kinds = ClaimKinds.installed()
    crowd = [Claim(kind, "", "context:popularity", 1.0, 0.5, {"category": kind}) for kind in ("best_seller", "popular")]
    for more, n_told in (([], 2), ([because_of("a", 1.0)], 1)):
        budget = Budget.of([crowd, more], kinds)
        assert sum(repeated_reason([claim], budget, kinds) is not None for claim in crowd) == n_told


def test_cards_that_would_say_nothing_tell_what_many_buy_three_times_and_to_strangers_five() -> None:
    kinds, crowd = ClaimKinds.installed(), Claim("popular", "", "context:popularity", 1.0, 0.5, {})
    for of_user, n_told in (([because_of("a", 1.0)], 3), ([], 5)):
        budget = Budget.of([[crowd], of_user], kinds)
        told = 0
        while budget.may_end_with(crowd, is_last=True):
            budget.count(crowd)
            told += 1
        assert told == n_told


def because_of(item: str, phi: float) -> Claim:
    return Claim("similar_item", "group:films", f"links:{item}", phi, 0.5, {"other_item_id": item})


def test_a_card_without_a_text_may_repeat_a_name_where_it_is_asked_to() -> None:
    bought = Claim("similar_item", "group:", "item:a", 1.0, 0.5, {"other_item_id": "a"})
    budget, kinds = Budget(), ClaimKinds.installed()
    assert budget.take(bought)
    assert repeated_reason([bought], budget, kinds) is None
    assert repeated_reason([bought], budget, kinds, most_names=2) == bought
    assert repeated_reason([bought], budget, kinds, most_names=2) is None


@pytest.mark.parametrize(("facts", "n_told"), [({"category": "tea"}, 4), ({"other_item_id": "a"}, 2)])
def test_cards_that_would_say_nothing_may_name_the_same(facts: dict[str, str], n_told: int) -> None:
    fact, budget = Claim("similar_item", "", "links", 0.0, 0.0, facts), Budget()
    assert budget.take_fact(fact, is_alone=True)
    assert not budget.take_fact(fact, is_alone=True)
    assert sum(budget.take_fact(fact, is_alone=True, is_last=True) for _ in range(9)) == n_told - 1


def test_a_card_names_no_weak_cause_for_variety() -> None:
    card = Placed(0, 1, "new", score=1.0, rank=1)
    own = [because_of("alien", 0.83), because_of("brazil", 0.5), because_of("gandhi", 0.04)]
    (causes,) = open_claims([own], [card], ClaimKinds.installed(), with_lines=())
    assert causes == own[:2]


def test_a_message_has_no_sensitive_item(explainer: Explainer) -> None:
    shop, index_of = explainer.shop, explainer.shop.catalogue.index_of

    def shown(surface: str) -> int:
        lists = [explainer.recommend(user_id, k=40, surface=surface) for user_id in USERS]
        many = explainer.recommend_many(USERS, k=40, surface=surface)
        assert [[row.item_id for row in own] for own in lists] == [[row.item_id for row in own] for own in many]
        return sum(shop.is_sensitive(int(index_of([row.item_id])[0])) for own in lists for row in own)

    assert shown("card") > 0
    assert shown("email") == shown("push") == 0


def test_facts_about_the_user_are_true_whatever_drove_the_score(shop_artifacts: Path, explainer: Explainer) -> None:
    pytest.importorskip("duckdb")
    from llm_explain.evaluation.audit.tables import Audit

    version, records = explainer._at(None, None), []
    for user_id in explainer.events.user_ids[:10]:
        rows = [row for row in explainer.recommend(user_id, k=10) if row.section == "new"]
        evidence = version.reader.read(user_id, None, None).evidence
        items = version.shop.catalogue.index_of([str(row.item_id) for row in rows])
        subjects = Subjects.of(evidence, np.zeros(len(items), dtype=np.int64), items)
        for kind in version.writer.spoken_kinds().facts():
            known = with_known_items(subjects, range(len(subjects)))
            found = neutral(
                known,
                kinds=version.writer.spoken_kinds(),
                degrees=version.writer.degrees(),
                may_tell=lambda *_: True,
                among=[kind],
            )
            records += [
                {**row.to_dict(), "reasons": [], "badges": [], "statements": [fact.to_dict()]}
                for row, fact in zip(rows, found, strict=True)
                if fact is not None
            ]
    kinds = Counter(record["statements"][0]["kind"] for record in records)
    assert {"similar_item", "frequent_item", "category_affinity"} <= set(kinds)
    assert all(record["statements"][0]["phi"] == 0 for record in records)
    assert Audit(shop_artifacts / "tables", explainer.as_of).faults(records) == []


def test_a_page_has_few_facts_of_one_kind_and_names_nothing_twice() -> None:
    budget = Budget()
    facts = [Claim("similar_item", "", "", 0.0, 0.0, {"other_item_id": item}) for item in ("a", "a", "b", "c")]
    assert [budget.take_fact(fact) for fact in facts] == [True, False, True, False]
    assert [budget.take_fact(fact, is_alone=True) for fact in facts] == [False, False, False, True]  # else no text


def test_an_item_is_no_other_one_than_a_past_item_whose_name_has_all_its_words() -> None:
    """ "Onions" may be the yellow onions, so "You've bought yellow onions: how about these?" is no help."""
    catalogue = SimpleNamespace(titles=["Yellow onions, 3 lb"], index_of=lambda _: [0])
    pipeline: Any = SimpleNamespace(shop=SimpleNamespace(catalogue=catalogue))
    told = [ListPipeline._is_another(pipeline, because_of("1", 1.0), title) for title in ("Onions", "Red onions")]
    assert told == [False, True]
