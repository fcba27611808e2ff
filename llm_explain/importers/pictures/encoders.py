"""Encoders of pictures: any Hugging Face vision model, or colour and shape without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from llm_explain.errors import MissingExtraError, SettingError
from llm_explain.importers.pictures.pixels import foreground, lab_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""An RGB picture, shape ``(height, width, 3)``."""

Vectors: TypeAlias = npt.NDArray[np.float64]
"""Embeddings of unit length, shape ``(n_pictures, d)``."""

COLOUR_SHAPE: Final = "colour-shape"
N_HUES: Final = 12
MASK_SIDE: Final = 32
COLOURFUL: Final = 15.0
"""Least chroma (CIELAB) of a pixel that has a hue."""


class PictureEncoder(Protocol):
    """Turns pictures into vectors."""

    @property
    def name(self) -> str:
        """Name for reports."""
        ...

    def encode(self, pictures: Sequence[Pixels], /) -> Vectors:
        """Return one vector of unit length for each picture, shape ``(n_pictures, d)``."""
        ...


class ColourShape:
    """Hues, lightness and outline of what stands before the background; no weights are needed.

    Half of the vector is a histogram of hues and greys in CIELAB. The other half is the histogram of oriented gradients
    (HOG) of the foreground's outline, brought to one size.
    Source: Dalal & Triggs (2005), "Histograms of oriented gradients for human detection".

    Attributes:
        name: Name for reports.
    """

    name = COLOUR_SHAPE

    def encode(self, pictures: Sequence[Pixels], /) -> Vectors:
        """Return colour and shape of each picture.

        Args:
            pictures: RGB pictures of any size.

        Returns:
            Vectors of unit length, shape ``(n_pictures, d)``.
        """
        return np.stack([np.concatenate([_colours(each), _outline(each)]) / np.sqrt(2.0) for each in pictures])


class HuggingFaceEncoder:
    """Any vision model that ``transformers.AutoModel`` opens: ViT, DINOv2, SigLIP, CLIP and others.

    The call raises ``MissingExtraError`` if ``transformers`` is not installed.

    Args:
        model: Folder or hub id.
        batch_size: Pictures in one pass.

    Raises:
        SettingError: If the model cannot be opened.

    Attributes:
        name: Folder or hub id.
    """

    def __init__(self, model: str, *, batch_size: int = 16) -> None:
        with MissingExtraError.unless_installed("a vision model", "lm"):
            from transformers import AutoImageProcessor, AutoModel
        try:
            self._processor = AutoImageProcessor.from_pretrained(model)
            self._model = AutoModel.from_pretrained(model).eval()
        except (OSError, ValueError) as error:
            raise SettingError(
                f"encoder is {model!r} but a vision model with a picture processor is needed ({error}). "
                f"Name a folder or a hub id, or {COLOUR_SHAPE}."
            ) from error
        self.name, self.batch_size = model, batch_size

    def encode(self, pictures: Sequence[Pixels], /) -> Vectors:
        """Return the model's pooled output for each picture.

        Args:
            pictures: RGB pictures of any size.

        Returns:
            Vectors of unit length, shape ``(n_pictures, d)``.
        """
        import torch

        parts = []
        for start in range(0, len(pictures), self.batch_size):
            inputs = self._processor(images=list(pictures[start : start + self.batch_size]), return_tensors="pt")
            with torch.no_grad():
                parts.append(self._pooled(inputs["pixel_values"]))
        vectors = np.concatenate(parts)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float64)

    def _pooled(self, pixel_values: Any) -> Vectors:
        if hasattr(self._model, "get_image_features"):  # models of pictures and texts, such as CLIP
            output = self._model.get_image_features(pixel_values=pixel_values)
        else:
            output = self._model(pixel_values=pixel_values)
        pooled = getattr(output, "pooler_output", None)
        if pooled is None:
            hidden = getattr(output, "last_hidden_state", output)
            pooled = hidden.flatten(2).mean(2) if hidden.ndim == 4 else hidden.mean(1) if hidden.ndim == 3 else hidden
        return np.asarray(pooled.flatten(1).double().numpy(), dtype=np.float64)


def open_encoder(name: str) -> PictureEncoder:
    """Return the encoder of a name.

    Args:
        name: ``colour-shape``, or a folder or hub id of a vision model.

    Returns:
        The encoder.
    """
    return ColourShape() if name == COLOUR_SHAPE else HuggingFaceEncoder(name)


def _colours(picture: Pixels) -> npt.NDArray[np.float64]:
    """Return the histogram of hues and greys of the foreground, of unit length, shape ``(N_HUES + 3,)``."""
    lab = lab_of(picture)[foreground(picture)]
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    is_colourful = chroma >= COLOURFUL
    hues, _ = np.histogram(hue[is_colourful], bins=N_HUES, range=(-np.pi, np.pi))
    greys, _ = np.histogram(lab[~is_colourful, 0], bins=3, range=(0.0, 100.0))
    return _unit(np.concatenate([hues, greys]).astype(np.float64))


def _outline(picture: Pixels) -> npt.NDArray[np.float64]:
    """Return the oriented gradients of the foreground's mask, cut to its box and brought to one size."""
    with MissingExtraError.unless_installed("colour and shape of pictures", "pictures", package="scikit-image"):
        from skimage.feature import hog
        from skimage.transform import resize
    mask = foreground(picture)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    small = resize(box, (MASK_SIDE, MASK_SIDE), anti_aliasing=True)  # type: ignore[no-untyped-call]
    padded = np.pad(small, 4)
    return _unit(np.asarray(hog(padded, orientations=8, pixels_per_cell=(8, 8), cells_per_block=(1, 1))))


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector
