"""Links from past items to candidates: Σ_e w(age_e) · T[item_e, i] (docs/design.md §4).

The term is linear in the user's events. The contribution of one past item to one score is a single number, so
"because you bought X" needs no coalitions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scoring.features.own_history import occasions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log


@dataclass(frozen=True)
class Decay:
    """Weight of an event by its age: ``(1 + age / (power · days)) ** -power``.

    Attributes:
        days: Time constant.
        power: 1 fades slowly; a large power is close to ``exp(-age / days)``.
        least: Younger events count as if they were this old, so that their weight stays within what training saw.
    """

    days: float
    power: float
    least: float = 0.0

    def __call__(self, age: FloatArray) -> FloatArray:
        """Return the weights of events.

        Args:
            age: Days before the moment of scoring, any shape.

        Returns:
            Weights between 0 and 1, the same shape.
        """
        weight: FloatArray = (1.0 + np.maximum(age, self.least) / (self.power * self.days)) ** -self.power
        return weight


@dataclass(frozen=True)
class LinkTable:
    """One way to link items.

    Attributes:
        name: How the links were found.
        links: ``T`` without its weight, by past item and candidate, shape ``(n_items, n_items)``.
        decay: ``w`` without its weight.
        weight: Logits for one fresh event and a link of 1.
        has_signals: Whether links also start from items of signal events, such as views.
    """

    name: str
    links: sparse.csr_array[np.float64, tuple[int, int]]
    decay: Decay
    weight: float = 1.0
    has_signals: bool = False


@dataclass(frozen=True)
class Links:
    """The link term.

    Attributes:
        n_items: Number of items of the catalogue.
        tables: Tables whose contributions add up.
    """

    n_items: int
    tables: tuple[LinkTable, ...] = ()

    def strengths(self, age: FloatArray, start: IndexArray) -> FloatArray:
        """Return the weight of each past item.

        Args:
            age: Ages of occasions in days, past item by past item, shape ``(n_occasions,)``.
            start: First occasion of each past item, shape ``(n_past,)``.

        Returns:
            Sums over the occasions of an item in logits, a column for each table, shape ``(n_past, n_tables)``.
        """
        strengths = np.zeros((len(start), len(self.tables)))
        if len(start):
            for column, table in enumerate(self.tables):
                strengths[:, column] = table.weight * np.add.reduceat(table.decay(age), start)
        return strengths

    def read(self, log: Log) -> tuple[IndexArray, IndexArray, FloatArray]:
        """Return the past items of users that links start from.

        Args:
            log: Events whose ``day`` counts from the moment of scoring.

        Returns:
            User and item of each, by user, then by item, shape ``(n_past,)`` each; their weights as in ``strengths``.
        """
        by_source = {
            has_signals: occasions(own.user_index, own.item_index, -own.day, own.order)
            for has_signals in sorted({False, *(table.has_signals for table in self.tables)})
            for own in [log.interactions() if has_signals else log.targets()]
        }
        user, item, *_ = by_source[max(by_source)]  # target events are among the interactions
        key, strengths = user * self.n_items + item, np.zeros((len(user), len(self.tables)))
        for has_signals, (own_user, own_item, age, start) in by_source.items():
            rows = np.searchsorted(key, own_user * self.n_items + own_item)
            columns = np.flatnonzero([table.has_signals == has_signals for table in self.tables])
            strengths[rows[:, None], columns] = self.strengths(age, start)[:, columns]
        return user, item, strengths

    def of_history(self, past: IndexArray, strength: FloatArray) -> FloatArray:
        """Return the contribution of a whole history to every item.

        Args:
            past: Past items, shape ``(n_past,)``.
            strength: Their weights, shape ``(n_past, n_tables)``.

        Returns:
            Logits, shape ``(n_items,)``.
        """
        total = np.zeros(self.n_items)
        for column, table in enumerate(self.tables):
            total += np.asarray(table.links[past].T @ strength[:, column], dtype=np.float64)
        return total

    def of_items(self, past: IndexArray, strength: FloatArray, item_index: IndexArray) -> FloatArray:
        """Return the contribution of each past item to some scores.

        Args:
            past: Past items, shape ``(n_past,)``.
            strength: Their weights, shape ``(n_past, n_tables)``.
            item_index: Items that are scored, shape ``(n,)``.

        Returns:
            Logits, shape ``(n, n_past)``.
        """
        return self.of_groups(past, strength, np.arange(len(past)), len(past), item_index)

    def of_groups(
        self, past: IndexArray, strength: FloatArray, group: IndexArray, n_groups: int, item_index: IndexArray
    ) -> FloatArray:
        """Return the contribution of groups of past items to some scores; the cost does not grow with the catalogue.

        Args:
            past: Past items, shape ``(n_past,)``.
            strength: Their weights, shape ``(n_past, n_tables)``.
            group: Group of each past item, shape ``(n_past,)``.
            n_groups: Number of groups.
            item_index: Items that are scored, shape ``(n,)``.

        Returns:
            Logits, shape ``(n, n_groups)``.
        """
        items, place = np.unique(item_index, return_inverse=True)
        total = np.zeros(len(items) * n_groups)
        for column, table in enumerate(self.tables if len(items) else ()):
            target, value, source = _links_from(table, past, strength[:, column])
            row = np.minimum(np.searchsorted(items, target), len(items) - 1)
            asked = np.flatnonzero(items[row] == target)
            total += np.bincount(row[asked] * n_groups + group[source[asked]], value[asked], len(total))
        of_group: FloatArray = total.reshape(len(items), n_groups)[place]
        return of_group

    def reached(self, past: IndexArray, strength: FloatArray) -> tuple[IndexArray, FloatArray]:
        """Return the items that a history has links to.

        Args:
            past: Past items, shape ``(n_past,)``.
            strength: Their weights, shape ``(n_past, n_tables)``.

        Returns:
            Items, ascending, and the contribution of the history to each, both of shape ``(n_reached,)``.
        """
        found = [_links_from(table, past, strength[:, column]) for column, table in enumerate(self.tables)]
        target = np.concatenate([np.zeros(0, np.int64), *(each[0] for each in found)])
        items, place = np.unique(target, return_inverse=True)
        added = np.bincount(place, np.concatenate([np.zeros(0), *(each[1] for each in found)]), len(items))
        return items.astype(np.int64, copy=False), added.astype(np.float64, copy=False)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the tables as named arrays."""
        return {
            f"links_{place}_{part}": getattr(table.links, part)
            for place, table in enumerate(self.tables)
            for part in ("data", "indices", "indptr")
        }

    def settings(self) -> list[dict[str, Any]]:
        """Return everything but the arrays as JSON values."""
        return [
            {"name": table.name, **asdict(table.decay), "weight": table.weight, "has_signals": table.has_signals}
            for table in self.tables
        ]

    @classmethod
    def of(cls, n_items: int, settings: Sequence[Mapping[str, Any]], arrays: Mapping[str, npt.NDArray[Any]]) -> Links:
        """Return the links that ``settings`` and ``arrays`` describe."""
        tables = []
        for place, words in enumerate(settings):
            parts = tuple(arrays[f"links_{place}_{part}"] for part in ("data", "indices", "indptr"))
            matrix = sparse.csr_array(parts, shape=(n_items, n_items))
            decay = Decay(words["days"], words["power"], words["least"])
            tables.append(LinkTable(words["name"], matrix, decay, words["weight"], words.get("has_signals", False)))
        return cls(n_items, tuple(tables))

    def with_items(self, alike: sparse.csr_array[np.float64, tuple[int, int]]) -> Links:
        """Return the links with new items behind the others.

        Args:
            alike: How much each new item is like the old ones, shape ``(n_new, n_items)``; a row sums to 1, or to 0 for
                an item like no other.

        Returns:
            Links in which a new item has the mean links of the items that it is like, as past item and as candidate.
        """
        n = self.n_items + alike.shape[0]
        return Links(n, tuple(replace(table, links=_with_items(table.links, alike)) for table in self.tables))

    def likened(
        self, items: IndexArray, alike: sparse.csr_array[np.float64, tuple[int, int]], *, as_past: bool = True
    ) -> Links:
        """Return the links with some items' own replaced by those of the items that they are like.

        Args:
            items: The items, shape ``(n,)``.
            alike: How much each is like the others, shape ``(n, n_items)``; a row sums to 1, or to 0.
            as_past: Whether their own links as past items are replaced too.

        Returns:
            Links in which these items have the mean links of those that they are like, as past items and as candidates.
        """
        place = sparse.csr_array((np.ones(len(items)), (items, np.arange(len(items)))), (self.n_items, len(items)))
        is_own = ~np.isin(np.arange(self.n_items), items)
        mean = sparse.csr_array(sparse.diags_array(is_own.astype(np.float64)) + place @ alike)
        past = mean if as_past else sparse.csr_array(sparse.eye_array(self.n_items))

        def changed(
            links: sparse.csr_array[np.float64, tuple[int, int]],
        ) -> sparse.csr_array[np.float64, tuple[int, int]]:
            table = sparse.csr_array(past @ links @ mean.T)
            table = sparse.csr_array(table - sparse.diags_array(np.where(is_own, 0.0, table.diagonal())))
            table.eliminate_zeros()
            return table

        return replace(self, tables=tuple(replace(table, links=changed(table.links)) for table in self.tables))

    def weighted(self, weights: Sequence[float]) -> Links:
        """Return the links with each table's weight multiplied; tables of weight 0 are left out."""
        pairs = zip(self.tables, weights, strict=True)
        return replace(
            self, tables=tuple(replace(table, weight=table.weight * factor) for table, factor in pairs if factor)
        )


def _links_from(table: LinkTable, past: IndexArray, strength: FloatArray) -> tuple[IndexArray, FloatArray, IndexArray]:
    """Return target, contribution and source (its place in ``past``) of each link from past items."""
    rows = table.links[past]
    n_links = np.diff(rows.indptr)
    source = np.repeat(np.arange(len(past)), n_links)
    return rows.indices.astype(np.int64), rows.data * strength[source], source


def _with_items(
    links: sparse.csr_array[np.float64, tuple[int, int]], alike: sparse.csr_array[np.float64, tuple[int, int]]
) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return a table with new rows and columns: means of old ones. No new item links to itself."""
    rows = alike @ links  # (n_new, n_items)
    corner = sparse.lil_array(rows @ alike.T)  # (n_new, n_new)
    corner.setdiag(0.0)
    upper, lower = sparse.hstack([links, links @ alike.T]), sparse.hstack([rows, corner])
    table = sparse.csr_array(sparse.vstack([upper, lower]))
    table.eliminate_zeros()
    return table
