"""A conversation with one user: reads a message, answers it and returns the context of the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.dialogue.answers import KNOWN, Answers
from llm_explain.dialogue.changes import changed, proposed, statements
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.folding import folded
from llm_explain.dialogue.intents import intent_classifier, locale_encoder
from llm_explain.dialogue.mentions import MOST_CHOICES
from llm_explain.dialogue.name_finder import NameFinder
from llm_explain.dialogue.periods import Periods
from llm_explain.dialogue.repetition import MARK, MOST_SAID, OFFER, REASONED, deepened, marked, offers, unrepeated
from llm_explain.dialogue.scene import Answer, Scene
from llm_explain.dialogue.slots import CHANGES, OF_DATA, OF_OWN_EVENTS, OF_THE_CATALOGUE, OF_THE_SHOP, OF_TWO_ITEMS
from llm_explain.dialogue.speech import Speaker
from llm_explain.dialogue.staff import OF_MODELS, RISK, STAFF_INTENTS, Staff
from llm_explain.dialogue.turns import Context, Turn, named
from llm_explain.dialogue.understanding import OUTSIDE, TALK, Reader, Reading
from llm_explain.dialogue.words import dialogue_words
from llm_explain.policy.suppressions import NO_SUPPRESSIONS
from llm_explain.text.lexicon import folder_of

if TYPE_CHECKING:
    from llm_explain.dialogue.staff import DemandAdvice
    from llm_explain.dialogue.turns import Role
    from llm_explain.explainer import Explainer
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Text
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import History

MOST_PERIODS: Final = 2
"""Most periods of one question: "more in November than in October"."""

LEAST_WORDS: Final = 6
"""Least characters beside a period that ask something: "and in" asks the last question again."""

OF_PERIODS: Final = frozenset({*OF_OWN_EVENTS, "visits", "know"})
"""Intents that are answered for a period."""

MOST_CHARACTERS: Final = 500
"""Characters of a message that are read."""


class Dialogue:
    """Talks about recommendations in one locale. It keeps nothing of a conversation and changes nothing by itself.

    The constructor raises ``PromptError`` if the locale has no ``dialogue.yaml``.

    Args:
        explainer: The shop.
        locale: A folder under ``prompts/``, perhaps with a region; the shop's if not given.
        staff: Answers to members of staff; ``None`` for none.
        like: A dialogue of the same language whose reading of messages is shared; ``None`` for one of its own.
    """

    def __init__(
        self,
        explainer: Explainer,
        *,
        locale: str | None = None,
        staff: Staff | None = None,
        like: Dialogue | None = None,
    ) -> None:
        locale = locale or explainer.locale
        self._explainer, self._locale, self._like = explainer, locale, like
        self._read: tuple[Catalogue, Reader] | None = None
        sections = dialogue_words(folder_of(locale)[0])
        self._grammar, self._say = sections[0], Speaker(explainer, locale, sections)
        self._given = self._staff = Staff()
        self.advise(staff or self._given)
        self._periods = Periods(self._grammar, locale)

    def advise(self, staff: Staff) -> None:
        """Answer members of staff with these models from now on."""
        if staff is not self._given:
            self._given, self._staff = staff, staff
            if staff.demand is not None:
                demand = staff.demand.named(self._explainer.titles, self._say.names.item)
                self._staff = replace(staff, demand=demand)

    @property
    def is_prepared(self) -> bool:
        """Whether the names of the catalogue as it is now were read."""
        if self._like is not None:
            return self._like.is_prepared
        catalogue, read = self._explainer.shop.catalogue, self._read
        if read is not None and read[0] is not catalogue and _has_same_names(read[0], catalogue):
            read = self._read = catalogue, read[1]
        return read is not None and read[0] is catalogue

    @property
    def _reader(self) -> Reader:
        """What reads messages about the catalogue as it is now."""
        catalogue = self._explainer.shop.catalogue
        self._say.names.titles = catalogue.title_of
        if self._like is not None:
            return self._like._reader
        if self._read is None or not self.is_prepared:
            self._read = catalogue, self._made_reader()
        return self._read[1]

    def _made_reader(self) -> Reader:
        shop, names = self._explainer.shop, self._say.names
        catalogue = shop.catalogue
        common_first = catalogue.item_ids[np.argsort(-shop.snapshot.n_events, kind="stable")].tolist()
        title_of = self._explainer.titles
        like = None if self._read is None else self._read[1].names
        known = {} if like is None else like.labels()
        said = {t: known.get(t) or (t, names.label(t)) for t in dict.fromkeys(title_of.values()) if t}
        titles = {item: said[title_of[item]] for item in common_first if title_of[item]}
        events = np.bincount(catalogue.category_index, shop.snapshot.n_events, len(catalogue.category_names))
        largest = [catalogue.category_names[index] for index in np.argsort(-events, kind="stable")]
        categories = {name: (name, names.category(name)) for name in largest if name}
        grammar, locale = self._grammar, folder_of(self._locale)[0]
        hidden = {str(item) for row, item in enumerate(catalogue.item_ids) if shop.is_sensitive(row)}
        hidden |= {name for name in categories if not shop.policy.may_name_category(name)}
        encoder, category_of = locale_encoder(locale), catalogue.category_of
        finder = NameFinder(grammar, titles, categories, encoder, like, hidden, category_of)
        return Reader(grammar, finder, intent_classifier(locale), category_of, self._is_user)

    def prepare(self) -> None:
        """Read the names of the shop and load the sentence encoder now: the first message would wait seconds for it."""
        self._reader.read(self._locale, Context())

    def start(
        self, user_id: str, context: Context | None = None, *, k: int = 10, history: History | None = None
    ) -> Context:
        """Return the context of a conversation about a list of ``k`` items; ``context`` tells what is off."""
        begun = context or Context()
        self._say.names.titles = self._explainer.titles
        items = self._answers(user_id, begun, history).shown(k)
        return replace(begun, items=items, focus=None, category=None, pending=None, asked=None)

    def _answers(self, user_id: str, context: Context, history: History | None, *given: Suppressions) -> Answers:
        """Return what answers one user."""
        return Answers(Scene(self._explainer, user_id, context, self._locale, history, *given))

    def reply(
        self,
        user_id: str,
        message: str,
        context: Context,
        *,
        role: Role = "shopper",
        history: History | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
        page: str | None = None,
    ) -> Turn:
        """Answer a message.

        Args:
            user_id: The shop's id of the user that the list is for; a member of staff may name another one.
            message: What a person wrote. It is data: nothing in it is an instruction.
            context: The context that the last turn returned.
            role: Whether a shopper or a member of staff writes.
            history: The user's events; those of the log if not given.
            suppressions: Claims that the user's feedback took back.
            page: User whose page is open, whom staff call "this customer"; ``user_id`` if not given.

        Returns:
            The answer. Nothing changes before a confirmation; the caller stores ``Turn.change``.
        """
        both = self._reader.several(message[:MOST_CHARACTERS], context, role)
        if both:
            given: Any = {"role": role, "history": history, "suppressions": suppressions, "page": page}
            first = self.reply(user_id, both[0], context, **given)
            if first.choices:
                return first
            second = self.reply(user_id, both[1], first.context, **given)
            return self._say.joined(first, second)
        message, periods = self._cut(message[:MOST_CHARACTERS], context)
        context, page = context if role == "staff" else replace(context, staff_user=None), page or user_id
        user_id = context.staff_user or user_id
        answers = self._answers(user_id, context, history, suppressions)
        asked_in = context if role == "shopper" else replace(context, staff_user=context.staff_user or user_id)
        asked_in = replace(asked_in, age=context.age + bool(periods))  # "what did I spend in May", in all
        reading = self._chosen(message, context)
        reading = reading or self._reader.read(message, asked_in, role, answers.scene.bought)
        is_alone = len(message.strip(" ?¿？，,.")) < (LEAST_WORDS if self._grammar.is_spaced else LEAST_WORDS // 2)
        reading = _of_periods(reading, periods, context, is_alone=is_alone, is_staff=role == "staff")
        if role == "staff" and context.intent in {"order", "due"}:
            reading = self._of_orders(reading, message, context, is_dated=bool(periods))
        if reading.intent in {"yes", "no"}:
            return self._decided(reading.intent, context, user_id, page, history)
        reading = self._pointed(reading, message, context, page) if role == "staff" else reading
        is_unsure = _is_unsure(reading, context)
        if role == "staff":
            before = context
            user_id, context, reading = self._of_customer(user_id, message, context, reading)
            if context != before:
                answers = self._answers(user_id, context, history, suppressions)
            if user_id != page and reading.intent not in TALK | OF_THE_SHOP:
                reading.slots.setdefault("user_id", user_id)
        reading = self._of_amounts(deepened(reading, context), message, context, answers)
        if is_unsure:
            whose = {"intent": reading.intent, "slots": dict(reading.slots), "slot": "user_id"}
            users = tuple(filter(None, (user_id, context.other_user)))
            answer = Answer([Statement("which_user")], users, is_to_staff=True)
            return self._say.turn(reading.intent, reading.slots, answer, replace(context, pending=None, asked=whose))
        if reading.intent in CHANGES and not reading.choices:
            change = proposed(reading, context, answers)
            told = {**change.slots, **{name: value for name, value in reading.slots.items() if name == "user_id"}}
            return self._say.turn(change.intent, told, change.answer, change.context, needs_confirmation=change.is_open)
        answer = self._answered(reading, answers, user_id, context, role)
        new, said = unrepeated(answer, answers, reading.intent, context, role)
        slots, answer = ({"item_id": new.focus} if new is not answer and new.focus else dict(reading.slots)), new
        asked: dict[str, Any] = {
            "intent": reading.intent,
            "slots": slots,
            "slot": answer.missing,
            "choices": list(answer.choices),
        }
        focus = answer.focus or _lost(reading)
        is_about_last = reading.intent in TALK or (
            context.intent in STAFF_INTENTS and reading.intent in {"prove", "where_from", "certainty"}
        )
        about = context.about(focus, reading.slots, is_unclear=bool(reading.choices))
        after = replace(
            context if reading.intent in TALK - {"unknown", *OUTSIDE} and focus is None else about,
            pending=context.pending if reading.intent == "what_if" and reading.is_bare else None,
            asked=None if answer.missing is None else asked,
            intent=context.intent if is_about_last else reading.intent,
            said=(*said, KNOWN)[-MOST_SAID:]
            if reading.intent in {"know", "where_from"} and not reading.slots
            else said,
        )
        intent = "unknown" if reading.intent in OUTSIDE else reading.intent
        turn = self._say.turn(intent, reading.slots, answer, after)
        return self._once(turn, context, after, role, is_told=answer.missing is None and intent in REASONED)

    def _once(self, turn: Turn, before: Context, after: Context, role: Role, *, is_told: bool) -> Turn:
        """Return a turn; one that says what the last one said offers other questions instead."""
        mark, focus = marked(turn.text), after.focus
        if mark in before.said and is_told:
            choices = offers(turn.intent, focus, role, before.said)
            answer = Answer([Statement("same_again")], choices, "intent", focus, turn.data, is_to_staff=True)
            asked = {"intent": turn.intent, "slots": {"item_id": focus} if focus else {}, "slot": "intent"}
            after = replace(after, asked={**asked, "choices": list(choices)}, said=(*after.said, OFFER)[-MOST_SAID:])
            turn = self._say.turn(turn.intent, turn.slots, answer, after)
        said = tuple(each for each in turn.context.said if not each.startswith(MARK))
        return replace(turn, context=replace(turn.context, said=(*said, mark)[-MOST_SAID:]))

    def _cut(self, message: str, context: Context) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a message without the periods that it names, and the periods; "then" means that of the last answer."""
        shop = self._explainer.shop
        found: list[tuple[str, str]] = []
        today = shop.shop.clock.local(self._explainer.as_of).date()
        while shop.has_dates and len(found) < MOST_PERIODS:
            message, period = self._periods.cut(message, today)
            if period is None:
                break
            found.append((period[0].isoformat(), period[1].isoformat()))
        if not found and len(context.days) > 1 and self._grammar.then.search(folded(message)):
            found.append((context.days[0], context.days[1]))
        return message, tuple(found)

    def _pointed(self, reading: Reading, message: str, context: Context, page: str) -> Reading:
        """Return a reading about the customer that staff point to: "this customer" is that of the page."""
        said, named, intent = folded(message), reading.slots.get("user_id"), reading.intent
        if self._grammar.here.search(said) and intent not in TALK | OF_THE_SHOP:
            is_second = named not in {None, page} and intent in OF_DATA
            pointed = {"other_user": page} if is_second else {"user_id": page} if named is None else {}
            return replace(reading, slots={**reading.slots, **pointed})
        is_other = intent in OF_DATA and named is None and context.other_user and self._grammar.next.search(said)
        return replace(reading, slots={**reading.slots, "user_id": context.other_user}) if is_other else reading

    def _of_orders(self, reading: Reading, message: str, context: Context, *, is_dated: bool) -> Reading:
        """Return a question after a forecast: of another week it asks for the forecast again."""
        is_dated &= reading.is_bare and reading.intent not in OF_PERIODS  # "what did she buy yesterday"
        if is_dated or (self._grammar.weeks.search(folded(message)) and context.focus):
            return Reading("order", dict(context.topic if reading.is_bare else reading.slots), is_bare=True)
        return replace(reading, intent="order") if reading.intent == "usual" else reading

    def _of_amounts(self, reading: Reading, message: str, context: Context, answers: Answers) -> Reading:
        """Return a question about what was paid: of a month, or of the purchase that the last answer told."""
        text, is_bare = folded(message), reading.is_bare and "period" not in reading.slots
        topic = dict(context.topic) if context.age == 0 else {}
        if is_bare and context.intent in OF_PERIODS and reading.intent != "paid":
            is_sum = reading.intent == "price" and self._grammar.ellipsis.search(text) is not None  # "how much?"
            is_sum |= reading.intent in TALK and context.intent == "paid" and bool(self._grammar.monthly.search(text))
            is_sum |= reading.intent == "usual" and not topic  # "is that more than usual", of a visit
            reading = Reading("paid", topic or {"all": True}, is_bare=True) if is_sum else reading
        if reading.intent != "paid":
            return reading
        if self._grammar.monthly.search(text):
            return replace(reading, slots={**reading.slots, "monthly": True})
        is_bare &= context.age > 0 or not reading.slots.keys() & {"item_id", "category"}
        is_last, days = context.intent in {"last_bought", "know"} and bool(context.days), context.days
        is_last |= context.intent == "visits" and bool(days) and self._grammar.ellipsis.search(text) is not None
        last = answers.scene.own.last_day() if is_bare and self._grammar.visit.search(text) else None
        if last is not None:
            is_last, days = True, (last.isoformat(), last.isoformat())  # "what did I spend on my last visit"
        return replace(reading, slots={"all": True, "period": days}) if is_bare and is_last else reading

    def _chosen(self, message: str, context: Context) -> Reading | None:
        """Return the question that a message chooses in the words in which it was offered."""
        asked = context.asked or {}
        is_staff, said = context.staff_user is not None, _bare(message)
        choices = asked.get("choices", ()) if asked.get("slot") == "intent" else ()
        named = (each for each in choices if _bare(self._say.meaning(each, is_staff=is_staff)) == said)
        intent = next(named, None)
        return None if intent is None else Reading(intent, dict(asked["slots"]))

    def _answered(self, reading: Reading, answers: Answers, user_id: str, context: Context, role: Role) -> Answer:
        """Return the answer to a question."""
        found = self._to_staff(reading, user_id, context) if role == "staff" else None
        if found is None and "other_user" in reading.slots:
            found = self._of_both(reading, user_id, context)
        answer = found or self._to_shopper(reading, answers)
        others = [each for each in reading.intents if each != reading.intent and self._say.meaning(each)]
        if not others or answer.missing is not None:
            return answer
        return replace(answer, parts=[*answer.parts, Statement("or_else")], choices=tuple(others), missing="intent")

    def _of_both(self, reading: Reading, user_id: str, context: Context) -> Answer:
        """Return the answers of two customers, and which total is the higher one."""
        parts: list[Statement | Text] = []
        totals: dict[str, float] = {}
        for user in (user_id, reading.slots["other_user"]):
            own = context if user == user_id else Context(items=context.items)  # the other's settings are not known
            told = self._answers(user, own, None).answer(reading.intent, reading.slots, ()).parts
            parts += [Statement("of_user", user=user), *told]
            counted = "total" if reading.intent == "paid" else "count"
            values = [{**each.amounts, **each.numbers}.get(counted, 0) for each in told if isinstance(each, Statement)]
            totals[user] = sum(values)
        highest = max(totals, key=totals.__getitem__, default=None)
        frame = "higher_total" if reading.intent == "paid" else "higher_count"
        is_told = len({*totals.values()}) > 1 and reading.intent in {"paid", "visits", "how_often"}
        first = [Statement(frame, user=highest)] if is_told else []
        return Answer([*first, *parts], is_to_staff=True)

    def _to_shopper(self, reading: Reading, answers: Answers) -> Answer:
        """Return the answer that a shopper gets."""
        answer = answers.answer(reading.intent, reading.slots, reading.choices)
        for slots in reading.others:
            answer = replace(answer, parts=[*answer.parts, *answers.answer(reading.intent, slots, ()).parts])
        is_named = reading.intent in OF_TWO_ITEMS or reading.intent == "what_if"  # whose sentences name the item
        is_text = not isinstance(answer.parts[0], Statement) and not is_named
        if answer.focus and self._explainer.titles.get(answer.focus) and is_text:
            answer = replace(answer, parts=[Statement("about_item", item=answer.focus), *answer.parts])
        is_lost = answer.missing == "item_id" or (reading.intent in {"find", "list", "details"} and not reading.slots)
        is_lost |= not reading.is_bare and reading.intent in OF_THE_CATALOGUE  # "where is my oat milk"
        is_lost &= reading.is_unknown
        return replace(answer, parts=[Statement("not_found"), *answer.parts]) if is_lost else answer

    def _of_customer(
        self, user_id: str, message: str, context: Context, reading: Reading
    ) -> tuple[str, Context, Reading]:
        """Return the customer that staff speak of, the context of that customer's list, and the reading."""
        before, is_asked = context.staff_user or user_id, (context.asked or {}).get("slot") == "user_id"
        customer = str(reading.slots.get("user_id", before))
        if reading.intent in (TALK | OF_THE_SHOP) - {"privacy"}:
            customer = before  # "order 500 then" changes no customer, nor does what is not understood
        if customer != before and self._is_user(customer):
            begun = self.start(customer, k=len(context.items))
            topic = context.focus, context.category
            begun = replace(begun, staff_user=customer, other_user=before, users=context.users)
            context = replace(begun, focus=topic[0], category=topic[1], intent=context.intent)
            is_named = not is_asked and bool(
                reading.slots.keys() & {"item_id", "other_id", "item_ids", "category"} or reading.choices
            )
            if is_named:
                bought = self._answers(customer, context, None, NO_SUPPRESSIONS).scene.bought
                reading = self._reader.read(message, context, "staff", bought)
            return customer, context, reading
        return customer, replace(context, staff_user=before), reading

    def _is_user(self, user_id: str) -> bool:
        """Return whether a customer has events, or a risk of churn."""
        is_scored = self._staff.churn is not None and user_id in self._staff.churn.user_ids
        return is_scored or bool(len(self._explainer.events.history(user_id, self._explainer.as_of)))

    def _to_staff(self, reading: Reading, customer: str, context: Context) -> Answer | None:
        """Return an answer to a member of staff, with its day; ``None`` for one that the customer would get."""
        intent = reading.intent
        if intent in OF_DATA:
            users = filter(None, (customer, reading.slots.get("other_user")))
            return Answer([Statement(f"{intent}_staff", user=each) for each in users], is_to_staff=True)
        answer = self._of_models(reading, customer, context)
        if answer is not None and answer.data.get("explanations") and (dated := self._staff.dated(intent)) is not None:
            is_again = intent == context.intent == "order" and answer.focus == context.focus  # "why so many?"
            answer = replace(answer, parts=[dated, *answer.parts, *([Statement("as_it_is")] if is_again else [])])
        elif answer is not None and Statement("not_scored", user=customer) in answer.parts:
            known = self._answers(customer, Context(), None).scene.own.visits()[:1]  # the score needs later purchases
            answer = replace(answer, parts=[*answer.parts, *known])
        elif intent == "data_date" and (dated := self._staff.dated(str(context.intent), "data_until")) is not None:
            answer = Answer([dated])
        return answer and replace(answer, is_to_staff=True)

    def _of_models(self, reading: Reading, customer: str, context: Context) -> Answer | None:
        """Return what the models of staff answer; ``None`` for an answer that the customer would get."""
        staff, intent = self._staff, reading.intent
        slots = {name: value for name, value in reading.slots.items() if name != "user_id"}
        answer: Answer | None = None
        if "other_user" in slots:
            return staff.compare((customer, slots["other_user"]), self._locale) if intent in RISK else None
        if intent in OF_MODELS:
            answer = staff.answer(intent, slots, customer, self._locale)
        elif intent in {"order", "stock"} and staff.demand is not None:
            answer = self._supply(reading, staff.demand)
        elif (
            intent in {"prove", "where_from"}
            and context.intent in STAFF_INTENTS
            and slots.get("item_id") in {None, context.focus}
        ):
            shown = "order" if "item_id" in slots and context.intent == "due" else context.intent
            last = "risk" if context.intent == "risk_change" else shown  # an action is told after the risk
            told = staff.answer(last, {"item_id": context.focus}, customer, self._locale)
            if last == "risk_list":
                last, told = "risk", staff.compare(context.users, self._locale)
            answer = staff.prove(last, told)
        elif intent == "order":
            answer = Answer([Statement("no_model")])
        elif intent == "certainty" or (intent == "shopping" and context.intent == "order" and context.focus):
            last = str(context.intent)
            told = staff.answer(last if last in RISK else "order", {"item_id": context.focus}, customer, self._locale)
            of_demand = [] if staff.demand is None else staff.demand.coverage()
            held = [Statement("no_range")] if last in RISK else of_demand
            before = [Statement("shopping_staff")] if intent == "shopping" else []
            answer = replace(told, parts=[*before, *told.parts, *([] if before else held)])
        elif intent in {"unknown", "small_talk", "shopping", "help"}:
            answer = Answer([Statement(f"{intent}_staff")])
        elif intent not in TALK | OF_THE_SHOP and not self._is_user(customer):
            answer = Answer([Statement("unknown_user", user=customer)])
        return answer

    def _supply(self, reading: Reading, demand: DemandAdvice) -> Answer | None:
        """Return what to order of an item; ``None`` for the catalogue's word on an item without a row of stock."""
        item, category, choices = reading.slots.get("item_id"), reading.slots.get("category"), reading.choices
        is_known = demand.has_stock if reading.intent == "stock" else demand.has_forecast
        if item is not None and is_known(item):
            return Staff(demand=demand).answer("order", {"item_id": item}, None, self._locale)
        if choices and choices[0] not in self._explainer.titles:
            return Answer([Statement("which_group")], choices, "category")
        catalogue, named = self._explainer.shop.catalogue, item or next(iter(choices), None)
        if named is not None:
            (index,) = catalogue.index_of([named])
            category = catalogue.category_names[catalogue.category_index[index]]
        if category is not None:
            own = catalogue.item_ids[catalogue.category_index == list(catalogue.category_names).index(category)]
            choices = tuple(demand.best_sellers([each for each in map(str, own) if is_known(each)], MOST_CHOICES))
        if item is None and len(choices) == 1:
            return Staff(demand=demand).answer("order", {"item_id": choices[0]}, None, self._locale)
        if reading.intent == "stock" and not choices:
            return None
        first = (
            [] if item is None else [Statement("no_forecast" if reading.intent == "order" else "no_stock", item=item)]
        )
        if item is not None and not choices:
            return Answer(first, focus=item)
        return Answer([*first, Statement("which_item")], choices, "item_id", focus=item)

    def _relisted(self, turn: Turn, user_id: str, history: History | None) -> Turn:
        """Return a turn with the list as it is after its change; a hidden item only leaves the list.

        The answer tells what a category still has in the list: its events do not count, but its items may be chosen.
        """
        change, k = turn.change or {}, len(turn.context.items)
        hidden = named(turn.slots, "item")
        if not k or "kind" in turn.slots or (change["intent"] == "stop" and hidden):
            return turn
        k += len({*hidden} - {*turn.context.items})
        answers = self._answers(user_id, turn.context, history)
        context = replace(turn.context, items=answers.shown(k))
        listed = answers.listed(named(turn.slots, "group"), context.items) if change["intent"] == "stop" else []
        told = [self._say.said(each, is_staff=context.staff_user is not None) for each in listed]
        text = (" " if self._grammar.is_spaced else "").join(filter(None, [turn.text, *told]))
        return replace(turn, context=context, text=text)

    def _decided(self, word: str, context: Context, user_id: str, page: str, history: History | None) -> Turn:
        """Apply or drop the change that waits; one of another customer that is dropped leads back to the page's."""
        pending, after = context.pending, replace(context, pending=None, asked=None)
        if pending is None and word == "yes":
            return self._say.turn(word, {}, Answer([Statement("nothing_pending")]), after)
        if pending is not None and word == "no" and context.staff_user not in {None, page}:
            after = replace(self.start(page, k=len(context.items)), staff_user=page, said=context.said)
        if pending is None or word == "no":
            return self._say.turn("no", {}, Answer([Statement("cancelled")]), after)
        intent, slots = str(pending["intent"]), dict(pending["slots"])
        answer = Answer(statements("done", intent, slots, self._explainer.shop))
        after = replace(after, other_user=None)  # the next change is for the same customer
        turn = self._say.turn("yes", slots, answer, changed(after, intent, slots))
        change = {"intent": intent, "slots": slots}
        turn = replace(turn, change=change if after.staff_user is None else {**change, "user_id": after.staff_user})

        return self._relisted(turn, user_id, history)


def _bare(text: str) -> str:
    """Return a message or a choice in lower case, without the marks around it."""
    return folded(text).strip(" ?¿!¡.？。")


def _is_unsure(reading: Reading, context: Context) -> bool:
    """Return whether staff ask for a change without a customer after they spoke of another one than before."""
    is_other = context.staff_user is not None and context.other_user not in {None, context.staff_user}
    return reading.intent in CHANGES | OF_DATA and is_other and "user_id" not in reading.slots


def _lost(reading: Reading) -> str | None:
    """Return the item of a message that was not understood."""
    return reading.slots.get("item_id") if reading.intent in {"unknown", "off_topic"} else None


def _of_periods(
    reading: Reading, periods: tuple[tuple[str, str], ...], context: Context, *, is_alone: bool, is_staff: bool
) -> Reading:
    """Return a reading about periods; a bare period asks the last question again: "and in October?"."""
    if periods and reading.intent == "details" and reading.is_bare:
        reading = Reading("last_bought", {"all": True}, is_bare=True)  # "what was in it", of a visit
    if periods and reading.intent == "stock" and not is_staff:
        reading = replace(reading, intent="how_often")  # "how many bananas this year"
    if periods and reading.is_bare and not reading.slots and reading.intent == "how_often":
        about = context.topic if context.age == 0 else {}  # "how many times this summer"
        reading = replace(reading, intent="how_often" if about else "visits", slots=dict(about))
    if periods and reading.intent == "usual" and reading.is_bare and context.intent in OF_PERIODS:
        reading = Reading(str(context.intent), {"all": True}, is_bare=True)  # "is that more than in October"
    if not periods or not ((is_alone and context.intent in OF_PERIODS) or reading.intent in OF_PERIODS | CHANGES):
        return reading
    if is_alone and context.intent in OF_PERIODS:
        topic = context.topic if context.age == 0 else {}
        reading = Reading(str(context.intent), dict(topic) or {"all": True}, is_bare=True)
    first, *more = ({**reading.slots, "period": period} for period in periods)
    return replace(reading, slots=first, others=(*reading.others, *more), intents=())


def _has_same_names(catalogue: Catalogue, other: Catalogue) -> bool:
    """Return whether two versions of a catalogue have the same items, titles and categories."""
    return catalogue is other or (
        np.array_equal(catalogue.item_ids, other.item_ids)
        and np.array_equal(catalogue.titles, other.titles)
        and np.array_equal(catalogue.category_index, other.category_index)
        and tuple(catalogue.category_names) == tuple(other.category_names)
    )
