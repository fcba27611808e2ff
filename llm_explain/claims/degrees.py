"""Words of degree as rules: when "often", "regularly", "usually" and "recently" are licensed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_explain.claims.occasions import months
from llm_explain.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.claims.occasions import Occasions


class Degree(BaseModel):
    """When one word of degree is licensed: every condition that is set must hold.

    Attributes:
        min_count: Least number of occasions in the window.
        window_days: Length of the window that ends at ``as_of``; the whole log where not set.
        min_months: Least number of different calendar months among these occasions.
        max_days: Most calendar days since the last occasion.
        min_share: Least share; a word with this condition is licensed only to claims that state a share.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_count: int = Field(default=1, ge=1)
    window_days: int | None = Field(default=None, ge=1)
    min_months: int = Field(default=0, ge=0)
    max_days: int | None = Field(default=None, ge=0)
    min_share: float | None = Field(default=None, gt=0, le=1)

    def holds(self, occasions: Occasions, share: float | None = None) -> bool:
        """Return whether the word may be said of these occasions.

        Args:
            occasions: The occasions that the claim counts.
            share: The share that the claim states, if it states one.

        Returns:
            Whether every condition holds.
        """
        if self.min_share is not None and (share is None or share < self.min_share):
            return False
        if not occasions.moments or (self.max_days is not None and occasions.days_since > self.max_days):
            return False
        counted = occasions.moments if self.window_days is None else occasions.within(self.window_days)
        return len(counted) >= self.min_count and (not self.min_months or months(counted) >= self.min_months)


class Degrees:
    """All words of degree of a locale.

    Args:
        rules: Rule of each word; the word is also the licence's name.
    """

    def __init__(self, rules: Mapping[str, Degree]) -> None:
        self.rules = dict(rules)

    @classmethod
    def parse(cls, mapping: Mapping[str, Mapping[str, Any]]) -> Degrees:
        """Read the ``degrees`` section of a locale's lexicon.

        Args:
            mapping: Conditions by word, for example ``{"often": {"min_count": 3, "window_days": 90}}``.

        Returns:
            The rules.

        Raises:
            PromptError: If a condition is unknown or out of range.
        """
        rules = {}
        for word, conditions in mapping.items():
            try:
                rules[word] = Degree.model_validate(conditions)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(["degrees", word, *map(str, first["loc"])])
                raise PromptError(
                    f"the lexicon's {where} is {first['input']!r} but a known condition is needed ({first['msg']}). "
                    f"Use {', '.join(Degree.model_fields)}."
                ) from error
        return cls(rules)

    def licences(self, occasions: Occasions, share: float | None = None) -> frozenset[str]:
        """Return the words that may be said.

        Args:
            occasions: The occasions that the claim counts.
            share: The share that the claim states, if it states one.

        Returns:
            Words of degree whose rules hold.
        """
        return frozenset(word for word, rule in self.rules.items() if rule.holds(occasions, share))


DEFAULT_DEGREES: Final = Degrees(
    {
        "often": Degree(min_count=3, window_days=90),
        "regularly": Degree(min_count=3, window_days=180, min_months=3),
        "usually": Degree(min_count=5, min_share=0.6),
        "recently": Degree(max_days=14),
    }
)
"""The rules where a locale gives none."""
