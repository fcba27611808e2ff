"""Types that stages exchange and callers receive: claims, verdicts, texts, explanation records (docs/design.md §9)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from llm_explain.attribution.values import Attribution

Source = Literal["phrasebook", "lm", "template"]
"""Where a text came from."""

SubjectType = Literal["item", "user", "item_in_store", "offer"]
"""What is explained: an item for a user, a user, an item in a store, or an offer for a user."""

Section = Literal["again", "new"]
"""Part of a list: items that the user bought before, or items that are new to the user."""

Placement = Literal["pinned", "buried"]
"""What a merchant did with an item of a list."""

Fact = str | int | float
"""A value that a rule derived from the tables."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A typed statement that a rule derived from the tables, tied to the player that it speaks for.

    Attributes:
        kind: Name of the claim kind.
        player: Player whose attribution the claim explains.
        part: Part of that player's attribution.
        phi: Attribution of the part, in logits.
        share: ``phi`` as a share of all positive attribution of the score.
        facts: What the rule found, by name.
        licences: Words of degree that the facts permit.
        names: The other item and the category as texts say them, by fact.
    """

    kind: str
    player: str
    part: str
    phi: float
    share: float
    facts: Mapping[str, Fact]
    licences: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``reasons`` entry of the explanation record."""
        return {
            "kind": self.kind,
            "player": self.player,
            "part": self.part,
            "phi": self.phi,
            "share": self.share,
            "facts": dict(self.facts),
            "names": dict(self.names),
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the verifier found wrong with a text.

    Attributes:
        code: Stable name of the rule, for example ``unlicensed_number``.
        message: What is wrong, for a person.
        span: Start and end of the offending characters; ``(0, 0)`` where the fault is an absence.
    """

    code: str
    message: str
    span: tuple[int, int] = (0, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``verdict.faults`` entry of the explanation record."""
        return {"code": self.code, "message": self.message, "span": list(self.span)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verifier's finding on a text.

    Attributes:
        faults: Every fault found; none for a text that may be shown.
    """

    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the text may be shown."""
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        """Return the ``verdict`` entry of the explanation record."""
        return {"ok": self.ok, "faults": [fault.to_dict() for fault in self.faults]}


@dataclass(frozen=True, slots=True)
class Text:
    """A verified sentence and where it came from.

    Attributes:
        text: The sentence.
        source: Which of the three sources gave it.
        skeleton: The sentence with slots instead of names and numbers.
        verdict: The verifier's finding; always ``ok`` for a text that is shown.
        is_ai_generated: Whether a language model wrote the skeleton.
        prompt: Name and hash of the prompt or template behind it.
        model: Name of the language model; empty for templates.
    """

    text: str
    source: Source
    skeleton: str
    verdict: Verdict
    is_ai_generated: bool
    prompt: str
    model: str = ""

    def followed_by(self, second: Text, between: str) -> Text:
        """Return this sentence and a second one, each verified by itself.

        Args:
            second: The second sentence.
            between: What stands between them.

        Returns:
            Both as one text, with the source of the first.
        """
        return replace(
            self,
            text=self.text + between + second.text,
            skeleton=self.skeleton + between + second.skeleton,
            verdict=Verdict((*self.verdict.faults, *second.verdict.faults)),
            is_ai_generated=self.is_ai_generated or second.is_ai_generated,
        )


@dataclass(frozen=True, slots=True)
class Badge:
    """A true claim next to a sentence that is not given as a reason (docs/design.md §2).

    Attributes:
        claim: The claim.
        text: Its verified text.
    """

    claim: Claim
    text: Text

    def to_dict(self) -> dict[str, Any]:
        """Return the ``badges`` entry of the explanation record."""
        return {"kind": self.claim.kind, "facts": dict(self.claim.facts), "text": self.text.text}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a subject, such as an item for a user, has its score: what drove it, and one true sentence.

    Attributes:
        id: Stable for the same user, history, item, moment, artifacts and wording.
        user_id: The shop's id; ``None`` for a history that came with the request.
        subject: What is explained: its ``type`` (``item``, ``user``, ``item_in_store``, ``offer``) and the shop's ids.
        rank: Place by score among the allowed items of a list, else among all candidates, from 1; ``None`` for an item
            outside them, or for another subject.
        probability: Calibrated probability of a purchase in the coming 30 days; ``None`` for a black box.
        attribution: Exact Shapley values of this score.
        reasons: Claims that the sentence gives as reasons.
        statements: Claims that a neutral or a second sentence states without giving them as reasons.
        text: The sentence with its provenance; ``None`` where nothing true can be said.
        reason_code: Why there is no text, or why it is neutral; empty for a personal sentence.
        locale: Language of the text.
        tone: ``friendly``, ``concise`` or ``formal``.
        provenance: Ids and hashes of data, scorer and policy, and the channel of the request if it names one.
        is_cold: Whether the item has no events in the shop's statistics, and is scored from its fields.
        as_of: The moment that the explanation speaks of, UTC without a zone; records state the zone.
        position: Place shown in a list, from 1; ``None`` for an explanation by itself.
        section: Section of a composed list; ``None`` if there are no sections.
        section_title: Heading of the section in the locale.
        placement: What a merchant did with the item; ``None`` if nothing. A pinned item has no reasons.
        badges: At most one true claim next to the text.
        subject_line: Subject line of a message with the text; ``None`` for a surface without one.
    """

    id: str
    user_id: str | None
    subject: Mapping[str, str]
    rank: int | None
    probability: float | None
    attribution: Attribution
    reasons: tuple[Claim, ...]
    statements: tuple[Claim, ...]
    text: Text | None
    reason_code: str
    locale: str
    tone: str
    as_of: pd.Timestamp
    provenance: Mapping[str, str] = field(default_factory=dict)
    is_cold: bool = False
    position: int | None = None
    section: Section | None = None
    section_title: str | None = None
    placement: Placement | None = None
    badges: tuple[Badge, ...] = ()
    subject_line: Text | None = None

    @property
    def item_id(self) -> str | None:
        """The shop's id of the item that is explained; ``None`` if the subject has none."""
        return self.subject.get("item_id")

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation record of docs/design.md §9, ready for JSON."""
        text = self.text
        return {
            "id": self.id,
            "user_id": self.user_id,
            "item_id": self.item_id,
            "subject": dict(self.subject),
            "rank": self.rank,
            "position": self.position,
            "section": self.section,
            "section_title": self.section_title,
            "placement": self.placement,
            "score": self.attribution.score,
            "probability": self.probability,
            "cold": self.is_cold,
            "base_value": self.attribution.base_value,
            "attributions": self.attribution.to_records(),
            "text": text.text if text else None,
            "subject_line": self.subject_line.text if self.subject_line else None,
            "reason_code": self.reason_code,
            "locale": self.locale,
            "tone": self.tone,
            "source": text.source if text else None,
            "reasons": [claim.to_dict() for claim in self.reasons],
            "statements": [claim.to_dict() for claim in self.statements],
            "badges": [badge.to_dict() for badge in self.badges],
            "verdict": (text.verdict if text else Verdict()).to_dict(),
            "ai_generated": text.is_ai_generated if text else False,
            "provenance": {
                **self.provenance,
                "lm": text.model if text else "",
                "prompt": text.prompt if text else "",
                "skeleton": text.skeleton if text else "",
            },
            "as_of": f"{self.as_of.isoformat()}+00:00",
        }
