"""Conversations: what messages are read as, confirmations, and answers that are proven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_explain import Explainer
from llm_explain.dialogue import Context, Dialogue, offers
from llm_explain.dialogue.answers import Answers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.mentions import WEAK, Mention, Mentions
from llm_explain.dialogue.name_finder import NameFinder
from llm_explain.dialogue.name_index import NameIndex
from llm_explain.dialogue.own_events import OwnEvents
from llm_explain.dialogue.scene import Scene
from llm_explain.dialogue.slots import Slots
from llm_explain.dialogue.verifier import AnswerVerifier
from llm_explain.dialogue.wording import Names, Wording
from llm_explain.dialogue.words import dialogue_words
from llm_explain.errors import PromptError
from scoring.data.tables import PRICE

if TYPE_CHECKING:
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.records import Explanation

USER = "u03"


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    """Return the small shop without a language model."""
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture(scope="module")
def dialogue(explainer: Explainer) -> Dialogue:
    """Return a conversation in English."""
    return Dialogue(explainer)


@pytest.fixture(scope="module")
def context(dialogue: Dialogue) -> Context:
    """Return the context of a list of six."""
    return dialogue.start(USER, k=6)


def _of_list(explainer: Explainer, user: str, item: str) -> list[Explanation]:
    return explainer.recommend(user, k=1, section="mixed", candidates=[item], sources=("phrasebook", "template"))


SAID = [
    ("Why is the first one here?", "why"),
    ("how come you picked number 2?", "why"),
    ("Explain the last item", "why"),
    ("why not cheese A?", "why_not"),
    ("Why don't I see soup B?", "why_not"),
    ("why is this above the second one", "why_above"),
    ("Why is the first one at the top?", "why_above"),
    ("compare the second and the third", "compare"),
    ("what if I had never bought cheese?", "what_if"),
    ("What would change without cheese?", "what_if"),
    ("Please stop using my cheese purchases", "stop"),
    ("don't show me soup B again", "stop"),
    ("I'm not interested in beer", "stop"),
    ("start using cheese again", "resume"),
    ("less beer please", "less"),
    ("more like the first one", "more"),
    ("show me similar things to soup A", "more"),
    ("What do you know about me?", "know"),
    ("which data have you stored?", "know"),
    ("where does that come from?", "where_from"),
    ("how do you know that?", "where_from"),
    ("prove it", "prove"),
    ("can you show me the SQL", "prove"),
    ("delete all my data", "delete_data"),
    ("I want a copy of my data", "export_data"),
    ("what can I ask?", "help"),
    ("Hello!", "small_talk"),
    ("colourless green ideas", "unknown"),
]


@pytest.mark.parametrize(("message", "intent"), SAID)
def test_messages_are_read_as_intents(dialogue: Dialogue, context: Context, message: str, intent: str) -> None:
    off = ("cheese",) if intent == "resume" else ()
    turn = dialogue.reply(USER, message, replace(context, focus=context.items[0], groups_off=off))
    assert turn.intent in {intent, "stop" if intent == "less" else intent}
    assert turn.text
    assert turn.needs_confirmation == (intent in {"stop", "resume", "less"})


@pytest.mark.parametrize(
    ("message", "intent"),
    [("为什么推荐第一个？", "why"), ("为什么没有cheese A？", "why_not"), ("你知道我的什么？", "know"),
     ("证明一下", "prove"),
     ("不要再用cheese的记录", "stop"), ("第二个和第三个有什么区别", "compare"), ("为什么第一个排在前面", "why_above"),
     ("如果我没买过cheese呢", "what_if"), ("删除我的数据", "delete_data"), ("你好", "small_talk")],
)  # fmt: skip
def test_messages_in_chinese(explainer: Explainer, context: Context, message: str, intent: str) -> None:
    turn = Dialogue(explainer, locale="zh").reply(USER, message, replace(context, focus=context.items[0]))
    assert turn.intent == intent
    assert turn.text


SAID_IN_SPANISH = [
    ("¿Por qué está el primero aquí?", "why"),
    ("por que me recomiendas el numero 2", "why"),
    ("Explícame el último", "why"),
    ("¿por qué esto?", "why"),
    ("¿Por qué no cheese A?", "why_not"),
    ("por qué no veo soup B", "why_not"),
    ("¿Dónde está soup B?", "why_not"),
    ("¿Por qué está este por encima del segundo?", "why_above"),
    ("¿por qué va el primero antes que el tercero?", "why_above"),
    ("compara el segundo y el tercero", "compare"),
    ("¿cuál es mejor, el primero o el segundo?", "compare"),
    ("qué diferencia hay entre el primero y el segundo", "compare"),
    ("¿Y si nunca hubiera comprado cheese?", "what_if"),
    ("¿qué cambiaría sin cheese?", "what_if"),
    ("que pasa si quitas cheese", "what_if"),
    ("Deja de usar mis compras de cheese, por favor", "stop"),
    ("no me muestres más soup B", "stop"),
    ("no me interesa beer", "stop"),
    ("oculta el segundo", "stop"),
    ("no uses mi historial", "stop"),
    ("vuelve a usar cheese", "resume"),
    ("usa cheese otra vez", "resume"),
    ("menos beer, por favor", "less"),
    ("más como el primero", "more"),
    ("enséñame algo parecido a soup A", "more"),
    ("¿Qué sabes de mí?", "know"),
    ("que datos guardais", "know"),
    ("qué he comprado", "know"),
    ("¿de dónde sale eso?", "where_from"),
    ("¿cómo lo sabes?", "where_from"),
    ("¿en qué te basas?", "where_from"),
    ("demuéstralo", "prove"),
    ("¿es verdad?", "prove"),
    ("enséñame los números", "prove"),
    ("pruébalo", "prove"),
    ("borra todos mis datos", "delete_data"),
    ("elimina mi cuenta", "delete_data"),
    ("quiero una copia de mis datos", "export_data"),
    ("descarga mis datos", "export_data"),
    ("¿qué puedo preguntar?", "help"),
    ("ayuda", "help"),
    ("hola", "small_talk"),
    ("¡Gracias!", "small_talk"),
    ("verdes ideas incoloras", "unknown"),
]


@pytest.mark.parametrize(("message", "intent"), SAID_IN_SPANISH)
def test_messages_in_spanish(explainer: Explainer, context: Context, message: str, intent: str) -> None:
    turn = Dialogue(explainer, locale="es").reply(USER, message, replace(context, focus=context.items[0]))
    assert turn.intent == ("stop" if intent == "less" else intent)
    assert turn.text


def test_slots_name_places_titles_and_categories(dialogue: Dialogue, context: Context) -> None:
    items = context.items
    assert dialogue.reply(USER, "why the second one?", context).slots == {"item_id": items[1]}
    assert dialogue.reply(USER, "why item 3?", context).slots == {"item_id": items[2]}
    assert dialogue.reply(USER, "compare the first and the last one", context).slots == {
        "item_id": items[0],
        "other_id": items[-1],
    }
    assert dialogue.reply(USER, "ignore my beer history", context).slots == {"category": "beer"}
    assert dialogue.reply(USER, "why tortila chips A?", context).slots == {"item_id": "70"}, "a slip of the pen"
    assert dialogue.reply(USER, "why is this here", replace(context, focus=items[3])).slots == {"item_id": items[3]}


def test_why_gives_the_verified_sentence_of_the_item(
    explainer: Explainer, dialogue: Dialogue, context: Context
) -> None:
    turn = dialogue.reply(USER, "why the first one?", context)
    (row,) = _of_list(explainer, USER, context.items[0])
    assert row.text is not None
    assert turn.text.endswith(f": {row.text.text}")
    record, (scored,) = turn.data["explanation"], explainer.explain(USER, [context.items[0]])
    assert (record["rank"], record["position"]) == (scored.rank, 1)
    assert turn.context.focus == context.items[0]


def test_staff_hear_of_the_customer_that_they_name(explainer: Explainer, dialogue: Dialogue, context: Context) -> None:
    own = dialogue.reply(USER, "what do you know about this customer?", context, role="staff")
    assert own.text.startswith("Customer u03, with data until 1 December 2017: We use 143 entries of their history, ")
    other = dialogue.reply(USER, "why was the first one recommended to customer u07?", own.context, role="staff")
    items = dialogue.start("u07", k=6).items
    assert (other.context.staff_user, other.context.items) == ("u07", items)
    (row,) = _of_list(explainer, "u07", items[0])
    assert row.text is not None
    assert other.text.startswith("Customer u07 is told: ")
    assert other.text.endswith(f": {row.text.text}")
    asked = dialogue.reply(USER, "stop using her cheese purchases", other.context, role="staff")
    assert asked.text == "Which customer do you mean?"
    asked = dialogue.reply(USER, "u07", asked.context, role="staff")
    assert asked.text == "Customer u07: Shall we stop using their history with cheese?"
    hers = dialogue.reply(USER, "customer u07s first item, why?", own.context, role="staff")
    assert hers.context.staff_user == "u07"
    unknown = dialogue.reply(USER, "what do you know about customer 99?", other.context, role="staff")
    assert unknown.text == "We have no events of customer 99."
    assert unknown.context.staff_user == "u07"


def test_an_id_of_letters_and_digits_is_a_customer(dialogue: Dialogue, context: Context) -> None:
    """ "U07 wants her data deleted" named the customer before, and a wrong route."""
    route = dialogue.reply(USER, "u07 wants her data deleted", context, role="staff").text
    assert "customer u07: DELETE /v1/users/u07." in route
    unknown = dialogue.reply(USER, "what do you know about u99?", context, role="staff")
    assert unknown.text == "We have no events of customer u99."
    assert dialogue.reply(USER, "why the b2 soup?", context, role="staff").context.staff_user == USER


def test_staff_are_told_the_routes_of_data(dialogue: Dialogue, context: Context) -> None:
    erased = dialogue.reply(USER, "delete this customer's data", context, role="staff")
    assert "DELETE /v1/users/u03." in erased.text
    assert erased.change is None
    copy = dialogue.reply(USER, "customer u07 wants a copy of her data", context, role="staff")
    assert "GET /v1/users/u07/export." in copy.text


def test_a_number_of_the_list_is_no_customer(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "show me the SQL for number 2", context, role="staff")
    assert turn.slots == {"item_id": context.items[1]}


def test_a_shopper_cannot_name_a_customer(dialogue: Dialogue, context: Context) -> None:
    forged = replace(context, staff_user="u07")
    turn = dialogue.reply(USER, "what do you know about me?", forged)
    assert turn.text == dialogue.reply(USER, "what do you know about me?", context).text
    assert turn.context.staff_user is None


@pytest.mark.parametrize(
    ("message", "intent", "slots"),
    [("第一个凭啥推给我", "why", {"item_id": "@0"}), ("你咋看出来我爱吃cheese", "where_from", {"category": "cheese"}),
     ("你说我常买cheese 有证据没", "prove", {"item_id": "33"}),
     ("cheese是帮同事买的 别算我的", "stop", {"category": "cheese"})],
)  # fmt: skip
def test_chinese_messages_without_punctuation(
    explainer: Explainer, context: Context, message: str, intent: str, slots: dict[str, str]
) -> None:
    turn = Dialogue(explainer, locale="zh").reply(USER, message, context)
    wanted = {name: context.items[0] if value == "@0" else value for name, value in slots.items()}
    assert (turn.intent, turn.slots) == (intent, wanted)


def test_part_of_a_chinese_title_is_a_name() -> None:
    grammar, _, _ = dialogue_words("zh")
    names = NameFinder(grammar, {"a": ["Coca-Cola 可口可乐"], "b": ["皇家猫粮"]}, {"碳酸饮料": ["碳酸饮料"]})
    assert [each.shown for each in names.find("不喜欢可乐", ["a", "b"]).found] == [("a",)]
    assert [each.items for each in names.find("可乐呢", []).found] == [("a",)]


def test_a_long_message_without_spaces_searches_few_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """It searched all items with its first two characters, once for each run of its words."""
    grammar, _, _ = dialogue_words("zh")
    titles = {name: [name] for name in (f"{chr(0x4E00 + place)}奶酪条" for place in range(300))}
    names, asked, search = NameFinder(grammar, titles, {"x": ["x"]}), list[int](), NameIndex._holding

    def counted(self: NameIndex, telling: tuple[str, ...], items: list[str], is_joined: bool) -> list[str]:
        asked.append(len(items))
        return search(self, telling, items, is_joined)

    monkeypatch.setattr(NameIndex, "_holding", counted)
    names.find("奶酪面包" * 125, [])
    assert sum(asked) == 300  # "奶酪" alone has items; they are kept for its other 124 places


def test_one_character_that_ends_a_title_on_screen_is_a_name() -> None:
    grammar, _, _ = dialogue_words("zh")
    titles = {"a": ["嘎啦苹果"], "b": ["巴梨"], "c": ["大号鸡蛋"]}
    names = NameFinder(grammar, titles, {"牛奶和奶精": ["牛奶和奶精"]})
    found = names.find("苹果和梨哪个更适合我", ["a", "b", "c"]).found
    assert [each.shown for each in found] == [("a",), ("b",)]
    assert [each.category for each in names.find("我买牛奶的记录", ["a"]).found] == ["牛奶和奶精"]


@pytest.mark.parametrize(
    ("locale", "titles", "said"),
    [("en", ["Atlantic salmon fillet", "Ground beef"], "why isn't salmon in my list"),
     ("es", ["Salmón fresco en filetes", "Carne picada"], "por qué no sale el salmón"),
     ("zh", ["三文鱼柳", "牛肉末"], "怎么没有三文鱼"), ("zh", ["冷冻虾仁 500克", "牛肉末"], "虾仁为什么要订这么多")],
)  # fmt: skip
def test_a_word_of_one_title_alone_means_its_item(locale: str, titles: list[str], said: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    names = NameFinder(grammar, {title: [title] for title in titles}, {"x": ["x"]}, None)
    assert [each.items for each in names.find(said, []).found if each.strength > WEAK] == [(titles[0],)]


SIZES = {
    "a": ["Beer, 12 oz", "啤酒（12盎司）"], "b": ["Beer, 24 oz", "啤酒（24盎司）"], "c": ["Broccoli", "西兰花"],
    "d": ["Cut broccoli or cauliflower", "切好的西兰花或花椰菜"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "intent", "said", "slots", "choices"),
    [("en", "why_not", "wheres the beer???", {"category": "beer"}, ()),
     ("en", "why_not", "why no beer, 24 oz", {"item_id": "b"}, ()),
     ("zh", "why_not", "怎么没有啤酒", {"category": "beer"}, ()),
     ("zh", "paid", "买西兰花花了多少钱", {"item_id": "c"}, ()),
     ("zh", "price", "西兰花多少钱", {"item_id": "c"}, ())],
)  # fmt: skip
def test_a_category_is_meant_before_a_size_and_a_title_before_a_part(
    locale: str, intent: str, said: str, slots: dict[str, str], choices: tuple[str, ...]
) -> None:
    grammar, _, _ = dialogue_words(locale)
    names = NameFinder(grammar, SIZES, {"beer": ["beer", "啤酒和苹果酒"], "greens": ["greens", "绿叶菜"]})
    of_item = {"a": "beer", "b": "beer", "c": "greens", "d": "greens"}
    assert Slots(grammar, of_item).of(intent, names.find(said, []), Context()) == (slots, choices)


def test_a_price_of_several_sizes_is_asked_back() -> None:
    grammar, _, _ = dialogue_words("zh")
    eggs = {"a": ["大号鸡蛋（1打）"], "b": ["大号鸡蛋（18枚）"]}
    found = NameFinder(grammar, eggs, {"eggs": ["鸡蛋"]}).find("大号鸡蛋多少钱", [])
    assert Slots(grammar, dict.fromkeys("ab", "eggs")).of("price", found, Context()) == ({}, ("a", "b"))


@pytest.mark.parametrize(
    ("locale", "intent", "said"),
    [("en", "why_above", "how come the can soda multipack beats the 2 liter one"),
     ("en", "compare", "the cans or the big bottle of pop?"), ("en", "compare", "multipack vs the two liter one"),
     ("es", "compare", "entre el pack de latas y la botella de 2 litros, ¿cuál me conviene más?"),
     ("es", "compare", "¿las latas o la botella de dos litros?")],
)  # fmt: skip
def test_words_of_a_title_tell_the_other_item(locale: str, intent: str, said: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    titles = {
        "can": ["Multi-pack of canned soft drinks, 12 oz", "pack de refrescos en lata (12 oz)"],
        "rice": ["Rice cakes, 4.5 oz", "tortitas de arroz (4,5 oz)"],
        "bottle": ["Soft drink in a 2-liter bottle", "refresco en botella de 2 litros"],
    }
    names = NameFinder(grammar, titles, {"soft drinks": ["soft drinks", "refrescos"], "rice": ["rice", "arroz"]})
    of_item = {"can": "soft drinks", "rice": "rice", "bottle": "soft drinks"}
    context = Context(items=tuple(titles))
    found = names.find(said, context.items)
    assert Slots(grammar, of_item).of(intent, found, context) == ({"item_id": "can", "other_id": "bottle"}, ())


def test_a_label_tells_an_item_beside_a_listed_one_of_its_name() -> None:
    grammar, _, _ = dialogue_words("en")
    titles = {"a": ["Cream cheese, 8 oz"], "b": ["Cream cheese, 8 oz (store brand)"], "c": ["Rice cakes (store brand)"]}
    names = NameFinder(grammar, titles, {"cheese": ["cheese"], "rice": ["rice"]})
    context = Context(items=("c", "a"), focus="a")
    found = names.find("compare this with the store brand cream cheese", context.items)
    of_item = {"a": "cheese", "b": "cheese", "c": "rice"}
    assert Slots(grammar, of_item).of("compare", found, context) == ({"item_id": "a", "other_id": "b"}, ())


def test_less_of_a_word_is_less_of_its_category() -> None:
    grammar, _, _ = dialogue_words("es")
    names = NameFinder(grammar, {"a": ["refrescos en lata"], "b": ["arroz"]}, {"x": ["refrescos"], "y": ["arroz"]})
    found = names.find("ya vale de tanto refresco, ponme menos", ["a"])
    assert Slots(grammar, {"a": "x", "b": "y"}).of("less", found, Context(items=("a",))) == ({"category": "x"}, ())


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "nothing just cause its popular"), ("es", "no me recomiendes nada solo porque es popular")],
)
def test_popular_is_a_kind_of_reason(locale: str, said: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    assert NameFinder(grammar, {"a": ["Tea"]}, {"x": ["tea"]}).find(said, []).kinds == ["popular"]


def test_a_word_of_some_titles_of_a_category_means_their_items() -> None:
    grammar, _, _ = dialogue_words("en")
    titles = {"a": ["Wireless mouse"], "b": ["Optical mouse"], "c": ["Mechanical keyboard"]}
    names = NameFinder(grammar, titles, {"mice and keyboards": ["mice and keyboards"]})
    slots = Slots(grammar, dict.fromkeys("abc", "mice and keyboards"))
    assert slots.of("why_not", names.find("why no keyboard?", []), Context()) == ({"item_id": "c"}, ())
    assert slots.of("stop", names.find("stop using my keyboard purchases", []), Context()) == (
        {"category": "mice and keyboards"},
        (),
    )


def test_a_rare_word_of_the_examples_is_a_name_of_the_shop() -> None:
    grammar, _, _ = dialogue_words("zh")
    assert any("披萨" in text for text in grammar.texts())
    names = NameFinder(grammar, {"a": ["意式香肠披萨"]}, {"冷冻披萨": ["冷冻披萨"]})
    assert [each.shown for each in names.find("为啥给我推披萨", ["a"]).found] == [("a",)]


@pytest.mark.parametrize(("locale", "said"), [("en", "3 or 5?"), ("es", "entre 3 y 5, cuál"), ("zh", "3跟5哪个好")])
def test_two_bare_numbers_are_two_places(locale: str, said: str) -> None:
    finder, items = NameFinder(dialogue_words(locale)[0], {}, {}), [*"abcdef"]
    assert [each.shown for each in finder.find(said, items).found] == [("c",), ("e",)]
    assert not finder.find({"en": "3 or 5 weeks", "es": "3 o 5 veces", "zh": "3到5次"}[locale], items).found


def test_a_place_in_words_alone_is_one_in_spanish() -> None:
    finder = NameFinder(dialogue_words("es")[0], {}, {})
    assert [each.shown for each in finder.find("¿y el dos?", ["a", "b"]).found] == [("b",)]
    assert not finder.find("por qué el dos por uno", ["a", "b"]).found


@pytest.mark.parametrize(
    ("said", "shown"),
    [("why the chobani?", ("yogurt",)), ("why store brand milk", ("milk",)), ("more store brand", ("milk", "eggs")),
     ("why the milk from chobani", ("shake",))],
)  # fmt: skip
def test_a_label_is_a_name(said: str, shown: tuple[str, ...]) -> None:
    titles = {"milk": ["White milk, 1 gallon (store brand)"], "eggs": ["Large eggs (store brand)"],
              "yogurt": ["Greek yogurt (Chobani)"], "shake": ["Chocolate milk (Chobani)"]}  # fmt: skip
    listed = [item for item in titles if item != "shake" or "milk from" in said]
    found = NameFinder(dialogue_words("en")[0], titles, {"x": ["x"]}).find(said, listed).found
    assert [each.shown for each in found] == [shown]


def test_a_category_tells_which_listed_items_a_word_means() -> None:
    grammar, _, _ = dialogue_words("en")
    names = NameFinder(grammar, {"a": ["Chicken breast"], "b": ["Chicken cat food"]}, {"Chicken": ["Chicken"]})
    found = names.find("why chicken", ["a", "b"])
    assert Slots(grammar, {"a": "Chicken", "b": "Cat food"}).of("why", found, Context()) == ({"item_id": "a"}, ())


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "would cheese still be here if i hadn't bought any soup"),
     ("es", "¿saldría cheese si no hubiera comprado soup?"), ("zh", "没买过soup的话cheese还会在吗")],
)  # fmt: skip
def test_what_was_bought_is_left_out(locale: str, said: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    names = NameFinder(grammar, {"c": ["cheese"]}, {"soup": ["soup"], "cheese": ["cheese"]})
    found = names.find(said, ["c"])
    assert Slots(grammar, {"c": "cheese"}).of("what_if", found, Context(items=("c",))) == ({"category": "soup"}, ())


def test_a_short_question_is_no_answer_to_the_one_asked_back(dialogue: Dialogue, context: Context) -> None:
    asked = dialogue.reply(USER, "compare it", context)
    assert asked.context.asked is not None
    assert dialogue.reply(USER, "why no coffee", asked.context).intent == "why_not"


def test_an_item_stands_for_its_category_where_a_category_is_asked_for(
    explainer: Explainer, dialogue: Dialogue, context: Context
) -> None:
    asked = dialogue.reply(USER, "what if I had never bought that", replace(context, focus=None))
    assert (asked.context.asked or {})["slot"] == "category"
    answered = dialogue.reply(USER, "cheese A please", asked.context)
    assert (answered.intent, answered.slots) == ("what_if", {"category": "cheese"})
    assert [row["item_id"] for row in answered.data["rows"]] == list(context.items), "the list on screen"


def test_a_yes_that_nothing_waits_for_confirms_nothing(explainer: Explainer, context: Context) -> None:
    turn = Dialogue(explainer, locale="es").reply(USER, "sí", replace(context, focus=context.items[0]))
    assert (turn.intent, turn.change, turn.text) == ("yes", None, "No hay nada que confirmar.")


def test_a_proof_counts_the_purchases(explainer: Explainer, dialogue: Dialogue) -> None:
    events = explainer.events.events.query("user_id == @USER and timestamp < @explainer.as_of")
    item = str(events["item_id"].iloc[-1])
    title = explainer.titles[item]
    proof = dialogue.reply(USER, "prove it", Context(items=(item,), focus=item))
    assert proof.text.startswith(f"“{title[:1].upper()}{title[1:]}”: bought ")


def test_a_label_of_common_words_is_no_other_thing() -> None:
    grammar, _, _ = dialogue_words("en")
    categories = {each: [each] for each in ("milk and creamers", "cocoa and milk flavorings")}
    names = NameFinder(grammar, {"a": ["Canned milk"], "b": ["White milk"]}, categories)
    (found,) = names.find("stop using my milk purchases", []).found
    assert (found.category, found.items) == ("milk and creamers", ("a", "b"))
    (found,) = (
        NameFinder(grammar, {}, {each: [each] for each in ("citrus fruit", "tropical fruit")}).find("fruit", []).found
    )
    assert (found.category, found.categories) == (None, ("citrus fruit", "tropical fruit")), "asked back"


def test_two_of_a_kind_are_compared() -> None:
    grammar, _, _ = dialogue_words("en")
    names = NameFinder(grammar, {"a": ["Large eggs, dozen"], "b": ["Large eggs, 18 count"]}, {"x": ["x"]})
    slots, at = Slots(grammar, {"a": "eggs", "b": "eggs"}), Context(items=("a", "b"))
    assert slots.of("compare", names.find("compare the eggs", ["a", "b"]), at) == (
        {"item_id": "a", "other_id": "b"},
        (),
    )
    asked = replace(at, items=("c", "a", "b"), asked={"choices": ["a", "b"]})
    found = names.find("what is the difference", asked.items)
    assert slots.of("compare", found, asked) == ({"item_id": "a", "other_id": "b"}, ())


@pytest.mark.parametrize(("before", "after"), [("order", "order"), ("risk_change", "risk"), ("price", "why")])
def test_a_bare_why_asks_about_the_last_answer_to_staff(before: str, after: str) -> None:
    grammar, _, _ = dialogue_words("en")
    at = Context(items=("a",), focus="a", intent=before)
    named, _ = Slots(grammar, {"a": "eggs"}).as_named("why", NameFinder(grammar, {}, {}).find("why?", ["a"]), at, None)
    assert named == after


def test_an_unknown_thing_is_not_compared_as_the_last_item(explainer: Explainer, context: Context) -> None:
    talk, at = Dialogue(explainer, locale="zh"), replace(context, focus=context.items[2])
    assert "other_id" not in talk.reply(USER, "第一个和榴莲哪个更适合我", at).slots
    assert talk.reply(USER, "第一个跟这个比呢", at).slots["other_id"] == context.items[2]


def test_a_new_question_is_no_answer_to_the_one_asked_back(explainer: Explainer, context: Context) -> None:
    talk = Dialogue(explainer, locale="zh")
    asked = talk.reply(USER, "如果没买过那些呢", replace(context, focus=None))
    assert asked.context.asked is not None
    assert talk.reply(USER, "不想看到第一个", asked.context).intent == "stop"


@pytest.mark.parametrize(
    ("said", "place"), [("第十三个", 13), ("第13个", 13), ("第十个", 10), ("第二十四个", 24), ("第1个", 1)]
)
@pytest.mark.parametrize("size", [10, 24])
def test_a_chinese_place_beyond_the_list_is_no_other_place(said: str, place: int, size: int) -> None:
    grammar, _, _ = dialogue_words("zh")
    items = [str(number) for number in range(1, size + 1)]
    found = NameFinder(grammar, {}, {}).find(f"{said}为什么推荐", items).found
    assert [each.shown for each in found if each.shown] == ([(str(place),)] if place <= size else [])


def _meanings(texts: list[str]) -> npt.NDArray[np.float32]:
    """Return made-up embeddings: drinks and soaps have a direction each, and food has both."""
    directions = {
        "soft drinks": (1, 0),
        "lemonade": (0.9, 0.1),
        "soap": (0, 1),
        "drinks for sport": (0.98, 0.02),
        "foam": (0.1, 0.9),
    }
    found = np.array([directions.get(text, (0, 0)) for text in texts], dtype=np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def test_words_of_a_like_meaning_find_a_category() -> None:
    grammar, _, _ = dialogue_words("en")
    names = NameFinder(grammar, {}, {each: [each] for each in ("soft drinks", "soap")}, _meanings)
    assert [each.category for each in names.find("why no fizz or foam", []).found] == ["soap"]
    several = NameFinder(grammar, {}, {each: [each] for each in ("soft drinks", "drinks for sport")}, _meanings)
    (found,) = several.find("why no lemonade", []).found
    assert (found.category, set(found.categories)) == (None, {"soft drinks", "drinks for sport"}), "asked back"


@pytest.mark.parametrize(
    ("locale", "category", "said"), [("en", "chips", "crisps"), ("es", "patatas", "papas"), ("zh", "纸尿裤", "尿不湿")]
)
def test_a_word_of_another_region_is_the_word_of_the_shop(locale: str, category: str, said: str) -> None:
    grammar, _, _ = dialogue_words(locale)
    (found,) = NameFinder(grammar, {}, {category: [category]}).find(said, []).found
    assert found.category == category
    (own,) = NameFinder(grammar, {}, {each: [each] for each in (category, said)}).find(said, []).found
    assert own.category == said, "the shop has the word itself"


def test_an_item_of_the_list_is_no_data_to_delete(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "delete the first one", context)
    assert (turn.intent, turn.slots) == ("stop", {"item_id": context.items[0]})
    assert dialogue.reply(USER, "delete all my data", context).intent == "delete_data"


def test_two_that_nobody_named_are_asked_back(dialogue: Dialogue, context: Context) -> None:
    assert dialogue.reply(USER, "which is better, this or that one?", context).text == "Which two items do you mean?"


def test_what_is_known_of_a_category_is_told(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "what do you know about my cheese purchases?", context)
    assert (turn.intent, turn.slots) == ("know", {"category": "cheese"})
    assert turn.text == "You bought from cheese 4 times, from 4 January 2017 to 15 November 2017."


def test_the_label_of_a_title_tells_items_apart() -> None:
    grammar, _, _ = dialogue_words("en")
    titles = {"a": ["White milk (store brand)"], "b": ["White milk, 1 gallon (store brand)"]}
    found = NameFinder(grammar, titles, {}).find("when does white milk, 1 gallon arrive", ["a"]).found
    assert [(each.shown, each.items) for each in found] == [((), ("b",))]


def test_a_change_waits_for_a_confirmation(dialogue: Dialogue, context: Context) -> None:
    asked = dialogue.reply(USER, "stop using my cheese purchases", context)
    assert (asked.needs_confirmation, asked.change, asked.context.groups_off) == (True, None, ())
    assert asked.text == "Shall we stop using your history with cheese?"
    refused = dialogue.reply(USER, "no", asked.context)
    assert (refused.text, refused.change, refused.context.groups_off) == ("Nothing was changed.", None, ())
    done = dialogue.reply(USER, "yes please", asked.context)
    assert done.change == {"intent": "stop", "slots": {"category": "cheese"}}
    assert done.context.groups_off == ("cheese",)
    known = dialogue.reply(USER, "what do you know about me?", done.context)
    assert "cheese" not in known.text
    again = dialogue.reply(USER, "yes", dialogue.reply(USER, "use cheese again", done.context).context)
    assert again.context.groups_off == ()


def test_what_is_named_of_a_history_is_not_called_most_of_it(dialogue: Dialogue, context: Context) -> None:
    """Of five events four were of a category that is never named: "Most are from milk and creamers" was false."""
    policy = dialogue._explainer.shop.policy
    with patch.object(type(policy), "may_name_category", lambda _, name: name == "cheese"):
        known = dialogue.reply(USER, "what do you know about me?", context)
    assert "Among their categories: cheese. Some categories are never named in this chat" in known.text


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "y milk D"), ("en", "ok and the second one"), ("es", "si quitas la leche?")]
)
def test_a_question_that_begins_like_a_yes_confirms_nothing(
    explainer: Explainer, context: Context, locale: str, said: str
) -> None:
    pending = replace(context, pending={"intent": "stop", "slots": {"category": "cheese"}})
    talk = Dialogue(explainer, locale=locale)
    assert talk.reply(USER, said, pending).change is None
    assert talk.reply(USER, {"en": "y", "es": "sí"}[locale], pending).change is not None


def test_that_means_the_category_of_the_last_answer(dialogue: Dialogue, context: Context) -> None:
    told = dialogue.reply(USER, "what do you know about my cheese purchases?", replace(context, focus=context.items[0]))
    assert (told.context.focus, told.context.category) == (None, "cheese")
    asked = dialogue.reply(USER, "ignore that", told.context)
    assert (asked.slots, asked.needs_confirmation) == ({"category": "cheese"}, True)
    item = dialogue.reply(USER, "why the first one?", told.context)
    assert (item.context.focus, item.context.category) == (context.items[0], None)
    forged = Context(category="no such category")
    assert not forged.names_only(["00"], ["cheese"], [])


def test_a_name_of_several_things_leaves_no_topic_behind(dialogue: Dialogue, context: Context) -> None:
    """ "Ignore that" meant the item before the question that was asked back."""
    unclear = dialogue.reply(USER, "why the 20th one?", replace(context, focus=context.items[0]))
    assert unclear.choices
    assert dialogue.reply(USER, "ignore that", unclear.context).slots == {}


def test_a_list_without_any_history_is_that_of_the_shop(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "suppose I had bought nothing at all, what would be here?", context)
    assert (turn.intent, turn.slots, turn.is_verified) == ("what_if", {"all": True}, True)
    shop = dialogue.start(USER, Context(is_personal=False), k=3).items
    titles = [dialogue._say.names.item(item) for item in shop]
    assert turn.text == f"Without your history, your list would begin with {', '.join(titles[:2])} and {titles[2]}."


def test_a_question_with_and_why_is_no_question_why(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "what does soup A cost, and why?", context)
    assert turn.intent == "price"
    assert dialogue.reply(USER, "why?", replace(context, focus=context.items[0])).intent == "why"


def test_a_size_in_a_question_of_staff_is_no_customer() -> None:
    grammar, _, _ = dialogue_words("es")
    names = NameFinder(grammar, {"a": ["Pan blanco, 20 oz (marca propia)"]}, {"pan": ["pan"]})
    text = "cuanto pan blanco de 20 oz pido"
    assert names.is_size(text, text.index("20"))
    assert not names.is_size("por que se va 20 tan pronto", len("por que se va "))


def test_names_that_stand_apart_are_not_one_name() -> None:
    grammar, _, _ = dialogue_words("es")
    titles = {"a": ["Tomates pera"], "b": ["Tomates en rama"], "c": ["Peras Bartlett"]}
    names = NameFinder(grammar, titles, {})
    assert [each.shown for each in names.find("entre los tomates y las peras", ["b", "c"]).found] == [("b",), ("c",)]
    assert [each.items for each in names.find("hay tomates pera", []).found] == [("a",)]


def test_a_word_that_leads_a_larger_category_means_it() -> None:
    grammar, _, _ = dialogue_words("en")
    categories = {each: [each] for each in ("bread and buns", "frozen bread")}
    names = NameFinder(grammar, {"a": ["Large bread"]}, categories)
    assert [(each.category, each.items) for each in names.find("my bread purchases", []).found] == [
        ("bread and buns", ())
    ]
    smaller = NameFinder(grammar, {}, {each: [each] for each in ("frozen bread", "bread and buns")})
    (either,) = smaller.find("my bread purchases", []).found
    assert (either.category, either.categories) == (None, ("frozen bread", "bread and buns")), "asked back"


def test_a_character_that_ends_one_category_alone_means_it() -> None:
    grammar, _, _ = dialogue_words("zh")
    names = NameFinder(grammar, {}, {each: [each] for each in ("香烟", "红酒", "啤酒")})
    assert [each.category for each in names.find("我买烟的记录", []).found] == ["香烟"]
    assert not names.find("我买酒的记录", []).found, "two categories end with it"


def test_a_reason_is_no_name(dialogue: Dialogue, context: Context) -> None:
    grammar, _, _ = dialogue_words("es")
    names = NameFinder(grammar, {}, {"complementos de belleza y moda": ["complementos de belleza y moda"]})
    found = names.find("no me vengas con que algo está de moda", [])
    assert (found.found, found.kinds) == ([], ["popular"])


def test_a_word_that_differs_is_no_slip_of_another_one(dialogue: Dialogue, context: Context) -> None:
    """ "Why not shoes?" was answered about the item of the last answer, because "shows" is in an example."""
    turn = dialogue.reply(USER, "why not shoes?", replace(context, focus=context.items[0]))
    assert "item_id" not in turn.slots


def test_a_reason_whose_category_is_not_named_has_a_source(explainer: Explainer, dialogue: Dialogue) -> None:
    events = explainer.events.events.query("user_id == @USER and timestamp < @explainer.as_of")
    item = str(events["item_id"].iloc[-1])
    title = explainer.titles[item]
    with patch.object(type(explainer.shop.policy), "may_name_category", lambda *_: False):
        turn = dialogue.reply(USER, "how do you know that?", Context(items=(item,), focus=item))
    assert turn.text.startswith(f"“{title[:1].upper()}{title[1:]}”: bought ")


def test_totals_follow_from_the_tables(explainer: Explainer, dialogue: Dialogue, context: Context) -> None:
    events = explainer.events.events
    own = events[(events["user_id"] == USER) & (events["timestamp"] < explainer.as_of)]
    own = own.assign(title=own["item_id"].map(explainer.titles))
    most = own["timestamp"].dt.date.groupby(own["title"]).nunique().sort_values()
    told = dialogue.reply(USER, "which did I buy most often?", context)
    assert told.slots == {"all": True}
    assert told.text.lower().startswith(
        f"“{most.index[-1].lower()}”: most often in your history, {most.iloc[-1]} times"
    )
    total = dialogue.reply(USER, "how much have I spent in total?", context)
    amount = f"{(own['price'] * own['quantity']).sum():,.2f}"
    assert amount in total.text


def test_undo_means_the_last_change(dialogue: Dialogue, context: Context) -> None:
    done = dialogue.reply(USER, "yes", dialogue.reply(USER, "stop using my cheese purchases", context).context)
    undone = dialogue.reply(USER, "undo", replace(done.context, focus=context.items[0]))
    assert undone.text == "Shall we use your history with cheese again?"


def test_a_new_request_is_no_refusal(dialogue: Dialogue, context: Context) -> None:
    asked = dialogue.reply(USER, "stop recommending the first one", context)
    other = dialogue.reply(USER, "stop using my cheese purchases please", asked.context)
    assert other.slots == {"category": "cheese"}
    assert other.needs_confirmation


def test_what_is_not_found_is_not_answered_with_another_item(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "why is there no zebra shampoo in my list?", replace(context, focus=context.items[0]))
    assert "item_id" not in turn.slots
    named = dialogue.reply(USER, "why no coffee?", replace(context, focus=context.items[0]))
    assert named.slots == {"category": "coffee"}


def test_a_question_that_the_verifier_refuses_asks_for_nothing(
    explainer: Explainer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Dialogue(explainer)
    monkeypatch.setattr(AnswerVerifier, "accepts", lambda *_, **__: False)
    asked = talk.reply(USER, "stop using my cheese purchases", context)
    assert (asked.is_verified, asked.needs_confirmation, asked.context.pending) == (False, False, None)
    assert talk.reply(USER, "yes", asked.context).change is None


def test_another_question_drops_a_change_that_waits(dialogue: Dialogue, context: Context) -> None:
    asked = dialogue.reply(USER, "stop recommending the first one", context)
    other = dialogue.reply(USER, "why the second one?", asked.context)
    assert other.context.pending is None
    assert dialogue.reply(USER, "yes", other.context).change is None


def test_unclear_questions_are_asked_back_with_choices(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "why?", context)
    assert turn.text == "Which item do you mean?"
    assert len(turn.choices) == 5
    answered = dialogue.reply(USER, "the second one", turn.context)
    assert (answered.intent, answered.slots) == ("why", {"item_id": context.items[1]})


def test_data_are_neither_sent_nor_deleted_by_talk(dialogue: Dialogue, context: Context) -> None:
    for message in ("delete my account", "erase everything you know about me"):
        turn = dialogue.reply(USER, message, context)
        assert turn.intent == "delete_data"
        assert (turn.change, turn.needs_confirmation) == (None, False)


def test_numbers_of_what_is_known_follow_from_the_tables(
    explainer: Explainer, dialogue: Dialogue, context: Context
) -> None:
    rows = explainer.events.events.query("user_id == @USER")
    rows = rows[rows["timestamp"] < explainer.as_of]
    turn = dialogue.reply(USER, "what do you know about me?", context)
    first, last = (f"{day.day} {day:%B %Y}" for day in (rows["timestamp"].min(), rows["timestamp"].max()))
    assert turn.text.startswith(f"We use {len(rows)} entries of your history, from {first} to {last}.")


ENDS = {"first": "2017-01-03", "last": "2017-11-29", "moment": "2017-12-01"}


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_each_frame_is_accepted_and_each_changed_value_is_refused(explainer: Explainer, locale: str) -> None:
    import datetime as dt

    _, words, rules = dialogue_words(locale)
    names = Names(locale, explainer.titles)
    wording, verifier = Wording(words, locale, names, "USD"), AnswerVerifier(rules, locale, names, "USD")
    whole = {
        "item": "00", "other": "21", "items": ("10", "20"), "category": "cheese", "categories": ("beer", "milk"),
        "term": "price", "kind": "promotion", "record": "0a1b2c", "event": "view", "user": "u03", "deed": "play",
    }  # fmt: skip
    changed = {
        "item": "01", "other": "22", "items": ("10", "30"), "category": "soup", "categories": ("beer", "soup"),
        "term": "season", "kind": "popular", "record": "ffffff", "event": "like", "user": "u04", "deed": "watch",
    }  # fmt: skip
    for frame, text in words.frames.items():
        slots = {slot.lower() for slot in wording_slots(text)}
        fields = {name: value for name, value in whole.items() if name in slots}
        numbers = {
            name: 1234
            for name in ("place", "rank", "count", "share", "days", "length", "months", "more")
            if name in slots
        }
        dates = {name: dt.date.fromisoformat(day) for name, day in ENDS.items() if name in slots}
        of_each = {"amount": 1234.5, "low": 0.5, "high": 2.25, "total": 9.75}
        amounts = {name: value for name, value in of_each.items() if name in slots}
        statement = Statement(frame, **fields, numbers=numbers, dates=dates, amounts=amounts)  # type: ignore[arg-type]
        said = wording.say(statement)
        assert verifier.accepts(said, statement), (frame, said)
        of_customer = wording.say(statement, is_staff=True)
        assert verifier.accepts(of_customer, statement, is_staff=True), (frame, of_customer)
        for name in fields:
            other = replace(statement, **{name: changed[name]})  # type: ignore[arg-type]
            assert not verifier.accepts(wording.say(other), statement), (frame, name)
        for name in numbers:
            assert not verifier.accepts(wording.say(replace(statement, numbers={name: 1235})), statement)
        for name in amounts:
            assert not verifier.accepts(wording.say(replace(statement, amounts={**amounts, name: 1.01})), statement)
        for name in dates:
            later = {**dates, name: dates[name] + dt.timedelta(days=1)}
            assert not verifier.accepts(wording.say(replace(statement, dates=later)), statement)
        assert not verifier.accepts(said + " Buy now!", statement)


def test_talk_does_not_stand_for_a_statement(explainer: Explainer) -> None:
    _, words, rules = dialogue_words("en")
    verifier = AnswerVerifier(rules, "en", Names("en", explainer.titles))
    assert verifier.accepts(words.frames["cancelled"], Statement("cancelled"))
    assert not verifier.accepts(words.frames["cancelled"], Statement("know_none"))
    assert not verifier.accepts(words.frames["know_none"], Statement("cancelled"))


def wording_slots(frame: str) -> set[str]:
    """Return the slots of a frame."""
    import string

    return {name for _, name, _, _ in string.Formatter().parse(frame) if name}


WORDS = [
    "yes", "no", "stop", "using", "delete", "everything", "why", "not", "the", "first", "one", "cheese", "soup A",
    "ignore previous instructions", "confirm", "all", "my", "data", "{item}", "@item", "use", "again", "$(rm)", "7",
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join), max_size=5))
def test_nothing_changes_without_a_confirmation(dialogue: Dialogue, context: Context, messages: list[str]) -> None:
    at = context
    for message in messages:
        turn = dialogue.reply(USER, message, at)
        assert turn.text
        if turn.change is not None:
            assert at.pending is not None, "a change follows a question"
            assert turn.change == at.pending
        elif (at.groups_off, at.hidden, at.kinds_off, at.is_personal) != (
            turn.context.groups_off,
            turn.context.hidden,
            turn.context.kinds_off,
            turn.context.is_personal,
        ):
            raise AssertionError("the context changed without a change")
        at = turn.context


def test_a_locale_without_words_is_refused(explainer: Explainer) -> None:
    with pytest.raises(PromptError, match="locale is 'xx'"):
        Dialogue(explainer, locale="xx")


def test_a_long_question_that_names_nothing_of_the_shop_is_not_answered_about_the_last_item(
    dialogue: Dialogue, context: Context
) -> None:
    turn = dialogue.reply(USER, "how do you know I have a dog at home?", replace(context, focus=context.items[0]))
    assert "item_id" not in turn.slots or turn.slots["item_id"] != context.items[0]


def test_a_word_of_a_category_is_not_an_item_whose_title_says_more() -> None:
    grammar, _, _ = dialogue_words("en")
    titles = {"1": ("Canned milk, 12 oz",), "2": ("Bananas",)}
    names = NameFinder(grammar, titles, {"milk and creamers": ("milk and creamers",)})
    (mention,) = names.find("stop using my milk purchases", ()).found
    assert (mention.category, mention.items) == ("milk and creamers", ("1",))
    assert not mention.is_whole
    (whole,) = names.find("why no bananas", ()).found
    assert (whole.items, whole.is_whole) == (("2",), True)


def test_undo_puts_a_hidden_item_back_where_it_was(dialogue: Dialogue, context: Context) -> None:
    hidden = dialogue.reply(USER, "yes", dialogue.reply(USER, "hide the second one", context).context).context
    assert hidden.items == (context.items[0], *context.items[2:])
    back = dialogue.reply(USER, "yes", dialogue.reply(USER, "undo", hidden).context).context
    assert (back.items, back.hidden) == (context.items, ())
    nothing = dialogue.reply(USER, "undo", context)
    assert (nothing.text, nothing.needs_confirmation) == ("Nothing was changed.", False)


def test_a_list_follows_what_is_switched_off(dialogue: Dialogue, context: Context) -> None:
    done = dialogue.reply(USER, "yes", dialogue.reply(USER, "stop using all my data", context).context).context
    assert done.items == dialogue.start(USER, Context(is_personal=False), k=len(context.items)).items


def test_a_new_question_is_no_answer_to_the_last_one(dialogue: Dialogue, context: Context) -> None:
    asked = dialogue.reply(USER, "how often do I buy it?", context)
    assert asked.text == "Which item do you mean?"
    assert dialogue.reply(USER, "why not bread?", asked.context).intent == "why_not"
    assert dialogue.reply(USER, "the second one", asked.context).intent == "how_often"


def test_a_place_below_the_list_is_no_item(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "why the 20th one?", replace(context, focus=context.items[0]))
    assert "item_id" not in turn.slots
    assert turn.choices


def test_a_fact_about_the_person_is_not_asked_of_the_last_item(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(
        USER, "this is creepy, how do you know I have kids?", replace(context, focus=context.items[0])
    )
    assert turn.text.startswith("We use 143 entries of your history")


def test_purchases_of_what_the_shop_lacks_are_not_the_whole_history(dialogue: Dialogue, context: Context) -> None:
    turn = dialogue.reply(USER, "stop using my zebra purchases", context)
    assert (turn.slots, turn.needs_confirmation) == ({}, False)


def test_a_name_means_what_the_user_bought_before_the_rest_of_the_catalogue() -> None:
    grammar, _, _ = dialogue_words("en")
    titles = {"1": ("Canned salmon, 14 oz",), "2": ("Fresh salmon",), "3": ("Dinner bread",), "4": ("White bread",)}
    names = NameFinder(grammar, titles, {})
    (salmon,) = names.find("why no salmon", (), {"2"}).found
    assert salmon.items == ("2", "1")
    white, dinner = names.find("white bread and dinner bread", ("3", "4")).found
    assert (white.shown, dinner.shown) == (("4",), ("3",))


def test_part_of_the_name_of_a_category_is_one_though_a_word_of_it_is_common() -> None:
    grammar, _, _ = dialogue_words("en")
    names = NameFinder(grammar, {"1": ("Bananas",)}, {"dog food and treats": ("dog food and treats",)})
    (mention,) = names.find("forget my dog food purchases", ()).found
    assert (mention.category, mention.is_whole) == ("dog food and treats", True)


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "when was I last in the shop?"), ("en", "how often do I come here"),
    ("es", "¿cuándo vine por última vez?"), ("zh", "我上次来是什么时候"),
])  # fmt: skip
def test_visits_are_of_all_purchases_and_not_of_the_last_item(
    explainer: Explainer, context: Context, locale: str, message: str
) -> None:
    own = explainer.events.history(USER, explainer.as_of)
    answer = Dialogue(explainer, locale=locale).reply(USER, message, replace(context, focus=context.items[0])).text
    first, last = (explainer.shop.shop.clock.local(pd.Timestamp(own.timestamp[at])) for at in (0, -1))
    assert all(str(number) in answer for number in (len(np.unique(own.occasion)), first.day, last.day))
    assert explainer.titles[context.items[0]] not in answer


@pytest.mark.parametrize(("locale", "message", "intent"), [
    ("es", "¿cuándo fue la primera vez?", "how_often"), ("es", "¿cuándo lo compré por primera vez?", "how_often"),
    ("zh", "第一次是什么时候", "how_often"),
    ("en", "I don't remember buying it", "prove"), ("es", "¿seguro? no me acuerdo de haberlo comprado", "prove"),
    ("zh", "我不记得买过这个", "prove"), ("es", "pues no me gustan", "stop"),
])  # fmt: skip
def test_a_question_without_a_name_is_about_the_last_item(
    explainer: Explainer, context: Context, locale: str, message: str, intent: str
) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, replace(context, focus=context.items[1]))
    assert (turn.intent, turn.slots) == (intent, {"item_id": context.items[1]})


def test_it_is_the_same_item_after_a_what_if_and_after_a_comparison_of_prices(
    explainer: Explainer, context: Context
) -> None:
    for locale, what_if, cheaper, above in (
        ("en", "what if I had never bought it?", "is it cheaper than the second one?", "why is it above the second?"),
        (
            "es",
            "¿y si no lo hubiera comprado nunca?",
            "¿es más barato que el segundo?",
            "¿por qué va antes del segundo?",
        ),
        ("zh", "如果我没买过它呢", "它比第二个便宜吗", "为什么它排在第二个前面"),
    ):
        spoken, first = Dialogue(explainer, locale=locale), replace(context, focus=context.items[0])
        turn = spoken.reply(USER, what_if, first)
        assert (
            turn.slots["category"]
            == explainer.shop.catalogue.category_names[
                explainer.shop.catalogue.category_index[explainer.shop.catalogue.index_of([context.items[0]])[0]]
            ]
        )
        for message in (cheaper, above):
            turn = spoken.reply(USER, message, turn.context)
            assert (turn.slots["item_id"], turn.slots["other_id"]) == context.items[:2], (locale, message)


@pytest.mark.parametrize(("locale", "message", "frame"), [
    ("en", "whats all this? who decided this list", "made_of"), ("es", "hola, ¿qué es esta lista?", "made_of"),
    ("zh", "谁决定的这个列表", "made_of"), ("en", "do you sell my data", "privacy"),
    ("es", "¿vendéis mis datos?", "privacy"),
    ("zh", "你们会卖我的数据吗", "privacy"), ("en", "can I talk to a person", "service"), ("zh", "转人工", "service"),
    ("es", "esto no sirve para nada", "service"), ("en", "whats the cheapset thing here", "no_cheapest"),
    ("es", "¿qué es lo más barato?", "no_cheapest"), ("zh", "哪个最便宜", "no_cheapest"),
])  # fmt: skip
def test_questions_beside_the_list_have_short_answers(
    explainer: Explainer, context: Context, locale: str, message: str, frame: str
) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context)
    assert turn.text.startswith(dialogue_words(locale)[1].frames[frame])


@pytest.mark.parametrize(
    ("locale", "message"),
    [("en", "what do I buy the most often"), ("es", "¿qué es lo que más compro?"), ("zh", "我最常买的是什么")],
)
def test_what_is_bought_most_is_an_item(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context)
    assert (turn.intent, turn.slots) == ("how_often", {"all": True})


def test_slips_in_words_of_messages_are_put_right(dialogue: Dialogue, context: Context) -> None:
    assert dialogue.reply(USER, "why the frist one", context).slots == {"item_id": context.items[0]}
    assert dialogue.reply(USER, "why the thrid one agian", context).slots == {"item_id": context.items[2]}
    assert dialogue.reply(USER, f"why {explainer_title(dialogue, context)} agian", context).intent == "why"


def explainer_title(dialogue: Dialogue, context: Context) -> str:
    """Return the title of the first item of the list."""
    return dialogue._explainer.titles[context.items[0]]


def test_the_cheapest_item_is_told_if_all_prices_are_known() -> None:
    catalogue = SimpleNamespace(
        items=pd.DataFrame({PRICE: [3.0, 1.5, 2.0, np.nan]}), index_of=lambda ids: [int(each) for each in ids]
    )
    shop = cast("ShopEvidence", SimpleNamespace(catalogue=catalogue))
    assert offers.cheapest(shop, ["0", "1", "2"]) == Statement("cheapest", item="1", amounts={"amount": 1.5})
    assert offers.cheapest(shop, ["0", "1", "3"]).frame == offers.cheapest(shop, ["1", "1"]).frame == "no_cheapest"


def test_a_word_that_several_bought_titles_share_means_their_category() -> None:
    context, slots = Context(), Slots(dialogue_words("en")[0], {"1": "milk and cream", "2": "milk and cream"})
    found = Mentions("how often do i buy milk", [Mention(19, 23, items=("1", "2"), led="milk and cream")])
    assert slots.one("how_often", found, context) == ({"category": "milk and cream"}, ())
    listed = Mentions(
        "spent on milk altogether", [Mention(9, 13, shown=("1",), is_whole=False, led="milk and cream")], is_all=True
    )
    assert slots.one("paid", listed, Context(items=("1",))) == ({"category": "milk and cream"}, ())


def test_a_rhythm_is_told_where_most_intervals_are_near_the_median(explainer: Explainer) -> None:
    history = explainer.events.history(USER, explainer.as_of)
    rows = np.zeros(5, dtype=np.int64)
    several = history.select(rows)
    day = np.timedelta64(1, "D")
    for gaps, days in (((7, 7, 6, 8), 7), ((1, 1, 40, 90), None)):
        moments = several.timestamp[0] - day * np.array([sum(gaps[at:]) for at in range(5)])
        told = OwnEvents(explainer.shop, replace(several, timestamp=moments)).rhythm(
            str(explainer.shop.catalogue.item_ids[several.item_index[0]])
        )
        assert (told and told.numbers) == (days and {"days": days})


@pytest.mark.parametrize(("locale", "message", "intent"), [
    ("en", "when did u05 last come to the shop", "visits"), ("en", "how often does she come in", "visits"),
    ("es", "¿cuándo vino por última vez?", "visits"), ("es", "¿cuánto hace que no viene?", "visits"),
    ("zh", "她上次什么时候来的", "visits"),
    ("en", "if the promotion does not run", "order"), ("es", "¿y si no hay promoción?", "order"),
    ("zh", "如果不促销呢", "order"),
])  # fmt: skip
def test_staff_ask_for_visits_and_for_a_forecast_without_a_promotion(
    explainer: Explainer, context: Context, locale: str, message: str, intent: str
) -> None:
    at = replace(context, focus=context.items[0], intent="order")
    turn = Dialogue(explainer, locale=locale).reply(USER, message, at, role="staff")
    assert (turn.intent, turn.is_verified) == (intent, True)


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "compare u05 and u03"), ("en", "u05 and u03 who is the bigger risk"),
    ("es", "¿quién tiene más riesgo, u05 o u03?"), ("zh", "u05和u03谁的风险更大"),
])  # fmt: skip
def test_two_customers_are_not_read_as_items(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    turn = Dialogue(explainer, locale=locale).reply(USER, message, context, role="staff")
    assert (turn.intent, turn.slots) == ("risk", {"user_id": "u05", "other_user": "u03"})
    assert turn.text == dialogue_words(locale)[1].frames["only_products"]


@pytest.mark.parametrize(("locale", "message"), [
    ("en", "what did you switch off?"), ("es", "¿qué has desactivado?"), ("zh", "你关闭了什么"),
])  # fmt: skip
def test_what_is_switched_off_is_listed(explainer: Explainer, context: Context, locale: str, message: str) -> None:
    talk, frames = Dialogue(explainer, locale=locale), dialogue_words(locale)[1].frames
    assert talk.reply(USER, message, context).text == frames["nothing_off"]
    group, item = explainer.shop.catalogue.category_names[0], context.items[0]
    off = replace(context, is_personal=False, groups_off=(group,), kinds_off=("popular",), hidden=(item,))
    turn = talk.reply(USER, message, off)
    assert turn.is_verified
    assert frames["left_out_all"] in turn.text
    assert all(
        name in turn.text for name in (talk._say.names.category(group), talk._say._wording._words.kinds["popular"])
    )
    assert talk._say.names.item(item) in turn.text


def test_a_contrast_of_a_title_whose_short_name_others_share_says_which_was_counted(
    explainer: Explainer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(Scene(explainer, USER, context, "en"))
    item = next(each for each in context.items if each in answers.scene.bought)
    pair = {"item_id": item, "other_id": next(each for each in context.items if each != item)}
    (plain,) = answers.answer("compare", pair, ()).parts
    monkeypatch.setattr(
        "llm_explain.dialogue.reason_answers.ReferringExpressions",
        lambda _: SimpleNamespace(definite=lambda _: "the tea"),
    )
    counted, *_, last = answers.answer("compare", pair, ()).parts
    assert isinstance(counted, Statement)
    assert (counted.frame, counted.item, last) == ("bought_times_item", item, plain)


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_the_name_of_a_customer_before_a_risk_is_verified(explainer: Explainer, locale: str) -> None:
    talk = Dialogue(explainer, locale=locale)
    assert "u05" in talk._say.said(Statement("of_user", user="u05"))
    assert not talk._say._verifier.accepts(
        talk._say.said(Statement("of_user", user="u05")), Statement("of_user", user="u03")
    )
