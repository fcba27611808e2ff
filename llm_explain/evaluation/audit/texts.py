"""What finished sentences say, against the raw tables: every reason, number and word of degree that is read in them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.agreement.reader import agrees, as_stated
from llm_explain.evaluation.audit.attributions import attribution_faults, selection_faults
from llm_explain.evaluation.audit.tables import stated_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from llm_explain.claims.kind import ClaimKind
    from llm_explain.evaluation.agreement.reader import Mention, Reader
    from llm_explain.evaluation.audit.attributions import Record
    from llm_explain.evaluation.audit.tables import Audit, StatedClaim

BLOCK = 2000
"""Records that one run of the SQL looks at."""
MOST_LISTED = 50
"""Faults that a report lists."""


@dataclass
class AuditReport:
    """What the audit found.

    Attributes:
        records: Explanation records.
        facts: Facts of their claims.
        values: Numbers that were read in their sentences.
        degrees: Words of degree that were read in them.
        reasons: Reasons that were read in them.
        unread: Reasons of the records that were not read in their sentences.
        unsaid: Reasons that were read and that the records do not have.
        faults: One line for each fact, number, word or reason that is false.
    """

    records: int = 0
    facts: int = 0
    values: int = 0
    degrees: int = 0
    reasons: int = 0
    unread: int = 0
    unsaid: int = 0
    faults: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures and the first faults, ready for JSON."""
        return {
            "records": self.records,
            "facts": self.facts,
            "false": len(self.faults),
            "reasons_in_text": self.reasons,
            "reasons_not_read": self.unread,
            "reasons_only_read": self.unsaid,
            "values_in_text": self.values,
            "degree_words_in_text": self.degrees,
            "faults": self.faults[:MOST_LISTED],
        }


def audit_records(
    records: Sequence[Record],
    audit: Audit,
    reader: Reader,
    items: Mapping[str, tuple[str, str]],
    *,
    item_of_title: Mapping[str, str] | None = None,
    advance: Callable[[int], None] | None = None,
) -> AuditReport:
    """Check records from the raw tables alone: attributions, the choice of reasons, facts, and what the sentences say.

    Args:
        records: Explanation records.
        audit: The raw tables.
        reader: Reads sentences without the words that wrote them.
        items: Title and category of each item, by ``item_id``.
        item_of_title: Item of each title, for sentences that name another item.
        advance: Called with the number of records that are done.

    Returns:
        The counts and every fault.
    """
    report = AuditReport(records=len(records))
    for start in range(0, len(records), BLOCK):
        part = records[start : start + BLOCK]
        for record in part:
            report.faults += [*attribution_faults(record), *selection_faults(record)]
        stated = stated_claims(part)
        report.facts += sum(len(claim["facts"]) for _, claim in stated)
        report.faults += [fault for faults in audit.fact_faults(stated) for fault in faults]
        read = list(mentions_of(part, reader, items, item_of_title or {}, kinds=audit.kinds))
        report.reasons += len(read)
        told: dict[int, set[str]] = defaultdict(set)
        for (record, _), mention in read:
            told[id(record)].add(mention.kind)
        for record in part:
            given = {claim["kind"] for claim in (*record["reasons"], *record.get("statements", ()))}
            report.unread += len(given - told[id(record)]) if record["text"] is not None else 0
            report.unsaid += len(told[id(record)] - given)
        report.values += sum(len(mention.values) for _, mention in read)
        report.degrees += sum(len(mention.degrees) for _, mention in read)
        report.faults += [fault for faults in text_faults(read, audit) for fault in faults]
        if advance is not None:
            advance(min(start + BLOCK, len(records)))
    return report


def mentions_of(
    records: Sequence[Record],
    reader: Reader,
    items: Mapping[str, tuple[str, str]],
    item_of_title: Mapping[str, str],
    *,
    kinds: Mapping[str, ClaimKind],
) -> Iterator[tuple[StatedClaim, Mention]]:
    """Yield every reason that is read in the sentences, as a claim about the record's user and item.

    Args:
        records: Explanation records.
        reader: Reads sentences without the words that wrote them.
        items: Title and category of each item, by ``item_id``.
        item_of_title: Item of each title, for sentences that name another item.
        kinds: Claim kinds by name.

    Yields:
        tuple[StatedClaim, Mention]: The record with the claim, and what was read.
    """
    for record in records:
        if record["text"] is None:
            continue
        title, category = items[record["item_id"]]
        facts_of = {claim["kind"]: claim["facts"] for claim in (*record["reasons"], *record.get("statements", ()))}
        titles = _titles_of(facts_of.values(), title, items)
        mentions = reader.read(record["text"], title=title, category=category, titles=titles)
        for mention in mentions:
            known = facts_of.get(mention.kind, {})
            other = str(known.get("other_item_id", item_of_title.get(mention.name, "")))
            claim = as_claim(
                mention, kinds, category, other_item=(other, items[other][1]) if other in items else ("", "")
            )
            for event_kind in mention.event_kinds or (known.get("event_kind", "purchase"),):
                yield (record, {**claim, "facts": {**claim["facts"], "event_kind": event_kind}}), mention


def _titles_of(facts: Iterable[Mapping[str, Any]], title: str, items: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the titles that a record's claims speak of: those of cited items, and the item's if no category is cited.

    A generic title is also the name of a category ("Apples"). The tables then prove what the record means by it.
    """
    cited = [str(own["other_item_id"]) for own in facts if "other_item_id" in own]
    own_title = set() if any("category" in own for own in facts) else {title}
    return {items[other][0] for other in cited if other in items} | own_title


def as_claim(
    mention: Mention, kinds: Mapping[str, ClaimKind], category: str, *, other_item: tuple[str, str] = ("", "")
) -> Record:
    """Return what a mention is about, as the audit asks for it.

    Args:
        mention: A reason that was read in a sentence.
        kinds: Claim kinds by name.
        category: The recommended item's category.
        other_item: Id and category of the other item that the mention names.

    Returns:
        A claim with a kind and a player, and without facts but the other item.
    """
    kind = kinds[mention.kind]
    groups = {"own group": category, "other group": mention.name, "past item": other_item[1]}
    player = f"context:{kind.parts[0]}" if kind.scope == "context" else f"group:{groups[kind.scope]}"
    return {"kind": mention.kind, "player": player, "facts": {"other_item_id": other_item[0]} if other_item[0] else {}}


def text_faults(read: Sequence[tuple[StatedClaim, Mention]], audit: Audit) -> list[list[str]]:
    """Return what sentences say that the tables do not.

    Args:
        read: What was read in sentences.
        audit: The raw tables.

    Returns:
        Faults of each reason, in the order given.
    """
    stated = [each for each, _ in read]
    if not stated:
        return []
    facts, degrees = audit.facts(stated), audit.degrees(stated)
    return [
        list(_faults(record, mention, found, permitted))
        for ((record, _), mention), found, permitted in zip(read, facts, degrees, strict=True)
    ]


def _faults(
    record: Record, mention: Mention, found: Mapping[str, Any] | None, permitted: frozenset[str]
) -> Iterator[str]:
    where = f"user {record['user_id']}, item {record['item_id']}: {record['text']!r} says"
    if found is None:
        yield f"{where} {mention.kind} but its rule does not hold"
        return
    for name, value in mention.values.items():
        should = as_stated(found.get(name))
        if not agrees(name, value, should):
            yield f"{where} {name} {value:g} but the tables give {should:g}"
    for word in mention.degrees:
        if word not in permitted:
            yield f"{where} {word!r} of {mention.kind} but its rule does not hold"
