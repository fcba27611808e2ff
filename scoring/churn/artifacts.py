"""A trained churn model on disk: curves, setting, figures, and the labels that a user may edit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from scoring.boosting.additive import AdditiveModel
from scoring.churn.customers import CustomerColumns
from scoring.churn.setting import ChurnSetting
from scoring.data.tables import file_hash
from scoring.errors import ArtifactError, SettingError
from scoring.scorer.artifacts import staged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODEL: Final = "churn.json"
LABELS: Final = "labels.yaml"
HISTORY: Final = "history.json"
VERSION: Final = 1


class Labels(BaseModel):
    """Words of the shop for its customers and columns; ``labels.yaml`` next to the model.

    Attributes:
        noun: What a user is called: ``customer`` or ``household``.
        occasion: What a purchase is called: ``visit`` to a shop, or ``order``.
        outcome: What a customer does who churns, as "leaving"; for tables of customers.
        columns: Names of columns, as a sentence says them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    noun: Literal["customer", "household"] = "customer"
    occasion: Literal["visit", "order"] = "order"
    outcome: str = ""
    columns: dict[str, str] = {}


@dataclass(frozen=True, eq=False)
class ChurnArtifacts:
    """What ``churn train`` writes.

    Attributes:
        model: Calibrated curves; scores are log odds of churn.
        setting: What counts as churn; ``None`` for a table of customers.
        columns: How a table of customers becomes features; ``None`` for events.
        labels: Words for customers and columns.
        figures: Last line of ``churn train --json``.
        digest: Hash of the model's file.
    """

    model: AdditiveModel
    setting: ChurnSetting | None
    columns: CustomerColumns | None
    labels: Labels
    figures: dict[str, Any]
    digest: str = ""

    def write(self, folder: Path, history: dict[str, Any], draw: Callable[[Path], None] | None = None) -> None:
        """Write the files, or none of them.

        Args:
            folder: The folder to create or fill. A ``labels.yaml`` that is there stays.
            history: What to keep of the training, for ``history.json``.
            draw: Writes pictures into a folder; none if not given.
        """
        content = {
            "version": VERSION,
            "model": self.model.to_json(),
            "setting": self.setting.model_dump(mode="json") if self.setting else None,
            "columns": self.columns.to_json() if self.columns else None,
            "figures": self.figures,
        }
        with staged(folder) as stage:
            (stage / MODEL).write_text(json.dumps(content) + "\n", encoding="utf-8")
            (stage / HISTORY).write_text(json.dumps(history) + "\n", encoding="utf-8")
            if not (folder / LABELS).exists():
                text = yaml.safe_dump(self.labels.model_dump(), sort_keys=False, allow_unicode=True)
                (stage / LABELS).write_text(text, encoding="utf-8")
            if draw is not None:
                draw(stage)

    @classmethod
    def read(cls, folder: Path) -> ChurnArtifacts:
        """Read what ``write`` wrote.

        The call raises ``SettingError`` if ``labels.yaml`` has an unknown entry.

        Args:
            folder: The artifacts.

        Returns:
            The artifacts, with the labels as they are now.

        Raises:
            ArtifactError: If the model is missing or cannot be read.
        """
        path = folder / MODEL
        if not path.is_file():
            raise ArtifactError(
                f"{folder} holds no {MODEL} but a trained churn model is needed. "
                f"Run `llm-explain churn train --artifacts {folder}` first."
            )
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["version"] != VERSION:
                raise ArtifactError(
                    f"{path}: version is {content['version']} but {VERSION} is needed. "
                    "Run `llm-explain churn train` again."
                )
            model = AdditiveModel.of_json(content["model"])
            setting = ChurnSetting.model_validate(content["setting"]) if content["setting"] else None
            columns = CustomerColumns.of_json(content["columns"]) if content["columns"] else None
            figures = content["figures"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(
                f"{path} cannot be read as a churn model ({error!r}) but one is needed. "
                f"Run `llm-explain churn train --artifacts {folder}` again."
            ) from error
        return cls(model, setting, columns, _labels(folder / LABELS), figures, file_hash(path))


def _labels(path: Path) -> Labels:
    if not path.exists():
        return Labels()
    try:
        return Labels.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise SettingError(
            f"{path} cannot be read ({error}) but noun, outcome and columns are needed. Correct it."
        ) from error
