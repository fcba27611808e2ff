"""Writer of texts: from reasons to one verified sentence, by the first source that has a true one."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from llm_explain.claims.registry import ClaimKinds
from llm_explain.skeletons.sources import DEFAULT_ORDER, order_of
from llm_explain.text.lexicon import MAX_LOCALES
from llm_explain.verifier import NameIndex
from llm_explain.writing.locale_writer import LocaleWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from llm_explain.claims import Degrees
    from llm_explain.generation.generator import Generator
    from llm_explain.policy.policy import Policy
    from llm_explain.records import Claim, Section, Source, Text, Verdict
    from llm_explain.text.comparison_spec import ContrastSpec, WhatIfSpec
    from llm_explain.text.sentence_spec import SentenceRequest, SentenceSpec
    from llm_explain.text.skeleton import Tone
    from llm_explain.text.surfaces import Limits
    from scoring.data.catalogue import Catalogue


SPARE_SECONDS: Final = 4.0
"""How long a language model may write what the phrasebook does not have."""

LIVE_SECONDS: Final = 30.0
"""How long a language model may write a list of its own."""


class Writer:
    """Writes verified texts; language-model trouble never reaches the caller, it only changes the source.

    Args:
        policy: Blocked words, brands that have no name, the currency of the prices.
        catalogue: The shop's items; their names may stand only in slots.
        kinds: Claim kinds in force; those that are installed if not given.
        language_model: Folder, hub id, ``auto`` or an open generator; ``None`` for none.
        sources: Order of the sources of skeletons; ``phrasebook``, ``lm``, ``template`` if not given.
        retired: Skeletons that are not used any more, because people reject them.

    Attributes:
        language_model: Folder, hub id, ``auto`` or an open generator; ``None`` for none.
        sources: Order of the sources of skeletons.
        on_refused: Told the source and the verdict of each sentence that was not shown.
        on_written: Told the texts of each list.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        catalogue: Catalogue,
        kinds: ClaimKinds | None = None,
        language_model: str | Generator | None = None,
        sources: Sequence[str] = DEFAULT_ORDER,
        retired: Collection[str] = (),
    ) -> None:
        self.language_model = language_model
        self.sources = order_of(sources)
        self._retired = frozenset(retired)
        self.on_refused: Callable[[Source, Verdict], None] = _ignore
        self.on_written: Callable[[Sequence[Text | None]], None] = _ignore
        self._policy = policy
        self._kinds = ClaimKinds.installed() if kinds is None else kinds
        self._catalogue = catalogue
        self._names = NameIndex(_names(catalogue, policy))
        self._locale_writers = lru_cache(maxsize=MAX_LOCALES)(self._open)

    def with_catalogue(self, catalogue: Catalogue, policy: Policy) -> Writer:
        """Return a writer for another version of the catalogue, which shares the sources of sentences with this one.

        Args:
            catalogue: The items of the version.
            policy: The policy of the version.

        Returns:
            The writer.
        """
        writer = copy(self)
        writer._catalogue, writer._policy = catalogue, policy
        known = set(_names(self._catalogue, self._policy))
        writer._names = self._names.with_names(name for name in _names(catalogue, policy) if name not in known)
        writer.on_refused = lambda source, verdict: self.on_refused(source, verdict)
        writer.on_written = lambda texts: self.on_written(texts)
        writer._locale_writers = lru_cache(maxsize=MAX_LOCALES)(
            lambda locale: self._locale_writers(locale).with_catalogue(catalogue, writer._names, policy)
        )
        return writer

    def write(
        self,
        requests: Sequence[SentenceRequest],
        *,
        tone: Tone = "friendly",
        locale: str = "en",
        deadline: float | None = None,
        limits: Limits | None = None,
        sources: Sequence[str] | None = None,
    ) -> list[Text | None]:
        """Return a text for each request, in the order of one list.

        The call raises ``SettingError`` if the order of the sources is not one.

        Args:
            requests: What the texts are to state.
            tone: ``friendly``, ``concise`` or ``formal``.
            locale: A folder under ``prompts/``.
            deadline: Seconds that a language model may write for the whole list; loading it does not count. If not
                given, ``LIVE_SECONDS`` where the model is the first source, else ``SPARE_SECONDS``.
            limits: How long a text may be where it is shown.
            sources: Order of the sources of skeletons for this list; the writer's own if not given.

        Returns:
            Verified texts; ``None`` where there is nothing true to say, or nothing that is short enough.
        """
        writer = self._locale_writers(locale)
        order = self.sources if sources is None else order_of(sources)
        if deadline is None:
            deadline = LIVE_SECONDS if order[0] == "lm" else SPARE_SECONDS
        specs = [writer.specify(request) for request in requests]
        texts: list[Text | None] = [None] * len(requests)
        for is_sentence in (False, True):
            places = [place for place, request in enumerate(requests) if (request.form == "sentence") is is_sentence]
            own = [requests[place] for place in places], [specs[place] for place in places]
            written = (
                writer.write(*own, tone, order=order, seconds=deadline, limits=limits)
                if is_sentence
                else writer.write_forms(*own, tone, limits)
            )
            for place, text in zip(places, written, strict=True):
                texts[place] = text
        self.on_written(texts)
        return texts

    def spoken_kinds(self, locale: str = "en") -> ClaimKinds:
        """Return the claim kinds that a locale has words for.

        Args:
            locale: A folder under ``prompts/``.

        Returns:
            The kinds.
        """
        return self._locale_writers(locale).spoken_kinds

    def degrees(self, locale: str = "en") -> Degrees:
        """Return when a locale's words of degree are licensed.

        Args:
            locale: A folder under ``prompts/``.

        Returns:
            The rules.
        """
        return self._locale_writers(locale).degrees

    def speaks(self, claim: Claim, locale: str = "en") -> bool:
        """Return whether a locale has words for a claim: for its kind, its category and the events that it counts.

        Args:
            claim: A claim.
            locale: A folder under ``prompts/``.

        Returns:
            Whether a sentence can state it.
        """
        return self._locale_writers(locale).speaks(claim)

    def warm_up(self, locale: str = "en", *, pause_seconds: float = 0.0) -> int:
        """Verify a locale's phrasebook now, so that no request waits for it.

        Args:
            locale: A folder under ``prompts/``.
            pause_seconds: How long to leave the processor to others after each combination of kinds.

        Returns:
            How many skeletons the phrasebook has.
        """
        return self._locale_writers(locale).warm_up(pause_seconds)

    def specify(self, request: SentenceRequest, locale: str = "en") -> SentenceSpec:
        """Return the specification of a sentence.

        Args:
            request: What the sentence is to state.
            locale: A folder under ``prompts/``.

        Returns:
            Claims, titles and values, without the names that the policy keeps.
        """
        return self._locale_writers(locale).specify(request)

    def named(self, request: SentenceRequest, locale: str = "en") -> tuple[Claim, ...]:
        """Return the claims of a request with their names as a locale's texts say them."""
        return self._locale_writers(locale).named(request)

    def name(self, category: str, locale: str = "en") -> str:
        """Return a category as a locale's texts say it."""
        return self._locale_writers(locale).name(category)

    def contrast(self, spec: ContrastSpec, locale: str = "en") -> Text | None:
        """Return why one item ranks higher than another, with the reason of each in words.

        Args:
            spec: What the sentence may state.
            locale: A folder under ``prompts/``.

        Returns:
            The verified sentence; ``None`` if an item has no name of its own.
        """
        words = self._locale_writers(locale).comparisons
        return None if words is None else words.contrast(spec)

    def what_if(self, spec: WhatIfSpec, locale: str = "en") -> Text | None:
        """Return what happens to an item without some players, in words.

        Args:
            spec: What the sentence may state.
            locale: A folder under ``prompts/``.

        Returns:
            The verified sentence; ``None`` if the item or a player has no name.
        """
        words = self._locale_writers(locale).comparisons
        return None if words is None else words.what_if(spec)

    def joined(self, first: Text | None, second: Text | None, limits: Limits, locale: str = "en") -> Text | None:
        """Return two sentences as one text.

        Args:
            first: A verified text, if there is one.
            second: A verified sentence about the same item, if there is one.
            limits: What the surface asks of the text.
            locale: A folder under ``prompts/``.

        Returns:
            Both as one text; ``None`` if one is missing, they are too long together or begin alike.
        """
        if first is None or second is None:
            return None
        return self._locale_writers(locale).joined(first, second, limits)

    def title_line(self, request: SentenceRequest, limits: Limits, locale: str = "en") -> Text | None:
        """Return a subject line that is the item's title.

        Args:
            request: What the text states.
            limits: What the surface asks of the line.
            locale: A folder under ``prompts/``.

        Returns:
            The title as it stands before a colon; ``None`` if it is too long or no text may name it.
        """
        return self._locale_writers(locale).title_line(request, limits)

    def section_title(self, section: Section, event_kind: str, locale: str = "en") -> str:
        """Return the heading of a section of a list.

        Args:
            section: The section.
            event_kind: Kind of events that the shop recommends.
            locale: A folder under ``prompts/``.

        Returns:
            For example "Buy again".
        """
        return self._locale_writers(locale).section_title(section, event_kind)

    def _open(self, locale: str) -> LocaleWriter:
        return LocaleWriter(
            self._policy,
            self._catalogue,
            self._names,
            locale=locale,
            kinds=self._kinds,
            language_model=self.language_model,
            on_refused=lambda source, verdict: self.on_refused(source, verdict),
            retired=self._retired,
        )


def _names(catalogue: Catalogue, policy: Policy) -> dict[str, None]:
    """Return the names that may stand only in slots."""
    brands = filter(policy.may_name_brand, catalogue.brand_names)
    return dict.fromkeys((*catalogue.titles.tolist(), *catalogue.category_names, *brands))


def _ignore(*_: object) -> None:
    """Do nothing."""
