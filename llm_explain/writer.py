"""The text station: from reasons to one verified sentence, by the first source that has a true one."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from llm_explain.claims import EVENT_KIND
from llm_explain.display_names import inside_sentence
from llm_explain.errors import GenerationError, MissingExtraError
from llm_explain.generation.drafts import ModelSource
from llm_explain.generation.lexicalised import FreeWriter
from llm_explain.generation.weights import is_tuned
from llm_explain.lexicon import load_lexicon
from llm_explain.phrasebook import PhrasebookSource
from llm_explain.realise import Realiser, Scene
from llm_explain.records import Text
from llm_explain.skeletons import in_order
from llm_explain.sources import SkeletonSource, TemplateSource, Variety
from llm_explain.templates import Templates
from llm_explain.verifier import NameIndex, Verifier
from scoring.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import pandas as pd

    from llm_explain.generation.generator import Generator
    from llm_explain.generation.lexicalised import FreeDraft
    from llm_explain.lexicon import Lexicon
    from llm_explain.policy import Policy
    from llm_explain.records import Claim, Source, Verdict
    from llm_explain.skeletons import Skeleton, Tone
    from llm_explain.surfaces import Limits
    from scoring.catalogue import Catalogue

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What one sentence is to state.

    Attributes:
        claims: Reasons, or one statement about the item; at most one of a kind; none for nothing to say.
        item_index: The recommended item.
        user_id: The shop's id; ``None`` for a history without a user.
        as_of: The moment that the sentence speaks of.
        is_neutral: Whether the claims are no reasons, so that no cause may be claimed.
    """

    claims: tuple[Claim, ...]
    item_index: int
    user_id: str | None
    as_of: pd.Timestamp
    is_neutral: bool = False


class Writer:
    """Writes verified texts; language-model trouble never reaches the caller, it only changes the source.

    Args:
        policy: Blocked words, brands that have no name, the currency.
        catalogue: The shop's items; their names may stand only in slots.
        language_model: Folder, hub id, ``auto`` or an open generator; ``None`` for none.
        has_phrasebook: Whether the locale's phrasebook answers first.
        retired: Skeletons that are not used any more, because people reject them.

    Attributes:
        language_model: Folder, hub id, ``auto`` or an open generator; ``None`` for none.
        has_phrasebook: Whether the locale's phrasebook answers first.
        on_refused: Told the source and the verdict of each sentence that was not shown.
        on_written: Told the texts of each list.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        catalogue: Catalogue,
        language_model: str | Generator | None = None,
        has_phrasebook: bool = True,
        retired: Collection[str] = (),
    ) -> None:
        self.language_model = language_model
        self.has_phrasebook = has_phrasebook
        self._retired = frozenset(retired)
        self.on_refused: Callable[[Source, Verdict], None] = _ignore
        self.on_written: Callable[[Sequence[Text | None]], None] = _ignore
        self._policy = policy
        self._catalogue = catalogue
        brands = filter(policy.may_name_brand, catalogue.brand_names)
        self._names = NameIndex(dict.fromkeys((*catalogue.titles.tolist(), *catalogue.category_names, *brands)))
        self._stations = cache(self._open)

    def write(
        self,
        requests: Sequence[Request],
        *,
        tone: Tone = "friendly",
        locale: str = "en",
        deadline: float | None = None,
        limits: Limits | None = None,
    ) -> list[Text | None]:
        """Return a text for each request, in the order of one list.

        Args:
            requests: What the texts are to state.
            tone: ``friendly``, ``concise`` or ``formal``.
            locale: A folder under ``prompts/``.
            deadline: Seconds that a language model may take for the whole list; the source's own if not given.
            limits: How long a text may be where it is shown.

        Returns:
            Verified texts; ``None`` where there is nothing true to say, or nothing that is short enough.
        """
        station = self._stations(locale)
        variety = Variety()
        free = station.free_texts(requests, tone, deadline, limits)
        station.prepare([in_order(claim.kind for claim in request.claims) for request in requests], tone, deadline)
        texts = [
            station.write(request, tone, variety, limits) if text is None else text
            for request, text in zip(requests, free, strict=True)
        ]
        self.on_written(texts)
        return texts

    def warm_up(self, locale: str = "en") -> int:
        """Verify a locale's phrasebook now, so that no request waits for it.

        Args:
            locale: A folder under ``prompts/``.

        Returns:
            How many skeletons the phrasebook has.
        """
        return self._stations(locale).warm_up()

    def shelf_title(self, category: str, locale: str = "en") -> str:
        """Return the title of a shelf of items that a history group recommends.

        Args:
            category: Shopper-readable name of the group's category.
            locale: A folder under ``prompts/``.

        Returns:
            For example "Because you buy frozen vegetables".
        """
        return self._stations(locale).shelf_title(category)

    def _open(self, locale: str) -> _Station:
        return _Station(
            self._policy,
            self._catalogue,
            self._names,
            locale=locale,
            language_model=self.language_model,
            on_refused=lambda source, verdict: self.on_refused(source, verdict),
            has_phrasebook=self.has_phrasebook,
            retired=self._retired,
        )


class _Station:
    """One locale's sources, realiser and verifier."""

    def __init__(
        self,
        policy: Policy,
        catalogue: Catalogue,
        names: NameIndex,
        *,
        locale: str,
        language_model: str | Generator | None,
        has_phrasebook: bool,
        on_refused: Callable[[Source, Verdict], None],
        retired: frozenset[str],
    ) -> None:
        self._on_refused = on_refused
        self._retired = retired
        self._lexicon = load_lexicon(locale).with_currency(policy.currency)
        self._policy = policy
        self._catalogue = catalogue
        self._realiser = Realiser(self._lexicon)
        self._verifier = Verifier(self._lexicon, names, blocklist=policy.blocked_words)
        templates = Templates(self._lexicon)
        is_written = self._lexicon.has_packaged_model or language_model != "auto"
        self._phrasebook = PhrasebookSource.of_locale(self._lexicon) if has_phrasebook else None
        self._sources: list[SkeletonSource] = [self._phrasebook] if self._phrasebook else []
        self._sources += _model_sources(language_model if is_written else None, self._lexicon)
        self._sources.append(TemplateSource(templates))
        self._free: FreeWriter | None = None
        if policy.settings.lexicalised and language_model is not None:
            self._free = FreeWriter(lambda: open_generator(language_model), self._lexicon)

    def warm_up(self) -> int:
        """Verify the phrasebook, if there is one, and return how many skeletons it has."""
        return self._phrasebook.warm_up() if self._phrasebook else 0

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

    def free_texts(
        self, requests: Sequence[Request], tone: Tone, deadline: float | None, limits: Limits | None
    ) -> list[Text | None]:
        """Return what a model that sees names has written and the verifier accepts; ``None`` for the other sources."""
        if self._free is None:
            return [None] * len(requests)
        scenes = [scene_of(request, self._catalogue, self._policy) for request in requests]
        wanted = []
        for request, scene in zip(requests, scenes, strict=True):
            values = self._realiser.values(request.claims, scene)
            self._withhold_brand(request, values)
            wanted.append((in_order(claim.kind for claim in request.claims), values))
        until = time.monotonic() + deadline if deadline is not None else float("inf")
        try:
            drafts = self._free.write(wanted, tone, deadline=until)
        except (MissingExtraError, GenerationError) as error:
            _LOG.warning("The language model failed (%s). Sentences come from the other sources.", error)
            return [None] * len(requests)
        return [
            self._accepted(request, scene, found, limits)
            for request, scene, found in zip(requests, scenes, drafts, strict=True)
        ]

    def _accepted(
        self, request: Request, scene: Scene, drafts: Sequence[FreeDraft], limits: Limits | None
    ) -> Text | None:
        """Return the first draft that the verifier accepts."""
        for draft in drafts:
            verdict = self._verifier.verify(
                draft.text, request.claims, scene, is_neutral=request.is_neutral, limits=limits
            )
            if verdict.ok:
                return Text(
                    text=draft.text,
                    source="lm",
                    skeleton=self._verifier.read(draft.text, request.claims, scene),
                    verdict=verdict,
                    is_ai_generated=True,
                    prompt=draft.prompt,
                    model=draft.model,
                )
            self._on_refused("lm", verdict)
            _LOG.debug("refused %r: %s", draft.text, [fault.code for fault in verdict.faults])
        return None

    def write(self, request: Request, tone: Tone, variety: Variety, limits: Limits | None = None) -> Text | None:
        """Return the first verified text of the first source that has one."""
        if not request.claims:
            return None
        scene = scene_of(request, self._catalogue, self._policy)
        values = self._realiser.values(request.claims, scene)
        self._withhold_brand(request, values)
        licences = {claim.kind: claim.licences for claim in request.claims}
        candidates = self._candidates(request, tone, values, licences)
        for must_be_fresh in (True, False):
            for source, skeleton in candidates:
                text = self._realiser.fill(skeleton, values, event_kind=scene.event_kind)
                if must_be_fresh and not variety.is_fresh(skeleton, text):
                    continue
                if limits is not None and limits.max_length is not None and len(text) > limits.max_length:
                    continue
                verdict = self._verifier.verify(
                    text, request.claims, scene, is_neutral=request.is_neutral, limits=limits
                )
                if verdict.ok:
                    variety.add(skeleton, text)
                    return _text(source, skeleton, text, verdict)
                self._on_refused(source.name, verdict)
                _LOG.debug("refused %r: %s", text, [fault.code for fault in verdict.faults])
        return None

    def _candidates(
        self, request: Request, tone: Tone, values: Mapping[str, str], licences: Mapping[str, frozenset[str]]
    ) -> list[tuple[SkeletonSource, Skeleton]]:
        """Return the skeletons that fit, source by source, in the order of this user, item and moment."""
        item_id = str(self._catalogue.item_ids[request.item_index])
        key = "|".join(map(str, (request.user_id, item_id, request.as_of, tone)))
        kinds = [claim.kind for claim in request.claims]
        fitting: list[tuple[SkeletonSource, Skeleton]] = []
        for source in self._sources:
            usable = [
                skeleton
                for skeleton in source.skeletons(kinds, tone)
                if skeleton.text not in self._retired
                and skeleton.fits(values, licences)
                and not (request.is_neutral and skeleton.is_causal)
            ]
            ordered = sorted(usable, key=lambda skeleton: source.order(skeleton, key))
            fitting += [(source, skeleton) for skeleton in ordered]
        return fitting

    def _withhold_brand(self, request: Request, values: dict[str, str]) -> None:
        """Take away the name of a brand that the policy lets nobody name."""
        brands = [str(claim.facts["brand"]) for claim in request.claims if "brand" in claim.facts]
        if any(not self._policy.may_name_brand(brand) for brand in brands):
            values.pop("brand", None)

    def shelf_title(self, category: str) -> str:
        """Return the title of a shelf."""
        return self._lexicon.shelf_title.format(category=self._realiser.name(category))


def scene_of(request: Request, catalogue: Catalogue, policy: Policy) -> Scene:
    """Return what a sentence is about besides its claims.

    Args:
        request: What it is to state.
        catalogue: The shop's items.
        policy: Which items no text may name; their title is left out.

    Returns:
        Item, day and other items.
    """
    others = [str(claim.facts["other_item_id"]) for claim in request.claims if "other_item_id" in claim.facts]
    kinds = [str(claim.facts[EVENT_KIND]) for claim in request.claims if EVENT_KIND in claim.facts]
    indices = catalogue.index_of(others) if others else ()
    return Scene(
        title=_title(int(request.item_index), catalogue, policy),
        as_of=request.as_of.date(),
        titles={other: _title(int(index), catalogue, policy) for other, index in zip(others, indices, strict=True)},
        event_kind=kinds[0] if kinds else PURCHASE,
    )


def _title(item_index: int, catalogue: Catalogue, policy: Policy) -> str:
    """Return the title of an item as it stands within a sentence; empty for one that no text may name."""
    if policy.is_sensitive_item(catalogue, item_index):
        return ""
    return inside_sentence(str(catalogue.titles[item_index]), catalogue.common_words)


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


def _ignore(*_: object) -> None:
    """Do nothing."""


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
