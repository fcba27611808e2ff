"""True sentences about real users: claims that rules derive from the tables, in hand-written and template sentences."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.values import LINKS, PastItem
from llm_explain.claims import ClaimKinds, Evidence, neutral, select
from llm_explain.claims.derive import words
from llm_explain.claims.subjects import Subjects
from llm_explain.records import Claim
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import SLOT, TONES, Skeleton
from llm_explain.verifier import SkeletonVerifier
from llm_explain.writing.specification import specify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llm_explain.claims import Degrees, ShopEvidence
    from llm_explain.policy.policy import Policy
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceSpec
    from llm_explain.text.skeleton import Tone
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import EventLog, History

_ITEMS_A_USER = 12
_TRIES = 40
_NO = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class TrueText:
    """A sentence that its claims license.

    Attributes:
        parts: Literal text and values in turn, literal first and last.
        slots: Slot of each value.
        spec: What the sentence states, and the value of every slot.
    """

    parts: tuple[str, ...]
    slots: tuple[str, ...]
    spec: SentenceSpec

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Claims that the sentence states."""
        return self.spec.claims

    @property
    def values(self) -> Mapping[str, str]:
        """Value of every slot that the claims offer."""
        return self.spec.values

    @property
    def is_neutral(self) -> bool:
        """Whether the sentence must claim no cause."""
        return self.spec.is_neutral

    @cached_property
    def text(self) -> str:
        """The finished sentence."""
        return "".join(self.parts)

    @property
    def kinds(self) -> frozenset[str]:
        """Claim kinds that the sentence states."""
        return frozenset(claim.kind for claim in self.claims)

    @property
    def licences(self) -> frozenset[str]:
        """Words of degree that at least one of the claims permits."""
        return frozenset().union(*(claim.licences for claim in self.claims))

    def with_values(self, values: Mapping[str, str]) -> str:
        """Return the sentence with other values, capitalised as the old ones.

        Args:
            values: Values by slot; the other slots keep theirs.

        Returns:
            A text.
        """
        parts = list(self.parts)
        for place, slot in enumerate(self.slots):
            if slot in values:
                old, new = parts[2 * place + 1], values[slot]
                is_raised = old[:1].isupper() and not self.values[slot][:1].isupper()
                parts[2 * place + 1] = new[:1].upper() + new[1:] if is_raised else new
        return "".join(parts)


def claim_requests(
    shop: ShopEvidence,
    events: EventLog,
    lexicon: Lexicon,
    *,
    n: int,
    seed: int,
    kinds: ClaimKinds | None = None,
) -> list[SentenceRequest]:
    """Return what sentences about real users may state.

    Draws users, items that they bought and items that they did not, and of all claims that hold a policy's choice in
    an order drawn by chance, so that every kind and combination of kinds comes up.

    Args:
        shop: What the rules know of the shop.
        events: The event log.
        lexicon: The locale's words, with the rules of its words of degree.
        n: Least number of requests, if the shop has so many.
        seed: Source of chance.
        kinds: Claim kinds in force; the installed ones if not given.

    Returns:
        Requests with one or two claims.
    """
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    users = list(events.user_ids)
    chance.shuffle(users)
    requests: list[SentenceRequest] = []
    for user_id in users:
        history = events.history(user_id, shop.snapshot.as_of)
        requests += _requests_of(history, shop, lexicon.degrees, kinds or ClaimKinds.installed(), chance)
        if len(requests) >= n:
            break
    return requests


def _requests_of(
    history: History, shop: ShopEvidence, degrees: Degrees, kinds: ClaimKinds, chance: random.Random
) -> Iterator[SentenceRequest]:
    own = [int(index) for index in set(history.item_index.tolist())]
    drawn = chance.sample(own, min(_ITEMS_A_USER, len(own)))
    drawn += [chance.randrange(len(shop.catalogue)) for _ in range(_ITEMS_A_USER // 3)]
    subjects = Subjects.of(Evidence(shop, [history]), np.zeros(len(drawn), dtype=np.int64), np.array(drawn))
    claims = _claims(subjects, degrees, kinds, chance)
    facts = neutral(subjects, kinds=kinds, degrees=degrees, may_tell=lambda *_: True)
    day = shop.shop.clock.local(history.as_of)
    for item_index, holding, fact in zip(drawn, claims, facts, strict=True):
        for _ in range(2):
            redrawn = [replace(claim, phi=chance.random()) for claim in holding]
            chosen = select(redrawn, item_index, shop=shop, kinds=kinds)
            if chosen:
                some = tuple(chosen[: chance.randint(1, len(chosen))])
                yield SentenceRequest(some, item_index, history.user_id, day)
        if fact is not None and chance.random() < 1 / _ITEMS_A_USER:
            yield SentenceRequest((fact,), item_index, history.user_id, day, is_neutral=True)


def _claims(subjects: Subjects, degrees: Degrees, kinds: ClaimKinds, chance: random.Random) -> list[list[Claim]]:
    """Return every claim that holds for each subject, by a player drawn by chance."""
    catalogue = subjects.shop.catalogue
    bought = {int(index) for index in catalogue.category_index[subjects.evidence.item]}
    found: list[list[Claim]] = [[] for _ in range(len(subjects))]
    for kind in kinds.about(subjects.type):
        own = enumerate(subjects.category.tolist())
        spoken = [(row, group) for row, category in own for group in _groups(kind.scope, category, bought, chance)]
        rows, groups = (
            (np.array(column, dtype=np.int64) for column in zip(*spoken, strict=True)) if spoken else (_NO, _NO)
        )
        past = [_past_items(subjects, bought, chance) if kind.scope == "past item" else () for _ in spoken]
        findings = kind.find(subjects.take(rows, group=groups, past_items=past))
        (licensed,) = words([findings], degrees)
        for place, (row, licences) in enumerate(zip(findings.rows.tolist(), licensed, strict=True)):
            part = chance.choice(kind.parts)
            name = f"group:{catalogue.category_names[int(groups[row])]}"
            player = f"context:{part}" if kind.scope == "context" else name
            claim = Claim(kind.name, player, part, 0.0, 1.0, findings.facts_at(place), licences)
            found[int(rows[row])].append(claim)
    return found


def _past_items(subjects: Subjects, bought: set[int], chance: random.Random) -> list[PastItem]:
    """Return some past items of categories that the user bought from, as if links had cited them."""
    catalogue = subjects.shop.catalogue
    own = sorted({item for item in subjects.evidence.item.tolist() if int(catalogue.category_index[item]) in bought})
    some = chance.sample(own, min(3, len(own)))
    return [PastItem(item, f"{LINKS}:{catalogue.item_ids[item]}", {LINKS: 1.0}) for item in some]


def _groups(scope: str, category: int, bought: set[int], chance: random.Random) -> list[int]:
    others = sorted(bought - {category})
    some = chance.sample(others, min(3, len(others)))
    own = [category] if category in bought else []
    return {"own group": own, "other group": some}.get(scope, [category])


class TrueTexts:
    """Says claims in sentences of the locale, hand-written and composed ones alike.

    A hand-written sentence counts as true with claims that license its words of degree, whether or not the verifier of
    skeletons accepts it: so a verifier that refuses it is found out.

    Args:
        lexicon: The locale's words.
        catalogue: The shop's items.
        policy: Which items no text may name.
    """

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, policy: Policy) -> None:
        self._kinds = lexicon.kinds
        self._realiser = Realiser(lexicon)
        self._catalogue = catalogue
        self._policy = policy
        self._templates = Templates(lexicon)
        self._verifier = SkeletonVerifier(lexicon)
        self._skeletons = cache(self._all_skeletons)
        self._written: dict[tuple[tuple[str, ...], str], list[Skeleton]] = {}
        for line in read_corpus(lexicon):
            kinds = self._kinds.in_order(line.kinds)
            finding = self._verifier.check(line.text, kinds)
            skeleton = Skeleton(
                text=line.text,
                kinds=kinds,
                tone=line.tone,
                slots=tuple(SLOT.findall(line.text)),
                needs=finding.needs,
                same=finding.same,
                is_causal=finding.is_causal,
            )
            self._written.setdefault((kinds, line.tone), []).append(skeleton)

    def say(self, request: SentenceRequest, chance: random.Random) -> TrueText | None:
        """Return one true sentence for a request.

        Args:
            request: What it is to state.
            chance: Source of chance.

        Returns:
            The sentence; ``None`` where no sentence of the tone that was drawn fits the claims.
        """
        spec = specify(request, self._realiser, self._catalogue, self._policy)
        tone: Tone = chance.choice(TONES)
        fitting = [
            skeleton
            for skeleton in self._skeletons(self._kinds.in_order(spec.kinds), tone)
            if self._realiser.fits(skeleton, spec)
        ]
        if not fitting:
            return None
        skeleton = chance.choice(fitting)
        return TrueText(tuple(self._realiser.parts(skeleton, spec)), skeleton.slots, spec)

    def _all_skeletons(self, kinds: tuple[str, ...], tone: Tone) -> Sequence[Skeleton]:
        written = self._written.get((kinds, tone), [])
        composed = self._templates.skeletons(kinds, tone)
        said = {skeleton.text for skeleton in written}
        return [*written, *(skeleton for skeleton in composed if skeleton.text not in said)]

    def draw(self, requests: Sequence[SentenceRequest], *, n: int, seed: int) -> list[TrueText]:
        """Return different true sentences, each kind of claim about as often as the others.

        Args:
            requests: What sentences may state.
            n: How many; fewer where chance finds no more.
            seed: Source of chance.

        Returns:
            Sentences in the order in which they were drawn.
        """
        chance = random.Random(seed)  # noqa: S311  a sample, not a secret
        by_kind: dict[str, list[SentenceRequest]] = {}
        for request in requests:
            for claim in request.claims:
                by_kind.setdefault(claim.kind, []).append(request)
        found: dict[str, TrueText] = {}
        kinds = sorted(by_kind)
        for number in range(n * _TRIES if kinds else 0):
            said = self.say(chance.choice(by_kind[kinds[number % len(kinds)]]), chance)
            if said is not None:
                found.setdefault(said.text, said)
            if len(found) == n:
                break
        return list(found.values())
