"""Validation errors and the rows that caused them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

ROW: Final = "row"
REASON: Final = "reason"
SHOWN_ROWS: Final = 3
SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class RuleMessage:
    """A broken rule in words: the middle of ``<what> <came> but <needed>. <remedy>``.

    Attributes:
        came: What the offending rows hold.
        needed: What the column must hold.
        remedy: What to do.
    """

    came: str
    needed: str
    remedy: str


MESSAGES: Final[Mapping[str, RuleMessage]] = {
    "not_nullable": RuleMessage("is empty", "a value is needed", "Fill it in or leave the rows out."),
    "id_float": RuleMessage(
        "holds floating-point numbers",
        "an id is text or a whole number",
        "Export the ids as text, so that none is rounded.",
    ),
    "id_type": RuleMessage("holds neither text nor whole numbers", "an id is needed", "Export the ids as text."),
    "text_type": RuleMessage("holds something other than text", "text is needed", "Export the column as text."),
    "empty": RuleMessage("holds an empty text", "a text is needed", "Fill it in or leave the rows out."),
    "control": RuleMessage(
        "holds control characters",
        "printable text is needed",
        "Remove line breaks, tabs and invisible characters.",
    ),
    "outer_space": RuleMessage(
        "begins or ends with white space",
        "the bare value is needed",
        "Trim it in every table alike.",
    ),
    "moment_type": RuleMessage(
        "holds something other than dates",
        "a date and time is needed",
        "Write ISO 8601, for example 2017-12-01T09:30.",
    ),
    "moment_text": RuleMessage(
        "holds text that is no date",
        "a date and time is needed",
        "Write ISO 8601, for example 2017-12-01T09:30, or import the file with `llm-explain import flat`.",
    ),
    "moment_range": RuleMessage(
        "holds dates that cannot be represented",
        "dates from 1678 to 2261 are needed",
        "Leave an unknown or open date empty where that is allowed, or use one within the range.",
    ),
    "epoch": RuleMessage(
        "holds times of 1970",
        "the time of each event is needed",
        "A 0 stands for no time, and seconds that are read as milliseconds lie in January 1970. Correct the times, or "
        "leave the rows out.",
    ),
    "mixed_zones": RuleMessage(
        "holds times with and without a time zone; this is the rarer way",
        "one way of writing is needed",
        "Give every time its zone, or none.",
    ),
    "number_type": RuleMessage(
        "holds something other than numbers",
        "a number is needed",
        "Write it with a point and no unit, for example 2.99.",
    ),
    "infinite": RuleMessage("is infinite", "a finite number is needed", "Leave an unknown number empty."),
    "negative": RuleMessage(
        "is negative",
        "0 or more is needed",
        "Leave corrections out.",
    ),
    "duplicate": RuleMessage("repeats an earlier row", "one row each is needed", "Keep one of them."),
    "unknown_item": RuleMessage(
        "names items that the items table does not have",
        "a known item is needed",
        "Add the items or leave the rows out.",
    ),
    "backwards": RuleMessage(
        "is not after 'start'",
        "a promotion ends after it starts",
        "The end is exclusive: give the first moment without it.",
    ),
    "embedding_type": RuleMessage(
        "holds something other than lists of numbers",
        "a list of numbers is needed",
        "Write every row as a list of floats.",
    ),
    "embedding_value": RuleMessage(
        "holds numbers that are not finite",
        "finite numbers are needed",
        "Compute the embeddings again for these rows.",
    ),
    "embedding_length": RuleMessage(
        "holds lists of another length than most rows",
        "one length is needed",
        "Use one embedding model for all rows.",
    ),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that some rows of a column break.

    Attributes:
        column: The column.
        rule: A key of ``MESSAGES``.
        positions: Positions of the rows, from 0, ascending.
    """

    column: str
    rule: str
    positions: npt.NDArray[np.int64]


def message(frame: pd.DataFrame, violations: list[Violation], source: str) -> str:
    """Say which rules a table breaks.

    Args:
        frame: The table as it came.
        violations: At least one.
        source: What to call the table.

    Returns:
        One sentence a rule: column, rule, number of rows and the first of them, what is needed, what to do.
    """
    sentences = [_sentence(frame, violation) for violation in violations]
    if len(sentences) == 1:
        return f"{source}: {sentences[0]}"
    return f"{source} breaks {len(sentences)} rules:\n" + "\n".join(f"- {sentence}" for sentence in sentences)


def _sentence(frame: pd.DataFrame, violation: Violation) -> str:
    text = MESSAGES[violation.rule]
    values = frame[violation.column].iloc[violation.positions[:SHOWN_ROWS]].to_numpy(dtype=object)
    first = "; ".join(
        f"row {frame.index[position]}, {_shown(value)}"
        for position, value in zip(violation.positions[:SHOWN_ROWS], values, strict=True)
    )
    n = len(violation.positions)
    return (
        f"column {violation.column!r} {text.came} in {n:,} row{'s' if n > 1 else ''} (first: {first}) "
        f"but {text.needed}. {text.remedy}"
    )


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return "no value"
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[: SHOWN_CHARACTERS - 1]}…"


def rejected_rows(frame: pd.DataFrame, violations: list[Violation]) -> pd.DataFrame:
    """Return the rows that break a rule, with the reasons.

    Args:
        frame: The table as it came; its index numbers the rows.
        violations: The broken rules.

    Returns:
        The rows as they came, behind the columns ``row`` and ``reason``.
    """
    reasons: dict[int, list[str]] = {}
    for violation in violations:
        text = MESSAGES[violation.rule]
        for position in violation.positions.tolist():
            reasons.setdefault(position, []).append(f"{violation.column} {text.came} but {text.needed}")
    positions = sorted(reasons)
    rejects = frame.iloc[positions].reset_index(drop=True)
    rejects.insert(0, ROW, frame.index[positions].to_numpy(), allow_duplicates=True)
    rejects.insert(1, REASON, pd.Series(["; ".join(reasons[p]) for p in positions], dtype="str"), allow_duplicates=True)
    return rejects
