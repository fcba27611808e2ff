"""Agreement of a sentence with the attribution that it explains.

Source: Ichmoukhamedov, Hinns & Martens (2024), "How good is my story?", arXiv:2412.10220 (sign and value agreement).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llm_explain.evaluation.agreement.reader import agrees, as_stated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.evaluation.agreement.drivers import Drivers
    from llm_explain.evaluation.agreement.reader import Mention

NAN: Final = float("nan")

HIGHER_IS_BETTER: Final = {"sign": True, "value": True, "coverage": True, "phi_covered": True, "hallucination": False}

Part = tuple[str, str]
"""A player and its part."""


def agreement(drivers: Drivers, mentions: Sequence[tuple[Part, Mention]]) -> dict[str, float]:
    """Return every metric of one sentence.

    Args:
        drivers: The parts that drove the score.
        mentions: Mentions in the sentence's order, with the part that each one stands for.

    Returns:
        ``sign`` and ``value`` (share of the mentions whose direction and numbers are the attribution's), ``coverage``
        (share of the largest parts that are mentioned), ``phi_covered`` (share of the positive attribution) and
        ``hallucination`` (share of the mentions that did not raise the score). NaN where nothing can be measured.
    """
    mentioned = list(dict.fromkeys(part for part, _ in mentions))
    first = dict(reversed(mentions))
    real = [part for part in mentioned if part in drivers.phi]
    numbers = [_value(first[part].values, drivers.facts.get(part)) for part in mentioned]
    known = [number for number in numbers if number is not None]
    positive = drivers.positive
    return {
        "sign": _share(sum(((first[part].sign or 1) > 0) == drivers.raises(part) for part in real), len(real)),
        "value": _share(sum(known), len(known)),
        "coverage": _share(len(set(mentioned) & set(drivers.due)), len(drivers.due)),
        "phi_covered": sum(max(drivers.phi[part], 0.0) for part in real) / positive if positive else NAN,
        "hallucination": _share(sum(drivers.phi.get(part, 0.0) <= 0 for part in mentioned), len(mentioned)),
    }


def _share(part: float, whole: int) -> float:
    return part / whole if whole else NAN


def _value(stated: Mapping[str, float], facts: Mapping[str, Any] | None) -> bool | None:
    """Return whether every stated number is the fact's; ``None`` if the mention states no number."""
    if not stated:
        return None
    if facts is None:
        return False
    return all(agrees(name, value, as_stated(facts.get(name))) for name, value in stated.items())
