"""The sections ``score_from_text`` and ``controls``: the same metrics on ours and on what ought to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.evaluation import score_from_text
from llm_explain.evaluation.agreement import metrics as agreement
from llm_explain.evaluation.audit import Audit
from llm_explain.evaluation.audit.texts import as_claim, text_faults
from llm_explain.evaluation.bootstrap import Bootstrap, by_group
from llm_explain.evaluation.controls import CONTROLS, OURS, cannot_tell, told_apart
from llm_explain.evaluation.materials import other_item
from llm_explain.evaluation.sections import text as text_section
from llm_explain.evaluation.sections.agreement import per_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llm_explain.evaluation.bootstrap import Values
    from llm_explain.evaluation.materials import Materials
    from llm_explain.evaluation.subject import Sizes, Subject

PER_SENTENCE: Final = {**agreement.HIGHER_IS_BETTER, "true_of_the_data": True, "score_order": True}
"""Metrics that every sentence has, and whether more of each is better."""

MARGIN: Final = 0.02
"""A set metric has no interval; it tells two sets apart when they differ by more than this share."""


def predictions(materials: Materials, sizes: Sizes) -> dict[str, score_from_text.Prediction]:
    """Predict the scores from the sentences of every system."""
    return {
        system: score_from_text.predict(texts, materials.score, materials.user, seed=sizes.seed)
        for system, texts in materials.texts.items()
    }


def score_section(
    materials: Materials, predicted: Mapping[str, score_from_text.Prediction], sizes: Sizes
) -> dict[str, Any]:
    """Return how much of the score a sentence tells, for ours and the controls.

    Args:
        materials: Sentences and scores.
        predicted: Predictions by system.
        sizes: How many resamples.

    Returns:
        The section.
    """
    bootstrap = Bootstrap(materials.n_users, n_resamples=sizes.resamples, seed=sizes.seed)
    return {
        system: {
            "r2": prediction.r2,
            "spearman": prediction.spearman,
            "order": bootstrap.interval(by_group(prediction.order(), materials.user, materials.n_users)),
        }
        for system, prediction in predicted.items()
    }


def section(
    subject: Subject,
    materials: Materials,
    predicted: Mapping[str, score_from_text.Prediction],
    sizes: Sizes,
    report: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Measure ours and the controls side by side.

    Args:
        subject: What is evaluated.
        materials: Sentences of every system.
        predicted: Predictions of the score by system.
        sizes: How much.
        report: Told the progress.

    Returns:
        The section: ``examples``, ``per_sentence`` and ``per_set``, with ``cannot_tell`` for each metric.
    """
    audit = Audit(subject.folder / "tables", subject.explainer.as_of)
    found: dict[str, dict[str, Values]] = {}
    sets: dict[str, dict[str, float]] = {}
    systems = (OURS, *CONTROLS)
    for done, system in enumerate(systems):
        report("comparing with controls", done, len(systems))
        rows = per_sentence(materials, system)
        rows["true_of_the_data"] = truth(subject, materials, system, audit)
        rows["score_order"] = predicted[system].order()
        found[system] = {name: by_group(values, materials.user, materials.n_users) for name, values in rows.items()}
        sets[system] = text_section.as_set(materials, system, sizes)
    report("comparing with controls", len(systems), len(systems))
    bootstrap = Bootstrap(materials.n_users, n_resamples=sizes.resamples, seed=sizes.seed)
    return {
        "examples": [
            {"item": subject.items[str(each.record["item_id"])][0]}
            | {system: materials.texts[system][place] for system in systems}
            for place, each in list(enumerate(materials.emitted))[:5]
        ],
        "silent": {system: sum(not text for text in materials.texts[system]) for system in systems},
        "per_sentence": {name: _sentence_row(name, found, bootstrap) for name in PER_SENTENCE},
        "per_set": {name: _set_row(name, sets) for name in text_section.HIGHER_IS_BETTER if name in sets[OURS]},
    }


def _sentence_row(name: str, found: Mapping[str, Mapping[str, Values]], bootstrap: Bootstrap) -> dict[str, Any]:
    apart = {
        control: told_apart(found[OURS][name], found[control][name], bootstrap, higher_is_better=PER_SENTENCE[name])
        for control in CONTROLS
    }
    return {
        "higher_is_better": PER_SENTENCE[name],
        "mean": {system: bootstrap.interval(rows[name]) for system, rows in found.items()},
        "against": apart,
        "cannot_tell": cannot_tell(apart),
    }


def _set_row(name: str, sets: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    higher = text_section.HIGHER_IS_BETTER[name]
    ours = sets[OURS][name]
    values = {system: rows.get(name) for system, rows in sets.items()}
    lost = []
    for control in CONTROLS:
        value = values[control]
        gain = 1.0 if value is None else (ours - value if higher else value - ours) / max(abs(ours), abs(value), 1e-12)
        if gain <= MARGIN:
            lost.append(control)
    return {"higher_is_better": higher, "value": values, "cannot_tell": lost}


def truth(subject: Subject, materials: Materials, system: str, audit: Audit) -> Values:
    """Return for each sentence whether everything that is read in it is true of the user by the raw tables.

    Args:
        subject: Knows the items.
        materials: Sentences and what is read in them.
        system: Ours or a control.
        audit: The raw tables.

    Returns:
        1, 0, or NaN for a sentence that is missing.
    """
    read, owner = [], []
    for place, (each, mentions) in enumerate(zip(materials.emitted, materials.mentions[system], strict=True)):
        record = {**each.record, "text": materials.texts[system][place]}
        category = subject.items[str(record["item_id"])][1]
        for _, mention in mentions:
            other = other_item(subject, mention, record)
            claim = as_claim(mention, category, other_item=(other, subject.items.get(other, ("", ""))[1]))
            read.append(((record, claim), mention))
            owner.append(place)
    found = np.array([1.0 if text else np.nan for text in materials.texts[system]])
    for place, faults in zip(owner, text_faults(read, audit), strict=True):
        if faults:
            found[place] = 0.0
    return found
