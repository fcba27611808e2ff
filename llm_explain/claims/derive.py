"""From attributions to the claims that may explain them: every rule that holds for a part that raised a score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llm_explain.attribution.values import LINKS
from llm_explain.claims.kind import Findings
from llm_explain.claims.occasions import Occasions
from llm_explain.records import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.attribution.values import Attribution, PastItem
    from llm_explain.claims.degrees import Degrees
    from llm_explain.claims.kind import ClaimKind
    from llm_explain.claims.registry import ClaimKinds
    from llm_explain.claims.subjects import Subjects

    Choose = Callable[[list[Claim], int], list[Claim]]
    _Speakers = Mapping[str, list["_Speaker"]]

GROUP_PREFIX: Final = "group:"
CONTEXT_PREFIX: Final = "context:"
FEATURE_PREFIX: Final = "feature:"

SIGNALS: Final = "signals"
"""Part of a history group that signal events alone add, of which no claim about target events speaks."""

SEVERAL: Final = frozenset({"other group", "any group", "past item"})
"""Scopes of which a subject may have several players, each with a group or past items of its own."""


class _Speaker(NamedTuple):
    """A player that raised a score and has a name, and so may have claims.

    Attributes:
        row: Place of its subject.
        player: Its name.
        parts: Attribution of each of its parts.
        group: Category behind it; −1 for none.
        items: Past items of it that a claim may cite.
    """

    row: int
    player: str
    parts: Mapping[str, float]
    group: int
    items: Sequence[PastItem] = ()


def derive(
    subjects: Subjects,
    attributions: Sequence[Attribution],
    *,
    kinds: ClaimKinds,
    degrees: Degrees,
    least_share: float = 0.0,
    least_item_share: float = 0.0,
    choose: Choose | None = None,
    needs_visible_links: bool = False,
) -> list[list[Claim]]:
    """Return every claim that is true and speaks for a part that raised the score, or those that are chosen of them.

    A claim speaks only for a player whose attribution is positive, by a part of it that is positive: without that
    evidence the score would be lower. ``rest`` has no name, so its only claims are those about single past items.

    Args:
        subjects: What is explained.
        attributions: Exact Shapley values of each subject's score.
        kinds: Claim kinds in force.
        degrees: When the locale's words of degree are licensed.
        least_share: Claims with a smaller share of the positive attribution are left out.
        least_item_share: The same for claims that cite one past item.
        choose: Chooses among the claims of a subject, given as a row; they have no words of degree yet. Only those of
            the chosen claims are computed.
        needs_visible_links: Whether a past item or another category speaks only if a person would see its link with
            the item.

    Returns:
        Claims of each subject in the order of ``choose``; without it largest attribution first, ties in the order of a
        sentence, then by player.
    """
    positive = [float(each.values[each.values > 0].sum()) for each in attributions]
    least = [(least_share * each, least_item_share * each) for each in positive]
    speakers = _speakers(subjects, attributions, least)
    visible = _visible(subjects, speakers) if needs_visible_links else speakers
    found = _found(subjects, speakers, visible, kinds)
    sources: dict[int, tuple[int, int]] = {}  # findings and place of each claim, by the claim's id
    claims: list[list[Claim]] = [[] for _ in attributions]
    for number, (kind, speaker_at, findings) in enumerate(found):
        for place, row in enumerate(findings.rows.tolist()):
            if (speaker := speaker_at.get(row)) is None:
                continue
            item = None if findings.cites is None else findings.cites[place]
            told = findings.event_kind
            is_signal = told is not None and told[place] not in subjects.shop.shop.target_kinds
            of_kind = [(speaker.parts.get(part, 0.0), part) for part in kind.parts if is_signal or part != SIGNALS]
            phi, part = max(of_kind) if item is None else (item.phi, item.part)
            share = float(phi) / positive[speaker.row]
            if share > 0 and share >= (least_share if item is None else least_item_share):
                claim = Claim(kind.name, speaker.player, part, float(phi), share, findings.facts_at(place))
                claims[speaker.row].append(claim)
                sources[id(claim)] = number, place
    for of_subject in claims:
        of_subject.sort(key=lambda claim: (-claim.phi, kinds[claim.kind].position, claim.kind, claim.player))
    chosen = claims if choose is None else [choose(own, row) for row, own in enumerate(claims)]
    return _with_words(chosen, sources, [findings for _, _, findings in found], degrees)


def _found(
    subjects: Subjects, speakers: _Speakers, visible: _Speakers, kinds: ClaimKinds
) -> list[tuple[ClaimKind, dict[int, _Speaker], Findings]]:
    """Apply the rule of each kind to the players that it can speak for; they are given by the rows of its findings.

    A rule about the item or its own category holds for whatever player it speaks for: what it found is kept, for the
    lines, facts and badges of the same subjects.
    """
    spoken = {
        id(own): _spoken(subjects, own) for each in (speakers, visible) for key, own in each.items() if key in SEVERAL
    }  # kinds share one object a scope, and with it what is counted for it
    found = []
    for kind in kinds.reasons(subjects.type):
        allowed = visible if kind.needs_visible_link else speakers
        for key in _keys(kind):
            if (own := allowed.get(key)) is None:
                continue
            if key in SEVERAL:
                found.append((kind, dict(enumerate(own)), kind.find(spoken[id(own)])))
                continue
            findings, row_of = subjects.findings(kind, [speaker.row for speaker in own])
            by_row = {speaker.row: speaker for speaker in own}
            speaker_at = {place: by_row[row] for place, row in enumerate(row_of) if row in by_row}
            found.append((kind, speaker_at, findings))
    return found


def _spoken(subjects: Subjects, speakers: Sequence[_Speaker]) -> Subjects:
    """Return the subjects of some players, with the history group and the past items of each."""
    return subjects.take(
        np.array([speaker.row for speaker in speakers], dtype=np.int64),
        group=np.array([speaker.group for speaker in speakers], dtype=np.int64),
        past_items=[speaker.items for speaker in speakers],
    )


def _visible(subjects: Subjects, speakers: _Speakers) -> dict[str, list[_Speaker]]:
    """Return the players whose link with the item a person would see, each with such past items only.

    Where there is none in a shop whose users hardly come back to items, past items with a learned link are left: few
    items are bought there with everything else by chance.
    """
    links = subjects.shop.visible_links
    past = [(place, item) for place, speaker in enumerate(speakers.get("past item", ())) for item in speaker.items]
    rows = np.array([speakers["past item"][place].row for place, _ in past], dtype=np.int64)
    other = np.array([item.item_index for _, item in past], dtype=np.int64)
    kept: dict[int, list[PastItem]] = {}
    for (place, item), is_seen in zip(past, links.of_reasons(other, subjects.item[rows]).tolist(), strict=True):
        if is_seen:
            kept.setdefault(place, []).append(item)
    evidence = subjects.evidence
    groups = []
    for speaker in speakers.get("other group", ()):
        user = int(subjects.user[speaker.row])
        own = slice(*evidence.user.searchsorted([user, user + 1]))
        bought = evidence.item[own][evidence.category[own] == speaker.group]
        if links.of_category(speaker.group, bought, int(subjects.item[speaker.row])):
            groups.append(speaker)
    seen = {speakers["past item"][place].row for place in kept} | {speaker.row for speaker in groups}
    for place, item in () if subjects.shop.snapshot.has_repeats else past:
        if speakers["past item"][place].row not in seen and LINKS in item.parts:
            kept.setdefault(place, []).append(item)
    items = [speakers["past item"][place]._replace(items=own) for place, own in kept.items()]
    return {key: own for key, own in (("past item", items), ("other group", groups)) if own}


def _with_words(
    claims: Sequence[Sequence[Claim]],
    sources: Mapping[int, tuple[int, int]],
    found: Sequence[Findings],
    degrees: Degrees,
) -> list[list[Claim]]:
    """Return claims with the words of degree that their facts permit."""
    places: dict[int, list[int]] = {}
    for number, place in sorted({sources[id(claim)] for own in claims for claim in own}):
        places.setdefault(number, []).append(place)
    licences = {
        (number, place): licensed
        for (number, own), several in zip(
            places.items(),
            words([counted(found[number], own) for number, own in places.items()], degrees),
            strict=True,
        )
        for place, licensed in zip(own, several, strict=True)
    }
    return [[replace(claim, licences=licences[sources[id(claim)]]) for claim in own] for own in claims]


def counted(findings: Findings, places: list[int]) -> Findings:
    """Return what words of degree need of some rows of findings.

    Args:
        findings: What a rule found.
        places: Places among its rows.

    Returns:
        Findings of these rows, without facts.
    """
    rows = np.array(places, dtype=np.int64)
    occasions = None if findings.occasions is None else findings.occasions.take(rows)
    return Findings(findings.rows[rows], {}, occasions, None if findings.share is None else findings.share[rows])


def words(several: Sequence[Findings], degrees: Degrees) -> list[list[frozenset[str]]]:
    """Return the words of degree that the rows of findings license.

    Args:
        several: Findings of different kinds.
        degrees: When words of degree are licensed.

    Returns:
        For each of the findings, a set of words for each row.
    """
    counted = [each.occasions for each in several if each.occasions is not None]
    shares = [
        np.full(len(each.rows), np.nan) if each.share is None else each.share
        for each in several
        if each.occasions is not None
    ]
    licences = iter(degrees.licences(Occasions.joined(counted), np.concatenate(shares)) if counted else ())
    return [
        [frozenset[str]()] * len(each.rows) if each.occasions is None else [next(licences) for _ in each.rows]
        for each in several
    ]


def _keys(kind: ClaimKind) -> tuple[str, ...]:
    """Return the keys of the speakers that a kind can speak for."""
    return kind.parts if kind.scope in {"context", "feature"} else (kind.scope,)


def _speakers(
    subjects: Subjects, attributions: Sequence[Attribution], least: Sequence[tuple[float, float]]
) -> dict[str, list[_Speaker]]:
    """Return the players that may have claims, by scope of group or by context term or feature.

    Args:
        subjects: What is explained.
        attributions: Exact Shapley values of each subject's score.
        least: For each subject, least attribution of a part that a claim may cite, and of a past item.

    Returns:
        Players that raised a score, by such a part at least, and that have a name.
    """
    found: dict[str, list[_Speaker]] = {}
    for row, (own, attribution) in enumerate(zip(subjects.category.tolist(), attributions, strict=True)):
        values = attribution.values.tolist()
        items = attribution.items or ((),) * len(values)
        for player, value, parts, categories, past in zip(
            attribution.players, values, attribution.parts, attribution.categories, items, strict=True
        ):
            if value <= 0:
                continue
            if cited := [item for item in past if item.phi >= least[row][1]]:
                found.setdefault("past item", []).append(_Speaker(row, player, parts, -1, cited))
            if max(parts.values(), default=0.0) < least[row][0]:
                continue
            prefix, _, name = player.partition(":")
            if f"{prefix}:" in {CONTEXT_PREFIX, FEATURE_PREFIX}:
                found.setdefault(name, []).append(_Speaker(row, player, parts, own))
            elif f"{prefix}:" == GROUP_PREFIX:
                speaker = _Speaker(row, player, parts, categories[0])
                found.setdefault("own group" if categories[0] == own else "other group", []).append(speaker)
                found.setdefault("any group", []).append(speaker)
    return found
