"""The living catalogue: changes count from their moment on, and everything before it stays as it was."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from shop import CUTOFF
from typer.testing import CliRunner

from llm_explain.catalogue import LiveCatalogue
from llm_explain.cli import app
from llm_explain.errors import SettingError, UnknownItemError
from llm_explain.evaluation.audit import Audit
from llm_explain.explainer import Explainer
from llm_explain.policy.policy import Policy
from scoring.data.proposals import Proposal, Proposals

if TYPE_CHECKING:
    from scoring.data.tables import Tables

CLOCK = pd.Timestamp("2017-12-03T10:00")
NEW = pd.DataFrame(
    {"item_id": ["n1", "n2"], "title": ["Cheddar X", "Kimchi"], "category": ["cheese", "pickles"], "price": [5.3, 2.0]}
)


@pytest.fixture
def folder(shop_artifacts: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shop_artifacts, tmp_path / "artifacts"))


@pytest.fixture
def explainer(folder: Path) -> Explainer:
    return Explainer.load(folder, language_model=None)


def records(explainer: Explainer, user: str = "u00", **when: Any) -> list[dict[str, Any]]:
    return [row.to_dict() for row in explainer.recommend(user, k=60, **when)]


def test_a_new_item_is_recommended_from_its_moment_on_and_its_record_says_that_it_is_cold(explainer: Explainer) -> None:
    before = records(explainer)
    explainer.catalogue.put(NEW, moment=CLOCK)
    after = {row["item_id"]: row for row in records(explainer)}
    assert {"n1", "n2"} <= set(after)
    assert {item_id for item_id, row in after.items() if row["cold"]} == {"n1", "n2"}
    assert explainer.as_of == CLOCK
    assert explainer.titles["n2"] == "Kimchi"
    assert records(explainer, as_of=CUTOFF) == before


def test_a_path_of_categories_is_named_as_the_catalogue_names_it(explainer: Explainer) -> None:
    paths = ["Food > Dairy > Cheese", "Sale|Food > Fruit > apples", "Garden > Bulbs", "cheese"]
    ids = [f"p{place}" for place in range(len(paths))]
    explainer.catalogue.put(pd.DataFrame({"item_id": ids, "title": ids, "category": paths}), moment=CLOCK)
    table = explainer.catalogue.items.set_index("item_id").loc[ids]
    assert list(table["category"]) == ["cheese", "apples", "Bulbs", "cheese"]
    assert list(table["categories"].fillna("")) == [*paths[:3], ""]


def test_a_change_without_a_moment_follows_the_latest_one(explainer: Explainer) -> None:
    first = explainer.catalogue.put(NEW.head(1))
    second = explainer.catalogue.discontinue(["n1"])
    assert CUTOFF < first.since < second.since == explainer.as_of < CUTOFF + pd.Timedelta("1s")


def test_records_of_every_version_are_the_same_after_a_restart(explainer: Explainer, folder: Path) -> None:
    explainer.catalogue.put(NEW, moment=CLOCK)
    explainer.catalogue.patch(pd.DataFrame({"item_id": ["n1"], "price": [9.9]}), moment=CLOCK + pd.Timedelta("1h"))
    moments = (CUTOFF, CLOCK, CLOCK + pd.Timedelta("30min"), CLOCK + pd.Timedelta("2h"))
    again = Explainer.load(folder, language_model=None)
    answers = [records(explainer, as_of=moment) for moment in moments]
    assert [records(again, as_of=moment) for moment in moments] == answers
    hashes = [answer[0]["provenance"].get("catalogue") for answer in answers]
    assert hashes[0] is None
    assert hashes[1] == hashes[2] != hashes[3]


def test_changes_of_another_process_are_read_on_refresh(explainer: Explainer, folder: Path) -> None:
    Explainer.load(folder, language_model=None).catalogue.put(NEW)
    assert "n1" not in explainer.titles
    assert explainer.catalogue.refresh() == 1
    assert "n1" in explainer.titles


def test_a_discontinued_item_is_not_recommended_until_it_is_back(explainer: Explainer) -> None:
    best = records(explainer)[0]["item_id"]
    explainer.catalogue.discontinue([best])
    assert best not in {row["item_id"] for row in records(explainer)}
    assert explainer.explain("u00", [best])[0].rank is None
    explainer.catalogue.patch(pd.DataFrame({"item_id": [best], "available": [True]}))
    assert records(explainer)[0]["item_id"] == best


def test_events_with_a_new_item_count_once_the_catalogue_knows_it(explainer: Explainer) -> None:
    explainer.catalogue.put(NEW, moment=CLOCK)
    days = pd.date_range("2017-11-10", periods=3, freq="7D")
    history = pd.DataFrame({"item_id": "n1", "timestamp": days})
    (row,) = explainer.explain(None, ["n1"], history=history)
    assert [(claim.kind, claim.facts["count"]) for claim in row.reasons if claim.kind == "repeat_item"] == [
        ("repeat_item", 3)
    ]
    assert row.attribution.players[0] == "group:cheese"


def test_a_promotion_is_spoken_from_its_start_until_it_ends(explainer: Explainer) -> None:
    catalogue = explainer.catalogue
    catalogue.put(NEW, moment=CLOCK)
    flyer = pd.DataFrame(
        {"item_id": ["n1"], "start": ["2017-12-04T00:00"], "end": ["2017-12-11T00:00"], "label": "mailer"}
    )
    catalogue.promote(flyer, moment=CLOCK)
    catalogue.end_promotions(["n1"], moment="2017-12-06T00:00")

    def spoken(as_of: str) -> set[str]:
        (row,) = explainer.explain("stranger", ["n1"], as_of=as_of)
        return {claim.kind for claim in (*row.reasons, *row.statements)} & {"promotion"}

    assert [spoken(as_of) for as_of in ("2017-12-03T12:00", "2017-12-05", "2017-12-06T00:00")] == [
        set(), {"promotion"}, set()
    ]  # fmt: skip


def test_deletion_is_exact_with_a_changed_catalogue(explainer: Explainer, shop_tables: Tables) -> None:
    explainer.catalogue.put(NEW, moment=CLOCK)
    explainer.catalogue.patch(pd.DataFrame({"item_id": ["32"], "price": [9.9], "category": ["beer"]}), moment=CLOCK)
    events = shop_tables.events[(shop_tables.events["user_id"] == "u04") & (shop_tables.events["timestamp"] < CLOCK)]
    bought = events.tail(1).assign(item_id="n1", timestamp=CLOCK - pd.Timedelta("3h"))
    history = pd.concat([events, bought], ignore_index=True)
    catalogue = explainer.shop.catalogue
    user = explainer.reader.read(None, history).scored
    for players in (["group:cheese"], ["group:beer"]):
        names = [player.removeprefix("group:") for player in players]
        category = catalogue.category_index[catalogue.index_of(history["item_id"].tolist())]
        kept = history[[catalogue.category_names[index] not in names for index in category]]
        without = explainer.reader.read(None, kept).scored
        items = np.arange(len(catalogue))
        answer = user.what_if(players, items)
        np.testing.assert_allclose(answer.score_without, without.scorer.score(without.state, items), atol=1e-9)  # type: ignore[attr-defined]


def test_the_audit_reads_the_tables_of_each_records_moment(explainer: Explainer, folder: Path) -> None:
    best = records(explainer, "u04")[0]["item_id"]
    at_first = [row.to_dict() for row in explainer.explain("u04", [best, "00", "32"])]
    explainer.catalogue.put(NEW, moment=CLOCK)
    explainer.catalogue.patch(pd.DataFrame({"item_id": [best], "category": ["pickles"]}), moment=CLOCK)
    flyer = pd.DataFrame({"item_id": ["n1"], "start": [CLOCK], "end": [pd.NaT], "label": "mailer"})
    explainer.catalogue.promote(flyer, moment=CLOCK)
    later = [row.to_dict() for row in explainer.explain("u04", ["n1", best, "00", "32"])]
    later += [row.to_dict() for row in explainer.explain("stranger", ["n1"])]
    assert any(claim["kind"] == "promotion" for row in later for claim in (*row["reasons"], *row["statements"]))
    changed = Audit(folder / "tables", CUTOFF, changes=explainer.catalogue.changes)
    assert changed.faults([*at_first, *later, *at_first]) == []
    assert Audit(folder / "tables", CUTOFF).faults(later)


def test_names_of_new_items_are_known_to_the_verifier_and_sensitive_ones_have_no_personal_reason(
    explainer: Explainer,
) -> None:
    sensitive = pd.DataFrame({"item_id": ["n3"], "title": ["Pregnancy test"], "category": ["cheese"]})
    explainer.catalogue.put(pd.concat([NEW, sensitive]), moment=CLOCK)
    shop = explainer.shop
    assert [shop.is_sensitive(int(item)) for item in shop.catalogue.index_of(["n1", "n3"])] == [False, True]


def test_an_item_that_looks_like_postage_is_neither_recommended_nor_named_until_the_shop_decides(
    explainer: Explainer,
) -> None:
    best = records(explainer)[0]["item_id"]
    shop = explainer.shop.shop
    for confirmed, is_shown in ((None, False), (False, True)):
        proposal = Proposal(reason="postage", confirmed=confirmed)
        explainer.shop.shop = shop.model_copy(update={"proposals": Proposals(left_out_items={best: proposal})})
        explainer.reader.forget()
        live = LiveCatalogue(explainer.catalogue._logs[0], explainer.catalogue._scorer, explainer.version)
        ranked, _ = live.current.reader.read("u00").scored.rank(60)
        assert (best in live.current.shop.catalogue.item_ids[ranked]) == is_shown
        (item,) = live.current.shop.catalogue.index_of([best])
        policy = Policy().for_shop(explainer.shop.shop)
        assert policy.is_sensitive_item(live.current.shop.catalogue, int(item)) != is_shown


def test_unknown_items_and_columns_are_refused_and_nothing_is_written(explainer: Explainer) -> None:
    catalogue = explainer.catalogue
    with pytest.raises(
        UnknownItemError, match="item '0x' is not in the catalogue of 40 items but a known item is needed"
    ):
        catalogue.patch(pd.DataFrame({"item_id": ["0x"], "price": [1.0]}))
    with pytest.raises(
        SettingError, match=r"items has the column 'embedding_image' but the scorer was trained without"
    ):
        catalogue.put(NEW.assign(embedding_image=[[1.0], [2.0]]))
    catalogue.put(NEW, moment=CLOCK)
    with pytest.raises(SettingError, match=r"moment is 2017-12-02T00:00:00 but the last change is of 2017-12-03"):
        catalogue.discontinue(["n1"], moment="2017-12-02")
    assert len(catalogue.changes) == 1


def test_a_plain_callable_has_no_living_catalogue(shop_tables: Tables) -> None:
    explainer = Explainer.over(lambda histories, ids: np.zeros((len(histories), len(ids))), shop_tables, as_of=CUTOFF)
    with pytest.raises(SettingError, match="changes of the catalogue need trained artifacts"):
        _ = explainer.catalogue


def test_the_command_line_changes_the_catalogue(folder: Path, tmp_path: Path) -> None:
    NEW.to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "prices.csv").write_text("item_id,price\nn1,9.90\n")
    (tmp_path / "flyer.csv").write_text("item_id,start,end,label\nn1,2017-12-01,2017-12-24,mailer\n")
    where = ["--artifacts", str(folder), "--json"]
    commands = (
        ["put", str(tmp_path / "new.csv")], ["patch", str(tmp_path / "prices.csv")],
        ["promote", str(tmp_path / "flyer.csv")], ["end-promotions", "n1", "--label", "mailer"],
        ["discontinue", "n2", "--moment", "2017-12-03"],
    )  # fmt: skip
    for command in commands:
        result = CliRunner().invoke(app, ["catalogue", *command, *where])
        assert result.exit_code == 0, result.output
    shown = CliRunner().invoke(app, ["catalogue", "show", *where]).output.splitlines()
    assert [line.split('"')[3] for line in shown] == ["put", "patch", "promote", "end_promotions", "discontinue"]
    explainer = Explainer.load(folder, language_model=None)
    assert explainer.shop.snapshot.price[explainer.shop.catalogue.index_of(["n1"])[0]] == 9.9


def test_versions_that_are_over_are_forgotten(explainer: Explainer) -> None:
    """A cached user holds the scorer of its version: five changes kept five scorers."""
    catalogue = explainer.catalogue
    for number in range(4):
        catalogue.patch(pd.DataFrame({"item_id": ["31"], "price": [50.0 + number]}))
        records(explainer)
    versions = [catalogue.at(change.since) for change in catalogue.changes]
    assert versions[-1] is explainer.version
    readers = [weakref.ref(version.reader) for version in versions]
    del versions
    records(explainer, as_of=catalogue.changes[0].since)
    gc.collect()
    assert [reader() is not None for reader in readers] == [False, False, False, True]


def test_a_change_gives_back_what_the_replaced_version_held(explainer: Explainer) -> None:
    """Automatic collections are off: a replaced writer refers to itself, and would stay until one comes."""
    catalogue = explainer.catalogue
    records(explainer)
    trained = catalogue.current.shop.catalogue
    gc.disable()
    try:
        catalogue.patch(pd.DataFrame({"item_id": ["31"], "price": [50.0]}))
        records(explainer)
        writer = weakref.ref(catalogue.current.writer)
        catalogue.patch(pd.DataFrame({"item_id": ["31"], "price": [51.0]}))
        assert writer() is None
    finally:
        gc.enable()
    assert "_candidate_tower" not in vars(catalogue._scorer.item_embedding)
    pairs = zip(trained.item_ids, catalogue.current.shop.catalogue.item_ids, strict=True)
    assert all(old is new for old, new in pairs)


def test_a_request_that_began_before_a_change_builds_no_version(explainer: Explainer) -> None:
    """A list that met a change built the version before it again: 1.5 s, and 0.3 GB until the next change."""
    catalogue = explainer.catalogue
    catalogue.patch(pd.DataFrame({"item_id": ["31"], "price": [50.0]}))
    held, moment = explainer.version, explainer.as_of
    catalogue.patch(pd.DataFrame({"item_id": ["31"], "price": [51.0]}))
    assert catalogue.at(moment) is held
    assert catalogue.at(explainer.as_of) is explainer.version
    assert not catalogue._past
    gone = weakref.ref(held)
    del held
    gc.collect()
    assert gone() is None
    assert catalogue.at(moment).number == 1
