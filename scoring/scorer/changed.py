"""A trained scorer with a changed catalogue: new items are scored from their fields, changed ones anew.

Nothing is trained. The scores of all other items stay as they are, but for what compares an item with its category:
the rank and the band of its price.
"""

from __future__ import annotations

import base64
import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import nn

from scoring.data.changes import changed_items, changed_promotions, is_on_sale
from scoring.data.tables import FIRST_SEEN, ITEM_ID, PRICE, STORE_ID, TITLE
from scoring.errors import ArtifactError
from scoring.features.alike import most_alike
from scoring.features.own_history import Buckets
from scoring.scorer.scorer import GlassBoxScorer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.changes import Change
    from scoring.data.log import FloatArray
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot
    from scoring.features.titles import TitleSpace
    from scoring.model.links import Links
    from scoring.model.model import AdditiveModel

N_PRICE_COLUMNS = 2
"""Columns of the item tower's dense input before those of titles and embeddings: the price, and whether it is known."""

MOST_CHANGED = 2_000
"""Most changed items that are candidates of every user of a large catalogue."""


def changed_scorer(
    base: GlassBoxScorer, changes: Sequence[Change], *, hidden: Collection[str] = (), arrivals: Collection[str] = ()
) -> GlassBoxScorer:
    """Return a scorer that knows some changes of its catalogue.

    Args:
        base: The scorer as it was trained.
        changes: Changes in their order.
        hidden: Items that are never recommended.
        arrivals: Items of ``base`` that may be recommended although they have few events.

    Returns:
        The scorer. Its rows of old items are those of ``base``; the new items follow. Items that are not on sale are
        no candidates; arrivals and new items that are on sale are.
    """
    catalogue = base.catalogue.with_items(changed_items(base.catalogue.items, changes))
    changed = catalogue.known(_ids(changes))
    snapshot = _snapshot(base, catalogue, changed)
    model = _with_categories(base.model, len(catalogue.category_names))
    is_rankable = np.zeros(len(catalogue), dtype=bool)
    is_rankable[base.candidates] = True
    is_rankable[len(base.catalogue) :] = True
    is_rankable |= np.isin(catalogue.item_ids, list(arrivals))
    is_rankable &= is_on_sale(catalogue.items) & ~np.isin(catalogue.item_ids, list(hidden))
    return GlassBoxScorer(
        catalogue,
        snapshot,
        _promotions(base.promotions, catalogue, changes),
        shop=base.shop,
        buckets=Buckets.build(catalogue, snapshot.price, base.buckets.signals),
        candidates=np.flatnonzero(is_rankable),
        model=model,
        trunk=_trunk(base, model, (catalogue, snapshot), changed, _embeddings(changes)),
        links=replace(base.links, n_items=len(catalogue)),
        calibration=base.calibration,
        item_links=_item_links(base, catalogue, arrivals),
        titles=base.titles,
        last_seen=base.last_seen,
        channel_weights=base.channel_weights,
    )


def unindexed(base: GlassBoxScorer, scorer: GlassBoxScorer, changes: Sequence[Change]) -> IndexArray:
    """Return the candidates that an index of ``base`` does not have as they are now.

    Args:
        base: The scorer as it was trained.
        scorer: The scorer that knows the changes.
        changes: The changes.

    Returns:
        Row numbers of items that are new or candidates since, and of changed ones if they are few, ascending, shape
        ``(n,)``. Of more changed items the index has the vectors before the change, which are alike.
    """
    new = np.setdiff1d(scorer.candidates, base.candidates, assume_unique=True)
    promoted = pd.Series([str(row[ITEM_ID]) for change in changes for row in change.promotions], dtype=object)
    changed = np.unique(scorer.catalogue.known(pd.concat([_ids(changes), promoted])))
    return new if len(changed) > MOST_CHANGED else np.union1d(new, changed)


def title_texts(base: GlassBoxScorer, items: pd.DataFrame) -> list[str]:
    """Return the titles that the item tower has to read for a change of items.

    Args:
        base: The scorer as it was trained.
        items: The changed fields.

    Returns:
        The new titles, and those that they replace; none if the item tower reads no titles.

    Raises:
        ArtifactError: If the item tower reads titles but their space was not saved.
    """
    if TITLE not in items or not _title_width(base):
        return []
    if base.titles is None:
        raise ArtifactError(
            "the artifacts hold no space of title vectors but a new title needs one. "
            "Run `llm-explain train --data DATA --artifacts ARTIFACTS` again with this release."
        )
    replaced = base.catalogue.known(items[ITEM_ID])
    old = base.catalogue.titles[replaced[replaced >= 0]]
    return list(dict.fromkeys([*items[TITLE].dropna().astype(str), *map(str, old)]))


def packed(embedding: FloatArray) -> str:
    """Return a sentence embedding as text."""
    return base64.b64encode(np.asarray(embedding, dtype="<f4").tobytes()).decode("ascii")


def _embeddings(changes: Sequence[Change]) -> dict[str, FloatArray]:
    return {
        title: np.frombuffer(base64.b64decode(text), dtype="<f4")
        for change in changes
        for title, text in change.titles.items()
    }


def _ids(changes: Sequence[Change]) -> pd.Series:
    ids = dict.fromkeys(str(item[ITEM_ID]) for change in changes for item in change.items)
    return pd.Series(list(ids), dtype=object)


def _snapshot(base: GlassBoxScorer, catalogue: Catalogue, changed: IndexArray) -> Snapshot:
    n_old, names = len(base.catalogue), base.catalogue.category_names
    snapshot = base.snapshot.with_items(len(catalogue) - n_old, len(catalogue.category_names) - len(names))
    price, first_seen, lift = snapshot.price.copy(), snapshot.first_seen.copy(), snapshot.season_lift.copy()
    if PRICE in catalogue.items:
        given = catalogue.items[PRICE].to_numpy(dtype=np.float64)[changed]
        price[changed] = np.where(np.isnan(given), price[changed], given)
    if FIRST_SEEN in catalogue.items:
        seen = catalogue.items[FIRST_SEEN].to_numpy().astype("datetime64[s]")[changed]
        is_kept = np.isnat(seen) | ((snapshot.n_events[changed] > 0) & (seen > first_seen[changed]))  # it sold before
        first_seen[changed] = np.where(is_kept, first_seen[changed], seen)
    old = changed[changed < n_old]
    moved = old[catalogue.category_index[old] != base.catalogue.category_index[old]]
    lift[catalogue.category_index[moved]] = np.nan  # counted with other items in the category
    lift[base.catalogue.category_index[moved]] = np.nan
    return replace(snapshot, price=price, first_seen=first_seen, season_lift=lift)


def _promotions(base: PromotionCalendar, catalogue: Catalogue, changes: Sequence[Change]) -> PromotionCalendar:
    rows = [row for change in changes for row in change.promotions]
    items = {str(row[ITEM_ID]) for row in (*rows, *(ended for change in changes for ended in change.ended))}
    stores = [str(row[STORE_ID]) for row in rows if row.get(STORE_ID)]
    return base.changed(catalogue, lambda table: changed_promotions(table, changes), items, stores)


def _item_links(base: GlassBoxScorer, catalogue: Catalogue, arrivals: Collection[str]) -> Links:
    """Return links in which a new item or an arrival has those of the candidates that its fields are most like."""
    n_old, links = len(base.catalogue), base.item_links
    few = np.setdiff1d(np.flatnonzero(np.isin(base.catalogue.item_ids, list(arrivals))), base.candidates)
    if links.tables and len(few):
        links = links.likened(few, most_alike(base.catalogue, few, base.candidates))
    if len(catalogue) == n_old or not links.tables:
        return replace(links, n_items=len(catalogue))
    alike = most_alike(catalogue, np.arange(n_old, len(catalogue)), base.candidates)
    return links.with_items(alike[:, :n_old])


def _with_categories(model: AdditiveModel, n_categories: int) -> AdditiveModel:
    """Return the model with a vector for each category; a new category has the mean of the old ones."""
    if n_categories <= model.item_tower.category.num_embeddings:
        return model
    model = copy.deepcopy(model)
    with torch.no_grad():
        for tower in (model.item_tower, model.user_tower):
            known = tower.category.weight
            new = known.mean(dim=0, keepdim=True).expand(n_categories - len(known), -1)
            tower.category = nn.Embedding(n_categories, known.shape[1], _weight=torch.cat([known, new]))
    return model


def _trunk(
    base: GlassBoxScorer,
    model: AdditiveModel,
    version: tuple[Catalogue, Snapshot],
    changed: IndexArray,
    embeddings: Mapping[str, FloatArray],
) -> torch.Tensor:
    """Return what the item tower makes of every item: for a changed one, the old vector plus what the fields change."""
    catalogue, snapshot = version
    n_old = len(base.catalogue)
    trunk = torch.cat([base.trunk, base.trunk.new_zeros((len(catalogue) - n_old, base.trunk.shape[1]))])
    titles = _titles(base.titles, embeddings)
    old = changed[changed < n_old]
    with torch.no_grad():
        moved = trunk[changed].double() + _content(model, base, (catalogue, snapshot.price), changed, titles)
        moved[changed < n_old] -= _content(model, base, (base.catalogue, base.snapshot.price), old, titles)
        moved[changed >= n_old] += model.item_tower.dense.bias
        trunk[changed] = moved.float()
    return trunk


def _content(
    model: AdditiveModel,
    base: GlassBoxScorer,
    tables: tuple[Catalogue, FloatArray],
    items: IndexArray,
    titles: Mapping[str, FloatArray],
) -> torch.Tensor:
    """Return what the fields of items add to their vectors, without the constant, shape ``(len(items), d)``.

    A title that no change embeds is taken as an average one: it is the same before and after the changes.
    """
    catalogue, price = tables
    tower = model.item_tower
    dense = np.zeros((len(items), tower.dense.in_features))
    with np.errstate(divide="ignore", invalid="ignore"):
        level, levels = np.log(price[items]), np.log(base.snapshot.price)
    known = levels[np.isfinite(levels)]
    lowest, mean, highest = (known.min(), known.mean(), known.max()) if len(known) else (0.0, 0.0, 0.0)
    is_known = np.isfinite(level)
    # The tower is linear in the price: beyond the prices of the training it would put an item before all others.
    dense[:, 0], dense[:, 1] = np.where(is_known, np.clip(level, lowest, highest) - mean, 0.0), is_known
    place = N_PRICE_COLUMNS + _title_width(base)
    for row, title in enumerate(catalogue.titles[items]):
        if title in titles:
            dense[row, N_PRICE_COLUMNS:place] = titles[title]
    for column in base.catalogue.embedding_columns:
        width = _width(base.catalogue.items[column])
        for row, vector in enumerate(catalogue.items[column].iloc[items]):
            if np.ndim(vector):
                dense[row, place : place + width] = np.asarray(vector) / max(float(np.linalg.norm(vector)), 1e-9)
        place += width
    brand = catalogue.brand_index[items] + 1
    brand = np.where(brand < tower.brand.num_embeddings, brand, 0)  # a new brand is as none
    content: torch.Tensor = (
        tower.category(torch.from_numpy(catalogue.category_index[items]))
        + tower.brand(torch.from_numpy(brand))
        + torch.from_numpy(dense) @ tower.dense.weight.T
    )
    return content


def _titles(space: TitleSpace | None, embeddings: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    if space is None or not embeddings:
        return {}
    vectors = space.vectors(np.stack(list(embeddings.values())).astype(np.float32))
    return dict(zip(embeddings, vectors.astype(np.float64), strict=True))


def _title_width(base: GlassBoxScorer) -> int:
    """Return how many columns of the item tower's dense input are title vectors."""
    items = base.catalogue.items
    others = sum(_width(items[column]) for column in base.catalogue.embedding_columns)
    return int(base.model.item_tower.dense.in_features) - N_PRICE_COLUMNS - others


def _width(vectors: pd.Series) -> int:
    """Return the length of the vectors of a column; an item may have none."""
    return next((len(vector) for vector in vectors if np.ndim(vector)), 0)
