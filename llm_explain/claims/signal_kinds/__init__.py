"""The claim kind about signal events, in force where the scorer has learned from such events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.signal_events import SIGNALS
from llm_explain.claims.signal_kinds.recent_signal import RecentSignal

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.claims.kind import ClaimKind


def signal_kinds(signals: Collection[str]) -> tuple[type[ClaimKind], ...]:
    """Return the kinds for the signal kinds that a scorer reads.

    Args:
        signals: Signal kinds of the scorer.

    Returns:
        Classes for ``ClaimKinds.extended``.
    """
    return (RecentSignal,) if set(SIGNALS) & set(signals) else ()
