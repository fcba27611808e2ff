"""Sentences of one locale: its skeleton sources in their order, the realiser and the verifier."""

from __future__ import annotations

import logging
import time
from copy import copy
from functools import cache
from typing import TYPE_CHECKING

from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.lexicalised import FreeWriter
from llm_explain.generation.weights import is_tuned
from llm_explain.records import Text
from llm_explain.skeletons.phrasebook import PhrasebookSource
from llm_explain.skeletons.sources import SkeletonSource, TemplateSource, Variety
from llm_explain.skeletons.templates import Templates
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.skeleton import TONES
from llm_explain.verifier import NameIndex, Verifier
from llm_explain.writing.specification import specify
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llm_explain.claims import Degrees
    from llm_explain.claims.registry import ClaimKinds
    from llm_explain.generation.generator import Generator
    from llm_explain.generation.lexicalised import FreeDraft
    from llm_explain.policy.policy import Policy
    from llm_explain.records import Source, Verdict
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceRequest, SentenceSpec
    from llm_explain.text.skeleton import Skeleton, Tone
    from llm_explain.text.surfaces import Limits
    from scoring.data.catalogue import Catalogue

_LOG = logging.getLogger(__name__)


class LocaleWriter:
    """One locale's sources, realiser and verifier.

    Args:
        policy: Blocked words, brands that have no name, the currency.
        catalogue: The shop's items.
        names: Names that may stand only in slots.
        locale: A folder under ``prompts/``.
        kinds: Claim kinds in force; those that are installed if ``None``.
        language_model: Folder, hub id, ``auto``, or a generator that is open already; ``None`` for none.
        has_phrasebook: Whether the locale's phrasebook answers first.
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
        has_phrasebook: bool,
        on_refused: Callable[[Source, Verdict], None],
        retired: frozenset[str],
    ) -> None:
        self._on_refused = on_refused
        self._retired = retired
        self._lexicon = load_lexicon(locale, kinds).with_currency(policy.currency)
        self._policy = policy
        self._catalogue = catalogue
        self._realiser = Realiser(self._lexicon)
        self._verifier = Verifier(self._lexicon, names, blocklist=policy.blocked_words)
        self._templates = templates = Templates(self._lexicon)
        self._speaks = cache(self._has_words)
        is_written = self._lexicon.has_packaged_model or language_model != "auto"
        self._phrasebook = PhrasebookSource.of_locale(self._lexicon) if has_phrasebook else None
        self._sources: list[SkeletonSource] = [self._phrasebook] if self._phrasebook else []
        self._sources += _model_sources(language_model if is_written else None, self._lexicon)
        self._sources.append(TemplateSource(templates))
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
        writer._verifier = Verifier(self._lexicon, names, blocklist=policy.blocked_words)
        return writer

    @property
    def spoken_kinds(self) -> ClaimKinds:
        """Claim kinds that the locale has words for."""
        return self._lexicon.kinds

    @property
    def degrees(self) -> Degrees:
        """When the locale's words of degree are licensed."""
        return self._lexicon.degrees

    def speaks(self, kind: str, event_kind: str) -> bool:
        """Return whether a sentence can state claims of a kind that count events of a kind.

        Args:
            kind: Claim kind.
            event_kind: Kind of the events that the claim counts.

        Returns:
            Whether a hand-written or composed sentence has words for it.
        """
        if kind not in self._lexicon.kinds:
            return False
        return event_kind == PURCHASE or self._speaks(kind, event_kind)

    def _has_words(self, kind: str, event_kind: str) -> bool:
        return any(self._realiser.speaks(self._templates.skeletons([kind], tone), event_kind) for tone in TONES)

    def warm_up(self, pause_seconds: float) -> int:
        """Verify the phrasebook, if there is one, and return how many skeletons it has."""
        return self._phrasebook.warm_up(pause_seconds) if self._phrasebook else 0

    def prepare(self, wanted: Sequence[tuple[str, ...]], tone: Tone, deadline: float | None) -> None:
        """Let each source make ready what the ones before it do not have; one that fails is left out from now on."""
        missing = list(dict.fromkeys(kinds for kinds in wanted if kinds))
        for source in self._sources:
            until = time.monotonic() + deadline if deadline is not None else float("inf")
            try:
                source.prepare(missing, tone, deadline=until)
                missing = [kinds for kinds in missing if not source.skeletons(kinds, tone)]
            except MissingExtraError as error:
                _LOG.warning("%s Sentences come from the other sources.", error)
                self._leave_out(source)
            except GenerationError as error:
                _LOG.warning("The language model failed (%s). Sentences come from the other sources.", error)
                if not error.is_retryable:
                    self._leave_out(source)

    def _leave_out(self, source: SkeletonSource) -> None:
        """Ask a source no more; two threads may find out at once."""
        self._sources = [each for each in self._sources if each is not source]

    def specify(self, request: SentenceRequest) -> SentenceSpec:
        """Return the specification of a sentence, with the names that the policy lets a text say.

        Args:
            request: What the sentence is to state.

        Returns:
            The specification.
        """
        return specify(request, self._realiser, self._catalogue, self._policy)

    def free_texts(
        self, specs: Sequence[SentenceSpec], tone: Tone, deadline: float | None, limits: Limits | None
    ) -> list[Text | None]:
        """Return what a model that sees names has written and the verifier accepts; ``None`` for the other sources."""
        if self._free is None:
            return [None] * len(specs)
        wanted = [(self._lexicon.kinds.in_order(spec.kinds), spec.values) for spec in specs]
        until = time.monotonic() + deadline if deadline is not None else float("inf")
        try:
            drafts = self._free.write(wanted, tone, deadline=until)
        except (MissingExtraError, GenerationError) as error:
            _LOG.warning("The language model failed (%s). Sentences come from the other sources.", error)
            return [None] * len(specs)
        return [self._accepted(spec, found, limits) for spec, found in zip(specs, drafts, strict=True)]

    def _accepted(self, spec: SentenceSpec, drafts: Sequence[FreeDraft], limits: Limits | None) -> Text | None:
        """Return the first draft that the verifier accepts."""
        for draft in drafts:
            verdict = self._verifier.verify(draft.text, spec, limits=limits)
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
        self, request: SentenceRequest, spec: SentenceSpec, tone: Tone, variety: Variety, limits: Limits | None = None
    ) -> Text | None:
        """Return the first verified text of the first source that has one."""
        if not spec.claims:
            return None
        seen: list[tuple[SkeletonSource, Skeleton]] = []
        for must_be_fresh, candidates in ((True, self._candidates(request, spec, tone)), (False, seen)):
            for source, skeleton in candidates:
                if must_be_fresh:
                    seen.append((source, skeleton))
                text = self._realiser.fill(skeleton, spec)
                if must_be_fresh and not variety.is_fresh(skeleton, text):
                    continue
                if limits is not None and limits.max_length is not None and len(text) > limits.max_length:
                    continue
                verdict = self._verifier.verify(text, spec, limits=limits)
                if verdict.ok:
                    variety.add(skeleton, text)
                    return _text(source, skeleton, text, verdict)
                self._on_refused(source.name, verdict)
                _LOG.debug("refused %r: %s", text, [fault.code for fault in verdict.faults])
        return None

    def _candidates(
        self, request: SentenceRequest, spec: SentenceSpec, tone: Tone
    ) -> Iterator[tuple[SkeletonSource, Skeleton]]:
        """Yield the skeletons that fit, source by source, in the order of this user, item and moment."""
        item_id = "" if request.item_index is None else str(self._catalogue.item_ids[request.item_index])
        key = "|".join(map(str, (request.user_id, item_id, request.as_of, tone)))
        for source in self._sources:
            usable = [
                skeleton
                for skeleton in source.skeletons(spec.kinds, tone)
                if skeleton.text not in self._retired and self._realiser.fits(skeleton, spec)
            ]
            for skeleton in sorted(usable, key=lambda skeleton: source.order(skeleton, key)):
                yield source, skeleton

    def shelf_title(self, category: str) -> str:
        """Return the title of a shelf."""
        return self._lexicon.shelf_title.format(category=self._realiser.name(category))


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


def _model_sources(language_model: str | Generator | None, lexicon: Lexicon) -> list[SkeletonSource]:
    """Return the language model as a source, if one is wanted; it is loaded when it is first needed."""
    if language_model is None:
        return []

    if isinstance(language_model, str):
        reads_briefs = is_tuned(language_model)
    else:
        reads_briefs = bool(getattr(language_model, "reads_briefs", False))
    return [ModelSource(lambda: open_generator(language_model), lexicon, is_tuned=reads_briefs)]


def open_generator(language_model: str | Generator) -> Generator:
    """Load a language model.

    Args:
        language_model: Folder, hub id, ``auto``, or a generator that is open already.

    Returns:
        The generator.
    """
    if not isinstance(language_model, str):
        return language_model
    from llm_explain.generation.transformers_generator import TransformersGenerator

    return TransformersGenerator.load(language_model)
