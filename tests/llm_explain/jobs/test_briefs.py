"""Texts of briefs: what is written is proven, and a text with any other value, sign or order is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from llm_explain.errors import ClaimError, PromptError
from llm_explain.jobs import Brief, BriefVerifier, BriefWriter
from llm_explain.jobs.brief import Stated
from llm_explain.jobs.churn import kinds as churn
from llm_explain.jobs.demand import kinds as demand
from llm_explain.jobs.words import VerifierWords, WriterWords, job_section
from llm_explain.records import Claim

HEADLINE = {
    "user_id": "1228", "noun": "household", "risk": 0.624, "average": 0.21, "share": 0.5, "target": "spending",
    "outcome": "", "days": 56, "is_listed": 0,
}  # fmt: skip
FELL = Claim(
    "visits_fell",
    "feature:visits",
    "visits_trend",
    0.8,
    0.5,
    {"before": 9, "after": 3, "days": 56, "occasion": "visit"},
)
COFFEE = Claim(
    "category_given_up", "feature:habits", "given_up", 0.4, 0.3,
    {"category": "coffee", "interval": 13.5, "days": 41, "last": "2017-08-30", "others": 0, "regular": 4},
)  # fmt: skip
SPENT = Claim(
    "spend_above_usual", "feature:spending", "spend_short_trend", -0.2, 1.0, {"after": 80.5, "usual": 60.0, "days": 28}
)
BRIEF = Brief(Stated("risk", HEADLINE), 1, (FELL, COFFEE), dt.date(2017, 10, 10), (SPENT,), key="1")


@pytest.fixture(scope="module")
def writer() -> BriefWriter:
    return BriefWriter("churn", "en", currency="USD")


@pytest.fixture(scope="module")
def text(writer: BriefWriter) -> str:
    written = writer.write(BRIEF)[1]
    assert written is not None
    return written.text


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
@pytest.mark.parametrize(
    ("job", "kinds"),
    [("churn", {"column_level", "column_number", "column_missing"} | {kind.name for kind in churn.KINDS}),
     ("demand", {kind.name for kind in demand.KINDS})],
)  # fmt: skip
def test_each_kind_has_words_and_a_proof(job: str, kinds: set[str], locale: str) -> None:
    words, proofs = job_section(locale, job, "writer", WriterWords), job_section(locale, job, "verifier", VerifierWords)
    for section in ("headlines", "kinds", "closing"):
        assert set(getattr(words, section)) == set(getattr(proofs, section))
    assert kinds <= set(words.kinds)


def test_a_brief_becomes_one_sentence_with_its_drivers_in_order(text: str) -> None:
    assert text.startswith(
        "Household 1228 has a 62% risk of spending at most half of its usual amount "
        "in the next eight weeks (average 21%)"
    )
    assert (
        text.index("fell to 3 in the last eight weeks, from 9 in the eight weeks before")
        < text.index("coffee for 41 days")
        < text.index("although it spent $80.50")
    )
    assert "about every 14 days until 30 August" in text


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_no_driver_is_lost_whatever_its_interval(locale: str) -> None:
    writer = BriefWriter("churn", locale, currency="USD")
    for interval in (1.0, 2.0, 7.0, 13.0, 13.5, 14.0, 15.0, 20.5, 29.5, 31.0, 32.0, 60.0):
        late = replace(COFFEE, facts={**COFFEE.facts, "interval": interval, "days": 130})
        brief = replace(BRIEF, reasons=(FELL, late))
        said, written = writer.write(brief)
        assert written is not None, interval
        assert said == brief, interval


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("62%", "63%"),
        ("21%", "22%"),
        ("1228", "1229"),
        ("Household", "Customer"),
        ("spending at most half of its usual amount", "making no purchase"),
        ("eight weeks (", "four weeks ("),
        ("to 3 in the last eight weeks", "to 3 in the last four weeks"),
        ("to 3 in the last eight weeks", "to 3 in the last eight days"),
        ("the eight weeks before", "the four weeks before"),
        ("the eight weeks before", "the eight days before"),
        ("the last four weeks", "the last three weeks"),
        ("41 days", "42 days"),
        ("every 14 days", "every 15 days"),
        ("30 August", "31 August"),
        ("coffee", "tea"),
        ("$80.50", "$80.60"),
        ("more than the usual", "less than the usual"),
        ("visits fell", "orders fell"),
        ("although", "and"),
        ("has a", "has only a"),
        (".", "!"),
        ("; and", "; so buy now; and"),
    ],
)
def test_a_text_with_another_value_direction_or_word_is_refused(
    text: str, writer: BriefWriter, right: str, wrong: str
) -> None:
    assert right in text
    assert writer.verifier.verify(text, BRIEF).ok
    assert not writer.verifier.verify(text.replace(right, wrong), BRIEF).ok


def test_a_driver_with_the_other_sign_is_refused(text: str, writer: BriefWriter) -> None:
    lowers = replace(BRIEF, reasons=(replace(FELL, phi=-0.8), COFFEE))
    assert {fault.code for fault in writer.verifier.verify(text, lowers).faults} == {"sign"}


def test_drivers_out_of_order_are_refused(text: str, writer: BriefWriter) -> None:
    smaller = replace(BRIEF, reasons=(replace(FELL, phi=0.1), COFFEE))
    assert [fault.code for fault in writer.verifier.verify(text, smaller).faults] == ["order"]


def test_a_rise_is_never_told_as_a_fall(writer: BriefWriter) -> None:
    rose = replace(FELL, facts={"before": 3, "after": 9, "days": 56, "occasion": "visit"})
    said, written = writer.write(replace(BRIEF, reasons=(rose,), opposing=()))
    assert written is None
    assert said.reasons == (rose,)


def test_a_driver_that_cannot_be_proven_is_left_out(writer: BriefWriter) -> None:
    said, written = writer.write(
        replace(BRIEF, opposing=(replace(SPENT, facts={"after": 50.0, "usual": 60.0, "days": 28}),))
    )
    assert said.opposing == ()
    assert written is not None
    assert "although" not in written.text


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
@pytest.mark.parametrize("overdue", [0, 1, 3])
def test_a_count_is_told_by_its_own_words_whatever_the_user(locale: str, overdue: int) -> None:
    kept = Claim(
        "habits_kept", "feature:habits", "given_up", -0.4, 0.3, {"overdue": overdue, "regular": 51, "typical": 0.27}
    )
    rare = replace(COFFEE, facts={**COFFEE.facts, "interval": 1.0, "others": 2})
    writer = BriefWriter("churn", locale, currency="USD")
    for key in map(str, range(12)):
        said, written = writer.write(replace(BRIEF, reasons=(FELL, rare), opposing=(kept,), key=key))
        assert written is not None
        assert said.opposing == (kept,)
        assert "51" in written.text
        assert "1天" not in written.text.replace("41天", "")
        none = {"en": "none of its 51", "es": "ninguna lleva", "zh": "没有一个"}[locale]
        assert (none in written.text) == (overdue == 0)


def test_a_claim_without_a_fact_is_an_error(writer: BriefWriter) -> None:
    with pytest.raises(ClaimError, match="'days' is undefined"):
        writer.write(replace(BRIEF, opposing=(replace(SPENT, facts={"after": 1.0, "usual": 2.0}),)))


def test_a_kind_without_a_proof_is_refused(text: str, writer: BriefWriter) -> None:
    unknown = replace(BRIEF, opposing=(replace(SPENT, kind="horoscope"),))
    assert [fault.code for fault in writer.verifier.verify(text, unknown).faults] == ["unknown_kind"]


def test_a_job_without_a_file_is_an_error() -> None:
    with pytest.raises(PromptError, match=r"en/astrology.yaml is missing but a file under prompts/ is needed"):
        BriefVerifier("astrology")
