"""What a record says of its own attribution, added up again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]
"""An explanation record (docs/design.md §9)."""

MAX_REASONS, MIN_SHARE, MIN_ITEM_SHARE = 2, 0.1, 0.03
"""What a policy allows by default. A past item has its id behind a colon of the part."""


def attribution_faults(record: Record) -> Iterator[str]:
    """Yield what a record's reasons claim of its attribution that is not so.

    Args:
        record: An explanation record.

    Yields:
        str: One line for each fault.
    """
    where = f"user {record['user_id']}, item {record['item_id']}"
    players = {player["player"]: player for player in record["attributions"]}
    total = record["base_value"] + math.fsum(player["phi"] for player in players.values())
    if not abs(total - record["score"]) <= 1e-4:
        yield f"{where}: base value plus attributions is {total} but the score is {record['score']}"
    positive = math.fsum(max(player["phi"], 0.0) for player in players.values())
    for reason in record["reasons"]:
        player = players.get(reason["player"], {"phi": 0.0, "parts": {}})
        phi = player["parts"].get(reason["part"])
        if phi != reason["phi"] or reason["phi"] <= 0 or player["phi"] <= 0:
            yield f"{where}, {reason['kind']}: cites {reason['phi']} but part {reason['part']!r} of {player} is {phi}"
        elif ":" in reason["part"] and reason["part"].partition(":")[2] != reason["facts"].get("other_item_id"):
            other = reason["facts"].get("other_item_id")
            yield f"{where}, {reason['kind']}: cites {reason['part']!r} but names {other!r}"
        elif not math.isclose(reason["share"], phi / positive, rel_tol=1e-6):
            yield f"{where}, {reason['kind']}: share is {reason['share']} but {phi / positive} is due"


def selection_faults(record: Record) -> Iterator[str]:
    """Yield what is wrong with the choice of reasons in a record that is shown.

    Args:
        record: An explanation record.

    Yields:
        str: One line for each fault.
    """
    reasons = record["reasons"]
    where = f"user {record['user_id']}, item {record['item_id']}"
    if len(reasons) > MAX_REASONS:
        yield f"{where}: {len(reasons)} reasons"
    if len({reason["kind"] for reason in reasons}) < len(reasons):
        yield f"{where}: two reasons of one kind"
    if len({(reason["player"], reason["part"]) for reason in reasons}) < len(reasons):
        yield f"{where}: two reasons for one part"
    for reason in reasons:
        if reason["share"] < (MIN_ITEM_SHARE if ":" in reason["part"] else MIN_SHARE):
            yield f"{where}: {reason['kind']} has a share of {reason['share']}"
