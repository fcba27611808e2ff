"""The explanation record of ``/v1`` (docs/design.md §9)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class PlayerValue(BaseModel):
    """What one player adds to a score, in logits.

    Attributes:
        player: ``group:<category>``, ``rest`` (the smaller history groups and those that are never named) or
            ``context:<term>``.
        phi: Its Shapley value.
        parts: Shares of it that are exact by themselves.
    """

    player: str
    phi: float
    parts: dict[str, float]


class Reason(BaseModel):
    """A claim that the sentence makes.

    Attributes:
        kind: Claim kind.
        player: Player that it speaks for.
        part: Part of the player; with ``detail=full`` only.
        phi: Attribution of the part; with ``detail=full`` only.
        share: ``phi`` as a share of all positive attribution.
        facts: What the rule found in the shop's tables.
        names: The other item and the category as sentences say them, by fact.
    """

    kind: str
    player: str
    part: str | None = None
    phi: float | None = None
    share: float
    facts: dict[str, str | int | float]
    names: dict[str, str] = {}


class Fault(BaseModel):
    """One thing that the verifier found wrong."""

    code: str
    message: str
    span: tuple[int, int]


class Verdict(BaseModel):
    """The verifier's finding on the text that is shown."""

    ok: bool
    faults: list[Fault]


class Badge(BaseModel):
    """A true claim next to a sentence that is not given as a reason."""

    kind: str
    facts: dict[str, str | int | float]
    text: str


class Place(BaseModel):
    """Where an item stands in a list.

    Attributes:
        position: Place shown, from 1; none outside lists.
        section: ``again`` or ``new``; none without sections.
        section_title: Heading of the section.
        placement: What the merchant did with the item.
    """

    position: int | None = None
    section: Literal["again", "new"] | None = None
    section_title: str | None = None
    placement: Literal["pinned", "buried"] | None = None


class Record(Place):
    """An explanation record. ``base_value`` plus the sum of every ``phi`` is ``score``.

    ``detail=text`` gives ``id``, ``text``, ``reason_code`` and ``ai_generated``; ``detail=reasons`` adds ``section``,
    ``reasons`` (without any, ``statements``) and ``badges``; ``detail=full`` gives every field.

    Attributes:
        id: Stable for the same user, history, item, moment, artifacts and wording.
        cold: Whether the item has no events yet and is scored from its fields.
        text: The sentence; none where nothing true can be said.
        reason_code: Empty for a personal sentence, else ``neutral`` or ``nothing_to_say``.
        source: Where the text came from.
        ai_generated: Whether a language model wrote its wording.
        provenance: Ids and hashes of data, scorer, language model, prompt, skeleton and policy.
        as_of: The moment that the record speaks of.
    """

    id: str
    text: str | None
    subject_line: str | None = None
    reason_code: Literal["", "neutral", "nothing_to_say"]
    ai_generated: bool
    reasons: list[Reason] = []
    badges: list[Badge] = []
    user_id: str | None = None
    item_id: str | None = None
    subject: dict[str, str] | None = None
    rank: int | None = None
    score: float | None = None
    probability: float | None = None
    cold: bool = False
    base_value: float | None = None
    attributions: list[PlayerValue] = []
    locale: str | None = None
    tone: str | None = None
    source: Literal["phrasebook", "lm", "template"] | None = None
    statements: list[Reason] = []
    verdict: Verdict | None = None
    provenance: dict[str, str] = {}
    as_of: datetime | None = None
