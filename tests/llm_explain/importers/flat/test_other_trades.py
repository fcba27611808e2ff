"""Exports of systems that no format describes: headers and values tell what their columns are."""

from __future__ import annotations

import json

import pytest

from llm_explain.errors import SettingError
from llm_explain.importers.flat.run import import_flat


def imported(tmp_path, text: str | bytes, name: str = "log.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = import_flat([path], out=tmp_path / "out")
    return done.tables, {column.column: column.name for column in done.columns if column.name}


def log(header: str, n: int = 60) -> str:
    """Return rows of ten users with six of nine items each: user, item, name, group, day."""
    rows = (
        f"u{k % 10},x{k % 9},Item {'abcdefghi'[k % 9]},group {k % 9 % 3},2024-01-{k // 3 + 1:02d}" for k in range(n)
    )
    return header + "\n" + "\n".join(rows) + "\n"


def test_ids_with_unknown_headers_are_told_by_values(tmp_path) -> None:
    tables, names = imported(tmp_path, log("zephyr_id,gadget_no,item_name,category,date"))
    assert names == {
        "zephyr_id": "user_id", "gadget_no": "item_id", "item_name": "title", "category": "category",
        "date": "timestamp",
    }  # fmt: skip
    assert (tables.events["user_id"].nunique(), len(tables.items)) == (10, 9)


def test_two_columns_that_may_be_the_user_are_asked_about(tmp_path) -> None:
    text = log("zephyr_id,gadget_no,item_name,category,date").replace("zephyr_id", "zephyr_id,till_no")
    rows = text.splitlines()
    with_till = [rows[0], *(row.replace(",", f",t{k % 7},", 1) for k, row in enumerate(rows[1:]))]
    with pytest.raises(SettingError, match="a column for user_id is not recognised"):
        imported(tmp_path, "\n".join(with_till))


def test_a_title_tells_items_apart_and_what_groups_them_is_their_category(tmp_path) -> None:
    tables, names = imported(tmp_path, log("uid,recipe_id,recipe_name,course,date"))
    assert (names["recipe_name"], names["course"]) == ("title", "category")
    assert tables.items["category"].nunique() == 3


def test_a_title_of_several_brands_is_told_with_the_brand(tmp_path) -> None:
    header = "user_id,item_id,product_name,brand,date"
    shelf = ["x0,Ankle boots,Duero", "x1,Ankle boots,Costa", "x2,Rain hat,Duero"]
    rows = [f"u{k % 7},{shelf[k % 3]},2024-01-{k % 28 + 1:02d}" for k in range(60)]
    tables, _ = imported(tmp_path, "\n".join([header, *rows]) + "\n")
    titles = tables.items.set_index("item_id")["title"].to_dict()
    assert titles == {"x0": "Ankle boots (Duero)", "x1": "Ankle boots (Costa)", "x2": "Rain hat"}


def test_nested_activities_and_what_takes_them_back(tmp_path) -> None:
    rows = [
        {"id": f"a{k}", "actor": {"id": f"u{k % 5}"}, "verb": "unfollow" if k == 7 else "follow",
         "object": {"id": f"acct:{k % 4}", "name": f"Account {'abcd'[k % 4]}", "topic": "cooking"},
         "published": 1740789418 + k}
        for k in range(20)
    ]  # fmt: skip
    tables, names = imported(tmp_path, "\n".join(map(json.dumps, rows)), "activity.jsonl")
    assert (names["actor.id"], names["object.id"], names["object.name"]) == ("user_id", "item_id", "title")
    assert (tables.shop.target_kinds, tables.shop.return_kinds) == (("follow",), ("unfollow",))


def test_central_european_letters_in_a_text_of_few(tmp_path) -> None:
    names = ["Biały chleb", "Masło żółte", "Ciążowy test", "Woda niegazowana"]
    rows = [f"{2900 + k % 5}\t{590 + k % 4}\t{names[k % 4]}\t2024-01-{k % 28 + 1:02d}\t1,99" for k in range(40)]
    text = "\n".join(["Karta klienta\tEAN\tNazwa towaru\tData sprzedaży\tCena brutto", *rows])
    tables, _ = imported(tmp_path, text.encode("cp1250"))
    assert set(tables.items["title"]) == set(names)
    assert tables.events["price"].unique().tolist() == [1.99]


def test_western_letters_stay_western(tmp_path) -> None:
    rows = [f"K{k % 5};{k % 4};Lounge set of 5 m³ für den Garten and the terrace;01.02.2024;1,99" for k in range(20)]
    text = "\n".join(["Kundennr;Artikelnr;Bezeichnung;Bestelldatum;Preis", *rows])
    tables, _ = imported(tmp_path, text.encode("cp1252"))
    assert tables.items["title"].iloc[0].startswith("Lounge set of 5 m³ für")


def test_amazon_orders_have_the_price_of_the_line_and_states_of_two_parts(tmp_path) -> None:
    head = "amazon-order-id\tpurchase-date\torder-status\tproduct-name\tsku\tquantity\titem-price\tbuyer-email"
    rows = [
        f"1-{k}\t2024-11-{k + 1:02d}T03:50:40+00:00\t{state}\tDog leash\tS1\t2\t20.00\tb{k}@mail.example"
        for k, state in enumerate(["Shipped", "Shipped - Returned to Seller", "Shipped - Delivered to Buyer"])
    ]
    tables, _ = imported(tmp_path, "\n".join([head, *rows]), "orders.txt")
    kinds = tables.events.groupby("user_id")["kind"].agg(list).to_dict()
    assert [kinds[f"b{k}@mail.example"] for k in range(3)] == [
        ["purchase"],
        ["purchase", "return"],
        ["purchase"],
    ]
    assert set(tables.events["price"]) == {10.0}


def test_headers_with_underscores_tell_the_language(tmp_path) -> None:
    text = log("id_cliente,codigo,platillo,tipo_cocina,fecha").replace("Item ", "Combo ").replace("group", "Cocina")
    text = text.replace("fecha", "fecha,cantidad,precio_unitario")
    rows = text.splitlines()
    tables, _ = imported(tmp_path, "\n".join([rows[0], *(f"{row},1,9.50" for row in rows[1:])]))
    assert tables.shop.locale == "es"


def test_loans_of_a_japanese_library(tmp_path) -> None:
    titles = ["夜の川", "春の手紙", "遠い島", "銀の時計", "月と猫"]
    rows = [f"2024/04/{k % 28 + 1:02d},{100 + k % 7},M{k % 5},{titles[k % 5]},文学" for k in range(40)]
    head = "貸出日,利用者番号,資料番号,書名,分類"
    tables, names = imported(tmp_path, "\n".join([head, *rows]), "history.csv")
    assert [names[column] for column in head.split(",")] == ["timestamp", "user_id", "item_id", "title", "category"]
    assert tables.shop.target_kinds == ("borrow",)


def test_dishes_with_foreign_names_do_not_tell_the_language(tmp_path) -> None:
    text = log("uid,recipe_id,recipe_name,course,date").replace("Item ", "Gnocchi al Forno ")
    assert imported(tmp_path, text)[0].shop.locale == "en"


def test_headlines_name_no_kinds_of_things(tmp_path) -> None:
    subjects = ["election reform", "city budget", "tennis final"]
    rows = [
        f"u{k % 8},a{k},{word} {subjects[k % 3]},2024-01-{k % 28 + 1:02d}" for k in range(45) for word in [f"Word{k}"]
    ]
    for header, n_categories in (("headline", 0), ("item_name", 3)):
        tables, _ = imported(tmp_path, "\n".join([f"user_id,item_id,{header},date", *rows]))
        assert tables.items["category"].nunique() == n_categories
