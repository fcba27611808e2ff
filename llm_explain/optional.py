"""Import of packages that only some extras install."""

from __future__ import annotations

import importlib
from typing import Any

from llm_explain.errors import MissingExtraError


def require(module: str) -> Any:
    """Import a module of the ``shap`` extra.

    The call raises ``MissingExtraError`` if the module is not installed.

    Args:
        module: Its dotted name.

    Returns:
        The module.
    """
    with MissingExtraError.unless_installed("this picture or explainer", "shap"):
        return importlib.import_module(module)
