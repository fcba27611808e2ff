"""The verifier's figures: on the small shop at a small scale, on real households at a larger one."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from llm_explain.claims import ShopEvidence
from llm_explain.cli import app
from llm_explain.evaluation.distractors import Distractors
from llm_explain.evaluation.event_kind_swaps import check_event_kinds, forms_of
from llm_explain.evaluation.mutations import mutations
from llm_explain.evaluation.true_texts import TrueTexts, claim_requests
from llm_explain.evaluation.verifier_check import VerifierReport, check_verifier
from llm_explain.policy.policy import Policy
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import prompts_root
from llm_explain.verifier import NameIndex, Verifier
from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from scoring.scorer.storage import load_scorer

REAL = Path("artifacts/completejourney")
CUTOFF = pd.Timestamp("2017-12-01")
POLICY = Policy.load(prompts_root() / "policy.yaml")


def requests_of(shop, events, n):
    """Return claims about users of a shop, its catalogue and the policy."""
    requests = claim_requests(shop, EventLog(events, shop.catalogue, shop.shop), load_lexicon("en"), n=n, seed=0)
    return requests, shop.catalogue, shop.policy


@pytest.fixture(scope="module")
def small(shop_tables):
    catalogue = Catalogue(shop_tables.items)
    shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(shop_tables.before(CUTOFF), catalogue, CUTOFF),
        promotions=PromotionCalendar(shop_tables.promotions, catalogue),
        policy=POLICY,
        shop=shop_tables.shop,
    )
    return requests_of(shop, shop_tables.events, 400)


@pytest.fixture(scope="module")
def distractors(small):
    requests, catalogue, policy = small
    lexicon = load_lexicon("en")
    return Distractors(lexicon, catalogue, policy, TrueTexts(lexicon, catalogue, policy).draw(requests, n=120, seed=0))


def held(report: VerifierReport) -> None:
    figures = report.to_dict()
    assert figures["caught"] >= 0.995 * figures["mutants"], [(each.kind, each.text) for each in report.missed]
    assert figures["refused"] <= 0.02 * figures["true_texts"], report.refused


def test_mutants_are_caught_and_true_texts_are_not_refused(small):
    requests, catalogue, policy = small
    report = check_verifier(
        requests, catalogue=catalogue, policy=policy, n_mutants=300, n_true_texts=80, n_of_pair=0, seed=4
    )
    assert sum(report.n_mutants.values()) == 300
    assert len(report.n_mutants) >= 50
    held(report)


def test_the_figures_are_those_of_the_report(small):
    requests, catalogue, policy = small
    report = check_verifier(requests, catalogue=catalogue, policy=policy, n_mutants=80, n_of_pair=0, seed=1)
    figures = report.to_dict()
    assert set(figures) == {"mutants", "caught", "true_texts", "refused", "by_kind", "event_kinds"}
    assert (figures["mutants"], figures["true_texts"]) == (80, 20)
    assert sum(kind["mutants"] for kind in figures["by_kind"].values()) == 80
    assert sum(kind["caught"] for kind in figures["by_kind"].values()) == figures["caught"]


def test_the_same_seed_makes_the_same_sentences(small):
    requests, catalogue, policy = small
    texts = TrueTexts(load_lexicon("en"), catalogue, policy)
    first, second = ([text.text for text in texts.draw(requests, n=20, seed=seed)] for seed in (3, 3))
    assert first == second
    assert len(set(first)) == 20


def _bare(text: str) -> str:
    """Return a text in lower case without quotes: an item's name has none before a colon."""
    return text.casefold().translate(str.maketrans("", "", "“”"))


def test_a_true_text_is_its_parts_and_says_no_more_than_its_claims(distractors):
    for text in distractors.texts:
        assert text.text == "".join(text.parts)
        assert len(text.slots) == len(text.parts) // 2
        for place, slot in enumerate(text.slots):
            assert _bare(text.parts[2 * place + 1]) == _bare(text.values[slot])  # noqa: PD011  no table


def test_a_mutant_differs_from_its_true_text(distractors):
    chance = random.Random(0)
    for kind, mutate in mutations(distractors).items():
        for text in distractors.texts:
            assert mutate(text, distractors, chance) != text.text, kind


def test_words_are_added_only_where_no_claim_licenses_them(distractors):
    chance = random.Random(0)
    add = mutations(distractors)["add_promotion"]
    for text in distractors.texts:
        assert (add(text, distractors, chance) is None) is ("promotion" in text.kinds)


def test_swapped_values_are_never_equal(distractors):
    swap, chance = mutations(distractors)["swap_values"], random.Random(0)
    for text in distractors.texts:
        mutant = swap(text, distractors, chance)
        assert mutant is None or sorted(_bare(mutant)) == sorted(_bare(text.text))


def test_a_verifier_that_passes_everything_is_found_out(small, monkeypatch):
    from llm_explain.records import Verdict

    requests, catalogue, policy = small
    monkeypatch.setattr(Verifier, "verify", lambda *args, **kwargs: Verdict())
    report = check_verifier(requests, catalogue=catalogue, policy=policy, n_mutants=80, n_of_pair=1)
    figures = report.to_dict()
    assert (figures["caught"], figures["refused"], figures["event_kinds"]["caught"]) == (0, 0, 0)
    assert figures["event_kinds"]["pairs"] > 50


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_each_kind_of_event_that_is_told_as_another_is_caught(small, locale):
    requests, catalogue, policy = small
    lexicon = load_lexicon(locale)
    verifier = Verifier(lexicon, NameIndex((*catalogue.titles.tolist(), *catalogue.category_names)))
    texts = TrueTexts(lexicon, catalogue, policy)
    found = check_event_kinds(requests, texts, verifier, lexicon, n_of_pair=2, seed=3)
    kinds = {kind for pair in found.n_mutants for kind in pair}
    assert kinds == set(forms_of(lexicon))
    assert found.missed == []


def test_the_command_prints_the_figures(shop_artifacts, monkeypatch):
    reports = []

    def check_once(*args, **kwargs):
        if not reports:
            reports.append(check_verifier(*args, **kwargs))
        return reports[0]

    monkeypatch.setattr("llm_explain.evaluation.verifier_check.check_verifier", check_once)
    arguments = ["evaluate", "verifier", "--mutants", "60", "--true-texts", "40", "--artifacts", str(shop_artifacts)]
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    figures = json.loads(result.stdout)
    assert (figures["mutants"], figures["true_texts"]) == (60, 40)
    table = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "true sentences refused" in table.stdout


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "manifest.json").exists(), reason="needs the scorer of the imported purchases")
def test_the_verifier_keeps_its_figures_on_real_households():
    scorer = load_scorer(REAL)
    shop = ShopEvidence(
        scorer.catalogue, snapshot=scorer.snapshot, promotions=scorer.promotions, policy=POLICY, shop=scorer.shop
    )
    requests, catalogue, policy = requests_of(shop, Tables.read(REAL / "tables").events, 1500)
    held(
        check_verifier(
            requests, catalogue=catalogue, policy=policy, n_mutants=1000, n_true_texts=300, n_of_pair=0, seed=11
        )
    )
