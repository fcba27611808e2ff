"""Rows that look like purchases and are none, prices in cents, months, and ratings that no user gave."""

from __future__ import annotations

import json

import pytest

from llm_explain.importers.flat.run import import_flat


def imported(tmp_path, text: str, name: str = "export.csv", maps: tuple[str, ...] = ()):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return import_flat([path], out=tmp_path / "out", maps=maps)


def kinds(done) -> dict[str, int]:
    return done.tables.events["kind"].value_counts().to_dict()


def names(done) -> dict[str, str]:
    return {column.column: column.name for column in done.columns if column.name}


def orders(head: str, ends: list[str]) -> str:
    rows = [f"o{k},u{k % 3},i{k % 4},2024-05-{k + 10},9.50,{end}" for k, end in enumerate(ends)]
    return "\n".join([f"order_id,customer_id,product_id,order_date,price,{head}", *rows])


@pytest.mark.parametrize(
    ("head", "ends", "back"),
    [
        ("decline_reason", ["", "", "", "INSUFFICIENT_FUNDS"], "cancel"),
        ("Cancel Reason", ["", "none", "", "customer", ""], "cancel"),
        ("amount_refunded,amount", ["0,9.50", "9.50,9.50", "4.00,9.50", "0,9.50"], "refund"),
    ],
)
def test_a_column_tells_that_an_order_came_to_nothing(tmp_path, head, ends, back) -> None:
    assert kinds(imported(tmp_path, orders(head, ends))) == {"purchase": len(ends), back: 1}


def test_states_without_words_are_named_and_can_be_told(tmp_path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(orders("Orderstatus", ["Kesz", "Torolve", "Kesz"]), encoding="utf-8")
    done = import_flat([path], out=tmp_path / "out")
    assert kinds(done) == {"purchase": 3}
    assert any("Kesz, Torolve" in note and "export.csv.Torolve=cancel" in note for note in done.lines)
    told = import_flat([path], out=tmp_path / "told", kinds=["export.csv.Torolve=cancel"])
    assert kinds(told) == {"purchase": 3, "cancel": 1}
    assert not any("no state of an order" in note for note in told.lines)


def test_a_refund_that_all_lines_state_is_that_of_the_order(tmp_path) -> None:
    head = "order_id,customer_id,product_id,order_date,amount,refund_amount"
    rows = ["o1,u1,i1,2024-05-01,5,10", "o1,u1,i2,2024-05-01,15,10", "o2,u2,i1,2024-05-02,5,20",
            "o2,u2,i2,2024-05-02,15,20"]  # fmt: skip
    events = imported(tmp_path, "\n".join([head, *rows])).tables.events
    assert sorted(events.loc[events["kind"] == "refund", "order_id"]) == ["o2", "o2"]


def test_a_return_that_names_the_customer_otherwise_is_that_of_its_order(tmp_path) -> None:
    sold = ["o1,ann,i1,2024-05-01", "o2,bob,i1,2024-05-01", "o3,bob,i2,2024-05-02", "o3,eve,i2,2024-05-02"]
    back = ["o1,ann@shop.test,i1,2024-05-09", "o9,bob,i1,2024-05-09", "o3,x@shop.test,i2,2024-05-09"]
    head, paths = "order_id,customer_id,product_id,", [tmp_path / "orders.csv", tmp_path / "returns.csv"]
    for path, rows, day in zip(paths, (sold, back), ("order_date", "return_date"), strict=True):
        path.write_text("\n".join([head + day, *rows]))
    events = import_flat(paths, out=tmp_path / "out").tables.events
    taken = events.loc[events["kind"] == "return", ["user_id", "order_id"]].to_numpy().tolist()
    assert sorted(taken) == [["ann", "o1"], ["bob", "o2"], ["x@shop.test", "o3"]]  # two bought i2 in order o3


def test_an_order_that_is_placed_and_paid_is_one_purchase(tmp_path) -> None:
    head = "openid,行为,行为时间,商品ID,商品名称,订单号,单价（分）"
    rows = [f"w{k},浏览,2025/02/{k + 10} 08:00:00,{k % 3},龙井 {k % 3},,2990" for k in range(9)]
    rows += [f"w{k},下单,2025/02/{k + 10} 09:00:00,{k % 3},龙井 {k % 3},X{k},2990" for k in range(9)]
    rows += [f"w{k},支付,2025/02/{k + 10} 09:01:00,{k % 3},龙井 {k % 3},X{k},2990" for k in range(7)]
    done = imported(tmp_path, "\n".join([head, *rows]))
    assert kinds(done) == {"view": 9, "下单": 9, "purchase": 7}
    assert set(done.tables.events["price"]) == {29.90}


def test_a_refund_without_items_takes_back_all_items_of_the_order(tmp_path) -> None:
    def row(number: int, name: str, order: str, items: list[str]) -> str:
        rows = [{"item_id": item, "item_name": f"Tent {item}", "price": 20.0, "quantity": 1} for item in items]
        time = str(1_746_262_949_000_000 + number * 86_400_000_000)
        event = {"event_name": name, "event_timestamp": time, "user_pseudo_id": "1.2", "items": rows}
        return json.dumps({**event, "ecommerce": {"transaction_id": order}})

    log = [row(1, "purchase", "T1", ["a", "b"]), row(2, "purchase", "T2", ["a"]), row(3, "refund", "T1", [])]
    events = imported(tmp_path, "\n".join(log), "events.json").tables.events
    assert sorted(events.loc[events["kind"] == "refund", "item_id"]) == ["a", "b"]


def test_documents_of_a_merchandise_system_are_read_by_their_kind(tmp_path) -> None:
    head = "Beleg-Nr.;Belegart;Belegdatum;Kd-Nr.;Art.-Nr.;Bezeichnung;Menge;E-Preis netto"
    rows = [f"{k};Rechnung;{k + 10}.02.2024;{k % 3};A{k % 4};Ölfilter {k % 4};2,00;6,69" for k in range(9)]
    rows += ["S3;Storno;20.02.2024;0;A3;Ölfilter 3;2,00;6,69", "G4;Gutschrift;20.02.2024;1;A0;Ölfilter 0;-1,00;6,69"]
    rows += ["77;Angebot;20.02.2024;1;A1;Ölfilter 1;50,00;6,69"]
    done = imported(tmp_path, "\n".join([head, *rows]))
    assert names(done)["Kd-Nr."] == "user_id"
    found = kinds(done)
    assert (found["cancel"], found["refund"], found["angebot"]) == (1, 1, 1)


def test_a_reason_of_billing_is_no_kind_of_event(tmp_path) -> None:
    ends = ["manual", "subscription_cycle", "manual", "subscription_cycle"]
    assert kinds(imported(tmp_path, orders("invoice_billing_reason", ends))) == {"purchase": 2, "renew": 2}


@pytest.mark.parametrize(
    ("head", "currency", "maps", "price"),
    [
        ("unit_amount", "usd", (), 12.99),
        ("price_cents", "", (), 12.99),
        ("unit_amount", "jpy", (), 1299),
        ("price", "gbp", (), None),
        ("price", "gbp", ("export.csv.price=price:minor",), 12.99),
        ("price", "gbp", ("export.csv.price=price:major",), 1299),
        ("price", "", (), 1299),
    ],
)
def test_prices_in_cents_are_divided_or_asked_for(tmp_path, head, currency, maps, price) -> None:
    rows = [f"o{k},u{k % 3},i{k},2024-05-{k % 20 + 1:02d},{1299 + k},{currency}" for k in range(25)]
    text = "\n".join([f"order_id,customer_id,product_id,order_date,{head},currency", *rows])
    done = imported(tmp_path, text, maps=maps)
    if price is None:
        assert "price" not in done.tables.events
        assert any("--map export.csv.price=amount:minor" in line for line in done.lines)
    else:
        assert done.tables.events["price"].min() == price


def test_months_tell_no_day(tmp_path) -> None:
    head = "Period,Debtor No.,Item No.,Item Description,Qty Invoiced"
    rows = [f"2023-{9 - k % 6:02d},D{k % 4},{k % 5},Hex bolt {k % 5},{k + 1}" for k in range(20)]
    done = imported(tmp_path, "\n".join([head, *rows]))
    assert done.tables.shop.times == "order"
    assert done.tables.events.groupby("user_id")["timestamp"].is_monotonic_increasing.all()


def test_the_average_rating_of_a_restaurant_is_not_the_users(tmp_path) -> None:
    def order(k: int) -> str:
        place = {"id": f"r{k % 4}", "name": f"Pizza House {k % 4}", "cuisine": "Pizza", "rating": 3.9 + k % 7 / 10}
        eater = {"uuid": f"e{k % 5}"}
        return json.dumps({"order_uuid": f"o{k}", "placed_at": f"2025-03-{k + 1:02d}T20:00:00", "eater": eater,
                           "restaurant": place, "subtotal": 15.5})  # fmt: skip

    done = imported(tmp_path, "\n".join(order(k) for k in range(28)), "orders.jsonl")
    assert done.tables.shop.ratings is None
    assert done.tables.shop.locale == "en"


def test_bookings_have_a_place_a_city_and_a_cancellation(tmp_path) -> None:
    head = "Confirmation #,Booked On,Guest Email,Property Code,Property Name,City,Reservation Status,Cancellation Date"
    rows = [
        f"R{k},01/{k + 14}/2024 04:47 PM,g{k % 3}@x.example,P{k % 4},Inn {k % 4} Rome,{('Rome', 'Lisbon')[k % 2]},"
        f"{('Checked Out', 'Confirmed')[k % 2]},{'02/16/2024 01:16 AM' if k == 3 else ''}"
        for k in range(12)
    ]
    done = imported(tmp_path, "\n".join([head, *rows]))
    found = names(done)
    assert (found["Property Name"], found["City"], found["Confirmation #"]) == ("title", "category", "order_id")
    assert kinds(done) == {"book": 11, "withdrawn": 1}


def test_a_clinic_is_sensitive_also_where_items_are_merchants(tmp_path) -> None:
    rows = [f"t{k},a{k % 3},2025-01-{k + 10},m{k % 2},{('Argos', 'Hill Street Clinic')[k % 2]},9.50" for k in range(12)]
    head = "transaction_id,account_id,created,merchant_id,merchant_name,amount"
    shop = imported(tmp_path, "\n".join([head, *rows])).tables.shop
    assert set(shop.proposals.sensitive_items) == {"m1"}


def test_continuation_rows_are_read_by_the_only_id_that_all_rows_have(tmp_path) -> None:
    head = "ID,Name,Created At,Customer: ID,Row #,Line: Product ID,Line: Title,Line: Quantity"
    rows = [f"{900 + k},#{k},2024-06-{k + 10} 14:05:47,c{k % 3},1,p{k % 4},Soap {k % 4},1\n"
            f"{900 + k},#{k},,,2,p9,Towel,2" for k in range(12)]  # fmt: skip
    done = imported(tmp_path, "\n".join([head, *rows]))
    assert names(done)["ID"] == "order_id"
    assert len(done.rejects) == 0
    assert len(done.tables.events) == 24


def test_a_log_of_lessons_predicts_enrolments(tmp_path) -> None:
    head = "Fecha y hora;Nº alumno;Código curso;Curso;Evento"
    rows = [f"{k + 13}/09/2024 11:14;{k % 4};C{k % 3};Yoga {k % 3};inscripción" for k in range(9)]
    rows += [f"{k + 13}/10/2024 11:14;{k % 4};C{k % 3};Yoga {k % 3};lección completada" for k in range(15)]
    rows += ["30/10/2024 11:14;0;C0;Yoga 0;abandono"]
    done = imported(tmp_path, "\n".join([head, *rows]))
    assert done.tables.shop.target_kinds == ("enroll",)
    assert done.tables.shop.return_kinds == ("unenroll",)


def test_the_report_says_that_no_text_tells_a_kind(tmp_path) -> None:
    rows = [f"u{k % 3},i{k % 4},2024-05-{k + 10},frobnicate" for k in range(9)]
    done = imported(tmp_path, "\n".join(["user_id,item_id,timestamp,event", *rows]))
    assert any("no text tells events of kind frobnicate" in line for line in done.lines)
