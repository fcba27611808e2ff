"""The audit on a shop that is more than purchases, and on claim rules that are wrong in one point each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_explain.claims import ShopEvidence
from llm_explain.claims.degrees import Degree
from llm_explain.claims.kinds import promotion, repeat_item
from llm_explain.claims.kinds.season import Season
from llm_explain.claims.occasions import Occasions
from llm_explain.evaluation.audit import Audit
from llm_explain.policy.policy import Policy
from scoring.data.history import History
from scoring.data.shop import Clock, Shop
from scoring.data.tables import Tables
from scoring.data.targets import TARGET
from tests.llm_explain.claims.crowd_shop import AS_OF, busy_shop
from tests.llm_explain.evaluation.audit.test_tables import KINDS, MOMENT, Record, count_kinds, records_of

Patch = Callable[[pytest.MonkeyPatch], None]

SHOPS = {
    "New York": Shop(time_zone="America/New_York"),
    "plays": Shop(target_kinds=("play",)),
    "purchases and plays": Shop(target_kinds=("purchase", "play"), time_zone="Europe/Berlin"),
    "order of events alone": Shop(times="order"),
}


def records(tables: Tables) -> list[Record]:
    """Return every claim that the rules find for some users and items."""
    return records_of(tables, AS_OF, MOMENT, n_users=15, n_items=16)


@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS)
def test_every_claim_is_true_of_the_shop(shop: Shop, tmp_path: Path) -> None:
    tables = busy_shop(shop=shop)
    tables.write(tmp_path)
    found, audit = records(tables), Audit(tmp_path, MOMENT)
    assert audit.faults(found) == []
    assert audit.licence_faults(found) == []
    assert count_kinds(found).total() > 300


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Return a shop in New York with orders, returns, empty rows, views and plays."""
    return busy_shop()


@pytest.fixture(scope="module")
def audit(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Return the audit of that shop."""
    folder = tmp_path_factory.mktemp("tables")
    tables.write(folder)
    return Audit(folder, MOMENT)


def counts(which: Callable[[History], np.ndarray]) -> Patch:
    """Return a patch that lets other events count."""
    return lambda patch: patch.setattr(History, "is_target", property(which))


REAL_TARGETS = History.__dict__["is_target"].func


def views_too(history: History) -> np.ndarray:
    return REAL_TARGETS(history) | (history.kind == "view")


def returned_ones_too(history: History) -> np.ndarray:
    return np.asarray(history.role == TARGET)


def empty_rows_too(history: History) -> np.ndarray:
    return REAL_TARGETS(history) | ((history.kind == "purchase") & (history.quantity == 0))


def every_row_is_an_occasion(patch: pytest.MonkeyPatch) -> None:
    rows = property(lambda history: np.where(history.is_target, np.arange(len(history)), -1))
    patch.setattr(History, "occasion", rows)


def the_day_after(patch: pytest.MonkeyPatch) -> None:
    real = repeat_item.to_dates
    patch.setattr(repeat_item, "to_dates", lambda days: real(days + 1))


def no_zone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Clock, "local", lambda clock, moment: moment)


def each_title_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ShopEvidence, "title_index", property(lambda shop: np.arange(len(shop.catalogue))))


def the_longest_interval(patch: pytest.MonkeyPatch) -> None:
    def longest(occasions: Occasions) -> np.ndarray:
        found = np.full(len(occasions), np.nan)
        np.fmax.at(found, occasions.intervals.group, occasions.intervals.values.astype(float))
        return found

    patch.setattr(Occasions, "rhythm", property(longest))


def the_next_band(patch: pytest.MonkeyPatch) -> None:
    real = Policy.band
    patch.setattr(
        Policy, "band", lambda policy, users: None if real(policy, users) is None else real(policy, users) * 2
    )


def the_end_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(promotion, "_last_day", lambda end: end.date().isoformat())


def always_current(patch: pytest.MonkeyPatch) -> None:
    real = Degree.holds

    def holds(rule: Degree, occasions: Occasions, share: np.ndarray | None = None) -> np.ndarray:
        return real(rule.model_copy(update={"max_intervals": None, "max_days": None}), occasions, share)

    patch.setattr(Degree, "holds", holds)


def a_tenth_more(patch: pytest.MonkeyPatch) -> None:
    real = Season.find

    def find(kind: Season, subjects: object) -> object:
        found = real(kind, subjects)  # type: ignore[arg-type]
        lifts = [round(float(str(lift)) + 0.1, 1) for lift in found.facts.get("lift", ())]
        return replace(found, facts={**found.facts, "lift": lifts})

    patch.setattr(Season, "find", find)


FAULTS: dict[str, tuple[Patch, str]] = {
    "counts views": (counts(views_too), "repeat_item: count is"),
    "counts returned purchases": (counts(returned_ones_too), "repeat_item: count is"),
    "counts a quantity of 0": (counts(empty_rows_too), "repeat_item: count is"),
    "counts rows, not occasions": (every_row_is_an_occasion, "category_affinity: count is"),
    "ignores the time zone": (no_zone, "repeat_item: last is"),
    "says another day": (the_day_after, "repeat_item: last is"),
    "counts items of one title apart": (each_title_alone, "repeat_item: count is"),
    "takes another median": (the_longest_interval, "due: "),
    "says too high a band": (the_next_band, "popular: users_band is"),
    "says the day after a promotion": (the_end_itself, "promotion: until is"),
    "speaks in the present tense of the past": (always_current, "['current'"),
    "says a larger season": (a_tenth_more, "season: lift is"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_audit_finds_a_rule_that_is_wrong(
    name: str, tables: Tables, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert, expected = FAULTS[name]
    insert(monkeypatch)
    found = records(tables)
    monkeypatch.undo()
    faults = audit.faults(found)
    if not any(expected in fault for fault in faults):  # a word of degree is none of the facts
        faults = audit.licence_faults(found)
    assert any(expected in fault for fault in faults), faults[:5]


def test_each_kind_brings_its_sql(audit: Audit) -> None:
    asked = [{"kind": kind, "player": "", "facts": {}} for kind in KINDS]
    record = {"user_id": "u", "item_id": "i", "as_of": AS_OF.isoformat()}
    audit.facts([(record, each) for each in asked])  # no shop of these tests has every kind among its claims
    views = set(audit.connection.execute("select view_name from duckdb_views()").df()["view_name"])
    assert {f"found_{kind}" for kind in KINDS} <= views
    assert all(kind.sql.exists() for kind in KINDS.values())
