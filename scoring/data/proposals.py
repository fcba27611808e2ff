"""Proposals of an import that the shop confirms or rejects in ``shop.yaml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proposal(BaseModel):
    """What an import proposes of one item, category or user.

    Attributes:
        reason: Why, in a word: ``postage``, ``health``, ``many rows``.
        name: What it is called, where that is not its key.
        rows: Rows of events that it concerns.
        confirmed: The shop's decision: true, false, or null before one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str
    name: str = ""
    rows: int = 0
    confirmed: bool | None = None


class Proposals(BaseModel):
    """All proposals of a shop's imports.

    Attributes:
        left_out_items: Items that are no products, by item id. Their events are left out once confirmed.
        outlier_users: Users that look like wholesalers or robots, by user id. Their events are left out once confirmed.
        sensitive_categories: Categories that no text should name, by name. They count as sensitive unless rejected.
        sensitive_items: Items that no text should name, by item id. They count as sensitive unless rejected.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    left_out_items: dict[str, Proposal] = Field(default_factory=dict)
    outlier_users: dict[str, Proposal] = Field(default_factory=dict)
    sensitive_categories: dict[str, Proposal] = Field(default_factory=dict)
    sensitive_items: dict[str, Proposal] = Field(default_factory=dict)

    def updated(self, found: Mapping[str, Mapping[str, Proposal]]) -> Proposals:
        """Return these proposals with those of a new import.

        Args:
            found: New proposals by field and key.

        Returns:
            The new proposals with the decisions of the old ones. Old ones that the shop decided stay.
        """
        merged: dict[str, dict[str, Proposal]] = {}
        for field in type(self).model_fields:
            old: dict[str, Proposal] = getattr(self, field)
            new = {
                key: each.model_copy(update={"confirmed": old[key].confirmed}) if key in old else each
                for key, each in found.get(field, {}).items()
            }
            decided = {key: each for key, each in old.items() if each.confirmed is not None}
            merged[field] = {**decided, **new}
        return Proposals.model_validate(merged)

    def confirmed(self, field: str) -> frozenset[str]:
        """Return the keys of one field that the shop confirmed."""
        return frozenset(key for key, each in getattr(self, field).items() if each.confirmed)

    def not_rejected(self, field: str) -> frozenset[str]:
        """Return the keys of one field that the shop did not reject."""
        return frozenset(key for key, each in getattr(self, field).items() if each.confirmed is not False)

    @property
    def open(self) -> int:
        """Number of proposals without a decision."""
        fields = (getattr(self, field).values() for field in type(self).model_fields)
        return sum(each.confirmed is None for found in fields for each in found)
