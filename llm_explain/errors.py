"""The project's error tree as ``llm_explain`` sees it.

LlmExplainError
├── TableError, SettingError, ShapeError, ArtifactError, MissingExtraError      from scoring.errors
├── UnknownUserError, UnknownItemError, UnknownGroupError                       from scoring.errors
├── AttributionError    base value plus attributions is not the score
├── ClaimError          a claim was asked for that its rule does not support
├── BatchError          a shard of a batch cannot be written
├── PromptError         a file under prompts/ is missing, unreadable or breaks its schema
└── GenerationError     the language model failed; says whether trying again can help
"""

from __future__ import annotations

from scoring.errors import (
    ArtifactError,
    LlmExplainError,
    MissingExtraError,
    SettingError,
    ShapeError,
    TableError,
    UnknownGroupError,
    UnknownItemError,
    UnknownUserError,
)

__all__ = [
    "ArtifactError",
    "AttributionError",
    "BatchError",
    "ClaimError",
    "GenerationError",
    "LlmExplainError",
    "MissingExtraError",
    "PromptError",
    "SettingError",
    "ShapeError",
    "TableError",
    "UnknownGroupError",
    "UnknownItemError",
    "UnknownUserError",
]


class AttributionError(LlmExplainError):
    """Base value plus attributions is not the score."""


class BatchError(LlmExplainError):
    """A shard of a batch cannot be written."""


class ClaimError(LlmExplainError):
    """A claim was asked for that its rule does not support."""


class PromptError(LlmExplainError):
    """A file under ``prompts/`` is missing, unreadable or breaks its schema."""


class GenerationError(LlmExplainError):
    """The language model failed.

    Args:
        message: What failed, and what to do.
        is_retryable: Whether the same call may succeed later.
    """

    def __init__(self, message: str, *, is_retryable: bool) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable
