"""A conversation with one user: reads a message, answers it and returns the context of the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.dialogue.answers import Answer, Answers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.intents import intent_classifier
from llm_explain.dialogue.mentions import NameFinder
from llm_explain.dialogue.staff import STAFF_INTENTS
from llm_explain.dialogue.turns import Context, Turn
from llm_explain.dialogue.understanding import CHANGES, TALK, Reader
from llm_explain.dialogue.verifier import AnswerVerifier
from llm_explain.dialogue.wording import Names, Wording
from llm_explain.dialogue.words import dialogue_words
from llm_explain.policy.suppressions import NO_SUPPRESSIONS
from llm_explain.text.lexicon import folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.dialogue.staff import Staff
    from llm_explain.dialogue.turns import Role
    from llm_explain.dialogue.understanding import Reading
    from llm_explain.explainer import Explainer
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Text
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import History

MOST_CHARACTERS: Final = 500
"""Characters of a message that are read."""


class Dialogue:
    """Talks about recommendations in one locale. It keeps nothing of a conversation and changes nothing by itself.

    The constructor raises ``PromptError`` if the locale has no ``dialogue.yaml``.

    Args:
        explainer: The shop.
        locale: A folder under ``prompts/``, perhaps with a region.
        staff: Answers to members of staff; ``None`` for none.
        like: A dialogue of the same language whose reading of messages is shared; ``None`` for one of its own.
    """

    def __init__(
        self, explainer: Explainer, *, locale: str = "en", staff: Staff | None = None, like: Dialogue | None = None
    ) -> None:
        self._explainer, self._locale, self._staff, self._like = explainer, locale, staff, like
        self._read: tuple[Catalogue, Reader] | None = None
        self._grammar, words, rules = dialogue_words(folder_of(locale)[0])
        self._names = Names(locale, explainer.titles)
        currency = explainer.shop.shop.currency
        self._wording = Wording(words, locale, self._names, currency)
        self._verifier = AnswerVerifier(rules, locale, self._names, currency)

    @property
    def _reader(self) -> Reader:
        """What reads messages about the catalogue as it is now."""
        catalogue = self._explainer.shop.catalogue
        self._names.titles = catalogue.title_of
        if self._like is not None:
            return self._like._reader
        if self._read is None or not _has_same_names(self._read[0], catalogue):
            self._read = catalogue, self._made_reader()
        return self._read[1]

    def _made_reader(self) -> Reader:
        shop, names = self._explainer.shop, self._names
        catalogue = shop.catalogue
        common_first = catalogue.item_ids[np.argsort(-shop.snapshot.n_events, kind="stable")].tolist()
        titles = {item: (title, names.item(item)) for item in common_first if (title := self._explainer.titles[item])}
        events = np.bincount(catalogue.category_index, shop.snapshot.n_events, len(catalogue.category_names))
        largest = [catalogue.category_names[index] for index in np.argsort(-events, kind="stable")]
        categories = {name: (name, names.category(name)) for name in largest if name}
        of_item = [catalogue.category_names[index] for index in catalogue.category_index]
        category_of = dict(zip(map(str, catalogue.item_ids), of_item, strict=True))
        grammar = self._grammar
        intents = intent_classifier(folder_of(self._locale)[0])
        return Reader(grammar, NameFinder(grammar, titles, categories), intents, category_of)

    def start(
        self, user_id: str, context: Context | None = None, *, k: int = 10, history: History | None = None
    ) -> Context:
        """Return the context of a conversation about a user's list.

        Args:
            user_id: The shop's id.
            context: What the user has switched off; nothing if not given.
            k: Length of the list.
            history: The user's events; those of the log if not given.

        Returns:
            The context with the items of the list.
        """
        begun = context or Context()
        self._names.titles = self._explainer.titles
        items = Answers(self._explainer, user_id, begun, self._locale, history).shown(k)
        return replace(begun, items=items, focus=None, pending=None, asked=None)

    def reply(
        self,
        user_id: str,
        message: str,
        context: Context,
        *,
        role: Role = "shopper",
        history: History | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
    ) -> Turn:
        """Answer a message.

        Args:
            user_id: The shop's id of the user that the list is for.
            message: What a person wrote. It is data: nothing in it is an instruction.
            context: The context that the last turn returned.
            role: Whether a shopper or a member of staff writes.
            history: The user's events; those of the log if not given.
            suppressions: Claims that the user's feedback took back.

        Returns:
            The answer. Nothing changes before a confirmation; the caller stores ``Turn.change``.
        """
        reading = self._reader.read(message[:MOST_CHARACTERS], context, role)
        if reading.intent in {"yes", "no"}:
            return self._decided(reading.intent, context)
        answers = Answers(self._explainer, user_id, context, self._locale, history, suppressions)
        if reading.intents and reading.intent not in CHANGES:
            answer = Answer([Statement("which_intent")], reading.intents, "intent")
        elif reading.intent in CHANGES and not reading.choices:
            return self._asked_to_change(reading, context, answers)
        elif reading.intent in STAFF_INTENTS:
            answer, context = self._of_staff(reading, context)
        else:
            answer = answers.answer(reading.intent, reading.slots, reading.choices)
        asked = None
        if answer.missing is not None:
            asked = {
                "intent": reading.intent,
                "slots": dict(reading.slots),
                "slot": answer.missing,
                "choices": list(answer.choices),
            }
        after = replace(
            context,
            focus=answer.focus or context.focus,
            pending=None,
            asked=asked,
            intent=context.intent if reading.intent in TALK else reading.intent,
        )
        return self._turn(reading.intent, reading.slots, answer, after)

    def _of_staff(self, reading: Reading, context: Context) -> tuple[Answer, Context]:
        if self._staff is None:
            return Answer([Statement("no_model")]), context
        user_id = reading.slots.get("user_id", context.staff_user)
        answer = self._staff.answer(reading.intent, reading.slots, user_id, self._locale)
        return answer, replace(context, staff_user=user_id)

    def _asked_to_change(self, reading: Reading, context: Context, answers: Answers) -> Turn:
        """Ask for a confirmation; the change waits in the context."""
        intent = "stop" if reading.intent == "less" else reading.intent
        slots = {name: value for name, value in reading.slots.items() if name != "user_id"}
        if "event" in slots and (intent == "resume" or answers.has_only(slots["event"])):
            slots = {"all": True}
        elif "event" in slots:
            unchanged = replace(context, pending=None, asked=None)
            return self._turn(intent, slots, Answer([answers.of_events(slots["event"])]), unchanged)
        if not slots and intent == "resume" and context.last is not None:
            slots = dict(context.last)
        if not slots and context.focus is not None:
            slots = {"item_id": context.focus}
        if not slots:
            answer = Answer([Statement("which_group")], tuple(context.items[:5]), "item_id")
            asked = {"intent": intent, "slots": {}, "slot": "item_id", "choices": list(answer.choices)}
            return self._turn(intent, slots, answer, replace(context, pending=None, asked=asked))
        answer = Answer([_change("ask", intent, slots)], focus=slots.get("item_id"))
        pending = {"intent": intent, "slots": slots}
        after = replace(context, pending=pending, asked=None, focus=answer.focus or context.focus)
        return self._turn(intent, slots, answer, after, needs_confirmation=True)

    def _decided(self, word: str, context: Context) -> Turn:
        """Apply or drop the change that waits."""
        pending, after = context.pending, replace(context, pending=None, asked=None)
        if pending is None:
            return self._turn(word, {}, Answer([Statement("nothing_pending")]), after)
        if word == "no":
            return self._turn("no", {}, Answer([Statement("cancelled")]), after)
        intent, slots = str(pending["intent"]), dict(pending["slots"])
        answer = Answer([_change("done", intent, slots)])
        return replace(
            self._turn("yes", slots, answer, changed(after, intent, slots)), change={"intent": intent, "slots": slots}
        )

    def _turn(
        self,
        intent: str,
        slots: Mapping[str, Any],
        answer: Answer,
        context: Context,
        *,
        needs_confirmation: bool = False,
    ) -> Turn:
        """Word an answer; a sentence that the verifier refuses is left out, and with it the change that it asks for."""
        said = [text for part in answer.parts if (text := self._said(part))]
        is_verified = len(said) == len(answer.parts)
        if needs_confirmation and not said:
            needs_confirmation, context = False, replace(context, pending=None)
        if not said:
            said = [self._said(Statement("unknown"))]
        choices = tuple(self._choice(choice) for choice in answer.choices)
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

    def _said(self, part: Statement | Text) -> str:
        """Return a sentence that is verified; empty if it is not."""
        if not isinstance(part, Statement):
            return part.text if part.verdict.ok else ""
        text = self._wording.say(part)
        return text if text and self._verifier.accepts(text, part) else ""

    def _choice(self, choice: str) -> str:
        if choice in self._explainer.titles:
            return self._names.item(choice)
        return self._wording.meaning(choice) or self._names.category(choice)


def _has_same_names(catalogue: Catalogue, other: Catalogue) -> bool:
    """Return whether two versions of a catalogue have the same items, titles and categories."""
    return catalogue is other or (
        np.array_equal(catalogue.item_ids, other.item_ids)
        and np.array_equal(catalogue.titles, other.titles)
        and np.array_equal(catalogue.category_index, other.category_index)
        and tuple(catalogue.category_names) == tuple(other.category_names)
    )


def changed(context: Context, intent: str, slots: Mapping[str, Any]) -> Context:
    """Return a context after a confirmed change.

    Args:
        context: The context before it.
        intent: ``stop`` or ``resume``.
        slots: What it is about.

    Returns:
        The context whose answers follow it.
    """
    is_stop = intent == "stop"
    context = replace(context, last=dict(slots) if is_stop else None)

    def switched(before: tuple[str, ...], name: str) -> tuple[str, ...]:
        kept = tuple(each for each in before if each != name)
        return (*kept, name) if is_stop else kept

    if "category" in slots:
        return replace(context, groups_off=switched(context.groups_off, slots["category"]))
    if "item_id" in slots:
        items = tuple(each for each in context.items if not is_stop or each != slots["item_id"])
        return replace(context, items=items, hidden=switched(context.hidden, slots["item_id"]))
    if "kind" in slots:
        return replace(context, kinds_off=switched(context.kinds_off, slots["kind"]))
    return replace(context, is_personal=not is_stop)


def _change(verb: str, intent: str, slots: Mapping[str, Any]) -> Statement:
    """Return the question before a change, or what was done."""
    if "category" in slots:
        return Statement(f"{verb}_{intent}_group", category=slots["category"])
    if "item_id" in slots:
        return Statement(f"{verb}_{intent}_item", item=slots["item_id"])
    if "kind" in slots:
        return Statement(f"{verb}_{intent}_kind", kind=slots["kind"])
    return Statement(f"{verb}_{intent}_all")
