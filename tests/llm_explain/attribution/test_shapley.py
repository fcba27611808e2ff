import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_explain.attribution.shapley import all_coalitions, play, shapley_values, shapley_weights
from llm_explain.errors import SettingError, ShapeError


def test_coalitions_count_in_binary() -> None:
    assert all_coalitions(2).astype(int).tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert all_coalitions(0).shape == (1, 0)
    assert not all_coalitions(3).flags.writeable


def test_a_game_worked_by_hand() -> None:
    # v(∅) = 10, v(a) = 12, v(b) = 15, v(ab) = 23.
    # a: joins first 12 - 10 = 2, joins after b 23 - 15 = 8, mean 5.   b: first 5, after a 11, mean 8.
    # Together 5 + 8 = 23 - 10.
    np.testing.assert_allclose(shapley_values(np.array([10.0, 12.0, 15.0, 23.0])), [5.0, 8.0], atol=1e-14)


def test_three_players_worked_by_hand() -> None:
    # Glove game: a has a left glove, b and c a right one; a pair is worth 1.
    # Of the six orders, a completes the pair in the four where it does not come first; b only in (a, b, c), and c
    # only in (a, c, b).
    def pairs(coalitions: np.ndarray) -> np.ndarray:
        return (coalitions[:, 0] & (coalitions[:, 1] | coalitions[:, 2])).astype(float)

    np.testing.assert_allclose(play(pairs, 3), [4 / 6, 1 / 6, 1 / 6], atol=1e-15)


def test_values_keep_their_trailing_shape() -> None:
    values = np.random.default_rng(0).normal(size=(8, 4, 5))
    phi = shapley_values(values)
    assert phi.shape == (3, 4, 5)
    np.testing.assert_allclose(phi[:, 2, 3], shapley_values(values[:, 2, 3]), atol=1e-15)


def test_no_players_have_no_values() -> None:
    assert shapley_values(np.array([[3.0, 4.0]])).shape == (0, 2)


def test_float32_values_are_summed_in_double_precision() -> None:
    values = np.random.default_rng(0).normal(size=(2**10, 6)).astype(np.float32)
    phi = shapley_values(values)
    assert phi.dtype == np.float64
    np.testing.assert_allclose(phi.sum(axis=0), values[-1].astype(float) - values[0], rtol=0, atol=1e-12)


def by_orders(values: np.ndarray, n_players: int) -> np.ndarray:
    """The definition: the mean over all orders of what each player adds when it joins."""
    phi = np.zeros(n_players)
    for order in itertools.permutations(range(n_players)):
        row = 0
        for player in order:
            phi[player] += values[row | 1 << player] - values[row]
            row |= 1 << player
    return phi / math.factorial(n_players)


def games(n_players: int) -> st.SearchStrategy[np.ndarray]:
    number = st.floats(-100, 100, allow_nan=False)
    return st.lists(number, min_size=2**n_players, max_size=2**n_players).map(np.array)


any_game = st.integers(1, 5).flatmap(games)


@settings(deadline=None)
@given(any_game)
def test_agrees_with_the_definition_over_orders(values: np.ndarray) -> None:
    n_players = len(values).bit_length() - 1
    np.testing.assert_allclose(shapley_values(values), by_orders(values, n_players), atol=1e-10)


@settings(deadline=None)
@given(any_game)
def test_efficiency(values: np.ndarray) -> None:
    assert math.isclose(shapley_values(values).sum(), values[-1] - values[0], abs_tol=1e-10)


@settings(deadline=None)
@given(games(4), st.permutations(range(4)))
def test_symmetry_renaming_players_renames_their_values(values: np.ndarray, order: list[int]) -> None:
    # In the renamed game, player k is the former player order[k].
    renamed = np.array([values[sum(1 << order[k] for k in range(4) if row >> k & 1)] for row in range(16)])
    np.testing.assert_allclose(shapley_values(renamed), shapley_values(values)[order], atol=1e-10)


@settings(deadline=None)
@given(games(3), st.floats(-50, 50))
def test_dummy_player_gets_what_it_adds_alone(values: np.ndarray, added: float) -> None:
    phi = shapley_values(np.concatenate([values, values + added]))
    assert math.isclose(phi[3], added, abs_tol=1e-10)
    np.testing.assert_allclose(phi[:3], shapley_values(values), atol=1e-10)


@settings(deadline=None)
@given(games(4), games(4), st.floats(-3, 3))
def test_linearity(first: np.ndarray, second: np.ndarray, factor: float) -> None:
    expected = shapley_values(first) + factor * shapley_values(second)
    np.testing.assert_allclose(shapley_values(first + factor * second), expected, atol=1e-9)


def test_weights_of_a_player_sum_to_zero() -> None:
    np.testing.assert_allclose(shapley_weights(10).sum(axis=1), 0.0, atol=1e-14)


def test_too_many_players_are_refused() -> None:
    with pytest.raises(SettingError, match=r"number of players is 17 but 0 to 16 are needed .* Merge players"):
        all_coalitions(17)


def test_values_of_some_coalitions_only_are_refused() -> None:
    with pytest.raises(ShapeError, match="coalition_values has 3 rows but a power of two is needed"):
        shapley_values(np.zeros(3))


def test_a_game_that_answers_once_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"returned values of shape \(1,\) but 4 rows are needed"):
        play(lambda coalitions: np.zeros(1), 2)
