"""Exports of a Spanish fashion shop: views of visitors, models in sizes, channels, and the clock of the shop."""

from __future__ import annotations

import pandas as pd
import pytest

from llm_explain.errors import SettingError
from llm_explain.importers.flat.run import import_flat

ORDERS = "Pedido;Fecha;Cliente;SKU;Producto;Precio unitario (EUR);Canal\n" + "".join(
    f"#{user};{user + 1:02d}/08/2025 00:31:20;c{user};HM-{item}/S;Vestido {item} - S;95,95;{channel}\n"
    for user, channel in enumerate(["Tienda", "Online", "App", "Tienda online"] * 4)
    for item in (1, 2)
)
VIEWS = [f"{day:02d}/08/2025 09:10:35;v{day % 4};HM-{1 + day % 2}/S\n" for day in range(13, 29)]


def imported(tmp_path, views: str, maps: tuple[str, ...] = (), products: str = "", kinds: tuple[str, ...] = ()):
    files = {"pedidos.csv": ORDERS, "vistas.csv": views, "productos.csv": products}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return import_flat(
        [tmp_path / name for name, content in files.items() if content], out=tmp_path / "out", maps=maps, kinds=kinds
    )


@pytest.mark.parametrize("header", ["Visitante", "Besucher", "Visiteur", "Visitor", "访客"])
def test_visitors_are_users(tmp_path, header: str) -> None:
    done = imported(tmp_path, f"Fecha;{header};SKU\n" + "".join(VIEWS))
    views = done.tables.events[done.tables.events["user_id"].isin(["v0", "v1", "v2", "v3"])]
    assert views["kind"].tolist() == ["view"] * len(VIEWS)


def _log_of(word: str) -> str:
    return "Fecha;Usuario;SKU;Evento\n" + "".join(f"{row.strip()};{word}\n" for row in VIEWS)


@pytest.mark.parametrize("word", ["Produktansicht", "Artikelaufruf", "vue produit", "fiche produit", "product_view"])
def test_a_view_is_one_in_other_languages(tmp_path, word: str) -> None:
    assert set(imported(tmp_path, _log_of(word)).tables.events["kind"]) == {"purchase", "view"}


def test_a_word_that_is_no_known_event_is_reported_and_a_correction_says_what_it_is(tmp_path) -> None:
    done = imported(tmp_path, _log_of("Beäugung"))
    (line,) = (line for line in done.lines if "kinds of events without words" in line)
    assert line.endswith("--kind 'vistas.csv.Beäugung=view'")
    assert set(done.tables.events["kind"]) == {"purchase", "beaugung"}
    for told in ("vistas.csv.Beäugung=view", "vistas.csv=view"):
        assert set(imported(tmp_path, _log_of("Beäugung"), kinds=(told,)).tables.events["kind"]) == {"purchase", "view"}


def test_a_log_without_a_recognised_user_is_an_error_that_a_correction_answers(tmp_path) -> None:
    views = "Fecha;Quién;SKU\n" + "".join(VIEWS)
    with pytest.raises(
        SettingError, match=r"vistas.csv: 16 rows have items and times, but no column .* as the user"
    ) as told:
        imported(tmp_path, views)
    assert "--map 'vistas.csv.Quién=user_id'" in str(told.value)
    assert len(imported(tmp_path, views, ("vistas.csv.Quién=user_id",)).tables.events) == 32 + len(VIEWS)
    assert len(imported(tmp_path, views, ("vistas.csv.Fecha=",)).tables.events) == 32


def test_a_log_without_any_user_is_an_error(tmp_path) -> None:
    views = "Fecha;SKU\n" + "".join(
        row.replace(f";v{day % 4};", ";") for day, row in zip(range(13, 29), VIEWS, strict=True)
    )
    with pytest.raises(SettingError, match="or leave out the file"):
        imported(tmp_path, views)


@pytest.mark.parametrize(("brand", "parents"), [("Duero", ["HM-1", "HM-1"]), ("Mikado", None)])
def test_a_model_groups_variants_unless_several_brands_share_its_name(tmp_path, brand: str, parents) -> None:
    rows = f"HM-1/S;HM-1;Vestido 1 - S;Duero;https://cdn/1.jpg\nHM-1/M;HM-1;Vestido 1 - M;{brand};https://cdn/1.jpg\n"
    done = imported(
        tmp_path, "", products=f"SKU;Modelo;Nombre;Marca;Imagen\n{rows}HM-2/S;HM-2;Vestido 2;Duero;https://cdn/2.jpg\n"
    )
    items = done.tables.items.set_index("item_id")
    assert items["image"]["HM-1/S"] == "https://cdn/1.jpg"
    assert (items["parent_id"][["HM-1/S", "HM-1/M"]].tolist() if "parent_id" in items else None) == parents


def test_channels_are_read_in_spanish(tmp_path) -> None:
    events = imported(tmp_path, "").tables.events
    assert events["channel"].value_counts().to_dict() == {"web": 16, "shop": 8, "app": 8}


def test_the_report_says_that_days_are_read_in_utc_until_the_shop_states_its_zone(tmp_path) -> None:
    done = imported(tmp_path, "")
    assert done.tables.shop.locale == "es"
    assert any(
        line.startswith("days are read in UTC") and "time_zone: " in line and "times: local" in line
        for line in done.lines
    )
    (tmp_path / "out" / "shop.yaml").write_text("time_zone: Europe/Madrid\ntimes: local\n")
    done = imported(tmp_path, "")
    assert not any("UTC" in line for line in done.lines)
    assert done.tables.events["timestamp"].min() == pd.Timestamp("2025-07-31T22:31:20")


@pytest.mark.parametrize("times", ["utc", "local"])
def test_a_time_with_its_zone_is_that_instant_whatever_stands_next_to_it(tmp_path, times: str) -> None:
    zoned = {
        "2025-08-01T10:00:00.123+02:00": "2025-08-01T08:00:00.123", "2025-08-02 10:00:00+02": "2025-08-02T08:00:00",
        "2025-08-03T10:00:00-0500": "2025-08-03T15:00:00", "2025-08-04T00:00:00Z": "2025-08-04T00:00:00",
        "2025-08-05 10:00:00 UTC": "2025-08-05T10:00:00",
    }  # fmt: skip
    bare = "2025-08-06T10:00:00"
    for given in ([*zoned], [*zoned, bare], [*list(zoned)[:1], *[bare] * 4], ["2025-08-04T00:00:00Z"]):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "shop.yaml").write_text(f"time_zone: Europe/Madrid\ntimes: {times}\n")
        rows = "".join(f"u{number},i,{time},1\n" for number, time in enumerate(given))
        (tmp_path / "log.csv").write_text(f"user_id,item_id,timestamp,price\n{rows}")
        events = import_flat([tmp_path / "log.csv"], out=tmp_path / "out").tables.events.set_index("user_id")
        local = "2025-08-06T08:00:00" if times == "local" else bare
        wanted = [pd.Timestamp(zoned.get(time, local)) for time in given]
        assert [events["timestamp"][f"u{number}"] for number in range(len(given))] == wanted


def test_days_without_a_time_are_days_of_the_shop(tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "shop.yaml").write_text("time_zone: America/New_York\n")
    (tmp_path / "log.csv").write_text("user_id,item_id,date,price\nu,i,2025-08-01,1\nv,i,2025-08-02,1\n")
    done = import_flat([tmp_path / "log.csv"], out=tmp_path / "out")
    assert done.tables.events["timestamp"].tolist() == [pd.Timestamp("2025-08-01T04"), pd.Timestamp("2025-08-02T04")]
