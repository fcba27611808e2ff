"""The policy file's settings and their ranges."""

from __future__ import annotations

import re
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

KindsOrCategories = TypeVar("KindsOrCategories", tuple[str, ...], dict[str, tuple[str, ...]])


class Sensitive(BaseModel):
    """Names that no text may say or hint at, in any case of letters.

    Attributes:
        category_files: CSV files with the columns ``name,reason``, relative to the policy file.
        type_files: The same for product types: words that a title begins with.
        categories: More categories.
        types: More product types.
        brands: Brands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    category_files: tuple[str, ...] = ()
    type_files: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


class NeverRecommended(BaseModel):
    """Names of items that no list shows, in any case of letters.

    Attributes:
        categories: Categories.
        types: Product types: words that a title begins with.
        brands: Brands.
        item_ids: Ids of items.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()


class PolicySettings(BaseModel):
    """The policy file.

    Attributes:
        version: Version of the file's form.
        max_reasons: Most reasons in one sentence.
        min_share: Least share of the positive attribution that a reason has.
        min_item_share: The same for a reason that is one past item: of many items, each adds little.
        min_crowd: Least number of users behind a claim about the crowd.
        crowd_bands: Numbers of users that may be said.
        vetoed_kinds: Claim kinds that are never said.
        blocked_claims: Categories, by claim kind, of which claims of the kind are never said.
        unspeakable_promotions: Labels of promotions that are never said.
        unnameable_brands: Regular expressions of brands without a name that a shopper knows.
        no_brands: Values of ``brand`` that stand for no brand, such as one for everything that is sold loose.
        is_first_seen_stated: Whether ``first_seen`` in the items table is the shop's own word and not read off a log.
        blocked_words: Words and phrases that no text may contain, besides those that the locales block.
        lexicalised: Whether a language model reads names and values and phrases them freely; for strong models.
        sensitive: Names that no text may say or hint at.
        never_recommend: Names of items that no list shows.
        unpromoted_reasons: Reasons of sensitive names whose items popularity does not promote: no sentence calls them
            popular, and a composed list shows them only to users who bought from their category.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    max_reasons: int = Field(default=2, ge=1, le=2)
    min_share: float = Field(default=0.1, ge=0.1, le=1)
    min_item_share: float = Field(default=0.03, ge=0.01, le=1)
    min_crowd: int = Field(default=50, ge=50)
    crowd_bands: tuple[int, ...] = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000)
    vetoed_kinds: tuple[str, ...] = ()
    blocked_claims: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    unspeakable_promotions: tuple[str, ...] = ("coupon",)
    unnameable_brands: tuple[str, ...] = (r"^brand #\d+$",)
    no_brands: tuple[str, ...] = ()
    is_first_seen_stated: bool = False
    blocked_words: tuple[str, ...] = ()
    lexicalised: bool = False
    sensitive: Sensitive = Sensitive()
    never_recommend: NeverRecommended = NeverRecommended()
    unpromoted_reasons: tuple[str, ...] = ("alcohol", "tobacco", "addiction")

    @field_validator("vetoed_kinds", "blocked_claims")
    @classmethod
    def _are_kinds(cls, names: KindsOrCategories, info: ValidationInfo) -> KindsOrCategories:
        kinds = (info.context or {}).get("kinds")
        if kinds is not None and (unknown := sorted(set(names) - set(kinds))):
            raise ValueError(f"{unknown[0]!r} is no claim kind; the kinds are {', '.join(kinds)}")
        return names

    @field_validator("crowd_bands")
    @classmethod
    def _are_bands(cls, bands: tuple[int, ...]) -> tuple[int, ...]:
        if not bands or bands[0] < 1 or list(bands) != sorted(set(bands)):
            raise ValueError("bands are positive whole numbers, each larger than the one before")
        return bands

    @field_validator("unnameable_brands")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns
