"""Reads a message: its intent, and typed slots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.dialogue.intents import MASK, plain
from llm_explain.dialogue.mentions import SURE_NAME, WEAK
from llm_explain.dialogue.slots import (
    CHANGES,
    CLAUSE,
    OF_A_SEARCH,
    OF_A_TARGET,
    OF_DATA,
    OF_ONE_ITEM,
    OF_OWN_EVENTS,
    OF_SEVERAL,
    OF_THE_SHOP,
    OF_TWO_ITEMS,
    Slots,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from llm_explain.dialogue.intents import IntentClassifier
    from llm_explain.dialogue.mentions import Mentions
    from llm_explain.dialogue.name_finder import NameFinder
    from llm_explain.dialogue.turns import Context, Role
    from llm_explain.dialogue.words import Grammar

MOST_WORDS: Final = 4
"""Words of a message that is only a yes, a no or a choice."""

LEAST_SCORE: Final = 0.2
"""Least score of an intent that is answered."""

SURE: Final = 0.6
"""Least score that makes a short message a question of its own, not an answer to one that was asked back."""

LEAST_CLEAR: Final = 0.4
"""Least score of the intent of a message that names nothing, for it to be answered without asking back."""

LEAST_MARGIN: Final = 0.03
"""Least difference of the two best scores for an intent to be answered without asking back."""

BARE_ID: Final = re.compile(
    r"(?<![A-Za-z0-9_.,-])#?([0-9]{2,}|[A-Za-z_:/-]+[0-9][\w:/-]*)(?=s\b|[^\w.,]|$|[.,](?!\d)|[^\x00-\x7f])",
    re.ASCII,
)
"""An id without "customer" before it in a message of a member of staff."""

AS_A_WHOLE: Final = 0.1
"""Advantage of a whole message against a part of it."""

AS_A_QUESTION: Final = 0.3
"""Advantage of a part that asks against a remark: "I never bought pears. Why are they here?"."""

LEAST_REST: Final = 6
"""Most characters beside a place of a choice: "the second please"."""

FOLLOW_UP: Final = "again"
"""Intent of a message that asks the last question of another item: "and the second one?"."""

OUTSIDE: Final = frozenset({"details", "shopping", "off_topic"})
"""What a chat about recommendations does not answer, by the reason that it gives."""

TALK: Final = frozenset({"small_talk", "unknown", "help", "service", "privacy", FOLLOW_UP, *OUTSIDE})
TELLING: Final = frozenset({"service", "privacy", "details", "shopping", "help"})
LESS_TELLING: Final = 0.4
"""Handicap of small talk, help and what is not understood against another part of a message."""

OF_TABLES: Final = frozenset(
    {"why", "why_not", "last_bought", "how_often", "paid", "price", "stock", "offer", "visits", "details"}
)
"""Intents two of which one message may ask."""

OF_VISITS: Final = frozenset({"visits", "how_often", "paid"})
"""Intents after which "the last one" is a purchase, and no item of the list."""

OF_ALL_DATA: Final = frozenset({"know", "export_data", "delete_data"})
"""Intents after which "it" is all of the user's data."""

OF_ONE_CUSTOMER: Final = frozenset({"paid", "visits", "how_often", "last_bought"})
"""Intents that are answered for the first of two customers alone."""

OF_TWO_CUSTOMERS: Final = frozenset(
    {"risk", "risk_list", "compare", "why_above", FOLLOW_UP, "unknown", *OF_ONE_CUSTOMER, *OF_DATA}
)
"""Intents that are about two customers, if a message names two; all others about their risks."""

STAFF_USER: Final = "12"
"""Stands for the id of a customer in the examples of the classifier."""


NO_NAME: Final = "§" * len(STAFF_USER)
"""The same while names are found."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was understood.

    Attributes:
        intent: Name of the intent; ``unknown`` if the message is near to no example.
        slots: Typed slots.
        choices: Items among which the message does not tell.
        intents: Intents among which the message does not tell.
        others: Slots of the other things that the message asks the same of: "apples or grapes".
        is_unknown: Whether the message has words that the shop does not know, and names nothing.
        is_bare: Whether the message names nothing.
    """

    intent: str
    slots: dict[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    others: tuple[dict[str, Any], ...] = ()
    is_unknown: bool = False
    is_bare: bool = False


class Reader:
    """Reads messages of one locale.

    Args:
        grammar: How messages are read.
        names: Finds names in them.
        intents: Classifies masked messages.
        category_of: Category of each item.
        is_user: Whether an id is that of a customer.

    Attributes:
        names: Finds names in messages.
    """

    def __init__(
        self,
        grammar: Grammar,
        names: NameFinder,
        intents: IntentClassifier,
        category_of: Mapping[str, str],
        is_user: Callable[[str], bool],
    ) -> None:
        self._grammar, self.names, self._intents = grammar, names, intents
        self._slots, self._is_user = Slots(grammar, category_of), is_user
        self._staff = frozenset(grammar.staff) - set(grammar.shopper)
        self._verbs = dict.fromkeys(CHANGES, grammar.stops) | {"resume": grammar.resumes}
        self._greetings = frozenset(map(plain, grammar.examples()["small_talk"]))

    def read(self, message: str, context: Context, role: Role = "shopper", bought: Collection[str] = ()) -> Reading:
        """Return the intent and the slots of a message; nothing in it is an instruction to a model."""
        text = folded(" ".join(self.names.marked(message).strip(" .!。！¡¿").split()))
        size = len(text.split()) if self._grammar.is_spaced else len(text) / 2
        is_short = size <= MOST_WORDS
        if context.pending is not None and is_short and (decision := self._decision(text, context, bought)):
            return Reading(decision)
        text, user_id, other_user = self._customers(text, message, context) if role == "staff" else (text, None, None)
        text = self._without_greeting(text)
        text = self._without_yes(text) if context.pending is None else text
        if is_short and (context.asked or {}).get("choices") and (offered := self._offered(text, context)) is not None:
            return offered
        context = replace(context, asked=None) if (context.asked or {}).get("slot") == "intent" else context
        chosen = tuple((context.asked or {}).get("choices", ()))
        found = self._found(text, context, bought, chosen if is_short else ())
        intent, rivals, part, score = self._intent(found, role)
        if user_id is not None and (both := self._of_two(text, intent, found, context, user_id, other_user)):
            return both
        intent, rivals = _of_risk(intent, rivals, found, user_id)
        decision = self._bare_decision(text) if is_short else None
        is_talk = plain(text) in self._greetings
        if decision == "no" or (decision and not is_talk and intent not in CHANGES):
            return Reading(decision)  # nothing waits for it; "ok" is small talk
        is_new = not rivals and intent not in TALK - TELLING and score >= SURE
        other = self._of_another(text, intent, found, context, user_id)
        if other is not None or (other := self._of_sums(text, intent, found, context)) is not None:
            return other
        if context.asked is not None and (
            (intent in {"unknown", FOLLOW_UP} and size <= MOST_WORDS * (1 + (context.asked["intent"] not in CHANGES)))
            or (is_short and found.found and not is_new)
        ):
            return self._completed(context.asked, found, context)
        if chosen and is_short:  # a place is one of the list again, not of the choices
            found = self._found(text, context, bought)
            intent, rivals, part, _ = self._intent(found, role)
        if intent in {"resume", "why_not"} and context.hidden:
            of_hidden = self.names.find(text, context.hidden, bought)
            found = of_hidden if any(each.shown for each in of_hidden.found) else found
        is_asked = self._grammar.why.match(text) or (is_short and text.endswith(("?", "？")))
        is_asked = is_asked or (found.masked(least=0).partition(" ")[0] == MASK and size <= len((MASK, intent)))
        is_again = intent == "resume" and context.is_all_used and is_asked  # "why milk again", "rolls again"
        intent = "why" if is_again else self._repeated(found, context, user_id) if intent == FOLLOW_UP else intent
        return self._filled(intent, found, part, context, user_id, rivals, is_short=is_short)

    def _offered(self, text: str, context: Context) -> Reading | None:
        """Return the question that a message completes with one of the choices, or chooses by its place."""
        asked = context.asked or {}
        choices, slot = asked["choices"], asked["slot"]
        if slot != "intent" and self._grammar.every.search(text) and asked["intent"] in OF_SEVERAL:
            told = self._slots.together([{slot: each} for each in choices])
            several = [{**asked["slots"], slot: each} for each in choices]
            is_change = asked["intent"] in CHANGES
            return Reading(
                asked["intent"], told if is_change else several[0], others=() if is_change else (*several[1:],)
            )
        numbered = choices[int(text) - 1] if re.fullmatch("[1-9]", text) and int(text) <= len(choices) else None
        if slot != "intent":
            one = numbered or self.names.picked(text, choices)
            return None if one is None else Reading(asked["intent"], {**asked["slots"], slot: one})
        if numbered is not None:
            return Reading(numbered, dict(asked["slots"]))
        place = next((each for each in self.names.places(text, choices) if each.shown), None)
        rest = text if place is None else f"{text[: place.start]}{text[place.end :]}"
        rest = rest.strip(" ?？")
        is_place = len(rest) <= (LEAST_REST if self._grammar.is_spaced else 1) and not self._grammar.why.fullmatch(rest)
        return Reading(place.shown[0], dict(asked["slots"])) if place is not None and is_place else None

    def _filled(
        self,
        intent: str,
        found: Mentions,
        part: tuple[int, int],
        context: Context,
        user_id: str | None,
        rivals: tuple[str, ...],
        *,
        is_short: bool,
    ) -> Reading:
        """Return an intent with its slots."""
        is_bare = not found.found
        is_this = self._narrow(found, part, context)
        intent, (slots, choices) = self._slots.as_named(intent, found, context, user_id)
        is_this &= context.intent not in OF_ALL_DATA  # "delete it" after "what do you know about me"
        is_listed = any(len(each.shown) == 1 for each in found.found) or (is_this and is_short)
        is_of_all = found.is_all and not (is_this and context.category)  # "remove all of it", of the dairy
        is_named = any(each.strength > WEAK for each in found.found)  # "remove all yogurts"
        if intent == "delete_data" and (is_named or (is_listed and not is_of_all)) and not found.events:
            intent, (slots, choices) = "stop", self._slots.of("stop", found, context)  # "delete the first one"
        if user_id is not None and intent not in OF_THE_SHOP:
            slots["user_id"] = user_id
        is_put_back = self._verbs["resume"].search(found.text) and context.last is not None
        if (
            intent == "resume"
            and not (found.found or found.kinds or is_put_back)
            and self._grammar.refuse.search(found.text)
        ):
            return Reading("no")  # "no, leave it like that"
        if intent in {"unknown", "off_topic"} and any(each.strength >= SURE_NAME for each in found.found):
            slots |= self._slots.one("last_bought", found, context)[0]  # "it" is that from now on
        others = () if rivals else self._slots.several(intent, found, context)
        slots = dict(others[0]) if others and is_bare else slots
        if others and intent in CHANGES:
            slots, choices, others = self._slots.together(others), (), ()
        is_unknown = bool(found.unknown) and (is_bare or any(map(found.is_told_of, found.found)))
        if (
            intent in {"last_bought", "paid"}
            and is_bare
            and slots.keys() <= {"user_id"}
            and not is_unknown
            and found.focus_at is None
        ):
            slots["all"] = True
        return Reading(intent, slots, choices, rivals, others[1:], is_unknown=is_unknown, is_bare=is_bare)

    def _of_another(
        self, text: str, intent: str, found: Mentions, context: Context, user_id: str | None
    ) -> Reading | None:
        """Return the reading of a message that means another item; ``None`` for other messages."""
        is_other = bool(found.found) or self._grammar.refuse.search(text) is not None
        if context.pending is not None and intent in {"unknown", FOLLOW_UP, *OUTSIDE} and is_other:
            changed = str(context.pending["intent"])  # "no wait, the cheese", "just the big bottle"
            return Reading(changed, *self._slots.of(changed, found, context))
        is_last = [each.shown for each in found.found] == [context.items[-1:]]
        if intent == FOLLOW_UP and is_last and context.intent in OF_VISITS:  # "how often was I here?", "and the last?"
            return Reading("last_bought", (context.topic if context.age == 0 else {}) or {"all": True})
        is_next = not found.found and found.focus_at is None and self._grammar.next.search(text) is not None
        is_next &= self._grammar.weeks.search(text) is None  # "and next month?"
        if intent not in {FOLLOW_UP, "why"} or not is_next or context.asked is not None:
            return None
        item, repeated = _next_to(context), self._repeated(found, context, user_id)  # "and the other one?"
        return Reading(repeated if intent == FOLLOW_UP else intent, {"item_id": item}) if item else None

    def _of_sums(self, text: str, intent: str, found: Mentions, context: Context) -> Reading | None:
        """Return the reading of a message that asks the last question of more things, or of all of them."""
        first = found.found[0] if found.found else None
        is_than = first is not None and self._grammar.than.search(text[: first.start]) is not None
        if is_than and context.intent in {"how_often", "paid"} and context.age == 0 and intent not in OF_THE_SHOP:
            slots, choices = self._slots.of(context.intent, found, context)  # "more than chicken?"
            return Reading(context.intent, slots, choices, others=() if choices else (context.topic,))
        is_vague = intent in {"unknown", FOLLOW_UP, "paid", "price", "stock", "small_talk", "visits", "off_topic"}
        if (
            context.intent == "paid"
            and found.is_all
            and not found.found
            and is_vague
            and len(text.split()) <= LEAST_REST
        ):
            return Reading("paid", {"all": True}, is_bare=True)  # "and in total?"
        return None

    def several(self, message: str, context: Context, role: Role = "shopper") -> tuple[str, ...]:
        """Return the two parts of a message that asks two different things, or for one and a change; else nothing."""
        text = " ".join(self.names.marked(message).strip(" .!。！").split())
        parts = [
            part.strip() for part in self._grammar.also.split(unaccented(text).lower()) if part and part.strip(" ?¿？")
        ]
        # "How much do I buy, and why?" is one question.
        is_bare = any(self._grammar.why.fullmatch(part.strip(" ?.!,;¿？，")) for part in parts)
        if len(parts) != 2 or is_bare or context.pending is not None:
            return ()
        found = [self._found(folded(part), context, ()) for part in parts]
        best = [self._intent(each, role) for each in found]
        intents = [intent for intent, *_ in best]
        is_sure = all(intent in OF_TABLES | CHANGES and score >= LEAST_CLEAR for intent, _, _, score in best)
        if not is_sure or intents[0] == intents[1] or {*intents} <= CHANGES:
            return ()
        return tuple(sorted(parts, key=lambda part: intents[parts.index(part)] in CHANGES))  # its question comes last

    @staticmethod
    def _narrow(found: Mentions, part: tuple[int, int], context: Context) -> bool:
        """Keep what the telling part of a message mentions, and return whether it says "this"."""
        if found.focus_at is not None and not part[0] <= found.focus_at < part[1]:
            found.focus_at = None  # "this is creepy, how do you know …"
        found.unknown = tuple(word for word in found.unknown if word in found.text[slice(*part)])
        is_this = bool(context.topic) and found.focus_at is not None
        is_named = any(each.strength > WEAK for each in found.within(0, part[0]))  # "I had wine once, ignore that"
        found.found = found.within(*part) or ([] if is_this and part[0] > 0 and not is_named else found.found)
        return is_this

    def _found(self, text: str, context: Context, bought: Collection[str], shown: Sequence[str] = ()) -> Mentions:
        """Return what a message mentions; the id of a customer is no place of the list, and no label.

        "They" is no item if staff speak of a customer.
        """
        found = self.names.find(text, shown or context.items, bought, context.listed)
        if context.staff_user is not None:
            things = (at for at in found.focuses if not self._grammar.people.match(found.text, at))
            found.focus_at = next(things, None)
        found.text = found.text.replace(NO_NAME, STAFF_USER)
        return found

    def _without_greeting(self, text: str) -> str:
        """Return a text without a greeting or thanks before something else: "thanks. and the bread?"."""
        clause = CLAUSE.search(text)
        ends = [clause.end()] if clause is not None else []
        ends += [text.index(" ") + 1] if self._grammar.is_spaced and " " in text else []
        for end in ends:
            rest = text[end:].strip(" ,.;:!?¡¿")
            is_more = len(rest.split()) > 1 if self._grammar.is_spaced else len(rest) > 1
            if is_more and plain(text[:end].strip(" ,.;:!?¡¿，。；：！？")) in self._greetings:
                return self._without_greeting(text[end:].strip())
        return text

    def _without_yes(self, text: str) -> str:
        """Return a text without a yes before a change that it asks for: "ok, hide it"."""
        yes = self._grammar.confirm.search(text)
        rest = text[yes.end() :].lstrip(" ,.!，。") if yes is not None else ""
        return rest if any(verb.search(rest) for verb in self._verbs.values()) else text

    def _decision(self, text: str, context: Context, bought: Collection[str]) -> str | None:
        """Return "yes" or "no" to a change that waits; ``None`` for another message."""
        if self._grammar.confirm.search(text):
            return "yes" if self._bare_decision(text) == "yes" else None  # "ok and the second"
        if (no := self._grammar.refuse.search(text)) is None:
            return None
        if context.pending is not None and context.pending["intent"] == "stop" and self._grammar.assent.fullmatch(text):
            return None if self._slots.is_of_use(text) else "no"  # "stop using it" asks again
        rest = text[no.end() :].strip()
        return None if rest and self.names.find(rest, context.items, bought).found else "no"  # "no wait, the cheese"

    def _bare_decision(self, text: str) -> str | None:
        """Return "yes" or "no" for a message that is nothing else: "yes, do it", but not "ok thanks, bye"."""
        grammar = self._grammar
        for word, first, more in (("yes", grammar.confirm, grammar.assent), ("no", grammar.refuse, grammar.refuse)):
            rest, match = text, first.search(text)
            while match is not None and match.end():
                rest = rest[match.end() :].lstrip(" ,.!，。！")
                match = first.search(rest) or more.search(rest)
            if not rest:
                return word
        return None

    def _without_user(self, text: str, message: str, context: Context) -> tuple[str, str | None]:
        """Return a text with the id of a customer exchanged for that of the examples, and the id.

        An id without "customer" before it is one if there is such a customer and it is no place of the list, or if it
        has letters and the shape of the last customer's id.
        """
        places = [(each.start, each.end) for each in self.names.places(text, context.items) if each.shown]
        amounts = [match.span() for match in self._grammar.amount.finditer(text)]  # "46 %", "more than 40"
        shape = _shape(context.staff_user or "")
        things = {each.start for each in self.names.find(text, context.items).found if each.strength > WEAK}
        bare = (
            each
            for each in BARE_ID.finditer(text)
            if (self._is_user(_as_written(each[1], message)) or (shape == _shape(each[1]) and not each[1].isdecimal()))
            and not any(start < each.start(1) < end for start, end in places)
            and not self.names.is_size(text, each.start(1))
            and not any(start <= each.start(1) < end for start, end in amounts)
            and each.end(1) + 1 not in things  # "900 bananas"
            and (each[1] not in context.numbers or each[1] == context.staff_user)
        )
        match = self._grammar.user.search(text) or next(bare, None)
        if match is None:
            return text, None
        user_id = next(group for group in match.groups() if group).rstrip(":/-_")
        is_known = self._is_user(_as_written(user_id, message))
        if not is_known and self._is_user(_as_written(user_id.removesuffix("s"), message)):
            user_id = user_id.removesuffix("s")  # "customer 1502s risk"
        at = text.index(user_id, match.start())
        return f"{text[:at]}{NO_NAME}{text[at + len(user_id) :]}", _as_written(user_id, message)

    def _customers(self, text: str, message: str, context: Context) -> tuple[str, str | None, str | None]:
        """Return a text without the customers that a member of staff means, and them: by an id, or as listed."""
        masked, user_id = self._without_user(text, message, context)
        if user_id is None:
            return self._of_listed(text, context)
        masked, other_user = self._with_other(masked, message, context)
        return masked, user_id, other_user

    def _of_listed(self, text: str, context: Context) -> tuple[str, str | None, str | None]:
        """Return a text without a customer that the last answers listed, and which it means; two for "those two"."""
        is_of_items = context.focus is not None and not context.age
        if is_of_items or self._grammar.shows.search(text) or self._verbs["stop"].search(text):
            return text, None, None  # the last answer spoke of an item, "hide the first one", "why do they see it"
        if self._grammar.both.search(text) is not None:
            last = [each for each in (context.staff_user, context.other_user) if each is not None]
            pair = context.users if len(context.users) == 2 or len(last) < 2 else last
            one, other = (*sorted(pair[:2], key=lambda user: user != context.staff_user), None, None)[:2]
            return (text, one, other) if other is not None else (text, None, None)
        for place in self.names.places(text, (), context.users):
            if place.shown:
                return f"{text[: place.start]}{NO_NAME}{text[place.end :]}", place.shown[0], None
        is_his = self._grammar.somebody.search(text) or self._grammar.why.fullmatch(text.strip(" ?¿？"))
        is_first = context.intent == "risk_list" and is_his  # "why her?"
        return text, context.users[0] if is_first and context.users else None, None

    def _with_other(self, text: str, message: str, context: Context) -> tuple[str, str | None]:
        """Return a text without the id of a second customer that stands near the first: "541 or 1037"."""
        masked, other = self._without_user(text, message, context)
        between = masked.split(NO_NAME)[1]
        is_named = other is not None and self._is_user(other) and len(between.split()) < MOST_WORDS
        return (masked, other) if is_named else (text, None)

    def _of_two(
        self, text: str, intent: str, found: Mentions, context: Context, user_id: str, other_user: str | None
    ) -> Reading | None:
        """Return the reading of a message that compares two customers, or names the one asked for; else ``None``."""
        if (asked := context.asked or {}).get("slot") == "user_id" and other_user is None and not found.found:
            return Reading(str(asked["intent"]), {**asked["slots"], "user_id": user_id})
        is_than = other_user is None and self._is_than(text) and not found.found  # "is he worse than 1790"
        if is_than or (other_user is None and intent in OF_TWO_ITEMS and not found.found):  # "compare him with 718"
            user_id, other_user = context.staff_user or user_id, user_id
        is_two = other_user not in {None, user_id} and (is_than or intent in OF_TWO_CUSTOMERS)
        last = str(context.intent) if is_than and context.intent in OF_ONE_CUSTOMER else "risk"  # "more than 67?"
        named = intent if intent in OF_ONE_CUSTOMER | OF_DATA else last
        named = "visits" if named == "how_often" and not found.found else named  # "who buys more"
        about = self._slots.of(named, found, context)[0] if named in OF_OWN_EVENTS and found.found else {"all": True}
        about = {} if named in {"risk", "visits"} else about
        return Reading(named, {**about, "user_id": user_id, "other_user": other_user}) if is_two else None

    def _is_than(self, text: str) -> bool:
        """Return whether the id of a customer stands after "than", perhaps with a word between them."""
        before = text.split(NO_NAME)[0]
        return any(self._grammar.than.search(each) for each in (before, re.sub(r"\w+ $", "", before)))

    def _intent(self, found: Mentions, role: Role) -> tuple[str, tuple[str, ...], tuple[int, int], float]:
        """Return the intent of a message, those that are as near, the part that tells it, and its score."""
        whole = (0, len(found.text))
        ends = [match.span() for match in self._grammar.also.finditer(found.text)]
        parts = list(zip([0, *(end for _, end in ends)], [*(start for start, _ in ends), len(found.text)], strict=True))
        parts = [(start, end) for start, end in parts if found.text[start:end].strip()]
        telling, n_parts = [part for part in parts if not self._is_bare(found, part)], len(parts)
        if len(telling) == len(parts) or not telling:
            parts = [whole, *parts] if len(parts) > 1 else [whole]
        else:
            parts = telling  # "how many do I order, and why?" asks how many
        masked = [(text, part) for part in parts for text in found.maskings(*part)]
        several = self._ranked([text for text, _ in masked], role, found)
        ranked = [(scores, part) for scores, (_, part) in zip(several, masked, strict=True)]

        def worth(each: tuple[list[tuple[str, float]], tuple[int, int]]) -> float:
            ((intent, score), *_), part = each
            is_asked = found.text[part[1] : part[1] + 1] in {"?", "？"}
            is_name = is_asked and intent == FOLLOW_UP  # "beef? i'm vegetarian"
            handicap = LESS_TELLING * (intent in TALK - TELLING and not is_name)
            bonus = AS_A_WHOLE * (part == whole) + AS_A_QUESTION * (is_asked and intent not in {*CHANGES, FOLLOW_UP})
            return score - handicap + bonus

        best, part = max(ranked, key=worth)
        (intent, score), (_, second) = best[:2]
        is_asked = found.text[part[1] : part[1] + 1] in {"?", "？"}
        if len(parts) < n_parts and intent in OUTSIDE | {"unknown", *(CHANGES if is_asked or score < SURE else ())}:
            return "why", (), part, SURE  # "i never eat it. why?", "no oranges? how come"
        if intent in CHANGES and self._grammar.keeps.search(found.text):
            intent = "resume"  # "don't stop using it"
        elif intent in CHANGES and not found.found and self._grammar.traits.search(found.text):
            intent = "know"  # "stop using my age"
        is_vague = intent == "help" and len(found.unknown) > 1 and score < 2 * LEAST_SCORE
        if score < LEAST_SCORE or is_vague or len(found.unknown) == len(found.text.split()):
            return "unknown", (), part, score
        is_clear = score - second >= LEAST_MARGIN and (score >= LEAST_CLEAR or found.found or found.is_all)
        is_clear = is_clear or intent in TALK
        rivals = () if is_clear else tuple(name for name, _ in best[:3] if name not in TALK)
        return intent, rivals if len(rivals) > 1 else (), part, score

    def _is_bare(self, found: Mentions, part: tuple[int, int]) -> bool:
        """Return whether a part of a message only asks why."""
        return self._grammar.why.fullmatch(found.text[slice(*part)].strip(" ?.!,;¿？，")) is not None

    def _ranked(self, masked: list[str], role: Role, found: Mentions) -> list[list[tuple[str, float]]]:
        """Return the intents that a message may have, the nearest first, of each of its masked parts.

        A change is none of them unless a verb asks for it, or the message is very near to an example and names a thing.
        """
        out = set(
            self._staff if role == "shopper" else {"off_topic"} if self._grammar.somebody.search(found.text) else ()
        )
        out |= {
            intent
            for intent, verb in self._verbs.items()
            if not verb.search(found.masked(least=0)) and not verb.search(found.text)
        }
        is_named = bool(found.found or found.is_all or found.kinds or found.events) or found.focus_at is not None
        kept = CHANGES if is_named else frozenset[str]()
        return [
            [each for each in scores.items() if each[0] not in out or (each[0] in kept and each[1] >= SURE)]
            for scores in self._intents.scores(masked)
        ]

    def _repeated(self, found: Mentions, context: Context, user_id: str | None) -> str:
        """Return the last intent, which a message asks of another item, or of another customer."""
        if user_id is not None and not found.found:
            is_his = context.intent is not None and context.intent not in {*OF_THE_SHOP, "risk_list"}
            return str(context.intent) if is_his else "risk"
        is_listed = any(each.shown for each in found.found) or not found.found
        is_of_answer = bool(context.listed) and bool(found.found) and is_listed  # "what's new?", "and the third one?"
        if context.intent in OF_ONE_ITEM | OF_A_TARGET | OF_A_SEARCH | {"compare"} and not is_of_answer:
            return str(context.intent)
        if not is_listed and found.masked(least=0).strip(" ?") == MASK:
            return "find"  # "coffee"
        return "why" if is_listed else "why_not"

    def _completed(self, asked: Mapping[str, Any], found: Mentions, context: Context) -> Reading:
        """Return the question that was asked back, with the slot that the message names."""
        slots, choices = self._slots.one(str(asked["intent"]), found, context) if found.found else ({}, ())
        if not slots and not choices:
            return Reading("unknown")
        is_kept = asked["intent"] in OF_OWN_EVENTS  # else a name says it better
        merged = {name: value for name, value in asked["slots"].items() if is_kept or name != "event"}
        if "item_id" in slots:
            named = slots["item_id"]
            category = self._slots.category_of(named) or named  # a place among choices may be that of a category
            merged[asked["slot"]] = category if asked["slot"] == "category" else named
        else:
            merged |= slots
        return Reading(asked["intent"], merged, choices)


def _of_risk(intent: str, rivals: tuple[str, ...], found: Mentions, user_id: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the risk for a message that may ask for that of a customer: "the first of them, why?"."""
    may_be = {intent, *rivals} & {"risk", "risk_list"}
    is_risk = user_id is not None and not found.found and may_be and intent not in OF_ONE_CUSTOMER
    return ("risk", ()) if is_risk else (intent, rivals)


def _next_to(context: Context) -> str | None:
    """Return what "the other one" means: the item spoken of before, else the one below it in the list."""
    if context.other is not None or context.focus not in context.items:
        return context.other
    return context.items[(context.items.index(context.focus) + 1) % len(context.items)]


def _as_written(user_id: str, message: str) -> str:
    """Return an id of a folded message with its capitals."""
    place = message.lower().find(user_id)
    return message[place : place + len(user_id)] if place >= 0 else user_id


def _shape(user_id: str) -> str:
    """Return what ids have in common: "c01234" and "C00504" are "a00000"."""
    return re.sub("[0-9]", "0", re.sub("[a-z]", "a", user_id.lower()))
