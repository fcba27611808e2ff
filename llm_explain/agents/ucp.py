"""Reasons as an extension of products in the Universal Commerce Protocol (UCP).

The extension's name is a reverse domain, as UCP asks. Its value on a product holds verified texts alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llm_explain.agents.models import Item

NAME: Final = "dev.llm-explain.shopping.reasons"
VERSION: Final = "2026-11-30"
SCHEMA: Final = Path(__file__).with_name("ucp_reasons.json")


def schema() -> dict[str, Any]:
    """Return the JSON schema of the extension."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def with_reasons(product: dict[str, Any], item: Item) -> dict[str, Any]:
    """Return a UCP product with the reasons of a recommendation.

    Args:
        product: The product; it is not changed.
        item: The explained item.

    Returns:
        The product with the extension's property.
    """
    value = {
        "version": VERSION,
        "text": item.text,
        "badges": item.badges,
        "reasons": [{"kind": each.kind, "share": round(each.share, 4)} for each in item.reasons],
        "explanation_id": item.explanation_id,
    }
    return {**product, NAME: value}
