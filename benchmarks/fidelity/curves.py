"""What an explanation is worth, by deleting what it names and by keeping only what it names.

The metrics look at the first K_e units of an explanation, for K_e = 1 … 5, because that is how many reasons a person
reads; earlier metrics integrated over the whole history, where the order of the last hundred items counts as much.

Source: Baklanov, Bogina, Elisha, Schein, Allerhand, Lifshits & Koenigstein (2025), "Refining fidelity metrics for
explainable recommendations", SIGIR, doi:10.1145/3726302.3730242. POS@K_r: whether the item is still among the first K_r
places after the units were deleted (lower is better). CDCG: 1 / log2(1 + place) after the deletion (lower is better).
INS: score from the units alone over the full score (higher is better). DEL: score without the units over the full score
(lower is better).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from cases import Case

SIZES: Final = (1, 2, 3, 4, 5)
"""K_e, the units that an explanation names."""

PLACES: Final = (5, 10, 20)
"""K_r of POS."""

HIGHER_IS_BETTER: Final = {"INS": True, "DEL": False, "CDCG": False, **{f"POS@{k}": False for k in PLACES}}
"""Metrics, and whether more of each is better."""


def curves(case: Case, values: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    """Return every metric of an explanation for each K_e.

    Args:
        case: The user, the target and the units.
        values: Attribution of each unit; the largest are named first, ties in the order of the units.

    Returns:
        For each metric a value for each of ``SIZES``; an explanation with fewer units names all it has.
    """
    order = np.argsort(-values, kind="stable")
    named = np.zeros((len(SIZES), case.n_units), dtype=bool)
    for row, size in enumerate(SIZES):
        named[row, order[:size]] = True
    everything = np.ones((1, case.n_units), dtype=bool)
    worth = case.scorer.worth
    full = worth(case.scores(everything))[0]
    ranks = case.ranks(~named)
    found = {
        "INS": worth(case.scores(named)) / full,
        "DEL": worth(case.scores(~named)) / full,
        "CDCG": 1.0 / np.log2(1.0 + ranks),
        **{f"POS@{k}": (ranks <= k).astype(np.float64) for k in PLACES},
    }
    return {name: value.tolist() for name, value in found.items()}
