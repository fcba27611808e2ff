"""Names of the catalogue, cleaned."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_explain.text.name_cleaning import clean_name, inside_sentence, write_csv


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("蒙牛 纯牛奶 250ml*24", "蒙牛 纯牛奶 250ml×24"),
        ("Peach  yogurt\t5.3 oz ", "Peach yogurt 5.3 oz"),
        ("ﬁne ﬂour", "fine flour"),
        ("Tea\u202e\u200b (green)", "Tea (green)"),
        ("<b>Soup</b>", "Soup"),
        ("Salt &amp; Pepper", "Salt & Pepper"),
        ("Men&#039;s shoes", "Men's shoes"),
        ("Caf&eacute;", "Café"),
        ("【官方正品】洁面乳（清爽型）【买一送一】", "洁面乳（清爽型）"),
        ("【春季新品】", "【春季新品】"),  # nothing else names it
        ("&lt;b&gt;Tea&lt;/b&gt;", "Tea"),
        ("Chef mug 👩\u200d🍳", "Chef mug 👩\u200d🍳"),
        ("قهوه\u200cساز", "قهوه\u200cساز"),
        ("קפה 250 גר׳\u200f", "קפה 250 גר׳"),
        ("Brand™ mix ½", "Brand™ mix ½"),
        ("C# primer", "C# primer"),
        ("Disney+", "Disney+"),
        ('Pizza 12" pan', "Pizza 12″ pan"),
        ("Cheap jackets at evil-shop.com call 081 234 567 89", ""),  # amid words: "Cheap jackets at call" names nothing
        ("See https://evil.example now", ""),
        ("Rain jacket, mail help@evil.example for more", ""),
        ("Rain jacket https://evil.example/jackets", "Rain jacket"),
        ("bit.ly/free-gift", ""),
        ("Cheap at evil.com", ""),
        ("Call +49 170 1234567", ""),
        ("Order at www evil com", ""),
        ("Green tea (E v i l . c o m)", "Green tea"),
        ("Evil(dot)com green tea", "green tea"),
        ("Parcel held, see dhl-pay.info", ""),
        ("t.co/x, PAYPA1.RU, x.example.co.uk: green tea", "green tea"),
        ("пример.рф, 例子.中国, xn--e1afmkfd.xn--p1ai, еvil.com green tea", "green tea"),
        ("192.168.0.1/login, 10.0.0.1:8080 green tea", "green tea"),
        ("Evil.Photography, evil.dating and t.me", "Evil. Photography, evil. dating and t. me"),  # nothing links these
        ("900123456 / +34 612 345 678 / 1-800-555-0199: green tea", "green tea"),
        ("900 12 34 56, 91 123 45 67, 138-1234-5678, 900 - 123 - 456, 9 0 0 1 2 3 4 5 6, (91) 123 45 67", ""),
        ("mobile.x.com/evil, go.t.me/gift, e.v.i.l.com, 360.cn, 777.bet green tea", "777. bet green tea"),
        ("c&#111;ndoms, con<wbr>doms, preg\u200bnancy", "condoms, condoms, pregnancy"),
        (
            "Atlas 1939-1945, 36 37 38 39 40 mm, 0-3 3-6 6-9 9-12 M",
            "Atlas 1939-1945, 36 37 38 39 40 mm, 0-3 3-6 6-9 9-12 M",
        ),
        ("Pregn\u00ada\u034fn\u3164c\ufe0fy test ❤\ufe0f", "Pregnancy test ❤\ufe0f"),
        ("bit.\u200dly", ""),
        ("Oolong leaves | help@paypa1.xyz", "Oolong leaves"),
        ("St.Ives scrub, 1.5 oz", "St.Ives scrub, 1.5 oz"),
        ("Serum 1.7 fl.oz/50ml", "Serum 1.7 fl.oz/50ml"),
        ("Perfume 3.4 oz.Gift Set", "Perfume 3.4 oz. Gift Set"),
        ("SODA 12OZ.PK, carpet 9 sq.ft/roll", "SODA 12OZ. PK, carpet 9 sq.ft/roll"),
        ("Bottle 500.ml", "Bottle 500.ml"),
        ("ASP.NET Core and Node.js/React by Dr.Jart", "ASP.NET Core and Node.js/React by Dr.Jart"),
        ("ASP.NET/login, Evil.Shop tea", "Evil. Shop tea"),
        ("EVIL.CO.UK, evil.app, www.vb.net green tea", "green tea"),
        ("Dr.Oetker/Frosta No.7 by will.i.am", "Dr.Oetker/Frosta No.7 by will. i. am"),
        ("Three.js, L.A. Looks and e.l.f. kit", "Three.js, L.A. Looks and e.l.f. kit"),
        ("{times} {{x}}", "times x"),
        ("(open", "open"),
        ("¿Dónde está mi gorro?", "¿Dónde está mi gorro?"),
        ("Where is my hat?", "Where is my hat"),
        ("2% milk", "2% milk"),
        ("\u0000\u001b", ""),
    ],
)
def test_cleaning(name, cleaned):
    assert clean_name(name) == cleaned


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("C# in depth", "C# in depth"),
        ("#7 drill bit", "#7 drill bit"),
        ("### Sale", "Sale"),
        ("# comment #", "comment"),
        ("joi\u200dner", "joiner"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\U0001f468\u200d\U0001f373 apron", "\U0001f468\u200d\U0001f373 apron"),
    ],
)
def test_a_hash_or_joiner_stays_only_where_it_is_part_of_a_word_or_sign(name, cleaned):
    assert clean_name(name) == cleaned


def test_a_long_name_ends_at_a_word():
    assert clean_name("organic fair trade dark chocolate with almonds", 30) == "organic fair trade dark…"


def test_a_long_name_does_not_end_within_parentheses():
    title = "Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark) (1981)"
    assert clean_name(title) == "Raiders of the Lost Ark…"


def test_no_cell_of_a_table_for_people_is_a_formula(tmp_path):
    """An id such as "=cmd|' /C calc'!A0" ran where a spreadsheet opened the file."""
    table = pd.DataFrame({"user_id": ["=1+1", "＠x", "-5", "+49 30", 'u;"=1'], "risk": [0.1, -0.2, 0.3, 0.4, 0.5]})
    write_csv(table.assign(item_id=pd.Categorical(["-a", "b", "b", "b", "b"])), tmp_path / "t.csv")
    read = pd.read_csv(tmp_path / "t.csv", dtype=str)
    assert read["user_id"].tolist() == ["'=1+1", "'＠x", "-5", "'+49 30", "u;\"'=1"]
    assert read["item_id"].tolist() == ["'-a", "b", "b", "b", "b"]
    assert read["risk"].tolist() == ["0.1", "-0.2", "0.3", "0.4", "0.5"]


@given(st.text(max_size=300))
def test_no_name_breaks_a_sentence(name):
    cleaned = clean_name(name)
    assert len(cleaned) <= 60
    assert not set("<>{}[]`|\\") & set(cleaned)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in cleaned if c not in "\u200c\u200d")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Donuts", "donuts"),
        ("Donuts, 12 count", "donuts, 12 count"),
        ("Fisher-Price toy", "Fisher-Price toy"),
        ("Maybelline cosmetics", "Maybelline cosmetics"),
        ("BBQ sauce", "BBQ sauce"),
        ("Die Hard (1988)", "Die Hard (1988)"),
        ("Donuts (Store brand)", "donuts (Store brand)"),
        ("", ""),
    ],
)
def test_a_common_first_word_is_written_small_within_a_sentence(title: str, expected: str) -> None:
    assert inside_sentence(title, {"donuts", "toy", "bbq", "die"}) == expected


def test_a_comma_follows_its_word_where_quotes_were():
    assert clean_name('Keyring "Dad", a gift') == "Keyring Dad, a gift"
    assert clean_name("Mug , blue") == "Mug, blue"


def test_a_name_in_quotation_marks_keeps_both():
    assert clean_name("Tomato 'Gardener's Delight'") == "Tomato 'Gardener's Delight'"
    assert clean_name("The boys'") == "The boys"
