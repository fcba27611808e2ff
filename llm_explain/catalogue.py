"""The living catalogue: items, prices, availability and promotions that change without training.

A change is written to a log next to the artifacts and counts from its moment on. Each moment has a version of the
catalogue. A version is immutable, so a request reads one version from beginning to end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

import pandas as pd

from llm_explain.attribution.group_vectors import VectorCache, VersionVectors
from llm_explain.attribution.scored_user import AdditiveScoredUser
from llm_explain.claims import ShopEvidence
from llm_explain.errors import SettingError
from llm_explain.text.category_names import category_in
from llm_explain.text.sensitive_words import sensitive_reason
from llm_explain.user_reader import UserReader
from scoring.data.catalogue_history import CatalogueHistory
from scoring.data.changes import NO, Change, check_order, hash_of, is_on_sale, version_at
from scoring.data.moments import as_moment
from scoring.data.rules import COLUMNS
from scoring.data.tables import (
    AVAILABLE,
    BRAND,
    CATEGORIES,
    CATEGORY,
    END,
    FIRST_SEEN,
    ITEM_ID,
    LABEL,
    START,
    STORE_ID,
    TITLE,
)
from scoring.scorer.candidates import MOST_FOUND, CandidatePool
from scoring.scorer.changed import changed_scorer, packed, title_texts, unindexed
from scoring.training.memory import release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.writing.writer import Writer
    from scoring.data.catalogue import Catalogue
    from scoring.data.changes import Operation
    from scoring.data.moments import Moment
    from scoring.scorer.item_index import ItemIndex
    from scoring.scorer.scorer import GlassBoxScorer

CHANGES: Final = "catalogue/changes.jsonl"
"""The log of changes, in the folder of the artifacts."""

ARRIVAL_DAYS: Final = 90
"""How long an item that the shop added may be recommended with fewer events than training asks of others."""

STEP: Final = pd.Timedelta(milliseconds=1)
"""How long after the latest known moment a change without a moment counts."""


@dataclass
class Version:
    """The shop between two changes of its catalogue.

    Attributes:
        number: How many changes it knows.
        reader: Reads users' histories.
        writer: Writes and verifies texts.
        provenance: Hashes for the records.
    """

    number: int
    reader: UserReader
    writer: Writer
    provenance: Mapping[str, str]

    @property
    def shop(self) -> ShopEvidence:
        """What the claim rules know of the shop."""
        return self.reader.shop


class Changes(Protocol):
    """A log of changes, such as a ``ChangeLog``."""

    def read(self) -> tuple[Change, ...]:
        """Return all changes, oldest first."""

    def append(self, change: Change) -> None:
        """Write a change behind the others."""


class LiveCatalogue:
    """Changes a catalogue, and keeps its versions.

    Args:
        log: The changes next to the artifacts.
        scorer: The scorer as it was trained.
        trained: The version without changes.
        index: Index of the items at training, for a large catalogue.
    """

    def __init__(self, log: Changes, scorer: GlassBoxScorer, trained: Version, index: ItemIndex | None = None) -> None:
        self._logs: list[Changes] = [log]
        self._scorer, self._trained, self._index = scorer, trained, index
        self._seen: list[tuple[Change, ...]] = []
        self._joined: tuple[Change, ...] = ()
        self._lock = Lock()
        self._past: dict[int, Version] = {}
        self._former: Callable[[], Version | None] = lambda: None
        self._changes = self._read()
        self._arrivals = self._find_arrivals()
        self._current = self._build(self._changes)

    def keep_in(self, log: Changes) -> None:
        """Keep later changes in another log too, such as a service's database, and read those that it has.

        Args:
            log: The log. Its changes up to the end of training are part of the training's tables and do not count.
                They say which items arrived before it.
        """
        self._logs = [self._logs[0], log]
        with self._lock:
            changes, arrivals = self._read(), self._arrivals
            self._arrivals = self._find_arrivals()
            if changes != self._changes or arrivals != self._arrivals:
                self._replace(_warmed(self._build(changes)), changes)

    def _read(self) -> tuple[Change, ...]:
        """Return the changes of all logs, oldest first; one that stands in two logs counts once."""
        logs = [log.read() for log in self._logs]
        if len(logs) != len(self._seen) or any(new is not old for new, old in zip(logs, self._seen, strict=True)):
            own, *others = logs
            later = [change for log in others for change in log if change.since > self._scorer.snapshot.as_of]
            changes = sorted((*own, *later), key=lambda change: change.since) if later else own
            self._seen, self._joined = logs, tuple({change.line: change for change in changes}.values())
        return self._joined

    def _find_arrivals(self) -> frozenset[str]:
        """Return the items that were added in the last days before the end of training.

        Training knows them, but it takes items with enough events for candidates, and few have them so soon.
        """
        items, until = self._scorer.catalogue.items, self._scorer.snapshot.as_of
        if FIRST_SEEN not in items:
            return frozenset()
        is_recent = pd.to_datetime(items[FIRST_SEEN]) >= until - pd.Timedelta(days=ARRIVAL_DAYS)
        recent = frozenset(items.loc[is_recent, ITEM_ID].astype(str))
        if self._trained.shop.policy.settings.is_first_seen_stated:
            return recent
        rows = (row for log in self._seen for change in log if change.operation == "put" for row in change.items)
        return recent & {str(row[ITEM_ID]) for row in rows}

    def _build(self, changes: Sequence[Change]) -> Version:
        """Return the version that knows some changes, with the caches and the sources of sentences of the others."""
        trained, of_shop, number = self._trained, self._trained.shop, len(changes)
        no_products = of_shop.shop.proposals.not_rejected("left_out_items")
        arrivals = self._arrivals
        if not (changes or no_products or arrivals) and is_on_sale(self._scorer.catalogue.items).all():
            return trained
        scorer = changed_scorer(self._scorer, changes, hidden=no_products, arrivals=arrivals)
        vectors = VersionVectors(trained.reader.vectors or VectorCache(), number)
        index = self._index
        pool = None if index is None else CandidatePool(scorer, index, unindexed(self._scorer, scorer, changes))
        policy = of_shop.policy.with_sensitive(*_sensitive(changes, scorer.catalogue, of_shop))
        reader = UserReader(
            lambda history: AdditiveScoredUser(scorer, scorer.read(history), vectors, pool),
            lambda histories: AdditiveScoredUser.read_many(scorer, histories, pool),
            events=trained.reader.events,
            shop=ShopEvidence(
                scorer.catalogue,
                snapshot=scorer.snapshot,
                promotions=scorer.promotions,
                policy=policy,
                shop=of_shop.shop,
                past=CatalogueHistory(of_shop.catalogue.items, tuple(changes)),
                events=of_shop.events,
            ),
            vectors=trained.reader.vectors,
            users=trained.reader.users,
            as_of=max([scorer.snapshot.as_of, *(change.since for change in changes)]),
            version=number,
            n_scored=None if pool is None else MOST_FOUND,
        )
        provenance = {**trained.provenance, **({"catalogue": hash_of(changes)} if changes else {})}
        return Version(number, reader, trained.writer.with_catalogue(scorer.catalogue, policy), provenance)

    @property
    def current(self) -> Version:
        """The version that knows all changes that were read."""
        return self._current

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, oldest first."""
        return self._read()

    @property
    def items(self) -> pd.DataFrame:
        """The items table after all changes."""
        return self._current.shop.catalogue.items

    def at(self, as_of: pd.Timestamp) -> Version:
        """Return the version of a moment.

        Args:
            as_of: The moment; changes with this moment count.

        Returns:
            The version.
        """
        current, changes = self._current, self._changes
        number = version_at(changes, as_of)
        former = self._former()
        for known in (current, former):
            if known is not None and known.number == number:
                return known
        with self._lock:
            if number == self._current.number:  # it was replaced between the two lines above
                return self._current
            if number not in self._past:  # one is kept: a version takes 300 MB in the demo's shop
                self._forget_users()
                self._past = {number: self._build(changes[:number])}
            return self._past[number]

    def refresh(self) -> int:
        """Read changes that another process wrote.

        Returns:
            How many changes there are.
        """
        with self._lock:
            changes = self._read()
            if changes != self._changes:
                self._replace(_warmed(self._build(changes)), changes)
            return len(changes)

    def put(self, items: pd.DataFrame, *, moment: Moment | None = None) -> Change:
        """Add items, and change those that are there.

        Args:
            items: Rows of the items table (docs/design.md §8). A value that is missing leaves an item's value as it is.
                Rows that change nothing are left out; a change without rows is not written.
            moment: From when on the change counts, UTC without a zone; right after the latest known moment if not
                given. A running shop passes its clock.

        Returns:
            The change.
        """
        return self._change("put", moment, items=self._checked(items))

    def patch(self, items: pd.DataFrame, *, moment: Moment | None = None) -> Change:
        """Change fields of items, for example their price.

        Args:
            items: Column ``item_id`` and the columns that change.
            moment: As for ``put``.

        Returns:
            The change. An unknown item is an error.
        """
        absent = [column for column in (TITLE, CATEGORY) if column not in items]
        whole = items.reindex(columns=[*items, *absent])
        checked = self._checked(whole).drop(columns=absent)
        self._known(checked[ITEM_ID].tolist())
        return self._change("patch", moment, items=checked)

    def discontinue(self, item_ids: Sequence[str], *, moment: Moment | None = None) -> Change:
        """Recommend items no more. ``patch`` with ``available`` true brings them back.

        Args:
            item_ids: Items.
            moment: As for ``put``.

        Returns:
            The change.
        """
        ids = [str(item_id) for item_id in item_ids]
        self._known(ids)
        return self._change("discontinue", moment, items=pd.DataFrame({ITEM_ID: ids, AVAILABLE: False}))

    def promote(self, promotions: pd.DataFrame, *, moment: Moment | None = None) -> Change:
        """Add promotions. One with the item, start, label and store of another replaces it.

        Args:
            promotions: Rows of the promotions table (docs/design.md §8).
            moment: As for ``put``.

        Returns:
            The change.
        """
        from scoring.data.validation import check  # what checks tables is slow to import

        ids = self._current.shop.catalogue.index_by_id
        checked = check(promotions, "promotions", source="promotions", item_ids=ids, shop=self._scorer.shop).frame
        known = {_promotion(row): row for row in _rows(self.promotions_of(checked[ITEM_ID].tolist()))}
        rows = [
            row for row in _rows(checked) if row.get(END, "") != known.get(_promotion(row), {END: None}).get(END, "")
        ]
        ended = [dict(_promotion(row)) for row in rows if _promotion(row) in known]
        return self._change("promote", moment, promotions=tuple(rows), ended=tuple(ended))

    def promotions_of(self, item_ids: Sequence[str], *, moment: Moment | None = None) -> pd.DataFrame:
        """Return promotions of items that run or will run, as rows of the promotions table.

        Args:
            item_ids: Items.
            moment: The time, UTC without a zone; the latest known moment if not given.

        Returns:
            Rows of the promotions table.
        """
        current = self._current
        after = current.reader.as_of if moment is None else as_moment(moment, "moment")
        return current.shop.promotions.after(after, item_ids)

    def end_promotions(
        self, item_ids: Sequence[str], *, label: str | None = None, moment: Moment | None = None
    ) -> Change:
        """End promotions before their time; those that have not begun never do.

        Args:
            item_ids: Items.
            label: Only promotions with this label; all if not given.
            moment: As for ``put``.

        Returns:
            The change.
        """
        ids = [str(item_id) for item_id in item_ids]
        self._known(ids)
        rows = self.promotions_of(ids)
        running = set(rows[ITEM_ID] if label is None else rows.loc[rows[LABEL] == label, ITEM_ID])
        of_label = {} if label is None else {LABEL: label}
        ended = tuple({ITEM_ID: item_id, **of_label} for item_id in ids if item_id in running)
        return self._change("end_promotions", moment, ended=ended)

    def _known(self, item_ids: Sequence[str]) -> None:
        self._current.shop.catalogue.index_of(list(item_ids))

    def _checked(self, items: pd.DataFrame) -> pd.DataFrame:
        from scoring.data.validation import check  # what checks tables is slow to import

        known = self._scorer.catalogue.embedding_columns
        others = [column for column in items if column not in COLUMNS["items"] and column not in known]
        if others:
            raise SettingError(
                f"items has the column {others[0]!r} but the scorer was trained without it. Leave the column out, or "
                "train again."
            )
        checked = check(items, "items", source="items", shop=self._scorer.shop).frame
        return self._with_names(checked) if CATEGORY in items else checked

    def _with_names(self, items: pd.DataFrame) -> pd.DataFrame:
        """Return items whose categories are named as in the catalogue: a path must not be a category of its own."""
        known = frozenset(self._current.shop.catalogue.category_names)
        locale = re.split("[-_]", self._scorer.shop.locale)[0]
        given = items[CATEGORY].dropna()
        named = given.map(lambda text: category_in(text, known, locale))
        paths = given[named != given]
        if not len(paths):
            return items
        items = items.assign(**{CATEGORY: items[CATEGORY].where(items[CATEGORY].isna(), named)})
        return items if CATEGORIES in items else items.assign(**{CATEGORIES: paths})

    def _change(
        self,
        operation: Operation,
        moment: Moment | None,
        *,
        items: pd.DataFrame | None = None,
        promotions: tuple[dict[str, Any], ...] = (),
        ended: tuple[dict[str, str], ...] = (),
    ) -> Change:
        rows = self._news(_rows(items))
        titles = title_texts(self._scorer, pd.DataFrame(list(rows)))
        embeddings = self._scorer.titles.encode(titles) if titles and self._scorer.titles else ()
        with self._lock:
            earlier = self._read()
            latest = max([self._scorer.snapshot.as_of, *(change.since for change in earlier)])
            since = latest + STEP if moment is None else as_moment(moment, "moment")
            change = Change(
                operation=operation,
                moment=since.isoformat(),
                items=rows,
                promotions=promotions,
                ended=ended,
                titles={title: packed(vector) for title, vector in zip(titles, embeddings, strict=True)},
            )
            if not (rows or promotions or ended):
                return change
            check_order(change, earlier)
            expected = (*earlier, change)
            version = _warmed(self._build(expected))  # first: a change that cannot be built is never written
            self._logs[-1].append(change)
            changes = self._read()  # with those that another process wrote in the meantime
            self._replace(version if changes == expected else self._build(changes), changes)
        return change

    def _replace(self, version: Version, changes: tuple[Change, ...]) -> None:
        """Make a version the current one."""
        self._former = ref(self._current)  # for requests that began before the change and hold it
        self._current, self._past, self._changes = version, {}, changes
        self._forget_users()
        if version is not self._trained:
            self._scorer.forget()
        release()

    def _forget_users(self) -> None:
        """Empty the cache of users, who hold the scorer of their version."""
        if (users := self._trained.reader.users) is not None:
            users.clear()

    def _news(self, rows: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
        """Return the rows that change an item."""
        items = self.items
        index = self._current.shop.catalogue.index_by_id.get_indexer(pd.Index([row[ITEM_ID] for row in rows]))
        old = {row[ITEM_ID]: row for row in _rows(items.iloc[index[index >= 0]])}
        return tuple(row for row in rows if not row.items() <= old.get(row[ITEM_ID], {}).items())


def _warmed(version: Version) -> Version:
    """Return a version after it has computed what its first request would wait for."""
    version.reader.read("").scored.rank(1)
    _ = version.shop.may_promote
    return version


def _sensitive(
    changes: Sequence[Change], catalogue: Catalogue, before: ShopEvidence
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the reasons of new categories, and of changed items, whose names have a sensitive word."""
    locale = re.split("[-_]", before.shop.locale)[0]
    new = {*catalogue.category_names}.difference(before.catalogue.category_names)
    latest = {
        (str(item[ITEM_ID]), name): str(item[name])
        for change in changes
        for item in change.items
        for name in (TITLE, CATEGORY, CATEGORIES, BRAND)
        if name in item
    }
    found = {text: sensitive_reason(text, locale) for text in {*new, *latest.values()}}
    items = {item_id: found[text] for (item_id, _), text in latest.items() if found[text]}
    return {name: found[name] for name in new if found[name]}, items


def _promotion(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what makes two rows of the promotions table one promotion."""
    return tuple((name, str(row.get(name, ""))) for name in (ITEM_ID, START, LABEL, STORE_ID))


def _rows(table: pd.DataFrame | None) -> tuple[dict[str, Any], ...]:
    """Return rows as JSON values, without those that are missing."""
    if table is None:
        return ()
    return tuple(
        {str(name): _value(name, value) for name, value in row.items() if _is_there(value)}
        for row in table.to_dict("records")
    )


def _is_there(value: Any) -> bool:
    return isinstance(value, list) or hasattr(value, "tolist") or not pd.isna(value)


def _value(name: Any, value: Any) -> Any:
    if name == AVAILABLE:
        return str(value).strip().casefold() not in NO
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value
