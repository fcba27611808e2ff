"""The trained scorer: reads a history, scores items, and shows every part of each score."""

from __future__ import annotations

from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scoring.data.log import Log
from scoring.features.channels import CHANNEL
from scoring.features.context import TERMS
from scoring.features.own_history import BUCKET_KINDS, COUNT, own_evidence
from scoring.features.windows import item_stats
from scoring.model.batches import BucketRows, link_user, token_events
from scoring.model.context_terms import FEW, MAX_MOMENTS, ContextTerms
from scoring.model.item_vectors import ItemVectors
from scoring.model.model import BUCKET_PART, OWN_FEATURES, SIGNALS
from scoring.scorer.retrieval import best
from scoring.scorer.user_state import UserState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.data.log import FloatArray
    from scoring.data.shop import Shop
    from scoring.features.copurchase import CoPurchase
    from scoring.features.own_history import Buckets, OwnEvidence
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot
    from scoring.features.titles import TitleSpace
    from scoring.model.links import Links
    from scoring.model.model import AdditiveModel
    from scoring.scorer.calibration import Calibration


class GlassBoxScorer:
    """As accurate as a black box, and exactly attributable (docs/design.md §4).

    All arithmetic of a request is in double precision, so that a score and the sum of its parts agree to rounding.

    Args:
        catalogue: The shop's items.
        snapshot: Global statistics at the end of training.
        promotions: What runs when.
        shop: Settings of the shop.
        buckets: The catalogue's buckets.
        candidates: Rankable items, ascending, shape ``(n_candidates,)``.
        model: The learned parts.
        trunk: What the item tower makes of every item, for the user tower to read, shape ``(n_items, d)``.
        links: Co-purchase at the end of training.
        calibration: From score to probability.
        item_links: Links from past items to candidates.
        titles: Space of the title vectors; ``None`` if the item tower reads no titles.
        last_seen: Moment of each user's latest event at the end of training, for a scorer of the next event, whose ages
            count from there; ``None`` if ages count from ``as_of``.
        channel_weights: Weights of the log-ratios of ``Snapshot.channels``, window by window; empty without the term.
    """

    def __init__(
        self, catalogue: Catalogue, snapshot: Snapshot, promotions: PromotionCalendar, *, shop: Shop, buckets: Buckets,
        candidates: IndexArray, model: AdditiveModel, trunk: torch.Tensor, links: CoPurchase,
        calibration: Calibration, item_links: Links, titles: TitleSpace | None = None,
        last_seen: Mapping[str, pd.Timestamp] | None = None, channel_weights: Sequence[float] = (),
    ) -> None:  # fmt: skip
        self.catalogue, self.snapshot, self.promotions, self.shop = catalogue, snapshot, promotions, shop
        self.buckets, self.candidates, self.calibration = buckets, candidates, calibration
        self.own_features = (*OWN_FEATURES, SIGNALS) if buckets.signals else OWN_FEATURES
        parts = [*(BUCKET_PART[kind] for kind in BUCKET_KINDS), *[SIGNALS] * (2 * len(buckets.signals))]
        self._part_of_buckets = [self.own_features.index(part) for part in parts]
        self.model, self.trunk, self.titles = model.double().eval(), trunk.float(), titles
        self._trunk_mean = torch.from_numpy(self.trunk.numpy()[links.candidates].mean(axis=0, dtype=np.float64))
        self.item_embedding = ItemVectors(
            self._item_vectors,
            len(catalogue),
            candidates=candidates,
            linked=links.candidates,
            links=links.target,
            scale=self.model.link_scale.item(),
        )
        self.item_links, self.last_seen = item_links, last_seen
        self.links, self._item_stats = links, item_stats(snapshot, links)
        self.channel_weights = tuple(channel_weights)
        self.channels = snapshot.channels.names if any(channel_weights) else ()
        self.terms: tuple[str, ...] = (*TERMS, CHANNEL) if self.channels else TERMS
        known = [snapshot.channels.heights(channel_weights)] if self.channels else []
        self._channel = np.concatenate(
            [*known, np.zeros((1, len(catalogue)))]
        )  # the last row is that of other channels
        self._context_of_candidates = lru_cache(MAX_MOMENTS)(partial(self._context_sums, candidates))
        self._context = ContextTerms(self.model.context, snapshot, promotions, catalogue)

    def forget(self) -> None:
        """Give up what was computed for requests; the next one computes it again."""
        self.item_embedding.forget()
        self._context.forget()
        self._context_of_candidates.cache_clear()
        vars(self).pop("_buckets_of_candidates", None)

    def _trunk_of(self, item_index: Any) -> torch.Tensor:
        """Return what the item tower makes of some items, shape ``(n, d)``; the whole is held in single precision."""
        rows = self.trunk.numpy()[item_index]  # NumPy takes rows faster
        return torch.from_numpy(rows.astype(np.float64))

    @cached_property
    def _empty_embedding(self) -> FloatArray:
        """``U`` of an empty history, shape ``(d + rank,)``."""
        nothing = torch.zeros((1, self.model.user_tower.d_sum + self.links.target.shape[1]), dtype=torch.float64)
        with torch.no_grad():
            embedding: FloatArray = self.model.embed(nothing)[0].numpy()
        return embedding

    @cached_property
    def _buckets_of_candidates(self) -> IndexArray:
        return self.buckets.of_item[:, self.candidates]

    def _item_vectors(self, item_index: Any) -> FloatArray:
        with torch.no_grad():
            vectors: FloatArray = self.model.item_vectors(self._trunk_of(item_index), self._trunk_mean).numpy()
        return vectors

    @property
    def context_mean(self) -> FloatArray:
        """Return E[f_c], each term's mean over the purchases of the training windows, shape ``(n_terms,)``."""
        mean: FloatArray = self.model.context.mean.numpy()
        return np.append(mean, 0.0) if self.channels else mean

    def read(self, history: History) -> UserState:
        """Read a history once, for any number of scores.

        Args:
            history: The user's events before ``history.as_of``; an empty one is a new user.

        Returns:
            The user as the scorer sees it.
        """
        return self.read_all([history])[0]

    def read_all(self, histories: Sequence[History]) -> list[UserState]:
        """Read histories together, which costs a fraction of reading them one by one.

        Args:
            histories: Histories, of one user or of many, which may end at different moments.

        Returns:
            The user of each history as the scorer sees it.
        """
        if not histories:
            return []
        log = Log.from_histories(histories, self.buckets.signals, moments=[self.moment(each) for each in histories])
        own = own_evidence(log, 0.0, self.buckets, self._item_stats)
        past_user, past, strengths = self.item_links.read(log) if self.item_links.tables else _bought(own)
        whose = [own.user, past_user, *(evidence.user for evidence in own.buckets)]
        first = [np.searchsorted(user, np.arange(len(histories) + 1)) for user in whose]
        with torch.no_grad():
            summands = self._summands(own, len(histories)).float()  # most of a user's memory
            parts = self.model.own.pair_parts(torch.from_numpy(own.x)).numpy()
            heights = [
                self.model.own.bucket_heights(kind, torch.from_numpy(evidence.x)).numpy()
                for kind, evidence in enumerate(own.buckets)
            ]
            states = []
            for user, history in enumerate(histories):
                pairs, linked, *rows = [slice(*bounds[user : user + 2]) for bounds in first]
                tokens = rows[0]
                states.append(
                    UserState(
                        history=history,
                        categories=own.buckets[0].bucket[tokens],
                        summands=summands[tokens].numpy(),
                        bought=own.item[pairs],
                        bought_parts=parts[pairs],
                        past=past[linked],
                        strengths=strengths[linked],
                        buckets=tuple(evidence.bucket[at] for evidence, at in zip(own.buckets, rows, strict=True)),
                        bucket_heights=tuple(height[at] for height, at in zip(heights, rows, strict=True)),
                        _model=self.model,
                        _empty=self._empty_embedding,
                    )
                )
        return states

    def moment(self, history: History) -> pd.Timestamp:
        """Return the moment that the ages of a history's events count from.

        A scorer of the next event counts from the user's latest event: that of training, or a later one of the history
        as it was read. This moment is known apart from the events, so it stays when events are deleted.

        Args:
            history: The history.

        Returns:
            ``as_of`` for other scorers, for a user without events, and before the latest event of training.
        """
        if self.last_seen is None:
            return history.as_of
        known = [each for each in (self.last_seen.get(history.user_id or ""), history.last_seen) if each is not None]
        return min(max(known, default=history.as_of), history.as_of)

    def _summands(self, own: OwnEvidence, n_users: int) -> torch.Tensor:
        category = own.buckets[0]
        user, bucket, x = (torch.from_numpy(column) for column in (category.user, category.bucket, category.x))
        rows = BucketRows(user, bucket, x, self.buckets.n_buckets[0])
        events = token_events(own.user, self.buckets.of_item[0, own.item], torch.from_numpy(own.x), rows, n_users)
        tower = self.model.user_tower
        tokens = tower.tokens(events, self._trunk_of(own.item))
        sums = link_user(self.links, events.group.numpy(), own.item, own.x[:, COUNT], len(category.bucket))
        return torch.cat([tower.summands(tokens), torch.from_numpy(sums)], dim=1)

    def own_parts(self, state: UserState, item_index: IndexArray) -> FloatArray:
        """Return ``h_i``, part by part, from events of each item's own category alone.

        Args:
            state: The user.
            item_index: Items, shape ``(n,)``.

        Returns:
            Parts in logits, columns as ``own_features``, shape ``(n, n_own)``.
        """
        parts = np.zeros((len(item_index), len(self.own_features)))
        row, is_bought = found_in(state.bought, item_index)
        parts[is_bought, : len(OWN_FEATURES)] = state.bought_parts[row[is_bought]]
        for kind, part in enumerate(self._part_of_buckets):
            row, is_spoken = found_in(state.buckets[kind], self.buckets.of_item[kind, item_index])
            parts[is_spoken, part] += state.bucket_heights[kind][row[is_spoken]]
        return parts

    def _own_of_candidates(self, state: UserState) -> FloatArray:
        """Return the sum of ``own_parts`` of every candidate, shape ``(n_candidates,)``."""
        total = np.zeros(len(self.candidates))
        row, is_bought = found_in(self.candidates, state.bought)
        total[row[is_bought]] = state.bought_parts[is_bought].sum(axis=1)
        for kind, bucket_of_candidate in enumerate(self._buckets_of_candidates):
            height = np.zeros(self.buckets.n_buckets[kind])
            height[state.buckets[kind]] = state.bucket_heights[kind]
            total += height[bucket_of_candidate]
        return total

    def own_empty(self, item_index: IndexArray) -> FloatArray:
        """Return ``h_i(∅)``, which is zero by construction, shape ``(n, n_own)``."""
        return np.zeros((len(item_index), len(self.own_features)))

    def context_parts(self, as_of: pd.Timestamp, item_index: IndexArray, channel: str = "") -> FloatArray:
        """Return ``f_c``, the same for every user.

        Args:
            as_of: The moment; popularity, season and price are the snapshot's whatever the moment.
            item_index: Items, shape ``(n,)``.
            channel: Where the request comes from; the term of channels is 0 for a channel that training did not know.

        Returns:
            Terms in logits, columns as ``terms``, shape ``(n, n_terms)``.
        """
        parts = self._context.of(as_of, item_index)
        return np.column_stack([parts, self._channel_height(channel)[item_index]]) if self.channels else parts

    def context_in_period(self, as_of: pd.Timestamp, channel: str = "") -> FloatArray:
        """Return the sum of each item's context terms at some moment with the same promotions, shape ``(n_items,)``."""
        total: FloatArray = self._context.in_period(as_of).sum(axis=1) + self._channel_height(channel)
        return total

    def _channel_height(self, channel: str) -> FloatArray:
        """Return the term of a channel for every item; 0 for a channel that training did not know."""
        height: FloatArray = self._channel[self.channels.index(channel) if channel in self.channels else -1]
        return height

    def score(self, state: UserState, item_index: IndexArray | None = None) -> FloatArray:
        """Return the scores of items for a user.

        Args:
            state: The user.
            item_index: Items, shape ``(n,)``; ``None`` for the whole catalogue.

        Returns:
            Logits, shape ``(n,)``.
        """
        index = np.arange(len(self.catalogue)) if item_index is None else item_index
        score: FloatArray = self._tower(state.user_embedding_all, index) + self.other_terms(state, index)
        return score

    def score_all(self, states: Sequence[UserState], item_index: IndexArray) -> FloatArray:
        """Return the scores of items for many users, at a fraction of the cost of one user at a time.

        Args:
            states: The users.
            item_index: Items, shape ``(n,)``.

        Returns:
            Logits, shape ``(len(states), n)``.
        """
        if not states:
            return np.zeros((0, len(item_index)))
        scores = self._tower(np.array([state.user_embedding_all for state in states]), item_index)
        for row, state in zip(scores, states, strict=True):
            row += self.other_terms(state, item_index)
        return scores

    def _tower(self, users: FloatArray, item_index: IndexArray) -> FloatArray:
        """Return ⟨U, V_i⟩ for users of shape ``(…, d)``, shape ``(…, n)``."""
        if item_index is self.candidates:
            return self.item_embedding.of_candidates(users)
        return self.item_embedding.products(users, item_index)

    def other_terms(self, state: UserState, item_index: IndexArray) -> FloatArray:
        """Return the sum of the terms that do not go through the user embedding.

        Args:
            state: The user.
            item_index: Items, shape ``(n,)``.

        Returns:
            Logits, shape ``(n,)``.
        """
        asked = state.history.as_of, state.history.requested_in
        if item_index is self.candidates:
            own, context = self._own_of_candidates(state), self._context_of_candidates(*asked)
        else:
            own, context = self.own_parts(state, item_index).sum(axis=1), self._context_sums(item_index, *asked)
        if self.item_links.tables and len(item_index) > FEW * len(self.catalogue):
            own = own + self.item_links.of_history(state.past, state.strengths)[item_index]
        elif self.item_links.tables:
            together = np.zeros(len(state.past), dtype=np.int64)
            own = own + self.item_links.of_groups(state.past, state.strengths, together, 1, item_index)[:, 0]
        total: FloatArray = own + context
        return total

    def _context_sums(self, item_index: IndexArray, as_of: pd.Timestamp, channel: str) -> FloatArray:
        """Return the sum of the context terms, shape ``(n,)``."""
        total: FloatArray = self.context_parts(as_of, item_index, channel).sum(axis=1)
        return total

    def linked(self, state: UserState, item_index: IndexArray) -> FloatArray:
        """Return the contribution of each past item to some scores through links.

        Args:
            state: The user.
            item_index: Items that are scored, shape ``(n,)``.

        Returns:
            Logits, columns as ``state.past``, shape ``(n, n_past)``.
        """
        return self.item_links.of_items(state.past, state.strengths, item_index)

    def link_parts(
        self, state: UserState, item_index: IndexArray, group_of_category: IndexArray, n_groups: int
    ) -> FloatArray:
        """Return the contribution of groups of past items to some scores through links.

        Args:
            state: The user.
            item_index: Items that are scored, shape ``(n,)``.
            group_of_category: The group of each category, −1 for none, shape ``(n_categories,)``.
            n_groups: Number of groups.

        Returns:
            Logits, shape ``(n, n_groups)``.
        """
        groups = group_of_category[self.catalogue.category_index[state.past]]
        is_in = groups >= 0
        return self.item_links.of_groups(state.past[is_in], state.strengths[is_in], groups[is_in], n_groups, item_index)

    def probability(self, score: FloatArray) -> FloatArray:
        """Return the calibrated probability that the user buys the item within 30 days."""
        return self.calibration(np.asarray(score, dtype=np.float64))

    def rank(self, state: UserState, k: int, exclude: Collection[int] = ()) -> tuple[IndexArray, FloatArray]:
        """Return the best candidates for a user.

        Args:
            state: The user.
            k: How many.
            exclude: Items to leave out.

        Returns:
            Items, best first (ties by ``item_index``), and their scores, both of shape ``(k,)`` or shorter.
        """
        items = self.candidates[~np.isin(self.candidates, list(exclude))]
        return best(items, self.score(state, items), k)


def _bought(own: OwnEvidence) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return what ``Links.read`` returns without a table: the bought items, which no link starts from."""
    return own.user, own.item, np.zeros((len(own.item), 0))


def found_in(keys: IndexArray, wanted: IndexArray) -> tuple[IndexArray, npt.NDArray[np.bool_]]:
    """Return where some keys are.

    Args:
        keys: Numbers, ascending, shape ``(n_keys,)``.
        wanted: What is looked up, shape ``(n,)``.

    Returns:
        The row of each in ``keys``, and whether it is there, both of shape ``(n,)``.
    """
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return row, keys[row] == wanted
