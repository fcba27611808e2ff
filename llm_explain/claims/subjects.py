"""What is explained, as columns: users, their items, and the history group that a claim speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.values import PastItem
    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.occasions import Flags, Floats, Occasions
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.records import SubjectType
    from scoring.data.catalogue import IndexArray

MAX_SNAPSHOT_AGE_DAYS: Final = 7
"""Days after which statistics of all users are no longer known to be true."""

FEW: Final = 20
"""Subjects to which a rule is applied at once, though it is asked for some of them: that costs as much."""


T_co = TypeVar("T_co", covariant=True)


class Rule(Protocol[T_co]):
    """What ``Subjects.findings`` applies; a ``ClaimKind`` is one."""

    def find(self, subjects: Subjects, /) -> T_co:
        """Return where the rule holds."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """Rows to explain; all columns have shape ``(n,)``.

    Attributes:
        evidence: The users' events.
        user: Place of the user among the histories.
        item: Row number of the item in the catalogue; −1 for subjects without one. All have one, or none has.
        group: Category behind the history group that a claim speaks of; −1 for none.
        past_items: Past items of each subject that a claim may cite, largest attribution first; empty for none.
    """

    evidence: Evidence
    user: IndexArray
    item: IndexArray
    group: IndexArray
    past_items: Sequence[Sequence[PastItem]] = ()

    @classmethod
    def of(cls, evidence: Evidence, user: IndexArray, item: IndexArray | None = None) -> Subjects:
        """Return subjects whose history group is the item's own category.

        Args:
            evidence: The users' events.
            user: Places of the users among the histories, shape ``(n,)``.
            item: Row numbers of the items, shape ``(n,)``; ``None`` for subjects without an item.

        Returns:
            Subjects of ``n`` rows.
        """
        users = np.asarray(user, dtype=np.int64)
        items = np.full(len(users), -1, dtype=np.int64) if item is None else np.asarray(item, dtype=np.int64)
        return cls(evidence, users, items, _own_category(evidence, items))

    def __len__(self) -> int:
        """Return the number of subjects."""
        return len(self.user)

    @property
    def shop(self) -> ShopEvidence:
        """What is the same for every user."""
        return self.evidence.shop

    @cached_property
    def as_of(self) -> IndexArray:
        """Local moment that each claim speaks of, in nanoseconds since 1970."""
        return self.evidence.as_of[self.user]

    @cached_property
    def category(self) -> IndexArray:
        """The item's own category; −1 for a subject without an item."""
        return _own_category(self.evidence, self.item)

    @cached_property
    def snapshot_age_days(self) -> Floats:
        """How long before ``as_of`` the shop's statistics end; negative where they know later events."""
        return self.evidence.snapshot_age_days[self.user]

    @property
    def is_snapshot_fresh(self) -> Flags:
        """Whether the shop's statistics end at ``as_of`` or at most seven days before it."""
        age = self.snapshot_age_days
        return (age >= 0) & (age <= MAX_SNAPSHOT_AGE_DAYS)

    def names(self, row: int) -> dict[str, str]:
        """Return the type of a subject and the shop's ids that it consists of, as in an explanation record."""
        item = int(self.item[row])
        if item >= 0:
            return {"type": "item", "item_id": str(self.shop.catalogue.item_ids[item])}
        user_id = self.evidence.histories[int(self.user[row])].user_id
        return {"type": "user"} if user_id is None else {"type": "user", "user_id": user_id}

    @property
    def type(self) -> SubjectType:
        """What is explained; ``item`` where no subject says otherwise."""
        return "user" if len(self) and int(self.item[0]) < 0 else "item"

    def take(
        self,
        rows: IndexArray,
        *,
        group: IndexArray | None = None,
        past_items: Sequence[Sequence[PastItem]] | None = None,
    ) -> Subjects:
        """Return some of the subjects.

        Args:
            rows: Places of subjects, possibly repeated, shape ``(m,)``.
            group: Another history group for each; the subject's own if not given, shape ``(m,)``.
            past_items: Past items of each that a claim may cite; the subject's own if not given.

        Returns:
            Subjects of ``m`` rows.
        """
        if group is None and past_items is None and np.array_equal(rows, np.arange(len(self))):
            return self  # and what is counted for it
        groups = self.group[rows] if group is None else group
        if past_items is None:
            past_items = [self.past_items[row] for row in rows.tolist()] if self.past_items else ()
        return Subjects(self.evidence, self.user[rows], self.item[rows], groups, past_items)

    @cached_property
    def _found(self) -> dict[Rule[Any], Any]:
        return {}

    @cached_property
    def _parts(self) -> dict[tuple[int, ...], Subjects]:
        return {}

    def findings(self, kind: Rule[T_co], rows: Sequence[int]) -> tuple[T_co, Sequence[int]]:
        """Apply a rule to some subjects; the findings are kept for later questions of the same kind.

        Args:
            kind: The claim kind.
            rows: Places of subjects.

        Returns:
            Findings of these subjects and perhaps of others, and the place that each of their rows stands for.
        """
        if len(self) <= FEW or 2 * len(rows) >= len(self) or kind in self._found:
            return self._apply(kind), range(len(self))
        known = (places for places, part in self._parts.items() if kind in part._found and {*rows} <= {*places})
        places = next(known, tuple(rows))
        if places not in self._parts:
            self._parts[places] = self.take(np.array(places, dtype=np.int64))
        return self._parts[places]._apply(kind), places

    def _apply(self, kind: Rule[T_co]) -> T_co:
        if kind not in self._found:
            self._found[kind] = kind.find(self)
        found: T_co = self._found[kind]
        return found

    @cached_property
    def of_user(self) -> Occasions:
        """All occasions of each subject's user."""
        return self.evidence.by_user.of(self.evidence.user_key(self.user), self.as_of)

    @cached_property
    def of_item(self) -> Occasions:
        """The user's occasions with items of the item's visible title."""
        return self.evidence.by_title.of(self.evidence.title_key(self.user, self.item), self.as_of)

    @cached_property
    def of_group(self) -> Occasions:
        """The user's occasions with the category of the history group."""
        return self.evidence.by_category.of(self.evidence.category_key(self.user, self.group), self.as_of)

    @cached_property
    def of_category(self) -> Occasions:
        """The user's occasions with the item's own category."""
        return self.evidence.by_category.of(self.evidence.category_key(self.user, self.category), self.as_of)

    @cached_property
    def of_brand(self) -> Occasions:
        """The user's occasions with the item's own brand in its own category."""
        key = self.evidence.brand_in_category_key(self.user, self.item)
        return self.evidence.by_brand_in_category.of(key, self.as_of)


def _own_category(evidence: Evidence, item: IndexArray) -> IndexArray:
    return np.where(item >= 0, evidence.shop.catalogue.category_index[item], -1)
