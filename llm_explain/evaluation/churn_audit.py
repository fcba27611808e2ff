"""Audit of churn texts: facts by SQL over the raw tables; signs, order and values read from the texts themselves.

It shares no code with the job's writer, verifier and claim kinds. The text audit reads the section ``audit`` of the
job's file: a cue with its numbers for each kind.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from babel.numbers import get_decimal_symbol, parse_decimal

import llm_explain.jobs.churn as job
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.jobs.churn.sql import setting_sql
from llm_explain.jobs.words import job_section
from llm_explain.text.prompt_files import StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from llm_explain.jobs.churn.job import ChurnJob

Record = dict[str, Any]

SQL: Final = Path(job.__file__).with_name("kinds.sql")
ATOL: Final = 0.011
"""A cent, or the last decimal of a fact."""

NO_FACTS: Final = {"occasion", "noun", "is_against"}
"""Words of the shop and of the text: no facts of the tables."""

SHARE: Final = 1e-4
PERCENT: Final = 100.0
ROUNDING: Final = 1e-6


class Cue(StrictModel):
    """What shows a kind in a text.

    Attributes:
        finds: Regular expression with named numbers.
        sign: 1 if the words speak for a higher risk, −1 for a lower one.
    """

    finds: str
    sign: int


class AuditWords(StrictModel):
    """The audit's section of a job's file.

    Attributes:
        headline: Regular expression of the headline's ``risk`` and ``average`` in percent.
        kinds: Cues by claim kind.
        closing: What begins a claim at the end of a text, which is no driver.
        opposing: What separates opposing drivers from reasons.
    """

    headline: str
    kinds: dict[str, Cue]
    closing: str
    opposing: str


def fact_faults(job: ChurnJob, records: Sequence[Record], folder: Path, as_of: pd.Timestamp) -> list[str]:
    """Return facts of claims that SQL over the raw tables does not repeat.

    Args:
        job: The job, for its setting.
        records: Explanation records.
        folder: Folder of the raw tables.
        as_of: Moment of the records, UTC without a zone.

    Returns:
        One line for each difference.
    """
    if job.artifacts.setting is None:
        return []
    connection = Audit(folder, as_of).connection
    stated = [(record, claim) for record in records for claim in (*record["reasons"], *record["statements"])]
    users = list(dict.fromkeys(record["user_id"] for record in records))
    connection.execute(setting_sql(job, users))
    connection.execute(SQL.read_text(encoding="utf-8"))
    place = {user: rid for rid, user in enumerate(users)}
    faults = []
    for kind in sorted({claim["kind"] for _, claim in stated}):
        rows = connection.execute(f"select * from found_{kind}").df().to_dict("records")  # noqa: S608  a claim kind
        found = {int(row["rid"]): row for row in rows}
        for record, claim in stated:
            if claim["kind"] == kind:
                row = found.get(place[record["user_id"]], {})
                faults += [f"user {record['user_id']}, {kind}: {text}" for text in _differences(claim["facts"], row)]
    return faults


def _differences(facts: Mapping[str, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if name in NO_FACTS:
            continue
        other = found.get(name)
        if isinstance(value, str):
            if str(other) != value:
                yield f"{name} is {value!r} but SQL gives {other!r}"
        elif other is None or not math.isclose(float(other), value, rel_tol=1e-9, abs_tol=ATOL):
            yield f"{name} is {value} but SQL gives {other}"


def text_faults(record: Record, terms: Mapping[str, float], average: float, locale: str = "en") -> list[str]:
    """Return what a text says against the model: a sign, the order of drivers, or a value of its facts.

    Args:
        record: An explanation record.
        terms: Attribution of each feature, computed apart from the record, for example by TreeSHAP.
        average: Average risk, which the headline compares with.
        locale: The text's locale.

    Returns:
        One line for each fault.
    """
    text = record["text"]
    if text is None:
        return []
    words = job_section(locale, "churn", "audit", AuditWords)
    locale = locale.replace("-", "_")
    halves = re.split(words.opposing, re.split(words.closing, text, maxsplit=1)[0], maxsplit=1)
    is_high = record["probability"] >= average
    stated = {claim["kind"]: claim for claim in (*record["reasons"], *record["statements"]) if claim["player"]}
    faults = list(_headline_faults(re.search(words.headline, text), record["probability"], average))
    found: list[tuple[int, int, str]] = []
    for side, half in enumerate(halves):
        for kind, cue in words.kinds.items():
            if match := re.search(cue.finds, half):
                found.append((side, match.start(), kind))
                expected = (1 if is_high else -1) * (1 if side == 0 else -1)
                if cue.sign not in (0, expected):
                    faults.append(f"{kind} is told as a driver of sign {expected}")
                faults += [f"{kind}: {fault}" for fault in _value_faults(match.groupdict(), stated.get(kind), locale)]
                if kind in stated and terms[stated[kind]["part"]] * expected <= 0:
                    faults.append(f"{kind}: the term of {stated[kind]['part']} is {terms[stated[kind]['part']]:.4f}")
    if sorted(kind for *_, kind in found) != sorted(stated):
        faults.append(f"the text tells {sorted(k for *_, k in found)} but the record states {sorted(stated)}")
    for side in (0, 1):
        own = [kind for where, _, kind in sorted(found) if where == side and kind in stated]
        sizes = [abs(terms[stated[kind]["part"]]) for kind in own]
        if any(later > earlier + SHARE for earlier, later in pairwise(sizes)):
            faults.append(f"the order {own} is not that of the terms {sizes}")
    return faults


def _headline_faults(match: re.Match[str] | None, risk: float, average: float) -> Iterator[str]:
    """Yield what the headline says against the risk; one without an average says that both are equal."""
    if match is None:
        yield "the headline tells no risk"
        return
    said = int(match["risk"])
    for name, told, value in (("risk", said, risk), ("average", int(match["average"] or said), average)):
        if abs(told - PERCENT * value) > 0.5 + ROUNDING:
            yield f"the {name} is told as {told}% but is {value:.4f}"


def _value_faults(numbers: Mapping[str, str | None], claim: Record | None, locale: str) -> Iterator[str]:
    if claim is None:
        yield "the record has no such claim"
        return
    for name, text in numbers.items():
        if text is None:
            continue
        fact = claim["facts"][name]
        if isinstance(fact, str):
            if text != fact:
                yield f"{name} is told as {text!r} but is {fact!r}"
            continue
        said = float(parse_decimal(text, locale=locale))
        decimals = len(text.partition(get_decimal_symbol(locale))[2])
        if abs(said - fact) > 0.5 * 10.0**-decimals + ROUNDING:
            yield f"{name} is told as {said} but is {fact}"
