"""Sentences without a language model: every combination of kinds, varied, grammatical, verified."""

from __future__ import annotations

import re

import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES
from tests.llm_explain.spoken_claims import CLAIMS, SCENE

KINDS = ClaimKinds.installed()

LEXICON = load_lexicon("en")
TEMPLATES = Templates(LEXICON)
COMBINATIONS = KINDS.every_combination()


@pytest.mark.parametrize("tone", TONES)
def test_every_combination_has_ten_openings(tone):
    """With the claims of the fixture, whose licences are the ordinary ones."""
    realiser, thin = Realiser(LEXICON), []
    for kinds in COMBINATIONS:
        claims = [CLAIMS[kind] for kind in kinds]
        about = realiser.specify(claims, **SCENE)
        fitting = [each for each in TEMPLATES.skeletons(kinds, tone) if each.fits(about.values, about.licences)]
        if len({each.opening for each in fitting}) < 10:
            thin.append((kinds, len(fitting)))
    assert thin == []


@pytest.mark.parametrize("kind", ["promotion", "popular", "season", "new_arrival"])
@pytest.mark.parametrize("tone", TONES)
def test_neutral_statements_need_no_cause(kind, tone):
    neutral = [each for each in TEMPLATES.skeletons([kind], tone) if not each.is_causal]
    assert len({each.opening for each in neutral}) >= 5


def test_hand_written_sentences_come_first():
    origins = [each.origin for each in TEMPLATES.skeletons(["repeat_item"], "friendly")]
    assert origins == sorted(origins, key=lambda origin: origin != TEMPLATES.origin)
    assert origins[0] == TEMPLATES.origin
    assert TEMPLATES.grammar_origin in origins


def test_grammar_reads_well():
    """Form that the verifier does not judge: mentions of the item, contractions by tone."""
    for kinds in COMBINATIONS[:40]:
        for tone in TONES:
            for skeleton in TEMPLATES.skeletons(kinds, tone):
                if skeleton.origin != TEMPLATES.grammar_origin:
                    continue
                assert "<" not in skeleton.text
                assert not re.search(r"\bpick(?:ed)? up it\b|\bit it\b|\bthis this\b|\.\.", skeleton.text), (
                    skeleton.text
                )
                if tone == "formal":
                    assert not re.search(r"\b(?:you've|it's|we've)\b", skeleton.text, re.IGNORECASE), skeleton.text


def test_the_order_of_kinds_does_not_matter():
    assert TEMPLATES.skeletons(["due", "repeat_item"], "formal") == TEMPLATES.skeletons(
        ["repeat_item", "due"], "formal"
    )


def test_more_than_two_kinds_have_no_sentence():
    assert TEMPLATES.skeletons(list(KINDS)[:3], "friendly") == ()
