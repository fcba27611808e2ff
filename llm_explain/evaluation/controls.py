"""Sentences that ought to fail: what a metric gives them is what it gives for nothing.

Five of them, for the same users and items: one constant sentence; our sentences shuffled over users; reasons with
inverted sign, so that what lowered the score is told as its cause; the reasons of another user; reasons drawn by chance
among what is true of the data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.attribution.values import Attribution
from llm_explain.claims import Evidence, derive, select
from llm_explain.claims.subjects import Subjects
from llm_explain.evaluation.agreement.extraction import load_extraction
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.sentence_spec import SentenceRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.evaluation.bootstrap import Bootstrap, Values
    from llm_explain.evaluation.explained import Explained
    from llm_explain.explainer import Explainer

OURS: Final = "ours"
CONTROLS: Final = ("constant", "shuffled", "inverted sign", "wrong user", "random reasons")


def inverted(attribution: Attribution) -> Attribution:
    """Return the attribution of the negated score: what lowered it now raises it; no past item raised it."""
    return replace(
        attribution,
        values=-attribution.values,
        parts=tuple({name: -value for name, value in parts.items()} for parts in attribution.parts),
        base_value=-attribution.base_value,
        score=-attribution.score,
        items=(),
    )


def randomised(attribution: Attribution, rng: np.random.Generator) -> Attribution:
    """Return an attribution over the same parts with values drawn by chance, all above zero."""
    parts = tuple({name: float(rng.exponential()) for name in given} for given in attribution.parts)
    values = np.array([sum(each.values()) for each in parts])
    return replace(attribution, values=values, parts=parts, base_value=0.0, score=float(values.sum()))


def control_texts(
    explainer: Explainer,
    explained: Sequence[Explained],
    user_ids: Sequence[str],
    *,
    seed: int,
    locale: str = "en",
    advance: Callable[[int], None] | None = None,
) -> dict[str, list[str]]:
    """Return every control's sentence for each explanation.

    Args:
        explainer: Explains the same items otherwise.
        explained: Explanations of known users.
        user_ids: Users, by the number that the explanations have.
        seed: Source of chance.
        locale: A folder under ``prompts/``.
        advance: Called with the number of explanations that are done.

    Returns:
        Sentences by control, in the order given; empty where a control finds nothing to say.
    """
    rng = np.random.default_rng(seed)
    texts: dict[str, list[str]] = {name: [] for name in CONTROLS}
    texts["constant"] = [load_extraction(locale).constant] * len(explained)
    texts["shuffled"] = [explained[place].text for place in _elsewhere(explained, rng)]
    for place, each in enumerate(explained):
        given = each.explanation.attribution
        texts["inverted sign"].append(_say(explainer, each, inverted(given)))
        texts["random reasons"].append(_say(explainer, each, randomised(given, rng)))
        other = user_ids[int((each.user + 1 + rng.integers(max(len(user_ids) - 1, 1))) % len(user_ids))]
        told = explainer.explain(
            other,
            [each.explanation.subject["item_id"]],
            tone=each.record["tone"],
            locale=locale,
            as_of=each.explanation.as_of,
        )[0]
        texts["wrong user"].append(told.text.text if told.text else "")
        if advance is not None:
            advance(place + 1)
    return texts


def _elsewhere(explained: Sequence[Explained], rng: np.random.Generator) -> list[int]:
    """Return for each explanation the place of one of another user's, where there is another user."""
    users = np.array([each.user for each in explained])
    places = []
    for user in users:
        others = np.flatnonzero(users != user)
        places.append(int(rng.choice(others if len(others) else np.arange(len(users)))))
    return places


def _say(explainer: Explainer, each: Explained, attribution: Attribution) -> str:
    """Return the sentence that the same item would get from another attribution."""
    explanation, shop = each.explanation, explainer.shop
    item = int(shop.catalogue.index_of([explanation.subject["item_id"]])[0])
    history = explainer.events.history(str(explanation.user_id), explanation.as_of)
    subjects = Subjects.of(Evidence(shop, [history]), np.zeros(1, dtype=np.int64), np.array([item]))
    degrees = load_lexicon(explanation.locale).degrees
    (claims,) = derive(subjects, [attribution], kinds=explainer.kinds, degrees=degrees)
    claims = select(claims, item, shop=shop, kinds=explainer.kinds)
    request = SentenceRequest(tuple(claims), item, explanation.user_id, shop.shop.clock.local(explanation.as_of))
    text = explainer.writer.write([request], tone=each.record["tone"], locale=explanation.locale)[0]
    return text.text if text else ""


def compare_with_control(
    ours: Values, control: Values, bootstrap: Bootstrap, *, higher_is_better: bool
) -> dict[str, Any]:
    """Return whether a metric tells our sentences from those of a control.

    Args:
        ours: The metric of each user's sentences, NaN for a user without sentences.
        control: The control's.
        bootstrap: Resamples the users.
        higher_is_better: Which way the metric points.

    Returns:
        The paired ``difference`` with its interval, and ``is_separated``: whether the whole interval is on our side.
    """
    difference = bootstrap.difference(ours, control)
    low, high = difference["low"], difference["high"]
    is_separated = low is not None and high is not None and (low > 0 if higher_is_better else high < 0)
    return {"difference": difference, "is_separated": bool(is_separated)}


def not_separated(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the controls that a metric cannot tell us from.

    Args:
        found: ``compare_with_control`` by control.

    Returns:
        Names of controls.
    """
    return [name for name, row in found.items() if not row["is_separated"]]
