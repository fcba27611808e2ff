"""How much the verifier catches of what is false, and refuses of what is true."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_explain.evaluation.distractors import Distractors
from llm_explain.evaluation.event_kind_swaps import SwapReport, check_event_kinds
from llm_explain.evaluation.mutations import mutations
from llm_explain.evaluation.true_texts import TrueText, TrueTexts
from llm_explain.text.lexicon import load_lexicon
from llm_explain.verifier import NameIndex, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llm_explain.claims import ClaimKinds
    from llm_explain.evaluation.distractors import Mutation
    from llm_explain.policy.policy import Policy
    from llm_explain.text.sentence_spec import SentenceRequest
    from scoring.data.catalogue import Catalogue

_BARREN = 60
"""So many sentences are tried before those are looked for that a kind of mutation applies to."""


class Mutant(NamedTuple):
    """A sentence made false.

    Attributes:
        kind: Name of the mutation.
        text: What it made.
        origin: The true sentence.
    """

    kind: str
    text: str
    origin: TrueText


@dataclass
class VerifierReport:
    """What the verifier did with true sentences and mutants.

    Attributes:
        n_true_texts: True sentences.
        refused: Those that the verifier refused, with its faults.
        n_mutants: Mutants by kind.
        missed: Mutants that it let pass.
        event_kinds: Mutants that tell one kind of event as another.
    """

    n_true_texts: int = 0
    refused: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    n_mutants: dict[str, int] = field(default_factory=dict)
    missed: list[Mutant] = field(default_factory=list)
    event_kinds: SwapReport = field(default_factory=SwapReport)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        missed = {kind: sum(mutant.kind == kind for mutant in self.missed) for kind in self.n_mutants}
        total = sum(self.n_mutants.values())
        return {
            "mutants": total,
            "caught": total - len(self.missed),
            "true_texts": self.n_true_texts,
            "refused": len(self.refused),
            "by_kind": {
                kind: {"mutants": number, "caught": number - missed[kind]} for kind, number in self.n_mutants.items()
            },
            "event_kinds": self.event_kinds.to_dict(),
        }


def check_verifier(
    requests: Sequence[SentenceRequest],
    *,
    catalogue: Catalogue,
    policy: Policy,
    n_mutants: int,
    n_true_texts: int | None = None,
    n_of_pair: int = 10,
    seed: int = 0,
    locale: str = "en",
    kinds: ClaimKinds | None = None,
    report: Callable[[str, int, int], None] | None = None,
) -> VerifierReport:
    """Measure the verifier on sentences about real users, true ones and mutants of them.

    Args:
        requests: What sentences may state.
        catalogue: The shop's items.
        policy: What may be said.
        n_mutants: How many mutants, as evenly over the kinds of mutation as the sentences allow.
        n_true_texts: How many true sentences; a quarter of the mutants if not given.
        n_of_pair: How many mutants tell one kind of event as another, for each pair of kinds.
        seed: Source of chance.
        locale: A folder under ``prompts/``.
        kinds: Claim kinds in force; the installed ones if not given.
        report: Called with a description, the number done and the total.

    Returns:
        The verdicts.
    """
    lexicon = load_lexicon(locale, kinds).with_currency(policy.currency)
    requests = [each for each in requests if all(claim.kind in lexicon.kinds for claim in each.claims)]
    brands = filter(policy.may_name_brand, catalogue.brand_names)  # as the writer's
    names = NameIndex((*catalogue.titles.tolist(), *catalogue.category_names, *brands))
    verifier = Verifier(lexicon, names, blocklist=policy.blocked_words)
    n_texts = n_mutants // 4 if n_true_texts is None else n_true_texts
    writes = TrueTexts(lexicon, catalogue, policy)
    texts = writes.draw(requests, n=n_texts, seed=seed)
    found = VerifierReport(n_true_texts=len(texts))
    accepted = []
    for number, text in enumerate(texts, start=1):
        verdict = verifier.verify(text.text, text.spec)
        if verdict.ok:
            accepted.append(text)
        else:
            found.refused.append((text.text, tuple(fault.code for fault in verdict.faults)))
        if report:
            report("true sentences", number, len(texts))
    distractors = Distractors(lexicon, catalogue, policy, accepted)
    for number, mutant in enumerate(mutants(distractors, n=n_mutants, seed=seed), start=1):
        found.n_mutants[mutant.kind] = found.n_mutants.get(mutant.kind, 0) + 1
        if verifier.verify(mutant.text, mutant.origin.spec).ok:
            found.missed.append(mutant)
        if report:
            report("mutants", number, n_mutants)
    found.event_kinds = check_event_kinds(requests, writes, verifier, lexicon, n_of_pair=n_of_pair, seed=seed)
    return found


def mutants(distractors: Distractors, *, n: int, seed: int) -> Iterator[Mutant]:
    """Yield at most ``n`` different mutants of true sentences, a kind at a time; fewer where no kind applies."""
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    left = (
        {kind: (mutate, distractors.texts) for kind, mutate in mutations(distractors).items()}
        if distractors.texts
        else {}
    )
    made: set[tuple[str, str]] = set()
    while left and len(made) < n:
        for kind, (mutate, origins) in tuple(left.items()):
            mutant = _mutant(kind, mutate, origins, distractors, chance)
            if mutant is None and len(origins) == len(distractors.texts):
                apt = [origin for origin in origins if mutate(origin, distractors, chance) is not None]
                mutant = _mutant(kind, mutate, apt, distractors, chance)
                left[kind] = (mutate, apt)
            if mutant is None:
                del left[kind]
            elif len(made) < n and (mutant.text, mutant.origin.text) not in made:
                made.add((mutant.text, mutant.origin.text))
                yield mutant


def _mutant(
    kind: str, mutate: Mutation, origins: Sequence[TrueText], distractors: Distractors, chance: random.Random
) -> Mutant | None:
    for _ in range(_BARREN if origins else 0):
        origin = chance.choice(origins)
        text = mutate(origin, distractors, chance)
        if text is not None and text != origin.text:
            return Mutant(kind, text, origin)
    return None
