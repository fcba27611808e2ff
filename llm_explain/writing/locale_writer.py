"""Sentences of one locale: its skeleton sources in their order, the realiser and the verifier."""

from __future__ import annotations

import logging
import re
from collections import Counter
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.lexicalised import FreeWriter
from llm_explain.generation.opening import open_generator
from llm_explain.generation.weights import is_tuned
from llm_explain.records import Text, Verdict
from llm_explain.skeletons.phrasebook import PhrasebookSource
from llm_explain.skeletons.sources import HABITS, PRESENT, SkeletonSource, TemplateSource, Variety, shuffled
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import ITEM, ITEM_LABEL, QUESTIONS, TONES, opening
from llm_explain.text.surfaces import Limits
from llm_explain.verifier import NameIndex, Verifier
from llm_explain.writing.comparison import ComparisonWriter, has_words
from llm_explain.writing.specification import specify
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.claims import Degrees
    from llm_explain.claims.registry import ClaimKinds
    from llm_explain.generation.generator import Generator
    from llm_explain.generation.lexicalised import FreeDraft
    from llm_explain.policy.policy import Policy
    from llm_explain.records import Claim, Section, Source
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import ContentPlan, SentenceRequest, SentenceSpec
    from llm_explain.text.skeleton import Skeleton, Tone
    from scoring.data.catalogue import Catalogue

_LOG = logging.getLogger(__name__)


_written = lru_cache(str)
"""Writes a moment; the cards of many lists share it."""

NAMED_FACTS: Final = ("other_item_id", "category")
"""Facts by which a claim names an item or a category."""

CROWDS = frozenset({"some", "crowd"})
"""Licences of sentences that tell what other users did."""

_ROUNDS = 3
"""How often a source may write for one list: once for all sentences, then for those that it has no words for."""


@dataclass
class _List:
    """The sentences of one list while they are written; a place is open until it has a text."""

    requests: Sequence[SentenceRequest]
    specs: Sequence[SentenceSpec]
    tone: Tone
    limits: Limits | None
    texts: list[Text | None]
    variety: Variety = field(default_factory=Variety)

    def open_places(self) -> list[int]:
        """Return the places that state something and have no text yet."""
        return [place for place, spec in enumerate(self.specs) if spec.claims and self.texts[place] is None]


class LocaleWriter:
    """One locale's sources, realiser and verifier.

    Args:
        policy: Blocked words, brands that have no name, the currency.
        catalogue: The shop's items.
        names: Names that may stand only in slots.
        locale: A folder under ``prompts/``.
        kinds: Claim kinds in force; those that are installed if ``None``.
        language_model: Folder, hub id, ``auto``, or a generator that is open already; ``None`` for none.
        on_refused: Told of each text that the verifier refuses.
        retired: Skeletons that are not used any more.
    """

    def __init__(
        self,
        policy: Policy,
        catalogue: Catalogue,
        names: NameIndex,
        *,
        locale: str,
        kinds: ClaimKinds | None,
        language_model: str | Generator | None,
        on_refused: Callable[[Source, Verdict], None],
        retired: frozenset[str],
    ) -> None:
        self._on_refused = on_refused
        self._retired = retired
        self._lexicon = load_lexicon(locale, kinds).with_currency(policy.currency, catalogue.brand_names)
        self._policy = policy
        self._catalogue = catalogue
        self._realiser = Realiser(self._lexicon)
        self._verifier = Verifier(self._lexicon, names, blocklist=policy.blocked_words)
        self._templates = templates = Templates(self._lexicon)
        self._speaks = cache(self._has_words)
        is_written = self._lexicon.has_packaged_model or language_model != "auto"
        self._phrasebook = PhrasebookSource.of_locale(self._lexicon)
        self._sources: dict[Source, SkeletonSource] = {"template": TemplateSource(templates)}
        if self._phrasebook is not None:
            self._sources["phrasebook"] = self._phrasebook
        if language_model is not None and is_written:
            self._sources["lm"] = _model_source(language_model, self._lexicon)
        self._free: FreeWriter | None = None
        if policy.settings.lexicalised and language_model is not None:
            self._free = FreeWriter(lambda: open_generator(language_model), self._lexicon)

    def with_catalogue(self, catalogue: Catalogue, names: NameIndex, policy: Policy) -> LocaleWriter:
        """Return a writer for another version of the catalogue, with the same sources.

        Args:
            catalogue: The items of the version.
            names: Names that may stand only in slots.
            policy: The policy of the version.

        Returns:
            The writer.
        """
        writer = copy(self)
        writer._catalogue, writer._policy = catalogue, policy
        writer._verifier = self._verifier.with_names(names, blocklist=policy.blocked_words)
        return writer

    @property
    def spoken_kinds(self) -> ClaimKinds:
        """Claim kinds that the locale has words for."""
        return self._lexicon.kinds

    @property
    def degrees(self) -> Degrees:
        """When the locale's words of degree are licensed."""
        return self._lexicon.degrees

    def speaks(self, claim: Claim) -> bool:
        """Return whether a hand-written or composed sentence has words for a claim."""
        if claim.kind not in self._lexicon.kinds or not self._realiser.names_category(claim):
            return False
        event_kind = str(claim.facts.get(EVENT_KIND, PURCHASE))
        return event_kind == PURCHASE or self._speaks(claim.kind, event_kind)

    def _has_words(self, kind: str, event_kind: str) -> bool:
        said = [self._templates.of_form(kind, "line"), *(self._templates.skeletons([kind], tone) for tone in TONES)]
        return any(self._realiser.speaks(skeletons, event_kind) for skeletons in said)

    def warm_up(self, pause_seconds: float) -> int:
        """Verify the phrasebook, if there is one, and return how many skeletons it has."""
        return self._phrasebook.warm_up(pause_seconds) if self._phrasebook else 0

    def specify(self, request: SentenceRequest) -> SentenceSpec:
        """Return the specification of a sentence, with the names that the policy lets a text say.

        Args:
            request: What the sentence is to state.

        Returns:
            The specification.
        """
        return specify(request, self._realiser, self._catalogue, self._policy)

    def named(self, request: SentenceRequest) -> tuple[Claim, ...]:
        """Return the claims of a request with their names as texts say them."""
        return self._realiser.named(self.specify(request))

    def name(self, category: str) -> str:
        """Return a category as texts say it."""
        return self._realiser.name(category)

    def free_texts(
        self, specs: Sequence[SentenceSpec], tone: Tone, seconds: float, limits: Limits | None
    ) -> list[Text | None]:
        """Return what a model that sees names has written and the verifier accepts; ``None`` for the other sources."""
        if self._free is None:
            return [None] * len(specs)
        wanted = [(self._lexicon.kinds.in_order(spec.kinds), spec.values) for spec in specs]
        try:
            drafts = self._free.write(wanted, tone, seconds=seconds)
        except (MissingExtraError, GenerationError) as error:
            _LOG.warning("The language model failed (%s). Sentences come from the other sources.", error)
            return [None] * len(specs)
        return [self._accepted(spec, found, limits) for spec, found in zip(specs, drafts, strict=True)]

    def _accepted(self, spec: SentenceSpec, drafts: Sequence[FreeDraft], limits: Limits | None) -> Text | None:
        """Return the first draft that the verifier accepts."""
        for draft in drafts:
            verdict = self._verifier.verify(draft.text, spec, limits=limits, is_free=True)
            if verdict.ok:
                return Text(
                    text=draft.text,
                    source="lm",
                    skeleton=self._verifier.read(draft.text, spec),
                    verdict=verdict,
                    is_ai_generated=True,
                    prompt=draft.prompt,
                    model=draft.model,
                )
            self._on_refused("lm", verdict)
            _LOG.debug("refused %r: %s", draft.text, [fault.code for fault in verdict.faults])
        return None

    def write(
        self,
        requests: Sequence[SentenceRequest],
        specs: Sequence[SentenceSpec],
        tone: Tone,
        *,
        order: Sequence[Source],
        seconds: float,
        limits: Limits | None = None,
    ) -> list[Text | None]:
        """Return a verified text for each sentence of a list.

        A source is asked for what the sources before it cannot say in fresh words. Where every source repeats itself,
        the first one repeats. Sentences that sound wrong of the number of the item's name come last.

        Args:
            requests: What the sentences are to state, in the order of the list.
            specs: Their specifications.
            tone: ``friendly``, ``concise`` or ``formal``.
            order: Sources, the first one first.
            seconds: How long a language model may write.
            limits: How long a text may be where it is shown.

        Returns:
            Texts; ``None`` where nothing is stated, or no sentence is short enough.
        """
        sheet = _List(requests, specs, tone, limits, self.free_texts(specs, tone, seconds, limits))
        whole, longest = sheet.specs, None if limits is None else limits.max_length
        tried = (
            [whole] if longest is None else [whole, [self._realiser.with_short_names(spec, longest) for spec in whole]]
        )
        if limits is not None and limits.names_item:
            for sheet.specs in tried:
                for is_fresh in (True, False):  # texts with other names are not alike
                    for name in order:
                        self._fill(name, sheet, is_fresh=is_fresh, names_item=True)
        for sheet.specs in tried:
            for name in order:
                self._write_by(name, sheet, seconds)
            for name in order:
                self._fill(name, sheet, is_fresh=True)
            for is_natural in (True, False):
                for name in order:
                    self._fill(name, sheet, is_fresh=False, is_natural=is_natural)
        return sheet.texts

    def _write_by(self, name: Source, sheet: _List, seconds: float) -> None:
        """Add what a source says in fresh words: what is ready, then what it writes now."""
        self._fill(name, sheet, is_fresh=True, may_repeat_title=False)
        left = seconds if name == "lm" else 0.0  # the others write nothing now
        for number in range(_ROUNDS):
            if left <= 0 or name not in self._sources:
                break
            missing = [
                self._plan(sheet, place)
                for place in sheet.open_places()
                if not number or not self._candidates(self._sources[name], sheet, place)
            ]
            if not missing:
                break
            left = self._prepare(self._sources[name], missing, sheet.tone, left)
            # the model is not asked again for a word
            self._fill(name, sheet, is_fresh=True, is_natural=False, may_repeat_title=False)

    def _fill(
        self,
        name: Source,
        sheet: _List,
        *,
        is_fresh: bool,
        names_item: bool = False,
        is_natural: bool = True,
        may_repeat_title: bool = True,
    ) -> None:
        """Add the first verified text of a source at each open place of a list."""
        source = self._sources.get(name)
        if source is None:
            return
        for place in sheet.open_places():
            taken = sheet.variety.taken(place) if is_fresh else frozenset()
            asked = {"names_item": names_item, "is_natural": is_natural, "may_repeat_title": may_repeat_title}
            found = self._first(source, sheet, place, taken, **asked)
            if found is not None:
                skeleton, sheet.texts[place] = found
                sheet.variety.add(place, skeleton, found[1].text)

    def _plan(self, sheet: _List, place: int) -> ContentPlan:
        """Return what the sentence at a place may say."""
        spec, limits = sheet.specs[place], sheet.limits
        names_item = limits is not None and limits.names_item
        return spec.plan(self._lexicon.kinds.in_order(spec.kinds), names_item=names_item)

    def _prepare(self, source: SkeletonSource, plans: Sequence[ContentPlan], tone: Tone, seconds: float) -> float:
        """Let a source write, and return the seconds that are left; one that will never work is left out."""
        try:
            return source.prepare(plans, tone, seconds=seconds)
        except MissingExtraError as error:
            _LOG.warning("%s Sentences come from the other sources.", error)
            self._sources.pop(source.name, None)
        except GenerationError as error:
            _LOG.warning("The language model failed (%s). Sentences come from the other sources.", error)
            if not error.is_retryable:
                self._sources.pop(source.name, None)
        return 0.0

    def _first(
        self,
        source: SkeletonSource,
        sheet: _List,
        place: int,
        taken: frozenset[str],
        *,
        names_item: bool,
        is_natural: bool,
        may_repeat_title: bool,
    ) -> tuple[Skeleton, Text] | None:
        """Return the first skeleton of a source whose text is not taken, short enough and verified."""
        spec, limits = sheet.specs[place], sheet.limits
        for skeleton in self._candidates(source, sheet, place):
            if names_item and ITEM not in skeleton.slots:
                continue
            if is_natural and spec.is_known and not self._realiser.is_natural(skeleton, spec):
                continue
            if skeleton.text in taken or (not names_item and ({skeleton.opening, skeleton.closing} & taken)):
                continue
            is_next_to_title = limits is None or not limits.names_item
            if ITEM in skeleton.slots and is_next_to_title and not may_repeat_title:
                continue
            text = self._realiser.fill(skeleton, spec)
            if opening(text) in taken:
                continue
            if limits is not None and limits.max_length is not None and len(text) > limits.max_length:
                continue
            verdict = self._verifier.verify(text, spec, limits=limits)
            if verdict.ok:
                return skeleton, _text(source, skeleton, text, verdict)
            self._on_refused(source.name, verdict)
            _LOG.debug("refused %r: %s", text, [fault.code for fault in verdict.faults])
        return None

    def _candidates(self, source: SkeletonSource, sheet: _List, place: int) -> list[Skeleton]:
        """Return the skeletons of a source that fit, in the order of this user, item and moment.

        What the list has used least comes first. Then come those that do not repeat the title next to them. Where no
        title stands next to the text, and of facts, those that say most come before others.
        """
        request, spec = sheet.requests[place], sheet.specs[place]
        key = self._key(request, sheet.tone)
        usable = [
            skeleton
            for skeleton in source.skeletons(spec.kinds, sheet.tone)
            if skeleton.text not in self._retired and self._realiser.fits(skeleton, spec)
        ]
        usable = [each for each in usable if self._realiser.says_enough(each, spec)] or usable
        if sheet.variety.has_asked:
            usable = [each for each in usable if not each.text.endswith(QUESTIONS)] or usable
        if not request.is_neutral and any("other_item_id" in claim.facts for claim in request.claims):
            # A past item that is a reason is told as one, or by what other users did, if the locale has such sentences.
            told = [each for each in usable if each.is_causal or any(need.degree in CROWDS for need in each.needs)]
            usable = told or usable
        if any(fact in claim.facts for claim in request.claims for fact in NAMED_FACTS):
            strongest = max(map(_strength, usable), default=0)
            usable = [each for each in usable if _strength(each) == strongest]
        names_item = sheet.limits is not None and sheet.limits.names_item
        says_most = names_item or request.is_neutral

        def order(skeleton: Skeleton) -> tuple[bool, int, bool, int, tuple[int, bytes]]:
            is_odd = not self._realiser.is_natural(skeleton, spec)
            n_slots = -len(skeleton.slots) if says_most else 0
            is_named = ITEM in skeleton.slots and not names_item  # the title stands next to the text
            return is_odd, sheet.variety.times(skeleton), is_named, n_slots, source.order(skeleton, key)

        return sorted(usable, key=order)

    def write_forms(
        self, requests: Sequence[SentenceRequest], specs: Sequence[SentenceSpec], tone: Tone, limits: Limits | None
    ) -> list[Text | None]:
        """Return a verified text for each line, badge, heading or subject line of a list.

        Those that the list has used least come first; of badges, headings and subject lines, among those that say most.

        Args:
            requests: What the texts are to state.
            specs: Their specifications.
            tone: ``friendly``, ``concise`` or ``formal``.
            limits: How long a text may be where it is shown.

        Returns:
            Texts; ``None`` where no line or badge states the claim.
        """
        used: Counter[str] = Counter()
        return [
            self._write_form(request, spec, tone, limits, used) for request, spec in zip(requests, specs, strict=True)
        ]

    def _write_form(
        self, request: SentenceRequest, spec: SentenceSpec, tone: Tone, limits: Limits | None, used: Counter[str]
    ) -> Text | None:
        """Return the first verified text of a form, and count its skeleton."""
        (kind,) = spec.kinds
        is_subject, key = request.form == "subject", self._key(request, "concise")
        if is_subject and self._realiser.speaks_in_title(spec):
            return None
        found = self._templates.of_form(kind, request.form, tone)
        tried = [spec]
        if is_subject and limits is not None and limits.subject_length is not None:
            tried.append(self._realiser.with_short_label(spec, limits.subject_length))
            limits = Limits(limits.subject_length + 1, max_sentences=2)  # the stop is not shown
        usable = [each for each in found if self._realiser.fits(each, spec) and (ITEM in each.slots or not is_subject)]

        def order(skeleton: Skeleton) -> tuple[bool, bool, int, int, int, int, bytes]:
            is_odd = not self._realiser.is_natural(skeleton, spec)
            is_question = any(mark in skeleton.text for mark in QUESTIONS)
            is_like_text = is_subject and not (is_question or skeleton.text.startswith(f"{{{ITEM}}}"))
            return (
                is_odd,
                is_like_text,
                0 if request.form == "line" else -len(skeleton.slots),  # lines of a page say different things
                -len(skeleton.needs),  # a habit is told in the present wherever it lasts
                used[skeleton.text],
                used[skeleton.opening],
                shuffled(skeleton, key),
            )

        for skeleton, of in ((each, of) for of in tried for each in sorted(usable, key=order)):
            text = self._realiser.fill(skeleton, of)
            if limits is not None and limits.max_length is not None and len(text) > limits.max_length:
                continue
            verdict = self._verifier.verify(text, of, limits=limits)
            if verdict.ok:
                used.update((skeleton.text, skeleton.opening))
                is_bare = request.form != "line" and not text.endswith(QUESTIONS)
                shown = re.sub(f"(?:{self._lexicon.form.sentence_end})$", "", text) if is_bare else text
                return Text(shown, "template", skeleton.text, verdict, is_ai_generated=False, prompt=skeleton.origin)
            self._on_refused("template", verdict)
        return None

    def title_line(self, request: SentenceRequest, limits: Limits) -> Text | None:
        """Return a subject line that is the item's title; ``None`` if it is too long, says something or is no name."""
        spec = self.specify(replace(request, claims=()))
        label = spec.values.get(ITEM_LABEL, "")
        if (
            not label
            or self._realiser.speaks_in_title(spec)
            or (limits.subject_length is not None and len(label) > limits.subject_length)
        ):
            return None
        shown = label[:1].upper() + label[1:]
        return Text(shown, "template", f"{{{ITEM}}}", Verdict(()), is_ai_generated=False, prompt=self._templates.origin)

    def joined(self, first: Text, second: Text, limits: Limits) -> Text | None:
        """Return two sentences as one text; ``None`` if they are too long, begin alike or differ in number.

        Args:
            first: A verified text.
            second: A verified sentence about the same item.
            limits: What the surface asks of the text.

        Returns:
            Both as one text.
        """
        both = first.followed_by(second, limits.second_sentence or "")
        n_sentences = len(re.findall(self._lexicon.form.sentence_end, both.text))
        is_long = limits.max_length is not None and len(both.text) > limits.max_length
        is_long |= limits.max_sentences is not None and n_sentences > limits.max_sentences
        is_alike = opening(first.text) == opening(second.text)
        return None if is_long or is_alike or self._realiser.is_mixed(both.text) else both

    def _key(self, request: SentenceRequest, tone: Tone) -> str:
        """Return what the order of skeletons depends on: user, item, moment and tone."""
        item_id = "" if request.item_index is None else str(self._catalogue.item_ids[request.item_index])
        return "|".join(map(str, (request.user_id, item_id, _written(request.as_of), tone)))

    @property
    def comparisons(self) -> ComparisonWriter | None:
        """Writes contrasts and what-ifs; ``None`` in a locale without words for them."""
        if not has_words(self._lexicon.locale):
            return None
        return ComparisonWriter(self._lexicon, self._realiser, self._templates, self._verifier)

    def section_title(self, section: Section, event_kind: str) -> str:
        """Return the heading of a section of a list."""
        titles = self._lexicon.section_titles
        if section == "new":
            return titles.new
        if event_kind == PURCHASE:
            return titles.again
        return self._realiser.works_again(titles.again, event_kind) or titles.again_of_other_events


def _strength(skeleton: Skeleton) -> int:
    """Return how much a sentence says of a habit: 2 with a word of degree, 1 in the present tense or with a count."""
    degrees = {need.degree for need in skeleton.needs}
    return 2 if degrees & HABITS else int(PRESENT in degrees or any(slot.endswith("times") for slot in skeleton.slots))


def _text(source: SkeletonSource, skeleton: Skeleton, text: str, verdict: Verdict) -> Text:
    """Return a verified sentence with its provenance."""
    return Text(
        text=text,
        source=source.name,
        skeleton=skeleton.text,
        verdict=verdict,
        is_ai_generated=bool(skeleton.model),
        prompt=skeleton.origin,
        model=skeleton.model,
    )


def _model_source(language_model: str | Generator, lexicon: Lexicon) -> SkeletonSource:
    """Return the language model as a source; it is loaded when it is first needed."""
    if isinstance(language_model, str):
        reads_briefs = is_tuned(language_model)
    else:
        reads_briefs = bool(getattr(language_model, "reads_briefs", False))
    return ModelSource(lambda: open_generator(language_model), lexicon, is_tuned=reads_briefs)
