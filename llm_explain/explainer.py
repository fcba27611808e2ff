"""The way in: opens a shop, and ranks, explains, compares and answers what-ifs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Unpack, cast

import numpy as np
import pandas as pd

from llm_explain.answers import ContrastAnswer, Ranked, RelatedItem, WhatIfRow
from llm_explain.attribution.black_box import over_frames
from llm_explain.attribution.importance import global_attributions
from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.catalogue import LiveCatalogue, Version
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence
from llm_explain.comparisons import Comparisons
from llm_explain.composition import Selection, arrange, in_given_order
from llm_explain.errors import SettingError, UnknownGroupError
from llm_explain.list_pipeline import ListPipeline
from llm_explain.opening import Opened, open_black_box, open_trained
from llm_explain.policy.masking import mask_differences
from llm_explain.policy.suppressions import NO_SUPPRESSIONS
from llm_explain.reason_shelves import ReasonShelves
from llm_explain.records import Explanation
from llm_explain.related_items import RelatedItems, pair_texts
from llm_explain.skeletons.sources import DEFAULT_ORDER
from llm_explain.text.lexicon import default_locale
from llm_explain.text.surfaces import resolve
from llm_explain.user_reader import MAX_SCORED_USERS, UserReader
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.data.changes import is_on_sale
from scoring.data.history import History
from scoring.data.moments import as_moment
from scoring.data.tables import TIMESTAMP, Tables
from scoring.data.targets import end_of_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llm_explain.answers import ReasonShelf
    from llm_explain.attribution.black_box import FrameScorer, HistoryScorer
    from llm_explain.claims import ClaimKind
    from llm_explain.composition import SelectionOptions
    from llm_explain.generation.generator import Generator
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.text.skeleton import Tone
    from llm_explain.text.surfaces import Limits
    from llm_explain.user_reader import ReadUser
    from scoring.data.moments import Moment
    from scoring.data.shop import Shop
    from scoring.model.links import Links
    from scoring.training.config import TrainConfig


MOST_SCORES: Final = 4_000_000
"""Scores that ``recommend_many`` keeps at a time: 32 MB."""


class Explainer:
    """Recommends items and says truthfully why.

    ``Explainer.load`` opens trained artifacts, ``Explainer.over`` explains any other scorer. An explainer keeps nothing
    of a request.

    Args:
        reader: Reads users' histories.
        writer: Writes and verifies texts.
        provenance: Hashes of data, scorer and policy, for the records.
        kinds: Claim kinds in force; the installed ones if not given.
    """

    def __init__(
        self,
        reader: UserReader,
        *,
        writer: Writer,
        provenance: Mapping[str, str],
        kinds: ClaimKinds | None = None,
    ) -> None:
        self._version = Version(0, reader, writer, dict(provenance))
        self._live: LiveCatalogue | None = None
        self._links: Links | None = None
        self.events = reader.events
        self.kinds = kinds or ClaimKinds.installed()

    @property
    def catalogue(self) -> LiveCatalogue:
        """The living catalogue: changes of items and promotions without training."""
        if self._live is None:
            raise SettingError(
                "the scorer is a plain callable but changes of the catalogue need trained artifacts. "
                "Load them with Explainer.load."
            )
        return self._live

    @property
    def is_changeable(self) -> bool:
        """Whether there is a living catalogue."""
        return self._live is not None

    @property
    def version(self) -> Version:
        """The latest version of the catalogue, which a request without ``as_of`` reads."""
        return self._version if self._live is None else self._live.current

    @property
    def reader(self) -> UserReader:
        """Reads users' histories in the latest version."""
        return self.version.reader

    @property
    def shop(self) -> ShopEvidence:
        """What the claim rules know of the shop in the latest version."""
        return self.version.shop

    @property
    def writer(self) -> Writer:
        """Writes and verifies texts in the latest version."""
        return self.version.writer

    @writer.setter
    def writer(self, writer: Writer) -> None:
        self.version.writer = writer

    @property
    def provenance(self) -> Mapping[str, str]:
        """Hashes of data, scorer and policy, and of the changes of the catalogue if there are any."""
        return self.version.provenance

    def _at(self, as_of: Moment | None, history: pd.DataFrame | History | None) -> Version:
        """Return the version of the catalogue that a request reads from beginning to end."""
        moment = history.as_of if isinstance(history, History) else None if as_of is None else as_moment(as_of)
        return self.version if moment is None or self._live is None else self._live.at(moment)

    @classmethod
    def train(
        cls,
        tables: Mapping[str, pd.DataFrame] | Tables,
        artifacts: Path | str,
        *,
        shop: Shop | None = None,
        cutoff: pd.Timestamp | None = None,
        config: TrainConfig | None = None,
        language_model: str | Generator | None = "auto",
    ) -> Explainer:
        """Train a scorer on a shop's tables, save it and open it.

        The call raises ``TableError`` if a table breaks the contract.

        Args:
            tables: Data frames ``events`` and ``items``, and optionally ``users`` and ``promotions``
                (docs/design.md §8); or checked tables.
            artifacts: Folder to create or fill.
            shop: Settings of the shop; those of ``tables``, or the defaults, if not given.
            cutoff: Training reads the events before this moment; all of them if not given.
            config: Training settings; the defaults if not given.
            language_model: As for ``load``.

        Returns:
            An explainer of the trained scorer.
        """
        from scoring.data.validation import check_tables  # training and validation are slow to import
        from scoring.scorer.versions import new_version
        from scoring.training.config import TrainConfig
        from scoring.training.training import train

        checked = tables if isinstance(tables, Tables) else check_tables(tables, shop)
        end = end_of_log(checked.events[TIMESTAMP])[0] if cutoff is None else cutoff
        with new_version(Path(artifacts)) as folder:
            train(checked, config or TrainConfig(), folder, cutoff=end)
        return cls.load(artifacts, language_model=language_model)

    @classmethod
    def load(
        cls,
        artifacts: Path | str,
        *,
        events: Path | None = None,
        language_model: str | Generator | None = "auto",
        sources: Sequence[str] = DEFAULT_ORDER,
        claim_kinds: Sequence[type[ClaimKind]] = (),
        policy_file: Path | None = None,
        shop_file: Path | None = None,
        cached_users: int = MAX_SCORED_USERS,
    ) -> Explainer:
        """Open what ``llm-explain train`` wrote.

        Args:
            artifacts: The folder.
            events: CSV or Parquet file that replaces the event log; the artifacts' global statistics stay.
            language_model: A local folder, a hub id, ``auto`` for the packaged weights, a generator that is open
                already, or ``None`` for templates only.
            sources: Order of the sources of sentences. With ``lm`` first, the language model writes each list live.
            claim_kinds: Claim kinds besides the built-in ones and those of installed packages.
            policy_file: Policy that replaces ``prompts/policy.yaml``.
            shop_file: ``shop.yaml`` that replaces the one of the artifacts.
            cached_users: Known users whose reading is kept in memory.

        Returns:
            An explainer.
        """
        return cls._of(
            open_trained(
                Path(artifacts),
                events=events,
                language_model=language_model,
                sources=sources,
                claim_kinds=claim_kinds,
                policy_file=policy_file,
                shop_file=shop_file,
                cached_users=cached_users,
            )
        )

    @classmethod
    def over(
        cls,
        score: HistoryScorer | FrameScorer,
        tables: Tables,
        *,
        as_of: pd.Timestamp,
        candidates: Sequence[str] | None = None,
        as_frames: bool = False,
        language_model: str | None = None,
        claim_kinds: Sequence[type[ClaimKind]] = (),
    ) -> Explainer:
        """Explain any other scorer, through the ``shap`` library, over the same history groups.

        A black box says nothing of its context, so reasons speak of history groups alone.

        Args:
            score: Function of histories and shop ids that returns scores of shape ``(n_histories, n_items)``. A history
                may be short or empty: a coalition is a history without some of its events.
            tables: The shop's tables; crowd statistics are counted from their events before ``as_of``.
            as_of: The moment that explanations speak of.
            candidates: Items that may be recommended; all with an event before ``as_of`` if not given.
            as_frames: Whether ``score`` is given each history as rows of the events table instead of a ``History``.
            language_model: A local folder, a hub id, ``auto`` for the packaged weights, or ``None`` for templates only.
            claim_kinds: Claim kinds besides the built-in ones and those of installed packages.

        Returns:
            An explainer; ``what_if``, ``contrast`` and ``shelves`` need the glass-box scorer.
        """
        catalogue = Catalogue(tables.items)
        of_histories = over_frames(cast("FrameScorer", score), catalogue) if as_frames else cast("HistoryScorer", score)
        return cls._of(
            open_black_box(
                of_histories,
                tables,
                catalogue,
                name=getattr(score, "__qualname__", type(score).__qualname__),
                as_of=as_of,
                candidates=candidates,
                language_model=language_model,
                claim_kinds=claim_kinds,
            )
        )

    @classmethod
    def _of(cls, opened: Opened) -> Explainer:
        version = opened.version
        explainer = cls(version.reader, writer=version.writer, provenance=version.provenance, kinds=opened.kinds)
        explainer._live, explainer._links = opened.live, opened.links
        return explainer

    @property
    def as_of(self) -> pd.Timestamp:
        """Default ``as_of``: the time of the snapshot, or of the last change of the catalogue after it."""
        return self.reader.as_of

    @property
    def locale(self) -> str:
        """Default ``locale``: that of ``shop.yaml`` if ``prompts/`` has its language, else English."""
        return default_locale(self.shop.shop.locale)

    @property
    def titles(self) -> Mapping[str, str]:
        """Title of each item, by ``item_id``."""
        return self.shop.catalogue.title_of

    def rank(
        self,
        user_id: str | None = None,
        *,
        k: int = 10,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
        **options: Unpack[SelectionOptions],
    ) -> list[Ranked]:
        """Rank the candidates for a user, without a word of why.

        Args:
            user_id: The shop's id; a user without events is ranked from context alone.
            k: How many items.
            history: Events that came with the request, instead of a known user's: ``item_id, timestamp`` and any
                optional column of the events table, of which nothing is kept; or a ``History``, whose own moment
                counts and whose scored user is kept for a while if it names a user.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            channel: Where the request comes from: a channel of the events table, such as ``app``. It adds a context
                term if training found that items sell differently there.
            **options: Which items, as for ``recommend``, but ranked by score alone unless ``section`` is given.

        Returns:
            The best ``k`` items, best first.
        """
        options.setdefault("section", None)
        selection = Selection(**options)
        version = self._at(as_of, history)
        user = version.reader.read(user_id, history, as_of, channel)
        return _ranked(user, selection, _at_least_one(k), version.writer.spoken_kinds(self.locale).versions())

    def rank_many(
        self,
        users: Sequence[str | History],
        *,
        k: int = 10,
        as_of: Moment | None = None,
        channel: str = "",
        **options: Unpack[SelectionOptions],
    ) -> list[list[Ranked]]:
        """Rank the candidates for many users at once; the arguments are those of ``recommend_many``.

        Args:
            users: The shop's ids, or histories that end at ``as_of`` or later.
            k: How many items a list.
            as_of: As for ``rank``.
            channel: As for ``rank``.
            **options: As for ``rank``.

        Returns:
            What ``rank`` returns, for each user in the order given.
        """
        options.setdefault("section", None)
        selection, version = Selection(**options), self._at(as_of, None)
        reader, versions = version.reader, version.writer.spoken_kinds(self.locale).versions()
        return [
            _ranked(user, selection, _at_least_one(k), versions)
            for own in _together(users, reader)
            for user in reader.read_many(own, as_of, channel)
        ]

    def recommend(
        self,
        user_id: str | None = None,
        *,
        k: int = 10,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
        tone: Tone | None = None,
        locale: str | None = None,
        surface: str | None = None,
        max_length: int | None = None,
        deadline: float | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
        sources: Sequence[str] | None = None,
        **options: Unpack[SelectionOptions],
    ) -> list[Explanation]:
        """Compose a list for a user and say why each item is recommended.

        The list has two sections. *New* carries the reasons. *Again* holds what the user bought before, with a short
        line each. ``section=None`` ranks by score alone and explains each item by itself.

        Args:
            user_id: The shop's id; a user without events is explained from context alone.
            k: How many items.
            history: Events that came with the request, as for ``rank``.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            channel: Where the request comes from, as for ``rank``.
            tone: ``friendly``, ``concise`` or ``formal``; the surface's if not given, else friendly.
            locale: A folder under ``prompts/``, perhaps with a region; the shop's ``locale`` if not given.
            surface: Where the texts are shown, such as ``card``, ``detail``, ``email`` or ``push``: a file under
                ``prompts/`` says what that asks of them. Where no sentence is short enough, it names fewer reasons.
            max_length: Most characters of a text, where the surface allows as many.
            deadline: Seconds that a language model may write; when they are over, templates answer. Loading the model
                does not count.
            suppressions: What the user does not want to be told.
            sources: Order of the sources of sentences, ``phrasebook``, ``lm``, ``template`` if not given. With ``lm``
                first, the language model writes the whole list in one batch.
            **options: Which items: ``section``, ``exclude``, ``candidates``, ``categories``, ``brands``, ``min_price``,
                ``max_price``, ``diversity``, ``offset``, ``pins`` and ``buries``, as ``SelectionOptions`` describes.

        Returns:
            An explanation for each item, in the order shown; no two sentences share a skeleton or an opening.
        """
        locale = locale or self.locale
        spoken, limits = resolve(locale, surface=surface, tone=tone, max_length=max_length)
        selection = Selection(**options)
        version = self._at(as_of, history)
        user = version.reader.read(user_id, history, as_of, channel)
        pipeline = _pipeline(version, spoken, locale, limits, deadline, suppressions, sources)
        placed = pipeline.arrange(user.scored, user.evidence, selection, _at_least_one(k))
        if selection.section is not None:
            return pipeline.compose(user.scored, user.evidence, placed)
        rows = pipeline.explain(user.scored, user.evidence, np.array([card.item_index for card in placed], np.int64))
        return [replace(row, rank=card.rank) for row, card in zip(rows, placed, strict=True)]

    def recommend_many(
        self,
        users: Sequence[str | History],
        *,
        k: int = 10,
        as_of: Moment | None = None,
        channel: str = "",
        tone: Tone | None = None,
        locale: str | None = None,
        surface: str | None = None,
        max_length: int | None = None,
        deadline: float | None = None,
        suppressions: Sequence[Suppressions] = (),
        sources: Sequence[str] | None = None,
        **options: Unpack[SelectionOptions],
    ) -> list[list[Explanation]]:
        """Compose lists for many users at once, at a fraction of the cost of one user at a time.

        Args:
            users: The shop's ids, or histories that end at ``as_of`` or later.
            k: How many items a list.
            as_of: As for ``recommend``.
            channel: Where the request comes from, as for ``rank``.
            tone: As for ``recommend``.
            locale: As for ``recommend``.
            surface: As for ``recommend``.
            max_length: As for ``recommend``.
            deadline: Seconds that a language model may write for all lists together.
            suppressions: What each user does not want to be told; nothing if not given.
            sources: As for ``recommend``.
            **options: Which items, as for ``recommend``.

        Returns:
            What ``recommend`` returns, for each user in the order given.
        """
        locale = locale or self.locale
        spoken, limits = resolve(locale, surface=surface, tone=tone, max_length=max_length)
        selection, version = Selection(**options), self._at(as_of, None)
        pipeline = _pipeline(version, spoken, locale, limits, deadline, NO_SUPPRESSIONS, sources)
        found: list[list[Explanation]] = []
        for own in _together(users, version.reader):
            read = version.reader.read_many(own, as_of, channel)
            lists = [pipeline.arrange(user.scored, user.evidence, selection, _at_least_one(k)) for user in read]
            scored = [user.scored for user in read]
            evidence = Evidence(version.shop, [history for user in read for history in user.evidence.histories])
            of_own = replace(pipeline, of_users=suppressions[len(found) : len(found) + len(own)])
            if selection.section is not None:
                found += of_own.compose_many(scored, evidence, lists)
                continue
            items = [np.array([card.item_index for card in placed], np.int64) for placed in lists]
            for rows, placed in zip(of_own.explain_many(scored, evidence, items), lists, strict=True):
                found.append([replace(row, rank=card.rank) for row, card in zip(rows, placed, strict=True)])
        return found

    def explain(
        self,
        user_id: str | None,
        item_ids: Sequence[str],
        *,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
        tone: Tone | None = None,
        locale: str | None = None,
        surface: str | None = None,
        max_length: int | None = None,
        deadline: float | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
        sources: Sequence[str] | None = None,
        players: Literal["groups", "items"] = "groups",
        is_list: bool = False,
    ) -> list[Explanation]:
        """Say why items score as they do, for a shop with a ranking of its own.

        Args:
            user_id: The shop's id, or ``None`` with a ``history``.
            item_ids: Items of the catalogue.
            history: Events that came with the request, as for ``rank``.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            channel: Where the request comes from, as for ``rank``.
            tone: ``friendly``, ``concise`` or ``formal``; the surface's if not given, else friendly.
            locale: A folder under ``prompts/``, perhaps with a region; the shop's ``locale`` if not given.
            surface: Where the texts are shown, such as ``card``, ``detail``, ``email`` or ``push``: a file under
                ``prompts/`` says what that asks of them. Where no sentence is short enough, it names fewer reasons.
            max_length: Most characters of a text, where the surface allows as many.
            deadline: Seconds that a language model may write; when they are over, templates answer. Loading the model
                does not count.
            suppressions: What the user does not want to be told.
            sources: Order of the sources of sentences, ``phrasebook``, ``lm``, ``template`` if not given. With ``lm``
                first, the language model writes the whole list in one batch.
            players: ``items`` splits the largest history group of each score into its heaviest past items and the rest;
                each such item is a part ``item:<item_id>`` of the group. It needs the glass-box scorer.
            is_list: Whether the items are composed as one list in the order given: with sections, short lines for what
                the user bought before, badges, and reasons that do not repeat each other.

        Returns:
            An explanation for each item, in the order given.

        Raises:
            SettingError: If ``players`` is neither ``groups`` nor ``items``.
        """
        if players not in {"groups", "items"}:
            raise SettingError(f"players is {players!r} but 'groups' or 'items' is needed. Choose one of them.")
        locale = locale or self.locale
        spoken, limits = resolve(locale, surface=surface, tone=tone, max_length=max_length)
        version = self._at(as_of, history)
        items = version.shop.catalogue.index_of(item_ids)
        user = version.reader.read(user_id, history, as_of, channel)
        pipeline = _pipeline(version, spoken, locale, limits, deadline, suppressions, sources)
        if is_list:
            return pipeline.compose(user.scored, user.evidence, in_given_order(user.scored, user.evidence, items))
        return pipeline.explain(user.scored, user.evidence, items, has_item_players=players == "items")

    def unlisted(self, item_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Return the items that are in no list, and why.

        Args:
            item_ids: Items; all of the catalogue if not given.

        Returns:
            By item ``unavailable``, ``policy`` (it is never recommended), or ``not_ranked``: too few users bought the
            item or its variants, or ``shop.yaml`` leaves it out.
        """
        shop = self.shop
        items = np.arange(len(shop.catalogue)) if item_ids is None else shop.catalogue.index_of(list(item_ids))
        ranked, _ = self.reader.read("").scored.rank(len(items), lambda rows: np.isin(rows, items))
        conditions = [~is_on_sale(shop.catalogue.items.iloc[items]), ~shop.may_recommend[items]]
        reasons = np.select([*conditions, ~np.isin(items, ranked)], ["unavailable", "policy", "not_ranked"], "")
        ids = shop.catalogue.item_ids[items]
        return {str(item_id): str(reason) for item_id, reason in zip(ids, reasons, strict=True) if reason}

    def shelves(
        self,
        user_id: str | None = None,
        *,
        k: int = 8,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        locale: str | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
    ) -> list[ReasonShelf]:
        """List items that are new to a user by reason: a category or an item that the user bought.

        Args:
            user_id: The shop's id.
            k: Most items on a shelf.
            history: Events that came with the request, as for ``rank``.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            locale: Language of the headings, as for ``recommend``.
            suppressions: Claims that the user does not want to be told; none of them heads a shelf.

        Returns:
            Shelves whose link with the heading a person would see, those that add most first.
        """
        version = self._at(as_of, history)
        user = version.reader.read(user_id, history, as_of)
        shelves = ReasonShelves(version.shop, version.writer, locale or self.locale, suppressions)
        return shelves.find(user.scored, user.evidence, _at_least_one(k))

    def what_if(
        self,
        user_id: str | None = None,
        *,
        without: Sequence[str],
        item_ids: Sequence[str] | None = None,
        k: int = 10,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
        locale: str | None = None,
    ) -> list[WhatIfRow]:
        """Score and rank as if some players had never been there; exact, with a sentence for each item.

        Args:
            user_id: The shop's id.
            without: Players, for example ``["group:cheese"]``.
            item_ids: Items to answer for; the best ``k`` with and without the players if not given.
            k: How many items where none are named.
            history: Events that came with the request, as for ``rank``.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            channel: Where the request comes from, as for ``rank``.
            locale: Language of the sentences, as for ``recommend``.

        Returns:
            A row for each item, in the order given or by rank.

        Raises:
            UnknownGroupError: If a player is not one of this user's, or sensitive: whether the user has it is not told.
        """
        version = self._at(as_of, history)
        catalogue = version.shop.catalogue
        if not all(map(version.shop.policy.shows_category, (name.removeprefix(GROUP_PREFIX) for name in without))):
            raise UnknownGroupError("a player is sensitive but one that may be named is needed. Leave it in.")
        asked = None if item_ids is None else catalogue.index_of(item_ids)
        user = version.reader.read(user_id, history, as_of, channel)
        answer = user.scored.what_if(without, asked)
        rows = np.arange(len(answer.item_index))
        if asked is None:
            best = _at_least_one(k)
            rows = np.flatnonzero((answer.rank <= best) | (answer.rank_without <= best))
            rows = rows[np.argsort(answer.rank[rows], kind="stable")]
        words = Comparisons(version.shop, version.writer, locale or self.locale)
        return [
            WhatIfRow(
                item_id=str(catalogue.item_ids[answer.item_index[row]]),
                score=float(answer.score[row]),
                score_without=float(answer.score_without[row]),
                rank=int(answer.rank[row]) or None,
                rank_without=int(answer.rank_without[row]) or None,
                text=words.what_if(user.evidence, without, answer, int(row)),
            )
            for row in rows
        ]

    def contrast(
        self,
        user_id: str | None,
        item_id: str,
        other_id: str,
        *,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
        locale: str | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
    ) -> ContrastAnswer:
        """Say why one item scores above another: a difference of attributions, and a sentence.

        Args:
            user_id: The shop's id.
            item_id: The one item.
            other_id: The other.
            history: Events that came with the request, as for ``rank``.
            as_of: Only events before this moment count, UTC without a zone; the snapshot's moment if not given.
            channel: Where the request comes from, as for ``rank``.
            locale: Language of the sentence, as for ``recommend``.
            suppressions: What the user does not want to be told.

        Returns:
            What each player adds to the one item beyond the other, and why the better one ranks higher.
        """
        version = self._at(as_of, history)
        item, other = version.shop.catalogue.index_of([item_id, other_id]).tolist()
        user = version.reader.read(user_id, history, as_of, channel)
        answer = user.scored.contrast(item, other)
        words = Comparisons(version.shop, version.writer, locale or self.locale, suppressions)
        contrast = ContrastAnswer.of(item_id, other_id, answer)
        differences = mask_differences(contrast.differences, version.shop.policy)
        groups = [player for player in differences if player.startswith(GROUP_PREFIX)]
        return replace(
            contrast,
            differences=differences,
            names={each: version.writer.name(each.removeprefix(GROUP_PREFIX), words.locale) for each in groups},
            text=words.contrast(user.evidence, (item, other), answer),
        )

    def main_drivers(self, *, n_users: int = 60, k: int = 10) -> pd.DataFrame:
        """Say what drives recommendations on the whole.

        Args:
            n_users: Known users to look at, evenly spread over the event log.
            k: How many of each user's best items.

        Returns:
            Columns ``source, part, mean_absolute, mean, share``, as ``global_attributions`` gives them.
        """
        known = self.events.user_ids
        places = np.unique(np.linspace(0, len(known) - 1, n_users).astype(np.int64)) if known else ()
        users = self.reader.read_many([known[place] for place in places])  # which leaves the cache to requests
        return global_attributions(
            attribution for user in users for attribution in user.scored.attribute(user.scored.rank(k)[0])
        )

    def similar(self, item_id: str, *, k: int = 10, locale: str | None = None) -> list[RelatedItem]:
        """List items for the page of an item, without a user.

        Args:
            item_id: The shop's id.
            k: How many items.
            locale: A folder under ``prompts/``, perhaps with a region; the shop's ``locale`` if not given.

        Returns:
            Items that the scorer links to it or that its users bought too, strongest first, with what the counts say.
        """
        shop = self.shop
        (item,) = shop.catalogue.index_of([item_id]).tolist()
        return self._related(shop).similar(item, _at_least_one(k), pair_texts(locale or self.locale))

    def complete(self, basket: Sequence[str], *, k: int = 10, locale: str | None = None) -> list[RelatedItem]:
        """List items that were bought together with those of a basket, without a user.

        Args:
            basket: The shop's ids of the items in it.
            k: How many items.
            locale: A folder under ``prompts/``, perhaps with a region; the shop's ``locale`` if not given.

        Returns:
            Items outside the basket, strongest first, with what the counts say.

        Raises:
            SettingError: If the basket is empty.
        """
        if not basket:
            raise SettingError("basket is empty but at least one item is needed. Give the items of the basket.")
        shop = self.shop
        items = shop.catalogue.index_of(basket).tolist()
        return self._related(shop).complete(items, _at_least_one(k), pair_texts(locale or self.locale))

    def _related(self, shop: ShopEvidence) -> RelatedItems:
        return RelatedItems(shop, np.flatnonzero(shop.is_sold), self._links)

    def is_cold(self, user_id: str, *, as_of: Moment | None = None) -> bool:
        """Return whether a user has no events before a moment, so that only context can explain."""
        return not len(self.events.history(user_id, self.as_of if as_of is None else as_moment(as_of)))


def _pipeline(
    version: Version,
    tone: Tone,
    locale: str,
    limits: Limits,
    deadline: float | None,
    suppressions: Suppressions,
    sources: Sequence[str] | None,
) -> ListPipeline:
    return ListPipeline(
        version.shop, version.writer, version.provenance, tone, locale, limits, deadline, suppressions, sources
    )


def _together(users: Sequence[str | History], reader: UserReader) -> Iterator[Sequence[str | History]]:
    """Yield the users that are read together: their scores take a bounded memory."""
    most = max(1, MOST_SCORES // max(reader.n_scored, 1))
    return (users[start : start + most] for start in range(0, len(users), most))


def _ranked(user: ReadUser, selection: Selection, k: int, versions: Sequence[ClaimKind]) -> list[Ranked]:
    """Return the best items of a user."""
    placed = arrange(user.scored, user.evidence, selection, k, versions=versions)
    scores = np.array([card.score for card in placed])
    ids = user.evidence.shop.catalogue.item_ids
    return [
        Ranked(
            str(ids[card.item_index]),
            card.rank,
            card.score,
            probability,
            card.position,
            card.section,
            card.placement,
        )
        for card, probability in zip(placed, user.scored.probability(scores), strict=True)
    ]


def _at_least_one(k: object) -> int:
    """Return a number of items that a caller asked for."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise SettingError(f"k is {k!r} but a whole number of at least 1 is needed. Ask for one item or more.")
    return int(k)
