"""Whether an explanation stays when little changes: one shopping trip fewer, or nothing but the seed.

Source: Alvarez-Melis & Jaakkola (2018), "On the robustness of interpretability methods", arXiv:1806.08049.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import explainers as ways
import numpy as np
from cases import Case
from scipy.stats import spearmanr

from llm_explain.attribution.black_box import events_frame
from llm_explain.attribution.values import CONTEXT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    from scorers import GlassScores

    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from scoring.data.history import History


def without_one_trip(history: History, rng: np.random.Generator) -> History:
    """Return a history without one of its moments, drawn by chance."""
    moments = np.unique(history.timestamp)
    return history.select(history.timestamp != rng.choice(moments))


def agreement(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return how alike two attributions over the same players are.

    Args:
        first: Attribution of each player.
        second: Another attribution of the same players.

    Returns:
        Spearman's ``rank_correlation``, whether the ``top`` player is the same, and the ``change``: summed absolute
        differences over summed absolute values.
    """
    rho = 1.0 if np.array_equal(first, second) else float(spearmanr(first, second).statistic)
    total = float(np.abs(first).sum())
    return {
        "rank_correlation": rho if np.isfinite(rho) else 0.0,
        "top": float(np.argmax(first) == np.argmax(second)),
        "change": float(np.abs(first - second).sum()) / total if total else 0.0,
    }


def one_trip_fewer(
    explainer: Explainer, histories: Sequence[History], *, seed: int, advance: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Return how much explanations of the same item change when one shopping trip is missing.

    Args:
        explainer: Explains.
        histories: One for each user.
        seed: Source of chance for the trip.
        advance: Called when a user is done.

    Returns:
        Means of ``agreement`` over the players that both have, ``reasons_kept`` (of the reasons, by kind and player),
        and the mean absolute ``score_change`` in logits.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for history in histories:
        item = explainer.rank(history=events_frame(history, explainer.shop.catalogue), k=1)[0].item_id
        one, other = (_explain(explainer, each, item) for each in (history, without_one_trip(history, rng)))
        shared = [name for name in one.attribution.players if name in other.attribution.players]
        values = [
            np.array(
                [dict(zip(each.attribution.players, each.attribution.values, strict=True))[name] for name in shared]
            )
            for each in (one, other)
        ]
        reasons = [{(claim.kind, claim.player) for claim in each.reasons} for each in (one, other)]
        kept = len(reasons[0] & reasons[1]) / len(reasons[0] | reasons[1]) if reasons[0] | reasons[1] else 1.0
        rows.append(
            agreement(values[0], values[1])
            | {"reasons_kept": kept, "score_change": abs(one.attribution.score - other.attribution.score)}
        )
        if advance is not None:
            advance()
    return {"users": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _explain(explainer: Explainer, history: History, item_id: str) -> Explanation:
    frame = events_frame(history, explainer.shop.catalogue)
    return explainer.explain(None, [item_id], history=frame, as_of=history.as_of)[0]


def another_seed(
    scorer: GlassScores, cases: Sequence[tuple[History, int]], item_vectors: npt.NDArray[np.floating], *, seed: int
) -> dict[str, Any]:
    """Return how alike two runs of an explainer on the very same score are.

    Args:
        scorer: What is explained.
        cases: Histories and items.
        item_vectors: Embeddings by which items are clustered.
        seed: Seed of the first run; the second has the next one.

    Returns:
        Means of ``agreement`` by explainer; ours draws nothing by chance, so it is run twice as well.
    """
    from llm_explain.attribution.exact import attribute

    catalogue = scorer.scorer.catalogue
    found: dict[str, list[dict[str, float]]] = {}
    for history, item in cases:
        given = [attribute(scorer.scorer, scorer.scorer.read(history), np.array([item]))[0] for _ in range(2)]
        groups = [
            members
            for name, members in zip(given[0].players, given[0].categories, strict=True)
            if not name.startswith(CONTEXT_PREFIX)
        ]
        units = ways.unit_items(groups, np.unique(history.item_index), catalogue.category_index)
        case = Case(scorer, history, item, units, is_new=False)
        by_item = Case(scorer, history, item, ways.single_items(history.item_index), is_new=False)
        found.setdefault("ours", []).append(agreement(given[0].values, given[1].values))
        runs = {
            "LIME (captum)": [ways.lime(case, seed=seed + run) for run in range(2)],
            "KernelSHAP over clusters": [
                ways.kernel_shap_over_clusters(case, item_vectors, seed=seed + run, by_item=by_item) for run in range(2)
            ],
        }
        for way, (first, second) in runs.items():
            found.setdefault(way, []).append(agreement(first, second))
    return {way: {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} for way, rows in found.items()}
