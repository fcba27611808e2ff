"""Claim kinds that pictures prove; in force where the items table has the columns of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.picture_kinds.looks_like import LooksLike
from llm_explain.claims.picture_kinds.same_colour import SameColour
from llm_explain.claims.pictures import has_pictures

if TYPE_CHECKING:
    from llm_explain.claims.kind import ClaimKind
    from scoring.data.catalogue import Catalogue


def picture_kinds(catalogue: Catalogue) -> tuple[type[ClaimKind], ...]:
    """Return the kinds for a catalogue with pictures, none for one without.

    Args:
        catalogue: The shop's items.

    Returns:
        Classes for ``ClaimKinds.extended``.
    """
    return (SameColour, LooksLike) if has_pictures(catalogue) else ()
