"""Loans, hires, bookings, donations, bids and enrolments are no purchases, and what goes back takes nothing back."""

from __future__ import annotations

import pytest

from llm_explain.importers.flat.run import import_flat


def imported(tmp_path, text: str, name: str = "export.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return import_flat([path], out=tmp_path / "out")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Lesernummer,Mediennummer,Titel,Ausleihdatum", "borrow"),
        ("patron_id,item_id,title,loan_date", "borrow"),
        ("customer_no,equipment_code,equipment,hire_start", "rent"),
        ("guest_email,hotel_code,hotel_name,booked_on", "book"),
        ("Donor ID,Fund Code,Fund,Gift Date", "donate"),
        ("eater_id,restaurant_id,restaurant_name,order_date,subtotal", "order"),
        ("account_id,merchant_id,merchant_name,created_at,amount", "pay"),
        ("bidder_id,lot_id,lot_title,bid_time", "bid"),
        ("id_aluno,id_curso,titulo,data_matricula", "enroll"),
        ("customer_id,product_id,product_name,order_date", "purchase"),
        ("visitor,article_id,headline,clicked_at", "view"),
    ],
)
def test_headers_tell_what_the_events_are(tmp_path, header, kind) -> None:
    end = ",9.50" * (header.count(",") - 3)
    done = imported(tmp_path, f"{header}\nu1,i1,Name one,2024-05-01{end}\nu2,i2,Name two,2024-05-02{end}\n")
    assert done.tables.events["kind"].tolist() == [kind, kind]
    assert done.tables.events["item_id"].tolist() == ["i1", "i2"]
    assert done.tables.shop.target_kinds == (kind,)


def test_a_hire_that_came_back_is_a_hire_and_a_cancelled_one_is_none(tmp_path) -> None:
    done = imported(
        tmp_path,
        "hire_no,customer_no,equipment_code,equipment,hire_start,returned_at,hire_charge,status\n"
        "1,u1,SAW,Saw,2024-05-01,2024-05-03,40,returned\n"
        "2,u1,DRL,Drill,2024-05-08,,20,on hire\n"
        "3,u2,SAW,Saw,2024-05-09,,40,cancelled\n",
    )
    assert done.tables.events["kind"].tolist() == ["rent", "rent", "withdrawn"]


def test_a_purchase_that_came_back_is_still_taken_back(tmp_path) -> None:
    done = imported(
        tmp_path,
        "order_id,customer_id,product_id,order_date,returned_at,price\n"
        "1,u1,SAW,2024-05-01,2024-05-03,40\n2,u2,SAW,2024-05-02,,40\n",
    )
    assert done.tables.events["kind"].tolist() == ["purchase", "cancel", "purchase"]


def test_lists_of_categories_are_read_as_lists(tmp_path) -> None:
    done = imported(
        tmp_path,
        "user_id,item_id,title,categories,viewed_at\n"
        'u1,i1,One,"[""news"", ""politics""]",2024-05-01\nu2,i2,Two,"[\'news\', \'sport\']",2024-05-02\n',
    )
    assert done.tables.items["category"].tolist() == ["politics", "sports"]
    assert done.tables.items["categories"].tolist() == ["news|politics", "news|sport"]


def test_japanese_and_portuguese_states_undo_orders(tmp_path) -> None:
    done = imported(
        tmp_path,
        "注文番号,購入者ID,商品ID,商品名,販売価格,購入日時,取引ステータス\n"
        "1,b1,m1,靴,800,2024/05/01 10:00,取引完了\n2,b2,m2,本,500,2024/05/02 10:00,キャンセル\n",
    )
    assert done.tables.events["kind"].tolist() == ["purchase", "purchase", "cancel"]


def test_a_city_called_porto_is_no_postage(tmp_path) -> None:
    done = imported(
        tmp_path,
        "guest_email,hotel_code,hotel_name,booked_on\na@b.test,P1,Garden Inn Porto,2024-05-01\n"
        "c@b.test,P2,Grand Hotel Porto,2024-05-02\n",
    )
    assert not done.tables.shop.proposals.left_out_items
    assert done.tables.items["category"].isna().all()  # names of hotels are no kinds of things


def test_an_id_that_leads_in_its_header_joins_names(tmp_path) -> None:
    files = {
        "areas.csv": "id_area;nome_area\n1;Design\n2;Idiomas\n",
        "cursos.csv": "id_curso;titulo;id_area\n10;Figma;1\n11;Inglês;2\n12;Tipografia;1\n",
        "matriculas.csv": "id_aluno;id_curso;data_matricula\n7;10;13/05/2024\n8;11;14/05/2024\n9;11;15/05/2024\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = import_flat([tmp_path / name for name in files], out=tmp_path / "out")
    assert done.tables.items.set_index("item_id")["category"].to_dict() == {
        "10": "Design",
        "11": "Idiomas",
        "12": "Design",
    }


def test_a_shop_whose_items_are_sold_once_is_told_so(tmp_path) -> None:
    rows = "".join(f"u{n % 7},m{n},Thing {n},2024-05-{n % 28 + 1:02d},{n}\n" for n in range(60))
    done = imported(tmp_path, f"customer_id,product_id,title,order_date,price\n{rows}")
    assert [line for line in done.lines if "60 of 60 items have one event" in line]
    again = imported(tmp_path, f"customer_id,product_id,title,order_date,price\n{rows}{rows}", "again.csv")
    assert not [line for line in again.lines if "have one event" in line]
