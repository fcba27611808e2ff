"""Weigh the context term of channels on validation data; it counts only if it ranks requests of a channel better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from scoring.features.channels import CHANNEL_WINDOWS
from scoring.training.contenders import Contenders
from scoring.training.past import history_scores, to_candidates
from scoring.training.quality import Asked
from scoring.training.weight_search import WeightSearch

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.features.windows import TrainingData, Window
    from scoring.model.links import Links
    from scoring.training.trainer import Trainer

MAX_REQUESTS: Final = 4000
"""Pairs of a user and a channel that validation reads."""

LEAST_REQUESTS: Final = 50
"""With fewer pairs, or in one channel alone, the term gets no weight."""


@dataclass(frozen=True)
class ChannelChoice:
    """What validation chose.

    Attributes:
        weights: Weight of the log-ratios of each window; empty without the term.
        without: recall@10 and NDCG@10 of the requests without the term, over all items and over new ones.
        with_term: The same with the term.
    """

    weights: tuple[float, ...] = ()
    without: tuple[float, ...] = ()
    with_term: tuple[float, ...] = ()


def choose_channels(
    data: TrainingData, window: Window, trainer: Trainer, links: Links, *, users: IndexArray, asked: Asked
) -> ChannelChoice:
    """Search for the weights of the channel's log-ratios.

    A request is a user and a channel in which the user bought something within the window; what the user bought there
    is what is asked for.

    Args:
        data: Data that every window shares.
        window: Validation data, which the trainer has not learned from.
        trainer: The trained model with the weights of its parts folded in.
        links: Links that the score adds to the model.
        users: Validation users, ascending.
        asked: What they bought.

    Returns:
        The weights and what they change.
    """
    row, channel, item = _bought(window, users)
    pairs, of_pair = np.unique(row * len(window.channels.names) + channel, return_inverse=True)
    if len(pairs) > MAX_REQUESTS:
        pairs = np.sort(np.random.default_rng(data.seed).choice(pairs, MAX_REQUESTS, replace=False))
        kept = np.isin(row * len(window.channels.names) + channel, pairs)
        item, of_pair = item[kept], np.searchsorted(pairs, (row * len(window.channels.names) + channel)[kept])
    if len(pairs) < LEAST_REQUESTS or len(np.unique(pairs % len(window.channels.names))) < 2:
        return ChannelChoice()
    row, channel = np.divmod(pairs, len(window.channels.names))
    is_hit = np.zeros((len(pairs), len(data.candidates)), dtype=bool)
    is_hit[of_pair, item] = True
    requests = replace(asked.rows(row), is_hit=is_hit)
    ratios = window.channels.log_ratios[:, :, data.candidates].astype(np.float32)
    linked, found, at = to_candidates(links, data.candidates), Contenders(), 0
    for batch, logits in trainer.scored(window, users[np.unique(row)]):
        own = np.unique(row)[at : at + batch.n_users]
        at += batch.n_users
        score = logits.cpu().numpy().T + history_scores(linked, window, users[own])
        here = np.isin(row, own)
        base = score[np.searchsorted(own, row[here])]
        parts = [base, *ratios[:, channel[here]]]
        found.add(parts, [base, *(base + part for part in parts[1:])], requests.rows(here))
    search = WeightSearch(*found.collected(requests), np.arange(1 + len(CHANNEL_WINDOWS)) < 1, 0)
    start = np.eye(1 + len(CHANNEL_WINDOWS))[0]
    without = search.compare({"without": start})["without"]
    weights = search.best([start])
    weights[1:] /= max(1.0, float(weights[1:].sum()))  # scores are log-odds, to which a log-ratio adds at most once
    if search.value(weights) <= search.value(start):
        weights = start
    chosen = tuple(weights[1:].tolist()) if weights[1:].any() else ()
    return ChannelChoice(chosen, tuple(without.tolist()), tuple(search.means(weights).tolist()))


def _bought(window: Window, users: IndexArray) -> tuple[IndexArray, IndexArray, IndexArray]:
    """Return what some users bought in a known channel: row of the user, channel, place of the candidate."""
    kept = (window.bought_in >= 0) & np.isin(window.bought_user, users)
    row = np.searchsorted(users, window.bought_user[kept])
    return row, window.bought_in[kept].astype(np.int64), window.bought_item[kept]
