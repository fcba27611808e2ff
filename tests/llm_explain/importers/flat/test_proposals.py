"""Rows that are no products, users that are no shoppers, and sensitive names are proposed; the shop decides."""

from __future__ import annotations

import pytest
import yaml

from llm_explain.importers.flat.names import clean, names, sentence_case
from llm_explain.importers.flat.proposals import no_product_reason
from llm_explain.importers.flat.run import import_flat
from llm_explain.text.sensitive_words import sensitive_reason
from tests.llm_explain.importers.flat import exports


def decide(path, field: str, key: str, *, confirmed: bool) -> None:
    content = yaml.safe_load(path.read_text())
    content["proposals"][field][key]["confirmed"] = confirmed
    path.write_text(yaml.safe_dump(content))


def test_confirmed_proposals_are_left_out_and_decisions_stay(tmp_path):
    path, out = tmp_path / "retail.csv", tmp_path / "out"
    path.write_text(exports.RETAIL)
    assert "POST" in set(import_flat([path], out=out).tables.events["item_id"])
    decide(out / "shop.yaml", "left_out_items", "POST", confirmed=True)
    decide(out / "shop.yaml", "left_out_items", "M", confirmed=False)
    done = import_flat([path], out=out)
    assert not {"POST"} & {*done.tables.events["item_id"], *done.tables.items["item_id"]}
    assert "M" in set(done.tables.events["item_id"])
    assert [(each.table, each.rows) for each in done.left_out] == [("events", 1)]
    assert done.tables.shop.proposals.left_out_items["POST"].confirmed is True
    assert done.tables.shop.proposals.left_out_items["M"].confirmed is False


def test_a_robot_and_a_wholesaler_are_proposed(tmp_path):
    lines = [f"u{n},i{n % 7},2024-01-{n % 28 + 1:02d},1" for n in range(200)]
    lines += [f"robot,i{n % 7},2024-01-{n % 2 + 1:02d},1" for n in range(1_200)]
    lines += [f"trade,i{n},2024-02-01,600" for n in range(6)]
    path = tmp_path / "orders.csv"
    path.write_text("user_id,item_id,date,quantity\n" + "\n".join(lines) + "\n")
    found = import_flat([path], out=tmp_path / "out").tables.shop.proposals.outlier_users
    assert {user: each.reason for user, each in found.items()} == {"robot": "many rows", "trade": "large quantities"}


def test_free_items_of_a_shop_with_prices_are_proposed(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("user,sku,name,date,price\nu,1,Mug,2024-01-02,5\nv,2,Tea,2024-01-02,4\nu,3,Tote,2024-01-02,0\n")
    found = import_flat([path], out=tmp_path / "out").tables.shop.proposals.left_out_items
    assert {key: (each.reason, each.name) for key, each in found.items()} == {"3": ("free", "Tote")}


def test_the_report_names_scripts_and_languages_without_words(tmp_path):
    """A shop learns that no sensitive name of its script is found, and that its texts are in English."""
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    names = ("ยาคุมกำเนิด", "Chai ชา", "Τσάι", "Té", "手套")
    rows = [f"u{number},{number},{name},2024-01-02" for number, name in enumerate(names)]
    path.write_text("\n".join(["user,sku,name,date", *rows]))
    out.mkdir()
    (out / "shop.yaml").write_text("locale: pt-BR\n")
    lines = import_flat([path], out=out).lines
    assert any(line.startswith("no sensitive names are proposed of 2 in Thai, 1 in Greek: ") for line in lines)
    assert any(line.startswith("texts are in English: the shop's locale is pt-BR, but prompts/ has ") for line in lines)
    path.write_text("user,sku,name,date\nu,1,Té,2024-01-02\nv,2,手套,2024-01-02\n")
    (out / "shop.yaml").write_text("locale: es-MX\n")
    assert not [line for line in import_flat([path], out=out).lines if "proposed" in line or "English" in line]


@pytest.mark.parametrize(
    ("item_id", "title", "reason"),
    [
        ("POST", "POSTAGE", "postage"),
        ("C2", "CARRIAGE", "postage"),
        ("x", "Versandkosten", "postage"),
        ("x", "运费", "postage"),
        ("BANK CHARGES", "Bank Charges", "fee"),
        ("x", "Amazon fee", "fee"),
        ("gift_0001_20", "Gift Voucher £20.00", "voucher"),
        ("ROUTEINS10", "Route Package Protection", "fee"),
        ("M", "Manual", "manual"),
        ("S", "SAMPLES", "sample"),
        ("x", "Free gift with order", "gift"),
        ("22423", "Postage stamp box", ""),
        ("85123A", "Gift bag", ""),
        ("1", "Delivery bike", ""),
        ("2", "The Adjustment Bureau (2011)", ""),
    ],
)
def test_rules_for_rows_that_are_no_products(item_id, title, reason):
    assert no_product_reason(item_id, title) == reason


@pytest.mark.parametrize(
    "name",
    [
        "Condoms",
        "Pregnancy tests",
        "Adult toys",
        "Hearing aids",
        "Diabetes care",
        "Bibles",
        "Feminine care",
        "Fungal cream",
        "Cognac",
        "Snuff",
        "Prezerwatywy 12 szt.",  # of languages without a folder
        "Antykoncepcja",
        "Test ciążowy",
        "ｐｒｅｇｎａｎｃｙ test",
        "pregn\u00adancy test",
        "prégnancy test",
        "H.I.V. test kit",
        "H I V test",
        "con-doms",
        "viаgra",  # one letter is Cyrillic, with an accent, Greek, Armenian, all of a word
        "prёgnancy",
        "condόms",
        "condօms",
        "ѕех toy",
        "cøndoms",
        "ϲondoms",
        "c0nd0ms",
        "v1agra",
        "pregn/ancy",
        "pregn&shy;ancy test",
        "c&#111;ndoms",
        "con<wbr>doms",
        "驗孕棒",
        "preg\u034fnancy test",
        "preg\ufe0fnancy test",
        "preg\u3164nancy test",
        "避 孕\u200b套",
        "Con doms",
        "Пpезервативы",  # the second letter is Latin
        "Präservative",
        "임신 테스트",
    ],
)
def test_names_that_may_be_sensitive(name):
    assert sensitive_reason(name)


@pytest.mark.parametrize(
    "name",
    [
        "Mugs",
        "Wine glasses",
        "Glue guns",
        "Sussex apron",
        "Barcelona chair",
        "Unisex socks",
        "Cocktail dresses",
        "Diet Coke",
        "Meat thermometer",
        "Candle snuffers",
        "Pen is mighty",
        "Con Dom Perignon glasses",
    ],
)
def test_names_that_are_not(name):
    assert sensitive_reason(name) == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("LOVE LONDON MINI BACKPACK", "Love London mini backpack"),
        ("UNION JACK FLAG LUGGAGE TAG", "Union Jack flag luggage tag"),
        ("LED TORCH KEYRING", "LED torch keyring"),
        ("3 TIER CAKE TIN", "3 tier cake tin"),
        ("EA SPORTS BALL", "EA sports ball"),
        ("iPhone case", "iPhone case"),
        ("LEGO", "LEGO"),
    ],
)
def test_capitals_become_a_sentence_but_for_names(written, expected):
    assert sentence_case(written, "en") == expected


def test_a_catalogue_with_small_letters_keeps_its_capitals():
    import pandas as pd

    column = pd.Series(
        ["EA SPORTS FC 25", "Stoneware mug", "V/H/S/2", "SET/10 candles", "Bread w/ seeds", "Tea w/o sugar"]
    )
    expected = [
        "EA SPORTS FC 25",
        "Stoneware mug",
        "V/H/S/2",
        "Set of 10 candles",
        "Bread with seeds",
        "Tea without sugar",
    ]
    assert names(column.astype("str")).tolist() == expected
    assert names(pd.Series(["DKNY JEANS", "AC/DC"], dtype="str"), is_brand=True).tolist() == ["DKNY JEANS", "AC/DC"]


@pytest.mark.parametrize(
    "text", ["n/a", "null", "Uncategorized", "(not set)", "None", "1338", "?", "-", "(no genres listed)"]
)
def test_placeholders_are_no_names(text):
    assert clean(text) is None


@pytest.mark.parametrize(
    "text", ["Chef mug 👩\u200d🍳", "قهوه\u200cساز", "קפה 250 גר׳\u200f", "Brand™ ½ + #1", "1408 (2007)", "9/11 (2002)"]
)
def test_characters_of_a_name_stay(text):
    assert clean(text) == text


def test_titles_of_films_are_invented(tmp_path):
    films = ["Four Weddings and a Funeral", "Erotic Nights", "Heat"]
    rows = "".join(f"{n},{title},Drama\n" for n, title in enumerate(films, start=1))
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n" + rows)
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,1,5,978300760\n1,2,3,978302109\n2,3,4,978298413\n"
    )
    done = import_flat([tmp_path / "movies.csv", tmp_path / "ratings.csv"], out=tmp_path / "out")
    assert list(done.tables.shop.proposals.sensitive_items) == ["2"]


def test_titles_that_end_with_a_year_are_invented(tmp_path):
    lines = ["Silent Church (1994)", "Heat (1995)", "Top Gun (1986)"]
    path = tmp_path / "orders.csv"
    path.write_text("user,sku,name,date\n" + "".join(f"u,{n},{title},2024-01-02\n" for n, title in enumerate(lines)))
    assert not import_flat([path], out=tmp_path / "out").tables.shop.proposals.sensitive_items


def test_titles_of_things_tell_what_they_are(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("user,sku,name,date\nu,1,Funeral wreath stand,2024-01-02\nu,2,Mug,2024-01-02\n")
    assert list(import_flat([path], out=tmp_path / "out").tables.shop.proposals.sensitive_items) == ["1"]


def test_a_word_that_is_harmless_in_the_language_of_the_shop():
    assert sensitive_reason("Gel douche verveine", "fr") == ""
    assert sensitive_reason("Douches", "en")
    assert sensitive_reason("Douche et préservatifs", "fr")


def test_units_in_capitals_have_small_letters():
    assert sentence_case("SPRITE YOGA STRAP 6 FT", "en") == "Sprite yoga strap 6 ft"
    assert sentence_case("USB CABLE 2 M LED", "en") == "USB cable 2 m LED"
