"""What filled-in answers say: ratings and preference with intervals, and whether those who judged agree.

Sources: Krippendorff (2011), "Computing Krippendorff's alpha-reliability" (interval data); preference is the share of
cases in which a person rated our sentence above another's, ties counting one half, as in a sign test.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from export import COLUMNS

from llm_explain.errors import TableError
from llm_explain.evaluation.bootstrap import Bootstrap, by_group
from llm_explain.evaluation.controls import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llm_explain.evaluation.bootstrap import Values

RATINGS = ("1", "2", "3", "4", "5")

Answers = dict[str, tuple[float, bool]]
"""Rating and choice as best, by sentence."""


def score_study(answers: Sequence[Path], key: Path, *, n_resamples: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Return preference and agreement.

    Args:
        answers: CSV files, one for each person.
        key: The study's key.
        n_resamples: Resamples of cases.
        seed: Source of chance.

    Returns:
        ``people``, ``alpha``, and for each system ``rating``, ``best`` and ``ours_preferred`` (against it), each a mean
        with its interval over cases.
    """
    sentences: dict[str, dict[str, Any]] = json.loads(key.read_text(encoding="utf-8"))["sentences"]
    people = [read_answers(path, sentences) for path in answers]
    systems = list(dict.fromkeys(system for row in sentences.values() for system in row["systems"]))
    systems.sort(key=lambda system: system != OURS)
    cases = sorted({int(row["case"]) for row in sentences.values()})
    place = {case: number for number, case in enumerate(cases)}
    bootstrap = Bootstrap(len(cases), n_resamples=n_resamples, seed=seed)

    def mean(values: Sequence[tuple[int, float]]) -> dict[str, float | None] | None:
        if not values:
            return None
        group = np.array([place[case] for case, _ in values], dtype=np.int64)
        return bootstrap.interval(by_group(np.array([value for _, value in values]), group, len(cases)))

    return {
        "people": len(people),
        "alpha": krippendorff_alpha(
            np.array([[person.get(name, (np.nan, False))[0] for name in sentences] for person in people])
        ),
        "systems": {
            system: {
                "rating": mean(_of(people, sentences, system, 0)),
                "best": mean(_of(people, sentences, system, 1)),
                "ours_preferred": None if system == OURS else mean(_preferred(people, sentences, system)),
            }
            for system in systems
        },
    }


def read_answers(path: Path, sentences: Mapping[str, Mapping[str, Any]]) -> Answers:
    """Read one person's answers; sentences without a rating are left out.

    Args:
        path: The CSV file.
        sentences: Sentences of the key.

    Returns:
        Rating and choice by sentence.

    Raises:
        TableError: If the file is no form of this study, or a rating is none.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise TableError(
                f"{path.name} has the columns {', '.join(reader.fieldnames or ())} but {', '.join(COLUMNS)} are "
                "needed. Give the form of the study."
            )
        found: Answers = {}
        for line, row in enumerate(reader, start=2):
            rating = row["rating"].strip()
            if row["sentence_id"] not in sentences:
                raise TableError(
                    f"{path.name}, line {line}: sentence {row['sentence_id']!r} is not in the key but every "
                    "sentence must be. Give the key of the same study."
                )
            if rating and rating not in RATINGS:
                raise TableError(
                    f"{path.name}, line {line}: the rating is {rating!r} but 1 to 5 is needed. "
                    "Correct it or leave it empty."
                )
            if rating:
                found[row["sentence_id"]] = (float(rating), bool(row["best"].strip()))
    return found


def _of(
    people: Sequence[Answers], sentences: Mapping[str, Mapping[str, Any]], system: str, which: int
) -> list[tuple[int, float]]:
    return [
        (int(sentences[name]["case"]), float(answer[which]))
        for person in people
        for name, answer in person.items()
        if system in sentences[name]["systems"]
    ]


def _preferred(
    people: Sequence[Answers], sentences: Mapping[str, Mapping[str, Any]], system: str
) -> list[tuple[int, float]]:
    """Return for each person and case 1 where ours is rated above the system, 0 below, one half level."""
    found = []
    for person in people:
        rated: dict[int, dict[str, float]] = {}
        for name, (rating, _) in person.items():
            for each in sentences[name]["systems"]:
                rated.setdefault(int(sentences[name]["case"]), {})[each] = rating
        found += [
            (case, float(np.sign(by[OURS] - by[system])) / 2 + 0.5)
            for case, by in rated.items()
            if OURS in by and system in by
        ]
    return found


def krippendorff_alpha(ratings: Values) -> float:
    """Return Krippendorff's alpha for interval data: 1 for perfect agreement, 0 for chance.

    Args:
        ratings: One row a person, NaN where a person did not rate, shape ``(n_people, n_sentences)``.

    Returns:
        Alpha; NaN where no sentence has two ratings or all ratings are one.
    """
    columns = [column[np.isfinite(column)] for column in ratings.T]
    pairable = [column for column in columns if len(column) > 1]
    if not pairable:
        return float("nan")
    values = np.concatenate(pairable)
    n = len(values)
    observed = sum(((c[:, None] - c[None, :]) ** 2).sum() / (len(c) - 1) for c in pairable) / n
    expected = ((values[:, None] - values[None, :]) ** 2).sum() / (n * (n - 1))
    return float(1 - observed / expected) if expected else float("nan")
