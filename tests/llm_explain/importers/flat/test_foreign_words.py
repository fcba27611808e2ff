"""Exports in languages that no list has words of: what is not understood is asked about or reported, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm_explain.errors import SettingError
from llm_explain.importers.flat.returns import undone
from llm_explain.importers.flat.run import import_flat

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.importers.flat.report import FlatImport

ORDERS = "".join(f"{n};u{n % 3};2026-03-{n + 10} 09:30;{'Kesz' if n % 4 else 'Torolt'}\n" for n in range(12))
LINES = "".join(f"{n};a{n % 4};1\n" for n in range(12))


def imported(folder: Path, **files: str) -> FlatImport:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return import_flat(sorted(folder.glob("*.csv")), out=folder / "out", is_dry_run=True)


def test_lines_without_times_that_repeat_lines_of_orders_are_asked_about(tmp_path: Path) -> None:
    """Returns in a file with a foreign name were counted as purchases."""
    with pytest.raises(SettingError, match=r"3 rows of vissza.csv repeat lines of orders of sorok.csv, but what"):
        imported(
            tmp_path,
            rendelesek=f"order id;customer id;order date;status\n{ORDERS}",
            sorok=f"order id;sku;quantity\n{LINES}",
            vissza="order id;sku;quantity;ok\n1;a1;1;x\n2;a2;1;y\n7;a3;1;x\n",
        )


def test_states_of_a_file_of_orders_and_files_of_bare_ids_are_reported(tmp_path: Path) -> None:
    done = imported(
        tmp_path,
        rendelesek=f"order id;customer id;order date;status\n{ORDERS}",
        sorok=f"order id;sku;quantity\n{LINES}",
        termek="sku;product name\n" + "".join(f"a{n};Thing {n}\n" for n in range(4)),
        keszlet="sku;hely\n" + "".join(f"a{n};B\n" for n in range(4)),
    )
    assert any("rendelesek.csv: no state of an order is known to take it back: Kesz, Torolt" in it for it in done.lines)
    assert [line for line in done.lines if "only the item's id is read" in line and "keszlet.csv" in line]
    assert not [line for line in done.lines if "only the item's id is read" in line and "termek.csv" in line]


def test_orders_whose_lines_are_not_recognised_are_no_log_without_items(tmp_path: Path) -> None:
    """Each order counted as an event of one invented item."""
    mapped = ["rendeles_tetelek.csv.Rendelesszam=order_id", "rendeles_tetelek.csv.Cikkszam=item_id"]
    with pytest.raises(
        SettingError, match=rf"a column for order_id and item_id is not.* --map {' --map '.join(mapped)}$"
    ):
        imported(
            tmp_path,
            rendelesek="Rendelesszam;customer id;order date\n"
            + "".join(f"{n};u{n % 3};2026-03-{n + 10}\n" for n in range(12)),
            rendeles_tetelek="Rendelesszam;Cikkszam;Db\n" + "".join(f"{n // 2};a{n % 4};1\n" for n in range(24)),
        )
    with pytest.raises(
        SettingError, match=r"a column for order_id is not.* --map rendelesek.csv.Rendelesszam=order_id$"
    ):
        import_flat(sorted(tmp_path.glob("*.csv")), out=tmp_path / "out", maps=mapped, is_dry_run=True)
    done = import_flat(
        sorted(tmp_path.glob("*.csv")),
        out=tmp_path / "out",
        maps=[*mapped, "rendelesek.csv.Rendelesszam=order_id"],
        is_dry_run=True,
    )
    assert len(done.tables.events) == 24


@pytest.mark.parametrize(
    ("titles", "locale"),
    [
        (["Skaljacka för herr", "Träningskläder", "Löparsko på rea", "Värmeljus med doft", "Läder till bälten"], "sv"),
        (["Jakke til mænd", "Løbesko på tilbud", "Klæder og støvler", "Mænds træningstøj"], "da"),
        (["Kék sál nőknek", "Női őszi kabát", "Fűző és öv", "Tűzött kötény"], "en"),
        (["Säärystimet", "Väriäiden pöytä", "Käsineet ei koko", "Hännän väriäer"], "fi"),
    ],
)
def test_a_language_without_words_is_not_taken_for_german(tmp_path: Path, titles: list[str], locale: str) -> None:
    rows = "".join(f"{n};k{n % 2};a{n % len(titles)};{titles[n % len(titles)]};2026-03-{n + 10}\n" for n in range(10))
    done = imported(tmp_path, log=f"oid;uid;sku;title;timestamp\n{rows}")
    assert done.tables.shop.locale == locale


def test_order_lines_under_unknown_headers_next_to_a_log_are_asked_about(tmp_path: Path) -> None:
    """They counted as a list of items, so that the log of views alone was imported."""
    views = "".join(f"u{n % 3};a{n % 4};2026-03-{n + 10};view\n" for n in range(12))
    lines = "".join(f"2026-03-{n + 10};u{n % 3};a{n % 4};1\n" for n in range(12))
    with pytest.raises(SettingError, match=r"sorok.csv: 12 rows have items and times, but no column is recognised as"):
        imported(
            tmp_path,
            log=f"user id;sku;event time;event\n{views}",
            sorok=f"nap;vevő;sku;quantity\n{lines}",
        )


def test_clothing_of_one_sport_is_not_all_clothing(tmp_path: Path) -> None:
    """A user who bought jackets too was told of "clothing" what counted cycling clothing alone."""
    paths = ["Cycling > Clothing", "Cycling > Pumps", "Outdoor > Jackets"]
    titles = ["Bib tights", "Floor pump", "Rain jacket"]
    rows = "".join(f"{n};u{n % 2};a{n % 3};{titles[n % 3]};{paths[n % 3]};2026-03-{n + 10}\n" for n in range(12))
    done = imported(tmp_path, log=f"order id;user id;sku;title;category;timestamp\n{rows}")
    assert sorted(done.tables.items["category"]) == ["Cycling › Clothing", "Jackets", "Pumps"]


def test_a_compound_of_the_name_above_stands_alone(tmp_path: Path) -> None:
    """Danish cards told of "Kat › Kattefoder", because titles end in "katte" and none in "kattefoder"."""
    paths = ["Kæledyr > Kat > Kattefoder", "Kæledyr > Hund > Hundefoder", "Kæledyr > Hund > Vådfoder"]
    titles = ["Poteglad foder til katte", "Ulvhøj foder til hunde", "Ulvhøj bøf til hunde"]
    rows = "".join(f"{n};u{n % 2};a{n % 3};{titles[n % 3]};{paths[n % 3]};2026-03-{n + 10}\n" for n in range(12))
    done = imported(tmp_path, log=f"order id;user id;sku;title;category;timestamp\n{rows}")
    assert sorted(done.tables.items["category"]) == ["Hundefoder", "Kattefoder", "Vådfoder"]


@pytest.mark.parametrize(
    "state",
    [
        "Pendiente de pago", "En espera de pago", "Väntar på betalning", "Afventer betaling", "Wacht op betaling",
        "Oczekiwanie na płatność", "Čeká na platbu", "Odottaa maksua", "支払い待ち", "入金待ち", "Ожидает оплаты",
        "Ödeme bekleniyor", "等待买家付款", "Wartet auf Zahlung", "En attente de paiement",
    ],
)  # fmt: skip
def test_an_order_that_is_not_paid_is_no_purchase(state: str) -> None:
    assert undone(state) == "cancel"
    assert undone("Pagado") is None
