"""Exact Shapley values of a small game, in numpy alone.

A *game* is a function from a boolean coalition matrix to values; the values may have any trailing shape (one number, a
score for each item, an embedding). Shapley values are linear in the game, so one matrix of weights turns the values of
all coalitions into the values of all players.

Source: Shapley (1953), "A value for n-person games".
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from llm_explain.errors import SettingError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

Coalitions = npt.NDArray[np.bool_]
"""Present players, one coalition a row, shape ``(n_coalitions, n_players)``."""

FloatArray = npt.NDArray[np.float64]
"""Numbers; each use states the shape."""

if TYPE_CHECKING:
    Game = Callable[[Coalitions], npt.NDArray[np.floating]]

MAX_PLAYERS: Final = 16
"""The weights of 16 players take 8 MB. Each further player doubles memory and time."""


@lru_cache(maxsize=MAX_PLAYERS + 1)
def all_coalitions(n_players: int) -> Coalitions:
    """Return every coalition; player ``g`` is present in row ``r`` when bit ``g`` of ``r`` is set.

    Row 0 is the empty coalition, the last row the full one. The matrix is shared, so it is read-only.

    Args:
        n_players: Number of players, at most ``MAX_PLAYERS``.

    Returns:
        Present players, shape ``(2^n_players, n_players)``.

    Raises:
        SettingError: If the number of players is negative or too large to enumerate.
    """
    if not 0 <= n_players <= MAX_PLAYERS:
        raise SettingError(
            f"the number of players is {n_players} but 0 to {MAX_PLAYERS} are needed to visit every coalition. "
            "Merge players, or sample coalitions (llm_explain.attribution.black_box)."
        )
    bits = np.arange(2**n_players)[:, None] >> np.arange(n_players)[None, :]
    coalitions = (bits & 1).astype(bool)
    coalitions.flags.writeable = False
    return coalitions


def size_weights(n_players: int) -> FloatArray:
    """Return the weight s! (G - s - 1)! / G! of a coalition of s of the other players, shape ``(n_players,)``."""
    n = n_players
    return np.array([math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)])


@lru_cache(maxsize=MAX_PLAYERS + 1)
def shapley_weights(n_players: int) -> FloatArray:
    """Return the matrix that turns coalition values into Shapley values.

    With w(s) = s! (G - s - 1)! / G!, player g's value is the sum over coalitions S without g of
    w(|S|) (v(S with g) - v(S)); so v(S) counts w(|S| - 1) for every g in S and -w(|S|) for every other.

    Args:
        n_players: Number of players.

    Returns:
        Weights in the order of ``all_coalitions``, shape ``(n_players, 2^n_players)``; every row sums to zero.
    """
    coalitions = all_coalitions(n_players)
    w = np.append(size_weights(n_players), 0.0)
    size = coalitions.sum(axis=1)
    # Present players get w(size - 1). The empty coalition has no present player, so w[-1] = 0 is never used.
    weights = np.where(coalitions, w[size - 1][:, None], -w[size][:, None]).T  # (n_players, 2^n_players)
    weights = np.ascontiguousarray(weights)
    weights.flags.writeable = False
    return weights


def shapley_values(coalition_values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the exact Shapley values of a game from the values of all its coalitions.

    Args:
        coalition_values: Values in the order of ``all_coalitions``, shape ``(2^n_players, …)``.

    Returns:
        A value for each player, shape ``(n_players, …)``; they sum to the last row less the first.

    Raises:
        ShapeError: If the number of rows is not a power of two.
    """
    n_rows = coalition_values.shape[0] if coalition_values.ndim else 0
    n_players = max(n_rows.bit_length() - 1, 0)
    if n_rows != 2**n_players:
        raise ShapeError(
            f"coalition_values has {n_rows} rows but a power of two is needed, one row a coalition. "
            "Call the game with all_coalitions(n_players)."
        )
    values = np.asarray(coalition_values, dtype=np.float64)
    # Differences from the empty coalition: the rows of the weights sum to zero only up to rounding.
    flat = (values - values[:1]).reshape(n_rows, -1)
    return np.asarray((shapley_weights(n_players) @ flat).reshape(n_players, *values.shape[1:]))


def play(game: Game, n_players: int) -> FloatArray:
    """Return the exact Shapley values of a game.

    Args:
        game: Function from a coalition matrix, shape ``(n_coalitions, n_players)``, to values of shape
            ``(n_coalitions, …)``.
        n_players: Number of players.

    Returns:
        A value for each player, shape ``(n_players, …)``.

    Raises:
        ShapeError: If the game does not return one value (or array of values) for each coalition.
    """
    coalitions = all_coalitions(n_players)
    values = np.asarray(game(coalitions))
    if values.shape[:1] != coalitions.shape[:1]:
        raise ShapeError(
            f"the game returned values of shape {values.shape} but {len(coalitions)} rows are needed, one a coalition. "
            "Return an array whose first axis is the coalition."
        )
    return shapley_values(values)
