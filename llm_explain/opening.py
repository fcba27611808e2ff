"""Opens a shop: reads trained artifacts, or puts any other scorer behind the same parts."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from llm_explain.attribution.group_vectors import VectorCache
from llm_explain.attribution.lru_cache import LRUCache
from llm_explain.attribution.scored_user import AdditiveScoredUser, BlackBoxScoredUser
from llm_explain.catalogue import CHANGES, LiveCatalogue, Version
from llm_explain.claims import ClaimKinds, ShopEvidence
from llm_explain.claims.catalogue_kinds import catalogue_kinds
from llm_explain.claims.channel_kinds import channel_kinds
from llm_explain.claims.picture_kinds import picture_kinds
from llm_explain.claims.signal_kinds import signal_kinds
from llm_explain.policy.policy import Policy
from llm_explain.skeletons.sources import DEFAULT_ORDER
from llm_explain.text.prompt_files import prompts_root
from llm_explain.user_reader import MAX_SCORED_USERS, UserReader
from llm_explain.writing.writer import Writer
from scoring.data.changes import ChangeLog, changed_items
from scoring.data.history import EventLog
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from scoring.scorer.artifacts import read_manifest
from scoring.scorer.candidates import MOST_FOUND, CandidatePool
from scoring.scorer.item_index import INDEX, ItemIndex
from scoring.scorer.storage import load_scorer
from scoring.scorer.versions import active, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from llm_explain.attribution.black_box import HistoryScorer
    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.claims import ClaimKind
    from llm_explain.generation.generator import Generator
    from llm_explain.user_reader import ReadUser
    from scoring.data.catalogue import Catalogue
    from scoring.data.changes import Change
    from scoring.data.history import History
    from scoring.data.tables import Tables
    from scoring.model.links import Links
    from scoring.scorer.scorer import GlassBoxScorer


@dataclass(frozen=True)
class Opened:
    """The parts of an open shop.

    Attributes:
        version: The catalogue as it was trained, with the reader and the writer of its users.
        kinds: Claim kinds in force.
        live: Changes of the catalogue; ``None`` for a scorer without artifacts.
        links: The scorer's links between items; ``None`` for a scorer without artifacts.
    """

    version: Version
    kinds: ClaimKinds
    live: LiveCatalogue | None = None
    links: Links | None = None


def open_trained(
    folder: Path,
    *,
    events: Path | None,
    language_model: str | Generator | None,
    sources: Sequence[str],
    claim_kinds: Sequence[type[ClaimKind]],
    policy_file: Path | None = None,
    shop_file: Path | None = None,
    cached_users: int = MAX_SCORED_USERS,
) -> Opened:
    """Open the artifacts of a trained scorer; the arguments are those of ``Explainer.load``."""
    log = ChangeLog(root_of(folder) / CHANGES)  # it outlives a version of the artifacts
    folder = active(folder)
    with ThreadPoolExecutor(1) as beside:
        own_events = beside.submit(pd.read_parquet, folder / "tables" / "events.parquet")
        scorer = load_scorer(folder)
        if shop_file is not None:
            scorer.shop = scorer.shop.changed_by(shop_file)
        changes = log.read()
        if events is None:
            rows = own_events.result()
        else:
            from scoring.data.validation import read_events  # what checks tables is slow to import

            rows = read_events(events, _with_changes(scorer.catalogue, changes).item_ids, scorer.shop)
    manifest = read_manifest(folder, is_checked=True)
    vectors, index = VectorCache(is_single=True), ItemIndex.open(folder / INDEX)
    pool = None if index is None else CandidatePool(scorer, index)
    kinds = ClaimKinds.installed().extended((*_kinds_of(scorer), *claim_kinds))
    version = _version(
        lambda history: AdditiveScoredUser(scorer, scorer.read(history), vectors, pool),
        lambda histories: AdditiveScoredUser.read_many(scorer, histories, pool),
        kinds,
        events=EventLog(rows, _with_changes(scorer.catalogue, changes), scorer.shop),
        catalogue=scorer.catalogue,
        snapshot=scorer.snapshot,
        promotions=scorer.promotions,
        language_model=language_model,
        sources=sources,
        provenance=_provenance(manifest["files"]),
        vectors=vectors,
        users=LRUCache(cached_users),
        policy_file=policy_file,
        retired=manifest.get("feedback", {}).get("retired", ()),
        n_scored=None if pool is None else MOST_FOUND,
    )
    return Opened(version, kinds, LiveCatalogue(log, scorer, version, index), scorer.item_links)


def open_black_box(
    score: HistoryScorer,
    tables: Tables,
    catalogue: Catalogue,
    *,
    name: str,
    as_of: pd.Timestamp,
    candidates: Sequence[str] | None,
    language_model: str | None,
    claim_kinds: Sequence[type[ClaimKind]],
) -> Opened:
    """Put any scorer of histories behind an explainer; the other arguments are those of ``Explainer.over``.

    Args:
        score: Function of histories and shop ids.
        tables: The shop's tables.
        catalogue: Their items.
        name: Name of the scorer for the records.
        as_of: The moment that explanations speak of.
        candidates: Items that may be recommended.
        language_model: Weights that write sentences.
        claim_kinds: Claim kinds besides the installed ones.

    Returns:
        The parts of the shop.
    """
    snapshot = Snapshot.build(tables, catalogue, as_of)
    items = np.flatnonzero(snapshot.n_events) if candidates is None else np.sort(catalogue.index_of(candidates))
    kinds = ClaimKinds.installed().extended((*catalogue_kinds(catalogue, tables.shop), *claim_kinds))
    version = _version(
        lambda history: BlackBoxScoredUser(score, history, catalogue, items),
        lambda histories: [BlackBoxScoredUser(score, history, catalogue, items) for history in histories],
        kinds,
        events=EventLog(tables.events, catalogue, tables.shop),
        catalogue=catalogue,
        snapshot=snapshot,
        promotions=PromotionCalendar(tables.promotions, catalogue),
        language_model=language_model,
        provenance={"data": "", "scorer": name},
    )
    return Opened(version, kinds)


def _version(
    read: Callable[[History], ScoredUser],
    read_many: Callable[[Sequence[History]], Sequence[ScoredUser]],
    kinds: ClaimKinds,
    *,
    events: EventLog,
    catalogue: Catalogue,
    snapshot: Snapshot,
    promotions: PromotionCalendar,
    language_model: str | Generator | None,
    provenance: Mapping[str, str],
    sources: Sequence[str] = DEFAULT_ORDER,
    vectors: VectorCache | None = None,
    users: LRUCache[ReadUser] | None = None,
    retired: Sequence[str] = (),
    policy_file: Path | None = None,
    n_scored: int | None = None,
) -> Version:
    policy = Policy.load(
        policy_file or prompts_root() / "policy.yaml", kinds=kinds, lists_folder=prompts_root()
    ).for_shop(events.shop)
    shop = ShopEvidence(
        catalogue, snapshot=snapshot, promotions=promotions, policy=policy, shop=events.shop, events=events
    )
    writer = Writer(
        policy=policy,
        catalogue=catalogue,
        language_model=language_model,
        sources=sources,
        retired=retired,
        kinds=kinds,
    )
    reader = UserReader(read, read_many, events=events, shop=shop, vectors=vectors, users=users, n_scored=n_scored)
    return Version(0, reader, writer, {**provenance, "policy": policy.hash})


def _with_changes(catalogue: Catalogue, changes: Sequence[Change]) -> Catalogue:
    """Return a catalogue with the items that changes add."""
    return catalogue.with_items(changed_items(catalogue.items, changes)) if changes else catalogue


def _kinds_of(scorer: GlassBoxScorer) -> tuple[type[ClaimKind], ...]:
    """Return the claim kinds that a scorer, its catalogue and its shop give reason for."""
    links = [table.name for table in scorer.item_links.tables]
    return (
        *picture_kinds(scorer.catalogue, links),
        *signal_kinds(scorer.buckets.signals),
        *channel_kinds(scorer.channels),
        *catalogue_kinds(scorer.catalogue, scorer.shop),
    )


def _provenance(files: Mapping[str, str]) -> dict[str, str]:
    """Return one hash of the tables and one of the scorer, from the manifest's hash of each file."""
    tables = {name: digest for name, digest in files.items() if name.startswith("tables/")}
    scorer = {name: digest for name, digest in files.items() if name not in tables}
    return {
        what: "sha256:" + hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
        for what, hashes in (("data", tables), ("scorer", scorer))
    }
