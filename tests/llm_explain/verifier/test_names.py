"""Names of a catalogue in a text."""

from __future__ import annotations

from llm_explain.verifier import NameIndex


def test_the_longest_name_wins_and_names_do_not_overlap():
    index = NameIndex(["cheese", "Cheese Crackers", "crackers"])
    text = "Cheese crackers and cheese, crackers"
    assert [(match.name, text[match.start : match.end]) for match in index.find(text)] == [
        ("cheese crackers", "Cheese crackers"),
        ("cheese crackers", "cheese, crackers"),
    ]


def test_a_name_is_whole_words():
    assert NameIndex(["tea"]).find("Steak and teas.") == []


def test_equal_names_count_once_and_names_without_words_do_not():
    assert len(NameIndex(["Tea", "tea", "–", ""])) == 1
