"""The currency of an export: from headers and cells, never from a sign that several countries use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm_explain.importers.flat.run import import_flat

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.importers.flat.report import FlatImport


def imported(tmp_path: Path, header: str, cells: tuple[str, str], *, locale: str = "") -> FlatImport:
    path = tmp_path / "orders.csv"
    rows = "\n".join(f"u{n};i{n};2024-01-0{n + 1};{cell}" for n, cell in enumerate(cells))
    path.write_text(f"customer_id;item_id;date;{header}\n{rows}\n", encoding="utf-8")
    if locale:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "shop.yaml").write_text(f"locale: {locale}\n")
    return import_flat([path], out=tmp_path / "out")


@pytest.mark.parametrize(
    ("header", "cells", "currency", "prices"),
    [
        ("Preis (EUR)", ("12,45", "1.299,00"), "EUR", [12.45, 1299.0]),
        ("price_usd", ("12.45", "3"), "USD", [12.45, 3.0]),
        ("Betrag EUR", ("12,45", "3,00"), "EUR", [12.45, 3.0]),
        ("price", ("€12.45", "€3.00"), "EUR", [12.45, 3.0]),
        ("prix", ("12,45 €", "3,00 €"), "EUR", [12.45, 3.0]),
        ("preço", ("R$ 10,00", "R$ 1.299,90"), "BRL", [10.0, 1299.9]),
        ("price", ("£4.99", "£5"), "GBP", [4.99, 5.0]),
        ("price", ("US$5.00", "US$6.50"), "USD", [5.0, 6.5]),
        ("price", ("5.00 chf", "6.50 chf"), "CHF", [5.0, 6.5]),
        ("price", ("5.00", "6.50"), None, [5.0, 6.5]),
    ],
)
def test_a_header_or_the_cells_tell_the_currency(tmp_path, header, cells, currency, prices) -> None:
    done = imported(tmp_path, header, cells)
    assert done.tables.shop.currency == currency
    assert done.tables.events["price"].tolist() == prices
    assert any("prices are in" in line for line in done.lines) == (currency is not None)


@pytest.mark.parametrize(("cells", "least"), [(("$5.00", "$6.50"), "USD"), (("¥1,200", "¥800"), "JPY")])
def test_a_sign_of_several_currencies_is_asked_about(tmp_path, cells, least) -> None:
    done = imported(tmp_path, "price", cells)
    assert done.tables.shop.currency is None
    line, _ = done.lines
    assert "they are written without a sign until shop.yaml has the currency" in line
    assert f"`currency: {least}`" in line


def test_the_country_of_the_settings_decides_what_a_sign_means(tmp_path) -> None:
    done = imported(tmp_path, "precio", ("$ 5.00", "$ 6.50"), locale="es-MX")
    assert done.tables.shop.currency == "MXN"
    assert done.lines[0] == "prices are in MXN ('$', and the locale es-MX)"


def test_prices_of_two_currencies_have_none(tmp_path) -> None:
    done = imported(tmp_path, "price", ("€5.00", "£6.50"))
    assert done.tables.shop.currency is None
    assert "of several currencies" in done.lines[0]
