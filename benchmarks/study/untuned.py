"""What an untuned language model writes for the same claims when nothing checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.generation.prompt_builders import ExamplePromptBuilder
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import SLOT
from llm_explain.writing.specification import specify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.evaluation.explained import Explained
    from llm_explain.explainer import Explainer

BATCH = 8


def untuned_texts(
    explainer: Explainer,
    cases: Sequence[Explained],
    language_model: str,
    *,
    seed: int,
    locale: str,
) -> list[str]:
    """Return the first draft of an untuned model for each case, its slots filled, unread by any verifier.

    Args:
        explainer: Knows the shop and the policy.
        cases: Explanations with reasons.
        language_model: ``auto`` means the packaged weights without an adapter.
        seed: Seed of the sampling.
        locale: A folder under ``prompts/``.

    Returns:
        Sentences, in the order given.
    """
    from llm_explain.generation.transformers_generator import TransformersGenerator

    lexicon = load_lexicon(locale).with_currency(explainer.shop.policy.currency)
    realiser, prompt_builder = Realiser(lexicon), ExamplePromptBuilder(lexicon)
    generator = TransformersGenerator.load("untuned" if language_model == "auto" else language_model)
    texts: list[str] = []
    for start in range(0, len(cases), BATCH):
        some = cases[start : start + BATCH]
        prompts = [
            prompt_builder.prompts(
                lexicon.kinds.in_order(claim.kind for claim in each.explanation.reasons), each.record["tone"], 1
            )[0]
            for each in some
        ]
        answers = generator.generate(prompts, n_candidates=1, seed=seed + start)
        texts += [
            _filled(explainer, realiser, each, drafts[0].text if drafts else "")
            for each, drafts in zip(some, answers, strict=True)
        ]
    return texts


def _filled(explainer: Explainer, realiser: Realiser, each: Explained, draft: str) -> str:
    """Return a draft with values for the slots that the claims have; what it made up beside them stays."""
    shop, told = explainer.shop, each.explanation
    item = int(shop.catalogue.index_of([told.item_id])[0])
    request = SentenceRequest(told.reasons, item, told.user_id, told.as_of)
    values = specify(request, realiser, shop.catalogue, shop.policy).values
    return SLOT.sub(lambda match: values.get(match.group(1), match.group(1).replace("_", " ")), draft)
