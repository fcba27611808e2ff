"""Import of packages that only some extras install."""

from __future__ import annotations

import importlib
from typing import Any

from llm_explain.errors import MissingExtraError


def require(module: str) -> Any:
    """Import a module of the ``shap`` extra.

    Args:
        module: Its dotted name.

    Returns:
        The module.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError.of(module.partition(".")[0], "this picture or explainer", "shap") from error
