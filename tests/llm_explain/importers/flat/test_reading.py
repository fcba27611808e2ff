"""Files are read whatever their encoding, separator and packing."""

import gzip
import shlex
import tracemalloc
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import LlmExplainError, SettingError, TableError
from llm_explain.importers.flat import files, vocabulary
from llm_explain.importers.flat.dialect import SAMPLE, decode, sniff
from llm_explain.importers.flat.names import names
from llm_explain.importers.flat.rows import _users
from llm_explain.importers.flat.run import import_flat
from llm_explain.importers.flat.times import moments
from llm_explain.importers.flat.values import ids, numbers
from llm_explain.importers.flat.vocabulary import is_known_header
from llm_explain.text.category_names import in_plural
from llm_explain.text.import_words import read_words

RUN = CliRunner()
ROWS = [
    ["Kunde", "Artikel-Nr", "Bezeichnung", "Menge", "Preis", "Bestelldatum"],
    ["K1", "A1", "Käse, jung", "0,5", "12,40", "01.12.2024 08:26"],
    ["K2", "A2", "Brötchen", "3", "1.234,50", "02.12.2024 09:00"],
]


def text(separator: str, quote: str = "") -> str:
    return "".join(separator.join(f"{quote}{field}{quote}" for field in row) + "\r\n" for row in ROWS)


def check_import(path, out) -> None:
    done = import_flat([path], out=out)
    assert done.tables.events[["user_id", "item_id"]].to_numpy().tolist() == [["K1", "A1"], ["K2", "A2"]]
    assert done.tables.events["quantity"].tolist() == [0.5, 3.0]
    assert done.tables.events["price"].tolist() == [12.4, 1234.5]
    assert done.tables.events["timestamp"].tolist() == [
        pd.Timestamp("2024-12-01 08:26"),
        pd.Timestamp("2024-12-02 09:00"),
    ]
    assert done.tables.items["title"].tolist() == ["Käse, jung", "Brötchen"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_encodings_and_separators(tmp_path, encoding, separator):
    path = tmp_path / "umsatz.csv"
    path.write_bytes(text(separator).encode(encoding))
    check_import(path, tmp_path / "out")


def test_a_packed_file_is_unpacked_to_a_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LEAST_BOUND", 10_000)
    many = b"a,b\n" + b"0,0\n" * 1_000_000  # packed to a thousandth
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(many))
    for name in ("bomb.zip", "bomb.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.csv", many)
    packed = b"a,b\n1,2\n"
    for _ in range(5):
        packed = gzip.compress(packed)
    (tmp_path / "deep.csv.gz").write_bytes(packed)
    pd.DataFrame({"a": np.zeros(10_000_000, np.int8)}).to_parquet(tmp_path / "bomb.parquet")
    with zipfile.ZipFile(tmp_path / "many.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):  # each of them is small enough
            archive.writestr(f"{number}.csv", many[:9_000])
    monkeypatch.setattr(files, "MOST_RATIO", 1)
    for name in ("bomb.csv.gz", "bomb.zip", "bomb.xlsx", "bomb.parquet", "many.zip"):
        with pytest.raises(TableError, match="but a table is smaller"):
            files.read_sources(tmp_path / name, lambda _: False)
    (tmp_path / "deep.json").write_text("[" * 200_000)
    with pytest.raises(TableError, match=r"deep\.json is not readable"):
        files.read_sources(tmp_path / "deep.json", lambda _: False)
    with pytest.raises(TableError, match="packed more than 3 times"):
        files.read_sources(tmp_path / "deep.csv.gz", lambda _: False)


def test_a_file_has_a_bounded_number_of_columns(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(vocabulary, "read_words", lambda path, form: read.append(path) or read_words(path, form))
    vocabulary._header_file.cache_clear()
    for wide, message in ((40, "a column for user_id"), (2_001, "has 2,001 columns but at most 2,000 are read")):
        rows = (",".join(f"c{n}" for n in range(wide)), ",".join("1" * wide))
        (tmp_path / "wide.csv").write_text("\n".join(rows))
        with pytest.raises(LlmExplainError, match=message):
            import_flat([tmp_path / "wide.csv"], out=tmp_path / "out")
    assert read.count(vocabulary.HERE / "headers.yaml") == 1  # and not once for each column


def test_a_workbook_takes_the_room_of_its_cells_and_not_of_its_corners(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    for row, column in ((1, 1), (1, 9_000), (600, 1), (600, 9_000)):
        book.active.cell(row, column, f"x{row}")
    book.save(tmp_path / "corners.xlsx")
    tracemalloc.start()
    (source,) = files.read_sources(tmp_path / "corners.xlsx", lambda _: False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert source.frame.shape == (2, 2)
    assert peak < 20_000_000  # 600 rows of 9,000 cells take 43 MB
    monkeypatch.setattr(files, "LEAST_BOUND", -1_000_000)
    with pytest.raises(TableError, match="but a table is smaller"):
        files.read_sources(tmp_path / "corners.xlsx", lambda _: False)


def test_commas_with_quotes_gzip_zip_and_excel(tmp_path):
    content = text(",", '"').encode()
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("folder/c.csv", content)
        archive.writestr("__MACOSX/._c.csv", b"x")
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    for name in ("a.csv", "b.csv.gz", "c.zip", "d.xlsx"):
        check_import(tmp_path / name, tmp_path / "out")


def test_parquet_and_typed_excel_cells(tmp_path):
    frame = pd.DataFrame(
        {
            "customer_id": [17850.0, None], "product_id": [1, 2], "quantity": [1.5, 2.0],
            "order_date": pd.to_datetime(["2024-12-01 08:26", "2024-12-02 00:00"]),
        }
    )  # fmt: skip
    frame.to_parquet(tmp_path / "sales.parquet")
    frame.to_excel(tmp_path / "sales.xlsx", index=False)
    for name in ("sales.parquet", "sales.xlsx"):
        done = import_flat([tmp_path / name], out=tmp_path / "out")
        assert done.tables.events[["user_id", "item_id", "quantity"]].to_numpy().tolist() == [["17850", "1", 1.5]]
        assert done.rejects["reason"].tolist() == ["no user"]


def test_quoted_newlines_and_ragged_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        'user_id,item_id,date,note\nu1,i1,2024-01-02,"two\nlines"\nu2,i2\nu3,i3,2024-01-04,x\n,i4,2024-01-05,y\n'
    )
    done = import_flat([path], out=tmp_path / "out")
    assert done.tables.events["user_id"].tolist() == ["u1", "u3"]
    assert done.rejects[["row", "reason"]].to_numpy().tolist() == [
        [4, "no user"],
        [2, "the row has 2 fields but 4 are needed"],
    ]
    aside = pd.read_csv(tmp_path / "out" / "rejects" / "orders.csv")
    assert aside[["row", "text"]].to_numpy().tolist()[0] == [2, "u2,i2"]


def test_white_space_and_yyyymmdd(tmp_path):
    path = tmp_path / "master.txt"
    path.write_text(
        " customer_id  date number_of_units  dollar_value\n 00001 19970101  2   11.77\n 00002 19970112  1   12.00\n"
    )
    done = import_flat([path], out=tmp_path / "out")
    assert done.tables.events["user_id"].tolist() == ["00001", "00002"]
    assert done.tables.events["price"].tolist() == [5.885, 12.0]
    assert done.tables.items["title"].isna().all()  # the log names no item


def test_an_index_column_is_left_out(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(",user_id,item_id,date\n0,u,i,2024-01-02\n1,u,j,2024-01-03\n")
    done = import_flat([path], out=tmp_path / "out")
    assert [(each.column, each.name, each.how) for each in done.columns[:1]] == [("unnamed", "", "row numbers")]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2019-10-01 00:00:00 UTC"], "2019-10-01"),
        (["2019-10-01 8:26"], "2019-10-01 08:26"),
        (["1569888000"], "2019-10-01"),
        (["1569888000.0"], "2019-10-01"),
        (["1569888000000"], "2019-10-01"),
        (["1569888000000000"], "2019-10-01"),
        (["20191001"], "2019-10-01"),
        (["2019-10-01T02:00:00+02:00"], "2019-10-01"),
        (["Oct 1, 2019 8:26 PM"], "2019-10-01 20:26"),
        (["1-Oct-19"], "2019-10-01"),
        (["10/1/2019 8:26", "10/13/2019 8:26"], "2019-10-01 08:26"),
        (["01/10/2019 08:26", "13/10/2019 08:26"], "2019-10-01 08:26"),
        (["01.10.2019"], "2019-10-01"),
        (["2019年10月1日"], "2019-10-01"),
        (["43739"], "2019-10-01"),
    ],
)
def test_moments(texts, expected):
    found = moments(pd.Series(texts, dtype="str"), is_excel=True)
    assert found.read.iloc[0] == pd.Timestamp(expected)
    assert not found.is_doubtful


def test_a_date_that_can_be_read_in_two_ways_is_asked(tmp_path):
    path = tmp_path / "order lines.csv"
    path.write_text("user_id,item_id,Order Date\nu,i,03/04/2021\nu,j,05/04/2021\n")
    with pytest.raises(SettingError, match=r"--map 'order lines.csv.Order Date=timestamp:day-first'") as caught:
        import_flat([path], out=tmp_path / "out")
    words = shlex.split(str(caught.value).partition("Run: ")[2])  # the command works when it is pasted
    assert RUN.invoke(app, words[1:], catch_exceptions=False).exit_code == 0
    done = import_flat([path], out=tmp_path / "out", maps=["order lines.csv.Order Date=timestamp:day-first"])
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2021-04-03")
    done = import_flat([path], out=tmp_path / "out", maps=["order lines.csv.Order Date=timestamp:month-first"])
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2021-03-04")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,234.50", "12"], [1234.5, 12]),
        (["1.234,50 €", "12"], [1234.5, 12]),
        (["€ 0,500"], [0.5]),
        (["$1,234"], [1234]),
        (["(5.00)", "-3", "4-"], [-5, -3, -4]),
        (["1'234.5", "CHF 2"], [1234.5, 2]),
        (["1.5e3"], [1500]),
    ],
)
def test_numbers(texts, expected):
    assert numbers(pd.Series(texts, dtype="str")).tolist() == expected


def test_ids_stay_text_but_lose_what_a_float_added():
    assert ids(pd.Series(["17850.0", None, "12583.0"], dtype="str")).tolist()[::2] == ["17850", "12583"]
    assert ids(pd.Series(["007", "1.0.2", "3.0"], dtype="str")).tolist() == ["007", "1.0.2", "3.0"]
    assert ids(pd.Series(["00017", "2"], dtype="str")).tolist() == ["00017", "2"]


def test_corrections(tmp_path):
    (tmp_path / "orders.csv").write_text("Vendor,x,date,Name\na,i1,2024-01-02,n\nb,i2,2024-01-03,m\n")
    (tmp_path / "items.csv").write_text("sku,name,Vendor\ni1,Mug,Alba\ni2,Tea,Boreal\n")
    paths = [tmp_path / "orders.csv", tmp_path / "items.csv"]
    with pytest.raises(SettingError, match="user_id is not recognised but is needed"):
        import_flat(paths, out=tmp_path / "out")
    done = import_flat(
        paths, out=tmp_path / "out", maps=["orders.csv.Vendor=user_id", "orders.x=item_id"], kinds=["orders.csv=view"]
    )
    assert done.tables.events[["user_id", "item_id", "kind"]].to_numpy().tolist() == [
        ["a", "i1", "view"],
        ["b", "i2", "view"],
    ]
    assert done.tables.items["brand"].tolist() == ["Alba", "Boreal"]
    with pytest.raises(SettingError, match=r"Did you mean --map orders.csv.Vendor=user_id"):
        import_flat(paths, out=tmp_path / "out", maps=["orders.csv.Vendro=user_id"])
    with pytest.raises(SettingError, match="NAME is one of"):
        import_flat(paths, out=tmp_path / "out", maps=["orders.csv.Vendor=customer"])


def test_a_dry_run_writes_nothing(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("user_id,item_id,date\nu,i,2024-01-02\n")
    assert len(import_flat([path], out=tmp_path / "out", is_dry_run=True).tables.events) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_an_expected_error(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("user_id,item_id,date\nu,i,2024-01-02\n")
    with pytest.raises(TableError, match="cannot be written"):
        import_flat([path], out=path)
    with pytest.raises(TableError, match=r"nothing\.csv is missing but a file is needed"):
        import_flat([tmp_path / "nothing.csv"], out=tmp_path / "out")


def test_other_code_pages_and_scripts(tmp_path):
    rows = (
        "客户,商品编号,名称,日期\n甲一,1,红茶叶子,2024-01-02\n乙二,2,绿茶叶子,2024-01-03\n"
        + "丙三,3,乌龙茶叶,2024-01-04\n" * 20
    )
    path = tmp_path / "orders.csv"
    path.write_bytes(rows.encode("gb18030"))
    done = import_flat([path], out=tmp_path / "out")
    assert done.tables.items["title"].tolist() == ["红茶叶子", "绿茶叶子", "乌龙茶叶"]


def test_the_code_page_of_a_file_is_found_if_the_sample_ends_within_a_character():
    content = "x" * 7 + "客户姓名,商品编号,商品名称,日期\n" + "张伟,红茶叶子礼盒,绿茶和乌龙茶,2025-01-02\n" * 8_000
    data = content.encode("gb18030")
    with pytest.raises(UnicodeDecodeError, match="incomplete multibyte sequence"):
        data[:SAMPLE].decode("gb18030")
    assert decode(data) == (content, "gb18030")


def test_a_header_is_found_or_missed():
    assert sniff("1,5,3.5\n2,6,4\n", is_known_header).has_header is False
    assert sniff("a,b,c\n2,6,4\n", is_known_header).has_header
    assert sniff("sep=;\nuser;item\nu;i\n", is_known_header).separator == ";"
    assert decode("a,é".encode("cp1252")) == ("a,é", "cp1252")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jacket", "Jackets"),
        ("Hair clip", "Hair clips"),
        ("Hat/cap", "Hats/caps"),
        ("Scarf", "Scarves"),
        ("Trousers", "Trousers"),
        ("milk", "milk"),
        ("Home & Kitchen", "Home & Kitchen"),
        ("hens and game", "hens and game"),
    ],
)
def test_a_category_of_things_is_named_in_the_plural(name, expected):
    assert in_plural(name, "en-GB") == in_plural(name, "en") == expected
    assert in_plural(name, "zh") == in_plural(name, "pt-BR") == in_plural(name, "fi") == name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Quiet Harbour, The (1999)", "The Quiet Harbour (1999)"),
        ("Quiet Harbour, The (Hafen, Der) (1999)", "The Quiet Harbour (Der Hafen) (1999)"),
        ("Quiet Harbour, The", "The Quiet Harbour"),
        ("Stiller Tag, A (1999)", "A Stiller Tag (1999)"),
        ("Vitamins, A", "Vitamins, A"),
        ("Cream (white, the best)", "Cream (white, the best)"),
    ],
)
def test_an_article_behind_a_title_is_written_in_front(title, expected):
    assert names(pd.Series([title])).tolist() == [expected]


def test_where_a_catalogue_writes_articles_behind_all_of_them_are_moved():
    titles = pd.Series(["Quiet Harbour, The", "Slow Boat, A", "Portiere, Il", "Vitamins, B"])
    assert names(titles).tolist() == ["The Quiet Harbour", "A Slow Boat", "Il Portiere", "Vitamins, B"]
    assert names(titles[1:]).tolist() == titles[1:].tolist()


def test_an_atomic_file_has_types_in_its_headers_and_spaces_in_its_lists(tmp_path):
    (tmp_path / "films.item").write_text(
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tQuiet Harbour\tDrama War\n"
    )
    (source,) = files.read_sources(tmp_path / "films.item", lambda _: False)
    assert source.frame.to_dict("records") == [{"item_id": "1", "movie_title": "Quiet Harbour", "class": "Drama|War"}]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([["0", "1", "2", "0"]], ["0", "1", "2", "0"]),
        ([["0", "4711", "9000"]], [None, "4711", "9000"]),
        ([["0", "1", "2"], ["a@x", "b@x", "c@x"]], ["a@x", "1", "2"]),
    ],
    ids=["counted from 0", "sparse accounts", "an address names the guest"],
)
def test_the_account_0_is_a_guest_unless_users_are_counted_from_0(columns, expected):
    found = _users([pd.Series(column, dtype="str") for column in columns])
    assert [None if pd.isna(user) else user for user in found] == expected


def test_a_kind_of_things_from_titles_is_named_in_the_plural() -> None:
    said = {
        "washbag": "washbags",
        "wrapping paper": "wrapping paper",
        "photo album": "photo albums",
        "torch": "torches",
    }
    assert {name: in_plural(name, "en", is_of_things=True) for name in said} == said
    assert in_plural("washbag", "en") == "washbag"
