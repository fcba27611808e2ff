"""A high rating of a past item: found by the rule, repeated in SQL, told as the number that the table has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import PastItem
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.claims.catalogue_kinds.rated_item import RatedItem
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import SLOT, Skeleton
from llm_explain.verifier import Verifier
from llm_explain.writing.prompt_lint import Linter, faulty
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.ratings import Ratings, as_meant
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.records import Fact

AS_OF = pd.Timestamp("2025-06-01")
KINDS = ClaimKinds.installed().extended([RatedItem])
SHOP = Shop(target_kinds=("like",), ratings=Ratings(lowest=0.5, liked_from=3.5, highest=5))
ITEMS = pd.DataFrame(
    {
        "item_id": ["heat", "ronin", "alien"],
        "title": ["Heat", "Ronin", "Alien"],
        "category": ["crime", "crime", "space"],
    }
)
FACTS: dict[str, Fact] = {"other_item_id": "heat", "rating": 4.5, "highest": 5, "event_kind": "like"}
CLAIM = Claim("rated_item", "group:crime", "links:heat", 1.0, 0.5, FACTS)


def facts_of(
    rows: list[tuple[str, str, float | None]], folder: Path, *, shop: Shop = SHOP, kind: str = "rate"
) -> dict[str, Fact] | None:
    """Return what the rule finds for Ronin, with Heat and Alien as past items, after SQL has agreed."""
    pytest.importorskip("duckdb")
    events = pd.DataFrame(rows, columns=["item_id", "timestamp", "value"]).assign(user_id="u", kind=kind)
    events = events.assign(timestamp=pd.to_datetime(events["timestamp"]).astype("datetime64[ns]"))
    catalogue, tables = Catalogue(ITEMS), Tables(as_meant(events, shop.ratings), ITEMS, shop=shop)
    evidence = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
        shop=shop,
    )
    own = History.from_events(tables.events, catalogue, as_of=AS_OF, user_id="u", shop=shop)
    past = [[PastItem(0, "links:heat", {}), PastItem(2, "links:alien", {})]]
    subjects = Subjects.of(Evidence(evidence, [own]), np.array([0]), np.array([1])).take(np.array([0]), past_items=past)
    findings = RatedItem().find(subjects)
    facts = findings.facts_at(0) if len(findings.rows) else None
    tables.write(folder)
    claim = {"kind": "rated_item", "player": "group:crime", "part": "links:heat", "phi": 1.0, "share": 0.5}
    claim |= {"facts": facts or FACTS}
    record = {"user_id": "u", "item_id": "ronin", "as_of": f"{AS_OF}+00:00", "reasons": [claim], "statements": []}
    faults = Audit(folder, AS_OF, kinds=KINDS).fact_faults([(record, claim)])[0]
    assert (faults == []) == (facts is not None), faults
    return facts


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("heat", "2025-05-01", 4.5), ("alien", "2025-05-01", 5)], ("heat", 4.5)),
        ([("heat", "2025-05-01", 2), ("alien", "2025-05-01", 5)], ("alien", 5)),  # the one that was liked
        ([("heat", "2025-05-01", 5), ("heat", "2025-05-02", 4)], ("heat", 4)),  # the latest rating
        ([("heat", "2025-05-01", 5), ("heat", "2025-05-02", 3)], None),  # liked no longer
        ([("heat", "2025-05-01", 5), ("heat", "2025-05-01", 4)], ("heat", 4)),
        ([("heat", "2025-05-01", 3.5)], None),  # liked, but not high
        ([("heat", "2025-05-01", 4.37)], None),
        ([("heat", "2025-05-01", None)], None),
        ([("heat", "2025-06-01", 5)], None),
        ([("ronin", "2025-05-01", 5)], None),
    ],
)
def test_the_rule(
    rows: list[tuple[str, str, float | None]], expected: tuple[str, float] | None, tmp_path: Path
) -> None:
    found = facts_of(rows, tmp_path)
    whole = {"highest": 5, "event_kind": "like"}
    assert found == (None if expected is None else {"other_item_id": expected[0], "rating": expected[1], **whole})


def test_ratings_of_films_that_were_watched_and_of_unknown_scales(tmp_path: Path) -> None:
    rows = [("heat", "2025-05-01", 9.0), ("alien", "2025-05-01", 4.0)]
    ratings = Ratings(kinds=("watch",), lowest=1, liked_from=7, highest=10)
    found = facts_of(rows, tmp_path, shop=Shop(target_kinds=("watch",), ratings=ratings), kind="watch")
    assert found == {"other_item_id": "heat", "rating": 9, "highest": 10, "event_kind": "watch"}
    unknown = ratings.model_copy(update={"highest": None})
    assert facts_of(rows, tmp_path, shop=Shop(target_kinds=("watch",), ratings=unknown), kind="watch") is None


def written(locale: str) -> list[str]:
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    texts = writer.write([SentenceRequest((CLAIM,), 1, "u", AS_OF) for _ in range(9)], locale=locale)
    return [text.text for text in texts if text is not None]


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "4.5 out of 5"), ("es", "un 4,5 sobre 5 a"), ("zh", "打了4.5分（满分5分）")]
)
def test_sentences_are_verified_and_read_back(locale: str, words: str) -> None:
    texts = written(locale)
    assert len(texts) >= 3
    reader = Reader(Names.of(Catalogue(ITEMS), locale), locale, kinds=KINDS)
    for text in texts:
        assert words in text
        (mention,) = reader.read(text, title="Ronin", category="crime")
        assert (mention.kind, mention.values) == ("rated_item", {"rating": 4.5, "highest": 5.0})  # noqa: PD011  a dictionary


@pytest.mark.parametrize(
    "text",
    [
        "You gave “Heat” 5 out of 5.",
        "You gave “Heat” 4.5 out of 10.",
        "You gave “Alien” 4.5 out of 5.",
        "Customers gave “Heat” 4.5 out of 5.",
        "You gave “Heat” 4.5 out of 5, popular right now.",
        "You often gave “Heat” 4.5 out of 5.",
        "You gave this 4.5 out of 5.",
        "You bought “Heat”.",
    ],
)
def test_false_sentences_are_refused(text: str) -> None:
    lexicon = load_lexicon("en", KINDS)
    titles = {"heat": "Heat", "alien": "Alien"}
    spec = Realiser(lexicon).specify([CLAIM], title="Ronin", as_of=AS_OF.date(), titles=titles)
    verifier = Verifier(lexicon)
    assert verifier.verify("You gave “Heat” 4.5 out of 5.", spec).ok
    assert not verifier.verify(text, spec).ok


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_words_pass_the_linter(locale: str) -> None:
    linter = Linter(locale, KINDS)
    clauses = [clause for clause in linter.clauses if clause[2] == ("rated_item",)]
    assert len(clauses) >= 2  # full and short
    assert not faulty(linter.sentence(*clause) for clause in clauses)


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_every_hand_written_sentence_is_verified(locale: str) -> None:
    lexicon = load_lexicon(locale, KINDS)
    realiser, verifier = Realiser(lexicon), Verifier(lexicon)
    spec = realiser.specify([CLAIM], title="Ronin", as_of=AS_OF.date(), titles={"heat": "Heat"})
    lines = [line for line in read_corpus(lexicon) if line.kinds == ("rated_item",)]
    assert len(lines) >= 7
    for line in lines:
        text = realiser.fill(Skeleton(line.text, line.kinds, line.tone, tuple(SLOT.findall(line.text))), spec)
        assert verifier.verify(text, spec).ok, text
