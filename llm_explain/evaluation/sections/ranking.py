"""The section ``ranking``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.ranking import NEW_DAYS, rank_lists, ranking_task, summarise
from scoring.baselines import DecayedFrequency, Ease, FactorModel, ItemNeighbours, RecentPopularity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.evaluation.artifacts import EvaluatedArtifacts, Sizes
    from scoring.baselines import Baseline
    from scoring.evaluation.metrics import Scores

OURS: Final = "llm-explain"
HIDDEN: Final = "glass box, history hidden"


def section(artifacts: EvaluatedArtifacts, sizes: Sizes, report: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Measure our ranking and the baselines for the test users.

    Args:
        artifacts: Artifacts under evaluation.
        sizes: Sample sizes.
        report: Called with a description, the number done and the total.

    Returns:
        The section.
    """
    split, scorer, log = artifacts.split, artifacts.scorer, artifacts.explainer.events
    first = scorer.snapshot.first_seen[split.candidates].astype("datetime64[s]")
    earliest = np.datetime64(split.cutoff, "s") - np.timedelta64(NEW_DAYS, "D")
    task = ranking_task(
        split,
        is_new=np.asarray(first >= earliest),
        popularity=scorer.snapshot.users_in_window[split.candidates].astype(np.float64),
        n_users=sizes.ranking_users,
        seed=sizes.seed,
    )
    hidden = scorer.score(scorer.read(log.history("", split.cutoff)), split.candidates)

    def ours(user_ids: Sequence[str], /) -> Scores:
        states = scorer.read_all([log.history(user, split.cutoff) for user in user_ids])
        return np.stack([scorer.score(state, split.candidates) for state in states])

    def without_history(user_ids: Sequence[str], /) -> Scores:
        return np.repeat(hidden[None, :], len(user_ids), axis=0)

    n = len(task.users)

    def advance(name: str) -> Callable[[int], None]:
        return lambda done: report(f"ranking: {name}", done, n)

    answers = {OURS: rank_lists(ours, task, probability=scorer.probability, advance=advance(OURS))}
    answers[HIDDEN] = rank_lists(without_history, task, advance=advance(HIDDEN))
    skipped = {}
    baselines: list[Baseline] = [RecentPopularity(), DecayedFrequency()]
    baselines += [ItemNeighbours(), FactorModel(), Ease()] if sizes.has_all_baselines else []
    for baseline in baselines:
        report(f"ranking: {baseline.name}", 0, n)
        try:
            ranker = baseline.fit(split.train)
        except MissingExtraError as error:
            skipped[baseline.name] = str(error)
        else:
            answers[baseline.name] = rank_lists(ranker, task, advance=advance(baseline.name))
    found = summarise(answers, task, ours=OURS, n_resamples=sizes.resamples, seed=sizes.seed)
    return {"ours": OURS, **found, "skipped": skipped}
