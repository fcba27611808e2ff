"""The explainer that commands open, and the note on a user that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.cli import options
from llm_explain.cli.console import note
from scoring.data.catalogue import near_matches

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.explainer import Explainer


def open_explainer(artifacts: Path, events: Path | None = None, language_model: str | None = None) -> Explainer:
    """Open trained artifacts, without a language model if none is given."""
    from llm_explain.explainer import Explainer  # torch is slow to import

    return Explainer.load(artifacts, events=events, language_model=language_model)


def say_if_cold(explainer: Explainer, user_id: str, as_of: str | None) -> None:
    """Note that a user has no events, with the known ids that are most like the one given."""
    if explainer.is_cold(user_id, as_of=options.moment(as_of)):
        near = [] if user_id in explainer.events else near_matches(user_id, explainer.events.user_ids)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        note(f"user {user_id!r} has no events before this moment: scored from context alone.{hint}")
