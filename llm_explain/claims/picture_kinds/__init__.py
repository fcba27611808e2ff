"""Claim kinds that pictures prove, in force where the scorer links items by pictures or by colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.picture_kinds.looks_like import LooksLike
from llm_explain.claims.picture_kinds.same_colour import SameColour
from llm_explain.claims.pictures import EMBEDDING_COLOUR, EMBEDDING_IMAGE, has_pictures
from scoring.features.near import NEAR

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.claims.kind import ClaimKind
    from scoring.data.catalogue import Catalogue


def picture_kinds(catalogue: Catalogue, link_names: Collection[str]) -> tuple[type[ClaimKind], ...]:
    """Return the kinds that a scorer's links permit.

    A past item that raised a score by other links alone is no reason to speak of its picture.

    Args:
        catalogue: The shop's items.
        link_names: Names of the scorer's link tables.

    Returns:
        Classes for ``ClaimKinds.extended``.
    """
    if not has_pictures(catalogue):
        return ()
    by_column: dict[str, type[ClaimKind]] = {EMBEDDING_COLOUR: SameColour, EMBEDDING_IMAGE: LooksLike}
    return tuple(kind for column, kind in by_column.items() if NEAR + column in link_names)
