"""``shop.yaml`` and the shop's clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from scoring.data.shop import Clock, Shop
from scoring.data.tables import Tables
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

NEW_YORK = Clock("America/New_York")


def test_a_moment_after_midnight_utc_is_the_evening_before_in_new_york():
    moment = pd.Timestamp("2025-05-11T03:30")  # 23:30 in summer time, four hours behind
    wall = pd.Timestamp("2025-05-10T23:30")
    assert NEW_YORK.local(moment) == wall
    assert NEW_YORK.local(moment.value) == wall.value
    moments = np.array([moment.to_datetime64(), np.datetime64("NaT")], dtype="datetime64[ns]")
    assert NEW_YORK.local(moments)[0] == wall.to_datetime64()
    assert np.isnat(NEW_YORK.local(moments)[1])
    assert NEW_YORK.local(moments[:1].astype(np.int64)).tolist() == [wall.value]
    assert Clock().local(moments)[0] == moment.to_datetime64()


def test_a_wall_time_that_occurs_twice_is_the_earlier_one_and_a_skipped_one_is_the_change():
    # On 5 November 2017 01:30 came at 05:30 UTC and 06:30 UTC; on 12 March 02:30 did not come, clocks went to 03:00.
    assert NEW_YORK.utc(pd.Timestamp("2017-11-05T01:30")) == pd.Timestamp("2017-11-05T05:30")
    assert NEW_YORK.utc(pd.Timestamp("2017-03-12T02:30")) == pd.Timestamp("2017-03-12T07:00")
    days = np.array(["2017-01-02", "2017-07-01", "NaT"], dtype="datetime64[ns]")
    expected = np.array(["2017-01-02T05:00", "2017-07-01T04:00", "NaT"], dtype="datetime64[ns]")
    np.testing.assert_array_equal(NEW_YORK.utc(days), expected)


def test_settings_are_written_next_to_the_tables_and_read_again(shop_tables: Tables, tmp_path: Path):
    shop = Shop(name="Käse & Co", time_zone="Europe/Berlin", currency="EUR", locale="de-DE", target_kinds=("play",))
    replace(shop_tables, shop=shop).write(tmp_path)
    found = Tables.read(tmp_path)
    assert found.shop == shop
    assert found.before(pd.Timestamp("2017-02-01")).shop == shop
    (tmp_path / "shop.yaml").unlink()
    assert Tables.read(tmp_path).shop == Shop()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zone: UTC", r"zone is 'UTC' but Extra inputs are not permitted. The settings are name, time_zone, times,"),
        ("time_zone: Europe/Berln", r"time_zone is 'Europe/Berln' but it is not in the IANA database of time zones"),
        ("time_zone: /etc/passwd", r"time_zone is '/etc/passwd' but it is not in the IANA database"),
        ("currency: euro", r"currency is 'euro' but String should match pattern"),
        ("target_kinds: []", r"target_kinds is \[\] but Tuple should have at least 1 item"),
        ("target_kinds: [purchase, refund]", r"but the kind 'refund' is in target_kinds and in return_kinds"),
        ("- a", r"the content is \['a'\] but Input should be a valid dictionary"),
        ("name: [", r"shop.yaml is not readable YAML but the settings of a shop are needed"),
    ],
)
def test_a_wrong_setting_is_named(text: str, message: str, tmp_path: Path):
    (tmp_path / "shop.yaml").write_text(text)
    with pytest.raises(TableError, match=message):
        Shop.read(tmp_path)
