"""One user's list from a catalogue of a million items: with the index and without it.

python benchmarks/large.py [--artifacts artifacts/completejourney] [--items 1000000] [--quick]

The catalogue holds each item of a trained shop many times. Each copy has an id and a title of its own, vectors that
differ by chance and a popularity below that of its model. Users buy one of the copies instead of the item.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from report import Section
from scipy import sparse

from llm_explain import Explainer
from llm_explain.attribution.scored_user import AdditiveScoredUser
from scoring.data.catalogue import Catalogue
from scoring.data.tables import ITEM_ID, TITLE, USER_ID, Tables
from scoring.features.copurchase import CoPurchase
from scoring.features.own_history import Buckets
from scoring.features.promotions import PromotionCalendar
from scoring.model.links import Links
from scoring.scorer.item_index import ItemIndex
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer, save_scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

NOISE = 0.5
"""Standard deviation of what chance adds to the vectors of a copy, as a share of that of all items."""

POPULARITY = ("users_by_window", "n_events", "buyers")
PER_ITEM = (*POPULARITY, "price", "rebuy", "first_seen")


class Copies:
    """Numbers of the copies of items.

    Args:
        base: The trained scorer.
        n_items: Items that may be recommended in the larger catalogue, at least.
        seed: Source of chance.
    """

    def __init__(self, base: GlassBoxScorer, n_items: int, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.n_old, self.items = len(base.catalogue), base.candidates
        self.n_each = -(-n_items // len(self.items))  # copies of an item, itself among them
        self.of_new = np.tile(self.items, self.n_each - 1)  # the item that each new one copies
        self.source = np.concatenate([np.arange(self.n_old), self.of_new])
        self.row = np.full(self.n_old, -1)
        self.row[self.items] = np.arange(len(self.items))

    def number(self, item: np.ndarray, copy: np.ndarray) -> np.ndarray:
        """Return row numbers of copies. Copy 0 is the item, and so is every copy of an item without copies."""
        is_new = (copy > 0) & (self.row[item] >= 0)
        return np.where(is_new, self.n_old + (copy - 1) * len(self.items) + self.row[item], item)

    def shaken(self, vectors: np.ndarray, source: np.ndarray, n_kept: int) -> np.ndarray:
        """Return rows of vectors, of which all but the first ones differ by chance."""
        found = vectors[source]
        scale = (NOISE * vectors.std(axis=0)).astype(np.float32)
        for start in range(n_kept, len(found), 100_000):
            block = found[start : start + 100_000]
            block += scale * self.rng.standard_normal(block.shape, dtype=np.float32)
        return found


def multiplied(base: GlassBoxScorer, tables: Tables, n_items: int) -> tuple[GlassBoxScorer, Tables]:
    """Return a scorer and tables in which each item that may be recommended stands many times."""
    copies = Copies(base, n_items)
    source, rng, n_new = copies.source, copies.rng, len(copies.of_new)
    number = np.repeat(np.arange(1, copies.n_each), len(copies.items)).astype(str)
    items = base.catalogue.items.iloc[source].reset_index(drop=True)
    for name in (ITEM_ID, TITLE):
        old = items[name].to_numpy(dtype=object)
        new = [
            f"{text}-{n}" if name == ITEM_ID else f"{text} {n}" for text, n in zip(old[-n_new:], number, strict=True)
        ]
        items[name] = pd.Series([*old[:-n_new], *new], dtype=items[name].dtype)
    events = tables.events.copy()
    item = base.catalogue.known(events[ITEM_ID])
    user = pd.factorize(events[USER_ID])[0]
    chosen = copies.number(item, (user * 7919 + item * 104_729) % copies.n_each)  # always the same one for a user
    events[ITEM_ID] = items[ITEM_ID].to_numpy(dtype=object)[chosen]
    larger = replace(tables, events=events, items=items)
    share = np.ones(len(source))
    share[-n_new:] = rng.uniform(0.05, 1.0, n_new)
    snapshot = base.snapshot.with_items(n_new, 0)
    arrays: dict[str, Any] = {name: getattr(base.snapshot, name)[source] for name in PER_ITEM}
    for name in POPULARITY:
        arrays[name] = np.ceil((arrays[name].T * share).T).astype(np.int64)
    snapshot = replace(snapshot, **arrays)
    catalogue = Catalogue(items, tuple(base.catalogue.category_names), tuple(base.catalogue.brand_names))
    linked = np.concatenate([base.links.candidates, np.arange(copies.n_old, len(source))])
    rows = np.concatenate([np.arange(len(base.links.candidates)), np.tile(copies.row[copies.items], copies.n_each - 1)])
    n_kept = len(base.links.candidates)
    scorer = GlassBoxScorer(
        catalogue, snapshot, PromotionCalendar(tables.promotions, catalogue), shop=base.shop,
        buckets=Buckets.build(catalogue, snapshot.price, base.buckets.signals),
        candidates=np.concatenate([base.candidates, np.arange(copies.n_old, len(source))]), model=base.model,
        trunk=torch.from_numpy(copies.shaken(base.trunk.numpy(), source, copies.n_old)),
        links=CoPurchase(
            len(source), linked, base.links.source[rows], copies.shaken(base.links.target, rows, n_kept)
        ),
        calibration=base.calibration,
        item_links=Links(len(source), tuple(replace(t, links=spread(t.links, copies)) for t in base.item_links.tables)),
        titles=base.titles, last_seen=base.last_seen, channel_weights=base.channel_weights,
    )  # fmt: skip
    return scorer, larger


def spread(links: sparse.csr_array, copies: Copies) -> sparse.csr_array:
    """Return links in which each copy leads to some copy of each item that its model leads to."""
    rows = sparse.csr_array(links)[copies.source]
    target = copies.number(rows.indices, copies.rng.integers(copies.n_each, size=rows.nnz))
    n = len(copies.source)
    return sparse.csr_array((rows.data, target, rows.indptr), shape=(n, n))


def write(artifacts: Path, folder: Path, n_items: int) -> dict[str, float]:
    """Write artifacts of the larger shop; return the seconds and the megabytes of its index."""
    scorer, tables = multiplied(load_scorer(artifacts.resolve()), Tables.read(artifacts / "tables"), n_items)
    began = time.perf_counter()
    index = ItemIndex.build(scorer)
    spent = time.perf_counter() - began
    save_scorer(scorer, tables, folder, {}, index)
    return {"seconds": spent, "MB": (folder / "items.usearch").stat().st_size / 1e6}


def measure(folder: Path, n_users: int) -> dict[str, Any]:
    """Open the shop and return times and memory of lists, and how many of the best items the candidates have."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    explainer = Explainer.load(folder, language_model=None, cached_users=1)
    found: dict[str, Any] = {"open_s": time.perf_counter() - began, "items": len(explainer.shop.is_sold)}
    users = explainer.events.user_ids
    users = users[:: max(1, len(users) // n_users)][:n_users]
    explainer.recommend(users[0])  # what is computed once
    found["ready"] = memory()
    for name, work in (("rank", explainer.rank), ("recommend", explainer.recommend)):
        explainer.reader.forget()
        found[name] = spent([lambda user=user, work=work: work(user, k=10) for user in users])
    found["served"] = memory()
    category = explainer.shop.catalogue.category_names[int(explainer.shop.catalogue.category_index[0])]
    explainer.reader.forget()
    found["filtered"] = spent(
        [lambda user=user: explainer.rank(user, k=10, categories=[category]) for user in users[:20]]
    )
    reader, agreed, sizes, exact = explainer.reader, {10: [], 100: [], 1000: []}, [], []
    scorer = reader.read(users[0]).scored.scorer
    for user in users:
        scored = reader.read(user).scored
        began = time.perf_counter()
        best, _ = AdditiveScoredUser(scorer, scored.state, scored.vectors).rank(max(agreed))
        exact.append(time.perf_counter() - began)
        pool = scored._found[0]
        sizes.append(len(pool))
        for k, shares in agreed.items():
            shares.append(float(np.isin(best[:k], pool).mean()))
    found["exact"] = statistics.median(exact)
    found["pool"] = statistics.mean(sizes)
    found["agreement"] = {str(k): statistics.mean(shares) for k, shares in agreed.items()}
    found["with exact"] = memory()
    return found


def spent(works: Sequence[Any]) -> dict[str, float]:
    """Return median and 95th percentile of the seconds of some calls, and their median processor time."""
    wall, processor = [], []
    for work in works:
        start, began = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - began)
    return {
        "p50": statistics.median(wall),
        "p95": sorted(wall)[int(0.95 * len(wall))],
        "processor": statistics.median(processor),
    }


def memory() -> dict[str, float]:
    """Return the megabytes of this process: those of its own, and those mapped from files."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return {"own": kb["Anonymous"] / 1024, "mapped": (kb["Rss"] - kb["Anonymous"]) / 1024}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--quick", action="store_true", help="50,000 items")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:  # in a process of its own, so that memory is that of an open shop
        print(json.dumps(measure(given.measure, given.users)))
        return
    n_items = 50_000 if given.quick else given.items
    folder = given.out / "large" / str(n_items)
    built = write(given.artifacts, folder, n_items)
    command = [sys.executable, __file__, "--measure", str(folder), "--users", str(given.users)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    print(json.dumps({"built": built, **found}), file=sys.stderr, flush=True)
    section = Section(given.out, "large", f"A catalogue of {found['items']:,} items")
    rows = [
        (name, *(f"{1e3 * found[key][which]:.1f}" for which in ("p50", "p95", "processor")))
        for name, key in (
            ("top ten", "rank"),
            ("list of ten with sentences", "recommend"),
            ("one category", "filtered"),
        )
    ]
    section.table(("milliseconds on one thread", "p50", "p95", "processor time (p50)"), rows)
    section.say(f"To score every item instead takes {1e3 * found['exact']:,.0f} ms of the top ten, in the same run.")
    shares = ", ".join(f"{share:.4f} of the best {k}" for k, share in found["agreement"].items())
    section.say(f"Of {found['pool']:,.0f} candidates a user: {shares} by the full score are among them.")
    section.say(
        f"The index took {built['seconds']:.0f} s and {built['MB']:,.0f} MB. The open shop holds "
        f"{found['ready']['own']:,.0f} MB of its own and maps {found['ready']['mapped']:,.0f} MB."
    )
    section.write()


if __name__ == "__main__":
    main()
