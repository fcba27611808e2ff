"""What may be said: which true claims become reasons, and what is never named.

The policy file holds every choice; its defaults are those of DESIGN.md §6. Columns of the users table are read by no
claim, so no setting can let one be spoken.
"""

from __future__ import annotations

import csv
import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from llm_explain.claims.base import EVENT_KIND
from llm_explain.claims.derive import KINDS
from llm_explain.errors import PromptError
from llm_explain.policy_settings import PolicySettings
from scoring.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Claim, Fact
    from scoring.catalogue import Catalogue

SENSITIVE_COLUMNS = ("name", "reason")

UNSPOKEN_OF_SENSITIVE = frozenset({"season"})
"""Context kinds that speak of the item's category, so they are not said of a sensitive item either."""

REPLACED_BY_ITEM = frozenset({"category_affinity", "similar_item"})
"""Kinds about the own category that say again, more vaguely, what a claim about the item itself says."""

ABOUT_ITEM = frozenset({"repeat_item", "due"})
MIN_REPEATS = 2
"""Occasions from which on a claim about the item itself says more than one about its category."""


class Policy:
    """A policy in force.

    Args:
        settings: What the policy file says.
        categories: Sensitive categories from the files that it names.
        types: Sensitive product types from the files that it names.
        digest: Hash of the policy file followed by the files that it names; of the settings where not given.

    Attributes:
        settings: What the policy file says.
        hash: ``sha256:`` and 64 hexadecimal digits, for provenance.
    """

    def __init__(
        self,
        settings: PolicySettings | None = None,
        *,
        categories: Iterable[str] = (),
        types: Iterable[str] = (),
        digest: str | None = None,
    ) -> None:
        self.settings = settings or PolicySettings()
        sensitive = self.settings.sensitive
        self._categories = frozenset(map(_plain, (*categories, *sensitive.categories)))
        self._types = tuple(sorted(set(map(_plain, (*types, *sensitive.types)))))
        self._brands = frozenset(map(_plain, sensitive.brands))
        self.hash = f"sha256:{digest or _digest([self.settings.model_dump_json().encode()])}"

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read a policy file and the lists that it names.

        Args:
            path: The YAML file.

        Returns:
            The policy. Its hash is that of the bytes of the file and of the lists, one after the other.

        Raises:
            PromptError: If a file is missing or unreadable, or a setting is unknown or out of range.
        """
        content = _read(path)
        try:
            settings = PolicySettings.model_validate(yaml.safe_load(content) or {})
        except yaml.YAMLError as error:
            raise PromptError(f"{path} is not YAML but a policy is needed ({error}). Correct the file.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole file"
            raise PromptError(
                f"{path}: {where} is {first['input']!r} but that breaks the policy's schema ({first['msg']}). "
                f"Correct it; the settings are {', '.join(PolicySettings.model_fields)}."
            ) from error
        sensitive = settings.sensitive
        lists = {name: _read(path.parent / name) for name in (*sensitive.category_files, *sensitive.type_files)}
        return cls(
            settings,
            categories=[name for file in sensitive.category_files for name in _names(path.parent / file, lists[file])],
            types=[name for file in sensitive.type_files for name in _names(path.parent / file, lists[file])],
            digest=_digest([content, *lists.values()]),
        )

    @property
    def blocked_words(self) -> tuple[str, ...]:
        """Words and phrases that no text may contain."""
        return self.settings.blocked_words

    @property
    def currency(self) -> str:
        """ISO 4217 code of the prices in the tables."""
        return self.settings.currency

    def band(self, users: int) -> int | None:
        """Return the number of users that may be said of a crowd.

        Args:
            users: Distinct users.

        Returns:
            The largest band below it; ``None`` for a crowd that is too small to speak of.
        """
        if users < self.settings.min_crowd:
            return None
        return max((band for band in self.settings.crowd_bands if band < users), default=None)

    @cached_property
    def _unnameable(self) -> re.Pattern[str] | None:
        patterns = self.settings.unnameable_brands
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None

    def may_name_brand(self, brand: str) -> bool:
        """Return whether a text may say a brand's name."""
        is_anonymous = self._unnameable is not None and self._unnameable.search(brand) is not None
        return not is_anonymous and _plain(brand) not in self._brands

    def is_brand(self, brand: str) -> bool:
        """Return whether a value of ``brand`` stands for a brand."""
        return brand not in self.settings.no_brands

    def may_speak_promotion(self, label: str) -> bool:
        """Return whether a text may say that a promotion with this label runs."""
        return label not in self.settings.unspeakable_promotions

    def is_sensitive_category(self, name: str) -> bool:
        """Return whether no text may name a category or hint at it."""
        return _plain(name) in self._categories

    def is_sensitive_item(self, catalogue: Catalogue, item_index: int) -> bool:
        """Return whether no text may name an item or hint that the user has to do with it.

        Args:
            catalogue: The shop's items.
            item_index: The item.

        Returns:
            Whether its category or its brand is sensitive or its title begins with a sensitive product type.
        """
        brand = int(catalogue.brand_index[item_index])
        return (
            self.is_sensitive_category(catalogue.category_names[int(catalogue.category_index[item_index])])
            or (bool(self._brands) and brand >= 0 and _plain(catalogue.brand_names[brand]) in self._brands)
            or self._has_sensitive_type(_plain(str(catalogue.titles[item_index])))
        )

    def _has_sensitive_type(self, title: str) -> bool:
        if not title.startswith(self._types):
            return False
        begun = (title[len(name) :] for name in self._types if title.startswith(name))
        return any(not rest[:1].isalnum() for rest in begun)

    def may_speak(self, kind: str, evidence: Evidence) -> bool:
        """Return whether claims of a kind may be said of an item at all.

        Args:
            kind: Name of the claim kind.
            evidence: The user, the item and the moment.

        Returns:
            False for a vetoed kind, for one that is blocked for the item's category, and for whatever is personal or
            names the category of a sensitive item.
        """
        own_category = evidence.shop.catalogue.category_names[evidence.category_index]
        if kind in self.settings.vetoed_kinds or self._is_blocked(kind, own_category):
            return False
        is_harmless = KINDS[kind].scope == "context" and kind not in UNSPOKEN_OF_SENSITIVE
        return is_harmless or not self.is_sensitive_item(evidence.shop.catalogue, evidence.item_index)

    def select(self, claims: Sequence[Claim], evidence: Evidence) -> list[Claim]:
        """Choose the reasons of one sentence from the claims that hold.

        Takes the claims by attribution, largest first, and leaves out what is too small, vetoed or sensitive, a second
        claim of the same kind or for the same part, and what only says again what another reason says better: beside
        "you bought this twelve times", "you buy this kind of thing" adds nothing. All reasons of a sentence speak of
        the same kind of event, because it has one verb.

        Args:
            claims: Claims that ``derive`` found.
            evidence: The user, the item and the moment.

        Returns:
            At most ``max_reasons`` claims, largest attribution first.
        """
        allowed = [claim for claim in claims if self._is_allowed(claim, evidence)]
        own = {claim.player for claim in allowed if claim.kind in ABOUT_ITEM and _is_repeated(claim)}
        chosen: list[Claim] = []
        for claim in sorted(allowed, key=lambda claim: -claim.phi):
            is_said_better = claim.kind in REPLACED_BY_ITEM and claim.player in own
            if not is_said_better and all(_goes_with(claim, other) for other in chosen):
                chosen.append(claim)
        return chosen[: self.settings.max_reasons]

    def _is_allowed(self, claim: Claim, evidence: Evidence) -> bool:
        category = claim.facts.get("category")
        return (
            claim.share >= self.settings.min_share
            and self.may_speak(claim.kind, evidence)
            and not (isinstance(category, str) and self.is_sensitive_category(category))
            and not (isinstance(category, str) and self._is_blocked(claim.kind, category))
        )

    def _is_blocked(self, kind: str, category: str) -> bool:
        """Return whether claims of a kind are never said of a category."""
        return _plain(category) in map(_plain, self.settings.blocked_claims.get(kind, ()))


def _goes_with(claim: Claim, other: Claim) -> bool:
    """Return whether two claims can be reasons of one sentence."""
    if claim.kind == other.kind or (claim.player, claim.part) == (other.player, other.part):
        return False
    kinds = {_event_kind(each) for each in (claim, other) if KINDS[each.kind].scope != "context"}
    return len(kinds) <= 1


def _is_repeated(claim: Claim) -> bool:
    count = claim.facts["count"]
    return isinstance(count, int) and count >= MIN_REPEATS


def _event_kind(claim: Claim) -> Fact:
    return claim.facts.get(EVENT_KIND, PURCHASE)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PromptError(
            f"{path} is unreadable ({error.strerror}) but the policy needs it. "
            "Restore it from the package, or correct the path in the policy file."
        ) from error


def _names(path: Path, content: bytes) -> list[str]:
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    if not rows or tuple(rows[0]) != SENSITIVE_COLUMNS or any(len(row) != len(SENSITIVE_COLUMNS) for row in rows):
        raise PromptError(
            f"{path} does not have {len(SENSITIVE_COLUMNS)} values in each row under the heading "
            f"{','.join(SENSITIVE_COLUMNS)!r} but a sensitive list needs them. Correct the file."
        )
    return [name for name, _ in rows[1:] if name.strip()]


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
