import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.partition import partition, partitions_for
from llm_explain.errors import SettingError
from scoring.data.history import History
from tests.llm_explain.linear_shop import AS_OF, catalogue, history

SHOP = catalogue(("ale", "beans", "cheese", "dip", "eggs", "fish"))
BOUGHT = {"ale-0": 1, "beans-0": 3, "cheese-0": 2, "dip-0": 2, "eggs-0": 1}


def test_few_categories_stand_alone_largest_first_ties_by_name() -> None:
    found = partition(history(SHOP, BOUGHT), SHOP)
    assert found.players == ("group:beans", "group:cheese", "group:dip", "group:ale", "group:eggs")
    assert found.categories == ((1,), (2,), (3,), (0,), (4,))


def test_the_smaller_ones_are_the_rest() -> None:
    found = partition(history(SHOP, BOUGHT), SHOP, max_groups=3)
    assert found.players == ("group:beans", "group:cheese", "rest")
    assert found.categories == ((1,), (2,), (0, 3, 4))


def test_as_many_categories_as_groups_leave_no_rest() -> None:
    assert "rest" not in partition(history(SHOP, BOUGHT), SHOP, max_groups=5).players


def test_a_category_alone_takes_the_place_of_the_smallest_single() -> None:
    found = partition(history(SHOP, BOUGHT), SHOP, max_groups=3, alone=(4,))
    assert found.players == ("group:beans", "group:eggs", "rest")
    assert found.categories == ((1,), (4,), (0, 2, 3))


def test_a_category_alone_that_is_single_anyway_changes_nothing() -> None:
    of = history(SHOP, BOUGHT)
    assert partition(of, SHOP, max_groups=3, alone=(2,)) == partition(of, SHOP, max_groups=3)


def test_a_category_alone_without_events_changes_nothing() -> None:
    of = history(SHOP, BOUGHT)
    assert partition(of, SHOP, max_groups=3, alone=(5,)) == partition(of, SHOP, max_groups=3)


def test_occasions_are_counted_not_rows() -> None:
    # Three rows of ale at one moment are one occasion; two of eggs at two moments are two.
    moments = pd.to_datetime(["2020-05-01", "2020-05-01", "2020-05-01", "2020-05-02", "2020-05-03"])
    rows = pd.DataFrame({"item_id": ["ale-0", "ale-1", "ale-0", "eggs-0", "eggs-0"], "timestamp": moments})
    found = partition(History.from_events(rows, SHOP, as_of=AS_OF), SHOP)
    assert found.players == ("group:eggs", "group:ale")


def test_what_was_only_recent_signal_comes_after_what_was_bought() -> None:
    moments = pd.to_datetime(["2020-05-01", "2020-05-02", "2020-05-03", "2020-05-04"])
    kinds = ["view", "view", "view", "purchase"]
    rows = pd.DataFrame({"item_id": ["fish-0", "eggs-0", "eggs-1", "beans-0"], "timestamp": moments, "kind": kinds})
    found = partition(History.from_events(rows, SHOP, as_of=AS_OF), SHOP)
    assert found.players == ("group:beans", "group:eggs", "group:fish")


def test_an_empty_history_has_no_players() -> None:
    found = partition(history(SHOP, {}), SHOP)
    assert (found.players, found.categories) == ((), ())
    assert found.group_of(np.array([0, 3])).tolist() == [-1, -1]


def test_group_of_a_category() -> None:
    found = partition(history(SHOP, BOUGHT), SHOP, max_groups=3)
    assert found.group_of(np.array([0, 1, 2, 5, 1])).tolist() == [2, 0, 1, -1, 0]
    assert found.group_of(np.array([], dtype=np.int64)).shape == (0,)


def test_every_item_gets_a_partition_with_its_own_category_out_of_rest() -> None:
    items = SHOP.index_of(["eggs-1", "beans-0", "fish-0", "ale-0", "eggs-0"])
    of = history(SHOP, BOUGHT)
    served = dict(enumerate([""] * 5))
    for groups, rows in partitions_for(of, SHOP, items, max_groups=3):
        assert len(groups) == 3
        served.update({int(row): groups.players[1] for row in rows})
    assert list(served.values()) == ["group:eggs", "group:cheese", "group:ale", "group:ale", "group:eggs"]


def test_items_of_a_list_share_a_partition_as_far_as_their_categories_fit() -> None:
    shop = catalogue(tuple("abcdefghi"))
    of = history(shop, {f"{name}-0": 9 - place for place, name in enumerate("abcdefghi")})
    ((groups, rows),) = partitions_for(of, shop, shop.index_of(["h-0", "i-1", "a-1", "h-1"]), max_groups=6)
    assert rows.tolist() == [0, 1, 2, 3]
    assert groups.players == ("group:a", "group:b", "group:c", "group:h", "group:i", "rest")
    items = shop.index_of(["f-0", "g-0", "h-0", "i-0"])  # four of their own, and two of the largest, are too many
    parts = [(groups.players, rows.tolist()) for groups, rows in partitions_for(of, shop, items, max_groups=6)]
    assert parts == [
        (("group:a", "group:b", "group:c", "group:f", "group:g", "rest"), [0, 1]),
        (("group:a", "group:b", "group:c", "group:h", "group:i", "rest"), [2, 3]),
    ]


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(SettingError, match="max_groups is 2 but 3 to 16 are needed"):
        partition(history(SHOP, BOUGHT), SHOP, max_groups=2, alone=(0, 1))


def test_too_many_groups_are_refused() -> None:
    with pytest.raises(SettingError, match="max_groups is 17 but 1 to 16 are needed"):
        partition(history(SHOP, BOUGHT), SHOP, max_groups=17)
