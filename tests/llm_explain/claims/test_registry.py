from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from llm_explain.claims import ClaimKind, ClaimKinds, registry
from llm_explain.claims.kinds.popular import Popular
from llm_explain.errors import ClaimError
from scoring.features.context import TERMS

KINDS = ClaimKinds.installed()


class Weather(Popular):
    """The sun shines.

    Rule: none; this class is only counted.
    """

    name = "weather"
    position = 27
    topic = "weather"
    neutral_place = 5


def test_a_sentence_names_the_users_history_before_the_item() -> None:
    assert KINDS.in_order(["promotion", "due", "repeat_item"]) == ("repeat_item", "due", "promotion")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["weather"], "claim kind is 'weather' but one of repeat_item, .* is needed"),
        (["due", "due"], "claim kinds are due, due but each may come once"),
    ],
)
def test_kinds_that_cannot_be_ordered_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ClaimError, match=message):
        KINDS.in_order(names)


def test_every_combination_is_one_kind_or_two_that_belong_together() -> None:
    combinations = KINDS.every_combination()
    reasons = [(name,) for name, kind in KINDS.items() if kind.is_reason]
    assert combinations[: len(reasons)] == reasons
    assert ("lower_price",) not in combinations  # a badge alone
    assert {len(names) for names in combinations} == {1, 2}
    assert ("repeat_item", "promotion") in combinations
    assert ("repeat_item", "related_category") not in combinations
    assert KINDS.every_combination(["popular", "due"]) == [("due",), ("popular",), ("due", "popular")]


def test_topics_exclude_each_other_in_both_directions() -> None:
    for first in KINDS.values():
        assert not first.goes_with(first)
        assert all(first.goes_with(second) == second.goes_with(first) for second in KINDS.values())


def test_more_kinds_take_their_place_and_leave_the_others_as_they_are() -> None:
    more = KINDS.extended([Weather])
    assert [*more][7:9] == ["weather", "category_affinity"]
    assert "weather" not in KINDS
    assert more.neutral()[0].name == "weather"


def test_a_name_belongs_to_one_kind() -> None:
    with pytest.raises(ClaimError, match="name 'popular' belongs to two claim kinds"):
        KINDS.extended([Popular])


@pytest.mark.parametrize("reverse", [False, True])
def test_kinds_of_one_position_come_in_the_order_of_their_names(reverse: bool) -> None:
    cloudy = type("Cloudy", (Weather,), {"name": "cloudy"})
    kinds = [Weather, cloudy][:: -1 if reverse else 1]
    assert [*KINDS.extended(kinds)][7:9] == ["cloudy", "weather"]


def test_installed_packages_offer_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = EntryPoint("weather", f"{__name__}:Weather", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [offer] if group == offer.group else [])
    assert isinstance(ClaimKinds.installed.__wrapped__(ClaimKinds)["weather"], ClaimKind)


def test_a_new_context_term_takes_a_name_that_no_kind_has() -> None:
    assert set(TERMS) & set(KINDS) == {"promotion", "season"}  # docs/decisions/0012


def test_the_sql_lies_next_to_the_class() -> None:
    assert all(kind.sql.parts[-2:] == ("kinds", f"{name}.sql") for name, kind in KINDS.items())
