"""Lists from the candidates of an index are those of scoring every item; the small shop is made to count as large."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from shop import SMALL

from llm_explain import Explainer
from llm_explain.attribution import counterfactual
from llm_explain.attribution.scored_user import AdditiveScoredUser
from llm_explain.errors import ArtifactError
from scoring.data.tables import Tables
from scoring.scorer import candidates
from scoring.scorer.artifacts import MANIFEST, read_manifest, write_manifest
from scoring.scorer.item_index import INDEX, ItemIndex
from scoring.scorer.storage import load_scorer
from scoring.training.training import index_of, train

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.scorer.scorer import GlassBoxScorer

USERS = ("u00", "u03", "u07", "u11")
CLOCK = pd.Timestamp("2017-12-03T10:00")


def add_index(folder: Path, content: bytes | None = None) -> None:
    """Write an index, or something else in its place, and name it in the manifest."""
    if content is None:
        ItemIndex.build(load_scorer(folder)).save(folder / INDEX)
    else:
        (folder / INDEX).write_bytes(content)
    entries = json.loads((folder / MANIFEST).read_text())
    write_manifest(folder, {name: value for name, value in entries.items() if name not in ("files", "version")})


@pytest.fixture(scope="module")
def indexed(shop_artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(shop_artifacts, tmp_path_factory.mktemp("large") / "shop"))
    add_index(folder)
    return folder


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"N_NEAREST": 12, "N_OTHERS": 8, "N_POPULAR": 3, "N_BUCKETS": 3, "PER_BUCKET": 2}
    for name, size in sizes.items():
        monkeypatch.setattr(candidates, name, size)


@pytest.fixture(scope="module")
def large(indexed: Path) -> Explainer:
    return Explainer.load(indexed, language_model=None)


@pytest.fixture(scope="module")
def exact(shop_artifacts: Path) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None)


def pool(explainer: Explainer, user: str = "u00") -> IndexArray:
    """Return the items that the index and the other terms propose for a user."""
    scored = explainer.reader.read(user).scored
    assert isinstance(scored, AdditiveScoredUser)
    return scored._found[0]


def ranked(explainer: Explainer, user: str = "u00", **options: Any) -> list[tuple[str, int | None, Any]]:
    return [(row.item_id, row.rank, pytest.approx(row.score)) for row in explainer.rank(user, **options)]


@pytest.mark.parametrize("user", USERS)
def test_the_best_items_and_their_explanations_are_those_of_all_items(
    large: Explainer, exact: Explainer, user: str
) -> None:
    assert len(pool(large, user)) < 25  # of 40
    assert ranked(large, user, k=5) == ranked(exact, user, k=5)
    rows, expected = (explainer.recommend(user, k=6) for explainer in (large, exact))
    assert [(row.item_id, row.rank, row.text) for row in rows] == [
        (row.item_id, row.rank, row.text) for row in expected
    ]
    for row, other in zip(rows, expected, strict=True):
        np.testing.assert_allclose(row.attribution.values, other.attribution.values, rtol=0, atol=1e-9)
    (together,) = large.recommend_many([user], k=6)
    assert [row.item_id for row in together] == [row.item_id for row in rows]


@pytest.mark.parametrize(
    "options",
    [
        {"categories": ["cheese"]},
        {"brands": ["brand #9"]},
        {"min_price": 5.0},
        {"candidates": ["00", "13", "44", "71"]},
        {"exclude": [f"{category}{item}" for category in range(6) for item in range(5)]},
        {"section": "new"},
        {"pins": ["74"], "section": "mixed"},
        {"diversity": 0.5, "section": "mixed"},
        {"offset": 30},
    ],
    ids=lambda options: next(iter(options)),
)
def test_filters_fill_the_list_from_all_allowed_items(
    large: Explainer, exact: Explainer, options: dict[str, Any]
) -> None:
    for user in USERS:
        expected = ranked(exact, user, k=10, **options)
        assert len(expected) >= 4
        assert ranked(large, user, k=10, **options) == expected


def test_places_shelves_and_what_ifs_are_those_of_all_items(
    large: Explainer, exact: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counterfactual, "BLOCK", 7)
    ids = large.shop.catalogue.item_ids.tolist()
    places = [row.rank for row in large.explain("u03", ids)]
    assert sorted(place for place in places if place) == list(range(1, 41))
    assert places == [row.rank for row in exact.explain("u03", ids)]
    first, second = (explainer.what_if("u03", without=["context:popularity"]) for explainer in (large, exact))
    assert [(row.item_id, row.rank_without) for row in first] == [(row.item_id, row.rank_without) for row in second]
    found, expected = (
        [(shelf.title, [item.item_id for item in shelf.items]) for shelf in explainer.shelves("u03")]
        for explainer in (large, exact)
    )
    assert found == expected
    assert found


def test_changes_of_the_catalogue_are_found_without_a_new_index(indexed: Path, tmp_path: Path) -> None:
    explainer = Explainer.load(shutil.copytree(indexed, tmp_path / "shop"), language_model=None)
    best = explainer.rank("u00", k=1)[0].item_id
    new = {"item_id": ["n1"], "title": ["Cheddar"], "category": ["cheese"], "price": [1.5]}
    explainer.catalogue.put(pd.DataFrame(new), moment=CLOCK)
    explainer.catalogue.discontinue([best], moment=CLOCK)
    assert "n1" in explainer.shop.catalogue.item_ids[pool(explainer)]
    assert "n1" in [row.item_id for row in explainer.rank("u00", k=40)]
    assert best not in [row.item_id for row in explainer.rank("u00", k=40)]
    assert explainer.rank("u00", k=1, as_of=CLOCK - pd.Timedelta(days=1))[0].item_id == best


def test_many_changed_items_keep_their_vectors_in_the_index(
    indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.scorer.changed.MOST_CHANGED", 3)
    explainer = Explainer.load(shutil.copytree(indexed, tmp_path / "shop"), language_model=None)
    ids = [f"{category}0" for category in range(8)]
    explainer.catalogue.patch(pd.DataFrame({"item_id": ids, "price": 2.5}), moment=CLOCK)
    assert len(pool(explainer)) < 25
    assert len(explainer.rank("u00", k=40)) == 40


def test_without_the_extra_every_item_is_scored_and_the_log_says_so(
    indexed: Path, exact: Explainer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "usearch", None)
    with caplog.at_level(logging.WARNING):
        explainer = Explainer.load(indexed, language_model=None)
    assert "usearch is not installed" in caplog.text
    assert "llm-explain-recommendations[index]" in caplog.text
    assert ranked(explainer, k=10) == ranked(exact, k=10)


def test_a_broken_index_is_an_error_that_names_the_file(indexed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(indexed, tmp_path / "shop"))
    (folder / INDEX).write_bytes(b"no index")
    with pytest.raises(ArtifactError, match=r"items\.usearch has sha256:.*the file changed after training"):
        Explainer.load(folder, language_model=None)
    add_index(folder, b"no index")
    with pytest.raises(ArtifactError, match=r"items\.usearch is not a readable index but one is needed"):
        Explainer.load(folder, language_model=None)


def test_training_writes_an_index_for_a_large_catalogue(tmp_path: Path) -> None:
    rows = [(f"u{user}", f"i{user % 3}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=user)) for user in range(12)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    items = pd.DataFrame({"item_id": ["i0", "i1", "i2"], "title": "x", "category": "all"})
    config = SMALL.model_copy(update={"index_from": 3})
    train(Tables(events, items), config, tmp_path, cutoff=pd.Timestamp("2024-02-01"), protocol="last")
    assert INDEX in read_manifest(tmp_path)["files"]
    index = ItemIndex.open(tmp_path / INDEX)
    assert index is not None
    assert len(index) == 3


def test_a_small_catalogue_and_one_without_the_extra_get_no_index(
    shop_scorer: GlassBoxScorer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = SMALL.model_copy(update={"index_from": len(shop_scorer.candidates)})
    assert index_of(shop_scorer, config.model_copy(update={"index_from": config.index_from + 1})) is None
    assert not caplog.text
    monkeypatch.setitem(sys.modules, "usearch", None)
    assert index_of(shop_scorer, config) is None
    assert "usearch is not installed: 40 items get no index" in caplog.text
