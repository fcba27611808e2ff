"""From the pipeline's request to the specification of a sentence, with the names that the policy lets a text say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.text.name_cleaning import inside_sentence

if TYPE_CHECKING:
    from llm_explain.policy.policy import Policy
    from llm_explain.text.realiser import Realiser
    from llm_explain.text.sentence_spec import SentenceRequest, SentenceSpec
    from scoring.data.catalogue import Catalogue


def specify(request: SentenceRequest, realiser: Realiser, catalogue: Catalogue, policy: Policy) -> SentenceSpec:
    """Return the specification of a sentence.

    Args:
        request: What the sentence is to state.
        realiser: Writes the values.
        catalogue: The shop's items.
        policy: Items and brands that no text may name.

    Returns:
        Claims, titles and values; the title of an item that no text may name is empty.
    """
    others = [str(claim.facts["other_item_id"]) for claim in request.claims if "other_item_id" in claim.facts]
    brands = [str(claim.facts["brand"]) for claim in request.claims if "brand" in claim.facts]
    indices = catalogue.index_of(others) if others else ()
    spec = realiser.specify(
        request.claims,
        title="" if request.item_index is None else _title(int(request.item_index), catalogue, policy),
        as_of=request.as_of.date(),
        titles={other: _title(int(index), catalogue, policy) for other, index in zip(others, indices, strict=True)},
        is_neutral=request.is_neutral,
        without=() if all(map(policy.may_name_brand, brands)) else ("brand",),
    )
    return realiser.with_plain_names(spec, request.plain_items, request.alike_items)


def _title(item_index: int, catalogue: Catalogue, policy: Policy) -> str:
    """Return the title of an item as it stands within a sentence; empty for one that no text may name."""
    if policy.is_sensitive_item(catalogue, item_index):
        return ""
    return inside_sentence(str(catalogue.titles[item_index]), catalogue.common_words)
