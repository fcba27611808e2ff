"""Run every explainer on the same users, targets and units, and average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import explainers as ways
import numpy as np
from attention import attention_of_items
from bootstrap import Bootstrap
from cases import Case, ScoreCache, best_targets
from curves import HIGHER_IS_BETTER, SIZES, curves
from scorers import FactorScores, GlassScores

from llm_explain.attribution.black_box import attribute_black_box
from llm_explain.attribution.exact import attribute
from llm_explain.attribution.values import CONTEXT_PREFIX
from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    from cases import Target
    from explainers import Similarities, Values

    from llm_explain.attribution.values import Attribution
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History

OURS: Final = "ours"
LEVELS: Final = ("groups", "items")


@dataclass(frozen=True)
class Row:
    """One explanation, measured.

    Attributes:
        scorer: What was explained.
        level: Whether units are history groups or single items.
        is_new: Whether the target is new to the user.
        user: Number of the user.
        way: The explainer.
        curves: Each metric for each K_e.
    """

    scorer: str
    level: str
    is_new: bool
    user: int
    way: str
    curves: Mapping[str, list[float]]


@dataclass(frozen=True)
class Bench:
    """What all explainers share.

    Attributes:
        scorer: What is explained.
        catalogue: The shop's items.
        similar: Overlap of buyers.
        item_vectors: Embeddings by which items are clustered, shape ``(n_items, d)``.
        seed: Source of chance.
    """

    scorer: GlassScores | FactorScores
    catalogue: Catalogue
    similar: Similarities
    item_vectors: npt.NDArray[np.floating]
    seed: int = 0

    def measure(self, histories: Sequence[History], *, advance: Callable[[], None] | None = None) -> list[Row]:
        """Measure every way on the best targets of users.

        Args:
            histories: One for each user.
            advance: Called when a user is done.

        Returns:
            A row for each user, target, level and way.
        """
        rows = []
        for user, history in enumerate(histories):
            targets = best_targets(self.scorer, history)
            cache = ScoreCache(tuple(dict.fromkeys(target.item_index for target in targets)))
            for target in targets:
                rows += list(self._target_rows(user, history, target, cache))
            if advance is not None:
                advance()
        return rows

    def _target_rows(self, user: int, history: History, target: Target, cache: ScoreCache) -> Iterator[Row]:
        given = self.attribution(history, target.item_index)
        places = [place for place, name in enumerate(given.players) if not name.startswith(CONTEXT_PREFIX)]
        groups = [given.categories[place] for place in places]
        phi = np.array([given.values[place] for place in places])
        item, is_new = target.item_index, target.is_new
        by_group = ways.unit_items(groups, np.unique(history.item_index), self.catalogue.category_index)
        by_item = ways.single_items(history.item_index)
        cases = {
            "groups": Case(self.scorer, history, item, by_group, is_new=is_new),
            "items": Case(self.scorer, history, item, by_item, is_new=is_new, cache=cache),
        }
        for level, case in cases.items():
            rng = np.random.default_rng([self.seed, user, target.item_index])
            explained = self._simple(case, rng) | self._asked(case, cases["items"], user)
            explained[OURS] = phi if level == "groups" else self._spread(case, groups, phi)
            for way, values in explained.items():
                yield Row(self.scorer.name, level, target.is_new, user, way, curves(case, values))

    def attribution(self, history: History, item: int) -> Attribution:
        """Return the project's attribution of a score: exact for the glass box, by coalitions for any other."""
        if isinstance(self.scorer, GlassScores):
            scorer = self.scorer.scorer
            return attribute(scorer, scorer.read(history), np.array([item]))[0]
        ids = [str(self.catalogue.item_ids[item])]
        return attribute_black_box(
            lambda histories, item_ids: self.scorer(histories, self.catalogue.index_of(item_ids)),
            history, ids, catalogue=self.catalogue, seed=self.seed,
        )[0]  # fmt: skip

    def _simple(self, case: Case, rng: np.random.Generator) -> dict[str, Values]:
        return {
            "random": ways.random_order(case, rng),
            "popularity": self.similar.popularity(case),
            "cosine": self.similar.cosine(case),
            "Jaccard": self.similar.jaccard(case),
        }

    def _asked(self, case: Case, by_item: Case, user: int) -> dict[str, Values]:
        """Return the explanations that ask the scorer, or that the scorer brings along."""
        seed = self.seed + user
        found = {"leave one out": ways.leave_one_out(case)}
        try:
            found["LIME (captum)"] = ways.lime(case, seed=seed)
            found["KernelSHAP over clusters"] = ways.kernel_shap_over_clusters(
                case, self.item_vectors, seed=seed, by_item=by_item
            )
        except MissingExtraError:
            pass  # the report says which extras are missing
        if isinstance(self.scorer, GlassScores):
            attention = attention_of_items(self.scorer.scorer, case.history)
            found["attention"] = ways.of_items(case, lambda item: attention.get(item, 0.0))
        else:
            own = self.scorer.explain(case.history, case.target)
            found["implicit's explain"] = ways.of_items(case, lambda item: own.get(item, 0.0))
        return found

    def _spread(self, case: Case, groups: Sequence[Sequence[int]], phi: Values) -> Values:
        category: IndexArray = self.catalogue.category_index[np.concatenate(case.units)]
        group = np.zeros(case.n_units, dtype=np.int64)
        for place, members in enumerate(groups):
            group[np.isin(category, list(members))] = place
        return ways.within_groups(case, group, phi)


def summarise(rows: Sequence[Row], *, n_resamples: int, seed: int) -> dict[str, Any]:
    """Return means with intervals, by scorer and level.

    Args:
        rows: What was measured.
        n_resamples: Resamples of users.
        seed: Source of chance.

    Returns:
        For each scorer and level: ``mean`` over K_e with its interval, ``by_size`` for each K_e, ``by_target`` for
        bought and new targets, and ``against``: ours less every other way, paired by user.
    """
    found: dict[str, Any] = {}
    for scorer in dict.fromkeys(row.scorer for row in rows):
        for level in LEVELS:
            some = [row for row in rows if row.scorer == scorer and row.level == level]
            found.setdefault(scorer, {})[level] = _level(some, n_resamples=n_resamples, seed=seed)
    return found


def _by_group(values: Values, group: npt.NDArray[np.int64], n_groups: int) -> Values:
    """Return the mean of each group, so that groups and not their members are resampled.

    Args:
        values: A number for each member; NaN where it has none.
        group: Group of each member.
        n_groups: Number of groups.

    Returns:
        Means, NaN for a group without a value, shape ``(n_groups,)``.
    """
    known = np.isfinite(values)
    total = np.bincount(group[known], values[known], minlength=n_groups)
    count = np.bincount(group[known], minlength=n_groups)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _level(rows: Sequence[Row], *, n_resamples: int, seed: int) -> dict[str, Any]:
    ways_seen = sorted({row.way for row in rows}, key=lambda way: (way != OURS, way))
    users = sorted({row.user for row in rows})
    bootstrap = Bootstrap(len(users), n_resamples=n_resamples, seed=seed)
    place = {user: number for number, user in enumerate(users)}

    def per_user(way: str, metric: str) -> Values:
        some = [row for row in rows if row.way == way]
        values = np.array([np.mean(row.curves[metric]) for row in some])
        return _by_group(values, np.array([place[row.user] for row in some]), len(users))

    def mean(way: str, metric: str, *, is_new: bool) -> float | None:
        values = [np.mean(row.curves[metric]) for row in rows if row.way == way and row.is_new is is_new]
        return float(np.mean(values)) if values else None

    return {
        "users": len(users),
        "targets": len({(row.user, row.is_new) for row in rows}),
        "mean": {way: {m: bootstrap.interval(per_user(way, m)) for m in HIGHER_IS_BETTER} for way in ways_seen},
        "by_size": {
            way: {
                m: np.mean([row.curves[m] for row in rows if row.way == way], axis=0).tolist() for m in HIGHER_IS_BETTER
            }
            for way in ways_seen
        },
        "by_target": {
            way: {
                what: {m: mean(way, m, is_new=is_new) for m in HIGHER_IS_BETTER}
                for what, is_new in (("bought before", False), ("new to the user", True))
            }
            for way in ways_seen
        },
        "against": {
            way: {m: bootstrap.difference(per_user(OURS, m), per_user(way, m)) for m in HIGHER_IS_BETTER}
            for way in ways_seen
            if way != OURS
        },
        "sizes": list(SIZES),
    }
