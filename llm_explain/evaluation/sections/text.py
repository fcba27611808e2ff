"""The section ``text``, and what a set of sentences is worth as text for the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llm_explain.errors import LlmExplainError
from llm_explain.evaluation.controls import OURS
from llm_explain.evaluation.text import references, variety
from llm_explain.evaluation.text.perplexity import Perplexity
from llm_explain.evaluation.text.readability import flesch_reading_ease, length
from llm_explain.evaluation.text.written import human_references

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.evaluation.materials import Materials
    from llm_explain.evaluation.subject import Sizes, Subject

HIGHER_IS_BETTER: Final = {
    "USR": True, "FMR": True, "FCR": True, "DIV": False, "distinct_1": True, "distinct_2": True, "self_bleu": False,
    "opening_concentration": False, "flesch_reading_ease": True, "perplexity": False,
}  # fmt: skip


def as_set(materials: Materials, system: str, sizes: Sizes) -> dict[str, float]:
    """Return what the sentences of a system are worth as a set.

    Args:
        materials: Sentences and what is read in them.
        system: Ours or a control.
        sizes: How many sentences the slower measures look at.

    Returns:
        Metrics by name.
    """
    said = [text for text in materials.texts[system] if text]
    if not said:
        return {}
    mentioned = [frozenset("/".join(part) for part, _ in mentions) for mentions in materials.mentions[system]]
    leading = ["/".join(drivers.due[0]) if drivers.due else None for drivers in materials.drivers]
    features = sorted({"/".join(part) for drivers in materials.drivers for part in drivers.phi})
    return {
        "USR": variety.unique_sentence_ratio(said),
        "FMR": variety.feature_matching_ratio(mentioned, leading),
        "FCR": variety.feature_coverage_ratio(mentioned, features),
        "DIV": variety.feature_diversity(mentioned),
        "distinct_1": variety.distinct(said, 1),
        "distinct_2": variety.distinct(said, 2),
        "self_bleu": variety.self_bleu(said[: sizes.rare_texts]),
        "opening_concentration": variety.opening_concentration(said),
        "flesch_reading_ease": flesch_reading_ease(said),
        **length(said),
    }


def section(
    subject: Subject, materials: Materials, sizes: Sizes, report: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Measure our sentences as text.

    Args:
        subject: What is evaluated.
        materials: Sentences.
        sizes: How much.
        report: Told the progress.

    Returns:
        The section.
    """
    report("text", 0, 4)
    found: dict[str, Any] = {"sentences": len(materials.texts[OURS]), **as_set(materials, OURS, sizes), "skipped": {}}
    report("text", 1, 4)
    some = materials.emitted[: sizes.rare_texts]
    given = human_references(subject.explainer, some)
    kept = [(each.text, others) for each, others in zip(some, given, strict=True) if others]
    if kept:
        texts, written = [text for text, _ in kept], [others for _, others in kept]
        scores = [references.rouge(text, others) for text, others in kept]
        found["references"] = {
            "sentences": len(kept),
            "bleu": references.bleu(texts, written),
            **{name: sum(score[name] for score in scores) / len(scores) for name in scores[0]},
        }
        report("text", 2, 4)
        measure = references.BertScore.load()
        if measure is None:
            found["skipped"]["bertscore"] = "the packaged sentence encoder is not installed"
        else:
            found["references"]["bertscore"] = measure.of(texts, written)
    report("text", 3, 4)
    try:
        model = Perplexity.load()
        found["perplexity"] = model.of(materials.texts[OURS][: sizes.perplexity_texts])
        human = [others[0] for others in given if others][: sizes.perplexity_texts]
        if human:
            found["perplexity_of_people"] = model.of(human)
    except (LlmExplainError, ImportError, OSError) as error:
        found["skipped"]["perplexity"] = str(error)
    report("text", 4, 4)
    return found
