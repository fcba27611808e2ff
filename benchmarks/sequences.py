"""Tables of the Amazon logs in the S3-Rec preparation, for `llm-explain evaluate ranking --protocol last`.

    python benchmarks/sequences.py Beauty.txt --out DIR [--attributes Beauty.attr.json]

A line of the log is a user and the items that the user bought, in order, without times. Attributes are the categories
and the brand of each item as numbers. The items have no titles.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from scoring.data.shop import Shop
from scoring.data.tables import Tables, with_order


def tables_of(log: Path, attributes: Path | None) -> Tables:
    """Return the tables of a log; events have the order of their line."""
    lines = (line.split() for line in log.read_text(encoding="utf-8").splitlines())
    rows = [(user, item) for user, *items in lines for item in items]
    events = with_order(pd.DataFrame(rows, columns=["user_id", "item_id"]))
    items = pd.DataFrame({"item_id": sorted(events["item_id"].unique())}).assign(title=None, category=None)
    if attributes is not None:
        found = json.loads(attributes.read_text(encoding="utf-8"))
        items["categories"] = ["|".join(map(str, found.get(item, []))) or None for item in items["item_id"]]
    return Tables(events, items.astype("str"), shop=Shop(times="order"))


def main() -> None:
    """Convert a log."""
    parser = argparse.ArgumentParser(description="Convert an Amazon log in the S3-Rec preparation.")
    parser.add_argument("log", type=Path, help="A user and the user's items on each line.")
    parser.add_argument("--out", type=Path, required=True, help="Folder for the tables.")
    parser.add_argument("--attributes", type=Path, help="Numbers of the categories and the brand of each item.")
    arguments = parser.parse_args()
    for path in (arguments.log, arguments.attributes):
        if path is not None and not path.is_file():
            parser.error(f"{path} is missing but is needed. Give the path of a file of the S3-Rec preparation.")
    tables = tables_of(arguments.log, arguments.attributes)
    tables.write(arguments.out)
    print(f"{len(tables.events):,} events and {len(tables.items):,} items in {arguments.out}")


if __name__ == "__main__":
    main()
