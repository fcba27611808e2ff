"""Conversations: questions without an answer, repetitions, pronouns, and other verbs than "buy"."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.dialogue import Context, Dialogue, offers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.name_finder import NameFinder
from llm_explain.dialogue.own_events import OwnEvents
from llm_explain.dialogue.periods import Periods
from llm_explain.dialogue.scene import Scene
from llm_explain.dialogue.staff import Staff
from llm_explain.dialogue.turns import named
from llm_explain.dialogue.words import dialogue_words
from scoring.data.tables import PRICE
from scoring.data.targets import RETURN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.dialogue import Turn
    from llm_explain.dialogue.turns import Role
    from llm_explain.jobs.churn.job import ChurnJob

USER = "u03"


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    """Return the small shop without a language model."""
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture(scope="module")
def mixed(mixed_artifacts: Path) -> Explainer:
    """Return the small shop with views, carts and returns."""
    return Explainer.load(mixed_artifacts, language_model=None)


@pytest.fixture(scope="module")
def context(explainer: Explainer) -> Context:
    """Return the context of a conversation about the user's list."""
    return Dialogue(explainer).start(USER, k=6)


def held(talk: Dialogue, context: Context, messages: Sequence[str], role: Role = "shopper") -> list[Turn]:
    """Return the turns of a conversation."""
    turns = []
    for message in messages:
        turns.append(talk.reply(USER, message, context, role=role))
        context = turns[-1].context
    return turns


@pytest.mark.parametrize(
    ("locale", "frame", "message"),
    [
        ("en", "details_item", "is it healthy?"),
        ("en", "shopping", "do you deliver on sundays"),
        ("en", "off_topic", "what did customer 1228 buy"),
        ("en", "service", "you are useless"),
        ("en", "privacy", "who can see what i buy"),
        ("es", "details_item", "¿es sano?"),
        ("es", "shopping", "mételo en la cesta"),
        ("es", "off_topic", "cuéntame un chiste por favor"),
        ("es", "service", "no entiendes nada"),
        ("zh", "details_item", "好吃吗"),
        ("zh", "shopping", "什么时候送货"),
        ("zh", "off_topic", "我邻居买了什么"),
        ("zh", "service", "你真笨"),
    ],
)
def test_a_question_without_an_answer_here_is_told_why(
    explainer: Explainer, context: Context, locale: str, frame: str, message: str
) -> None:
    talk = Dialogue(explainer, locale=locale)
    turn = talk.reply(USER, message, replace(context, focus=context.items[0]))
    item = context.items[0] if frame.endswith("_item") else None
    assert turn.text == talk._say.said(Statement(frame, item=item))
    assert turn.is_verified
    assert turn.intent in {"unknown", "service", "privacy"}


@pytest.mark.parametrize(("locale", "noise"), [("en", "asdkjh"), ("es", "sjdfh"), ("zh", "阿斯顿发")])
def test_nothing_that_tells_nothing_is_said_twice(
    explainer: Explainer, context: Context, locale: str, noise: str
) -> None:
    talk = Dialogue(explainer, locale=locale)
    first, second, third = held(talk, context, [noise] * 3)
    assert (first.intent, first.choices) == ("unknown", ())
    assert second.text != first.text
    assert len({second.choices, third.choices}) == 2, "other questions each time"
    assert talk.reply(USER, second.choices[0], second.context).intent == "list"
    named = held(talk, replace(context, focus=context.items[0]), [noise] * 2)[-1]
    chosen = talk.reply(USER, named.choices[0], named.context)
    assert (chosen.intent, chosen.slots["item_id"]) == ("why", context.items[0])


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_staff_are_not_told_of_a_list_of_their_own(explainer: Explainer, context: Context, locale: str) -> None:
    talk, frames = Dialogue(explainer, locale=locale), dialogue_words(locale)[1].frames
    said = {"en": ("asdkjh", "hello"), "es": ("sjdfh", "hola"), "zh": ("阿斯顿发", "你好")}[locale]
    texts = [turn.text for turn in held(talk, context, said, "staff")]
    assert texts == [frames["unknown_staff"], frames["small_talk_staff"]]


def test_why_again_asks_where_the_reason_comes_from_and_then_for_its_proof(
    explainer: Explainer, context: Context
) -> None:
    turns = held(Dialogue(explainer), context, ["why the first one?", "why?", "how do you know that?"])
    assert [turn.intent for turn in turns] == ["why", "where_from", "prove"]
    assert len({turn.text for turn in turns}) == 3


def test_why_so_many_of_a_category_counts_them_before_it_asks_which(explainer: Explainer, context: Context) -> None:
    category_of = dict(zip(explainer.shop.catalogue.item_ids, explainer.shop.catalogue.category_index, strict=True))
    cheeses = [str(item) for item, title in explainer.titles.items() if title.startswith("cheese")][:3]
    shown = replace(context, items=(*cheeses, *(each for each in context.items if each not in cheeses)))
    own = sum(category_of[each] == category_of[cheeses[0]] for each in shown.items)
    turn = Dialogue(explainer).reply(USER, "why so much cheese?", shown)
    assert turn.text.startswith(f"{own} of the {len(shown.items)} items of your list are from cheese. You bought")
    assert len(turn.choices) == own


def test_the_two_items_that_were_spoken_of_last_are_meant_together(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["why the first one?", "and the third one?", "compare them"])
    assert turns[-1].intent == "compare"
    assert {turns[-1].slots["item_id"], turns[-1].slots["other_id"]} == {context.items[0], context.items[2]}


def test_a_sensitive_category_is_neither_confirmed_nor_denied(explainer: Explainer, context: Context) -> None:
    talk, frames = Dialogue(explainer), dialogue_words("en")[1].frames
    for user in explainer.events.user_ids[:4]:
        assert talk.reply(str(user), "do you know that i buy beer?", context).text == frames["no_talk_own"]


@pytest.mark.parametrize(
    ("locale", "message"), [("en", "did i return it"), ("es", "¿lo devolví?"), ("zh", "我退过货吗")]
)
def test_returns_of_an_item_are_counted_from_the_log(mixed: Explainer, locale: str, message: str) -> None:
    events = mixed.events.events
    returned = events[(events["kind"] == "return") & (events["timestamp"] < mixed.as_of)]
    sensitive = mixed.shop.is_sensitive
    rows = [row for row in returned.itertuples() if not sensitive(int(mixed.shop.catalogue.index_of([row.item_id])[0]))]
    user, item = str(rows[0].user_id), str(rows[0].item_id)
    talk = Dialogue(mixed, locale=locale)
    turn = talk.reply(user, message, replace(talk.start(user, k=6), focus=item))
    count = len(returned[(returned["user_id"] == user) & (returned["item_id"].map(mixed.titles) == mixed.titles[item])])
    assert turn.slots["event"] == "return"
    assert str(count) in turn.text
    assert turn.is_verified


@pytest.mark.parametrize(("locale", "verb"), [("en", "played"), ("es", "reprodujiste"), ("zh", "播放")])
def test_another_kind_of_event_has_its_verb_and_entries_where_a_language_has_none(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch, locale: str, verb: str
) -> None:
    shop = explainer.shop
    history = explainer.events.history(USER, explainer.as_of)
    item = str(shop.catalogue.item_ids[history.item_index[-1]])
    for kind, is_verb in (("play", True), ("juggle", False)):
        monkeypatch.setattr(type(shop), "crowd_kind", kind)
        own, talk = OwnEvents(shop, history), Dialogue(explainer, locale=locale)
        for statement in (own.last_bought(item, None), own.how_often(item, None), own.how_often(None, "cheese")):
            text = talk._say.said(statement)
            assert text
            assert (verb in text) == is_verb


def test_staff_who_name_another_customer_are_read_once(
    explainer: Explainer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Dialogue(explainer)
    reader, read = talk._reader, []
    real = type(reader).read
    monkeypatch.setattr(type(reader), "read", lambda self, text, *args: (read.append(text), real(self, text, *args))[1])
    turn = talk.reply(USER, "what do we know about customer u07", context, role="staff")
    assert "u07" in turn.text
    assert len(read) == 1


def test_what_another_customer_paid_is_told_of_that_customers_own_items(explainer: Explainer) -> None:
    talk, message = Dialogue(explainer), "how much does u07 spend on tortilla"  # a word of several titles
    told = {page: talk.reply(page, message, talk.start(page, k=6), role="staff") for page in ("u07", "u11")}
    assert told["u07"].slots["item_ids"] == told["u11"].slots["item_ids"]
    assert told["u07"].text == told["u11"].text


def test_two_questions_in_one_message_have_both_answers(explainer: Explainer, context: Context) -> None:
    both = Dialogue(explainer).reply(USER, "when did I last buy cheese and how often do I come here?", context)
    one, two = held(Dialogue(explainer), context, ["when did I last buy cheese", "how often do I come here?"])
    assert both.text == f"{one.text} {two.text}"


@pytest.mark.parametrize(
    ("locale", "first", "second"),
    [("en", "why the first one?", "and the other one?"), ("es", "¿por qué el primero?", "¿y el otro?"),
     ("zh", "为什么推荐第一个", "另一个呢")],
)  # fmt: skip
def test_the_other_one_is_another_item(
    explainer: Explainer, context: Context, locale: str, first: str, second: str
) -> None:
    turns = held(Dialogue(explainer, locale=locale), context, [first, second])
    assert [(turn.intent, turn.slots["item_id"]) for turn in turns] == [("why", each) for each in context.items[:2]]


def test_a_correction_of_a_change_asks_about_the_other_thing(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["stop using my soup purchases", "no wait, the cheese", "yes"])
    assert turns[1].needs_confirmation
    assert turns[2].change == turns[1].context.pending
    assert explainer.titles[turns[1].slots["item_id"]].startswith("cheese"), "the cheese of the list"


def test_bare_answers_out_of_the_blue_change_nothing(explainer: Explainer, context: Context) -> None:
    frames = dialogue_words("en")[1].frames
    said = {"yes": "nothing_pending", "yes, do it": "nothing_pending", "no": "cancelled", "no, leave it": "cancelled"}
    for message, frame in {**said, "forget it": "cancelled"}.items():
        turn = Dialogue(explainer).reply(USER, message, replace(context, focus=context.items[0]))
        assert turn.text == frames[frame]


def test_a_name_that_the_shop_does_not_have_is_said_not_to_be_found(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "why don't you show me pepsicola", context)
    assert turn.text.startswith(dialogue_words("en")[1].frames["not_found"])


def test_what_is_known_is_told_in_two_parts(explainer: Explainer, context: Context) -> None:
    first, second = held(Dialogue(explainer), context, ["what do you know about me?", "is that everything?"])
    assert (first.intent, second.intent) == ("know", "know")
    assert "most often in your history" in second.text or ": bought " in second.text


def test_a_sensitive_item_that_is_not_listed_has_no_place(explainer: Explainer, context: Context) -> None:
    shown = replace(
        context, items=tuple(each for each in context.items if not explainer.titles[each].startswith("beer"))
    )
    text = Dialogue(explainer).reply(USER, "why not beer A?", shown).text
    assert text == dialogue_words("en")[1].frames["no_talk_own"]


def test_the_same_question_is_not_asked_back_twice(explainer: Explainer, context: Context) -> None:
    first, second = held(Dialogue(explainer), context, ["why?", "why?"])
    assert (first.context.asked or {})["slot"] == "item_id"
    assert first.text != second.text
    assert first.choices != second.choices


def test_more_than_another_customer_compares_both(explainer: Explainer, context: Context) -> None:
    reader = Dialogue(explainer)._reader
    for message in ("is she more at risk than u07", "more than customer u07?"):
        reading = reader.read(message, replace(context, staff_user=USER), "staff")
        assert (reading.intent, reading.slots) == ("risk", {"user_id": USER, "other_user": "u07"})


def test_two_answers_to_staff_are_introduced_once(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(
        USER, "when did she last buy cheese and how often does she come in?", context, role="staff"
    )
    assert turn.text.count("ustomer u03") == 1


@pytest.mark.parametrize(
    ("locale", "message"),
    [
        ("en", "which customers are most at risk"),
        ("es", "¿qué clientes están en riesgo?"),
        ("zh", "哪些顾客最可能流失"),
    ],
)
def test_a_list_of_risks_needs_a_model(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context, role="staff")
    assert turn.text == dialogue_words(locale)[1].frames["no_model"]


def test_compare_him_with_a_customer_is_about_both(explainer: Explainer, context: Context) -> None:
    reading = Dialogue(explainer)._reader.read("compare him with u07", replace(context, staff_user=USER), "staff")
    assert (reading.intent, reading.slots) == ("risk", {"user_id": USER, "other_user": "u07"})


def test_the_last_basket_and_the_usual_amount_follow_from_the_log(explainer: Explainer, context: Context) -> None:
    events = explainer.events.events
    own = events[(events["user_id"] == USER) & (events["timestamp"] < explainer.as_of)]
    last = own[own["timestamp"] == own["timestamp"].max()]
    turn = Dialogue(explainer).reply(USER, "what did I buy last?", context)
    assert turn.text.startswith("Your last purchase was on 29 November 2017: ")
    assert all(explainer.titles[item].lower() in turn.text.lower() for item in last["item_id"])
    usual = (own["price"] * own["quantity"]).groupby(own["timestamp"]).sum().median()
    turn = Dialogue(explainer).reply(USER, "how much do I usually spend per visit?", context)
    assert f"(median): {usual:,.2f}." in turn.text.replace("$", "")


def test_who_chose_a_listed_item_asks_why_and_a_sum_needs_no_name(explainer: Explainer, context: Context) -> None:
    talk = Dialogue(explainer)
    assert talk.reply(USER, "who chose the first one", context).intent == "why"
    november = {"all": True, "period": ("2017-11-01", "2017-11-30")}
    assert talk.reply(USER, "how much did I spend in november", context).slots == november


def test_a_person_is_named_each_time_one_is_asked_for(explainer: Explainer, context: Context) -> None:
    frames = dialogue_words("en")[1].frames
    turns = held(
        Dialogue(explainer), context, ["let me talk to a person", "i want to speak to a human", "get me a person"]
    )
    assert [turn.text for turn in turns] == [frames["service"], frames["service_more"], frames["service"]]


@pytest.mark.parametrize(
    ("locale", "asked", "said", "is_confirmed"),
    [
        ("en", "stop using my soup purchases", "ok thanks, bye", False),
        ("en", "stop using my soup purchases", "thanks", False),
        ("en", "stop using my soup purchases", "yes, do it", True),
        ("en", "stop using my soup purchases", "ok sure please", True),
        ("es", "no uses mis compras de soup", "vale, adiós", False),
        ("es", "no uses mis compras de soup", "sí, por favor", True),
        ("zh", "不要再用soup的购买记录", "好的，再见", False),
        ("zh", "不要再用soup的购买记录", "好的，谢谢", False),
    ],
)
def test_only_a_message_that_confirms_and_says_nothing_else_confirms(
    explainer: Explainer, context: Context, locale: str, asked: str, said: str, is_confirmed: bool
) -> None:
    turns = held(Dialogue(explainer, locale=locale), context, [asked, said])
    assert turns[0].needs_confirmation
    assert (turns[1].change is not None) == is_confirmed


def test_an_amount_and_a_number_of_the_last_answer_are_no_customers(explainer: Explainer, context: Context) -> None:
    reader = Dialogue(explainer)._reader
    reader._is_user = lambda user: user in {"46", "40", "10", "119"}
    shown = replace(context, staff_user=USER, numbers=("119",))
    for message in ("is 46% high", "who is above 40", "she came 10 years ago", "are 119 categories a lot"):
        assert "user_id" not in reader.read(message, shown, "staff").slots
    assert reader.read("and 46?", shown, "staff").slots["user_id"] == "46"


def test_a_refusal_in_more_words_undoes_nothing(explainer: Explainer, context: Context) -> None:
    said = ["hide the second one", "yes", "no, déjalo así"]
    turn = held(Dialogue(explainer, locale="es"), context, ["quita el segundo", "sí", said[2]])[-1]
    assert not turn.needs_confirmation


def test_until_when_the_data_go_is_told(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "as of which date is that?", context)
    assert turn.text == "The data go until 1 December 2017."


@pytest.mark.parametrize(
    ("locale", "message"),
    [
        ("en", "but I'm telling you I didn't buy the cheese, my daughter did"),
        ("en", "those are not the same soup"),
        ("en", "something for breakfast for less than 3 dollars"),
        ("es", "algo para desayunar por menos de 3 dólares"),
        ("es", "ya pero no es el mismo cheese"),
        ("es", "¿qué hay de nuevo?"),
        ("zh", "那是我女儿买的"),
        ("zh", "有没有3美元以下的早餐"),
    ],
)
def test_a_message_without_a_verb_of_stopping_proposes_no_change(
    explainer: Explainer, context: Context, locale: str, message: str
) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, replace(context, focus=context.items[0]))
    assert (turn.needs_confirmation, turn.context.pending, turn.change) == (False, None, None)


@pytest.mark.parametrize(
    ("locale", "stop", "yes", "resume"),
    [
        ("en", "stop using my cheese and soup purchases", "yes", "use soup and cheese again"),
        ("es", "deja de usar mis compras de cheese y soup", "sí", "vuelve a usar soup y cheese"),
        ("zh", "不要再用cheese和soup的购买记录", "是", "重新用soup和cheese的记录"),
    ],
)
def test_two_things_that_are_named_together_are_changed_together(
    explainer: Explainer, context: Context, locale: str, stop: str, yes: str, resume: str
) -> None:
    talk = Dialogue(explainer, locale=locale)
    off, done, again, back = held(talk, context, [stop, yes, resume, yes])
    assert set(off.slots["categories"]) == set(done.context.groups_off) == {"cheese", "soup"}
    assert all(name in off.text and name in done.text for name in map(talk._say.names.category, ("cheese", "soup")))
    assert again.needs_confirmation
    assert back.context.groups_off == ()


def test_what_was_never_taken_out_is_not_put_back(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "use cheese again", replace(context, groups_off=("soup",)))
    assert (turn.needs_confirmation, turn.text) == (False, "We do not use your history with soup, as you asked.")


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "how much did I spend in november"), ("es", "¿cuánto gasté en noviembre?"), ("zh", "11月我花了多少钱"),
])  # fmt: skip
def test_a_period_limits_the_events(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    events = explainer.events.events
    own = events[(events["user_id"] == USER) & (events["timestamp"] < explainer.as_of)]
    own = own[
        explainer.shop.shop.clock.local(own["timestamp"].to_numpy()).astype("datetime64[M]") == np.datetime64("2017-11")
    ]
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context)
    assert turn.is_verified
    total = f"{(own['price'] * own['quantity']).sum():.2f}"
    assert total.replace(".", "") in turn.text.replace(".", "").replace(",", "")


def test_a_period_without_events_and_a_change_of_a_period_are_told(explainer: Explainer, context: Context) -> None:
    talk, frames = Dialogue(explainer), dialogue_words("en")[1].frames
    turn = talk.reply(USER, "how often did I buy cheese in november 2015", context)
    assert turn.text == "From 1 November 2015 to 30 November 2015 there is nothing in your history that we use."
    stop = talk.reply(USER, "stop using my purchases from before 3 july", context)
    assert (stop.text, stop.needs_confirmation) == (frames["no_period"], False)


def test_a_question_without_a_name_is_not_about_an_older_subject(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["why the second one?", "when was I last here?", "how much did I pay?"])
    assert turns[2].slots == {"all": True}
    turns = held(
        Dialogue(explainer), context, ["why the second one?", "when was I last here?", "what did I pay for it?"]
    )
    assert turns[2].slots == {"item_id": context.items[1]}


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "thanks. and why the second one?"), ("es", "gracias. ¿y por qué el segundo?"),
    ("zh", "谢谢，为什么推荐第二个"),
])  # fmt: skip
def test_thanks_before_a_question_do_not_count(
    explainer: Explainer, context: Context, locale: str, message: str
) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context)
    assert (turn.intent, turn.slots) == ("why", {"item_id": context.items[1]})


def test_words_of_time_are_no_pronouns_and_no_places(explainer: Explainer, context: Context) -> None:
    talk, shown = Dialogue(explainer), replace(context, focus=context.items[1])
    assert "item_id" not in talk.reply(USER, "what did I spend this year in total?", shown).slots
    assert talk.reply(USER, "why did you recommend it in the first place?", shown).slots == {"item_id": shown.focus}
    named = talk.reply(USER, "why did you recommend it?", shown)
    assert named.text.strip("“").startswith(f"{explainer.titles[context.items[1]].capitalize()[:1]}")


def test_the_list_is_told(explainer: Explainer, context: Context) -> None:
    talk = Dialogue(explainer)
    turn = talk.reply(USER, "what is on my list?", context)
    assert turn.text.startswith(f"Items of your list: {len(context.items)}. Among them: ")
    category_of = dict(zip(explainer.shop.catalogue.item_ids, explainer.shop.catalogue.category_index, strict=True))
    names = explainer.shop.catalogue.category_names
    listed = {names[category_of[item]] for item in context.items}
    for name in ("cheese", "soup"):
        text = talk.reply(USER, f"which {name} are on my list?", context).text
        assert text.startswith(
            f"From {name}, your list has" if name in listed else f"Your list has nothing from {name}."
        )


def test_a_search_says_what_cannot_be_searched(explainer: Explainer, context: Context) -> None:
    talk, frames = Dialogue(explainer), dialogue_words("en")[1].frames
    turn = talk.reply(USER, "something for breakfast under 3 dollars", context)
    assert turn.text.endswith(frames["find_how"])
    assert turn.choices
    assert talk.reply(USER, "cheese under 3 dollars", context).text.startswith(frames["no_prices"])


def test_only_items_up_to_a_price_are_told() -> None:
    catalogue = SimpleNamespace(
        items=pd.DataFrame({PRICE: [3.0, 1.5, 2.0, np.nan]}), index_of=lambda ids: [int(each) for each in ids]
    )
    shop = cast("ShopEvidence", SimpleNamespace(catalogue=catalogue))
    assert offers.up_to(shop, ["0", "1", "2", "3"], 2.0) == Statement(
        "up_to", items=("1", "2"), amounts={"amount": 2.0}
    )
    assert offers.up_to(shop, ["0", "3"], 2.0).frame == "none_up_to"
    assert offers.up_to(shop, ["3"], 2.0).frame == "no_prices"


def test_what_happens_after_a_yes_is_told_before_it(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["stop using everything", "what exactly happens if I say yes?", "yes"])
    assert turns[1].text.startswith("Without your history, your list would begin with ")
    assert turns[2].change == {"intent": "stop", "slots": {"all": True}}


def test_a_question_and_a_change_in_one_message_are_both_heard(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "why the first one? and please stop showing me the third one", context)
    assert (turn.needs_confirmation, turn.slots) == (True, {"item_id": context.items[2]})
    assert turn.text.startswith(Dialogue(explainer).reply(USER, "why the first one?", context).text)


def test_the_last_one_after_visits_is_a_purchase(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["how often do I come here?", "and the last one?"])
    assert (turns[1].intent, turns[1].slots) == ("last_bought", {"all": True})


def test_a_name_of_what_a_category_lacks_is_not_its_name() -> None:
    grammar, _, _ = dialogue_words("en")
    names = NameFinder(grammar, {}, {each: [each] for each in ("non-dairy drinks", "dairy spreads")})
    assert [each.category for each in names.find("which dairy do you have", []).found] == ["dairy spreads"]


@pytest.mark.parametrize(
    ("locale", "message"),
    [
        ("en", "no cheese and no soup please"),
        ("en", "I hate cheese and soup, take them off"),
        ("es", "sin cheese y sin soup, por favor"),
        ("zh", "不要cheese也不要soup"),
    ],
)
def test_no_and_no_is_one_change_of_both(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, replace(context, focus=context.items[0]))
    assert turn.needs_confirmation
    titles = explainer.shop.catalogue.titles[explainer.shop.catalogue.index_of(named(turn.slots, "item"))]
    assert {*named(turn.slots, "group"), *(title.split()[0] for title in titles)} == {"cheese", "soup"}


def test_a_word_for_several_things_counts_all_that_were_bought(explainer: Explainer, context: Context) -> None:
    for message in ("when did I last buy cheese?", "how often did I buy cheese?", "how much did I spend on cheese?"):
        assert Dialogue(explainer).reply(USER, message, context).slots == {"category": "cheese"}


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "is there anything new?"), ("es", "¿hay algo nuevo en mi lista?"), ("zh", "有什么新的"),
])  # fmt: skip
def test_what_is_new_is_what_the_user_has_not_had(
    explainer: Explainer, context: Context, locale: str, message: str
) -> None:
    talk = Dialogue(explainer, locale=locale)
    turn = talk.reply(USER, message, context)
    bought = {explainer.titles[str(item)] for item in talk._answers(USER, context, None).scene.bought}
    for item in context.items[:5]:
        is_new = explainer.titles[item] not in bought and not explainer.titles[item].startswith("beer")
        assert (talk._say.names.item(item) in turn.text) == is_new


def test_years_and_bare_periods_ask_the_last_question_again(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["how much did I spend in 2017?", "and in 2016?", "and in november?"])
    assert [turn.slots["period"][0] for turn in turns] == ["2017-01-01", "2016-01-01", "2017-11-01"]
    assert {turn.intent for turn in turns} == {"paid"}
    both = Dialogue(explainer).reply(USER, "did I spend more in november than in october?", context).text
    assert "From 1 November 2017 to 30 November 2017:" in both
    assert "From 1 October 2017 to 31 October 2017" in both


def test_a_customer_to_compare_with_is_not_the_one_that_is_spoken_of(explainer: Explainer, context: Context) -> None:
    talk = Dialogue(explainer)
    turn = talk.reply(USER, "and compared to u07?", replace(context, intent="risk"), role="staff")
    assert turn.slots["other_user"] == "u07"
    asked = talk.reply(USER, "she wants her data deleted", turn.context, role="staff")
    assert (asked.text, asked.choices) == (dialogue_words("en")[1].frames["which_user"], ("u03", "u07"))
    for said, users in (("delete this customer's data", ["u03"]), ("delete the other one's data", ["u07"]),
                        ("delete this customer's data, and u07's too", ["u07", "u03"])):  # fmt: skip
        told = talk.reply(USER, said, turn.context, role="staff")
        assert [user for user in ("u07", "u03") if f"/users/{user}" in told.text] == users
    spent = talk.reply(USER, "what does she spend?", replace(turn.context, focus=context.items[0]), role="staff")
    assert " in all, in " in spent.text


@pytest.mark.parametrize("message", ["why the second one?", "and the second one?"])
def test_a_place_is_one_of_what_the_last_answer_listed(explainer: Explainer, context: Context, message: str) -> None:
    talk = Dialogue(explainer)
    listed = replace(context, listed=(context.items[3], context.items[4]))
    assert talk.reply(USER, message, listed).slots == {"item_id": context.items[4]}
    assert talk.reply(USER, "why the last one?", context).slots == {"item_id": context.items[-1]}
    new, why = held(talk, context, ["what's new?", "why the last one?"])
    assert why.slots == {"item_id": (new.context.listed or context.items)[-1]}


@pytest.mark.parametrize(("locale", "stop", "yes", "off"), [
    ("en", "stop using my beer purchases", "yes", "what did you switch off?"),
    ("es", "deja de usar mis compras de beer", "sí", "¿qué has desactivado?"),
    ("zh", "不要再用beer的购买记录", "是", "你关闭了什么"),
])  # fmt: skip
def test_what_no_answer_may_name_is_switched_off_without_its_name(
    explainer: Explainer, context: Context, locale: str, stop: str, yes: str, off: str
) -> None:
    talk, frames = Dialogue(explainer, locale=locale), dialogue_words(locale)[1].frames
    turns = held(talk, replace(context, items=()), [stop, yes])
    assert [turn.text for turn in turns] == [frames["ask_stop_hidden"], frames["done_stop_hidden"]]
    assert turns[1].change == {"intent": "stop", "slots": {"category": "beer"}}
    for role in ("shopper", "staff"):
        (told,) = held(talk, turns[1].context, [off], cast("Role", role))
        assert told.is_verified
        assert role == "staff" or told.text.endswith(frames["left_out_hidden"].format(count=1))
    assert not talk._say.said(Statement("left_out_group", category="beer"))
    assert "beer" not in talk._say._choices(["beer", "soup"])


@pytest.mark.parametrize(("locale", "said", "name"), [
    ("en", "stop using my pills", "Abortion pills"), ("en", "stop using my meat purchases", "Halal meat"),
    ("es", "deja de usar mis compras de carne", "carne halal"), ("zh", "不要再用肉的记录", "清真肉"),
])  # fmt: skip
def test_a_part_of_a_name_that_no_answer_may_say_means_nothing(locale: str, said: str, name: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    names = NameFinder(grammar, {"a": [f"{name} 1"]}, {name: [name], "x": ["x"]}, hidden={name, "a"})
    assert not any(each.category or each.categories or each.items for each in names.find(said, []).found)
    assert [each.category for each in names.find(f"{name} ?", []).found] == [name]


RISKS = SimpleNamespace(
    user_ids=("u05", "u07", "u01"), risk=np.array([0.4, 0.6, 0.2]), local=pd.Timestamp("2018-01-01")
)
RISKS.explain = lambda rows, **_: [  # what the churn job says of each customer
    SimpleNamespace(to_dict=lambda row=row: {"text": f"Risk of {RISKS.user_ids[row]}.", "verdict": {"ok": True}})
    for row in rows
]


@pytest.mark.parametrize(("locale", "messages"), [
    ("en", ["which customers are most at risk?", "the first of them, why?", "and the second",
             "which of the two is worse",
            "which of those two spends more?", "what did he last buy"]),
    ("es", ["¿qué clientes están en riesgo?", "el primero de ellos", "y el segundo", "¿cuál de los dos está peor?",
            "¿cuál de los dos gasta más?", "¿qué compró la última vez?"]),
    ("zh", ["哪些顾客最可能流失", "第一个呢", "那第二个呢", "两个里谁风险更大", "两个里谁花钱更多", "他上次买了什么"]),
])  # fmt: skip
def test_places_and_pronouns_mean_the_customers_that_were_listed(
    explainer: Explainer, context: Context, locale: str, messages: list[str]
) -> None:
    talk = Dialogue(explainer, locale=locale, staff=Staff(churn=cast("ChurnJob", RISKS)))
    listed, first, second, worse, spends, last = held(talk, context, messages, "staff")
    assert listed.context.users == ("u07", "u05", "u01")
    assert [(turn.intent, turn.slots["user_id"]) for turn in (first, second)] == [("risk", "u07"), ("risk", "u05")]
    assert {worse.intent, spends.intent} == {"risk", "paid"}
    assert all({turn.slots["user_id"], turn.slots["other_user"]} == {"u05", "u07"} for turn in (worse, spends))
    assert (last.intent, "u05" in last.text) == ("last_bought", True)


@pytest.mark.parametrize(("locale", "visit", "then", "summer", "month"), [
    ("en", "what did I buy on my last visit", "how much did I spend then", "how many times this summer",
     "how much do I spend a month"),
    ("es", "¿qué compré en mi última visita?", "¿cuánto gasté ese día?", "¿cuántas veces vine este verano?",
     "¿cuánto gasto al mes?"),
    ("zh", "我上次买了什么", "那次花了多少", "今年夏天我来了几次", "我每个月花多少钱"),
])  # fmt: skip
def test_a_visit_a_season_and_a_month_are_no_items(
    explainer: Explainer, context: Context, locale: str, visit: str, then: str, summer: str, month: str
) -> None:
    talk = Dialogue(explainer, locale=locale)
    turns = held(talk, context, [visit, then, summer, month])
    assert [turn.slots.get("period") for turn in turns] == [
        None, ("2017-11-29", "2017-11-29"), ("2017-06-01", "2017-08-31"), None
    ]  # fmt: skip
    assert [turn.intent for turn in turns] == ["last_bought", "paid", "visits", "paid"]
    events = explainer.events.events
    own = events[(events["user_id"] == USER) & (events["timestamp"] < explainer.as_of)]
    first, last = (pd.Timestamp(own["timestamp"].agg(each)) for each in ("min", "max"))
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    mean = f"{(own['price'] * own['quantity']).sum() / months:.2f}"
    assert mean.replace(".", "") in turns[-1].text.replace(".", "").replace(",", "")
    assert all(turn.is_verified and turn.text for turn in turns)


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "don't stop using my cheese"), ("en", "please dont hide the cheese"),
    ("en", "i don't want you to stop using my cheese"), ("en", "never stop recommending cheese"),
    ("es", "no dejes de usar mi cheese"), ("es", "no quites el cheese"), ("es", "no quiero que ocultes el cheese"),
    ("zh", "不要停用cheese"), ("zh", "别隐藏cheese"), ("zh", "不要把cheese去掉"), ("zh", "你别停用cheese啊"),
])  # fmt: skip
def test_a_refused_change_is_not_proposed(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context)
    assert (turn.needs_confirmation, turn.text) == (False, dialogue_words(locale)[1].frames["nothing_off"])


def test_a_change_after_another_customer_was_named_asks_for_the_customer(
    explainer: Explainer, context: Context
) -> None:
    talk, said = (
        Dialogue(explainer),
        ["what did u07 buy last", "the customer on the phone wants no more cheese", "u03", "yes"],
    )
    named, asked, proposed, done = held(talk, context, said, "staff")
    assert named.context.staff_user == "u07"
    assert (asked.text, asked.needs_confirmation) == (dialogue_words("en")[1].frames["which_user"], False)
    assert proposed.text.startswith("Customer u03: Shall we")
    assert (done.change or {})["user_id"] == "u03"


def test_a_main_word_of_several_categories_asks_which_and_a_word_of_a_choice_takes_it() -> None:
    grammar, _, _ = dialogue_words("en")
    several = {each: [each] for each in ("frozen fruit", "citrus fruit", "fruit drinks")}
    names = NameFinder(grammar, {"a": ["Fruit drink, 12 oz"]}, several)
    (fruit,) = names.find("i want more fruit", ["a"]).found
    assert (fruit.shown, fruit.category, fruit.categories) == ((), None, ("frozen fruit", "citrus fruit"))
    choices = ["frozen fruit", "citrus fruit"]
    assert [names.picked(said, choices) for said in ("the citrus one", "fruit", "why no zebra")] == [
        choices[1],
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("locale", "message"),
    [("en", "how much did I spend on my last visit?"), ("es", "¿cuánto gasté en mi última visita?")],
)
def test_the_last_visit_is_a_day(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    slots = Dialogue(explainer, locale=locale).reply(USER, message, context).slots
    last = explainer.events.history(USER, explainer.as_of).timestamp.max()
    day = str(pd.Timestamp(last).date())
    assert slots.get("period") == (day, day)


def test_what_was_bought_on_a_day_is_not_called_the_last_purchase(explainer: Explainer, context: Context) -> None:
    events = explainer.events.events
    own = events[(events["user_id"] == USER) & (events["timestamp"] < explainer.as_of)]
    day = own["timestamp"].sort_values().iloc[0]
    turn = Dialogue(explainer).reply(USER, f"what did I buy on {day:%-d %B %Y}?", context)
    bought = own[own["timestamp"].dt.date == day.date()]["item_id"].map(explainer.titles).nunique()
    assert "You bought " in turn.text
    assert "last" not in turn.text
    assert len(Dialogue(explainer)._answers(USER, context, None).scene.within(day.date(), day.date()).bought) == bought


def test_what_was_given_back_after_a_day_was_not_bought_on_it(explainer: Explainer, context: Context) -> None:
    """The return lies behind the period that is asked about."""
    history = explainer.events.history(USER, explainer.as_of)
    (first, *_, last) = np.flatnonzero(history.is_target).tolist()
    role = history.role.copy()
    role[last] = RETURN
    item_index = history.item_index.copy()
    item_index[last] = item_index[first]
    back = replace(history, role=role, item_index=item_index, order_id=np.full(len(history), "", dtype=object))
    alone = back.select(np.isin(np.arange(len(back)), [first, last]))
    day = pd.Timestamp(alone.timestamp[0]).date()
    scene = Scene(explainer, USER, context, "en", alone)
    assert scene.within(day, day).bought == set()


@pytest.mark.parametrize(("locale", "stop", "no"), [
    ("en", "hide the third item, and consider this my yes", "actually no wait, dont"),
    ("es", "oculta el tercero, ya te digo que sí", "bueno, mejor no"),
    ("zh", "隐藏第三个，我已经同意了", "其实不要"),
])  # fmt: skip
def test_a_yes_in_the_request_itself_confirms_nothing(
    explainer: Explainer, context: Context, locale: str, stop: str, no: str
) -> None:
    asked, refused = held(Dialogue(explainer, locale=locale), context, [stop, no])
    assert (asked.slots, asked.needs_confirmation) == ({"item_id": context.items[2]}, True)
    assert (refused.intent, refused.change) == ("no", None)


def test_why_an_item_is_not_first_compares_it_with_the_first(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "why isn't the third one first", context)
    assert turn.slots == {"item_id": context.items[0], "other_id": context.items[2]}


@pytest.mark.parametrize(("locale", "said", "own", "led"), [
    ("en", "when did i last buy ham", ("a",), "ham and bacon"),  # no category "ham" was bought from
    ("en", "when did i last buy milk", ("c",), "milk and creamers"),  # and no creamer is milk
    ("en", "when did i last buy rice", (), "rice"),
    ("es", "¿cuándo compré té por última vez?", ("f",), None),
    ("es", "¿cuándo te compré eso?", None, None),
])  # fmt: skip
def test_a_word_means_what_was_bought_with_it_in_its_name(
    locale: str, said: str, own: tuple[str, ...] | None, led: str | None
) -> None:
    titles = {
        "a": ["Deli ham"],
        "b": ["Ham, 9 oz"],
        "c": ["White milk"],
        "d": ["Creamer"],
        "e": ["Rice"],
        "f": ["Té verde"],
    }
    groups = {"a": "deli meat", "b": "ham and bacon", "c": "milk and creamers", "d": "milk and creamers", "e": "rice"}
    grammar, category_of = dialogue_words(locale)[0], {**groups, "f": "drinks"}
    names = NameFinder(grammar, titles, {each: [each] for each in category_of.values()}, category_of=category_of)
    found = names.find(names.marked(said), [], {"a", "c", "d", "e", "f"}).found
    assert [(each.own, each.led) for each in found if each.own or each.led] == ([] if own is None else [(own, led)])


def test_a_sum_says_that_something_is_switched_off(explainer: Explainer, context: Context) -> None:
    talk, off = Dialogue(explainer), replace(context, groups_off=("cheese",))
    told, whole = (talk.reply(USER, "how much did I spend in total", each).text for each in (off, context))
    assert told.startswith("Without what is switched off: ")
    assert not whole.startswith("Without")
    assert talk.reply(USER, "who spends more, u03 or u07", off, role="staff").text.count("Without") == 1


def test_what_a_visit_held_and_cost_is_told_of_its_day(explainer: Explainer, context: Context) -> None:
    last, held_then, paid = held(
        Dialogue(explainer), context, ["what did I buy last time?", "what was in it", "how much was that"]
    )
    day = (last.context.days[0],) * 2
    assert held_then.intent == "last_bought"
    assert [held_then.slots["period"], paid.slots["period"]] == [day, day]


def test_a_repeated_request_to_stop_asks_again_and_changes_nothing(explainer: Explainer, context: Context) -> None:
    asked, again = held(Dialogue(explainer), context, ["stop using my cheese purchases", "stop using it"])
    assert (again.needs_confirmation, again.change, again.slots) == (True, None, asked.slots)


def test_the_last_purchase_has_no_sum_while_something_is_left_out(explainer: Explainer, context: Context) -> None:
    off = replace(context, groups_off=("cheese",))
    (told,) = held(Dialogue(explainer), off, ["what did I buy last time?"])
    assert told.text.startswith("We do not use your history with cheese")
    assert "came to" not in told.text


def test_staff_ask_why_of_an_order_and_of_the_first_risk(explainer: Explainer, context: Context) -> None:
    reader = Dialogue(explainer)._reader
    item = context.items[0]
    title = explainer.titles[item].split(",")[0]
    after_order = replace(context, intent="due", staff_user=USER)
    assert reader.read(f"why {title}?", after_order, "staff").intent == "order"
    after_list = replace(context, intent="risk_list", staff_user=USER, users=("u01", "u02"))
    assert reader.read("why?", after_list, "staff").slots == {"user_id": "u01"}


def test_why_after_a_proof_tells_the_reason_and_not_the_proof_again(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["why the first one?", "prove it", "then why is it there"])
    assert [turn.intent for turn in turns] == ["why", "prove", "why"]


@pytest.mark.parametrize(
    ("locale", "message"), [("en", "stop using my age"), ("es", "no uses mi edad"), ("zh", "别看我的年龄")]
)
def test_what_is_not_known_of_a_person_is_not_switched_off(
    explainer: Explainer, context: Context, locale: str, message: str
) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, replace(context, focus=context.items[0]))
    assert (turn.intent, turn.slots, turn.needs_confirmation) == ("know", {"person": True}, False)


def test_which_one_means_the_items_that_were_asked_back(explainer: Explainer, context: Context) -> None:
    cheeses = [str(item) for item, title in explainer.titles.items() if title.startswith("cheese")][:2]
    shown = replace(context, items=(*cheeses, *(each for each in context.items if each not in cheeses)))
    talk = Dialogue(explainer)
    turn = talk.reply(USER, "which one do i buy", talk.reply(USER, "why so much cheese?", shown).context)
    assert turn.slots == {"item_id": cheeses[0]}
    assert all(explainer.titles[each].lower() in turn.text.lower() for each in cheeses)


def test_two_customers_are_compared_by_what_is_asked(explainer: Explainer, context: Context) -> None:
    talk, events = Dialogue(explainer), explainer.events.events
    events = events[events["timestamp"] < explainer.as_of]
    cheese = {item for item, title in explainer.titles.items() if title.startswith("cheese")}
    asked = {"who buys more cheese, u03 or u04": events["item_id"].isin(cheese), "who buys more, u03 or u04": True}
    for message, rows in asked.items():
        orders = events[rows & events["user_id"].isin([USER, "u04"])].groupby("user_id")["timestamp"].nunique()
        turn = talk.reply(USER, message, context, role="staff")
        assert turn.slots.get("category") == ("cheese" if "cheese" in message else None)
        assert (f"Customer {orders.idxmax()} is ahead." in turn.text) == (orders.min() < orders.max())


def test_a_name_with_an_unknown_word_before_it_is_said_to_be_unknown(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer).reply(USER, "do you have quokka cheese", context)
    assert turn.text.startswith("I do not find that in the shop.")


def test_that_after_the_purchases_of_a_month_means_the_month(explainer: Explainer, context: Context) -> None:
    month = f"{explainer.as_of - pd.Timedelta(days=10):%B}".lower()
    said = ["why the first one?", f"what did i buy in {month}", "what did that cost me"]
    last = held(Dialogue(explainer), context, said)[-1]
    assert {*last.slots} == {"all", "period"}


@pytest.mark.parametrize("said", ["the second", "2"])
@pytest.mark.parametrize("asked", ["stop using it", "what if I had never bought it?"])
def test_a_place_among_categories_that_were_asked_back_is_a_category(
    explainer: Explainer, context: Context, asked: str, said: str
) -> None:
    intent = "stop" if "stop" in asked else "what_if"
    whole = {"intent": intent, "slots": {}, "slot": "category", "choices": ["cheese", "apples"]}
    turn = Dialogue(explainer).reply(USER, said, replace(context, asked=whole))
    assert (turn.intent, turn.slots) == (intent, {"category": "apples"})


@pytest.mark.parametrize(
    ("message", "intent"),
    [("the second one again?", "why"), ("i can't eat cheese and you give me the first one. why", "why")],
)
def test_a_remark_with_a_question_for_the_reason_asks_for_it(
    explainer: Explainer, context: Context, message: str, intent: str
) -> None:
    assert Dialogue(explainer).reply(USER, message, context).intent == intent


def test_a_bare_name_after_a_proposal_changes_what_is_proposed(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["stop using my cheese purchases", "just the second one"])
    assert turns[-1].slots == {"item_id": context.items[1]}
    assert turns[-1].needs_confirmation


def test_the_other_one_has_its_own_reason(explainer: Explainer, context: Context) -> None:
    turns = held(Dialogue(explainer), context, ["compare the first and the third", "then why show the other"])
    assert (turns[-1].intent, turns[-1].slots) == ("why", {"item_id": context.items[2]})


def test_the_place_of_a_title_is_that_of_its_best_item(
    explainer: Explainer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, ranked = Dialogue(explainer), explainer.rank(USER, k=40)
    low, high = ranked[-1].item_id, next(each.item_id for each in ranked if each.item_id not in context.items)
    titles = dict(explainer.titles) | {low: explainer.titles[high]}
    monkeypatch.setattr(Explainer, "titles", titles)
    answers = talk._answers(USER, context, None)
    assert answers.answer("why_not", {"item_id": low}, ()).focus == high


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "why the second one?"), ("es", "¿por qué el segundo?"), ("zh", "为什么推荐第二个？"),
])  # fmt: skip
def test_the_same_answer_is_not_given_twice(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    told, again, third = held(Dialogue(explainer, locale=locale), context, [message] * 3)
    assert told.slots == again.slots
    assert not told.choices
    assert again.text == third.text == dialogue_words(locale)[1].frames["same_again"]
    assert len({again.choices, third.choices, ()}) == 3


@pytest.mark.parametrize(("messages", "intent", "slots"), [
    (["why the second one?", "when was I last here?", "how much was it?"], "paid", {"period"}),
    (["why the second one?", "ok, hide it"], "stop", {"item_id"}),
    (["why the second one?", "hide it, and the first one"], "stop", {"item_ids"}),
    (["how often do I buy cheese?", "more than beer?"], "how_often", {"category"}),
    (["what did I spend on cheese?", "a month?"], "paid", {"category", "monthly"}),
    (["why cheese?", "how long since I had any"], "last_bought", {"item_id"}),
    (["hide the first one", "mhm yes"], "yes", {"item_id"}),
    (["what did I spend in all?", "delete all of my data"], "delete_data", {"all"}),
    (["no cheese? how come"], "why", {"item_id"}),
])  # fmt: skip
def test_what_follows_is_read_by_what_was_said(
    explainer: Explainer, context: Context, messages: list[str], intent: str, slots: set[str]
) -> None:
    turn = held(Dialogue(explainer), context, messages)[-1]
    assert (turn.intent, slots <= turn.slots.keys()) == (intent, True)


def test_a_year_to_come_is_no_period() -> None:
    periods = Periods(dialogue_words("en")[0], "en")
    assert periods.cut("last order of 2070?", dt.date(2017, 11, 30)) == ("last order of 2070?", None)
