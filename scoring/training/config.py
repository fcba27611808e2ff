"""Settings of training; every default was chosen on November 2017 of completejourney."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scoring.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


class TrainConfig(BaseModel):
    """What ``train`` may vary.

    Attributes:
        seed: Source of all chance; the same seed on the same machine gives the same model.
        min_events: An item needs this many rows before the cut-off to be recommended.
        n_windows: Moments to learn from, the last one ``HORIZON_DAYS`` before the cut-off.
        stride_days: Days between them; whole weeks, so that promotions stand as at the cut-off.
        d: Width of every vector.
        n_heads: Heads of the attention within a category.
        n_queries: Learned queries over the category tokens.
        dropout: Share of hidden units dropped in training.
        id_dropout: Share of item ids hidden in training, so that new items work.
        group_dropout: For half of the users, categories are hidden with a probability drawn from 0 to this.
        term_dropout: Probability that a context term is hidden.
        new_weight: Weight of the loss over items new to the user.
        temperature: Of its softmax, and size of everything that speaks of new items.
        curve_steps: Steps in which the curves warm up alone.
        tower_steps: Steps of towers and curves together.
        report_steps: Steps between two looks at the held-out window.
        batch_size: Users in a step.
        warm_up_rate: Peak step size of the curves alone.
        curve_rate: The same for curves that are trained with the towers.
        tower_rate: Peak step size of the towers.
        link_rank: Directions of co-purchase to keep.
        link_ridge: Strength of its ridge, in mean squared lengths of a user's row.
        smoothness: Weight of the curves' roughness.
        weight_decay: Of the towers.
        titles: Where title embeddings come from: ``words`` for the mean of word vectors, ``packaged`` for sentence
            embeddings, ``none``, a local folder or a hub id.
        d_titles: Principal components of the title embeddings to keep.
        index_from: From this many items that may be recommended on, an index finds the candidates of a request. It
            needs the extra ``index``.
        device: ``auto`` takes a GPU where there is one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    min_events: int = Field(default=10, ge=1)
    n_windows: int = Field(default=6, ge=2)
    stride_days: int = Field(default=28, ge=1)
    d: int = Field(default=64, ge=4)
    n_heads: int = Field(default=4, ge=1)
    n_queries: int = Field(default=4, ge=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    id_dropout: float = Field(default=0.1, ge=0, lt=1)
    group_dropout: float = Field(default=0.5, ge=0, lt=1)
    term_dropout: float = Field(default=0.1, ge=0, lt=1)
    new_weight: float = Field(default=1.0, ge=0)
    temperature: float = Field(default=0.125, gt=0)
    curve_steps: int = Field(default=200, ge=1)
    tower_steps: int = Field(default=100, ge=1)
    report_steps: int = Field(default=100, ge=1)
    batch_size: int = Field(default=128, ge=1)
    warm_up_rate: float = Field(default=0.4, gt=0)
    curve_rate: float = Field(default=0.1, gt=0)
    tower_rate: float = Field(default=1e-3, gt=0)
    link_rank: int = Field(default=256, ge=1)
    link_ridge: float = Field(default=4.0, gt=0)
    smoothness: float = Field(default=0.02, ge=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    titles: str = "words"
    d_titles: int = Field(default=64, ge=1)
    index_from: int = Field(default=200_000, ge=1)
    device: Literal["auto", "cpu"] = "auto"

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """Read settings from a YAML file.

        Args:
            path: File with some of the settings by name; the others keep their defaults.

        Returns:
            The settings.

        Raises:
            SettingError: If the file is missing or no YAML, or a setting is unknown or out of range.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (OSError, ValueError, yaml.YAMLError) as error:
            found = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or 'the file'} is {each['input']!r} but {each['msg']}"
                for each in (error.errors() if isinstance(error, ValidationError) else ())
            )
            raise SettingError(
                f"{path}: {found or error} but settings of training are needed. "
                f"The settings are {', '.join(cls.model_fields)}."
            ) from error
