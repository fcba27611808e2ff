"""The variety of a list: texts that begin or end alike are counted."""

from __future__ import annotations

from llm_explain.skeletons.sources import Variety
from llm_explain.text.skeleton import Skeleton


def skeleton(text):
    return Skeleton(text, ("similar_item",), "friendly", ("other_item",))


def test_a_text_that_ends_like_another_one_is_counted():
    variety = Variety()
    said = skeleton("You bought {other_item}, so we thought of this.")
    variety.add(0, said, "You bought tea, so we thought of this.")
    assert variety.times(skeleton("Since you bought {other_item}, so we thought of this.")) == 1
    assert variety.times(skeleton("Since you bought {other_item}.")) == 0
    assert variety.times(skeleton("You bought {other_item}: one more idea.")) == 1


def test_an_ending_of_a_word_is_not_counted():
    variety = Variety()
    variety.add(0, skeleton("You bought {other_item} before."), "You bought tea before.")
    assert variety.times(skeleton("Since you had {other_item} before.")) == 0
