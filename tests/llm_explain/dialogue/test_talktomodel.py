"""Questions that TalkToModel answers too (Slack et al., 2023): what each operation is called here.

The questions are written for this test. Operations on several rows of a table (filters, mistakes of a model,
interactions of features) have no counterpart: a conversation is about one person and one list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from llm_explain import Explainer
from llm_explain.dialogue import Context, Dialogue

if TYPE_CHECKING:
    from pathlib import Path

COUNTERPARTS: Final = {
    ("feature importance", "why"): [
        "what drove the first recommendation", "which reasons made you choose the second one",
        "give me the explanation for number 3", "what is behind soup A",
    ],
    ("counterfactual", "why_not"): [
        "what would it take for beer B to be on my list", "why didn't cheese B make it", "what is holding soup B back",
    ],
    ("what-if", "what_if"): [
        "what would you suggest if I had never bought cheese", "how would my list look without beer",
        "suppose I had no soup in my history", "if I stopped buying cheese, would the list change",
    ],
    ("prediction likelihood", "prove"): [
        "how certain are you about the first one", "what is the exact score of number 2", "show me the numbers",
        "how confident are you about that",
    ],
    ("data", "know"): ["what data do you have about me", "describe my history", "which facts about me are stored"],
    ("data provenance", "where_from"): ["where is that from", "what data is this based on", "how do you know that"],
    ("statistics", "how_often"): ["how many times did I buy cheese", "how often is soup A in my orders"],
    ("comparison", "compare"): ["compare the first with the second", "how do the first two differ"],
    ("ranking", "why_above"): ["why does the first beat the second", "what makes number 1 rank above number 3"],
    ("follow-up", "why"): ["and the second one?", "what about number 3"],
    ("system", "help"): ["what can you do", "how does your algorithm work", "what kind of questions can I ask"],
}  # fmt: skip
LEAST_SHARE: Final = 0.9


@pytest.fixture(scope="module")
def dialogue(shop_artifacts: Path) -> Dialogue:
    """Return a conversation about the small shop in English."""
    return Dialogue(Explainer.load(shop_artifacts, language_model=None))


def test_questions_with_a_counterpart_in_talktomodel_are_understood(dialogue: Dialogue) -> None:
    begun = dialogue.start("u03", k=6)
    context = Context(items=begun.items, focus=begun.items[0], intent="why")
    asked = [
        (operation, intent, message) for (operation, intent), several in COUNTERPARTS.items() for message in several
    ]
    read = [(*each, dialogue.reply("u03", each[2], context).intent) for each in asked]
    wrong = [each for each in read if each[1] not in {each[3], "again"}]
    assert len(wrong) <= (1 - LEAST_SHARE) * len(read), wrong
