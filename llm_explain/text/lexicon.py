"""What a locale's lexicon file says: which words need which licence, and how values are written."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import yaml
from babel import Locale, UnknownLocaleError
from pydantic import ConfigDict, Field, SkipValidation, ValidationError

from llm_explain.claims.degrees import Degrees
from llm_explain.claims.registry import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.text.kind_words import KindWords, Slots, kind_digest, kind_file, kind_section
from llm_explain.text.name_dictionary import territories
from llm_explain.text.prompt_files import LOADER, StrictModel, locales, read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MACRO = re.compile(r"<([a-z]+)>")


class Formats(StrictModel):
    """Babel patterns and limits for values."""

    date: str
    date_with_year: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    percent: str
    month: str
    brands: frozenset[str] | None = None
    max_name_length: Annotated[int, Field(ge=8)]
    ellipsis: str


class Promotions(StrictModel):
    """Predicate phrases by promotion label.

    Attributes:
        by_label: Phrase for a promotion that runs anywhere.
        at_usual_store: Phrase for one that runs in the user's usual store.
        never: Labels that are not spoken.
        other: Phrase for every other label.
    """

    by_label: dict[str, str]
    at_usual_store: dict[str, str]
    never: frozenset[str]
    other: str


class StoreBrand(StrictModel):
    """How the shop speaks of its own brand.

    Attributes:
        names: Brand values that mean the shop's own.
        text: What is said instead.
    """

    names: frozenset[str]
    text: str


class GenderForms(StrictModel):
    """How names of one grammatical gender are said; the attributes are those of ``NameForms``."""

    this_one: str
    these_many: str
    articles: dict[str, str]


class NameForms(StrictModel):
    """How a title is said within a sentence; patterns are regular expressions.

    Attributes:
        title: The groups ``name``, ``size`` and ``mark`` of a title.
        common: A name that is a common noun, no proper one.
        common_title: A title that no dictionary has and that is a common noun; as ``common`` if not given.
        head: The part of a name that ends with its noun.
        many: A head of many things.
        nouns: Things with which titles and categories begin, in the singular and without accents.
        shelf_words: Words that begin names of categories and are no names: "Spy thrillers" are spy thrillers.
        proper_words: Proper words that begin names of categories, besides languages, territories, months and days.
            Where it is given, another first word is written small before a name of many things, as in "Base layers".
        audiences: For whom things are, as it stands before them, by the category's name.
        singulars: What stands in the singular for the end of a plural, by pattern.
        feminine: A head of feminine gender, of a title that begins with one of the nouns.
        this_one: The recommended item.
        these_many: The recommended item where its name is of many things.
        definite: One of two items that are compared.
        another: Another item that has a size or a mark.
        between: What stands between size and mark.
        either: What stands in the name of a category where a user may have bought one of the things in it, by pattern,
            in this order.
        several: A name of one thing or another, "sweet potatoes or yams"; it is quoted, except as the recommended item.
        foreign: A category or brand that does not fit ``common``, in scripts that set foreign names apart.
        articles: What stands before another item of one thing, by pattern of its name.
        label_words: What stands for a size or a mark, by pattern.
        speaks: A title that says more than a name, such as a supplier's claim; it is quoted; none if not given.
        genders: What differs for names of a gender, by the word of the dictionaries' column ``gender``.
        proper: A title that is no common noun, within a sentence.
    """

    title: str
    common: str
    common_title: str = ""
    head: str
    many: str
    nouns: frozenset[str] = frozenset()
    shelf_words: frozenset[str] = frozenset()
    proper_words: frozenset[str] = frozenset()
    audiences: dict[str, str] = {}
    singulars: dict[str, str] = {}
    feminine: str = "(?!)"
    this_one: str
    these_many: str
    definite: str = "{name}"
    another: str
    between: str
    either: dict[str, str] = {}
    several: str = "(?!)"
    foreign: str = "{name}"
    articles: dict[str, str]
    label_words: dict[str, str]
    speaks: str = "(?!)"
    genders: dict[str, GenderForms] = {}
    proper: str = "{name}"


class Agreement(StrictModel):
    """How sentences, which are written of one thing, speak of an item whose name is of many ("bananas … they").

    Attributes:
        keeps_one: Pattern of sentences that stay as they are, because they call the item "this one" or "this item".
        many: What the writer says instead, by pattern, in this order; a capital first letter stays.
        feminine: The same for one thing whose name is feminine.
        many_feminine: The same for many things whose name is feminine.
        one: What the verifier reads instead before it proves the sentence, by pattern.
        not_of_many: Pattern of sentences that sound wrong of many things or a feminine one; they are the last choice.
        not_of_known: The same of an item of which a pronoun can speak, because its name is known.
        not_of_unknown: The same of an item whose name may be of one thing or of many.
        mixed: Pattern of a text that speaks of one item in two numbers, or whose pronoun may mean another thing.
            Sentences that would make one are not joined.
    """

    keeps_one: str = "(?!)"
    not_of_many: str = "(?!)"
    not_of_known: str = "(?!)"
    not_of_unknown: str = "(?!)"
    mixed: str = "(?!)"
    many: dict[str, str] = {}
    feminine: dict[str, str] = {}
    many_feminine: dict[str, str] = {}
    one: dict[str, str] = {}


class Form(StrictModel):
    """What a sentence looks like; regular expressions.

    Attributes:
        sentence_end: End of a sentence within a text.
        ends: End of a text.
        begins: Beginning of a text.
        small_beginning: A later sentence that begins as none does; empty where the script knows no capitals.
        spacing: Spaces and punctuation that are misplaced.
        repeated: A word that stands twice in a row.
        exclamation: A mark that may stand once.
        comma: What parts clauses.
        imperative_start: What stands before a verb that presses.
    """

    sentence_end: str
    ends: str
    begins: str
    small_beginning: str
    spacing: str
    repeated: str
    exclamation: str
    comma: str
    imperative_start: str


class Causes(StrictModel):
    """Words that claim a cause.

    Attributes:
        back: The reason follows the word.
        forward: The reason stands before the word.
        plain: The word alone says that there is a reason.
    """

    back: tuple[str, ...]
    forward: tuple[str, ...]
    plain: tuple[str, ...]


class SectionTitles(StrictModel):
    """Headings of the sections of a list.

    Attributes:
        new: Items that are new to the user.
        again: Items that the user bought before.
        again_of_other_events: The same where events are no purchases.
    """

    new: str
    again: str
    again_of_other_events: str


class Region(StrictModel):
    """What a region says otherwise than the rest of its language.

    Attributes:
        said: What its sentences say instead, by pattern, in this order; a capital first letter stays.
        proper: A title that is no common noun, within a sentence; as elsewhere if not given.
        label_words: What a size or mark says instead, by pattern, after the words of the language.
    """

    said: dict[str, str] = {}
    proper: str | None = None
    label_words: dict[str, str] = {}


class Lexicon(StrictModel):
    """A locale's words: the lexicon file, whose comments explain each entry, and the claim kinds that it can state.

    Attributes:
        region: Babel locale whose formats are used; empty for those of the lexicon.
        regions: What regions say otherwise, by territory: ``"419"`` is Latin America.
        said: What the sentences of this region say instead, by pattern; empty for the lexicon's own.
        kinds: Claim kinds that the locale has words for.
        digest: Hash of the lexicon and of the kinds' files, for the provenance of a text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    version: Literal[1]
    locale: str
    region: str = ""
    regions: dict[str, Region] = {}
    said: dict[str, str] = {}
    languages: tuple[str, ...]
    degree_rules: dict[str, dict[str, float | str]] = Field(alias="degrees")
    degree_words: dict[str, tuple[str, ...]]
    degree_patterns: dict[str, tuple[str, ...]] = {}
    formats: Formats
    measures: dict[str, dict[str, str]]
    numbers_in_words: tuple[str, ...]
    spoken_names: NameForms
    agreement: Agreement = Agreement()
    store_brand: StoreBrand
    promotions: Promotions
    section_titles: SectionTitles
    form: Form
    has_packaged_model: bool
    idioms: tuple[str, ...]
    vocabulary: tuple[str, ...]
    causes: Causes
    joins_reasons: str
    clause_break: str
    forbidden: dict[str, tuple[str, ...]]
    macros: dict[str, str]
    word_groups: dict[str, tuple[str, ...]]
    statements: dict[str, tuple[str, ...]]
    never_states: tuple[str, ...]
    item_role: dict[str, Any]
    number_words: dict[str, float]
    readings: dict[str, str | tuple[str, ...]]
    blocked_words: tuple[str, ...] = ()
    imperatives: tuple[str, ...]
    max_length: int
    max_draft_length: int
    allowed_characters: str
    digest: str
    kinds: SkipValidation[ClaimKinds]

    def in_region(self, region: str) -> Lexicon:
        """Return the same lexicon as a region speaks.

        Args:
            region: Babel locale of the region, for example ``es_MX``.

        Returns:
            A lexicon with the region's formats, and with its own words if it or its parent has some.
        """
        places = territories(region)
        own = next((self.regions[place] for place in reversed(places) if place in self.regions), Region())
        labels = self.spoken_names.label_words | own.label_words
        names = self.spoken_names.model_copy(update={"label_words": labels})
        if own.proper is not None:
            quoted, other = (proper.replace("{name}", r"\1") for proper in (names.proper, own.proper))
            either = {pattern: said.replace(quoted, other) for pattern, said in names.either.items()}
            definite = names.definite.replace(names.proper, own.proper)
            names = names.model_copy(update={"proper": own.proper, "definite": definite, "either": either})
        return self.model_copy(update={"region": region, "said": own.said, "spoken_names": names})

    def with_currency(self, currency: str | None, brands: Iterable[str] | None = None) -> Lexicon:
        """Return the same lexicon for a shop's currency.

        Args:
            currency: ISO 4217 code; ``None`` for a shop that does not state it.
            brands: Names of the shop's brands, with which categories may begin; ``None`` if they are not known.

        Returns:
            A lexicon whose prices are written in that currency, or without a sign.
        """
        first = None if brands is None else frozenset(name.partition(" ")[0].lower() for name in brands)
        formats = self.formats.model_copy(update={"currency": currency, "brands": first})
        return self.model_copy(update={"formats": formats})

    @cached_property
    def degrees(self) -> Degrees:
        """Rules of the words of degree."""
        return Degrees.parse(self.degree_rules)

    @cached_property
    def words(self) -> Mapping[str, KindWords]:
        """The writer's section of each claim kind."""
        return {name: kind_section(self.locale, kind, "writer", KindWords) for name, kind in self.kinds.items()}

    @cached_property
    def slots(self) -> Mapping[str, Slots]:
        """Slots of each claim kind."""
        return {name: words.slots for name, words in self.words.items()}

    @cached_property
    def kind_of_slot(self) -> Mapping[str, str]:
        """Claim kind of each slot."""
        return {slot: name for name, slots in self.slots.items() for slot in slots.every}

    def pattern(self, source: str) -> re.Pattern[str]:
        """Return a pattern of this file with its macros written out.

        Args:
            source: Regular expression with ``<name>`` for macros.

        Returns:
            The compiled pattern.

        Raises:
            PromptError: If a macro is unknown or the expression is invalid.
        """
        expanded = source
        while match := _MACRO.search(expanded):
            name = match.group(1)
            if name not in self.macros:
                raise PromptError(
                    f"lexicon.yaml: macro <{name}> is unknown but a pattern uses it. Define it under macros."
                )
            expanded = expanded.replace(match.group(0), self.macros[name])
        try:
            return re.compile(expanded)
        except re.error as error:
            raise PromptError(f"lexicon.yaml: pattern {source!r} is invalid ({error}). Correct it.") from error

    @property
    def babel_locale(self) -> str:
        """Return the locale whose manner of numbers and dates is used."""
        return self.region or self.languages[-1]


DEFAULT_LOCALE: Final = "en"
"""Locale of a shop whose language has no words."""

MAX_LOCALES: Final = 32
"""Locales that are kept, regions included; a client may name any of hundreds."""


def load_lexicon(locale: str = DEFAULT_LOCALE, kinds: ClaimKinds | None = None) -> Lexicon:
    """Return the lexicon of a locale.

    The call raises ``PromptError`` if the file is missing, is no YAML or breaks its schema.

    Args:
        locale: Name of a folder under ``prompts/``, perhaps with a region: ``en``, ``en-GB``, ``zh-CN``.
        kinds: Claim kinds in force; those that are installed if not given. A kind without words in the locale is left
            out, so that no sentence states it.

    Returns:
        The checked lexicon.
    """
    return _load(locale, ClaimKinds.installed() if kinds is None else kinds)


def folder_of(locale: str) -> tuple[str, str]:
    """Return the folder of a locale and its region.

    Args:
        locale: A folder under ``prompts/``, or its language with a region: ``en``, ``en-GB``, ``zh-CN``.

    Returns:
        Name of the folder, and the region's formats as Babel names them; empty for those of the folder.

    Raises:
        PromptError: If no folder fits, or the region is unknown.
    """
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", locale):
        raise PromptError(
            f"locale is {locale[:20]!r} but the name of a folder under prompts/ is needed. "
            f"Write one of {', '.join(locales())}."
        )
    if locale in locales():
        return locale, ""
    language, *subtags = re.split("[-_]", locale)
    try:
        region = str(Locale.parse(locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        region = ""
    is_known = {each.lower() for each in subtags} <= {*region.lower().split("_")}  # Babel reads "en-abcdefgh" as "en"
    if language not in locales() or not is_known:
        raise PromptError(
            f"locale is {locale!r} but one of {', '.join(locales())} is needed, perhaps with a region. "
            "Choose one of these, or add a folder with a lexicon.yaml under prompts/."
        )
    return language, region


def default_locale(shop_locale: str) -> str:
    """Return the locale of texts whose caller names none.

    Args:
        shop_locale: ``locale`` of ``shop.yaml``, for example ``es-MX``.

    Returns:
        The shop's locale if ``prompts/`` has its language, else English.
    """
    locale = shop_locale.replace("_", "-")
    try:
        folder_of(locale)
    except PromptError:
        return DEFAULT_LOCALE
    return locale


def untold_language(shop_locale: str) -> str:
    """Return a message that says that a shop's texts are in English for want of words; empty if they are not.

    Args:
        shop_locale: ``locale`` of ``shop.yaml``.

    Returns:
        The message.
    """
    if default_locale(shop_locale) == shop_locale.replace("_", "-"):
        return ""
    return (
        f"texts are in English: the shop's locale is {shop_locale}, but prompts/ has words for {', '.join(locales())} "
        "alone. Add a folder for the language, under prompts/ or where LLM_EXPLAIN_PROMPTS says"
    )


@lru_cache(maxsize=MAX_LOCALES)
def _load(locale: str, kinds: ClaimKinds) -> Lexicon:
    folder, region = folder_of(locale)
    if region:
        return _load(folder, kinds).in_region(region)
    text, digest = read_prompt_file(locale, "lexicon.yaml")
    try:
        content = yaml.load(text, Loader=LOADER)  # noqa: S506  both are safe loaders
        spoken = ClaimKinds(kind for kind in kinds.values() if kind_file(locale, kind).is_file())
        digests = [digest, *(kind_digest(locale, kind) for kind in spoken.values())]
        whole = f"sha256:{hashlib.sha256(' '.join(digests).encode()).hexdigest()}"
        return Lexicon.model_validate({**content, "digest": whole, "kinds": spoken})
    except (yaml.YAMLError, TypeError) as error:
        raise PromptError(f"{locale}/lexicon.yaml is no valid YAML ({error}). Correct the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PromptError(
            f"{locale}/lexicon.yaml: {where} breaks its schema ({first['msg']}). Correct the file."
        ) from error
