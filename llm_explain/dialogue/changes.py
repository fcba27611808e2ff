"""Changes of what is used of a user: proposed in a question, applied after a confirmation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.offers import spoken
from llm_explain.dialogue.scene import Answer
from llm_explain.dialogue.turns import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.dialogue.answers import Answers
    from llm_explain.dialogue.turns import Context
    from llm_explain.dialogue.understanding import Reading


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that a message asks for: its question, and whether it waits for a confirmation."""

    intent: str
    slots: dict[str, Any]
    answer: Answer
    context: Context
    is_open: bool = False


def proposed(reading: Reading, context: Context, answers: Answers) -> Proposal:
    """Return the question before a change; the change waits in the context."""
    intent = "stop" if reading.intent == "less" else reading.intent
    slots = {name: value for name, value in reading.slots.items() if name != "user_id"}
    unchanged = replace(context, pending=None, asked=None)
    if "period" in slots:
        return Proposal(intent, slots, Answer([Statement("no_period")]), unchanged)
    if "event" in slots and (intent == "resume" or answers.scene.own.has_only(slots["event"])):
        slots = {"all": True}
    elif "event" in slots:
        return Proposal(intent, slots, Answer([answers.of_events(slots["event"])]), unchanged)
    if not slots and intent == "resume" and context.last is not None:
        slots = dict(context.last)
    if not slots and intent == "resume" and context.is_all_used:
        return Proposal(intent, slots, Answer([Statement("cancelled")]), unchanged)
    if not slots:
        lost = [Statement("not_found")] if reading.is_unknown else []
        answer = Answer([*lost, Statement("which_group")], tuple(context.items[:5]), "item_id")
        asked = {"intent": intent, "slots": {}, "slot": "item_id", "choices": list(answer.choices)}
        return Proposal(intent, slots, answer, replace(unchanged, asked=asked))
    if intent == "resume" and _is_on(slots, context):
        return Proposal(intent, slots, Answer(answers.switched_off(), focus=slots.get("item_id")), unchanged)
    answer = Answer(statements("ask", intent, slots, answers.scene.shop), focus=slots.get("item_id"))
    after = replace(context.about(answer.focus, slots), pending={"intent": intent, "slots": slots}, asked=None)
    return Proposal(intent, slots, answer, after, is_open=True)


def changed(context: Context, intent: str, slots: Mapping[str, Any]) -> Context:
    """Return a context after a confirmed change."""
    is_stop = intent == "stop"
    context = replace(context, last=dict(slots) if is_stop else None)
    groups, items, kinds = named(slots, "group"), named(slots, "item"), ([slots["kind"]] if "kind" in slots else [])
    if not (groups or items or kinds):
        if is_stop:
            return replace(context, is_personal=False)
        return replace(context, is_personal=True, groups_off=(), kinds_off=(), hidden=())

    def switched(before: tuple[str, ...], names: Sequence[str]) -> tuple[str, ...]:
        kept = tuple(each for each in before if each not in names)
        return (*kept, *names) if is_stop else kept

    return replace(
        context,
        groups_off=switched(context.groups_off, groups),
        hidden=switched(context.hidden, items),
        kinds_off=switched(context.kinds_off, kinds),
        items=tuple(each for each in context.items if not (is_stop and each in items)),
        focus=None if is_stop else context.focus,
        category=None if is_stop else context.category,
    )


def statements(verb: str, intent: str, slots: Mapping[str, Any], shop: ShopEvidence) -> list[Statement]:
    """Return the questions before a change, or what was done, without the names of what no answer may name."""
    groups, items = spoken(shop, named(slots, "group"), named(slots, "item"))
    is_hidden = len(groups) + len(items) < len((*named(slots, "group"), *named(slots, "item")))
    said = [Statement(f"{verb}_{intent}_group", categories=groups)] if groups else []
    said += [Statement(f"{verb}_{intent}_item", items=items)] if items else []
    if "kind" in slots:
        said.append(Statement(f"{verb}_{intent}_kind", kind=slots["kind"]))
    said += [Statement(f"{verb}_{intent}_hidden")] if is_hidden else []
    return said or [Statement(f"{verb}_{intent}_all")]


def _is_on(slots: Mapping[str, Any], context: Context) -> bool:
    """Return whether nothing of what a message wants back is switched off: it was never taken out."""
    groups, items = named(slots, "group"), named(slots, "item")
    is_named = bool(groups or items) and context.is_personal
    return is_named and {*groups}.isdisjoint(context.groups_off) and {*items}.isdisjoint(context.hidden)
