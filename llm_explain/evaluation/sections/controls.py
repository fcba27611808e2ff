"""The section ``controls``: the same metrics on our sentences and on negative controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.evaluation.agreement import metrics as agreement
from llm_explain.evaluation.audit import Audit
from llm_explain.evaluation.audit.texts import as_claim, text_faults
from llm_explain.evaluation.bootstrap import Bootstrap, by_group
from llm_explain.evaluation.controls import CONTROLS, OURS, compare_with_control, not_separated
from llm_explain.evaluation.sample import other_item
from llm_explain.evaluation.sections.agreement import per_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llm_explain.evaluation.artifacts import EvaluatedArtifacts, Sizes
    from llm_explain.evaluation.bootstrap import Values
    from llm_explain.evaluation.sample import Sample

PER_SENTENCE: Final = {**agreement.HIGHER_IS_BETTER, "true_of_the_data": True}
"""Metrics that every sentence has, and whether more of each is better."""


def section(
    artifacts: EvaluatedArtifacts,
    sample: Sample,
    sizes: Sizes,
    report: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Measure our sentences and the controls with the same metrics.

    Args:
        artifacts: Artifacts under evaluation.
        sample: Sentences of every system.
        sizes: Sample sizes.
        report: Called with a description, the number done and the total.

    Returns:
        The section: ``examples``, ``silent`` and ``metrics``, with ``not_separated`` for each metric.
    """
    audit = Audit(
        artifacts.folder / "tables",
        artifacts.scorer.snapshot.as_of,
        changes=artifacts.explainer.catalogue.changes,
        kinds=artifacts.kinds,
    )
    found: dict[str, dict[str, Values]] = {}
    systems = (OURS, *CONTROLS)
    for done, system in enumerate(systems):
        report("comparing with controls", done, len(systems))
        rows = per_sentence(sample, system)
        rows["true_of_the_data"] = truth(artifacts, sample, system, audit)
        found[system] = {name: by_group(values, sample.user, sample.n_users) for name, values in rows.items()}
    report("comparing with controls", len(systems), len(systems))
    bootstrap = Bootstrap(sample.n_users, n_resamples=sizes.resamples, seed=sizes.seed)
    return {
        "examples": [
            {"item": artifacts.items[str(each.record["item_id"])][0]}
            | {system: sample.texts[system][place] for system in systems}
            for place, each in list(enumerate(sample.explained))[:5]
        ],
        "silent": {system: sum(not text for text in sample.texts[system]) for system in systems},
        "metrics": {name: _sentence_row(name, found, bootstrap) for name in PER_SENTENCE},
    }


def _sentence_row(name: str, found: Mapping[str, Mapping[str, Values]], bootstrap: Bootstrap) -> dict[str, Any]:
    apart = {
        control: compare_with_control(
            found[OURS][name], found[control][name], bootstrap, higher_is_better=PER_SENTENCE[name]
        )
        for control in CONTROLS
    }
    return {
        "higher_is_better": PER_SENTENCE[name],
        "mean": {system: bootstrap.interval(rows[name]) for system, rows in found.items()},
        "against": apart,
        "not_separated": not_separated(apart),
    }


def truth(artifacts: EvaluatedArtifacts, sample: Sample, system: str, audit: Audit) -> Values:
    """Return for each sentence whether everything that is read in it is true of the user by the raw tables.

    Args:
        artifacts: Knows the items.
        sample: Sentences and what is read in them.
        system: `ours` or a control.
        audit: The raw tables.

    Returns:
        1, 0, or NaN for a sentence that is missing.
    """
    read, owner = [], []
    for place, (each, mentions) in enumerate(zip(sample.explained, sample.mentions[system], strict=True)):
        record = {**each.record, "text": sample.texts[system][place]}
        category = artifacts.items[str(record["item_id"])][1]
        for _, mention in mentions:
            other = other_item(artifacts, mention, record)
            other_category = artifacts.items.get(other, ("", ""))[1]
            claim = as_claim(mention, artifacts.kinds, category, other_item=(other, other_category))
            read.append(((record, claim), mention))
            owner.append(place)
    found = np.array([1.0 if text else np.nan for text in sample.texts[system]])
    for place, faults in zip(owner, text_faults(read, audit), strict=True):
        if faults:
            found[place] = 0.0
    return found
