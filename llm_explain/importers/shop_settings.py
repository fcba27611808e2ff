"""Settings of the shop at import: the file that is there, the options, and a proposal for what the log lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.data.ratings import scale_of
from scoring.data.shop import FILE, Shop
from scoring.data.targets import end_of_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llm_explain.importers.sorted_events import WrittenEvents


def given_settings(folder: Path, options: Mapping[str, object]) -> Shop:
    """Return the settings of ``shop.yaml`` in a folder with the given ones in their place.

    Args:
        folder: The folder of the tables; without the file the defaults hold.
        options: Settings by name; those that are ``None`` or empty are not given.

    Returns:
        The settings.
    """
    given = {name: value for name, value in options.items() if value not in (None, ())}
    there = Shop.read(folder).model_dump(exclude_unset=True)
    if "target_kinds" in given:
        there.pop("return_kinds", None)
    return Shop.of({**there, **given}, source="the shop's settings")


def proposed_settings(shop: Shop, events: WrittenEvents) -> tuple[Shop, list[str]]:
    """Return settings that fit a log, and sentences on what was proposed or looks wrong.

    Args:
        shop: The settings so far.
        events: Counts of the checked events.

    Returns:
        The settings, with the commonest kind as target kind if no event is of a target kind; and the remarks.
    """
    remarks = []
    kinds = events.of_kind
    if kinds is not None and not any(kind in kinds.index for kind in shop.target_kinds):
        proposal = [str(kind) for kind in kinds.index if kind not in shop.return_kinds]
        if proposal:
            wanted = ", ".join(shop.target_kinds)
            shop = Shop.of({**shop.model_dump(exclude={"return_kinds"}), "target_kinds": [proposal[0]]})
            remarks.append(
                f"no event is of the kind {wanted}: the target kind is {proposal[0]!r}, the commonest. "
                f"Give --target-kind or edit {FILE} to choose another."
            )
    if shop.ratings is None and (ratings := scale_of(events.of_rating)) is not None:
        shop = shop.model_copy(update={"ratings": ratings})
        remarks.append(ratings.told)
    end, late = end_of_log(events.latest, events.rows)
    if late:
        last = events.latest.max()
        remarks.append(
            f"{late:,} {'event lies' if late == 1 else 'events lie'} in {last:%Y} but the others end on "
            f"{end:%d %B %Y}. Training leaves the late ones out. Correct them if a clock was wrong."
        )
    return shop, remarks
