"""Describes what drives recommendations in general (Article 27 of the EU Digital Services Act)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import StrictModel, read_yaml

if TYPE_CHECKING:
    import pandas as pd

    from llm_explain.explainer import Explainer

FILE = "main_parameters.yaml"


class ParameterWords(StrictModel):
    """A locale's words for what drives scores.

    Attributes:
        version: Version of the file's form.
        introduction: What the list is.
        choices: How a person changes it.
        parts: What each part of each source is, by source and part.
    """

    version: int
    introduction: str
    choices: str
    parts: dict[str, dict[str, str]]


class MainParameters:
    """Computes what drives scores at the first call, and keeps it.

    Args:
        explainer: The explainer.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer
        self._lock = threading.Lock()
        self._drivers: pd.DataFrame | None = None

    def describe(self, locale: str) -> dict[str, Any]:
        """Return the parameters, those with the largest share first.

        Args:
            locale: A folder under ``prompts/``.

        Returns:
            The introduction, the parameters with their texts, and the choices.
        """
        words, _ = read_yaml(load_lexicon(locale).locale, FILE, ParameterWords)
        with self._lock:
            if self._drivers is None:
                self._drivers = self._explainer.main_drivers()
        columns = (self._drivers[name].tolist() for name in ("source", "part", "share"))
        parameters = [
            {"source": source, "part": part, "share": share, "text": words.parts[source][part]}
            for source, part, share in zip(*columns, strict=True)
            if share > 0
        ]
        return {
            "locale": locale,
            "as_of": self._explainer.as_of.tz_localize("UTC").isoformat(),
            "introduction": words.introduction,
            "parameters": parameters,
            "choices": words.choices,
            "provenance": self._explainer.provenance,
        }
