"""Lists of RecTools as scores of a ranker."""

from __future__ import annotations

import numpy as np
import pandas as pd
from peers import list_ranker

from scoring.evaluation.split import Interactions

TRAIN = Interactions(
    user_ids=("a", "b"),
    user_index=np.array([0, 0, 1]),
    candidate=np.array([0, 1, 1]),
    timestamp=np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="datetime64[ns]"),
    n_candidates=4,
    as_of=pd.Timestamp("2020-01-04"),
)


def test_lists_come_first_and_popularity_orders_the_rest() -> None:
    """User a's list is 1, 3 and, of new items, 3, 2; user b has no list, so the item with two buyers leads."""
    lists = pd.DataFrame(
        [(0, 1, 1, False), (0, 3, 2, False), (0, 3, 1, True), (0, 2, 2, True)],
        columns=["user_id", "item_id", "rank", "is_new"],
    )

    scores = list_ranker(TRAIN, lists)(["a", "b", "unknown"])

    assert np.argsort(-scores[0]).tolist() == [1, 3, 2, 0]
    assert np.argsort(-scores[1], kind="stable").tolist() == [1, 0, 2, 3]
    assert np.argsort(-scores[2], kind="stable").tolist() == [1, 0, 2, 3]
