"""Options that several commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_explain.text.skeleton import Tone
from scoring.data.moments import as_moment

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_ARTIFACTS = Path("artifacts/completejourney")

Artifacts = Annotated[
    Path, typer.Option("--artifacts", metavar="DIR", help="Folder that `llm-explain train` wrote.", show_default=True)
]
User = Annotated[str, typer.Option("--user", metavar="U", help="A user's id in the events table.")]
Users = Annotated[list[str], typer.Option("--user", metavar="U", help="A user's id; may be given several times.")]
K = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many items.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON record a line on stdout.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Only events before this ISO 8601 moment count; the artifacts' if not given."
    ),
]
Events = Annotated[
    Path | None,
    typer.Option("--events", metavar="FILE", help="CSV or Parquet that replaces the event log for this call."),
]
ToneOption = Annotated[
    Tone | None, typer.Option("--tone", help="friendly, concise or formal; the surface's if not given, else friendly.")
]
Surface = Annotated[
    str | None, typer.Option("--surface", metavar="NAME", help="Where it is shown: card, detail, email or push.")
]
MaxLength = Annotated[int | None, typer.Option("--max-length", metavar="N", help="Most characters of a sentence.")]
LanguageModel = Annotated[
    str, typer.Option(metavar="NAME", help="auto for the packaged weights, a local folder, or a Hugging Face id.")
]
NoLanguageModel = Annotated[bool, typer.Option("--no-language-model", help="Hand-written sentences only.")]
Sources = Annotated[
    str,
    typer.Option(
        "--sources", metavar="LIST", help="Where sentences come from, first to last: lm first writes the list live."
    ),
]
Locale = Annotated[str, typer.Option("--locale", help="A folder under prompts/, for example en.")]


def moment(as_of: str | None) -> pd.Timestamp | None:
    """Return the moment that ``--as-of`` names.

    The call raises ``SettingError`` if it is no date and time, or is outside the years 1678 to 2261.

    Args:
        as_of: ISO 8601, with or without a time zone; a zone is converted to UTC.

    Returns:
        A moment without a zone; ``None`` if none was given.
    """
    return None if as_of is None else as_moment(as_of, "--as-of")
