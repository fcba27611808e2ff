"""Agreement of a sentence with the attribution that it explains.

*Lenient* agreement is that of SHAPnarrative-metrics: of the features that a narrative mentions and that exist, the
share whose rank (sign, value) is the true one; what is omitted, invented or cannot be read does not count. *Strict*
agreement divides by everything that is mentioned or should have been: an omitted, an invented and an unsigned reason
are wrong.

Sources: Ichmoukhamedov, Hinns & Martens (2024), "How good is my story?", arXiv:2412.10220 (rank, sign and value
agreement); Zytek et al. (2024), "Explingo", arXiv:2412.05145 (accuracy, completeness, conciseness, each from 0 to 4);
Kendall (1938) (tau).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.stats import kendalltau

from llm_explain.evaluation.audit.texts import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.evaluation.agreement.drivers import Drivers
    from llm_explain.evaluation.agreement.reader import Mention

NAN: Final = float("nan")
WORDS_A_REASON: Final = 12
"""Words that a reason may take at full conciseness, Explingo's optimal length for a narrative of one feature."""

HIGHER_IS_BETTER: Final = {
    "rank_lenient": True, "sign_lenient": True, "value_lenient": True,
    "rank_strict": True, "sign_strict": True, "value_strict": True,
    "coverage": True, "phi_covered": True, "hallucination": False, "kendall_tau": True,
    "accuracy": True, "completeness": True, "conciseness": True,
}  # fmt: skip

Part = tuple[str, str]
"""A player and its part."""


def agreement(drivers: Drivers, mentions: Sequence[tuple[Part, Mention]], *, n_words: int) -> dict[str, float]:
    """Return every metric of one sentence.

    Args:
        drivers: What drove the score.
        mentions: What the sentence says, in its order, and the part that each mention stands for.
        n_words: Words of the sentence.

    Returns:
        Metrics by name; NaN where a sentence gives nothing to measure.
    """
    said = list(dict.fromkeys(part for part, _ in mentions))
    signs = {part: mention.sign for part, mention in reversed(mentions)}
    values = {part: mention.values for part, mention in reversed(mentions)}
    real = [part for part in said if part in drivers.phi]
    due = drivers.due
    union = list(dict.fromkeys([*said, *due]))
    right = {
        "rank": {
            part for place, part in enumerate(said) if part in real and drivers.ranked[place : place + 1] == [part]
        },
        "sign": {part for part in real if (signs[part] or 1) * drivers.phi[part] > 0},
    }
    signed = {part for part in right["sign"] if signs[part] != 0}
    numbers = {part: _value(values[part], drivers.facts.get(part)) for part in said}
    known = [number for number in numbers.values() if number is not None]
    positive = drivers.positive
    return {
        "rank_lenient": _share(len(right["rank"]), len(real)),
        "sign_lenient": _share(len(right["sign"]), len(real)),
        "value_lenient": _share(sum(known), len(known)),
        "rank_strict": _share(sum(due[place : place + 1] == [part] for place, part in enumerate(said)), len(union)),
        "sign_strict": _share(len(signed & set(due)), len(union)),
        "value_strict": _share(sum(numbers.get(part) is True for part in due), len(union)),
        "coverage": _share(len(set(said) & set(due)), len(due)),
        "phi_covered": sum(max(drivers.phi[part], 0.0) for part in real) / positive if positive else NAN,
        "hallucination": _share(sum(drivers.phi.get(part, 0.0) <= 0 for part in said), len(said)),
        "kendall_tau": _tau([drivers.phi[part] for part in real]),
        **_explingo(drivers, said, right["sign"], numbers, n_words),
    }


def _share(part: float, whole: int) -> float:
    return part / whole if whole else NAN


def _value(stated: Mapping[str, float], facts: Mapping[str, Any] | None) -> bool | None:
    """Return whether every number that is stated is the fact's; ``None`` where none is stated."""
    if not stated:
        return None
    if facts is None:
        return False
    return all(
        name in facts and abs(value - float(facts[name])) <= ROUNDING.get(name, 1e-9) for name, value in stated.items()
    )


def _tau(phi: Sequence[float]) -> float:
    """Return Kendall's tau of the order of appearance with the order of attribution."""
    if len(phi) < 2 or len(set(phi)) < 2:
        return NAN
    return float(kendalltau(-np.arange(len(phi)), phi).statistic)


def _explingo(
    drivers: Drivers,
    said: Sequence[Part],
    right_sign: set[Part],
    numbers: Mapping[Part, bool | None],
    n_words: int,
) -> dict[str, float]:
    """Return Explingo's rubrics, graded by rule instead of by a language model.

    Accuracy: 0 with any wrong value or direction, else 4. Completeness of the reasons that the record gives: 0 when one
    is missing, 2 when all are there but one without its value, 4 when all are there with value or without a value to
    tell. Conciseness: 4 up to the optimal length, falling to 0 at twice that.
    """
    is_wrong = any(part not in right_sign or numbers[part] is False for part in said)
    asked = set(drivers.facts)
    has_all = asked <= set(said)
    has_values = all(numbers.get(part) is not None for part in asked if "count" in drivers.facts[part])
    optimal = WORDS_A_REASON * max(len(drivers.facts), 1)
    return {
        "accuracy": (0.0 if is_wrong else 4.0) if said else NAN,
        "completeness": (4.0 if has_values else 2.0) if has_all else 0.0,
        "conciseness": float(max(0.0, min(4.0, 4.0 * (2.0 - n_words / optimal)))),
    }
