"""The artifacts under evaluation, and how much of them each section reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.attribution.scored_user import AdditiveScoredUser
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.explainer import Explainer
from llm_explain.text.lexicon import folder_of
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer
from scoring.training.holdout import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.claims import ClaimKinds


@dataclass(frozen=True)
class Sizes:
    """How much each section looks at.

    Attributes:
        records: Explanation records of the audit.
        deletions: Explanations whose strongest group is deleted from the log.
        texts: Texts of each job and locale that are audited.
        seed: Source of chance.
    """

    records: int
    deletions: int
    texts: int
    seed: int = 0


FULL = Sizes(records=10_000, deletions=200, texts=2_000)
QUICK = Sizes(records=1_000, deletions=20, texts=300)


@dataclass(frozen=True)
class EvaluatedArtifacts:
    """Trained artifacts under evaluation.

    Attributes:
        folder: The artifacts.
        explainer: Explains with them.
        scorer: Ranks with them.
        locale: Locale of the sentences.
    """

    folder: Path
    explainer: Explainer
    scorer: GlassBoxScorer
    locale: str = "en"

    @classmethod
    def load(cls, folder: Path, *, language_model: str | None = None, locale: str | None = None) -> EvaluatedArtifacts:
        """Open artifacts.

        Args:
            folder: What ``llm-explain train`` wrote.
            language_model: As for ``Explainer.load``.
            locale: Locale of the sentences; the shop's if not given.

        Returns:
            The artifacts.
        """
        explainer = Explainer.load(folder, language_model=language_model)
        # The scorer that the explainer reads with: a second copy would take as much memory again.
        scored = explainer.reader.read("").scored
        scorer = scored.scorer if isinstance(scored, AdditiveScoredUser) else load_scorer(folder)
        return cls(folder, explainer, scorer, locale or explainer.locale)

    @property
    def metrics(self) -> dict[str, Any]:
        """Metrics of the held-out events, of the scorer and of the baselines, as training measured them."""
        path = self.folder / METRICS
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {"llm-explain": found["test"], **found["baselines"]} if found else {}

    @property
    def kinds(self) -> ClaimKinds:
        """Claim kinds in force."""
        return self.explainer.kinds

    @cached_property
    def reader(self) -> Reader:
        """Reads the sentences."""
        folder, _ = folder_of(self.locale)
        return Reader(Names.of(self.scorer.catalogue, folder), self.locale, kinds=self.kinds)

    @cached_property
    def items(self) -> Mapping[str, tuple[str, str]]:
        """Title and category of each item, by ``item_id``."""
        catalogue = self.scorer.catalogue
        names = [catalogue.category_names[index] for index in catalogue.category_index]
        rows = zip(catalogue.item_ids.tolist(), catalogue.titles.tolist(), names, strict=True)
        return {str(item_id): (str(title), category) for item_id, title, category in rows}

    @cached_property
    def item_of_title(self) -> Mapping[str, str]:
        """An item of each title; of several the one that most users bought lately."""
        catalogue = self.scorer.catalogue
        order = np.argsort(self.scorer.snapshot.users_in_window, kind="stable")
        return {str(catalogue.titles[item]): str(catalogue.item_ids[item]) for item in order}

    def describe(self) -> dict[str, Any]:
        """Return what the report says of the artifacts."""
        return {
            "as_of": self.explainer.as_of.isoformat(),
            "provenance": dict(self.explainer.provenance),
            "users": len(self.explainer.events.user_ids),
            "items": len(self.scorer.catalogue),
            "locale": self.locale,
            "language_model": self.explainer.writer.language_model or "none",
        }
