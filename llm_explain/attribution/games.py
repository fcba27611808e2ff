"""Games that ask for histories to be read, so that the histories of many users are read together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from scoring.data.history import History
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState

T = TypeVar("T")
if TYPE_CHECKING:
    Game = Generator[list[History], list[UserState] | None, T]


def read_together(scorer: GlassBoxScorer, games: Sequence[Game[T]]) -> list[T]:
    """Play games that ask for histories to be read, and read those of all games together.

    Args:
        scorer: The glass-box scorer.
        games: Generators that yield histories, are sent the states of these and return a result.

    Returns:
        The result of each game.
    """
    results: dict[int, T] = {}
    asked: dict[int, list[History]] = {}

    def advance(number: int, states: list[UserState] | None) -> None:
        try:
            asked[number] = games[number].send(states)
        except StopIteration as stop:
            results[number] = stop.value

    for number in range(len(games)):
        advance(number, None)
    while asked:
        waiting, asked = asked, {}
        states = scorer.read_all([history for histories in waiting.values() for history in histories])
        for number, histories in waiting.items():
            own, states = states[: len(histories)], states[len(histories) :]
            advance(number, own)
    return [results[number] for number in range(len(games))]
