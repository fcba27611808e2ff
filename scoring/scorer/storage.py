"""Save a trained scorer and load it again; the folder is self-contained."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import torch

from scoring.data.catalogue import Catalogue
from scoring.data.shop import Shop
from scoring.data.tables import END, START, TABLE_NAMES, TIMESTAMP, USER_ID, Tables
from scoring.errors import ArtifactError
from scoring.features.channels import Channels
from scoring.features.copurchase import CoPurchase
from scoring.features.item_pairs import ItemPairs
from scoring.features.own_history import Buckets
from scoring.features.promotions import PromotionCalendar, PromotionNames, WholeTable
from scoring.features.snapshot import Snapshot
from scoring.features.titles import TitleSpace
from scoring.model.links import Links
from scoring.model.model import AdditiveModel
from scoring.scorer.artifacts import LAST_SEEN, read_arrays, read_manifest, staged, write_arrays, write_manifest
from scoring.scorer.calibration import Calibration
from scoring.scorer.item_index import INDEX
from scoring.scorer.scorer import GlassBoxScorer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scoring.data.catalogue import IndexArray
    from scoring.scorer.artifacts import Arrays
    from scoring.scorer.item_index import ItemIndex

SNAPSHOT_WORDS = ("as_of", "days_covered", "season_month")
PAIRS = ("followers", "companions")
SNAPSHOT_ARRAYS = [f.name for f in fields(Snapshot) if f.name not in (*SNAPSHOT_WORDS, *PAIRS, "channels")]


def save_scorer(
    scorer: GlassBoxScorer, tables: Tables, folder: Path, entries: Mapping[str, Any], index: ItemIndex | None = None
) -> None:
    """Write a scorer, its tables and the manifest.

    Files are written to a subfolder first and moved into place when all are complete, so that a full disk or a killed
    process leaves the earlier artifacts as they were.

    Args:
        scorer: The trained scorer.
        tables: The shop's tables, copied as they are but for their order.
        folder: Folder to create or fill.
        entries: What else the manifest says, as JSON values.
        index: Index of a large catalogue.
    """
    with staged(folder) as stage:
        if index is not None:
            index.save(stage / INDEX)
        _write(scorer, tables, stage, entries)


def _write(scorer: GlassBoxScorer, tables: Tables, folder: Path, entries: Mapping[str, Any]) -> None:
    tables.write(folder / "tables", order=_order_for_start(tables, scorer.snapshot.as_of))
    model = {name: tensor.numpy() for name, tensor in scorer.model.float().state_dict().items()}
    scorer.model.double()
    snapshot = scorer.snapshot
    arrays = {name: getattr(snapshot, name) for name in SNAPSHOT_ARRAYS}
    arrays["first_seen"] = arrays["first_seen"].astype(np.int64)
    arrays |= {
        f"{name}_{f.name}": getattr(getattr(snapshot, name), f.name) for name in PAIRS for f in fields(ItemPairs)
    }
    write_arrays(folder / "model.safetensors", model)
    write_arrays(
        folder / "shop.safetensors",
        {
            **arrays,
            **({"channel_users": snapshot.channels.users_by_window} if snapshot.channels.names else {}),
            "candidates": scorer.candidates,
            "linked": scorer.links.candidates,
            **_title_arrays(scorer.titles),
            "link_source": scorer.links.source,
            "link_target": scorer.links.target,
            "buckets": scorer.buckets.of_item,
            "calibration_score": scorer.calibration.score,
            "calibration_probability": scorer.calibration.probability,
            "trunk": scorer.trunk.numpy(),
            **scorer.item_links.arrays(),
        },
    )
    words = {
        "as_of": snapshot.as_of.isoformat(),
        "days_covered": snapshot.days_covered,
        "season_month": snapshot.season_month,
        "n_buckets": list(scorer.buckets.n_buckets),
        "signals": list(scorer.buckets.signals),
        "channels": list(snapshot.channels.names),
        "channel_weights": list(scorer.channel_weights),
        "labels": list(scorer.promotions.names.labels),
        "stores": list(scorer.promotions.names.stores),
        "model": scorer.model.settings,
        "item_links": scorer.item_links.settings(),
        "titles": scorer.titles.model if scorer.titles else None,
        "counts_from_last_seen": scorer.last_seen is not None,
    }
    if scorer.last_seen is not None:
        seen = pd.DataFrame({USER_ID: list(scorer.last_seen), TIMESTAMP: list(scorer.last_seen.values())})
        seen.to_parquet(folder / LAST_SEEN)
    (folder / "model.json").write_text(json.dumps(words, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    write_manifest(folder, {"as_of": words["as_of"], **entries})


def load_scorer(folder: Path) -> GlassBoxScorer:
    """Load what ``save_scorer`` wrote, after checking every hash.

    Args:
        folder: The artifacts.

    Returns:
        The scorer.

    Raises:
        ArtifactError: If the weights are those of another release.
    """
    read_manifest(folder)
    tables = {name: folder / "tables" / f"{name}.parquet" for name in TABLE_NAMES}
    catalogue = Catalogue(pd.read_parquet(tables["items"]))
    words = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    as_of = pd.Timestamp(words["as_of"])
    names = PromotionNames(tuple(words["labels"]), tuple(words["stores"]))
    promotions = PromotionCalendar(
        pd.read_parquet(tables["promotions"], filters=_goes_on(as_of)),
        catalogue,
        whole=WholeTable(names, as_of, partial(_running, tables["promotions"])),
    )
    shop = read_arrays(folder / "shop.safetensors")
    model = AdditiveModel(**{**words["model"], "labels": tuple(words["labels"])})
    weights = read_arrays(folder / "model.safetensors")
    try:
        model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    except RuntimeError as error:
        raise ArtifactError(
            f"{folder / 'model.safetensors'} holds another model than this release reads but the same is needed. "
            "Run `llm-explain train` again."
        ) from error
    return GlassBoxScorer(
        catalogue,
        _snapshot(shop, words),
        promotions,
        shop=Shop.read(folder / "tables"),
        buckets=Buckets(shop["buckets"], tuple(words["n_buckets"]), tuple(words["signals"])),
        candidates=shop["candidates"],
        model=model,
        trunk=torch.from_numpy(shop["trunk"]),
        links=CoPurchase(
            len(catalogue), shop.get("linked", shop["candidates"]), shop["link_source"], shop["link_target"]
        ),
        calibration=Calibration(shop["calibration_score"], shop["calibration_probability"]),
        item_links=Links.of(len(catalogue), words["item_links"], shop),
        titles=TitleSpace(words["titles"], shop["title_mean"], shop["title_directions"]) if words["titles"] else None,
        last_seen=_last_seen(folder) if words.get("counts_from_last_seen") else None,
        channel_weights=words.get("channel_weights", ()),
    )


def _goes_on(as_of: pd.Timestamp) -> pc.Expression:
    return (pc.field(END) > as_of) | pc.field(END).is_null()


def _running(promotions: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Read the promotions that run at a moment."""
    return pd.read_parquet(promotions, filters=(pc.field(START) <= as_of) & _goes_on(as_of))


def _title_arrays(titles: TitleSpace | None) -> Arrays:
    return {} if titles is None else {"title_mean": titles.mean, "title_directions": titles.directions}


def _last_seen(folder: Path) -> dict[str, pd.Timestamp]:
    rows = pd.read_parquet(folder / LAST_SEEN)
    return dict(zip(rows[USER_ID], rows[TIMESTAMP], strict=True))


def _order_for_start(tables: Tables, as_of: pd.Timestamp) -> dict[str, IndexArray]:
    """Return the orders of rows that are read fast at every start: events by user, promotions that have ended first."""
    keys = tables.events[[USER_ID, TIMESTAMP]].reset_index(drop=True)
    has_ended = (tables.promotions[END] <= as_of).to_numpy()  # the rest is read alone
    return {
        "events": keys.sort_values([USER_ID, TIMESTAMP], kind="stable").index.to_numpy(),
        "promotions": np.argsort(~has_ended, kind="stable"),
    }


def _snapshot(shop: Arrays, words: Mapping[str, Any]) -> Snapshot:
    arrays: dict[str, Any] = {name: shop[name] for name in SNAPSHOT_ARRAYS}
    arrays["first_seen"] = arrays["first_seen"].astype("datetime64[s]")
    for name in PAIRS:
        arrays[name] = ItemPairs(**{f.name: shop[f"{name}_{f.name}"] for f in fields(ItemPairs)})
    channels = tuple(words.get("channels", ()))
    return Snapshot(
        channels=Channels(channels, shop["channel_users"]) if channels else Channels.none(len(arrays["price"])),
        as_of=pd.Timestamp(words["as_of"]),
        days_covered=words["days_covered"],
        season_month=words["season_month"],
        **arrays,
    )
