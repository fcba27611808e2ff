"""Nothing that tells nothing is said twice: the second time, other questions are offered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.scene import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.dialogue.answers import Answers
    from llm_explain.dialogue.turns import Context, Role
    from llm_explain.dialogue.understanding import Reading

DEEPER: Final = {"why": "where_from", "where_from": "prove"}
"""What a question asks that was just answered: "why?" after the reason of an item asks where the reason comes from."""

UNTOLD: Final = frozenset({
    "unknown", "unknown_staff", "small_talk", "small_talk_more", "small_talk_staff", "small_talk_staff_more", "help",
    "help_staff", "made_of", "details", "details_item", "shopping", "shopping_staff", "off_topic", "service",
    "privacy", "no_talk", "no_talk_own", "not_found", "nothing_pending", "no_more", "no_cheapest",
    "no_cheapest_group", "no_model", "no_period",
})  # fmt: skip
"""Frames of answers that tell nothing."""

ALTERNATING: Final = ("small_talk", "service")
"""Beginnings of frames that tell nothing and have another wording, which is said in turn."""

OFFER: Final = "you_can_ask"
OFFERED: Final[dict[Role, tuple[tuple[str, ...], ...]]] = {
    "shopper": (
        ("why", "last_bought", "price", "know"),
        ("how_often", "offer", "more", "switched_off"),
        ("where_from", "what_if", "prove", "visits"),
    ),
    "staff": (("risk", "risk_change", "due"), ("due", "order", "risk")),
}
"""Questions that are offered instead of a second answer that tells nothing."""

OFFERED_WITHOUT_ITEM: Final = (("list", "know", "offer"), ("cheapest", "visits", "switched_off"))
"""The same if no item was spoken of."""

MOST_SAID: Final = 20
"""Most frames that a context keeps."""


REASONED: Final = frozenset({
    "why", "why_not", "why_above", "compare", "where_from", "prove", "risk", "risk_change", "order", "due",
})  # fmt: skip
"""Intents whose answer is not given twice in a row; a figure may answer two questions."""

MARK: Final = "mark_"
"""Begins what stands in ``Context.said`` for the text of the last answer."""


_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


def marked(text: str) -> str:
    """Return what stands for the text of an answer in ``Context.said``."""
    return MARK + f"{crc32(text.encode()):x}".translate(_LETTERS)


def offers(intent: str, item: str | None, role: Role, said: Sequence[str]) -> tuple[str, ...]:
    """Return questions that may be asked instead, each time other ones."""
    several = OFFERED[role] if item is not None or role == "staff" else OFFERED_WITHOUT_ITEM
    first = sum(each.startswith(OFFER) for each in said) % len(several)
    return tuple(each for each in several[first] if each != intent)


def unrepeated(
    answer: Answer, answers: Answers, intent: str, context: Context, role: Role
) -> tuple[Answer, tuple[str, ...]]:
    """Return an answer, and the frames said so far that tell nothing; one of these is not said again.

    Instead of it, the answer offers questions, each time other ones.
    """
    frames = tuple(part.frame for part in answer.parts if isinstance(part, Statement))
    is_empty = len(frames) == len(answer.parts) and all(frame in UNTOLD for frame in frames)
    asked = context.asked or {}
    is_asked = answer.missing is not None and asked.get("slot") == answer.missing
    is_asked &= (asked.get("intent"), tuple(asked.get("choices", ()))) == (intent, answer.choices)
    if not is_asked and (answer.missing is not None or not is_empty):
        return answer, context.said
    last = next((each for each in context.said[::-1] if each.startswith(frames[0])), None)
    if frames[0].startswith(ALTERNATING) and last == frames[0]:
        answer = Answer([Statement(f"{frames[0]}_more")])
        return answer, (*context.said, f"{frames[0]}_more")[-MOST_SAID:]
    if not is_asked and ({*frames}.isdisjoint(context.said) or frames[0].startswith(ALTERNATING)):
        return answer, (*context.said, *frames)[-MOST_SAID:]
    item = answer.focus or context.topic.get("item_id")
    item = None if item is None or answers.scene.is_sensitive(item) else item
    frame = OFFER if item is None else f"{OFFER}_item"
    choices = offers("", item, role, context.said)
    offered = Answer([Statement(frame, item=item)], choices, "intent", item, is_to_staff=True)
    return offered, (*context.said, frame)[-MOST_SAID:]


def deepened(reading: Reading, context: Context) -> Reading:
    """Return a reading as the conversation completes it.

    A question that was just answered asks where that comes from, and then for its proof.
    """
    if context.pending is not None and reading.intent == "what_if" and reading.is_bare:
        return replace(reading, slots=dict(context.pending["slots"]), choices=())  # "what happens if I say yes?"
    if reading.intent == "resume" and {*reading.choices}.isdisjoint((*context.hidden, *context.groups_off)):
        return replace(reading, choices=())  # nothing that the words may mean is off
    item, last = reading.slots.get("item_id"), str(context.intent)
    is_again = reading.intent in {"why", last} and last in DEEPER
    is_same = reading.is_bare and item == context.focus is not None
    return replace(reading, intent=DEEPER[last]) if is_again and is_same else reading
