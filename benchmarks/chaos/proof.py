"""What every proof shares: arguments, users to ask for, and a line with the figures."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from wire import Answer, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def users(artifacts: Path, n: int = 200) -> list[str]:
    """Return the users with the most events.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n: How many.

    Returns:
        Ids.
    """
    events = pd.read_parquet(artifacts / "tables" / "events.parquet", columns=["user_id"])
    return [str(user) for user in events["user_id"].value_counts().index[:n]]


def items(artifacts: Path, n: int = 200) -> list[str]:
    """Return items of the catalogue.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        n: How many.

    Returns:
        Ids.
    """
    table = pd.read_parquet(artifacts / "tables" / "items.parquet", columns=["item_id"])
    return [str(item) for item in table["item_id"].iloc[:n]]


def recommendations(names: list[str], n: int | None = None, **fields: Any) -> Iterator[bytes]:
    """Return requests for ten items with sentences, user after user.

    Args:
        names: Users.
        n: How many requests; endless if not given.
        **fields: Further fields of the body.

    Returns:
        Requests.
    """
    body = {"k": 10, "detail": "full", **fields}
    made = [request("POST", "/v1/recommendations", {"user_id": name, **body}) for name in names]
    return itertools.islice(itertools.cycle(made), n)


def fault_of_list(answer: Answer) -> str:
    """Return what is wrong with an answer that should be a list of verified sentences.

    Args:
        answer: The answer.

    Returns:
        Words; empty for nothing.
    """
    if answer.status != 200:
        return f"status {answer.status} {answer.body[:80]!r}"
    for item in answer.json()["items"]:
        record = item["explanation"]
        if record["text"] is None and record["reason_code"] != "nothing_to_say":
            return "no text and no reason for that"
        if not record["verdict"]["ok"]:
            return f"not verified: {record['verdict']['faults']}"
    return ""


def main(run: Callable[..., dict[str, Any]], description: str, **defaults: int | float) -> None:
    """Run a proof from the command line and print its figures as one JSON line; status 1 if it fell short.

    Args:
        run: Takes the artifacts and the named sizes, and returns the figures; ``ok`` says whether they are good.
        description: What it proves.
        **defaults: Sizes of the full proof.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    for name, value in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    given = vars(parser.parse_args())
    figures = run(given.pop("artifacts"), **given)
    print(json.dumps({"proof": Path(sys.argv[0]).stem, **given, **figures}))
    sys.exit(0 if figures["ok"] else 1)
