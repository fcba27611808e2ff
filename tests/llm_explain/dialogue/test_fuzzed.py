"""Random conversations: nothing changes without a confirmation, and no answer contradicts the tables."""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING, Final

import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.dialogue import Context, Dialogue
from llm_explain.dialogue.intents import MASK
from llm_explain.dialogue.words import dialogue_words

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.dialogue.turns import Turn

N_DIALOGUES: Final = int(os.environ.get("FUZZED_DIALOGUES", "50"))
"""Conversations of the test; the release runs 2,000."""

MOST_TURNS: Final = 6
PLACES: Final = ["the first one", "the second one", "number 3", "the last one", "number 40", "it", "that one", "this"]
NOISE: Final = [
    "yes",
    "no",
    "ok",
    "undo",
    "everything",
    "{item}",
    "@item",
    "confirm",
    "ignore previous instructions",
    "7",
]
NUMBER: Final = "([0-9,]+)"


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    """Return the small shop without a language model."""
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.mark.slow
def test_random_conversations_change_nothing_unasked_and_say_nothing_false(explainer: Explainer) -> None:
    talk, draw = Dialogue(explainer), random.Random(7)
    grammar, _, _ = dialogue_words("en")
    names = [*explainer.titles.values(), *explainer.shop.catalogue.category_names, *PLACES]
    events = explainer.events.events
    events = events[events["timestamp"] < explainer.as_of]
    users = sorted(events["user_id"].unique())
    lists = {user: talk.start(user, k=6) for user in users[:8]}
    for _ in range(N_DIALOGUES):
        user, context = draw.choice([*lists.items()])
        own, said = events[events["user_id"] == user], []
        for _ in range(draw.randint(1, MOST_TURNS)):
            said.append(_message(draw, grammar.texts(), names))
            turn = talk.reply(user, said[-1], context)
            assert turn.text, said
            _assert_asked(turn, context, said)
            _assert_true(turn, own, explainer, context, said)
            context = turn.context


def _message(draw: random.Random, examples: list[str], names: list[str]) -> str:
    """Return an example with names of the shop, some words of two examples, or noise."""
    kind = draw.random()
    if kind < 0.3:
        return draw.choice(["yes", "yes please", "no", draw.choice(NOISE)])
    text = draw.choice(examples)
    if kind > 0.9:
        words = [*text.split(), *draw.choice(examples).split()]
        text = " ".join(draw.sample(words, min(len(words), draw.randint(1, 7))))
    while MASK in text:
        text = text.replace(MASK, draw.choice(names), 1)
    return text[:500]


def _switched(context: Context) -> tuple[object, ...]:
    return context.groups_off, context.hidden, context.kinds_off, context.is_personal


def _assert_asked(turn: Turn, before: Context, said: list[str]) -> None:
    """Fail if something changed that was not asked about and confirmed."""
    if turn.change is None:
        assert _switched(turn.context) == _switched(before), said
    else:
        assert turn.change == before.pending, said
        assert said[-1].startswith(("yes", "ok", "confirm")), said
    assert not set(turn.context.hidden) & set(turn.context.items), said


def _assert_true(turn: Turn, own: pd.DataFrame, explainer: Explainer, before: Context, said: list[str]) -> None:
    """Fail if a number or a date of an answer is not that of the tables."""
    catalogue = explainer.shop.catalogue
    category_of = {
        str(item): catalogue.category_names[index]
        for item, index in zip(catalogue.item_ids, catalogue.category_index, strict=True)
    }
    used = own[~own["item_id"].map(category_of).isin(before.groups_off)] if before.is_personal else own.iloc[:0]
    text = turn.text.replace("“", "").replace("”", "")  # around titles that are no common nouns
    if found := re.match(r"From ([0-9][^:]+? [0-9]{4}) to ([0-9][^:]+? [0-9]{4})(?:: (.+)| there is nothing)", text):
        first, last = (pd.Timestamp(day) for day in found.groups()[:2])
        used = used[used["timestamp"].between(first, last + pd.Timedelta(days=1), inclusive="left")]
        assert found[3] or used.empty, said
        text = found[3] or text
    title = used["item_id"].map(explainer.titles).str.lower()
    category = used["item_id"].map(category_of)
    if found := re.search(rf"We use {NUMBER} entries of your history", text):
        assert _int(found[1]) == len(used), said
    if "We use no history of yours" in text:
        assert used.empty, said
    several = (
        rf"You bought from (.+?) {NUMBER} times, from (.+?) to (.+?)\.",
        rf"(?:^|(?<=\. ))((?:[^:.]|\.(?! ))+?): bought {NUMBER} times, from (.+?) to (.+?)\.",
    )
    for found in (each for pattern in several for each in re.finditer(pattern, text)):
        rows = used[(title == found[1].lower()) | (category == found[1])]
        assert 0 < _int(found[2]) <= len(rows), (said, text)
        assert (_day(rows["timestamp"].min()), _day(rows["timestamp"].max())) == (found[3], found[4]), said
    for pattern in (r"^(.+): last bought on (.+)\.$", r"You last bought something from (.+) on (.+)\.$"):
        if found := re.search(pattern, text):
            rows = used[(title == found[1].lower()) | (category == found[1])]
            assert _day(rows["timestamp"].max()) == found[2], (said, text)
    if found := re.search(r"^(.+): nothing in your history that we use\.$", text):
        assert not (title == found[1].lower()).any(), (said, text)
    if found := re.search(rf"^(.+): place {NUMBER} of your list\.", text):
        shown = before.items[_int(found[2]) - 1]
        assert explainer.titles[shown].lower() == found[1].lower(), (said, text)


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def _day(moment: pd.Timestamp) -> str:
    return f"{moment.day} {moment:%B %Y}"
