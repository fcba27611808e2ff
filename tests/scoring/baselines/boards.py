"""A checkerboard of purchases, whose right answer is known by reasoning."""

from __future__ import annotations

from scoring.evaluation.split import Split
from tests.scoring.rows import split_of

N = 10


def checkerboard() -> Split:
    """User u buys every item of the same parity but item u itself, and buys that one after the cut-off.

    Users of one parity agree on everything else, and share nothing with the others. So among what is new to user u,
    whoever has understood the board ranks item u first.

    Returns:
        The split; items and users are named so that their order is their number.
    """
    past = [(f"u{u}", f"i{i}", -1.0 - i) for u in range(N) for i in range(u % 2, N, 2) if i != u]
    later = [(f"u{u}", f"i{u}", 1.0) for u in range(N)]
    return split_of(past + later, [f"i{i}" for i in range(N)])
