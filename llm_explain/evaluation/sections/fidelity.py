"""The section ``fidelity``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.emission import emit
from llm_explain.evaluation.fidelity import exactness, stability
from llm_explain.evaluation.fidelity.cases import best_targets
from llm_explain.evaluation.fidelity.measure import Bench, summarise
from llm_explain.evaluation.fidelity.scorers import FactorScores, GlassScores

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.evaluation.subject import Sizes, Subject
    from scoring.history import History

MIN_CATEGORIES = 6
"""Users with fewer categories have too few groups to name five of."""

N_SEEDED = 8
"""Users on whom explainers that draw by chance run twice."""


def section(subject: Subject, sizes: Sizes, report: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Put explanations to the deletion test, of our scorer and of another library's.

    Args:
        subject: What is evaluated.
        sizes: How much.
        report: Told the progress.

    Returns:
        The section.
    """
    explainer, scorer = subject.explainer, subject.scorer
    histories = draw_histories(subject, max(sizes.fidelity_users, sizes.stability_users), seed=sizes.seed)
    some = histories[: sizes.fidelity_users]
    glass = GlassScores(scorer)
    rows, skipped = [], {}
    vectors = scorer.item_embedding[:]
    for make in (lambda: glass, lambda: FactorScores(subject.split, len(scorer.catalogue), seed=sizes.seed)):
        try:
            scores = make()
        except MissingExtraError as error:
            skipped[FactorScores.name] = str(error)
            continue
        what = f"deleting and keeping: {scores.name}"
        report(what, 0, len(some))
        done = iter(range(1, len(some) + 1))
        bench = Bench(scores, scorer.catalogue, subject.similar, vectors, seed=sizes.seed)
        rows += bench.measure(some, advance=lambda what=what, done=done: report(what, next(done), len(some)))  # type: ignore[misc]
    explanations = [each.explanation for each in emit(explainer, [str(history.user_id) for history in some], k=5)]
    report("one trip fewer", 0, sizes.stability_users)
    done = iter(range(1, len(histories) + 1))
    trips = stability.one_trip_fewer(
        explainer, histories[: sizes.stability_users], seed=sizes.seed,
        advance=lambda: report("one trip fewer", next(done), len(histories[: sizes.stability_users])),
    )  # fmt: skip
    cases = [(history, best_targets(glass, history)[0].item_index) for history in some[:N_SEEDED]]
    return {
        "additivity": exactness.additivity(explanations),
        "deletion_error": exactness.deletion(scorer, explainer.events, explanations),
        "curves": summarise(rows, n_resamples=sizes.resamples, seed=sizes.seed),
        "stability": {
            "one_trip_fewer": trips,
            "another_seed": stability.another_seed(glass, cases, vectors, seed=sizes.seed),
        },
        "skipped": skipped,
    }


def draw_histories(subject: Subject, n: int, *, seed: int) -> list[History]:
    """Return histories of test users with enough categories, drawn by chance.

    Args:
        subject: What is evaluated.
        n: How many; fewer where there are not so many.
        seed: Source of chance.

    Returns:
        Histories before the snapshot's moment.
    """
    events, as_of = subject.explainer.events, subject.explainer.as_of
    category = subject.scorer.catalogue.category_index
    found: list[History] = []
    order = np.random.default_rng(seed).permutation(len(subject.split.user_ids))
    for place in order:
        history = events.history(subject.split.user_ids[place], as_of)
        if len(np.unique(category[history.item_index])) >= MIN_CATEGORIES:
            found.append(history)
        if len(found) == n:
            break
    return found
