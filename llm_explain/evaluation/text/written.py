"""What people wrote for the same claims: the hand-written sentences of the corpus, filled with a record's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.generation.corpus import read_corpus
from llm_explain.lexicon import load_lexicon
from llm_explain.realise import Realiser
from llm_explain.scenes import Request, scene_of
from llm_explain.skeletons import SLOT, Skeleton, in_order
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.evaluation.emission import Emitted
    from llm_explain.explainer import Explainer
    from llm_explain.skeletons import Tone


def human_references(explainer: Explainer, emitted: Sequence[Emitted], *, locale: str = "en") -> list[list[str]]:
    """Return what people wrote for the same claims in the same tone.

    Args:
        explainer: Knows the shop and the policy.
        emitted: Explanations.
        locale: A folder under ``prompts/``.

    Returns:
        References of each; none where nobody wrote any but the sentence itself.
    """
    shop = explainer.shop
    lexicon = load_lexicon(locale).with_currency(shop.policy.currency)
    realiser, verifier = Realiser(lexicon), SkeletonVerifier(lexicon)
    written: dict[tuple[tuple[str, ...], str], list[Skeleton]] = {}
    for line in read_corpus(locale):
        kinds, tone = in_order(line.kinds), line.tone
        finding = verifier.check(line.text, kinds)
        skeleton = Skeleton(
            line.text,
            kinds,
            _tone(tone),
            tuple(SLOT.findall(line.text)),
            finding.needs,
            finding.same,
            finding.is_causal,
        )
        written.setdefault((kinds, tone), []).append(skeleton)
    found = []
    for each in emitted:
        claims = each.explanation.reasons
        item = int(shop.catalogue.index_of([each.explanation.item_id])[0])
        scene = scene_of(
            Request(claims, item, each.explanation.user_id, each.explanation.as_of), shop.catalogue, shop.policy
        )
        values = realiser.values(claims, scene)
        if any(not shop.policy.may_name_brand(str(claim.facts.get("brand", ""))) for claim in claims):
            values.pop("brand", None)
        licences = {claim.kind: claim.licences for claim in claims}
        own = each.explanation.text.skeleton if each.explanation.text else ""
        fitting = [
            skeleton
            for skeleton in written.get((in_order(licences), each.record["tone"]), ())
            if skeleton.text != own and skeleton.fits(values, licences)
        ]
        found.append([realiser.fill(skeleton, values, event_kind=scene.event_kind) for skeleton in fitting])
    return found


def _tone(tone: str) -> Tone:
    return "concise" if tone == "concise" else "formal" if tone == "formal" else "friendly"
