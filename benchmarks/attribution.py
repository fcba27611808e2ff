"""What exact attributions cost beside the explainers of shap, captum and shapiq: time and error on the trained scorer.

    python benchmarks/attribution.py [--artifacts artifacts/completejourney] [--quick]

Every method explains the same real scores over the same history groups, on one thread. Exact values for the errors come
from elsewhere: every coalition's events are deleted, the history is read from scratch and scored.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import matplotlib.pyplot as plt
import numpy as np
import torch
from games import Pairs, Shop, top_pairs
from methods import EXACT, MANY_ITEMS, SAMPLED
from report import Section, seconds, small

from llm_explain.attribution.black_box import attribute_black_box
from llm_explain.attribution.exact import attribute, attribute_items
from llm_explain.attribution.group_vectors import VectorCache
from llm_explain.attribution.partition import partition
from llm_explain.attribution.shapley import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure
    from methods import Method

OURS, OURS_KEPT, ANY = (
    "**llm-explain, from the user's events**",
    "**llm-explain, the user's vectors kept**",
    "llm-explain, any callable",
)
PLAYERS = (4, 6, 8, 10, 12, 14)
BUDGETS = (64, 256, 1000)
ITEMS = (1, 10, 100, 1_000, 20_000)
BUDGET = 256
"""Coalitions that a sampling method may score where the number of players varies."""


@dataclass(frozen=True)
class Measured:
    """Time of one pair, and errors over some."""

    seconds: float
    mean: float
    worst: float


Explain: TypeAlias = "Callable[[Pairs], np.ndarray]"


def ours(pair: Pairs, cache: VectorCache | None = None) -> np.ndarray:
    """Explain one pair from the events: read the history, visit every coalition."""
    scorer = pair.shop.scorer
    state = pair.state if cache else scorer.read(pair.state.history)
    (found,) = attribute(scorer, state, pair.items, max_groups=max(len(pair.groups), 2), cache=cache)
    return found.values[: len(pair.groups)]


def black_box(pair: Pairs) -> np.ndarray:
    """Explain one pair as if the scorer were any callable over histories."""
    scorer = pair.shop.scorer

    def score(histories: list, item_ids: list) -> np.ndarray:
        index = scorer.catalogue.index_of(item_ids)
        return np.stack([scorer.score(scorer.read(history), index) for history in histories])

    item_id = str(scorer.catalogue.item_ids[pair.items[0]])
    return attribute_black_box(score, pair.state.history, [item_id], catalogue=scorer.catalogue)[0].values


def peer(method: Method, budget: int) -> Explain:
    """Return another package's explainer of one pair."""
    return lambda pair: method(pair.game(), len(pair.groups), budget)


def measured(explain: Explain, pairs: list[Pairs], exact: list[np.ndarray], *, limit_s: float = 8.0) -> Measured:
    """Return time and errors; the first call, which may compile, is not timed, and after a while no pair is taken."""
    explain(pairs[0])
    errors, start = [], time.process_time()
    for pair, values in zip(pairs, exact, strict=True):
        errors.append(np.abs(explain(pair) - values))
        if time.process_time() - start > limit_s:
            break
    spent = (time.process_time() - start) / len(errors)
    return Measured(spent, float(np.concatenate(errors).mean()), float(np.concatenate(errors).max()))


def exact_values(of_users: list[Pairs], *, from_events: bool) -> tuple[list[Pairs], list[np.ndarray]]:
    """Return every pair alone with its exact values."""
    pairs = [pair for several in of_users for pair in several.one_by_one()]
    games = [pair.rescored() if from_events else pair.game() for pair in pairs]
    return pairs, [play(game, len(pair.groups)) for game, pair in zip(games, pairs, strict=True)]


def at_equal_budget(section: Section, shop: Shop, *, is_quick: bool) -> None:
    """Ten groups: every method, the sampling ones at equal numbers of scored coalitions."""
    pairs, exact = exact_values(top_pairs(shop, 1 if is_quick else 3, 4), from_events=True)
    cache = VectorCache()
    for pair in pairs:
        ours(pair, cache)
    rows = {
        (OURS_KEPT, ""): measured(lambda pair: ours(pair, cache), pairs, exact),
        (OURS, "1,024"): measured(ours, pairs, exact),
    }
    if not is_quick:
        rows[ANY, "1,024"] = measured(black_box, pairs, exact)
    rows |= {(name, "1,024"): measured(peer(method, 0), pairs, exact) for name, method in EXACT.items()}
    for name, method in SAMPLED.items():
        rows |= {(name, f"{budget:,}"): measured(peer(method, budget), pairs, exact) for budget in BUDGETS}
    reference = rows["shap Exact", "1,024"].seconds
    section.say(
        f"Ten history groups, {len(pairs)} real scores, processor time of one thread. *Coalitions* is the budget of "
        "scored coalitions; errors are in logits, against whole rescoring with the events deleted. Speed is beside "
        "shap's Exact."
    )
    section.table(
        ["method", "coalitions", "time a score", "speed", "mean error", "largest error"],
        [
            [name, budget, seconds(m.seconds), f"{reference / m.seconds:.2f}×", small(m.mean), small(m.worst)]
            for (name, budget), m in rows.items()
        ],
    )
    section.picture(time_and_error(rows), "attribution", "Error of each method against the time that a score takes")


def time_and_error(rows: dict[tuple[str, str], Measured]) -> Figure:
    """Return a picture of error against time, a line for each sampling method."""
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    for name in dict.fromkeys(name for name, _ in rows):
        points = [(m.seconds * 1e3, max(m.mean, 1e-16)) for (method, _), m in rows.items() if method == name]
        is_ours = name in (OURS, OURS_KEPT, ANY)
        axes.plot(*zip(*points, strict=True), marker="o", label=name.strip("*"), linewidth=2.5 if is_ours else 1)
    axes.set(xscale="log", yscale="log", xlabel="milliseconds a score", ylabel="mean error, logits")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def over_players(section: Section, shop: Shop, *, is_quick: bool) -> None:
    """Four to fourteen groups: time and error at one budget."""
    cells: dict[str, list[str]] = {}
    for n in PLAYERS:
        of_users = top_pairs(shop, 1 if is_quick else 3, 1, n_groups=n)
        pairs, exact = exact_values(of_users, from_events=False)
        chosen = {OURS: ours, **{name: peer(method, 0) for name, method in EXACT.items()}}
        chosen |= {name: peer(method, min(BUDGET, 2**n)) for name, method in SAMPLED.items()}
        for name, explain in chosen.items():
            found = measured(explain, pairs, exact, limit_s=3.0)
            cells.setdefault(name, []).append(f"{seconds(found.seconds)}, {small(found.mean)}")
    section.say(
        f"Four to fourteen groups: time a score, mean error. Sampling methods may score {BUDGET} coalitions (all "
        "where there are fewer); llm-explain and the exact ones score 2ⁿ."
    )
    section.table(["method", *(f"{n} groups" for n in PLAYERS)], [[name, *row] for name, row in cells.items()])


def over_items(section: Section, shop: Shop, *, is_quick: bool) -> None:
    """One to twenty thousand items of one user: time for all of them."""
    (state,) = shop.states(1, least_categories=20)
    best = shop.scorer.rank(state, max(ITEMS))[0]
    order = np.concatenate([best, np.setdiff1d(np.arange(len(shop.scorer.catalogue)), best)])
    groups = partition(state.history, shop.scorer.catalogue)
    limit_s = 5.0 if is_quick else 15.0
    chosen = {name: method for name, method in {**EXACT, **SAMPLED}.items() if "SVARM" not in name}
    rows: dict[str, list[str]] = {OURS: [], **{name: [] for name in chosen}}
    for n_items in (size for size in ITEMS if size <= len(order)):
        several = Pairs(shop, state, groups, order[:n_items])
        rows[OURS].append(seconds(_time_of_ours(several)))
        for name, method in chosen.items():
            rows[name].append(_time_of(name, method, several, limit_s, rows[name]))
    section.say(
        "One to twenty thousand items of one user, ten groups: time for all, from the user's events. Methods that "
        f"explain one number at a time are stopped after {limit_s:.0f} s; sampling ones may score {BUDGET} coalitions."
    )
    section.table(
        ["method", *(f"{n:,} items" for n in ITEMS if n <= len(order))], [[name, *row] for name, row in rows.items()]
    )


def _time_of_ours(several: Pairs) -> float:
    start = time.process_time()
    state = several.shop.scorer.read(several.state.history)
    attribute_items(several.shop.scorer, state, several.items, groups=several.groups)
    return time.process_time() - start


def _time_of(name: str, method: Method, several: Pairs, limit_s: float, before: list[str]) -> str:
    """Return the time for all items, or how far the method came."""
    if before and "stopped" in before[-1]:
        return before[-1]
    start = time.process_time()
    if name in MANY_ITEMS:
        method(several.game(), len(several.groups), BUDGET)
        return seconds(time.process_time() - start)
    for done, pair in enumerate(several.one_by_one(), start=1):
        method(pair.game(), len(pair.groups), BUDGET)
        if (spent := time.process_time() - start) > limit_s and done < len(several.items):
            return f"stopped: {done:,} in {seconds(spent)}"
    return seconds(time.process_time() - start)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="fewer users")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    section = Section(given.out, "attribution", "What an exact attribution costs")
    shop = Shop.load(given.artifacts)
    for part in (at_equal_budget, over_players, over_items):
        part(section, shop, is_quick=given.quick)
    section.write()


if __name__ == "__main__":
    main()
