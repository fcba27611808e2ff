"""The claim kind about the channel of a request, in force where the scorer has the context term of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.channel_kinds.channel_favourite import ChannelFavourite

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.claims.kind import ClaimKind


def channel_kinds(channels: Collection[str]) -> tuple[type[ClaimKind], ...]:
    """Return the kinds for the channels of a scorer.

    Args:
        channels: Channels of its context term.

    Returns:
        Classes for ``ClaimKinds.extended``.
    """
    return (ChannelFavourite,) if channels else ()
