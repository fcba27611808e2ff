"""Options that several commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llm_explain.errors import SettingError
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
Channel = Annotated[
    str, typer.Option("--channel", metavar="C", help="Where the request comes from: web, app, mini_program, shop, …")
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
    str,
    typer.Option(
        metavar="NAME",
        help="auto for the packaged weights, a local folder, a Hugging Face id, or URLs of servers with commas.",
    ),
]
NoLanguageModel = Annotated[bool, typer.Option("--no-language-model", help="Hand-written sentences only.")]
Sources = Annotated[
    str,
    typer.Option(
        "--sources", metavar="LIST", help="Where sentences come from, first to last: lm first writes the list live."
    ),
]
SectionOption = Annotated[
    Literal["new", "again", "mixed", "score"],
    typer.Option("--section", help="Which section of the list; score: by score alone, without sections."),
]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="I", help="An item that is left out.")]
CandidatesFile = Annotated[
    Path | None, typer.Option("--candidates", metavar="FILE", help="Items that may be shown, one id a line.")
]
Category = Annotated[list[str] | None, typer.Option("--category", metavar="C", help="Only these categories.")]
Brand = Annotated[list[str] | None, typer.Option("--brand", metavar="B", help="Only these brands.")]
MinPrice = Annotated[float | None, typer.Option(metavar="X", help="Lowest price.")]
MaxPrice = Annotated[float | None, typer.Option(metavar="X", help="Highest price.")]
Diversity = Annotated[
    float, typer.Option("--diversity", metavar="X", help="0 (by score) to 1: avoid categories that the list shows.")
]
Offset = Annotated[int, typer.Option("--offset", min=0, metavar="N", help="Places to skip, for the next page.")]
Pin = Annotated[list[str] | None, typer.Option("--pin", metavar="I", help="An item that the merchant puts first.")]
Bury = Annotated[list[str] | None, typer.Option("--bury", metavar="I", help="An item that the merchant puts last.")]
LocaleFolder = Annotated[str, typer.Option("--locale", help="A folder under prompts/, for example en.")]
Locale = Annotated[
    str | None, typer.Option("--locale", help="A folder under prompts/, for example en-GB; the shop's if not given.")
]


def moment(as_of: str | None) -> pd.Timestamp | None:
    """Return the moment that ``--as-of`` names.

    The call raises ``SettingError`` if it is no date and time, or is outside the years 1678 to 2261.

    Args:
        as_of: ISO 8601, with or without a time zone; a zone is converted to UTC.

    Returns:
        A moment without a zone; ``None`` if none was given.
    """
    return None if as_of is None else as_moment(as_of, "--as-of")


def read_ids(path: Path | None) -> list[str] | None:
    """Return the ids of a file, one a line.

    Args:
        path: The file; ``None`` for none.

    Returns:
        Ids without empty lines; ``None`` if no file was given.

    Raises:
        SettingError: If the file cannot be read.
    """
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} cannot be read ({error}) but a text file with ids is needed. Write one.") from error
    return [line.strip() for line in lines if line.strip()]
