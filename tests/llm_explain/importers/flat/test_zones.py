"""The zone of the shop's clock, read off the offsets of its times."""

import pandas as pd
import pytest

from llm_explain.importers.flat.run import import_flat
from llm_explain.importers.flat.times import moments
from llm_explain.importers.flat.zones import zone_of


@pytest.mark.parametrize(
    ("times", "zone"),
    [
        (["2025-01-10 23:30:00 -0500", "2025-07-10 23:30:00 -0400"], "America/New_York"),
        (["2025-01-10T08:00:00+01:00", "2025-07-10T08:00:00+02:00"], "Europe/Berlin"),
        (["2025-01-10T08:00:00+09:00", "2025-07-10T08:00:00+09:00"], "Asia/Tokyo"),
        (["2025-01-10T08:00:00+05:45"], "Asia/Katmandu"),
        (["2025-01-10T08:00:00+01:00", "2025-01-10T08:00:00-05:00"], None),  # two clocks
        (["2025-01-10T08:00:00+00:00", "2025-07-10T08:00:00+00:00"], None),  # UTC tells nothing of the shop
        (["2025-01-10 08:00:00", "2025-07-10T08:00:00+02:00"], None),
        (["2025-01-10", "2025-07-10"], None),
    ],
)
def test_zone_of_times(times, zone):
    column = pd.Series(times, dtype="str")
    assert zone_of(column, moments(column).read) == zone


def test_a_shop_that_states_no_zone_gets_that_of_its_times(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("user,sku,date\nu,1,2025-05-10 23:30:00 -0400\nv,1,2025-01-10 23:30:00 -0500\n")
    shop = import_flat([path], out=tmp_path / "out").tables.shop
    assert shop.time_zone == "America/New_York"
    (tmp_path / "out" / "shop.yaml").write_text("time_zone: Europe/Paris\n")
    assert import_flat([path], out=tmp_path / "out").tables.shop.time_zone == "Europe/Paris"
