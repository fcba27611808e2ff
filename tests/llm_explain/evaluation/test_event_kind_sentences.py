"""Finished sentences about shops of every kind of event: none tells one kind as another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import Attribution
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit import Audit
from llm_explain.evaluation.audit.texts import mentions_of, text_faults
from llm_explain.pipeline import Pipeline
from llm_explain.policy.policy import Policy
from llm_explain.policy.suppressions import Suppressions
from llm_explain.text.skeleton import TONES
from llm_explain.text.surfaces import Limits
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from tests.llm_explain.claims.crowd_shop import AS_OF, busy_shop
from tests.llm_explain.evaluation.audit.test_tables import MOMENT, Record, attribution_of_ones

SPOKEN = ("purchase", "view", "play", "cart", "read")


def shop_of(kind: str) -> Tables:
    """Return a shop whose target kind is the given one; the log has carts, returns and an unknown kind too."""
    tables = busy_shop(shop=Shop(target_kinds=(kind,), return_kinds=("return",), time_zone="America/New_York"))
    noise = tables.events["kind"].to_numpy(dtype=object)
    rng = np.random.default_rng(1)
    noise[(noise == "view") & (rng.random(len(noise)) < 0.3)] = "teleport"
    noise[(noise == "view") & (rng.random(len(noise)) < 0.3)] = "cart"
    if kind not in {"purchase", "view", "play"}:
        noise[noise == "purchase"] = kind
    return replace(tables, events=tables.events.assign(kind=pd.Series(noise, dtype="str")))


def drawn(attribution: Attribution, rng: np.random.Generator) -> Attribution:
    """Return the same parts with values drawn by chance, so that every kind of claim is chosen at times."""
    parts = tuple({name: float(rng.exponential()) for name in part} for part in attribution.parts)
    values = np.array([sum(part.values()) for part in parts])
    return replace(attribution, parts=parts, values=values, score=float(values.sum()))


def records_of(tables: Tables, *, n_users: int, n_items: int) -> list[Record]:
    """Return records with sentences about random users and items, in turn in every tone."""
    catalogue, rng = Catalogue(tables.items), np.random.default_rng(2)
    policy = Policy().for_shop(tables.shop)
    shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, MOMENT),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=policy,
        shop=tables.shop,
    )
    writer = Writer(policy=policy, catalogue=catalogue)
    log = EventLog(tables.events, catalogue, tables.shop)
    records: list[Record] = []
    for number, user_id in enumerate(rng.choice(log.user_ids, size=n_users, replace=False)):
        history = log.history(str(user_id), AS_OF)
        known = rng.choice(history.item_index, n_items // 2) if len(history) else np.zeros(0, dtype=np.int64)
        items = np.unique(np.r_[known, rng.integers(0, len(catalogue), n_items - len(known))]).astype(np.int64)
        given = [drawn(attribution_of_ones(history, catalogue, int(item)), rng) for item in items]
        subjects = Subjects.of(Evidence(shop, [history]), np.zeros(len(items), dtype=np.int64), items)
        pipeline = Pipeline(
            shop, writer, {}, TONES[number % len(TONES)], "en", Limits(), deadline=None, suppressions=Suppressions()
        )
        records += [each.to_dict() for each in pipeline.explain_subjects(subjects, given)]
    return [record for record in records if record["text"]]


def kinds_claimed(record: Record, target: str) -> set[str]:
    """Return the event kinds of a record's claims: the target kind, or those of the signals that its claims tell."""
    claims = [*record["reasons"], *record["statements"]]
    told = {claim["facts"]["event_kind"] for claim in claims if "event_kind" in claim["facts"]}
    return {target, *told, *(["purchase"] if any(claim["kind"] == "similar_item" for claim in claims) else [])}


@pytest.mark.parametrize("kind", SPOKEN)
def test_no_sentence_tells_one_kind_of_event_as_another(kind: str, tmp_path: Path) -> None:
    tables = shop_of(kind)
    tables.write(tmp_path)
    records = records_of(tables, n_users=14, n_items=10)
    catalogue = Catalogue(tables.items)
    names = [catalogue.category_names[index] for index in catalogue.category_index]
    items = {
        str(item): (str(title), name)
        for item, title, name in zip(catalogue.item_ids, catalogue.titles, names, strict=True)
    }
    reader = Reader(Names.of(catalogue))
    told: Counter[str] = Counter()
    for record in records:
        title, category = items[record["item_id"]]
        said = reader.event_kinds(record["text"], title=title, category=category)
        told.update(said)
        assert set(said) <= kinds_claimed(record, kind), record["text"]
    assert told.total() >= 15
    of_title = {title: item for item, (title, _) in items.items()}
    read = list(mentions_of(records, reader, items, of_title, kinds=ClaimKinds.installed()))
    assert [fault for faults in text_faults(read, Audit(tmp_path, MOMENT)) for fault in faults] == []


def test_a_kind_without_words_is_never_told() -> None:
    tables = shop_of("teleport")
    records = records_of(tables, n_users=14, n_items=10)
    counting = {name for name, kind in ClaimKinds.installed().items() if kind.counts_events}
    stated = [claim for record in records for claim in (*record["reasons"], *record["statements"])]
    assert stated
    told = {claim["facts"].get("event_kind", "purchase") for claim in stated if claim["kind"] in counting}
    assert told <= {"view", "cart", "play"}, "the other kinds of the log have words"
    assert not any("teleport" in record["text"].casefold() for record in records)
