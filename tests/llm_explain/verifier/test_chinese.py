"""The same verifier on Chinese: no spaces, no capitals, measure words, full-width punctuation."""

from __future__ import annotations

import dataclasses

import pytest

from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES
from llm_explain.verifier import NameIndex, SkeletonVerifier, Verifier
from tests.llm_explain.spoken_claims import ALIKE, CLAIMS, SCENE

LEXICON = load_lexicon("zh")
SKELETONS = SkeletonVerifier(LEXICON)
RICE_CAKES = {**SCENE, "title": "Rice cakes, 4.5 oz", "titles": {"7": "Sour cream, 16 oz"}}
REALISER = Realiser(LEXICON)
PLAYED = ("similar_item", "popular")
VERIFIER = Verifier(LEXICON, NameIndex(["牛奶", "水", "巧克力牛奶"]), blocklist=["尊享", "vip"])


def codes(text, *kinds):
    spec = REALISER.specify([CLAIMS[kind] for kind in kinds], **RICE_CAKES)
    return {fault.code for fault in VERIFIER.verify(text, spec).faults}


def test_hand_written_sentences_pass():
    corpus = read_corpus(load_lexicon("zh"))
    refused = [line.text for line in corpus if SKELETONS.check(line.text, line.kinds).faults]
    assert len(corpus) >= 300
    assert refused == []


def test_values_are_written_in_the_locale_manner():
    values = REALISER.specify(list(CLAIMS.values()), **RICE_CAKES).values
    shown = {
        slot: values[slot]
        for slot in ("item", "times", "last_date", "interval", "days_since", "category", "brand_share")
    }
    assert shown == {
        "item": "这款米饼",
        "times": "12次",
        "last_date": "11月3日",
        "interval": "两周",
        "days_since": "12天",
        "category": "酸奶",
        "brand_share": "80%",
    }
    shown = {
        slot: values[slot] for slot in ("price", "usual_price", "other_item", "users_band", "month", "season_category")
    }
    assert shown == {
        "price": "US$2.99",
        "usual_price": "US$2.89",
        "other_item": "酸奶油（16盎司）",
        "users_band": "超过250",
        "month": "近几周",
        "season_category": "酸奶",
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("这款你买过12次，上次是在11月3日。", ["repeat_item"]),
        ("再看看这款，你买过12次。", ["repeat_item"]),
        ("你大约每两周就买它，上次是12天前。", ["due"]),
        ("买酸奶时，你通常选的就是这个品牌。", ["usual_brand"]),
        ("超过250位顾客买过，供你参考。", ["popular"]),
    ],
)
def test_true_texts_pass(text, kinds):
    assert codes(text, *kinds) == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("这款你买过13次。", "claim_missing"),
        ("这款你买过12天。", "claim_missing"),
        ("这款你从未买过12次。", "negation"),
        ("这款你买过12次，现在打折。", "unlicensed_promotion"),
        ("这款你买过12次，好吃。", "hype"),
        ("这款你买过12次，也买牛奶。", "unlicensed_name"),
        ("这款你买过12次，快买。", "pressing"),
        ("这款你买过12次，尊享。", "policy"),
        ("这款你买过12次，vip。", "policy"),
        ("这款你买过12次，尊享VIP。", "policy"),
        ("这款你买过12次 ，见 www.example.com。", "link"),
        ("You've bought this 12次。", "unknown_word"),
        ("这款你买过12次，受顾客欢迎。", "unlicensed_popular"),
        ("这款你买过12次，店里的新品。", "unlicensed_new_arrival"),
        ("我们买过12次。", "claim_added"),
        ("这款你买过12次，这款你买过12次。", "slot_role"),
    ],
)
def test_false_texts_are_caught(text, code):
    assert code in codes(text, "repeat_item")


@pytest.mark.parametrize(
    "text",
    [
        "你买过酸奶油（16盎司），也买过这款。",
        "你买过酸奶油（16盎司），买过这款。",
        "你买过酸奶油（16盎司），同时购买此商品。",
        "你买过酸奶油（16盎司），也买过。",
        "你买过酸奶油（16盎司），这款也买过。",
        "买过这款，因为你买过酸奶油（16盎司）。",
    ],
)
def test_another_item_does_not_say_that_this_one_was_bought(text):
    assert codes("因为你买过酸奶油（16盎司）。", "similar_item") == set()
    assert "claim_added" in codes(text, "similar_item")


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("你买过酸奶油（16盎司），有些顾客买它时也带上了这款。", True),
        ("你买过酸奶油（16盎司），有些顾客在同一单里买了它和这款。", True),
        ("你买过酸奶油（16盎司），买它的顾客里，有些在同一单里也买了这款。", True),
        ("有些买过酸奶油（16盎司）的顾客，在同一单里也买了这款。", True),
        ("你买过酸奶油（16盎司），顾客买它时也带上了这款。", False),
        ("你买过酸奶油（16盎司），你买它时也带上了这款。", False),
        ("你买过酸奶油（16盎司），有些顾客带上了这款。", False),
        ("你买过酸奶油（16盎司），有些顾客在同一单里也买了这款。", False),
        ("有些顾客在同一单里买了它和这款。", False),
        ("买它的顾客里，有些在同一单里也买了这款。", False),
    ],
)
def test_what_others_ordered_with_a_past_item(text, is_true):
    assert (codes(text, "bought_together") == set()) == is_true


@pytest.mark.parametrize(
    ("last", "licences", "text", "is_true"),
    [
        ("2017-11-03", (), "你大约4周前买过。", True),  # 28 days ago
        ("2017-11-03", (), "你大约5周前买过。", False),
        ("2017-11-25", (), "你买过4次，上次是6天前。", True),
        ("2017-11-25", (), "你买过4次，上次是7天前。", False),
        ("2017-11-03", ("regularly",), "老朋友了：你买过4次，上次大约是4周前。", False),
        ("2017-11-03", (), "你买过4次，最近一次大约是4周前。", True),
        ("2017-11-03", (), "你买过5次，最近一次大约是4周前。", False),
    ],
)
def test_a_repeat_is_some_weeks_ago_only_by_its_dates(last, licences, text, is_true):
    claim = dataclasses.replace(CLAIMS["repeat_item"], facts={"count": 4, "last": last}, licences=frozenset(licences))
    spec = REALISER.specify([claim], **RICE_CAKES)
    assert VERIFIER.verify(text, spec).ok == is_true


def test_an_old_friend_was_bought_ten_times():
    old, new = (dataclasses.replace(CLAIMS["repeat_item"], facts={"count": n, "last": "2017-11-25"}) for n in (10, 9))
    text = "老朋友了：你买过{}次，上次是6天前。"
    assert VERIFIER.verify(text.format(10), REALISER.specify([old], **RICE_CAKES)).ok
    assert not VERIFIER.verify(text.format(9), REALISER.specify([new], **RICE_CAKES)).ok


@pytest.mark.parametrize(
    ("kind", "facts", "text", "is_true"),
    [
        ("back_after_break", {"last": "2017-10-20"}, "好久没买了：以前差不多每两周买一次，上次是10月20日。", False),
        ("back_after_break", {"last": "2017-10-20"}, "你以前每两周左右买一次，上次大约是6周前。", True),
        ("back_after_break", {"last": "2017-10-20"}, "你以前每两周左右买一次，上次大约是7周前。", False),
        ("back_after_break", {"last": "2017-10-20"}, "你以前大约每两周买一次，上次是10月20日，还想再买吗？", True),
        (
            "due",
            {"days_since": 13, "last": "2017-11-18"},
            "你大约每两周买一次，上次是11月18日，差不多又到时候了。",
            False,
        ),
        (
            "due",
            {"days_since": 13, "interval_days": 12, "last": "2017-11-18"},
            "你大约每12天买一次，上次是11月18日，差不多又到时候了。",
            True,
        ),
        ("kept_since", {}, "3月以来，你多次买过。", True),
        ("kept_since", {"since": "2017-04-04"}, "3月以来，你多次买过。", False),
        ("related_title", {"other_size": "16 oz"}, "你买过16盎司的酸奶油，这是5.3盎司的。", True),
        ("related_title", {"other_size": "16 oz"}, "你买过5.3盎司的酸奶油，这是16盎司的。", False),  # swapped
        ("due", {"days_since": 20}, "你大约每两周买一次，上次是11月19日，差不多又到时候了。", True),
        ("due", {"days_since": 22}, "你大约每两周买一次，上次是11月19日，差不多又到时候了。", False),  # long past it
        ("due", {}, "你大约每两周买一次，上次是11月19日，又快到时候了。", True),
        ("due", {"days_since": 15}, "你大约每两周买一次，上次是11月19日，又快到时候了。", False),
        ("best_seller", {"among": 3}, "近30天在本店酸奶里买的人数排前三。", True),
        ("best_seller", {"among": 3}, "近30天在本店酸奶里买的人最多。", False),
        ("best_seller", {"among": 3}, "近90天在本店酸奶里买的人数排前三。", False),
        ("best_seller", {"among": 3}, "在本店酸奶里买的人数排前三。", False),
        ("best_seller", {"until": "2017-11-28T00:00:00"}, "截至11月28日的30天里，在本店酸奶里买的人数排前三。", True),
        ("best_seller", {"until": "2017-11-28T00:00:00"}, "近30天在本店酸奶里买的人数排前三。", False),
        ("best_seller", {"event_kind": "play"}, "近30天在本店酸奶里人气排前三。", True),
    ],
)
def test_words_of_time_size_and_place_hold_by_the_facts(kind, facts, text, is_true):
    claim = dataclasses.replace(CLAIMS[kind], facts={**CLAIMS[kind].facts, **facts})
    assert VERIFIER.verify(text, REALISER.specify([claim], **RICE_CAKES)).ok == is_true


@pytest.mark.parametrize(("other", "is_one"), [("Large rice cakes, 6 oz", True), ("Sour cream, 16 oz", False)])
def test_an_alternative_ends_with_the_same_noun(other, is_one):
    claim = dataclasses.replace(CLAIMS["similar_item"], facts={"other_item_id": "10"})
    told = REALISER.specify([claim], **{**ALIKE, "titles": {"10": other}})
    assert ("like_item" in told.values) == is_one
    name = told.values["other_item"].partition("（")[0]
    forced = dataclasses.replace(told, values={**told.values, "like_item": name})
    assert VERIFIER.verify(f"可以和你买过的{name}换着买。", forced).ok == is_one


def test_what_an_item_made_us_think_of_is_a_reason():
    for kind in ("similar_item", "frequent_item", "category_affinity", "related_category"):
        said = [each for each in Templates(LEXICON).skeletons([kind], "friendly") if "想到" in each.text]
        assert said
        assert all(each.is_causal for each in said)


def test_a_size_is_written_in_chinese_or_not_at_all():
    def size(written):
        claim = dataclasses.replace(CLAIMS["related_title"], facts={**CLAIMS["related_title"].facts, "size": written})
        return REALISER.specify([claim], **RICE_CAKES).values.get("own_size")

    assert [size(each) for each in ("18 count", "750ml", "large", "2 ct")] == ["18个装", "750ml", "大号", None]


def test_users_of_songs_are_no_customers():
    claims = [dataclasses.replace(CLAIMS[kind], facts={**CLAIMS[kind].facts, "event_kind": "play"}) for kind in PLAYED]
    spec = REALISER.specify(claims, **RICE_CAKES)
    assert VERIFIER.verify("你播放过酸奶油（16盎司），这个很受用户欢迎，也给你看看。", spec).faults == ()
    spec = REALISER.specify([CLAIMS[kind] for kind in PLAYED], **RICE_CAKES)
    assert not VERIFIER.verify("你买过酸奶油（16盎司），这个很受用户欢迎，也给你看看。", spec).ok


def test_an_item_that_is_called_as_its_category_may_be_a_label():
    claims = [CLAIMS["best_seller"], CLAIMS["related_category"]]
    spec = REALISER.specify(claims, title="Yogurt", as_of=SCENE["as_of"])
    assert spec.values["item_label"] == spec.values["best_category"]
    text = "酸奶：你买过即食麦片，这款近30天在本店酸奶里买的人数排前三。"
    assert VERIFIER.verify(text, spec).faults == ()


def test_a_word_of_degree_needs_its_licence():
    text = "你最近买过酸奶，来看看同品类的这款。"
    assert "unlicensed_degree" in codes(text, "category_affinity")


def test_a_short_name_within_a_longer_word_is_none():
    """A shop sells 水, and 水平 is an ordinary word."""
    assert "unlicensed_name" not in codes("本店销量里酸奶的占比近几周高于平时水平，给你看看。", "season")


@pytest.mark.parametrize("tone", TONES)
def test_combinations_that_nobody_wrote_have_sentences(tone):
    templates = Templates(LEXICON)
    for kinds in [("usual_price", "new_arrival"), ("due", "similar_item"), ("popular", "season")]:
        found = templates.skeletons(kinds, tone)
        assert len({each.opening for each in found}) >= 6
        assert all("您" not in each.text for each in found) or tone == "formal"
