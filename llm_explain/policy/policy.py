"""What may be said: limits on reasons, and names that no text says.

The policy file holds every choice; its defaults are those of docs/design.md §6. No claim reads a column of the users
table, so no setting can let a text say one.
"""

from __future__ import annotations

import csv
import hashlib
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from llm_explain.errors import PromptError
from llm_explain.policy.contacts import without_contacts
from llm_explain.policy.name_set import NameSet
from llm_explain.policy.readable import plain, readable
from llm_explain.policy.settings import PolicySettings
from scoring.data.catalogue import NO_CATEGORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from scoring.data.catalogue import Catalogue
    from scoring.data.shop import Shop

SENSITIVE_COLUMNS = ("name", "reason")


_STATEMENT = re.compile(r"[!?！？。%％]|\.\s+(?:\S+\s+){2}\S|\S\s+\S*[^\W\d_]{4}\.\s+[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]\S*\s+\S")
"""What no category's name has: "Elec. appliances" has none of it, "Cheese that cures! Buy now" has.

A point ends a sentence if three words follow, or if two do with a capital and a long word stands before it.
"""


class Policy:
    """A policy in force.

    Args:
        settings: What the policy file says.
        categories: Sensitive categories from the files that it names.
        types: Sensitive product types from the files that it names.
        digest: Hash of the policy file followed by the files that it names; of the settings where not given.
        item_ids: Ids of sensitive items.
        unpromoted: Names that popularity does not promote.
        currency: ISO 4217 code of the shop's prices; ``None`` if the shop does not state it.

    Attributes:
        settings: What the policy file says.
        currency: ISO 4217 code of the shop's prices; prices are written without a sign if it is ``None``.
        hash: ``sha256:`` and 64 hexadecimal digits, for provenance.
    """

    def __init__(
        self,
        settings: PolicySettings | None = None,
        *,
        categories: Iterable[str] = (),
        types: Iterable[str] = (),
        digest: str | None = None,
        item_ids: Iterable[str] = (),
        unpromoted: NameSet | None = None,
        currency: str | None = None,
    ) -> None:
        self.settings = settings or PolicySettings()
        self.currency = currency
        sensitive, never = self.settings.sensitive, self.settings.never_recommend
        self._sensitive = NameSet.of(
            categories=(*categories, *sensitive.categories),
            types=(*types, *sensitive.types),
            brands=sensitive.brands,
            item_ids=item_ids,
        )
        self._unpromoted = unpromoted or NameSet()
        self._never = NameSet.of(
            categories=never.categories, types=never.types, brands=never.brands, item_ids=never.item_ids
        )
        self._digest = digest or _digest([self.settings.model_dump_json().encode()])
        self.hash = f"sha256:{self._digest}"

    @classmethod
    def load(cls, path: Path, *, kinds: Collection[str] | None = None, lists_folder: Path | None = None) -> Policy:
        """Read a policy file and the lists that it names.

        Args:
            path: The YAML file.
            kinds: Claim kinds that the file may name; any name if not given.
            lists_folder: Where lists are that are not next to the file.

        Returns:
            The policy. Its hash is that of the bytes of the file and of the lists, one after the other.

        Raises:
            PromptError: If a file is missing or unreadable, or a setting is unknown or out of range.
        """
        content = _read(path)
        try:
            settings = PolicySettings.model_validate(yaml.safe_load(content) or {}, context={"kinds": kinds})
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
        folders = [folder for folder in (path.parent, lists_folder) if folder is not None]
        files = {
            name: next((each / name for each in folders if (each / name).exists()), path.parent / name)
            for name in (*sensitive.category_files, *sensitive.type_files)
        }
        lists = {name: _read(file) for name, file in files.items()}
        categories = [row for name in sensitive.category_files for row in _rows(files[name], lists[name])]
        types = [row for name in sensitive.type_files for row in _rows(files[name], lists[name])]
        return cls(
            settings,
            categories=[name for name, _ in categories],
            types=[name for name, _ in types],
            digest=_digest([content, *lists.values()]),
            unpromoted=NameSet.of(
                categories=[name for name, reason in categories if reason in settings.unpromoted_reasons],
                types=[name for name, reason in types if reason in settings.unpromoted_reasons],
            ),
        )

    def for_shop(self, shop: Shop) -> Policy:
        """Return the policy with a shop's currency and what its imports propose.

        Args:
            shop: The shop. Sensitive names, and items that are no products, are not spoken unless it rejected them.

        Returns:
            The policy. Its hash covers the currency and the proposals.
        """
        proposed = shop.proposals
        categories = {
            name: proposed.sensitive_categories[name].reason for name in proposed.not_rejected("sensitive_categories")
        }
        item_ids = {name: proposed.sensitive_items[name].reason for name in proposed.not_rejected("sensitive_items")}
        no_products = dict.fromkeys(proposed.not_rejected("left_out_items"), "")
        return self._with(categories, no_products | item_ids, shop.currency)

    def with_sensitive(self, categories: Mapping[str, str], item_ids: Mapping[str, str]) -> Policy:
        """Return the policy with more sensitive categories and items.

        Args:
            categories: Reason by category.
            item_ids: Reason by the id of an item.

        Returns:
            The policy. Its hash covers the names.
        """
        return self._with(categories, item_ids, self.currency)

    def _with(self, categories: Mapping[str, str], item_ids: Mapping[str, str], currency: str | None) -> Policy:
        if not categories and not item_ids and currency == self.currency:
            return self
        content = "\n".join((self._digest, currency or "", *sorted(categories), "", *sorted(item_ids)))
        unpromoted = self.settings.unpromoted_reasons
        return Policy(
            self.settings,
            categories=self._sensitive.categories | categories.keys(),
            types=self._sensitive.types,
            digest=_digest([content.encode()]),
            item_ids=self._sensitive.item_ids | item_ids.keys(),
            unpromoted=self._unpromoted
            | NameSet.of(
                categories=[name for name, reason in categories.items() if reason in unpromoted],
                item_ids=[item_id for item_id, reason in item_ids.items() if reason in unpromoted],
            ),
            currency=currency,
        )

    @property
    def blocked_words(self) -> tuple[str, ...]:
        """Words and phrases that no text may contain."""
        return self.settings.blocked_words

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
        return not is_anonymous and not _says_something(brand) and plain(brand) not in self._sensitive.brands

    def is_brand(self, brand: str) -> bool:
        """Return whether a value of ``brand`` stands for a brand."""
        return brand not in self.settings.no_brands

    def may_speak_promotion(self, label: str) -> bool:
        """Return whether a text may say that a promotion with this label runs."""
        return label not in self.settings.unspeakable_promotions

    def may_name_category(self, name: str) -> bool:
        """Return whether a text may name a category: one with a letter, not sensitive, and no sentence or offer."""
        return name != NO_CATEGORY and any(map(str.isalpha, readable(name))) and self.shows_category(name)

    def shows_category(self, name: str) -> bool:
        """Return whether a category may be a player of a record: one that is not sensitive, and no sentence."""
        return not (_says_something(name) or self.is_sensitive_category(name))

    def is_sensitive_category(self, name: str) -> bool:
        """Return whether no text may name a category or hint at it."""
        return plain(name) in self._sensitive.categories

    def is_sensitive_item(self, catalogue: Catalogue, item_index: int) -> bool:
        """Return whether no text may name an item or hint that the user has to do with it.

        Args:
            catalogue: The shop's items.
            item_index: The item.

        Returns:
            Whether its id, category or brand is sensitive or its title begins with a sensitive product type.
        """
        return self._sensitive.has_item(catalogue, item_index)

    @property
    def unpromoted(self) -> NameSet:
        """Names of items that popularity does not promote: alcohol and tobacco, by default."""
        return self._unpromoted

    @property
    def never_recommended(self) -> NameSet:
        """Names of items that no list shows."""
        return self._never

    def may_speak_kind(self, kind: str, category: str | None = None) -> bool:
        """Return whether claims of a kind may be said, of a category or at all.

        Args:
            kind: Name of the claim kind.
            category: Name of a category; ``None`` for claims about none.

        Returns:
            False for a vetoed kind, and for a kind that is blocked for the category.
        """
        blocked = self.settings.blocked_claims.get(kind, ()) if category is not None else ()
        return kind not in self.settings.vetoed_kinds and not (blocked and plain(category or "") in map(plain, blocked))


@lru_cache(maxsize=4096)
def _says_something(name: str) -> bool:
    """Return whether a name holds the end of a sentence, an offer, a host or a telephone number."""
    text = readable(name)
    return _STATEMENT.search(text) is not None or without_contacts(text) != text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PromptError(
            f"{path} is unreadable ({error.strerror}) but the policy needs it. "
            "Restore it from the package, or correct the path in the policy file."
        ) from error


def _rows(path: Path, content: bytes) -> list[tuple[str, str]]:
    """Return the names of a sensitive list with their reasons."""
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    if not rows or tuple(rows[0]) != SENSITIVE_COLUMNS or any(len(row) != len(SENSITIVE_COLUMNS) for row in rows):
        raise PromptError(
            f"{path} does not have {len(SENSITIVE_COLUMNS)} values in each row under the heading "
            f"{','.join(SENSITIVE_COLUMNS)!r} but a sensitive list needs them. Correct the file."
        )
    return [(name, reason) for name, reason in rows[1:] if name.strip()]


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
