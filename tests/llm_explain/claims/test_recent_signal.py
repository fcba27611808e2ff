"""Views and other signals with their day and channel: found by the rule, repeated in SQL, stated in the past tense."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain import Explainer
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.claims.kinds.category_affinity import CategoryAffinity
from llm_explain.claims.signal_kinds import RecentSignal, signal_kinds
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.evaluation.audit.texts import mentions_of, text_faults
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.verifier import Verifier
from llm_explain.writing.prompt_lint import Linter, faulty
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.claims import ClaimKind
    from llm_explain.records import Fact

AS_OF = pd.Timestamp("2025-06-01")
KINDS = ClaimKinds.installed().extended([RecentSignal])
NEW_YORK = Shop(time_zone="America/New_York")
ITEMS = pd.DataFrame(
    {
        "item_id": ["mug", "mug-2", "tea"],
        "title": ["Stoneware mug", "Stoneware mug", "Green tea"],
        "category": ["mugs", "mugs", "teas"],
    }
)


def seen(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    """Return views: item, moment in UTC, channel."""
    frame = pd.DataFrame(rows, columns=["item_id", "timestamp", "channel"])
    return frame.assign(user_id="u", kind="view", timestamp=pd.to_datetime(frame["timestamp"], format="ISO8601"))


def facts_of(
    events: pd.DataFrame, folder: Path, *, shop: Shop = NEW_YORK, other: str = "kiosk",
    kind: type[ClaimKind] = RecentSignal, items: pd.DataFrame = ITEMS,
) -> dict[str, Fact] | None:  # fmt: skip
    """Return what a rule finds for the mug, after SQL has agreed; another user looked at tea in a channel."""
    pytest.importorskip("duckdb")
    events = pd.concat([events, seen(("tea", "2025-05-02T12:00", other)).assign(user_id="v")], ignore_index=True)
    catalogue, tables = Catalogue(items), Tables(events.astype({"timestamp": "datetime64[ns]"}), items, shop=shop)
    evidence = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
        shop=shop,
    )
    own = History.from_events(tables.events, catalogue, as_of=AS_OF, user_id="u", shop=shop)
    findings = kind().find(Subjects.of(Evidence(evidence, [own]), np.array([0]), np.array([0])))
    facts = findings.facts_at(0) if len(findings.rows) else None
    tables.write(folder)
    audit = Audit(folder, AS_OF, kinds=KINDS)
    of_other = {"category": "mugs", "event_kind": "view"}
    stated = facts or (
        {"last": "2025-05-20", "channel": "web", "event_kind": "view"} if kind is RecentSignal else of_other
    )
    claim = {
        "kind": kind.name,
        "player": "group:mugs",
        "part": "signals" if kind is RecentSignal else "tower",
        "phi": 1.0,
        "share": 0.5,
        "facts": stated,
    }
    record = {"user_id": "u", "item_id": "mug", "as_of": f"{AS_OF}+00:00", "reasons": [claim], "statements": []}
    assert (audit.fact_faults([(record, claim)])[0] == []) == (facts is not None)
    return facts


def test_the_day_is_local_and_items_of_one_title_count_together(tmp_path: Path) -> None:
    # Two o'clock in the morning UTC is the evening before in New York.
    events = seen(
        ("mug", "2025-05-27T02:00", "app"), ("mug-2", "2025-05-26T18:00", "web"), ("mug", "2025-03-01T12:00", "web"),
        ("tea", "2025-05-30T12:00", "web"),
    )  # fmt: skip
    expected = {"last": "2025-05-26", "channel": "app", "event_kind": "view"}
    assert facts_of(events, tmp_path) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("mug", "2025-05-27T12:00", "kiosk")], {"last": "2025-05-27"}),
        ([("mug", "2025-05-27T12:00", None)], {"last": "2025-05-27"}),
        ([("mug", "2025-05-27T12:00", "web"), ("mug", "2025-05-27T12:00", "app")], {"last": "2025-05-27"}),
        ([("mug", "2025-05-01T12:00", "web")], None),  # 30.5 days ago
        ([("mug", "2025-05-03T12:00", "web")], {"last": "2025-05-03", "channel": "web"}),
        ([("mug", "2025-06-01T00:00", "web")], None),  # not before the moment
        ([("tea", "2025-05-27T12:00", "web")], None),
    ],
)
def test_channel_and_window(
    rows: list[tuple[str, str, str | None]], expected: dict[str, Fact] | None, tmp_path: Path
) -> None:
    found = facts_of(seen(*rows), tmp_path)
    assert found == (None if expected is None else expected | {"event_kind": "view"})


def test_a_channel_is_told_where_the_shop_has_several(tmp_path: Path) -> None:
    events = seen(("mug", "2025-05-27T12:00", "web"))
    assert facts_of(events, tmp_path, other="web") == {"last": "2025-05-27", "event_kind": "view"}


def test_a_shop_whose_target_is_a_view_has_no_such_claim(tmp_path: Path) -> None:
    shop = Shop(target_kinds=("view",))
    assert facts_of(seen(("mug", "2025-05-27T12:00", "app")), tmp_path, shop=shop) is None


@pytest.mark.parametrize(
    ("bought", "last"),
    [
        ([("mug", "2025-05-20T18:00")], None),  # the view of that day led to it
        ([("mug-2", "2025-05-22T18:00")], None),  # another item of the title, days later
        ([("mug", "2025-05-19T18:00")], "2025-05-20"),
        ([("tea", "2025-05-22T18:00")], "2025-05-20"),
        ([("mug", "2025-05-22T18:00"), ("mug", "2025-05-24T18:00")], "2025-05-20"),  # sent back
    ],
)
def test_a_view_before_a_purchase_is_no_news(bought: list[tuple[str, str]], last: str | None, tmp_path: Path) -> None:
    events = seen(
        ("mug", "2025-05-10T12:00", "web"), ("mug", "2025-05-20T12:00", "web"), *((*row, "web") for row in bought)
    )
    events.loc[2:, "kind"] = ["purchase", "return"][: len(bought)]
    expected = {"last": last, "channel": "web", "event_kind": "view"}
    assert facts_of(events, tmp_path) == (None if last is None else expected)


def test_the_views_after_a_purchase_count(tmp_path: Path) -> None:
    events = seen(
        ("mug", "2025-05-20T12:00", "web"), ("mug", "2025-05-21T12:00", "app"), ("mug", "2025-05-25T12:00", "web")
    )
    events["kind"] = ["wishlist", "purchase", "view"]
    assert facts_of(events, tmp_path) == {"last": "2025-05-25", "channel": "web", "event_kind": "view"}


def test_the_kind_that_tells_most_is_chosen(tmp_path: Path) -> None:
    events = seen(("mug", "2025-05-29T12:00", "web"), ("mug", "2025-05-20T12:00", "app"))
    events["kind"] = ["view", "wishlist"]
    expected = {"last": "2025-05-20", "channel": "app", "event_kind": "wishlist"}
    assert facts_of(events, tmp_path) == expected
    events["kind"] = ["view", "cart"]  # a cart has no verb
    assert facts_of(events, tmp_path) == {"last": "2025-05-29", "channel": "web", "event_kind": "view"}


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        ([("mug", "2025-05-27T12:00"), ("cup", "2025-05-27T12:01")], True),
        ([("mug", "2025-05-27T12:00"), ("mug-2", "2025-05-27T12:01")], False),  # one title
        ([("mug", "2025-05-01T12:00"), ("cup", "2025-05-27T12:01")], False),  # 31 days ago
        ([("mug", "2025-05-27T12:00"), ("tea", "2025-05-27T12:01")], False),
        ([("mug", "2025-05-27T12:00"), ("cup", "2025-05-27T12:01"), ("cup", "2025-03-01T12:00")], False),
    ],
)
def test_two_titles_tell_a_category(rows: list[tuple[str, str]], holds: bool, tmp_path: Path) -> None:
    cup = pd.DataFrame({"item_id": ["cup"], "title": ["Tea cup"], "category": ["mugs"]})
    events = seen(*((*row, "web") for row in rows))
    events.loc[2:, "kind"] = "purchase"  # what the user buys is told instead
    found = facts_of(events, tmp_path, kind=CategoryAffinity, items=pd.concat([ITEMS, cup], ignore_index=True))
    assert found == ({"category": "mugs", "event_kind": "view"} if holds else None)


@pytest.mark.parametrize(("locale", "words"), [("en", "looked at"), ("es", "mirado mugs"), ("zh", "浏览过")])
def test_a_sentence_tells_the_category_that_a_guest_looked_at(locale: str, words: str) -> None:
    claim = Claim("category_affinity", "group:mugs", "tower", 1.0, 0.5, {"category": "mugs", "event_kind": "view"})
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    texts = writer.write([SentenceRequest((claim,), 0, "u", AS_OF)] * 5, locale=locale)
    assert all(text is not None and words in text.text and "mugs" in text.text for text in texts)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("view", "looked at"),
        ("wishlist", "wishlisted"),
        ("play", "played"),
        ("watch", "watched"),
        ("read", "read"),
        ("like", "liked"),
        ("bookmark", "bookmarked"),
        ("rate", "rated"),
        ("follow", "followed"),
        ("search", "searched for"),
    ],
)
def test_each_kind_has_its_verb(kind: str, words: str) -> None:
    claim = replace(CLAIM, facts={**FACTS, "event_kind": kind})
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    (text,) = writer.write([SentenceRequest((claim,), 0, "u", AS_OF)])
    assert text is not None
    assert words in text.text


FACTS: dict[str, Fact] = {"last": "2025-05-27", "channel": "app", "event_kind": "view"}
CLAIM = Claim("recent_signal", "group:mugs", "signals", 1.0, 0.5, FACTS)


def written(locale: str) -> list[str]:
    """Return sentences that state the claim."""
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    requests = [SentenceRequest((CLAIM,), 0, "u", AS_OF) for _ in range(14)]
    texts = [text.text for text in writer.write(requests, locale=locale) if text is not None]
    assert len(texts) >= 4
    return texts


@pytest.mark.parametrize(
    ("locale", "place"), [("en", " in our app on "), ("es", " en nuestra app el "), ("zh", "在应用里浏览过")]
)
def test_a_sentence_names_the_channel_and_the_day(locale: str, place: str) -> None:
    assert all(place in text for text in written(locale))
    requests = [SentenceRequest((replace(CLAIM, facts={**FACTS, "channel": None}),), 0, "u", AS_OF)]
    (bare,) = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS).write(requests, locale=locale)
    assert bare is not None
    assert "27" in bare.text


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_the_audit_reads_the_day(locale: str) -> None:
    reader = Reader(Names.of(Catalogue(ITEMS), locale), locale, kinds=KINDS)
    for text in written(locale):
        (mention,) = reader.read(text, title="Stoneware mug", category="mugs")
        assert (mention.kind, mention.event_kinds) == ("recent_signal", ("view",))
        assert mention.values == {"last": 527.0}  # noqa: PD011  a dictionary


@pytest.mark.parametrize(
    "text",
    [
        "You've watched this twice, last on 27 May.",
        "Last watched on 27 May, 12 times so far.",
        "You've watched this twice, on 27 May.",
    ],
)
def test_a_count_with_a_day_is_no_signal(text: str) -> None:
    reader = Reader(Names.of(Catalogue(ITEMS)), kinds=KINDS)
    assert [mention.kind for mention in reader.read(text, title="Stoneware mug", category="mugs")] == ["repeat_item"]


@pytest.mark.parametrize(
    ("text", "n_faults"),
    [
        ("You looked at this on 27 May.", 0),
        ("You looked at this on 26 May.", 1),
        ("You've looked at this, most recently on 27 May.", 0),
        ("You've looked at this, most recently on 20 May.", 1),
        ("You wishlisted this on 27 May.", 1),
    ],
)
def test_the_audit_finds_false_sentences(text: str, n_faults: int, tmp_path: Path) -> None:
    events = seen(("mug", "2025-05-27T15:00", "app"), ("mug", "2025-05-20T15:00", "app"))
    assert facts_of(events, tmp_path) is not None
    record = {"user_id": "u", "item_id": "mug", "as_of": f"{AS_OF}+00:00", "text": text, "reasons": []}
    reader = Reader(Names.of(Catalogue(ITEMS)), kinds=KINDS)
    read = list(mentions_of([record], reader, {"mug": ("Stoneware mug", "mugs")}, {}, kinds=KINDS))
    faults = text_faults(read, Audit(tmp_path, AS_OF, kinds=KINDS))
    assert [len(each) for each in faults] == [n_faults]


@pytest.mark.parametrize(("locale", "words"), [("en", "27 May"), ("zh", "5月27日")])
def test_sentences_are_in_the_past_tense_and_verified(locale: str, words: str) -> None:
    texts = written(locale)
    assert all(words in text for text in texts)
    assert any(("in our app" if locale == "en" else "在应用里") in text for text in texts)
    assert all(("looked at" if locale == "en" else "浏览过") in text for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "You bought this in our app on 27 May.",
        "You look at this in our app on 27 May.",
        "You looked at this on our website on 27 May.",
        "You looked at this in our app on 28 May.",
        "You've looked at this on 4 days, most recently on 27 May.",
        "You often looked at this in our app on 27 May.",
        "You looked at this in our app until 27 May.",
    ],
)
def test_false_sentences_are_refused(text: str) -> None:
    lexicon = load_lexicon("en", KINDS)
    spec = Realiser(lexicon).specify([CLAIM], title="Stoneware mug", as_of=AS_OF.date())
    verifier = Verifier(lexicon)
    assert verifier.verify("You looked at this in our app on 27 May.", spec).ok
    assert not verifier.verify(text, spec).ok


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_other_kinds_keep_their_lines_in_a_shop_with_views(locale: str) -> None:
    """A word that only this kind may say must not be one that the lines of other kinds need."""
    alone, beside = Templates(load_lexicon(locale)), Templates(load_lexicon(locale, KINDS))
    for kind in ("repeat_item", "due"):
        assert beside.of_form(kind, "line") == alone.of_form(kind, "line") != ()


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_words_pass_the_linter(locale: str) -> None:
    linter = Linter(locale, KINDS)
    clauses = [clause for clause in linter.clauses if clause[2] == ("recent_signal",)]
    assert len(clauses) >= 5
    assert not faulty(linter.sentence(*clause) for clause in clauses)


def test_the_kind_is_in_force_where_the_scorer_reads_views(shop_artifacts: Path, mixed_artifacts: Path) -> None:
    assert signal_kinds(("cart",)) == ()
    assert "recent_signal" not in Explainer.load(shop_artifacts, language_model=None).kinds
    assert "recent_signal" in Explainer.load(mixed_artifacts, language_model=None).kinds
