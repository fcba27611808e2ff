"""The linter of the files under ``prompts/``: each sentence filled for sample claims, and every fault of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.errors import LlmExplainError, PromptError
from llm_explain.records import Claim, Fault
from llm_explain.skeletons.corpus import read_corpus
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import SLOT, TONES, Skeleton, Tone
from llm_explain.text.surfaces import load_surfaces
from llm_explain.text.values import Facts, ValueWriter
from llm_explain.verifier import SkeletonVerifier, Verifier
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from llm_explain.claims import ClaimKinds
    from llm_explain.text.lexicon import Lexicon


class Samples(StrictModel):
    """What sample sentences are about; the file itself explains each entry. Facts stand in the claim kinds' files."""

    version: Literal[1]
    title: str
    other_titles: dict[str, str]
    as_of: dt.date

    @classmethod
    def load(cls, locale: str) -> Samples:
        """Return the ``samples.yaml`` of a locale."""
        return read_yaml(locale, "samples.yaml", cls)[0]


def sample_claim(kind: str, lexicon: Lexicon, slots: Sequence[str] = (), event_kind: str = PURCHASE) -> Claim:
    """Return the sample claim of a kind; it permits every word of degree.

    Args:
        kind: The claim kind.
        lexicon: The locale's words.
        slots: Slots that the claim should give, where the kind's file has several samples.
        event_kind: Kind of events that the claim counts.

    Returns:
        A claim with the facts that the kind's file gives.
    """
    scope, part = lexicon.kinds[kind].scope, lexicon.kinds[kind].parts[0]
    player = f"context:{part}" if scope == "context" else "group:sample"
    words, given = lexicon.words[kind], set(slots)
    samples = (words.samples, *words.other_samples)
    values = ValueWriter(lexicon)
    sample = Samples.load(lexicon.locale)
    known = partial(Facts, as_of=sample.as_of, titles=sample.other_titles, title=sample.title)
    fitting = (each for each in samples if given <= values.write(kind, known(each)).keys())
    facts = next(fitting, words.samples) if words.other_samples else words.samples
    if event_kind != PURCHASE and lexicon.kinds[kind].counts_events:
        facts = {**facts, EVENT_KIND: event_kind}
    return Claim(kind, player, part, 1.0, 0.5, facts, frozenset(lexicon.degree_rules))


@dataclass(frozen=True)
class Linted:
    """One sentence or file, and what is wrong with it.

    Attributes:
        where: File, and line or place in it.
        text: The sentence with slots; empty for a whole file.
        rendered: The sentence filled for the sample claims.
        faults: Every fault; spans count in ``text``, those of a filled sentence in ``rendered``.
    """

    where: str
    text: str = ""
    rendered: str = ""
    faults: tuple[Fault, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a record for JSON."""
        faults = [{"code": each.code, "span": list(each.span), "message": each.message} for each in self.faults]
        return {"where": self.where, "text": self.text, "rendered": self.rendered, "faults": faults}


class Linter:
    """Checks everything that a locale's editor writes.

    Args:
        locale: A folder under ``prompts/``.
        kinds: Claim kinds in force; the installed ones if not given.

    Attributes:
        corpus: The hand-written sentences.
        clauses: Each clause of the grammar as a sentence: place, text, kinds and tone.
    """

    def __init__(self, locale: str, kinds: ClaimKinds | None = None) -> None:
        self._lexicon: Lexicon = load_lexicon(locale, kinds)
        self._samples = Samples.load(locale)
        self._skeletons = SkeletonVerifier(self._lexicon)
        self._verifier = Verifier(self._lexicon)
        self._realiser = Realiser(self._lexicon)
        self.corpus = read_corpus(self._lexicon)
        self.clauses = Templates(self._lexicon).clauses()

    def check(self, report: Callable[[str, int, int], None] = lambda *_: None) -> Iterator[Linted]:
        """Yield every file and sentence of the locale, with its faults.

        Args:
            report: Told what is checked, how many are done and how many there are.

        Yields:
            Linted: One finding for each file and sentence.
        """
        locale = self._lexicon.locale
        yield self._file(f"{locale}/surfaces.yaml", lambda: load_surfaces(locale))
        yield self._file(f"{locale}/lexicon.yaml", self._compile)
        for kind in self._lexicon.kinds:
            yield self._file(f"{locale}/claims/{kind}.yaml", partial(self._same_slots, kind))
        for number, line in enumerate(self.corpus, start=1):
            report(f"{locale} sentences", number, len(self.corpus))
            yield self.sentence(f"{locale}/skeletons, sentence {number}", line.text, line.kinds, line.tone)
        for number, (where, text, kinds, tone) in enumerate(self.clauses, start=1):
            report(f"{locale} grammar", number, len(self.clauses))
            yield self.sentence(f"{locale}/grammar.yaml, {where}", text, kinds, tone)

    def sentence(self, where: str, text: str, kinds: Sequence[str], tone: str) -> Linted:
        """Return one sentence filled for the sample claims, with its faults.

        Args:
            where: Where it stands.
            text: Sentence with slots.
            kinds: Claim kinds that it states.
            tone: Its tone.

        Returns:
            The finding.
        """
        if tone not in get_args(Tone):
            fault = Fault("tone", f"the tone is {tone!r} but one of {', '.join(TONES)} is needed")
            return Linted(where, text, "", (fault,))
        finding = self._skeletons.check(text, kinds)
        if finding.faults:
            return Linted(where, text, "", finding.faults)
        owned, event_kind = self._lexicon.slots, self._realiser.event_kind_of(text)
        spec = self._realiser.specify(
            [
                sample_claim(
                    kind,
                    self._lexicon,
                    [slot for slot in SLOT.findall(text) if slot in owned[kind].every],
                    event_kind,
                )
                for kind in kinds
            ],
            title=self._samples.title,
            as_of=self._samples.as_of,
            titles=self._samples.other_titles,
        )
        skeleton = Skeleton(text=text, kinds=tuple(kinds), tone=tone, slots=tuple(SLOT.findall(text)))  # type: ignore[arg-type]  # checked above
        if lacking := [slot for slot in skeleton.slots if slot not in spec.values]:
            return Linted(where, text, "", (Fault("slot_missing", f"the samples give no {{{lacking[0]}}}"),))
        rendered = self._realiser.fill(skeleton, spec)
        return Linted(where, text, rendered, self._verifier.verify(rendered, spec).faults)

    def _compile(self) -> object:
        wording = self._skeletons.wording
        return (wording.roles, wording.never_around, wording.states, wording.statements, wording.form)

    def _same_slots(self, kind: str) -> None:
        """Compare the slots of the writer's section with those of the verifier's."""
        slots, rules = self._lexicon.slots[kind], self._skeletons.wording.rules
        proven = (set(rules.required[kind]), set(rules.kinds[kind].roles))
        if proven != (set(slots.required), set(slots.every)):
            raise PromptError(
                f"{kind}.yaml: the writer has the slots {', '.join(slots.every)} but the verifier has the roles "
                f"{', '.join(rules.kinds[kind].roles)}. Give both sections the same slots, required ones alike."
            )

    def _file(self, where: str, load: Callable[[], object]) -> Linted:
        """Return whether a file can be read."""
        try:
            load()
        except LlmExplainError as error:
            return Linted(where, faults=(Fault("file", str(error)),))
        return Linted(where)


def faulty(found: Iterable[Linted]) -> list[Linted]:
    """Return the findings that have faults."""
    return [each for each in found if each.faults]
