"""Words of degree as rules: when occasions license a word such as "often", or the present tense (``current``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_explain.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.claims.occasions import Flags, Floats, Occasions


class Degree(BaseModel):
    """When one word of degree is licensed: every condition that is set must hold.

    Attributes:
        min_count: Least number of occasions in the window.
        window_days: Length of the window that ends at ``as_of``; the whole log where not set.
        min_months: Least number of different calendar months among these occasions.
        max_days: Most calendar days since the last occasion.
        max_intervals: Most calendar days since the last occasion, as a multiple of the median interval between the days
            with an occasion; asks whether the habit is still alive.
        grace_days: Days since the last occasion that satisfy ``max_intervals`` whatever the median is.
        min_share: Least share; a word with this condition is licensed only to claims that state a share.
        needs: Another word that must be licensed too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_count: int = Field(default=1, ge=1)
    window_days: int | None = Field(default=None, ge=1)
    min_months: int = Field(default=0, ge=0)
    max_days: int | None = Field(default=None, ge=0)
    max_intervals: float | None = Field(default=None, gt=0)
    grace_days: int = Field(default=0, ge=0)
    min_share: float | None = Field(default=None, gt=0, le=1)
    needs: str | None = None

    def holds(self, occasions: Occasions, share: Floats | None = None) -> Flags:
        """Return of which groups of occasions the word may be said, ``needs`` aside.

        Args:
            occasions: The occasions that the claims count, a group for each claim.
            share: The share that each claim states, if they state one, shape ``(n_groups,)``.

        Returns:
            Whether every condition holds, shape ``(n_groups,)``.
        """
        holds: Flags = (occasions.counts > 0) & (occasions.within(self.window_days) >= self.min_count)
        if self.min_share is not None:
            holds &= False if share is None else share >= self.min_share
        if self.max_days is not None:
            holds &= occasions.days_since <= self.max_days
        if self.max_intervals is not None:
            alive_days = np.fmax(self.max_intervals * occasions.rhythm, self.grace_days)  # fmax: NaN for one day alone
            holds &= occasions.days_since <= alive_days
        if self.min_months:
            holds &= occasions.months(self.window_days) >= self.min_months
        return holds


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
        for word, rule in rules.items():
            if rule.needs is not None and rule.needs not in rules:
                raise PromptError(
                    f"the lexicon's degrees.{word}.needs is {rule.needs!r} but another word of degree is needed. "
                    f"Use {', '.join(rules)}."
                )
        return cls(rules)

    def licences(self, occasions: Occasions, share: Floats | None = None) -> list[frozenset[str]]:
        """Return the words that may be said of groups of occasions.

        Args:
            occasions: The occasions that the claims count, a group for each claim.
            share: The share that each claim states, if they state one, shape ``(n_groups,)``.

        Returns:
            Words of degree whose rules hold, one set for each group.
        """
        holds = {word: rule.holds(occasions, share) for word, rule in self.rules.items()}
        code = np.zeros(len(occasions), dtype=np.int64)  # one bit a word
        for bit, (word, rule) in enumerate(self.rules.items()):
            says = holds[word] if rule.needs is None else holds[word] & holds[rule.needs]
            code += says.astype(np.int64) << bit
        words = {
            each: frozenset(word for bit, word in enumerate(self.rules) if each >> bit & 1)
            for each in np.unique(code).tolist()
        }
        return [words[each] for each in code.tolist()]
