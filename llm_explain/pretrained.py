"""The trained scorer as Hugging Face reads and writes models: in a folder or on a hub.

Only the model leaves by default. The tables of a shop name its users, so they leave by an explicit option alone.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llm_explain.errors import ArtifactError, MissingExtraError
from scoring.model.model import AdditiveModel
from scoring.scorer.artifacts import MANIFEST, read_arrays, read_manifest
from scoring.scorer.versions import active

with MissingExtraError.unless_installed("models on a hub", "hub"):
    from huggingface_hub import ModelCard, PyTorchModelHubMixin, snapshot_download

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.explainer import Explainer

ARTIFACTS: Final = "artifacts"
"""Folder of a repository that holds complete artifacts, tables included."""

_METRICS: Final = "metrics.json"
_COLUMNS: Final = ("recall@10", "ndcg@10", "recall@10_new", "ndcg@10_new")
_TEMPLATE: Final = Path(__file__).with_name("model_card.md.j2").read_text(encoding="utf-8")


class PretrainedModel(
    AdditiveModel,
    PyTorchModelHubMixin,
    library_name="llm-explain",
    tags=["recommender-system", "explainability", "shapley-values"],
    model_card_template=_TEMPLATE,
):
    """The learned parts of a scorer, with ``from_pretrained``, ``save_pretrained`` and ``push_to_hub``.

    Args:
        sizes: Arguments of the item tower.
        n_labels: Number of labels of the promotions table; their names stay with the shop.
        **settings: Other arguments of ``AdditiveModel``.

    Attributes:
        artifacts: Folder whose tables are saved with the model; ``None`` for the model alone.
        facts: Metrics and settings of the training, for the model card.
    """

    def __init__(self, sizes: dict[str, int], n_labels: int, **settings: Any) -> None:
        super().__init__(sizes, tuple(f"label {number}" for number in range(1, n_labels + 1)), **settings)
        self.artifacts: Path | None = None
        self.facts: dict[str, Any] = {}

    @classmethod
    def of_artifacts(cls, artifacts: Path, *, with_tables: bool = False) -> PretrainedModel:
        """Read the model of trained artifacts.

        Args:
            artifacts: Folder that ``llm-explain train`` wrote.
            with_tables: Whether saving and pushing copies the shop's tables too.

        Returns:
            The model.
        """
        import torch

        folder = active(artifacts)
        manifest = read_manifest(folder)
        words = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = cls(n_labels=len(words["labels"]), **words["model"])
        weights = read_arrays(folder / "model.safetensors")
        model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        model.eval()
        model.artifacts = folder if with_tables else None
        metrics = folder / _METRICS
        model.facts = _facts(manifest, json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else {})
        return model

    def _save_pretrained(self, save_directory: Path) -> None:
        super()._save_pretrained(save_directory)
        if self.artifacts is not None:
            names = [*read_manifest(self.artifacts, is_checked=True)["files"], MANIFEST, _METRICS]
            for name in names:
                if (self.artifacts / name).exists():
                    target = save_directory / ARTIFACTS / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(self.artifacts / name, target)

    def push_to_hub(self, repo_id: str, *, private: bool | None = True, **options: Any) -> str:
        """Upload the model.

        Args:
            repo_id: Repository, for example ``shop/recommender``.
            private: Whether a new repository is private.
            **options: As for ``PyTorchModelHubMixin.push_to_hub``.

        Returns:
            URL of the commit.
        """
        card = {"repo_id": repo_id, **(options.pop("model_card_kwargs", None) or {})}
        return str(super().push_to_hub(repo_id, private=private, model_card_kwargs=card, **options))

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the model card: metrics of the held-out events, and how the model was trained."""
        n_parameters = sum(each.numel() for each in self.parameters())
        known = {"metrics": {}, "training": {}, "columns": _COLUMNS, **self.facts}
        has_tables = self.artifacts is not None
        return super().generate_model_card(
            *args, **{**known, "n_parameters": n_parameters, "has_tables": has_tables, **kwargs}
        )


def open_pretrained(
    name: str | Path, *, revision: str | None = None, token: str | bool | None = None, **options: Any
) -> Explainer:
    """Open a shop that was saved or pushed with its tables.

    Args:
        name: Folder of ``save_pretrained``, or repository on the hub.
        revision: Branch, tag or commit of the repository.
        token: Access token of the hub; the stored one if not given.
        **options: As for ``Explainer.load``.

    Returns:
        An explainer.

    Raises:
        ArtifactError: If the model was saved without tables.
    """
    from llm_explain.explainer import Explainer

    is_local = Path(name).is_dir()
    folder = Path(name) if is_local else Path(snapshot_download(str(name), revision=revision, token=token))
    if not (folder / ARTIFACTS / MANIFEST).is_file():
        raise ArtifactError(
            f"{name} holds a model without tables but an explainer needs both. "
            "Save or push it with tables, or read the model alone with PretrainedModel.from_pretrained."
        )
    return Explainer.load(folder / ARTIFACTS, **options)


def _facts(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model card states; nothing of it quotes a table."""
    test = metrics.get("test", {})
    is_measured = _COLUMNS[0] in test
    lineage = manifest.get("lineage", {})
    code = {name: lineage[name] for name in ("time", "package", "git_commit", "python") if lineage.get(name)}
    return {
        "protocol": manifest.get("protocol"),
        "metrics": {"this model": test, **metrics.get("baselines", {})} if is_measured else {},
        "training": {**code, **lineage.get("libraries", {}), **manifest.get("config", {})},
    }
