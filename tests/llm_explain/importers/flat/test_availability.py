"""What is in stock is available, in words and numbers of any language; what cannot be read is said, never sold out."""

from __future__ import annotations

import pytest

from llm_explain.importers.flat.run import import_flat
from tests.llm_explain.importers.flat.exports import SHOPIFY_ORDERS

ORDERS = "customer_id,sku,order date,price\n" + "".join(
    f"u{user},{item},2025-05-{10 + user}T10:00:00Z,9.5\n" for user in range(3) for item in "abcd"
)


def imported(tmp_path, header: str, values: list[str], maps: tuple[str, ...] = ()):
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    rows = "".join(f"{item},Taza {item.upper()},{value}\n" for item, value in zip("abcd", values, strict=True))
    (tmp_path / "products.csv").write_text(f"sku,title,{header}\n{rows}", encoding="utf-8")
    files = [tmp_path / "orders.csv", tmp_path / "products.csv"]
    return import_flat(files, out=tmp_path / "out", maps=maps)


def available(done) -> list[bool]:
    return done.tables.items.set_index("item_id")["available"].loc[list("abcd")].tolist()


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Stock", ["12", "0", "40", "-1"]), ("Bestand", ["12", "0", "40", "0"]), ("库存", ["12", "0", "1", "0"]),
        ("Variant Inventory Qty", ["3", "0", "2", "-2"]), ("Existencias", ["3.5", "0", "2", "0"]),
        ("Disponible", ["sí", "no", "Sí", "NO"]), ("Disponible", ["12", "0", "40", "0"]),
        ("Verfügbar", ["ja", "nein", "Ja", "nein"]),
        ("En stock", ["oui", "non", "disponible", "épuisé"]), ("是否上架", ["是", "否", "上架", "下架"]),
        ("在庫状況", ["在庫あり", "在庫なし", "あり", "完売"]), ("Stock", ["yes", "no", "in stock", "sold out"]),
    ],
)  # fmt: skip
def test_stock_is_recognised_in_numbers_and_words(tmp_path, header: str, values: list[str]) -> None:
    done = imported(tmp_path, header, values)
    assert available(done) == [True, False, True, False]
    assert "2 of 4 items are available" in done.lines


@pytest.mark.parametrize("values", [["12", "0", "40", "0"], ["sí", "no", "sí", "no"]])
def test_a_column_that_the_shop_maps_is_read_alike(tmp_path, values: list[str]) -> None:
    done = imported(tmp_path, "Almacén", values, ("products.csv.Almacén=available",))
    assert available(done) == [True, False, True, False]


def test_words_that_say_neither_are_reported_and_not_sold_out(tmp_path) -> None:
    done = imported(tmp_path, "Almacén", ["sí", "quizás", "tal vez", "no"], ("products.csv.Almacén=available",))
    assert done.tables.items.set_index("item_id")["available"].fillna(value=True).tolist() == [True, True, True, False]
    assert "3 of 4 items are available" in done.lines
    assert any(line.startswith("'quizás' and the like say in 2 rows neither") for line in done.lines)


def test_shopify_sells_what_it_does_not_count_and_what_may_be_ordered_without_stock(tmp_path) -> None:
    header = "Handle,Title,Vendor,Variant SKU,Variant Price,"
    header += "Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Status\n"
    rows = [
        "mug,Stoneware mug,Alba,MUG-B,5,shopify,0,deny,active",
        "mug,,,MUG-R,5,shopify,4,deny,",
        "tea,Green tea,Boreal,TEA-G,4,shopify,0,continue,active",
        "gift,Gift card,Boreal,GIFT,4,,0,deny,active",
        "old,Old cup,Alba,OLD,4,shopify,9,deny,archived",
    ]
    (tmp_path / "orders.csv").write_text(SHOPIFY_ORDERS)
    (tmp_path / "products.csv").write_text(header + "\n".join(rows) + "\n")
    done = import_flat([tmp_path / "orders.csv", tmp_path / "products.csv"], out=tmp_path / "out")
    found = done.tables.items.set_index("item_id")["available"]
    assert found.loc[["MUG-B", "MUG-R", "TEA-G", "GIFT", "OLD"]].tolist() == [False, True, True, True, False]


def test_the_stock_of_several_places_is_one(tmp_path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "products.csv").write_text("sku,title,stock\na,A,0\na,A,3\nb,B,0\nb,B,0\nc,C,2\nd,D,0\n")
    done = import_flat([tmp_path / "orders.csv", tmp_path / "products.csv"], out=tmp_path / "out")
    assert available(done) == [True, False, True, False]
