"""Titles within a sentence: no size, no mark, the right number; what is no label stays as it is."""

from __future__ import annotations

import csv

import pytest

from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import prompts_root
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.verifier.proof import _Readings

ENGLISH = ReferringExpressions(load_lexicon("en"))
SPANISH = ReferringExpressions(load_lexicon("es"))
CHINESE = ReferringExpressions(load_lexicon("zh"))


@pytest.mark.parametrize(
    ("title", "this", "another"),
    [
        ("Rice cakes, 4.5 oz (store brand)", "these rice cakes", "rice cakes (4.5 oz, store brand)"),
        ("Extension cord, 12 ft", "this extension cord", "an extension cord (12 ft)"),
        ("Bag of frozen vegetables, 14 oz", "this bag of frozen vegetables", "a bag of frozen vegetables (14 oz)"),
        ("Better-for-you bacon", "this better-for-you bacon", "better-for-you bacon"),
        ("Fisher-Price toy", "this Fisher-Price toy", "a Fisher-Price toy"),
        ("Chobani Peach Yogurt 5.3 oz", "“Chobani Peach Yogurt 5.3 oz”", "“Chobani Peach Yogurt 5.3 oz”"),
        ("Bread 4", "this bread 4", "“Bread 4”"),  # "bread 4 3 times" reads as 43 times
        ("The Great Gatsby", "“The Great Gatsby”", "“The Great Gatsby”"),
        ("<>{}", "", ""),
    ],
)
def test_english_titles(title, this, another):
    assert (ENGLISH.this(title), ENGLISH.another(title)) == (this, another)


@pytest.mark.parametrize(
    ("category", "said"),
    [
        ("Candles", "candles"),
        ("Mugs & Cups", "mugs & cups"),
        ("Star Wars mugs", "Star Wars mugs"),
        ("LED lamps", "LED lamps"),
        ("Sprite", "Sprite"),
    ],
)
def test_common_nouns_have_small_letters_in_a_sentence(category, said):
    assert ENGLISH.category(category) == said
    assert ENGLISH.name(category) == category  # a brand stays as it is


@pytest.mark.parametrize(
    ("title", "this", "another"),
    [
        (
            "Rice cakes, 4.5 oz (store brand)",
            "estas tortitas de arroz",
            "tortitas de arroz (4,5 oz, marca de la tienda)",
        ),
        ("White milk, half gallon", "esta leche", "leche (medio galón)"),
        ("Extension cord, 12 ft", "este alargador", "un alargador (12 pies)"),
        ("Bag of frozen vegetables", "esta bolsa de verduras congeladas", "una bolsa de verduras congeladas"),
        ("Eggs", "estos huevos", "huevos"),
        ("Taza Reno 300 ml", "«Taza Reno 300 ml»", "«Taza Reno 300 ml»"),
        ("<>{}", "", ""),
    ],
)
def test_spanish_titles_agree_in_gender_and_number_and_unknown_ones_are_quoted(title, this, another):
    assert (SPANISH.this(title), SPANISH.another(title)) == (this, another)
    assert SPANISH.label(title).startswith("«") == another.startswith("«")


@pytest.mark.parametrize(
    ("title", "is_known", "is_feminine", "is_of_many"),
    [
        ("Camisa Oxford azul", True, True, False),
        ("Bermudas de algodón", True, True, True),
        ("Botines de ante", True, False, True),
        ("Paraguas plegable", True, False, False),
        ("Lápices de colores", True, False, True),
        ("Portavelas de cristal", True, False, False),
        ("Base de maquillaje", True, True, False),
        ("Playera de algodón", True, True, False),
        ("Pijama de algodón", True, False, False),
        ("Leche entera 1 L", True, True, False),
        ("La sombra del viento", False, False, False),
        ("Pájaros en la boca", False, False, False),
        ("Maus", False, False, False),
    ],
)
def test_a_spanish_title_agrees_by_the_noun_that_it_begins_with(title, is_known, is_feminine, is_of_many):
    said = SPANISH.is_known(title), SPANISH.is_feminine(title)
    assert said == (is_known, is_feminine)
    assert not is_known or SPANISH.is_of_many(title) == is_of_many
    assert SPANISH.another(title) == f"«{title}»"


@pytest.mark.parametrize(
    ("category", "said"),
    [
        ("Ropa de casa y pijamas", "ropa de casa y pijamas"),
        ("Poesía", "poesía"),
        ("Bolsos y mochilas", "bolsos y mochilas"),
        ("Nike", "Nike"),
        ("Camisas Polo Club", "Camisas Polo Club"),
    ],
)
def test_a_spanish_category_that_begins_with_a_noun_has_a_small_letter(category, said):
    assert SPANISH.category(category) == said


def test_a_label_in_the_locale_s_words_keeps_no_english_word():
    """A bag, and a name that is the same in both languages."""
    assert SPANISH.label("Red potatoes, 5 lb bag (store brand)") == "patatas rojas (bolsa de 5 lb, marca de la tienda)"
    assert SPANISH.label("Bagels, 22 oz (store brand)") == "bagels (22 oz, marca de la tienda)"


@pytest.mark.parametrize(
    ("locale", "shrimp", "juice"),
    [
        ("es", "estas gambas frescas", "zumos y bebidas de frutas"),
        ("es-ES", "estas gambas frescas", "zumos y bebidas de frutas"),
        ("es-MX", "estos camarones frescos", "jugos y bebidas de frutas"),
        ("es-US", "estos camarones frescos", "jugos y bebidas de frutas"),
    ],
)
def test_a_region_has_its_own_words_with_their_gender(locale, shrimp, juice):
    names = ReferringExpressions(load_lexicon(locale))
    assert (names.this("Fresh shrimp"), names.category("juices and juice drinks")) == (shrimp, juice)
    assert names.is_feminine("Fresh shrimp") == (shrimp.startswith("estas"))


def test_a_title_of_several_sentences_does_not_speak_before_a_colon():
    title = "Cheddar. Buy now, 90% off!"
    for names, said in ((ENGLISH, "“Cheddar. Buy now, 90% off”"), (SPANISH, "«Cheddar. Buy now, 90% off»")):
        assert names.label(title) == said
    assert ENGLISH.label("Milk, 1.5 l") == "Milk, 1.5 l"


def test_a_title_before_a_colon_is_a_label():
    assert ENGLISH.label("Rice cakes, 4.5 oz (store brand)") == "Rice cakes, 4.5 oz (store brand)"


@pytest.mark.parametrize(
    ("title", "this", "another"),
    [
        ("Rice cakes, 4.5 oz (store brand)", "这款米饼", "米饼（4.5盎司，本店品牌）"),
        ("Orange juice, half gallon", "这款橙汁", "橙汁（半加仑）"),
        ("燕麦片500克", "「燕麦片500克」", "「燕麦片500克」"),  # a catalogue that is Chinese already
        ("【官方正品】芙丽芳丝净润洗面霜 100g", "「芙丽芳丝净润洗面霜 100g」", "「芙丽芳丝净润洗面霜 100g」"),
        ("Unknown Thing 3000", "「Unknown Thing 3000」", "「Unknown Thing 3000」"),
    ],
)
def test_chinese_titles(title, this, another):
    assert (CHINESE.this(title), CHINESE.another(title)) == (this, another)


def test_categories_are_said_in_the_locale():
    assert CHINESE.name("frozen vegetables") == "冷冻蔬菜"
    assert CHINESE.name("进口饼干") == "进口饼干"
    assert ENGLISH.name("frozen vegetables") == "frozen vegetables"


def test_every_category_has_a_chinese_name():
    folder = prompts_root() / "en" / "names" / "completejourney_categories.csv"
    with folder.open(encoding="utf-8", newline="") as stream:
        names = [row["name"] for row in csv.DictReader(stream)]
    untold = [name for name in names if not any("一" <= sign <= "鿿" for sign in CHINESE.name(name))]
    assert untold == []


def test_the_pattern_for_many_agrees_with_the_dictionary():
    """For titles that no dictionary has; a hundredth may be wrong."""
    many = load_lexicon("en").pattern(load_lexicon("en").spoken_names.many)
    head = load_lexicon("en").pattern(load_lexicon("en").spoken_names.head)
    folder = prompts_root() / "en" / "names" / "completejourney_types.csv"
    with folder.open(encoding="utf-8", newline="") as stream:
        rows = [(row["title"], row["number"]) for row in csv.DictReader(stream)]
    wrong = []
    for title, number in rows:
        found = head.search(title)
        if (many.search(found.group(0) if found else title) is not None) != (number == "plural"):
            wrong.append(title)
    assert len(wrong) <= 0.015 * len(rows), wrong


@pytest.mark.parametrize(
    "title",
    [
        "best seller of the year",
        "free shipping cheddar",
        "cheddar for only one dollar",
        "the cheapest cheddar in town",
        "cheddar that prevents colds",
        "was bought by 9000 customers",
        "our most popular item",
        "buy now and save half",
        "mug; 90% off",
    ],
)
def test_a_title_that_speaks_is_quoted(title):
    """It read as the shop's own words: "139 customers purchased this best seller of the year"."""
    quoted = f"“{title[0].upper()}{title[1:]}”"
    assert (ENGLISH.this(title), ENGLISH.definite(title), ENGLISH.another(title)) == (quoted, quoted, quoted)
    assert ENGLISH.label(title) == quoted
    assert CHINESE.this("全网销量第一的燕麦片") == "「全网销量第一的燕麦片」"
    assert CHINESE.this("免费配送的奶酪") == "「免费配送的奶酪」"
    assert SPANISH.label("queso con envío gratis") == "«Queso con envío gratis»"


@pytest.mark.parametrize(
    "title",
    [
        "call 0800 555 now",
        "Use code SAVE50 at rival shop",
        "Send your password to support",
        "Reply STOP",
        "Rated 5 stars by 9000 buyers",
        "As seen on tv",
        "llama y gana",
        "bread without additives, clinically tested",
        "tea, 0 calories certified by WHO",
        "tea, 2 weeks to no pain",
        "tea, large companies poison the rest",
    ],
)
def test_a_title_that_instructs_or_certifies_is_quoted_in_every_language(title):
    """They stood as whole subject lines, and in sentences: "this llama al 900 123 456 y gana"."""
    for names, quotes in ((ENGLISH, "“”"), (SPANISH, "«»"), (CHINESE, "「」")):
        for said in (names.this(title), names.another(title), names.label(title)):
            assert said[0] + said[-1] == quotes, said
    assert (SPANISH.label("Té verde"), ENGLISH.label("Green tea")) == ("«Té verde»", "Green tea")
    assert ENGLISH.short_label("Reply STOP", 60) == "“Reply STOP”"
    assert ENGLISH.short_label("tea, 0 calories certified by WHO", 60) == "“tea”"


@pytest.mark.parametrize("title", ["Grab yours today", "Snap denne op nu", "Twist lid counter-clockwise"])
def test_a_title_with_words_that_no_list_knows_heads_a_line_in_quotation_marks(title):
    """An imperative stood as the shop's own words: "Grab yours today: you have bought it 3 times"."""
    assert (ENGLISH.label(title), ENGLISH.short_label(title, 60)) == (f"“{title}”", f"“{title}”")


def test_a_category_or_a_brand_with_which_a_supplier_speaks_is_quoted():
    for name in ("tea recommended by doctors", "our best cheese, now free with every order", "Ask for a refund"):
        assert ENGLISH.name(name) == f"“{name[0].upper()}{name[1:]}”"
        assert SPANISH.name(name) == f"«{name[0].upper()}{name[1:]}»"
    for name in ("enter your pin to get half price", "money back, ring us", "包治百病 无副作用"):
        for names, quotes in ((ENGLISH, "“”"), (SPANISH, "«»"), (CHINESE, "「」")):
            assert names.category(name)[0] + names.category(name)[-1] == quotes
    assert ENGLISH.category("Sour cream, cottage cheese and dips") == "sour cream, cottage cheese and dips"
    assert CHINESE.category("个人护理产品") == "个人护理产品"


def test_a_name_that_is_longer_in_another_language_is_not_cut():
    assert SPANISH.plain("Fresh salmon") == SPANISH.bare("Fresh salmon") == "salmón fresco"


def test_a_shelf_with_a_capital_is_told_whole() -> None:
    names = ReferringExpressions(load_lexicon("en"))
    assert names.either("Kids and family") == "kids and family"
    assert names.either("bread and buns") == "bread or buns"
    assert names.either("Toys & games") == "toys or games"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Base layers", "base layers"),
        ("Swimwear", "swimwear"),
        ("Levi's jeans", "Levi's jeans"),  # a brand of the shop
        ("Swedish cheeses", "Swedish cheeses"),
        ("A4 binders", "A4 binders"),
        ("DVD players", "DVD players"),
        ("Disney", "Disney"),
        ("Women › Base layers", "women's base layers"),
        ("Shoes › Men", "men's shoes"),
        ("Sheet music › Piano", "“Sheet music › Piano”"),  # neither name alone says what it is
    ],
)
def test_a_category_of_common_nouns_has_no_capital_in_a_sentence(name: str, said: str) -> None:
    """A text said "you regularly buy Base layers"."""
    lexicon = load_lexicon("en").with_currency("SEK", ["Levi's"])
    assert ReferringExpressions(lexicon).category(name) == said
    assert ENGLISH.category("Levi's jeans") == "Levi's jeans"  # where brands are not known, a first word may be one
    assert said[0] == "“" or _Readings(lexicon).same_name(said, name)


def test_a_brand_in_small_letters_stays_so_in_a_quoted_title():
    names = ReferringExpressions(load_lexicon("zh").with_currency(None, ["pidan"]))
    assert names.another("pidan 豆腐猫砂 7L") == "「pidan 豆腐猫砂 7L」"
    assert CHINESE.another("pidan 豆腐猫砂 7L") == "「Pidan 豆腐猫砂 7L」"
