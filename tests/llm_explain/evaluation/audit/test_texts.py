"""The audit of finished sentences: true ones pass, and each kind of falsehood is found."""

from __future__ import annotations

import re

import pytest

from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.artifacts import EvaluatedArtifacts
from llm_explain.evaluation.audit import Audit, audit_records


@pytest.fixture(scope="module")
def artifacts(shop_artifacts):
    return EvaluatedArtifacts.load(shop_artifacts)


@pytest.fixture(scope="module")
def audit(artifacts):
    return Audit(artifacts.folder / "tables", artifacts.explainer.as_of)


@pytest.fixture(scope="module")
def records(artifacts):
    """Return what is said of five recommended items of each of eight users, asked about outside a page.

    A page tells a count on few of its items.
    """
    explainer = artifacts.explainer
    return [
        each.to_dict()
        for user in explainer.events.user_ids[:8]
        for each in explainer.explain(user, [own.subject["item_id"] for own in explainer.recommend(user, k=20)[:5]])
    ]


def check(artifacts, audit, records):
    reader = Reader(Names.of(artifacts.scorer.catalogue))
    return audit_records(records, audit, reader, artifacts.items, item_of_title=artifacts.item_of_title)


def test_true_records_pass(artifacts, audit, records):
    found = check(artifacts, audit, records)
    assert found.faults == []
    assert found.records == 40
    assert min(found.facts, found.reasons, found.values) > 20
    figures = found.to_dict()
    assert (figures["records"], figures["false"]) == (40, 0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("You've bought this 77 times.", "says count 77 but the tables give"),
        ("You buy this about every 99 days.", r"says (due but its rule does not hold|interval_days 99 but)"),
        ("This is new in our range.", "says new_arrival but its rule does not hold"),
    ],
)
def test_a_false_sentence_is_found(artifacts, audit, records, text, fault):
    record = next(record for record in records if any(reason["kind"] == "repeat_item" for reason in record["reasons"]))
    (found,) = check(artifacts, audit, [{**record, "text": text}]).faults
    assert re.search(fault, found)


def test_a_word_of_degree_that_does_not_hold_is_found(artifacts, audit, records):
    # Never bought in any of the last 90 days' occasions often enough: a category that the user bought at most twice.
    rare = [
        (record, reason)
        for record in records
        for reason in record["reasons"]
        if reason["kind"] == "related_category" and reason["facts"]["count"] < 3
    ]
    if not rare:
        pytest.skip("this shop has no rare category among its reasons")
    record, reason = rare[0]
    text = f"You often buy {reason['facts']['category']}."
    (found,) = check(artifacts, audit, [{**record, "text": text}]).faults
    assert "says 'often' of related_category but its rule does not hold" in found
