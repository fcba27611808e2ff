"""The claim kinds in force: built-in ones, those of installed packages, and those that a caller adds."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from itertools import combinations
from typing import TYPE_CHECKING, Final

import llm_explain.claims.kinds as builtin
from llm_explain.claims.kind import ClaimKind
from llm_explain.errors import ClaimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llm_explain.records import SubjectType

ENTRY_POINTS: Final = "llm_explain.claim_kinds"
"""Group of entry points under which a package offers claim kinds."""

MOST_KINDS: Final = 2
"""A sentence states at most this many claims."""


class ClaimKinds(Mapping[str, ClaimKind]):
    """Claim kinds by name, in the order in which a sentence names them; immutable.

    Args:
        kinds: The kinds, in any order.

    Raises:
        ClaimError: If two kinds share a name.
    """

    def __init__(self, kinds: Iterable[ClaimKind]) -> None:
        ordered = sorted(kinds, key=lambda kind: (kind.position, kind.name))
        self._kinds = {kind.name: kind for kind in ordered}
        self._placed = cache(self._in_places)
        names = [kind.name for kind in ordered]
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise ClaimError(
                f"name {repeated!r} belongs to two claim kinds but each kind needs its own. "
                f"Change the name of one of them."
            )

    def __hash__(self) -> int:
        """Return the hash of the names."""
        return hash(tuple(self._kinds))

    def __getitem__(self, name: str) -> ClaimKind:
        """Return the kind of a name."""
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names in the order of a sentence."""
        return iter(self._kinds)

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self._kinds)

    @classmethod
    @cache
    def installed(cls) -> ClaimKinds:
        """Return the built-in kinds and those that installed packages offer as entry points."""
        modules = [
            importlib.import_module(f"{builtin.__name__}.{m.name}") for m in pkgutil.iter_modules(builtin.__path__)
        ]
        classes = [
            each
            for module in modules
            for each in vars(module).values()
            if inspect.isclass(each) and issubclass(each, ClaimKind) and each.__module__ == module.__name__
        ]
        return cls(kind() for kind in (*classes, *(each.load() for each in entry_points(group=ENTRY_POINTS))))

    def extended(self, classes: Iterable[type[ClaimKind]]) -> ClaimKinds:
        """Return these kinds and more.

        Args:
            classes: Classes of the additional kinds.

        Returns:
            New claim kinds; this object is not changed.
        """
        return ClaimKinds((*self.values(), *(kind() for kind in classes)))

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return claim kinds in the order in which a sentence names them.

        Args:
            names: Claim kinds in any order.

        Returns:
            Each kind once.

        Raises:
            ClaimError: If a kind is unknown or comes twice.
        """
        given = list(names)
        if unknown := sorted(set(given) - set(self)):
            raise ClaimError(f"claim kind is {unknown[0]!r} but one of {', '.join(self)} is needed. Correct the kind.")
        if len(set(given)) < len(given):
            raise ClaimError(f"claim kinds are {', '.join(given)} but each may come once. Choose one claim of a kind.")
        return tuple(name for name in self if name in given)

    def go_together(self, names: Iterable[str]) -> bool:
        """Return whether one sentence may state claims of all these kinds."""
        return all(self[a].goes_with(self[b]) for a, b in combinations(names, 2))

    def every_combination(self, names: Iterable[str] | None = None, *, most: int = MOST_KINDS) -> list[tuple[str, ...]]:
        """Return every combination of claim kinds that a sentence may state.

        Args:
            names: Kinds that may be spoken; all if not given.
            most: Most kinds in one sentence.

        Returns:
            Combinations in the order in which a sentence names them, single kinds first.
        """
        every = (name for name, kind in self.items() if kind.is_reason)
        named = self.in_order(every if names is None else names)
        return [chosen for n in range(1, most + 1) for chosen in combinations(named, n) if self.go_together(chosen)]

    def about(self, subject: SubjectType) -> list[ClaimKind]:
        """Return the kinds whose claims are about a type of subject."""
        return [kind for kind in self.values() if kind.subject == subject]

    def reasons(self, subject: SubjectType) -> list[ClaimKind]:
        """Return the kinds about a type of subject that a sentence may give as reasons."""
        return [kind for kind in self.about(subject) if kind.is_reason]

    def neutral(self, subject: SubjectType = "item") -> tuple[ClaimKind, ...]:
        """Return the kinds that a text without a reason may state, the preferred ones first."""
        return self._placed("neutral_place", subject)

    def lines(self, subject: SubjectType = "item") -> tuple[ClaimKind, ...]:
        """Return the kinds that a line of an *again* card may state, the most useful ones first."""
        return self._placed("again_place", subject)

    def versions(self, subject: SubjectType = "item") -> tuple[ClaimKind, ...]:
        """Return the kinds that say what is new about a product that the user knows, the most useful ones first."""
        return self._placed("new_place", subject)

    def badges(self, subject: SubjectType = "item") -> tuple[ClaimKind, ...]:
        """Return the kinds that a badge may state, the most useful ones first."""
        return self._placed("badge_place", subject)

    def facts(self, subject: SubjectType = "item") -> tuple[ClaimKind, ...]:
        """Return the kinds of facts about the user that may join a reason, the most useful ones first."""
        return self._placed("fact_place", subject)

    def _in_places(self, place: str, subject: SubjectType) -> tuple[ClaimKind, ...]:
        placed = [(getattr(kind, place), kind) for kind in self.about(subject) if getattr(kind, place) is not None]
        return tuple(kind for _, kind in sorted(placed, key=lambda pair: pair[0]))
