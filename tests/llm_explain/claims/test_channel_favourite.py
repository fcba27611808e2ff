"""The channel of a request: a context term with an exact value, and a claim that SQL repeats."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shop import SMALL

from llm_explain import Explainer
from llm_explain.claims import ClaimKinds
from llm_explain.claims.channel_kinds import ChannelFavourite, channel_kinds
from llm_explain.errors import SettingError
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.verifier import Verifier
from llm_explain.writing.prompt_lint import Linter, faulty
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.scorer.versions import active

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.records import Fact

KINDS = ClaimKinds.installed().extended([ChannelFavourite])
CUTOFF = pd.Timestamp("2026-06-01")
N_ITEMS, N_SPECIAL, N_DAYS = 12, 3, 95
ITEMS = pd.DataFrame(
    {
        "item_id": [f"i{n}" for n in range(N_ITEMS)],
        "title": [f"Stoneware mug {chr(65 + n)}" for n in range(N_ITEMS)],
        "category": "mugs",
    }
)


def events_of(*, differ: bool) -> pd.DataFrame:
    """Return purchases of 700 users in both channels; three items may sell better in the app, three on the website."""
    rng = np.random.default_rng(3)
    rows = []
    for user in range(700):
        for day in rng.uniform(0, N_DAYS, size=4):
            channel = ("app", "web")[int(rng.integers(2))]
            item = int(rng.integers(N_ITEMS))
            if differ and rng.random() < 0.4:
                item = item % N_SPECIAL + (0 if channel == "app" else N_SPECIAL)
            rows.append((f"u{user}", f"i{item}", CUTOFF - pd.Timedelta(days=N_DAYS - day), channel))
    return pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "channel"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("channels")
    tables = {"events": events_of(differ=True), "items": ITEMS}
    Explainer.train(tables, path, cutoff=CUTOFF, config=SMALL, language_model=None)
    return path


@pytest.fixture(scope="module")
def explainer(folder: Path) -> Explainer:
    return Explainer.load(folder, language_model=None)


def test_the_term_ranks_the_items_of_the_channel_first(explainer: Explainer) -> None:
    for channel, expected in (("app", {"i0", "i1", "i2"}), ("web", {"i3", "i4", "i5"})):
        shown = {row.item_id for row in explainer.rank("u1", k=4, channel=channel)}
        assert len(shown & expected) >= 2


def test_its_shapley_value_is_what_the_score_loses_without_it(explainer: Explainer) -> None:
    (row,) = explainer.explain("u1", ["i1"], channel="app")
    values = {each["player"]: each["phi"] for each in row.attribution.to_records()}
    (bare,) = explainer.explain("u1", ["i1"])
    assert values["context:channel"] == pytest.approx(row.attribution.score - bare.attribution.score, abs=1e-9)
    (answer,) = explainer.what_if("u1", without=["context:channel"], item_ids=["i1"], channel="app")
    assert answer.score_without == pytest.approx(bare.attribution.score, abs=1e-9)
    total = row.attribution.base_value + sum(values.values())
    assert total == pytest.approx(row.attribution.score, abs=1e-9)
    assert {each["player"]: each["phi"] for each in bare.attribution.to_records()}["context:channel"] == 0.0
    assert (row.id != bare.id, row.provenance["channel"]) == (True, "app")


def test_claims_are_those_that_sql_finds(explainer: Explainer, folder: Path) -> None:
    pytest.importorskip("duckdb")
    audit = Audit(active(folder) / "tables", explainer.as_of, kinds=explainer.kinds)
    found = 0
    for user in ("new", "u1", "u2"):
        records = [row.to_dict() for row in explainer.recommend(user, k=N_ITEMS, section=None, channel="app")]
        claims = [(record, claim) for record in records for claim in record["reasons"]]
        claims = [each for each in claims if each[1]["kind"] == "channel_favourite"]
        found += len(claims)
        assert audit.faults(records) == []
        wrong = [({**record, "provenance": {"channel": "web"}}, claim) for record, claim in claims]
        assert all(audit.fact_faults(wrong))
    assert found >= 2


def test_channels_that_sell_alike_get_no_term(tmp_path: Path) -> None:
    tables = {"events": events_of(differ=False), "items": ITEMS}
    alike = Explainer.train(tables, tmp_path, cutoff=CUTOFF, config=SMALL, language_model=None)
    assert "channel_favourite" not in alike.kinds
    bare, asked = alike.rank("u1"), alike.rank("u1", channel="app")
    assert [row.to_dict() for row in bare] == [row.to_dict() for row in asked]


def test_a_misspelt_channel_is_an_error(explainer: Explainer, shop_artifacts: Path) -> None:
    with pytest.raises(SettingError, match="channel is 'apps' but one of app, mini_program, shop, web is needed"):
        explainer.rank("u1", channel="apps")
    assert explainer.rank("u1", channel="shop") == explainer.rank("u1")  # known, but without events
    Explainer.load(shop_artifacts, language_model=None).rank("1", channel="apps")  # a log without channels


def test_many_users_get_what_each_gets(explainer: Explainer) -> None:
    together = explainer.recommend_many(["u1", "u2"], k=5, channel="app")
    alone = [explainer.recommend(user, k=5, channel="app") for user in ("u1", "u2")]
    assert [[row.item_id for row in rows] for rows in together] == [[row.item_id for row in rows] for rows in alone]


FACTS: dict[str, Fact] = {"users_band": 100, "channel": "app", "window_days": 30, "until": "2025-06-01T00:00:00"}
CLAIM = Claim("channel_favourite", "context:channel", "channel", 1.0, 0.5, FACTS)
AS_OF = pd.Timestamp("2025-06-01")


@pytest.mark.parametrize(("locale", "words"), [("en", "in our app"), ("es", "en nuestra app"), ("zh", "在应用里")])
def test_sentences_name_the_channel_and_the_audit_reads_them(locale: str, words: str) -> None:
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    requests = [SentenceRequest((CLAIM,), 0, "u", AS_OF) for _ in range(8)]
    texts = [text.text for text in writer.write(requests, locale=locale) if text is not None]
    assert len(texts) >= 2
    assert all(words in text for text in texts)
    reader = Reader(Names.of(Catalogue(ITEMS), locale), locale, kinds=KINDS)
    for text in texts:
        kinds = {mention.kind for mention in reader.read(text, title="Stoneware mug A", category="mugs")}
        assert "channel_favourite" in kinds
    linter = Linter(locale, KINDS)
    clauses = [clause for clause in linter.clauses if clause[2] == ("channel_favourite",)]
    assert len(clauses) >= 3
    assert not faulty(linter.sentence(*clause) for clause in clauses)


@pytest.mark.parametrize(
    "text",
    [
        "This is especially popular on our website.",
        "This is the most popular in our app.",
        "This is especially popular in our app, where more than 250 customers bought it in the past 30 days.",
        "This is especially popular in our app, where more than 100 customers bought it in the past 60 days.",
        "You often buy this in our app.",
    ],
)
def test_false_sentences_are_refused(text: str) -> None:
    lexicon = load_lexicon("en", KINDS)
    spec = Realiser(lexicon).specify([CLAIM], title="Stoneware mug A", as_of=AS_OF.date())
    verifier = Verifier(lexicon)
    assert verifier.verify("This is especially popular in our app.", spec).ok
    true = "This is especially popular in our app, where more than 100 customers bought it in the past 30 days."
    assert verifier.verify(true, spec).ok
    assert not verifier.verify(text, spec).ok


def test_other_events_change_the_verb() -> None:
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    claim = replace(CLAIM, facts={**FACTS, "event_kind": "view"})
    texts = writer.write([SentenceRequest((claim,), 0, "u", AS_OF) for _ in range(8)])
    assert any(text is not None and "looked at" in text.text for text in texts)


def test_the_kind_is_in_force_where_the_scorer_has_the_term() -> None:
    assert (channel_kinds(()), channel_kinds(("app",))) == ((), (ChannelFavourite,))
