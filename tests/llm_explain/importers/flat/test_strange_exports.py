"""Exports of marketplaces, libraries, banks, bookshelves and trackers: what their columns and rows mean."""

from __future__ import annotations

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from llm_explain.errors import SettingError
from llm_explain.importers.flat.names import clean
from llm_explain.importers.flat.recognise import kind_of_file
from llm_explain.importers.flat.run import import_flat
from llm_explain.importers.flat.times import moments
from scoring.demand.reading import read_panel


def imported(tmp_path, text: str | bytes, name: str = "export.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_flat([path], out=tmp_path / "out")


def names(done) -> dict[str, str]:
    return {column.column: column.name for column in done.columns if column.name}


def test_a_reference_of_the_order_is_not_the_item(tmp_path) -> None:
    head = "ID commande;Référence;ID client;Date;Référence produit;Nom du produit;Catégorie par défaut;Quantité"
    rows = [
        f"{k // 2};ORD{k // 2};{k % 5};{k + 10}/12/2025 10:00;R{k % 4};Thé {k % 4};Thés {k % 2};1" for k in range(16)
    ]
    found = names(imported(tmp_path, "\n".join([head, *rows])))
    assert (found["Référence produit"], found["Catégorie par défaut"]) == ("item_id", "category")
    assert "Référence" not in found


def test_a_shelf_tells_what_was_read_and_what_was_not(tmp_path) -> None:
    head = "User Id,Book Id,Title,Author,My Rating,Number of Pages,Date Read,Date Added,Bookshelves,Exclusive Shelf"
    rows = [
        "u1,b1,The red garden,Ann,5,320,2024/03/02,2024/01/01,,read",
        "u1,b2,The blue garden,Ann,0,210,,2024/01/02,to-read,to-read",
        "u2,b1,The red garden,Ann,3,320,,2024/01/03,,read",
        "u2,b3,The old garden,Bob,0,500,,2024/01/04,currently-reading,currently-reading",
    ]
    done = imported(tmp_path, "\n".join([head, *rows]))
    events = done.tables.events
    assert "quantity" not in events
    assert dict(zip(events["user_id"] + events["item_id"], events["kind"], strict=True)) == {
        "u1b1": "read", "u1b2": "wishlist", "u2b1": "read", "u2b3": "currently reading",
    }  # fmt: skip
    assert done.tables.shop.target_kinds == ("read",)
    days = dict(zip(events["user_id"] + events["item_id"], events["timestamp"].dt.strftime("%m-%d"), strict=True))
    assert days == {"u1b1": "03-02", "u1b2": "01-02", "u2b1": "01-03", "u2b3": "01-04"}


def test_titles_of_what_is_watched_name_no_kinds_of_things(tmp_path) -> None:
    titles = [f"{word} {thing}" for thing in ("garden", "river", "letter") for word in ("Red", "Blue", "Old", "New")]
    rows = [
        f"u{k % 7},2024-01-09,{titles[k % 12]},https://x.example/{k % 12},2024-01-{k % 28 + 1:02d}" for k in range(84)
    ]
    done = imported(tmp_path, "\n".join(["Username,Date,Name,URI,Watched Date", *rows]), "diary.csv")
    assert names(done)["Watched Date"] == "timestamp"
    assert done.tables.shop.target_kinds == ("watch",)
    assert done.tables.items["category"].isna().all()


def test_loans_of_copies_take_their_titles_from_the_catalogue(tmp_path) -> None:
    catalogue, log = tmp_path / "items.csv", tmp_path / "statistics.csv"
    items = [f"{n},{3000 + n // 2},Book {n // 2} /,97800{n // 2},Crime" for n in range(8)]
    catalogue.write_text("\n".join(["itemnumber,biblionumber,title,isbn,collection", *items]), encoding="utf-8")
    kinds = ["issue", "renew", "return"]
    rows = [f"2024-01-{k + 1:02d} 10:00:00,MAIN,0.0000,{kinds[k % 3]},{k % 8},{100 + k % 5}" for k in range(24)]
    log.write_text("\n".join(["datetime,branch,value,type,itemnumber,borrowernumber", *rows]), encoding="utf-8")
    tables = import_flat([catalogue, log], out=tmp_path / "out").tables
    assert tables.items["title"].tolist() == [f"Book {n // 2}" for n in range(8)]
    assert tables.shop.target_kinds == ("borrow",)
    assert set(tables.events["kind"]) == {"borrow", "renew", "bring back"}
    assert "value" not in tables.events


def test_a_list_of_products_inside_a_nested_record_has_one_row_an_entry(tmp_path) -> None:
    mug = {"product_id": "p1", "name": "Blue mug", "category": "Mugs", "price": 7.5}
    jug = {"product_id": "p2", "name": "Red jug", "category": "Jugs", "price": 9.0}
    rows = [
        {"type": "page", "name": "Home", "userId": "u1", "timestamp": "2025-01-06T09:00:00Z", "properties": {}},
        {"type": "track", "event": "Product Viewed", "userId": "u1", "timestamp": "2025-01-06T09:01:00Z",
         "properties": mug},
        {"type": "track", "event": "Order Completed", "userId": "u1", "timestamp": "2025-01-06T09:05:00Z",
         "properties": {"order_id": "O1", "products": [{**mug, "quantity": 2}, {**jug, "quantity": 1}]}},
        {"type": "track", "event": "Product Viewed", "userId": "u2", "timestamp": "2025-01-07T09:01:00Z",
         "properties": jug},
    ]  # fmt: skip
    done = imported(tmp_path, "\n".join(map(json.dumps, rows)), "track.jsonl")
    events = done.tables.events[["item_id", "kind"]].to_numpy().tolist()
    assert events == [["p1", "view"], ["p1", "purchase"], ["p2", "purchase"], ["p2", "view"]]
    assert done.tables.items.set_index("item_id")["category"].to_dict() == {"p1": "Mugs", "p2": "Jugs"}
    assert done.set_aside == {"track.jsonl: no item": 1}


def test_one_document_of_orders_in_lists_of_lists(tmp_path) -> None:
    def line(k: int) -> dict[str, object]:
        kinds = [{"id": 7, "name": "Kitchen"}, {"id": k % 2, "name": ["Mugs", "Jugs"][k % 2]}]
        return {"sku": f"p{k % 4}", "name": f"Blue {['mug', 'jug'][k % 2]} {k % 4}", "categories": kinds, "qty": 1}

    orders = [
        {"number": f"O{k}", "ordered_at": f"2025-01-{k + 1:02d}T09:00:00", "customer": {"email": f"u{k % 3}@shop.test"},
         "line_items": [line(k), line(k + 1)]} for k in range(9)
    ]  # fmt: skip
    done = imported(tmp_path, json.dumps({"page": 1, "results": orders}, indent=1), "orders.json")
    assert (len(done.tables.events), done.tables.events["user_id"].nunique()) == (18, 3)
    assert set(done.tables.items["category"]) == {"Mugs", "Jugs"}
    nested = [{"user_id": f"u{k}", "orders": orders[k : k + 2]} for k in range(3)]
    assert len(imported(tmp_path, "\n".join(map(json.dumps, nested)), "users.jsonl").tables.events) == 12


def test_records_and_lists_that_python_printed(tmp_path) -> None:
    games = [{"item_id": str(k), "item_name": f"Ship's log {k}", "playtime_forever": 90 * k} for k in range(4)]
    rows = [repr({"user_id": f"u{k}", "items": games[k % 3 :], "is_new": True}) for k in range(6)]
    done = imported(tmp_path, "\n".join(rows), "games.json")
    assert done.tables.items["title"].tolist() == [f"Ship's log {k}" for k in range(4)]
    head = "user_id,movie_id,timestamp,rating,genres"
    rows = [f"""u{k % 3},m{k % 5},2024-01-{k + 1:02d},{k % 5 + 1},"['Drama', 'Noir']\"""" for k in range(12)]
    done = imported(tmp_path, "\n".join([head, *rows]), "ratings.csv")
    assert set(done.tables.items["categories"]) == {"Drama|Noir"}


def test_clicks_among_what_was_shown(tmp_path) -> None:
    rows = [
        f"{k + 1}\tU{k % 4}\t11/{k % 9 + 13}/2019 8:36:57 AM\tN90 N91\tN{k % 7}-0 N{(k + 1) % 7}-1 N8-0"
        for k in range(28)
    ]
    events = imported(tmp_path, "\n".join(rows), "behaviors.tsv").tables.events
    assert (len(events), set(events["kind"]), events["user_id"].nunique()) == (28, {"view"}, 4)
    assert set(events["item_id"]) == {f"N{k}" for k in range(7)}


def test_codes_of_events_are_told_and_asked_for(tmp_path) -> None:
    head = "user_id,item_id,behavior_type,time"
    rows = [f"u{k % 4},i{k % 5},{1 + (k % 6 == 0) * 3},2014-12-{k % 28 + 1:02d} 09" for k in range(30)]
    done = imported(tmp_path, "\n".join([head, *rows]), "log.csv")
    assert set(done.tables.events["kind"]) == {"interaction"}
    assert "column 'behavior_type' tells what happened by 1, 4, which is not read" in " ".join(done.lines)
    done = import_flat([tmp_path / "log.csv"], out=tmp_path / "out", kinds=["log.csv.1=view", "log.csv.4=purchase"])
    assert done.tables.events["kind"].value_counts().to_dict() == {"view": 25, "purchase": 5}
    assert done.tables.events["timestamp"].dt.hour.eq(9).all()


def test_an_episode_is_the_item_and_its_show_is_not(tmp_path) -> None:
    rows = [
        {"user": {"uuid": f"u{k % 5}"}, "listened_at": f"2025-01-{k % 28 + 1:02d}T08:00:00Z", "seconds_played": 900,
         "episode": {"uuid": f"e{k % 6}", "title": f"Talk {'abcdef'[k % 6]}",
                     "podcast": {"uuid": f"s{k % 2}", "title": f"Show {k % 2}"}}}
        for k in range(40)
    ]  # fmt: skip
    done = imported(tmp_path, "\n".join(map(json.dumps, rows)), "listens.jsonl")
    found = names(done)
    assert (found["episode.uuid"], found["episode.title"], found["user.uuid"]) == ("item_id", "title", "user_id")


def test_a_header_below_titles_and_names_of_groups(tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Ventas"], [], ["Ventas", "", "", "", "Publicaciones", "", "Compradores"],
        ["# de venta", "Fecha de venta", "Estado", "Unidades", "Título de la publicación", "# de publicación",
         "Comprador"],
        ["V1", "3 de noviembre de 2024 14:05 hs.", "Entregado", 1, "Mate de acero", "M1", "Ana"],
        ["V2", "12 de enero de 2025 09:30 hs.", "Cancelada por el comprador", 2, "Termo azul", "M2", "Eva"],
    ):  # fmt: skip
        sheet.append(row)
    path = tmp_path / "ventas.xlsx"
    book.save(path)
    events = import_flat([path], out=tmp_path / "out").tables.events
    assert events["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist()[:2] == ["2024-11-03 14:05", "2025-01-12 09:30"]
    assert events[["item_id", "user_id", "kind"]].to_numpy().tolist() == [
        ["M1", "Ana", "purchase"], ["M2", "Eva", "purchase"], ["M2", "Eva", "cancel"],
    ]  # fmt: skip


def test_blank_lines_before_a_header(tmp_path) -> None:
    text = "Sales report\n\n,,,\nuser_id,item_id,date,price\nu1,i1,2024-05-01,3\nu2,i2,2024-05-02,4\n"
    assert imported(tmp_path, text).tables.events["item_id"].tolist() == ["i1", "i2"]


@pytest.mark.parametrize(
    "text",
    ["3 de noviembre de 2024", "3. November 2024", "3 novembre 2024", "3 november 2024", "3 listopada 2024"],
)
def test_dates_with_names_of_months_in_other_languages(text) -> None:
    assert moments(pd.Series([text])).read.tolist() == [pd.Timestamp("2024-11-03")]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("canceled_by_eater", "cancel"), ("Cancelled by guest", "cancel"), ("Cancelada por el comprador", "cancel"),
        ("Reclamo cerrado con reembolso al comprador", "refund"), ("Storniert durch Kunden", "cancel"),
        ("En attente de paiement par chèque", "cancel"), ("(删除)等待出库", "cancel"), ("uncollectible", "cancel"),
        ("Cancellation requested", None), ("Refund rejected", None), ("Awaiting shipment", None), ("等待出库", None),
    ],
)  # fmt: skip
def test_states_in_several_words(tmp_path, state, kind) -> None:
    head = "order_id,customer_id,product_id,order_date,price,invoice_status"
    done = imported(tmp_path, f"{head}\n1,u1,i1,2024-05-01,3,{state}\n2,u2,i2,2024-05-02,4,paid\n")
    assert done.tables.events["kind"].tolist() == ["purchase", *([kind] if kind else []), "purchase"]


def test_expenses_of_an_account_are_no_returns(tmp_path) -> None:
    head = "Transaction ID,Date,Type,Name,Category,Amount,Currency,Account ID"
    rows = [
        f"t{k},{k + 13}/01/2025,Card payment,{('Argos,Shopping', 'EE,Bills')[k % 2]},-{k + 3}.50,GBP,a{k % 3}"
        for k in range(8)
    ]
    rows.append("t9,28/01/2025,Card refund,Argos,Shopping,5.00,GBP,a1")
    tables = imported(tmp_path, "\n".join([head, *rows])).tables
    assert tables.events["kind"].value_counts().to_dict() == {"purchase": 8, "refund": 1}
    assert tables.items.set_index("title")["category"].to_dict() == {"EE": "Bills", "Argos": "Shopping"}


def test_invoices_that_a_subscription_writes_are_no_purchases(tmp_path) -> None:
    head = "invoice_id,customer_id,invoice_date,product_id,product_name,amount,billing_reason"
    rows = [
        f"in{k},c{k % 2},2025-0{k + 1}-03,p{k % 2},Plan {k % 2},30,{'manual' if k < 2 else 'subscription_cycle'}"
        for k in range(6)
    ]
    events = imported(tmp_path, "\n".join([head, *rows])).tables.events
    assert events.sort_values("timestamp")["kind"].tolist() == ["purchase", "purchase", *["renew"] * 4]


def test_test_orders_are_set_aside(tmp_path) -> None:
    rows = "o1,u1,i1,2024-05-01,3,false\no2,u2,i2,2024-05-02,4,true\n"
    done = imported(tmp_path, f"order_id,customer_id,product_id,order_date,price,is_test\n{rows}")
    assert (done.tables.events["user_id"].tolist(), done.set_aside) == (["u1"], {"export.csv: a test": 1})


@pytest.mark.parametrize("header", ["购买行为", "purchased"])
def test_a_pair_that_was_not_bought_is_no_purchase(tmp_path, header: str) -> None:
    done = imported(tmp_path, f"用户ID,商品ID,{header}\n1,10,1\n1,20,0\n2,15,1\n")
    assert done.tables.events[["user_id", "item_id", "kind"]].to_numpy().tolist() == [
        ["1", "10", "purchase"],
        ["2", "15", "purchase"],
    ]
    assert done.set_aside == {"export.csv: quantity 0": 1}


def test_what_guests_buy_counts_in_demand_alone(tmp_path) -> None:
    rows = [("o1", "u1", 2, 1), ("o2", "", 3, 1), ("o3", "", 4, 2), ("o3", "", -4, 2), ("o4", "u2", 1, 7)]
    lines = "\n".join(f"{order},{user},tea,2024-05-0{day},{units},3" for order, user, units, day in rows)
    done = imported(tmp_path, f"order_id,customer_id,product_id,order_date,quantity,price\n{lines}\n")
    assert done.tables.events["user_id"].tolist() == ["u1", "u2"]
    assert np.nansum(read_panel(tmp_path / "out").units) == 2 + 3 + 1  # order o3 was taken back
    imported(tmp_path, "order_id,customer_id,product_id,order_date,quantity,price\no1,u1,tea,2024-05-01,2,3\n")
    assert np.nansum(read_panel(tmp_path / "out").units) == 2, "the guests of another import are gone"


def test_a_time_that_no_header_tells_is_asked_about(tmp_path) -> None:
    rows = "u1,i1,2024-05-03,2024-05-01\nu2,i2,2024-05-04,2024-05-02\n"
    with pytest.raises(SettingError, match=r"zeta, alpha hold times .* --map export\.csv\.alpha=timestamp"):
        imported(tmp_path, f"user_id,item_id,zeta,alpha\n{rows}")


def test_a_time_that_cannot_be_read_is_an_error(tmp_path) -> None:
    with pytest.raises(SettingError, match=r"column 'Date' holds 'soon', .* --map export\.csv\.Date="):
        imported(tmp_path, "user_id,item_id,Date\nu1,i1,soon\nu2,i2,later\n")


def test_a_time_is_not_proposed_as_the_item(tmp_path) -> None:
    rows = [f"p{k % 5},thing{k % 4},2024-01-{k % 28 + 1:02d}" for k in range(40)]
    with pytest.raises(SettingError, match=r"--map export\.csv\.who=user_id --map export\.csv\.what=item_id"):
        imported(tmp_path, "\n".join(["who,what,when", *rows]))


def test_prices_of_two_currencies_are_told_so(tmp_path) -> None:
    rows = "u1,i1,2024-05-01,3,usd\nu2,i2,2024-05-02,4,eur\n"
    done = imported(tmp_path, f"customer_id,product_id,order_date,price,currency\n{rows}")
    assert any(line.startswith("prices are in EUR and USD:") for line in done.lines)


@pytest.mark.parametrize(
    ("title", "name"), [("The red garden /", "The red garden"), ("AC/DC", "AC/DC"), ("Who? :", "Who?")]
)
def test_the_mark_behind_a_title_of_a_library_is_left_out(title, name) -> None:
    assert clean(title) == name


@pytest.mark.parametrize(
    ("promotions", "end", "n_left_out"),
    [
        ("item_id,start,end,label\ni1,2024-05-01,2024-06-01,flyer\ni9,2024-05-01,2024-06-01,flyer\n", "2024-06-01", 1),
        ("Cód. produto;Início;Fim;Campanha\ni1;13/05/2024;01/06/2024;flyer\n", "2024-06-02", 0),  # its last day
        ("Artikelnr;Gültig ab;Gültig bis\ni1;13.05.2024;01.06.2024\n", "2024-06-02", 0),
    ],
)
def test_promotions_are_read_as_such(promotions, end, n_left_out, tmp_path) -> None:
    texts = {
        "products.csv": "item_id,title\ni1,Tea\ni2,Jug\n",
        "events.csv": "user_id,item_id,timestamp\nu1,i1,2024-05-01\nu2,i2,2024-05-02\n",
        "promotions.csv": promotions,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = import_flat([tmp_path / name for name in texts], out=tmp_path / "out")
    (found,) = done.tables.promotions.itertuples()
    assert (found.item_id, found.end) == ("i1", pd.Timestamp(end))
    assert found.label == ("flyer" if "flyer" in promotions else "promotion")
    assert done.tables.items["item_id"].tolist() == ["i1", "i2"]
    assert any(line.startswith("1 promotions are left out") for line in done.lines) == bool(n_left_out)
    assert len(pd.read_parquet(tmp_path / "out" / "promotions.parquet")) == 1


RETURNS = {
    "pedidos.csv": "Nº do pedido;Data do pedido;Cód. cliente;Cód. produto;Qtde\n"
    + "".join(f"o{n};{n + 1:02}/05/2024;u{n};i1;2\n" for n in range(20)),
}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("devolucoes.csv", "Data da devolução"),
        ("zwroty.csv", "Data"),
        ("tabela.csv", "Data da devolução"),
        ("order_returns.csv", "Return date"),
    ],
)
def test_a_table_of_returns_is_no_table_of_purchases(name, header, tmp_path) -> None:
    returned = f"Nº do pedido;{header};Cód. cliente;Cód. produto;Qtde devolvida\no3;25/05/2024;u3;i1;1\n"
    for file, text in (RETURNS | {name: returned}).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    done = import_flat([tmp_path / "pedidos.csv", tmp_path / name], out=tmp_path / "out", is_dry_run=True)
    events = done.tables.events
    assert events.loc[events["kind"] == "return", ["user_id", "quantity"]].to_numpy().tolist() == [["u3", 1.0]]
    assert events.loc[events["kind"] == "purchase", "quantity"].sum() == 40


def test_rows_that_repeat_the_lines_of_orders_are_asked_for(tmp_path) -> None:
    later = RETURNS["pedidos.csv"].replace("/05/", "/06/").replace("Data do pedido", "Data")
    for file, text in (RETURNS | {"tabela.csv": later}).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    files = [tmp_path / "pedidos.csv", tmp_path / "tabela.csv"]
    with pytest.raises(SettingError, match=r"tabela.csv repeat .* --kind tabela.csv=return"):
        import_flat(files, out=tmp_path / "out")
    done = import_flat(files, out=tmp_path / "out", kinds=["tabela.csv=delivery"], is_dry_run=True)
    assert (done.tables.events["kind"] == "purchase").sum() == 20


def test_signals_that_were_taken_back_are_told_in_no_text(tmp_path) -> None:
    rows = [
        ("u1", "i1", "follow"), ("u1", "i1", "unfollow"), ("u1", "i2", "follow"), ("u1", "i2", "purchase"),
        ("u2", "i1", "unfollow"), ("u2", "i1", "follow"), ("u2", "i2", "add_to_cart"), ("u2", "i2", "remove_from_cart"),
    ]  # fmt: skip
    text = "\n".join(f"{user},{item},{kind},2024-05-{day + 1:02d}" for day, (user, item, kind) in enumerate(rows))
    done = imported(tmp_path, f"user_id,item_id,event_type,timestamp\n{text}\n")
    assert done.tables.events.sort_values("timestamp")["kind"].tolist() == [
        "taken back", "unfollow", "follow", "purchase", "unfollow", "follow", "taken back", "remove_from_cart",
    ]  # fmt: skip
    assert done.notes["events of kind follow that were taken back"] == 1


def test_authors_group_books_where_no_category_does(tmp_path) -> None:
    rows = [
        f"u{k % 5},b{k % 6},Title {'abcdef'[k % 6]},{('Ana Moreno', 'Jo Hale')[k % 2]},2024-01-{k % 28 + 1:02d}"
        for k in range(40)
    ]
    done = imported(tmp_path, "\n".join(["user_id,book_id,title,author,date_read", *rows]))
    assert names(done)["author"] == "category"
    assert done.tables.shop.target_kinds == ("read",)


def test_authors_are_creators_where_genres_group_books(tmp_path) -> None:
    rows = [
        f"u{k % 5},b{k % 6},Title {'abcdef'[k % 6]},{('Ana Moreno', 'Jo Hale')[k % 2]},"
        f"{('crime', 'poetry')[k % 3 == 0]},2024-01-{k % 28 + 1:02d}"
        for k in range(40)
    ]
    done = imported(tmp_path, "\n".join(["user_id,book_id,title,author,genre,date_read", *rows]))
    assert (names(done)["author"], names(done)["genre"]) == ("brand", "category")
    assert done.tables.shop.brands_are == "creators"


def test_a_log_without_times_is_said_to_have_none(tmp_path) -> None:
    done = imported(tmp_path, "user,item,when\na,b,yesterday-ish\na,c,soon")
    assert done.tables.shop.times == "order"
    assert any(line.startswith("events have an order but no times") for line in done.lines)


@pytest.mark.parametrize("header", ["Estatus", "Situación final", "Wynik"])
def test_states_under_any_header_take_orders_back(tmp_path, header: str) -> None:
    rows = [f"F{k};{k + 10}/05/2024;c{k % 5};p{k % 4};{['Entregado', 'Cancelado'][k % 4 == 0]}" for k in range(20)]
    done = imported(tmp_path, "\n".join([f"Folio;Fecha de la venta;Cliente;SKU;{header}", *rows]), "ventas.csv")
    assert done.tables.events["kind"].value_counts().to_dict() == {"purchase": 20, "cancel": 5}


@pytest.mark.parametrize(("name", "kind"), [("lista_de_deseos.csv", "wishlist"), ("add to cart 2024.csv", "cart")])
def test_the_whole_name_of_a_file_tells_its_events(name, kind) -> None:
    assert kind_of_file(name) == kind
