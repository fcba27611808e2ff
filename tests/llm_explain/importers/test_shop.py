"""Files of any shop: every kind of bad input is refused with a message that says what came and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from llm_explain.errors import SettingError, TableError
from llm_explain.importers.shop import import_csv
from scoring.data.tables import Tables

EVENTS = "user_id,item_id,timestamp,quantity,price\nu1,a,2017-12-01T09:30,1,2.99\nu1,b,2017-11-30,2,0.50\n"
ITEMS = "item_id,title,category\na,Green tea,tea\nb,Sea salt,salt\n"
USERS = "user_id,age\nu1,45-54\n"
PROMOTIONS = "item_id,start,end,label,store_id\na,2017-12-01,2017-12-08,mailer,s1\n"


def write(folder: Path, **files: str | bytes) -> dict[str, Path]:
    content = {"events": EVENTS, "items": ITEMS, **files}
    paths = {}
    for name, text in content.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_bytes(text if isinstance(text, bytes) else text.encode())
    return paths


def run(folder: Path, *, skip_bad: bool = False, column_map: dict[str, str] | None = None, **files: str | bytes) -> Any:
    return import_csv(**write(folder, **files), out=folder / "out", skip_bad=skip_bad, column_map=column_map)


def event(line: str) -> dict[str, str]:
    return {"events": EVENTS + line + "\n"}


def test_a_good_shop_is_written_sorted_and_typed(tmp_path):
    summary = run(tmp_path, users=USERS, promotions=PROMOTIONS)
    tables = Tables.read(tmp_path / "out")
    assert summary.rows == {"events": 2, "items": 2, "users": 1, "promotions": 1}
    assert summary.rejects == {}
    assert tables.events["item_id"].tolist() == ["b", "a"]  # the older event first
    assert tables.events["timestamp"].tolist() == [pd.Timestamp("2017-11-30"), pd.Timestamp("2017-12-01T09:30")]
    assert tables.events["price"].tolist() == [0.5, 2.99]
    assert tables.promotions["end"].tolist() == [pd.Timestamp("2017-12-08")]
    assert tables.items["title"].tolist() == ["Green tea", "Sea salt"]


BAD: dict[str, tuple[dict[str, str | bytes], str]] = {
    "0 bytes": ({"events": b""}, r"events\.csv has 0 bytes but a header and rows are needed\. Export the table again"),
    "empty first line": ({"events": "\n\n"}, r"events\.csv: the first line is empty but a header is needed"),
    "header alone": ({"events": "user_id,item_id,timestamp\n"}, r"events\.csv: the table has no rows but at least one"),
    "latin-1": (
        {"items": ITEMS.encode() + "c,Café,tea\n".encode("latin-1")},
        r"items\.csv: byte 61 is 0xE9, which is not UTF-8 but UTF-8 is needed\. Save the file",
    ),
    "utf-16": ({"items": ITEMS.encode("utf-16")}, r"items\.csv: byte 1 is 0xFF, which is not UTF-8"),
    "utf-16 without mark": ({"items": ITEMS.encode("utf-16-le")}, r"items\.csv holds NUL bytes, as UTF-16 and binary"),
    "cut short in a character": ({"items": ITEMS.encode() + b"c,Caf\xc3"}, r"items\.csv: byte 61 is 0xC3"),
    "semicolons": (
        {"events": EVENTS.replace(",", ";")},
        r"events\.csv: the header is 'user_id;item_id;.*separated by semicolons, but commas are needed",
    ),
    "tabs": ({"items": ITEMS.replace(",", "\t")}, r"items\.csv: the header is .* separated by tabs, but commas"),
    "a quote that does not close": (
        event('u1,"a,2017-12-01,1,2'),
        r"events\.csv: the row has 2 fields but the header has 5 in 1 row \(first: row 3",
    ),
    "a quote in the header that does not close": (
        {"events": '"' + EVENTS},
        r"events\.csv: the header '\"user_id.*' has a quote that does not close but names on one line are needed",
    ),
    "a field too many": (
        event("u1,a,2017-12-01,1,2,99"),
        r"events\.csv: the row has 6 fields but the header has 5 in 1 row \(first: row 3, 'u1,a,2017-12-01,1,2,99'\)",
    ),
    "a field too few": (
        event("u1,a"),
        r"events\.csv: the row has 2 fields but the header has 5 in 1 row \(first: row 3",
    ),
    "column without a name": (
        {"users": "user_id,\nu1,x\n"},
        r"users\.csv: column 2 has no name but every column needs one",
    ),
    "column twice": (
        {"items": "item_id,title,title,category\na,x,y,z\n"},
        r"items\.csv: column 'title' is there 2 times but once is needed",
    ),
    "unknown column": (
        {"items": "item_id,title,category,colour\na,x,y,red\n"},
        r"items\.csv: column 'colour' is unknown but only 'item_id', .* and embedding_\* columns are known",
    ),
    "missing column": (
        {"events": "user,item_id,timestamp\nu1,a,2017-12-01\n"},
        r"events\.csv: column 'user_id' is missing but is needed; there are 'user', .*--map user=user_id",
    ),
    "text for a date": (
        event("u1,a,yesterday,1,1"),
        r"events\.csv: column 'timestamp' holds text that is no date in 1 row \(first: row 3, 'yesterday'\) "
        r"but a date and time is needed\. Write ISO 8601, for example 2017-12-01T09:30",
    ),
    "a day that is none": (event("u1,a,2017-02-30,1,1"), r"no date in 1 row \(first: row 3, '2017-02-30'\)"),
    "an American date": (event("u1,a,12/31/2017,1,1"), r"no date in 1 row \(first: row 3, '12/31/2017'\)"),
    "seconds since 1970 among times without a zone": (
        event("u1,a,1512120000,1,1"),
        r"with and without a time zone; this is the rarer way in 1 row \(first: row 3, '1512120000'\)",
    ),
    "a date out of range": (
        {"promotions": PROMOTIONS + "a,1066-12-01,2017-12-31,mailer,s1\n"},
        r"column 'start' holds dates that cannot be represented in 1 row \(first: row 2, '1066-12-01'\) "
        r"but dates from 1678 to 2261 are needed",
    ),
    "mixed zones": (
        event("u1,a,2017-12-01T09:30+01:00,1,1"),
        r"'timestamp' holds times with and without a time zone; this is the rarer way in 1 row "
        r"\(first: row 3, '2017-12-01T09:30\+01:00'\) but one way of writing is needed",
    ),
    "empty timestamp": (event("u1,a,,1,1"), r"column 'timestamp' is empty in 1 row \(first: row 3, no value\)"),
    "text for a price": (
        event("u1,a,2017-12-01,1,cheap"),
        r"'price' holds something other than numbers in 1 row .*'cheap'",
    ),
    "a decimal comma": (event('u1,a,2017-12-01,1,"2,99"'), r"'price' holds something other than numbers.*'2,99'"),
    "price NaN": (event("u1,a,2017-12-01,1,NaN"), r"'price' holds something other than numbers.*'NaN'"),
    "price inf": (event("u1,a,2017-12-01,1,inf"), r"'price' is infinite in 1 row .* but a finite number is needed"),
    "price too large": (event("u1,a,2017-12-01,1,1e999"), r"'price' is infinite in 1 row \(first: row 3, '1e999'\)"),
    "negative price": (
        event("u1,a,2017-12-01,1,-2"),
        r"'price' is negative in 1 row \(first: row 3, '-2'\) but 0 or more",
    ),
    "unknown item": (
        event("u1,zz,2017-12-01,1,2"),
        r"column 'item_id' names items that the items table does not have in 1 row \(first: row 3, 'zz'\)",
    ),
    "duplicate item": (
        {"items": ITEMS + "a,Tea,tea\n"},
        r"'item_id' repeats an earlier row in 1 row \(first: row 3, 'a'\)",
    ),
    "duplicate user": ({"users": USERS + "u1,65+\n"}, r"users\.csv: column 'user_id' repeats an earlier row in 1 row"),
    "empty id": (event(",a,2017-12-01,1,2"), r"column 'user_id' is empty in 1 row \(first: row 3, no value\)"),
    "blank id": (event("  ,a,2017-12-01,1,2"), r"column 'user_id' holds an empty text in 1 row \(first: row 3, '  '\)"),
    "id with outer space": (
        event("u1 ,a,2017-12-01,1,2"),
        r"'user_id' begins or ends with white space in 1 row \(first: row 3, 'u1 '\) but the bare value is needed",
    ),
    "id with a line break": (
        event('"u\n1",a,2017-12-01,1,2'),
        r"'user_id' holds control characters in 1 row .*'u\\n1'",
    ),
    "id with an invisible character": (event("u\u200b1,a,2017-12-01,1,2"), r"'user_id' holds control characters in 1"),
    "title with an escape": ({"items": ITEMS + "c,\x1b[31mTea,tea\n"}, r"'title' holds control characters in 1 row"),
    "promotion backwards": (
        {"promotions": PROMOTIONS + "a,2017-12-08,2017-12-01,mailer,s1\n"},
        r"column 'end' is not after 'start' in 1 row \(first: row 2, '2017-12-01'\) but a promotion ends after",
    ),
    "promotion without length": (
        {"promotions": PROMOTIONS + "a,2017-12-08,2017-12-08,mailer,s1\n"},
        r"column 'end' is not after 'start' in 1 row",
    ),
    "promotion for an unknown item": (
        {"promotions": PROMOTIONS + "zz,2017-12-01,2017-12-08,mailer,s1\n"},
        r"promotions\.csv: column 'item_id' names items that the items table does not have in 1 row",
    ),
    "embedding of another length": (
        {"items": 'item_id,title,category,embedding_image\na,x,y,"[1, 2]"\nb,x,y,"[1, 2]"\nc,x,y,[1]\n'},
        r"'embedding_image' holds lists of another length than most rows in 1 row \(first: row 3, '\[1\]'\)",
    ),
    "embedding with NaN": (
        {"items": 'item_id,title,category,embedding_image\na,x,y,"[1, 2]"\nb,x,y,"[1, NaN]"\n'},
        r"'embedding_image' holds numbers that are not finite in 1 row",
    ),
    "embedding that is text": (
        {"items": "item_id,title,category,embedding_image\na,x,y,[1]\nb,x,y,none\n"},
        r"'embedding_image' holds something other than lists of numbers in 1 row \(first: row 2, 'none'\)",
    ),
    "embedding left empty": (
        {"items": "item_id,title,category,embedding_image\na,x,y,[1]\nb,x,y,\n"},
        r"'embedding_image' is empty in 1 row \(first: row 2, no value\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_what_came_and_what_to_do(case, tmp_path):
    files, message = BAD[case]
    with pytest.raises(TableError, match=message):
        run(tmp_path, **files)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "files",
    [
        {"items": "Handle,Title,Variant SKU\ntea,Green tea,a\n"},
        {"items": ITEMS.encode() + "c,Café,tea\n".encode("cp1252")},
    ],
)
def test_an_export_of_another_form_is_sent_to_the_other_import(tmp_path, files):
    with pytest.raises(
        TableError, match=r"`llm-explain import flat \S+items.csv \S+events.csv --out \S+out` reads"
    ) as caught:
        run(tmp_path, **files)
    assert "Title=item_id" not in str(caught.value)
    with pytest.raises(TableError, match="negative") as caught:
        run(tmp_path, **event("u1,a,2017-12-01,1,-2"))
    assert "import flat" not in str(caught.value)


def test_there_are_enough_bad_cases():
    assert len(BAD) >= 25


def test_every_broken_rule_is_listed_with_its_first_three_rows(tmp_path):
    bad = "".join(f"u1,a,2017-12-01,1,-{n}\n" for n in range(1, 6)) + "u1,zz,never,1,1\n"
    with pytest.raises(TableError) as caught:
        run(tmp_path, events=EVENTS + bad)
    lines = str(caught.value).splitlines()
    assert lines[0] == "events.csv breaks 3 rules:"
    assert "'timestamp'" in lines[1]
    assert "'item_id'" in lines[2]
    assert "in 5 rows (first: row 3, '-1'; row 4, '-2'; row 5, '-3')" in lines[3]


def test_bad_rows_are_set_aside_each_with_its_reason(tmp_path):
    bad = "u1,a,never,1,-3\nu1,a\nu2,zz,2017-12-02,1,1\nu2,a,2017-12-03,1,1\n"
    summary = run(tmp_path, events=EVENTS + bad, items=ITEMS + "a,Other tea,tea\n", skip_bad=True)
    assert summary.rows["events"] == 3
    assert {path.name: n for path, n in summary.rejects.items()} == {"events.csv": 3, "items.csv": 1}
    rejects = pd.read_csv(tmp_path / "out" / "rejects" / "events.csv", dtype=str)
    assert rejects["row"].tolist() == ["3", "4", "5"]
    assert rejects["reason"].tolist() == [
        "timestamp holds text that is no date but a date and time is needed; price is negative but 0 or more is needed",
        "the row has 2 fields but the header has 5",
        "item_id names items that the items table does not have but a known item is needed",
    ]
    assert rejects["timestamp"].tolist()[0] == "never"
    assert rejects["text"].tolist()[1] == "u1,a"


def test_an_earlier_reject_file_does_not_survive_a_clean_import(tmp_path):
    run(tmp_path, **event("u1,a,never,1,1"), skip_bad=True)
    assert (tmp_path / "out/rejects/events.csv").exists()
    run(tmp_path, skip_bad=True)
    assert not (tmp_path / "out/rejects/events.csv").exists()


def test_a_table_of_bad_rows_alone_is_refused_even_when_skipping(tmp_path):
    with pytest.raises(TableError, match="No good row is left but at least one is needed"):
        run(tmp_path, events="user_id,item_id,timestamp\nu1,zz,2017-12-01\n", skip_bad=True)


def test_rows_after_a_ragged_one_keep_their_numbers(tmp_path):
    summary = run(tmp_path, events=EVENTS + "u1\nu1,a,never,1,1\n", skip_bad=True)
    assert pd.read_csv(next(iter(summary.rejects)))["row"].tolist() == [3, 4]


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    assert run(tmp_path, items=b"\xef\xbb\xbf" + ITEMS.encode()).rows["items"] == 2


def test_ids_stay_the_text_that_they_are(tmp_path):
    big = "98765432109876543210"
    run(
        tmp_path,
        items=f"item_id,title,category\n007,Tea,tea\n{big},Salt,salt\n",
        events=f"user_id,item_id,timestamp\n1e3,007,2017-12-01\nNA,{big},2017-12-01\n",
    )
    events = Tables.read(tmp_path / "out").events
    assert sorted(events["user_id"]) == ["1e3", "NA"]
    assert sorted(events["item_id"]) == ["007", big]


def test_zones_become_utc(tmp_path):
    stamps = ["2017-12-01T09:30:00+01:00", "2017-12-01 08:30Z", "2017-11-30T23:30:00.5-0900"]
    run(tmp_path, events="user_id,item_id,timestamp\n" + "".join(f"u{n},a,{t}\n" for n, t in enumerate(stamps)))
    assert Tables.read(tmp_path / "out").events["timestamp"].tolist() == [
        pd.Timestamp("2017-12-01T08:30"),
        pd.Timestamp("2017-12-01T08:30"),
        pd.Timestamp("2017-12-01T08:30:00.5"),
    ]


def test_optional_values_may_be_missing(tmp_path):
    run(tmp_path, events="user_id,item_id,timestamp,price,store_id\nu1,a,2017-12-01,,\nu1,b,2017-12-01,1,s1\n")
    events = Tables.read(tmp_path / "out").events
    assert events["price"].isna().tolist() == [True, False]
    assert events["store_id"].isna().tolist() == [True, False]


def test_columns_are_renamed_and_left_out(tmp_path):
    events = "customer,sku,ts,note\nu1,a,2017-12-01,hello\n"
    column_map = {"customer": "user_id", "sku": "item_id", "ts": "timestamp", "note": ""}
    run(tmp_path, events=events, items=ITEMS.replace("item_id", "sku"), column_map=column_map)
    assert Tables.read(tmp_path / "out").events.columns.tolist() == ["user_id", "item_id", "timestamp"]


@pytest.mark.parametrize(
    ("column_map", "message"),
    [
        (
            {"customr": "user_id"},
            r"--map customr=user_id: column 'customr' is in none of the files .*Did you mean 'customer'",
        ),
        (
            {"customer": "userid"},
            r"--map customer=userid: 'userid' is no column of the tables .*Did you mean 'user_id'",
        ),
    ],
)
def test_a_map_that_leads_nowhere_is_refused(column_map, message, tmp_path):
    with pytest.raises(SettingError, match=message):
        run(tmp_path, events=EVENTS.replace("user_id", "customer"), column_map=column_map)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.csv", None, r"gone\.csv is missing but a \.csv or \.parquet file is needed\. Check the path"),
        ("events.xlsx", b"PK", r"events\.xlsx ends in '\.xlsx' but \.csv or \.parquet is needed"),
        ("events.parquet", b"no parquet", r"events\.parquet is not a readable Parquet file but ends in '\.parquet'"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name, content, message, tmp_path):
    paths = write(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=message):
        import_csv(events=tmp_path / name, items=paths["items"], out=tmp_path / "out")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(TableError, match=r"is a folder but a \.csv or \.parquet file is needed"):
        import_csv(events=tmp_path, items=write(tmp_path)["items"], out=tmp_path / "out")


def parquet(folder: Path, frame: pd.DataFrame) -> dict[str, Path]:
    frame.to_parquet(folder / "events.parquet")
    return {"events": folder / "events.parquet", "items": write(folder, items=ITEMS.replace("a,", "7,"))["items"]}


def test_whole_numbers_of_a_parquet_file_are_ids(tmp_path):
    frame = pd.DataFrame(
        {"user_id": [1, 2], "item_id": [7, 7], "timestamp": pd.to_datetime(["2017-12-01"] * 2, utc=True)}
    )
    import_csv(**parquet(tmp_path, frame), out=tmp_path / "out")
    events = Tables.read(tmp_path / "out").events
    assert events["user_id"].tolist() == ["1", "2"]
    assert events["item_id"].tolist() == ["7", "7"]
    assert events["timestamp"].dt.tz is None


PARQUET_BAD = {
    "float ids": ({"user_id": [1.0, 2.0]}, r"'user_id' holds floating-point numbers in 2 rows \(first: row 1, 1\.0;"),
    "missing id": ({"user_id": pd.array([1, None], dtype="Int64")}, r"'user_id' is empty in 1 row \(first: row 2"),
    "true for an id": ({"user_id": [True, False]}, r"'user_id' holds neither text nor whole numbers in 2 rows"),
    "numbers for times": ({"timestamp": [1, 20171201]}, r"'timestamp' holds something other than dates in 2 rows"),
    "true for a price": ({"price": [True, False]}, r"'price' holds something other than numbers in 2 rows"),
    "times for a price": (
        {"price": pd.to_datetime(["2017-12-01"] * 2)},
        r"'price' holds something other than numbers in 2 rows",
    ),
    "numbers for a kind": ({"kind": [1, 2]}, r"'kind' holds something other than text in 2 rows \(first: row 1, 1;"),
}


@pytest.mark.parametrize("case", PARQUET_BAD)
def test_types_of_a_parquet_file_are_checked(case, tmp_path):
    columns, message = PARQUET_BAD[case]
    frame = pd.DataFrame(
        {"user_id": ["u", "v"], "item_id": ["7", "7"], "timestamp": pd.to_datetime(["2017-12-01"] * 2)}
    )
    with pytest.raises(TableError, match=r"events\.parquet: column " + message):
        import_csv(**parquet(tmp_path, frame.assign(**columns)), out=tmp_path / "out")


def test_brands_stay_as_the_shop_writes_them(tmp_path):
    brands = [
        "EA SPORTS",
        "PB TEEN",
        "H&M HOME",
        "AC/DC",
        "M&M'S",
        "AT&T",
        "LG ELECTRONICS",
        "DKNY JEANS",
        "OJ SIMPSON",
    ]
    rows = "".join(f"{number},Ball,sports,{brand}\n" for number, brand in enumerate(brands))
    run(tmp_path, items="item_id,title,category,brand\na,Tea,tea,x\nb,Salt,salt,y\n" + rows)
    assert Tables.read(tmp_path / "out").items["brand"].tolist() == [None, None, *brands] or (
        Tables.read(tmp_path / "out").items["brand"].tolist()[2:] == brands
    )


def test_placeholders_are_no_names(tmp_path):
    values = ["null", "N/A", "(not set)", "Uncategorized", "1338", "None", "teas"]
    rows = "".join(f"{number},Thing {number},{value}\n" for number, value in enumerate(values))
    run(tmp_path, items=ITEMS + rows)
    assert Tables.read(tmp_path / "out").items["category"].dropna().tolist() == ["tea", "salt", "teas"]


def test_markup_is_resolved(tmp_path):
    values = ["Salt &amp; Pepper", "<b>Teas</b>", "Men&#039;s shoes", "Caf&eacute;"]
    rows = "".join(f"{number},{value},{value}\n" for number, value in enumerate(values))
    run(tmp_path, items=ITEMS + rows)
    items = Tables.read(tmp_path / "out").items
    assert items["category"].tolist()[2:] == ["Salt & Pepper", "Teas", "Men's shoes", "Café"]
    assert items["title"].tolist()[2:] == ["Salt & Pepper", "Teas", "Men's shoes", "Café"]


def test_the_last_name_of_a_path_stands_for_the_item(tmp_path):
    values = [
        "Home > Kitchen > Mugs",
        '"Clothing > Tshirts, Sale"',
        "Default Category/Gear/Bags",
        "electronics.smartphone",
    ]
    rows = "".join(f"{number},Thing {number},{value}\n" for number, value in enumerate([*values, "Toys|Games"]))
    run(tmp_path, items=ITEMS + rows)
    items = Tables.read(tmp_path / "out").items
    assert items["category"].tolist()[2:] == ["Mugs", "Tshirts", "Bags", "smartphones", "Toys"]
    assert items["categories"].tolist()[2] == "Kitchen > Mugs"


def test_characters_that_a_script_needs_stay(tmp_path):
    titles = ["Chef mug 👩\u200d🍳", "قهوه\u200cساز", "קפה 250 גר׳\u200f"]
    rows = "".join(f"{number},{title},mugs\n" for number, title in enumerate(titles))
    run(tmp_path, items=ITEMS + rows)
    assert Tables.read(tmp_path / "out").items["title"].tolist()[2:] == titles


def test_names_that_may_be_sensitive_are_proposed_and_decisions_stay(tmp_path):
    values = ["Condoms", "Pregnancy tests", "Adult toys", "Hearing aids", "Diabetes care", "Bibles", "mugs"]
    rows = "".join(f"{number},Thing {number},{value}\n" for number, value in enumerate(values))
    run(tmp_path, items=ITEMS + rows)
    shop = Tables.read(tmp_path / "out").shop
    assert list(shop.proposals.sensitive_categories) == values[:6]
    path = tmp_path / "out" / "shop.yaml"
    path.write_text(path.read_text().replace("confirmed: null", "confirmed: false", 1))
    run(tmp_path, items=ITEMS + rows)
    assert Tables.read(tmp_path / "out").shop.proposals.not_rejected("sensitive_categories") == set(values[1:6])


def test_availability_is_read_in_words_of_every_language(tmp_path):
    rows = ["a,Green tea,tea,ja", "b,Sea salt,salt,nein", "c,Soap,soap,agotado", "d,Brush,tools,12", "e,Mat,mats,-3"]
    items = "\n".join(["item_id,title,category,available", *rows, "f,Rug,rugs,perhaps"])
    summary = run(tmp_path, items=items + "\n")
    found = Tables.read(tmp_path / "out").items.set_index("item_id")["available"]
    assert found.dropna().to_dict() == {"a": True, "b": False, "c": False, "d": True, "e": False}
    assert summary.remarks[-2] == "3 of 6 items are available"
    assert summary.remarks[-1].startswith("'perhaps' and the like say in 1 rows neither")


def test_progress_tells_every_file(tmp_path):
    told: list[tuple[str, int, int]] = []
    import_csv(**write(tmp_path), out=tmp_path / "out", progress=lambda *step: told.append(step))
    assert told[0] == ("Reading files", 0, 2)
    assert told[-1] == ("Checking tables", 2, 2)


def test_messages_end_with_what_to_do(tmp_path):
    for number, (case, (files, _)) in enumerate(BAD.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(TableError, match="but") as caught:
            run(folder, **files)
        assert re.search(r"\. [A-Z][^.]*.*\.$", str(caught.value), re.DOTALL), case
