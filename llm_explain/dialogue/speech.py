"""Says answers: words each sentence, leaves out what the verifier refuses, and introduces answers to staff."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.folding import folded
from llm_explain.dialogue.slots import OF_OWN_EVENTS, OF_THE_SHOP
from llm_explain.dialogue.turns import Turn
from llm_explain.dialogue.verifier import TALKED, AnswerVerifier
from llm_explain.dialogue.wording import Names, Wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from llm_explain.dialogue.scene import Answer
    from llm_explain.dialogue.turns import Context
    from llm_explain.dialogue.words import DialogueRules, DialogueWriter, Grammar
    from llm_explain.explainer import Explainer
    from llm_explain.records import Text

OF_DAYS: Final = frozenset({
    "basket", "basket_whole", "basket_day", "visits", "within", "within_day", "bought_last", "bought_last_item",
    "bought_once", "bought_once_item",
})  # fmt: skip
"""Frames that tell a period, or the day of the last visit or purchase."""

OF_HISTORY: Final = frozenset({*OF_OWN_EVENTS, "know", "visits", "prove"})
"""Intents whose answers to staff say until when the history goes: a risk or a forecast may be of a later day."""

MOST_NUMBERS: Final = 50
"""Most numbers of an answer that a context keeps."""


class Speaker:
    """Says the answers of one locale.

    Args:
        explainer: The shop.
        locale: A folder under ``prompts/``.
        sections: The sections of ``dialogue.yaml``: how messages are read, answers worded and verified.

    Attributes:
        names: Says items and categories.
    """

    def __init__(
        self, explainer: Explainer, locale: str, sections: tuple[Grammar, DialogueWriter, DialogueRules]
    ) -> None:
        self._explainer, (self._grammar, words, rules) = explainer, sections
        self.names = Names(locale, explainer.titles)
        currency = explainer.shop.shop.currency
        self._wording = Wording(words, locale, self.names, currency)
        self._verifier = AnswerVerifier(rules, locale, self.names, currency)
        self.meaning = self._wording.meaning

    def turn(
        self,
        intent: str,
        slots: Mapping[str, Any],
        answer: Answer,
        context: Context,
        *,
        needs_confirmation: bool = False,
    ) -> Turn:
        """Word an answer; a sentence that the verifier refuses is left out, and with it the change that it asks for."""
        parts = self._addressed(answer, intent, context)
        is_of_customer = parts is not answer.parts or "other_user" in slots
        said = [text for part in parts if (text := self.said(part, is_staff=is_of_customer))]
        is_verified = len(said) == len(parts)
        if needs_confirmation and not is_verified:
            needs_confirmation, context = False, replace(context, pending=None)
        if not said:
            said = [self.said(Statement("unknown"))]
        choices = self._choices(answer.choices, is_staff=context.staff_user is not None)
        numbers = self._numbers(" ".join(said)) if context.staff_user else ()
        both = [slots["user_id"], slots["other_user"]] if "other_user" in slots else []
        users = dict.fromkeys(both or [part.user for part in parts if isinstance(part, Statement) and part.user])
        is_kept = not _listed(answer) and (context.focus is None or context.age > 0)
        context = replace(
            context,
            numbers=numbers,
            listed=_listed(answer),
            users=tuple(filter(None, users)) if len(users) > 1 else context.users if is_kept else (),
            other_user=slots.get("other_user", context.other_user),
            days=_days(answer) or (context.days if answer.focus is not None else ()),
        )
        return Turn(
            intent,
            dict(slots),
            (" " if self._grammar.is_spaced else "").join(said),
            is_verified,
            needs_confirmation,
            context,
            choices,
            None,
            answer.data,
        )

    def _numbers(self, text: str) -> tuple[str, ...]:
        """Return the numbers of an answer that are no ids of customers."""
        rest = self._grammar.user.sub(" ", folded(text))
        return tuple(dict.fromkeys(re.findall("[0-9]{2,}", rest)))[:MOST_NUMBERS]

    def _addressed(self, answer: Answer, intent: str, context: Context) -> Sequence[Statement | Text]:
        """Return the parts of an answer; one that says "you" to a customer is introduced to staff as such."""
        is_said = any(
            not isinstance(part, Statement) or self._verifier.states(part.frame) != TALKED for part in answer.parts
        )
        if context.staff_user is None or answer.is_to_staff or intent in OF_THE_SHOP or not is_said:
            return answer.parts
        is_told = any(not isinstance(part, Statement) for part in answer.parts)
        return [self._address(intent, context, is_told=is_told), *answer.parts]

    def _address(self, intent: str, context: Context, *, is_told: bool = False) -> Statement:
        """Return the words before what staff are told of a customer, or before what a customer is told."""
        shop, dates = self._explainer.shop, {}
        if shop.has_dates and intent in OF_HISTORY and not is_told:
            dates = {"moment": shop.shop.clock.local(self._explainer.as_of).date()}
        frame = "as_told_undated" if is_told else "as_told" if dates else "of_user"
        return Statement(frame, user=context.staff_user, dates=dates)

    def joined(self, first: Turn, second: Turn) -> Turn:
        """Return two answers as one."""
        before = self.said(self._address(second.intent, second.context)) if second.context.staff_user else ""
        rest = second.text.removeprefix(before).strip() if before and first.text.startswith(before) else second.text
        text = (" " if self._grammar.is_spaced else "").join((first.text, rest))
        is_verified = first.is_verified and second.is_verified
        return replace(second, text=text, is_verified=is_verified, data={**first.data, **second.data})

    def said(self, part: Statement | Text, *, is_staff: bool = False) -> str:
        """Return a sentence that is verified, of the customer if staff read it; empty if it is not."""
        if not isinstance(part, Statement):
            return part.text if part.verdict.ok else ""
        if not all(map(self._explainer.shop.policy.may_name_category, filter(None, (part.category, *part.categories)))):
            return ""
        part = self._wording.spoken(part)
        text = self._wording.say(part, is_staff=is_staff)
        return text if text and self._verifier.accepts(text, part, is_staff=is_staff) else ""

    def _choices(self, choices: Sequence[str], *, is_staff: bool = False) -> tuple[str, ...]:
        """Return choices in words; items that share a label are told apart by their ids."""
        shop, titles, meaning = self._explainer.shop, self._explainer.titles, self._wording.meaning
        of_shop = {*shop.catalogue.category_names}  # others are customers
        choices = [
            c for c in choices if c in titles or meaning(c) or shop.policy.may_name_category(c) or c not in of_shop
        ]
        told = [self._choice(choice, is_staff=is_staff) for choice in choices]
        return tuple(
            f"{name} #{choice}" if told.count(name) > 1 else name for name, choice in zip(told, choices, strict=True)
        )

    def _choice(self, choice: str, *, is_staff: bool = False) -> str:
        if choice in self._explainer.titles:
            return self.names.item(choice)
        return self._wording.meaning(choice, is_staff=is_staff) or self.names.category(choice)


def _days(answer: Answer) -> tuple[str, ...]:
    """Return the first and the last day of the period, or of the last visit, that an answer tells."""
    told = [part for part in answer.parts if isinstance(part, Statement) and part.frame in OF_DAYS]
    if not told:
        return ()
    last = told[0].dates["last"]
    first = told[0].dates["first"] if told[0].frame == "within" else last
    return first.isoformat(), last.isoformat()


def _listed(answer: Answer) -> tuple[str, ...]:
    """Return the items of an answer that lists several."""
    lists = [part.items for part in answer.parts if isinstance(part, Statement) and len(part.items) > 1]
    return lists[0] if len(lists) == 1 else ()
