"""Times, ids and open ends as exports write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.data.coercion import coerce
from scoring.data.rules import Kind
from scoring.data.shop import Shop

UTC = Shop()
NEW_YORK = Shop(time_zone="America/New_York", times="local")
WHEN = pd.Timestamp("2019-10-01T08:26")


def typed(values: list, kind: Kind = "moment", shop: Shop = UTC) -> list:
    """Return the typed values of a column of text, which break no rule."""
    column, findings = coerce(pd.Series(values, dtype="str"), kind, shop)
    assert not any(broken.any() for _, broken in findings)
    return column.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "2019-10-01 08:26:00 UTC", "2019-10-01T08:26Z", "2019-10-01 8:26", "2019/10/01 08:26", "2019-10-01T10:26+02:00",
        "1569918360", "1569918360000", "1569918360000000", "1569918360000000000", "1569918360.0",
    ],
)  # fmt: skip
def test_unambiguous_times_are_read(text: str):
    assert typed([text, text]) == [WHEN, WHEN]


@pytest.mark.parametrize("number", [1569918360, 1569918360000, 1569918360.0])
def test_numbers_since_1970_are_times(number: float):
    column, _ = coerce(pd.Series([number, None]).convert_dtypes(), "moment", UTC)
    assert column[0] == WHEN
    assert pd.isna(column[1])


@pytest.mark.parametrize(
    ("text", "rule"), [("12/1/2010 8:26", "moment_text"), ("17", "moment_text"), ("8:26", "moment_text")]
)
def test_other_times_are_refused(text: str, rule: str):
    _, findings = coerce(pd.Series([text], dtype="str"), "moment", UTC)
    assert [name for name, broken in findings if broken.any()] == [rule]


def test_small_numbers_are_no_times():
    _, findings = coerce(pd.Series([17, 20191001]), "moment", UTC)
    assert dict(findings)["moment_type"].tolist() == [True, True]


def test_times_without_a_zone_are_local_where_the_shop_says_so():
    assert typed(["2025-05-10T23:30"], shop=NEW_YORK) == [pd.Timestamp("2025-05-11T03:30")]
    assert typed(["2025-05-10T23:30Z"], shop=NEW_YORK) == [pd.Timestamp("2025-05-10T23:30")]
    assert typed(["1569918360"], shop=NEW_YORK) == [WHEN]
    assert typed(["2025-05-10T23:30"], shop=Shop(time_zone="America/New_York")) == [pd.Timestamp("2025-05-10T23:30")]
    moments = pd.Series([pd.Timestamp("2025-05-10T23:30")])
    assert coerce(moments, "moment", NEW_YORK)[0].tolist() == [pd.Timestamp("2025-05-11T03:30")]


@given(
    st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), min_size=1, max_size=4),
    st.lists(st.integers(-12 * 60, 14 * 60), min_size=4, max_size=4),
    st.sampled_from(["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata"]),
    st.sampled_from(["utc", "local"]),
)
def test_a_time_with_its_zone_is_the_same_instant_in_every_shop(moments, offsets, zone, times):
    shop = Shop(time_zone=zone, times=times)
    zoned = [m.replace(tzinfo=timezone(timedelta(minutes=o))) for m, o in zip(moments, offsets, strict=False)]
    instants = [pd.Timestamp(moment).tz_convert("UTC").tz_localize(None) for moment in zoned]
    assert typed([moment.isoformat() for moment in zoned], shop=shop) == instants
    for series in (pd.Series(zoned, dtype=object), pd.Series(instants).dt.tz_localize("UTC")):
        assert coerce(series, "moment", shop)[0].tolist() == instants


def test_a_day_without_a_time_is_a_day_of_the_shop():
    shop = Shop(time_zone="America/New_York")
    assert typed(["2025-05-10", ""][:1], shop=shop) == [pd.Timestamp("2025-05-10T04:00")]
    days = pd.Series([pd.Timestamp("2025-05-10"), pd.NaT])
    assert coerce(days, "moment", shop)[0][0] == pd.Timestamp("2025-05-10T04:00")


def test_kinds_are_written_in_lower_case():
    assert typed(["Purchase", "ADD_TO_CART"], "word") == ["purchase", "add_to_cart"]


def test_an_end_of_another_century_is_open():
    ends = typed(["2099-12-31", "9999-12-31", "2025-06-01"], "end")
    assert [pd.isna(end) for end in ends] == [True, True, False]


def test_ids_that_went_through_a_float_are_whole_numbers():
    assert typed(["17850.0", "17851.0"], "id") == ["17850", "17851"]
    assert typed(["17850.0", "a"], "id") == ["17850.0", "a"]
    column, _ = coerce(pd.Series(["17850.0", None], dtype="str"), "id", UTC)
    assert column[0] == "17850"
    assert pd.isna(column[1])
