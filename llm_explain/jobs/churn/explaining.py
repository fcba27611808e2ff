"""Explanations of churn risks: attribution → claims → brief → verified text → record."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pandas as pd
from scipy.special import expit

from llm_explain.jobs.brief import Brief, Direction, Stated
from llm_explain.jobs.churn.changes import (
    ABOVE_USUAL,
    ALREADY,
    USUAL_AMOUNT,
    YEAR_AMOUNT,
    CameBack,
    SpendBelowUsual,
    SpendRose,
    lately,
)
from llm_explain.jobs.churn.kinds import KINDS
from llm_explain.jobs.churn.levels import LongestSilence, Overdue
from llm_explain.jobs.drivers import attributions, choose, driver_claims
from llm_explain.records import Claim, Explanation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.values import Attribution
    from llm_explain.jobs.churn.view import ChurnView
    from llm_explain.jobs.writer import BriefWriter
    from llm_explain.records import Fact
    from scoring.boosting.additive import AdditiveModel
    from scoring.churn.artifacts import Labels

MOST_REASONS: Final = 3
MOST_OPPOSING: Final = 1
LEAST_PHI: Final = 0.05
"""Least attribution, in log odds, of a driver that is told."""


_SILENCE: Final = {
    "overdue": "days", "longest_silence": "days", "long_silence": "days", "visited_long_ago": "level",
    "visited_once": "days", "visited_seldom": "days",
}  # fmt: skip
"""Kinds that state the days since the last visit, and the fact that does."""

_EMPTY: Final = {"spend_below_usual", "visits_below_usual", "visits_fell", "spend_fell"}
"""Kinds that say nothing more if a window lies within these days."""


_NEWS: Final = (Overdue(), LongestSilence(), SpendRose(), SpendBelowUsual())
"""Kinds that may be told although the model gives them no weight: see ``_notes``."""

_AMOUNTS: Final = {ALREADY, ABOVE_USUAL, "small_spender", "big_spender"}
"""Kinds that state the usual spending of so many weeks."""

_LEVELS: Final = {USUAL_AMOUNT, YEAR_AMOUNT}
"""Kinds that are told if no other claim tells an amount."""

_NEAR: Final = 0.05
"""Difference to the average up to which a risk is near it, if one is also above three quarters of the other."""

_LEAST_RATIO: Final = 1.5
"""Ratio of two amounts from which on their difference is news."""

NO_REASON: Final = Stated("no_reason", {"is_told": 0})
"""What is said where no driver in the direction of the headline can be told."""


class ChurnWriter:
    """Writes explanations of risks in one locale.

    Args:
        writer: Writes and verifies the texts.
        locale: A folder under ``prompts/``.
        provenance: Hashes of data and model, for the records.
        headline: Facts that every headline shares: ``noun``, ``average``, ``share``, ``target``, ``days``,
            ``outcome``, ``label``, ``positive``, and ``is_listed``, 1 for rows of a table whose heading states outcome
            and average.
    """

    def __init__(
        self, writer: BriefWriter, *, locale: str, provenance: Mapping[str, str], headline: Mapping[str, Fact]
    ) -> None:
        self._writer, self._locale, self._provenance, self._headline = writer, locale, provenance, headline

    def explain(
        self,
        user_ids: Sequence[str],
        attributed: Sequence[Attribution],
        claims: Sequence[Sequence[Claim]],
        moment: tuple[pd.Timestamp, pd.Timestamp],
        closing: Sequence[tuple[Stated, ...]] | None = None,
        lately: Mapping[int, Sequence[Claim]] = MappingProxyType({}),
    ) -> list[Explanation]:
        """Return the record of each user.

        Args:
            user_ids: The shop's ids, shape ``(n,)``.
            attributed: Attribution of each risk.
            claims: Claims of each user.
            moment: Moment of the explanations: UTC without a zone, and on the shop's clock.
            closing: Statements at the end of each text.
            lately: What may be told although it is no driver, by row: see ``_notes``.

        Returns:
            Records with reasons in the direction of the headline, and opposing drivers as statements.
        """
        as_of, local = moment
        found = []
        for row, (user_id, attribution, own) in enumerate(zip(user_ids, attributed, claims, strict=True)):
            risk = float(expit(attribution.score))
            average = float(self._headline["average"])
            direction: Direction = 1 if risk >= average else -1
            reasons, opposing = _chosen(own, direction)
            opposing = opposing if reasons else ()
            facts = {**self._headline, "user_id": user_id, "risk": risk}
            before = _notes(lately.get(row, ()), (*reasons, *opposing), direction)
            brief = Brief(
                headline=Stated(_headline(risk, average, is_label=self._headline["target"] == "label"), facts),
                direction=direction,
                reasons=reasons,
                opposing=opposing,
                closing=(
                    *(() if reasons else (NO_REASON,)),
                    *(Stated(each.kind, each.facts) for each in before),
                    *(closing[row] if closing is not None else ()),
                ),
                as_of=local.date(),
                key=f"{user_id}|{as_of}",
            )
            said, text = self._writer.write(brief)
            key = "|".join(map(str, (user_id, as_of, self._locale, *sorted(self._provenance.values()), text)))
            found.append(
                Explanation(
                    id=hashlib.sha256(key.encode()).hexdigest()[:24],
                    user_id=user_id,
                    subject={"type": "user", "user_id": user_id},
                    rank=None,
                    probability=risk,
                    attribution=attribution,
                    reasons=said.reasons if text else (),
                    statements=(*said.opposing, *before) if text else (),
                    text=text,
                    reason_code="" if text else "nothing_to_say",
                    locale=self._locale,
                    tone="formal",
                    as_of=as_of,
                    provenance=self._provenance,
                )
            )
        return found


def _notes(found: Sequence[Claim], told: Sequence[Claim], direction: Direction) -> tuple[Claim, ...]:
    """Return what a text states besides its drivers, with ``is_against``, 1 if it speaks against the headline.

    The outcome that has happened already, and a silence that breaks the user's own rhythm, are told of any risk. Of
    other news, the first one that speaks against the headline is told, if no driver does and the outcome is not told.
    The usual spending is told if no other claim does.
    """
    notes: list[Claim] = []
    is_open = not any(claim.phi * direction < 0 for claim in told)
    is_silence_told = any(claim.kind in _SILENCE for claim in told)
    for claim in found:
        if claim.kind in _LEVELS:
            continue
        is_against = claim.phi * direction < 0
        is_silence = claim.kind in _SILENCE and not is_silence_told
        if claim.kind == ALREADY and is_silence_told and claim.facts.get("visits") == 0:
            continue  # the silence is at least as long
        if claim.kind == ALREADY or is_silence or (is_against and is_open and claim.kind not in _SILENCE):
            notes.append(replace(claim, phi=0.0, facts={**claim.facts, "is_against": int(is_against)}))
            is_open = is_open and claim.kind != ALREADY and not is_against
    told = (*told, *notes)
    if not any(
        claim.facts.get("is_only") or (claim.kind in _AMOUNTS and "visits" not in claim.facts) for claim in told
    ):
        notes += [replace(claim, phi=0.0) for claim in found if claim.kind in _LEVELS]
    return tuple(notes)


def _chosen(claims: Sequence[Claim], direction: Direction) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Choose drivers until none of them follows from another one."""
    left = list(claims)
    while True:
        found = choose(left, direction, most=MOST_REASONS, most_opposing=MOST_OPPOSING, least=LEAST_PHI)
        told = [claim for side in found for claim in side]
        silent = max(
            (float(claim.facts[_SILENCE[claim.kind]]) for claim in told if claim.kind in _SILENCE), default=-1.0
        )
        if not (implied := [claim for claim in told if _is_implied(claim, told, silent)]):
            return found
        left = [claim for claim in left if claim not in implied]


def _is_implied(claim: Claim, told: Sequence[Claim], silent: float) -> bool:
    """Return whether a driver says no more than that the last visit was so many days ago, or than another driver.

    Of empty windows, the longest is told. A lowest period is no news if it is empty or told. A category that was given
    up is none if it would not be overdue without the pause that is told.
    """
    facts, empty = claim.facts, [each for each in told if each.kind in _EMPTY and float(each.facts["after"]) == 0]
    if claim in empty:
        return silent >= float(facts["days"]) or claim is not max(empty, key=lambda each: float(each.facts["days"]))
    if claim.kind == "uneven":
        low, days = float(facts["low"]), float(facts["days"])
        is_told = [each for each in told if each.kind == SpendBelowUsual.name and float(each.facts["after"]) == low]
        return bool(is_told) or (low == 0 and (bool(empty) or silent >= days))
    if claim.kind != "category_given_up":
        return False
    days, last = float(facts["days"]), str(facts.get("last"))
    pauses = (each.facts for each in told if each.kind == CameBack.name)
    return days <= silent or any(
        days - float(pause["gap"]) <= 2 * float(facts["interval"]) and last < str(pause["until"]) for pause in pauses
    )


def _headline(risk: float, average: float, *, is_label: bool) -> str:
    """Return the kind of the headline: near the average within 5 points and a quarter, or if both read the same.

    The direction of a driver is not in its words if it is a column of a table, or if the risk is neither high nor low.
    These headlines say it.
    """
    side = "risk" if risk >= average else "low_risk"
    low, high = sorted((risk, average))
    is_near = high - low <= _NEAR and low > 0.75 * high
    if is_near or math.floor(100 * risk + 0.5) == math.floor(100 * average + 0.5):
        return f"near_{side}"
    return f"label_{side}" if is_label else side


def claims_from_events(
    model: AdditiveModel, view: ChurnView, player_of: Mapping[str, str], labels: Labels
) -> tuple[list[Attribution], list[list[Claim]]]:
    """Return attributions and claims of the users of a view.

    Args:
        model: The calibrated model.
        view: The users and their events.
        player_of: Player of each feature.
        labels: What a user and a purchase are called.

    Returns:
        One attribution and the claims of each user.
    """
    attributed = attributions(model, view.table.x, player_of)
    claims = driver_claims([(kind, kind.find(view)) for kind in KINDS], attributed)
    return attributed, [[_worded(claim, labels) for claim in own] for own in claims]


def lately_happened(view: ChurnView, labels: Labels) -> dict[int, list[Claim]]:
    """Return what may be told although it is no driver, by row: ``changes.lately``, and news of some kinds.

    Of two amounts, one is at least 1.5 times the other. Spending that rose is two thirds of the usual, and the short
    window has a visit. ``phi`` is 1 for what speaks for a higher risk, −1 for a lower one. These claims are no drivers,
    so they have no player.
    """
    signs, setting = {ALREADY: 1.0}, view.setting
    least = view.spent(setting.usual_days) / view.days_known * setting.recent_days / _LEAST_RATIO
    is_recent = view.visits(setting.recent_days / 2) > 0
    news = [(kind.name, 1.0 if kind.effect == "raises" else -1.0, kind.find(view)) for kind in _NEWS]
    told: dict[int, list[Claim]] = {}
    for kind, sign, found in [*((kind, signs.get(kind, -1.0), each) for kind, each in lately(view).items()), *news]:
        for place, row in enumerate(found.rows.tolist()):
            facts = found.facts_at(place)
            amounts = [float(facts[name]) for name in ("after", "before", "usual") if name in facts]
            if "before" in facts and (amounts[0] < least[row] or not is_recent[row]):
                continue
            if kind in {ALREADY, ABOVE_USUAL, *_LEVELS} or not amounts or max(amounts) >= _LEAST_RATIO * min(amounts):
                told.setdefault(row, []).append(_worded(Claim(kind, "", "", sign, 0.0, facts), labels))
    return told


def _worded(claim: Claim, labels: Labels) -> Claim:
    """Return a claim with the words for a user and a purchase."""
    return replace(claim, facts={**claim.facts, "occasion": labels.occasion, "noun": labels.noun})
