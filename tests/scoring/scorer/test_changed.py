"""A scorer with a changed catalogue, against scores and vectors that are found another way."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy import sparse
from shop import CUTOFF

from scoring.data.changes import Change
from scoring.data.history import EventLog
from scoring.errors import ArtifactError
from scoring.features.alike import most_alike
from scoring.features.titles import TitleSpace
from scoring.model.links import Decay, Links, LinkTable
from scoring.scorer.changed import changed_scorer, packed, title_texts
from scoring.scorer.scorer import GlassBoxScorer

if TYPE_CHECKING:
    from scoring.data.tables import Tables

CHEESE = {"category": "cheese", "brand": "brand #7"}


def put(*items: dict[str, object], **fields: object) -> Change:
    moment = "2017-12-01T00:00:00"
    return Change.model_validate({"operation": "put", "moment": moment, "items": items, **fields})


def test_old_items_keep_their_numbers_and_scores(shop_scorer: GlassBoxScorer, shop_tables: Tables) -> None:
    change = put({"item_id": "n", "title": "Kimchi", "category": "aaa pickles", "brand": "aaa"})
    changed = changed_scorer(shop_scorer, [change])
    assert changed.catalogue.category_names == [*shop_scorer.catalogue.category_names, "aaa pickles"]
    assert changed.catalogue.brand_names == [*shop_scorer.catalogue.brand_names, "aaa"]
    for user in ("u00", "u04"):
        history = EventLog(shop_tables.events, shop_scorer.catalogue).history(user, CUTOFF)
        before = shop_scorer.score(shop_scorer.read(history))
        after = changed.score(changed.read(history))
        np.testing.assert_array_equal(after[:-1], before)
        assert np.isfinite(after[-1])


def test_a_new_item_is_its_twin_without_the_id_and_without_events(shop_scorer: GlassBoxScorer) -> None:
    price = float(shop_scorer.snapshot.price[shop_scorer.catalogue.index_of(["32"])[0]])
    changed = changed_scorer(shop_scorer, [put({"item_id": "n", "title": "x", "price": price, **CHEESE})])
    tower = shop_scorer.model.item_tower
    (twin,) = shop_scorer.catalogue.index_of(["32"])  # cheese C of brand #7
    place = int(np.searchsorted(shop_scorer.candidates, twin))
    expected = shop_scorer.trunk[twin] - tower.id.weight[place + 1]
    torch.testing.assert_close(
        changed.trunk[-1].double(), expected, rtol=0, atol=1e-6
    )  # the trunk is held in single precision
    assert changed.snapshot.n_events[-1] == 0
    assert changed.candidates[-1] == len(shop_scorer.catalogue)


def test_a_new_item_is_neither_popular_nor_unpopular(shop_scorer: GlassBoxScorer) -> None:
    changed = changed_scorer(shop_scorer, [put({"item_id": "n", "title": "x", **CHEESE})])
    popularity = changed.terms.index("popularity")
    terms = changed.context_parts(CUTOFF, np.arange(len(changed.catalogue)))[:, popularity]
    assert terms[-1] == changed.context_mean[popularity]  # its attribution is 0
    sold = np.flatnonzero(changed.snapshot.n_events > 0)
    np.testing.assert_array_equal(terms[sold], shop_scorer.context_parts(CUTOFF, sold)[:, popularity])
    assert np.ptp(terms[sold]) > 0


def test_a_price_beyond_those_of_the_training_counts_as_the_nearest_of_them(shop_scorer: GlassBoxScorer) -> None:
    prices = shop_scorer.snapshot.price
    lowest, highest = (float(each) for each in (np.nanmin(prices), np.nanmax(prices)))
    rows = [
        {"item_id": f"n{price}", "title": "x", "price": price, **CHEESE} for price in (1e-320, lowest, highest, 1e9)
    ]
    trunk = changed_scorer(shop_scorer, [put(*rows)]).trunk[-4:]
    torch.testing.assert_close(trunk[0], trunk[1], rtol=0, atol=0)
    torch.testing.assert_close(trunk[2], trunk[3], rtol=0, atol=0)


def test_a_sold_item_does_not_become_new_by_a_later_date(shop_scorer: GlassBoxScorer) -> None:
    snapshot = shop_scorer.snapshot
    sold = int(np.flatnonzero(snapshot.n_events > 0)[0])
    item_id = str(shop_scorer.catalogue.item_ids[sold])
    for moment, expected in (("2017-11-30", snapshot.first_seen[sold]), ("2001-02-03", np.datetime64("2001-02-03"))):
        changed = changed_scorer(shop_scorer, [put({"item_id": item_id, "title": "x", "first_seen": moment, **CHEESE})])
        assert changed.snapshot.first_seen[sold] == expected


def test_a_changed_item_has_the_vector_of_its_new_fields(shop_scorer: GlassBoxScorer) -> None:
    tower, catalogue = shop_scorer.model.item_tower, shop_scorer.catalogue
    (item,) = catalogue.index_of(["00"])
    change = put({"item_id": "00", "category": "beer", "price": 2 * float(shop_scorer.snapshot.price[item])})
    changed = changed_scorer(shop_scorer, [change])
    old, new = (catalogue.category_names.index(name) for name in ("apples", "beer"))
    moved = tower.category.weight[new] - tower.category.weight[old] + np.log(2) * tower.dense.weight[:, 0]
    torch.testing.assert_close(changed.trunk[item].double(), shop_scorer.trunk[item] + moved, rtol=0, atol=1e-6)
    assert np.isnan(changed.snapshot.season_lift[[old, new]]).all()  # counted with other items in both


def test_a_new_category_has_the_mean_vector(shop_scorer: GlassBoxScorer) -> None:
    changed = changed_scorer(shop_scorer, [put({"item_id": "n", "title": "x", "category": "pickles"})])
    for tower, known in (
        (changed.model.item_tower, shop_scorer.model.item_tower),
        (changed.model.user_tower, shop_scorer.model.user_tower),
    ):
        torch.testing.assert_close(tower.category.weight[:-1], known.category.weight)
        torch.testing.assert_close(tower.category.weight[-1], known.category.weight.mean(dim=0))


def test_items_off_sale_and_hidden_items_are_no_candidates(shop_scorer: GlassBoxScorer) -> None:
    change = put({"item_id": "00", "available": False}, {"item_id": "n", "title": "x", **CHEESE, "available": False})
    changed = changed_scorer(shop_scorer, [change], hidden=["01"])
    gone = set(shop_scorer.catalogue.item_ids[shop_scorer.candidates]) - set(
        changed.catalogue.item_ids[changed.candidates]
    )
    assert gone == {"00", "01"}
    assert len(changed.candidates) == len(shop_scorer.candidates) - 2


def test_a_new_item_has_the_mean_links_of_the_items_that_it_is_like(shop_scorer: GlassBoxScorer) -> None:
    base = copy.copy(shop_scorer)
    n = len(base.catalogue)
    links = sparse.random_array((n, n), density=0.5, format="csr", rng=np.random.default_rng(3))
    base.item_links = Links(n, (LinkTable("any", links, Decay(30.0, 2.0)),))
    change = put({"item_id": "n", "title": "Kimchi", "category": "milk"}, {"item_id": "o", "title": "Odd"})
    (table,) = changed_scorer(base, [change]).item_links.tables
    version = changed_scorer(base, [change]).catalogue
    alike = most_alike(version, np.array([n, n + 1]), base.candidates)[:, :n].toarray()
    milk = base.catalogue.category_index == base.catalogue.category_names.index("milk")
    assert (alike[0] > 0).tolist() == milk.tolist()  # "Odd" is like nothing
    np.testing.assert_allclose(table.links[:n, n:].toarray(), links.toarray() @ alike.T, atol=1e-12)
    np.testing.assert_allclose(table.links[n:, :n].toarray(), alike @ links.toarray(), atol=1e-12)
    np.testing.assert_array_equal(table.links[:n, :n].toarray(), links.toarray())
    assert table.links[n:, n:].nnz == 0
    assert table.links[:, [n + 1]].nnz == table.links[[n + 1]].nnz == 0


def with_titles(scorer: GlassBoxScorer) -> GlassBoxScorer:
    """A scorer whose item tower reads titles of two numbers."""
    scorer = copy.copy(scorer)
    scorer.model = copy.deepcopy(scorer.model)
    scorer.model.item_tower.dense = torch.nn.Linear(4, scorer.trunk.shape[1]).double()
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], dtype=np.float32)
    scorer.titles = TitleSpace("packaged", np.ones(3, dtype=np.float32), directions)
    return scorer


def test_a_new_title_moves_the_vector_from_the_old_title_to_the_new_one(shop_scorer: GlassBoxScorer) -> None:
    scorer = with_titles(shop_scorer)
    (item,) = scorer.catalogue.index_of(["00"])
    embeddings = {"apples A": np.array([2.0, 1.0, 5.0]), "Pears": np.array([1.0, 4.0, 0.0])}
    change = put(
        {"item_id": "00", "title": "Pears"}, titles={title: packed(vector) for title, vector in embeddings.items()}
    )
    changed = changed_scorer(scorer, [change])
    # Less the mean of ones and cut to two numbers, "apples A" is (1, 0) and "Pears" is (0, 3).
    moved = torch.tensor([-1.0, 3.0], dtype=torch.float64) @ scorer.model.item_tower.dense.weight[:, 2:].T
    torch.testing.assert_close(changed.trunk[item].double(), scorer.trunk[item] + moved, rtol=0, atol=1e-6)


def test_titles_to_encode_are_the_new_ones_and_those_that_they_replace(shop_scorer: GlassBoxScorer) -> None:
    items = changed_scorer(shop_scorer, []).catalogue.items.head(1).assign(title="Pears")
    assert title_texts(shop_scorer, items) == []
    scorer = with_titles(shop_scorer)
    assert title_texts(scorer, items) == ["Pears", "apples A"]
    scorer.titles = None
    with pytest.raises(ArtifactError, match="hold no space of title vectors but a new title needs one"):
        title_texts(scorer, items)
