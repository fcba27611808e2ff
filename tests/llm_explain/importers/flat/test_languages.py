"""Exports of shops in other languages: headers, states of orders, marks of spreadsheets, and the shop's language."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from llm_explain.errors import TableError
from llm_explain.importers.flat.corrections import NAMES
from llm_explain.importers.flat.language import language_of
from llm_explain.importers.flat.names import sentence_case
from llm_explain.importers.flat.report import FlatImport
from llm_explain.importers.flat.run import import_flat
from llm_explain.importers.flat.vocabulary import headers, normal
from llm_explain.text.prompt_files import prompts_root

FRENCH = """\
id_order;id_customer;Client;Email;Date;État;product_id;Produit;Catégorie;Quantité;Prix unitaire TTC;Devise
11;1;É. Durand;a@shop.test;14/01/2025 13:50:52;Livré;7;Savon à l'olive;Accueil > Bain;2;"1\u202f003,90\u00a0€";EUR
12;2;É. Durand;b@shop.test;15/01/2025 10:00:00;Annulé;7;Savon à l'olive;Accueil > Bain > Savons;1;4,50\u00a0€;EUR
13;2;É. Durand;b@shop.test;16/01/2025 10:00:00;Remboursé;8;Huile d'amande douce;Accueil > Soins;1;4,50\u00a0€;EUR
"""

GERMAN = """\
Auftragsnummer;Auftragsdatum;Kundennummer;Artikelnummer;Artikelbezeichnung;Warengruppe;Anzahl;VK Brutto;Währung;Status
AU1;24.01.2025 20:59;K1;A1;Käse mit Kräutern;Käse;1,00;6,50;EUR;versendet
AU1;24.01.2025 20:59;K1;VERSAND;Versandkosten DHL Paket;;1,00;4,90;EUR;versendet
AU2;25.01.2025 08:00;K2;A2;Brot für Gäste;Brot;2,00;3,00;EUR;storniert
AU3;26.01.2025 08:00;K2;A1;Käse mit Kräutern;Käse;1,00;6,50;EUR;Zurückerstattet
"""

JAPANESE = """\
注文番号,注文日時,会員ID,氏名,商品番号,商品名,カテゴリ,ブランド,個数,単価,ステータス
20250112-1,2025/01/12 10:17:38,m1,山田 太郎,J1,どら焼き（5個入）,和菓子,菓匠あん,2,"1,200",発送済み
20250112-1,2025/01/12 10:17:38,m1,山田 太郎,J2,抹茶 30g缶,お茶,宇治園,1,"1,620",発送済み
20250123-2,2025/01/23 15:56:22,m2,佐藤 花子,J1,どら焼き（5個入）,和菓子,菓匠あん,1,"1,200",キャンセル
"""

CHINESE = '''\
订单编号,买家会员名,标题,价格,购买数量,商品编码,订单状态,订单创建时间,商品类目
"=""2000000000000000011""",甲,牛肉干,59.00,1,SP1,交易成功,2025-01-31 13:45:09,零食
"=""2000000000000000012""",乙,龙井茶,168.00,2,SP2,交易关闭,2025-02-01 13:45:09,茶叶
'''


DANISH = """\
Ordrenr.;Ordredato;Kundenr.;Varenr.;Varetekst;Varegruppe;Antal;Stk. pris inkl. moms;Valuta;Ordrestatus
HD-1;01-05-2025 07:02;K1;10;Fuglefoder på net;Have > Fuglefoder;2;1.045,50;DKK;Afsendt
HD-2;14-05-2025 08:00;K2;10;Fuglefoder på net;Have > Fuglefoder;1;1.045,50;DKK;Annulleret
"""
CZECH = """\
Číslo objednávky;Datum vytvoření;Číslo zákazníka;Kód zboží;Název zboží;Kategorie;Počet ks;Cena za ks;Stav objednávky
HD-1;1.5.2025 7:02;K1;10;Krmivo pro ptáky;Zahrada > Krmivo;2;1\u00a0045,50 Kč;Vyřízená
HD-2;14.5.2025 8:00;K2;10;Krmivo pro ptáky;Zahrada > Krmivo;1;1\u00a0045,50 Kč;Stornovaná
"""
FINNISH = """\
Tilausnumero;Tilauspäivä;Asiakasnumero;Tuotenumero;Tuotteen nimi;Tuoteryhmä;Kpl;Yksikköhinta (sis. alv);Tilauksen tila
HD-1;1.5.2025 7.02;K1;10;Lintujen siemenseos;Puutarha > Linnut;2;1\u00a0045,50 €;Toimitettu
HD-2;14.5.2025 8.00;K2;10;Lintujen siemenseos;Puutarha > Linnut;1;1\u00a0045,50 €;Peruttu
"""


@pytest.fixture
def imported(tmp_path):
    def run(content: str, encoding: str = "utf-8", name: str = "export.csv") -> FlatImport:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return import_flat([path], out=tmp_path / "out")

    return run


def rows_of(done: FlatImport) -> list[tuple]:
    names = ["user_id", "item_id", "kind", "quantity", "price", "order_id"]
    return [tuple(row) for row in done.tables.events[names].itertuples(index=False)]


def test_a_french_export_tells_users_by_id_and_undoes_orders(imported):
    done = imported(FRENCH, "utf-8-sig")
    assert rows_of(done) == [
        ("1", "7", "purchase", 2, 1003.9, "11"),
        ("2", "7", "purchase", 1, 4.5, "12"),
        ("2", "7", "cancel", 1, 4.5, "12"),
        ("2", "8", "purchase", 1, 4.5, "13"),
        ("2", "8", "refund", 1, 4.5, "13"),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2025-01-14 13:50:52")
    assert (done.tables.shop.locale, done.tables.shop.currency) == ("fr", "EUR")


@pytest.mark.parametrize(
    ("content", "encoding", "locale", "currency"),
    [(DANISH, "cp1252", "da", "DKK"), (CZECH, "utf-8", "cs", "CZK"), (FINNISH, "utf-8-sig", "fi", "EUR")],
)
def test_exports_in_danish_czech_and_finnish(imported, content, encoding, locale, currency):
    done = imported(content, encoding)
    assert rows_of(done) == [
        ("K1", "10", "purchase", 2, 1045.5, "HD-1"),
        ("K2", "10", "purchase", 1, 1045.5, "HD-2"),
        ("K2", "10", "cancel", 1, 1045.5, "HD-2"),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2025-05-01 07:02")
    assert done.tables.items["category"].notna().all()
    assert (done.tables.shop.locale, done.tables.shop.currency) == (locale, currency)


def test_no_header_is_listed_twice_for_one_column():
    for column, known in headers().items():
        names = [normal(name) for name in (*known.names, *known.fallbacks)]
        assert len(names) == len(set(names)), column


def test_a_german_export_in_cp1252(imported):
    done = imported(GERMAN, "cp1252")
    assert [row[:4] for row in rows_of(done)] == [
        ("K1", "A1", "purchase", 1),
        ("K1", "VERSAND", "purchase", 1),
        ("K2", "A2", "purchase", 2),
        ("K2", "A2", "cancel", 2),
        ("K2", "A1", "purchase", 1),
        ("K2", "A1", "refund", 1),
    ]
    assert list(done.tables.shop.proposals.left_out_items) == ["VERSAND"]
    assert (done.tables.shop.locale, done.tables.shop.currency) == ("de", "EUR")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_japanese_export(imported, encoding):
    done = imported(JAPANESE, encoding)
    assert [row[:5] for row in rows_of(done)] == [
        ("m1", "J1", "purchase", 2, 1200),
        ("m1", "J2", "purchase", 1, 1620),
        ("m2", "J1", "purchase", 1, 1200),
        ("m2", "J1", "cancel", 1, 1200),
    ]
    assert done.tables.items["category"].tolist() == ["和菓子", "お茶"]
    assert done.tables.shop.locale == "ja"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_chinese_export_with_order_numbers_as_formulas(imported, encoding):
    done = imported(CHINESE, encoding)
    assert [(row[0], row[2], row[5]) for row in rows_of(done)] == [
        ("乙", "purchase", "2000000000000000012"),
        ("乙", "cancel", "2000000000000000012"),
        ("甲", "purchase", "2000000000000000011"),
    ]


def test_a_language_that_the_shop_states_stays(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "shop.yaml").write_text("locale: en-GB\n")
    path = tmp_path / "export.csv"
    path.write_text(GERMAN, encoding="utf-8")
    assert import_flat([path], out=tmp_path / "out").tables.shop.locale == "en-GB"


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Tea for two", "The mug", "Salt and pepper"], "en"),
        (["Tee mit Honig", "Brot für Gäste", "Wein aus Italien", "Café de Paris"], "de"),
        (["煎茶", "ほうじ茶ティーバッグ", "どら焼き", "たくあん"], "ja"),
        (["龙井茶", "牛肉干", "の字茶杯", "保温杯", "茶壶", "红茶"], "zh"),
        (["Sencha", "Oolong", "Espresso"], None),
    ],
)
def test_the_language_of_names(titles, expected):
    assert language_of([pd.DataFrame({"title": titles})], ["sku"]) == expected


def test_headers_tell_the_language_where_names_do_not():
    names = pd.DataFrame({"title": ["Camembert", "Gouda"]})
    assert language_of([names], ["Artikelnummer", "Kundennummer", "Anzahl", "Preis"]) == "de"


def test_german_nouns_keep_their_capitals():
    assert sentence_case("RÄUCHERLACHS MIT DILL", "de") == "Räucherlachs mit Dill"
    assert sentence_case("SALT AND PEPPER MILL", "en") == "Salt and pepper mill"


def test_a_column_of_names_called_item_is_the_title(imported):
    done = imported(
        "Date,Time,Item,Qty,Net Sales,Customer ID,Event Type\n"
        "2025-01-25,08:00:00,Flat White,1.0,$4.50,C1,Payment\n"
        "2025-01-26,08:00:00,Espresso,2.0,$6.00,C1,Payment\n"
        "2025-01-26,11:00:00,Espresso,-2.0,($6.00),C1,Refund\n"
    )
    events = done.tables.events[["user_id", "item_id", "kind", "quantity", "price"]]
    assert [tuple(row) for row in events.itertuples(index=False)] == [
        ("C1", "Flat White", "purchase", 1, 4.5),
        ("C1", "Espresso", "purchase", 2, 3.0),
        ("C1", "Espresso", "refund", 2, 3.0),
    ]
    assert done.tables.items["title"].tolist() == ["Flat White", "Espresso"]


def test_ids_called_item_stay_ids(imported):
    done = imported("user,item,date,name\nu1,mug-blue,2025-01-25,Blue mug\nu2,tea-green,2025-01-26,Green tea\n")
    assert done.tables.items[["item_id", "title"]].to_numpy().tolist() == [
        ["mug-blue", "Blue mug"], ["tea-green", "Green tea"],
    ]  # fmt: skip


def test_a_guest_is_told_by_the_address_where_no_account_is(imported):
    done = imported(
        "Customer No,E-Mail,SKU,Name,Order Date,Qty\n"
        "C7,ann@shop.test,1,Tea,2025-01-25,1\n,ann@shop.test,1,Tea,2025-01-26,1\n,bob@shop.test,1,Tea,2025-01-27,1\n"
    )
    assert done.tables.events["user_id"].tolist() == ["C7", "C7", "bob@shop.test"]


def test_a_negative_amount_is_a_return_and_a_line_of_quantity_0_is_set_aside(imported):
    done = imported(
        "customer id,sku,name,date,qty,line total\n"
        "u,1,Tea,2025-01-01,2,8.00\nu,1,Tea,2025-01-09,2,-8.00\nv,1,Tea,2025-01-02,0,\nv,2,Ham,2025-01-02,0,3.10\n"
    )
    events = done.tables.events[["user_id", "item_id", "kind"]].to_numpy().tolist()
    assert events == [["u", "1", "purchase"], ["u", "1", "return"], ["v", "2", "purchase"]]  # ham is weighed
    assert done.set_aside == {"export.csv: quantity 0": 1}


def test_rows_with_a_field_more_than_the_header(imported):
    """R writes row numbers without a header; other programs end each row with a separator."""
    numbered = imported("user,sku,date\n1,u1,a,2025-01-25\n2,u2,b,2025-01-26\n")
    assert numbered.tables.events[["user_id", "item_id"]].to_numpy().tolist() == [["u1", "a"], ["u2", "b"]]
    ended = imported("user,sku,date\nu1,a,2025-01-25,\nu2,b,2025-01-26,\n")
    assert ended.tables.events[["user_id", "item_id"]].to_numpy().tolist() == [["u1", "a"], ["u2", "b"]]


def test_a_header_that_does_not_fit_its_rows_is_an_error(imported):
    with pytest.raises(TableError, match=r"export.csv: the header has 4 columns .* but the rows have 3 fields"):
        imported("user,sku,date,qty\nu1,a,2025-01-25\nu2,b,2025-01-26\n")


def test_ids_that_programs_write_for_nothing_are_missing(imported):
    """GA4 writes "(not set)" for the transaction of each event without one: they are no order of one user."""
    done = imported(
        "event_name,event_timestamp,user_pseudo_id,transaction_id,item_id,item_name\n"
        "view_item,1735689660123456,a,(not set),S1,Mug\nview_item,1735689670123456,,(not set),S2,Tea\n"
        "purchase,1735689720123456,a,T1,S1,Mug\nview_item,1735689730123456,b,(not set),(not set),\n"
    )
    events = done.tables.events
    assert events["user_id"].tolist() == ["a", "a"]
    assert [value if isinstance(value, str) else None for value in events["order_id"]] == [None, "T1"]
    assert done.set_aside == {"export.csv: no user": 1, "export.csv: no item": 1}


@pytest.mark.parametrize(
    "export",
    [
        "Nº do pedido;Data do pedido;Cód. cliente;Cód. produto;Descrição do item;Qtde;Preço unit.;Situação",
        "N. ordine;Data ordine;Cod. cliente;Cod. articolo;Descrizione;Q.tà;Prezzo unit.;Stato",
        "Nº de pedido;Fecha;Cód. cliente;Referencia;Descripción;Uds.;P.V.P.;Estado",
        "Bestelnummer;Besteldatum;Klantnr.;Artikelnr.;Omschrijving;Aantal;Stuksprijs;Status",
        "Nr zamówienia;Data zamówienia;Nr klienta;Nr artykułu;Nazwa;Szt.;Cena;Status",
        "Sipariş No;Sipariş Tarihi;Müşteri Kodu;Ürün Kodu;Ürün Adı;Adet;Birim Fiyat;Durum",
        "Номер заказа;Дата заказа;Код клиента;Артикул;Наименование;Кол-во;Цена;Статус",
    ],
)
def test_abbreviated_headers_are_known(imported, export):
    rows = "".join(f"o{n};{n + 13}.01.2025;k{n % 3};a{n % 2};Thing {n % 2};2;4,50;ok\n" for n in range(6))
    done = imported(f"{export}\n{rows}")
    names = ["order_id", "timestamp", "user_id", "item_id", "title", "quantity", "price", "status"]
    assert [column.name for column in done.columns] == names


def test_the_headers_and_kinds_of_the_documentation_are_read() -> None:
    page = (Path(__file__).parents[4] / "docs" / "importing.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page.partition("## Headers and kinds")[2].partition("\n## ")[0], re.M)
    assert len(rows) == 9
    table = page.partition("Names of `--map`:")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(NAMES)
    listed = [(name, header) for name, headers_of in rows for header in headers_of.split(", ")]
    assert not [(name, header) for name, header in listed if headers()[name].rank(normal(header)) is None]
    kinds = re.findall(r"`(\w+)`", page.partition("Sentences have words for ")[2].partition("Of other kinds")[0])
    spoken = yaml.safe_load((prompts_root() / "en" / "event_kinds.yaml").read_text())["writer"]["forms"]
    assert {*kinds} == {*spoken, "purchase", "refund", "cancel", "remove_from_cart", "dislike"}


def test_a_dutch_catalogue_with_two_levels_and_a_log_with_mail_addresses(tmp_path):
    (tmp_path / "artikelen.csv").write_text(
        "Artikelnummer;Artikelomschrijving;Hoofdgroep;Subgroep;Verkoopprijs (EUR);In assortiment sinds\n"
        "F1;Buitenband Marathon Plus 28 inch;Onderdelen;Buitenbanden;39,95;23-03-2025\n"
        "F2;Helm Protone;Kleding;Helmen;129,00;04-03-2025\n",
        encoding="utf-8",
    )
    (tmp_path / "bestelregels.csv").write_text(
        "Ordernummer;E-mailadres;Artikelnummer;Besteldatum;Aantal\n"
        "W1;a@example.org;F1;13-05-2025 10:00;2\nW2;b@example.org;F2;14-05-2025 11:00;1\n",
        encoding="utf-8",
    )
    tables = import_flat(sorted(tmp_path.glob("*.csv")), out=tmp_path / "out").tables
    assert tables.items["category"].tolist() == ["Buitenbanden", "Helmen"]
    assert tables.items["price"].tolist() == [39.95, 129.0]
    assert tables.events["quantity"].tolist() == [2, 1]
