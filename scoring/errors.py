"""Every error that the project raises on purpose, as one tree.

    LlmExplainError
    ├── TableError          a table breaks docs/design.md §8 (file, column, rule, first offending rows)
    ├── SettingError        an option or configuration value cannot be used
    ├── ShapeError          two arrays that belong together do not fit
    ├── ArtifactError       saved artifacts are missing, incomplete or changed
    ├── UnknownUserError    a user that no table knows
    ├── UnknownItemError    an item that the catalogue does not know
    ├── UnknownGroupError   a history group that the user does not have
    ├── MissingExtraError   an optional dependency or its weights are not installed
    └── …                   llm_explain.errors adds the leaves that speak of text

A message reads ``<what> is <what came> but <what is needed>. <What to do.>``
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = [
    "ArtifactError",
    "LlmExplainError",
    "MissingExtraError",
    "SettingError",
    "ShapeError",
    "TableError",
    "UnknownGroupError",
    "UnknownItemError",
    "UnknownUserError",
]


class LlmExplainError(Exception):
    """Base of every error that the project raises on purpose."""


class TableError(LlmExplainError):
    """A table breaks its contract.

    Args:
        message: Why.
        rejects: Rows that break a rule, with their ``reason``, if that is why.
    """

    def __init__(self, message: str, rejects: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.rejects = rejects


class SettingError(LlmExplainError):
    """An option or a configuration value cannot be used."""


class ShapeError(LlmExplainError):
    """Two arrays that belong together do not fit."""


class ArtifactError(LlmExplainError):
    """Saved artifacts are missing, incomplete or changed."""


class UnknownUserError(LlmExplainError):
    """A user that no table knows."""


class UnknownItemError(LlmExplainError):
    """An item that the catalogue does not know."""


class UnknownGroupError(LlmExplainError):
    """A history group that the user does not have."""


class MissingExtraError(LlmExplainError):
    """An optional dependency or its weights are not installed."""

    @classmethod
    def of(cls, package: str | None, user: str, extra: str) -> MissingExtraError:
        """Return the error for a package that an extra installs.

        Args:
            package: The package that is missing.
            user: What needs it, as the subject of "needs it".
            extra: Name of the extra.

        Returns:
            The error, with the command that installs the extra.
        """
        return cls(
            f"{package} is not installed but {user} needs it. Run: pip install 'llm-explain-recommendations[{extra}]'"
        )

    @classmethod
    @contextmanager
    def unless_installed(cls, user: str, extra: str, *, package: str | None = None) -> Iterator[None]:
        """Raise this error where an import of a block fails.

        Args:
            user: What needs the import, as the subject of "needs it".
            extra: Name of the extra.
            package: The package as one installs it, if its modules have another name.

        Yields:
            None: Nothing.

        Raises:
            MissingExtraError: If it fails.
        """
        try:
            yield
        except ImportError as error:
            raise MissingExtraError.of(package or str(error.name).partition(".")[0], user, extra) from error
