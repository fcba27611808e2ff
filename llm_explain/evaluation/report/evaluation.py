"""A finished evaluation, for a notebook: what was found, section by section, as tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from llm_explain.errors import SettingError
from llm_explain.evaluation.artifacts import FULL, QUICK, EvaluatedArtifacts
from llm_explain.evaluation.report.run import run
from llm_explain.evaluation.report.summary import summary
from llm_explain.evaluation.report.write import SECTIONS, every_table, write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llm_explain.evaluation.sections.jobs import JobPaths


def _silent(stage: str, done: int, total: int, /) -> None: ...


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        report: Every figure, as in ``report.json``: ``ranking``, ``exactness``, ``audit``, those of the jobs, and
            their inputs.
    """

    report: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        artifacts: Path | str,
        *,
        quick: bool = False,
        seed: int = 0,
        language_model: str | None = None,
        locale: str | None = None,
        progress: Callable[[str, int, int], None] = _silent,
        jobs: JobPaths | None = None,
    ) -> Evaluation:
        """Measure explanations and texts, next to the figures of training.

        Args:
            artifacts: Folder that ``llm-explain train`` wrote.
            quick: Whether to look at a tenth of everything.
            seed: Source of chance.
            language_model: As for ``Explainer.load``; phrasebook and templates alone if not given.
            locale: Locale of the sentences; the shop's if not given.
            progress: Called with a description, the number done and the total.
            jobs: Models of the jobs, each of which gets a section.

        Returns:
            What was found; the same for the same artifacts and seed, but for the seconds.
        """
        opened = EvaluatedArtifacts.load(Path(artifacts), language_model=language_model, locale=locale)
        return cls(run(opened, replace(QUICK if quick else FULL, seed=seed), progress, jobs))

    @property
    def summary(self) -> list[str]:
        """The main figures, one sentence each, bad results included."""
        return summary(self.report)

    def tables(self, section: str) -> dict[str, pd.DataFrame]:
        """Return a section's tables by title, written as a reader wants them; how to read one is in ``attrs["note"]``.

        Args:
            section: ``ranking``, ``exactness``, ``audit``, ``churn``, ``demand`` or ``campaign``; any other name is a
                ``SettingError``.

        Returns:
            The tables, in the order of the report.
        """
        found = {}
        for table in every_table(self.report):
            if table.section == _known(section):
                found[table.title] = pd.DataFrame(list(table.rows), columns=list(table.header))
                found[table.title].attrs["note"] = table.note
        return found

    def write(self, out: Path | str) -> None:
        """Write ``report.json``, ``report.md`` and ``report.html``.

        Args:
            out: Folder; it is created.
        """
        write_report(self.report, Path(out))


def _known(section: str) -> str:
    if section not in SECTIONS:
        raise SettingError(f"{section!r} is no section of the report. The sections are {', '.join(SECTIONS)}.")
    return section
