"""Types of a conversation. A turn returns its context, and the client sends it back: the server keeps nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from llm_explain.attribution.partition import GROUP_PREFIX

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

Role = Literal["shopper", "staff"]

MOST_AGE: Final = 3
"""Answers about other things after which "this" means nothing."""


TARGETS: Final = {"group": ("category", "categories"), "item": ("item_id", "item_ids")}
"""Slots of one thing and of several things that one confirmation changes."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a message is read in.

    Attributes:
        items: Items of the list on screen, in the order shown.
        focus: Item that the last turns spoke of.
        category: Category that the last turns spoke of, if they spoke of no item.
        other: Item that they spoke of before ``focus``, which "the other one" and "both" mean.
        pending: Change that waits for a confirmation: ``intent`` and ``slots``.
        asked: Question that the last turn asked back: ``intent``, ``slots`` and the missing ``slot``.
        groups_off: Categories whose events do not count.
        kinds_off: Claim kinds that are not said.
        hidden: Items that are not recommended.
        is_personal: Whether the user's events are used.
        staff_user: Customer that a member of staff speaks of.
        last: Slots of the last change, which "undo" means.
        intent: Intent of the last question, which "and the second one?" repeats.
        numbers: Numbers of the last answer, which are no customers.
        listed: Items that the last answer listed, which "the second one" means.
        users: Customers that the last answers listed, whom "the second one" means before an item.
        other_user: Customer that they spoke of before ``staff_user``.
        days: First and last day that the last answer told, which "then" means: of a visit, or of a period.
        age: Answers since the last one that spoke of ``focus`` or ``category``.
        said: Frames of the answers so far that told nothing, and a mark of the last answer; none is said twice.
    """

    items: tuple[str, ...] = ()
    focus: str | None = None
    category: str | None = None
    pending: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] | None = None
    groups_off: tuple[str, ...] = ()
    kinds_off: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    is_personal: bool = True
    staff_user: str | None = None
    last: Mapping[str, Any] | None = None
    intent: str | None = None
    said: tuple[str, ...] = ()
    other: str | None = None
    numbers: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    other_user: str | None = None
    days: tuple[str, ...] = ()
    age: int = 0

    def names_only(self, item_ids: Container[str], categories: Container[str], kinds: Container[str]) -> bool:
        """Return whether a context that a client sent back names nothing but what the shop has."""
        slots = [each.get("slots", {}) for each in (self.pending, self.asked) if each is not None] + [self.last or {}]
        items: list[Any] = [*self.items, *self.listed, *self.hidden, *filter(None, (self.focus, self.other))]
        items += [value for each in slots for name, value in each.items() if name in {"item_id", "other_id"}]
        items += [item for each in slots for item in each.get("item_ids", ())]
        return (
            all(isinstance(item, str) and item in item_ids for item in items)
            and all(each["category"] in categories for each in slots if "category" in each)
            and all(name in categories for each in slots for name in each.get("categories", ()))
            and (self.category is None or self.category in categories)
            and all(each["kind"] in kinds for each in slots if "kind" in each)
        )

    def preferences(self) -> dict[str, Any]:
        """Return what the user has switched off, as a service stores it."""
        groups = [GROUP_PREFIX + name for name in self.groups_off]
        off = {"groups_off": groups, "kinds_off": list(self.kinds_off), "items_off": list(self.hidden)}
        return {**off, "personalised": self.is_personal}

    def preferring(
        self, personalised: bool, groups_off: Sequence[str], kinds_off: Sequence[str], items_off: Sequence[str]
    ) -> Context:
        """Return the context with what a service has stored of the user."""
        groups = tuple(name.removeprefix(GROUP_PREFIX) for name in groups_off)
        return replace(
            self, groups_off=groups, kinds_off=tuple(kinds_off), hidden=tuple(items_off), is_personal=personalised
        )

    @property
    def topic(self) -> dict[str, Any]:
        """Slots of what "this" means: an item, a category, or nothing, as after several answers about other things."""
        if self.age > MOST_AGE:
            return {}
        if self.focus is not None:
            return {"item_id": self.focus}
        return {} if self.category is None else {"category": self.category}

    def about(self, focus: str | None, slots: Mapping[str, Any], *, is_unclear: bool = False) -> Context:
        """Return the context after an answer."""
        if focus is not None:
            other = slots.get("other_id") or (self.other if self.focus in {None, focus} else self.focus)
            return replace(self, focus=focus, category=None, other=other, age=0)
        if "category" in slots or is_unclear:
            return replace(self, focus=None, category=slots.get("category"), age=0)
        return replace(self, age=self.age + 1)

    @property
    def is_all_used(self) -> bool:
        """Whether nothing is switched off or hidden."""
        return self.is_personal and not (self.groups_off or self.kinds_off or self.hidden)

    def to_dict(self) -> dict[str, Any]:
        """Return the context as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer.

    Attributes:
        intent: What the message asks for.
        slots: Typed slots: ``item_id``, ``other_id``, ``item_ids``, ``category``, ``categories``, ``kind``, ``all``,
            ``period``, ``user_id`` or ``other_user``.
        text: The answer; every sentence of it was verified.
        is_verified: Whether the verifier accepted every sentence; one that it refuses is left out of ``text``.
        needs_confirmation: Whether the text asks for a confirmation before something changes.
        context: What the next message is read in.
        choices: Answers among which the text asks to choose.
        change: Change that was confirmed and that the caller stores: ``intent`` and ``slots``.
        data: Records, numbers or SQL behind the answer.
    """

    intent: str
    slots: Mapping[str, Any]
    text: str
    is_verified: bool
    needs_confirmation: bool
    context: Context
    choices: tuple[str, ...] = ()
    change: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the turn as JSON values."""
        return {
            "intent": self.intent,
            "slots": dict(self.slots),
            "text": self.text,
            "verdict": {"ok": self.is_verified},
            "needs_confirmation": self.needs_confirmation,
            "choices": list(self.choices),
            "change": self.change,
            "data": dict(self.data),
            "context": self.context.to_dict(),
        }


def named(slots: Mapping[str, Any], target: str) -> tuple[str, ...]:
    """Return the things of slots."""
    one, several = TARGETS[target]
    return (*([slots[one]] if one in slots else []), *slots.get(several, ()))
