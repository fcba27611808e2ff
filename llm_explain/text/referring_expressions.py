"""Names of the catalogue as one says them within a sentence, and as they stand before a colon."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.numbers import get_decimal_symbol

from llm_explain.text.category_names import PATH, plain
from llm_explain.text.import_words import word_list, words
from llm_explain.text.name_cleaning import clean_name
from llm_explain.text.name_dictionary import SOURCE_LOCALE, load_name_dictionary
from llm_explain.text.word_boundaries import UNSPACED, bounded

if TYPE_CHECKING:
    from llm_explain.text.lexicon import GenderForms, Lexicon, NameForms

_CACHED = 16_384
MOST_WORDS = 4
"""A category or a brand of so many words may be a phrase; three signs of a script without spaces are one."""

MOST_SIZE_WORDS = 2
"""Words of a size besides its number; what is longer is no size."""

_BREAK = re.compile("[,，、;；:：]")
_SIGNS = re.compile(rf"[^{UNSPACED}]")
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"(?<=[«“])\w")
_SENTENCES = re.compile(r"[.?!]\s+\S|[。？！]\s*\S")


class ReferringExpressions:
    """Says names in one locale's manner.

    A title such as "Rice cakes, 4.5 oz (store brand)" is a label. Within a sentence the recommended item is "these rice
    cakes", which only it can be; another item keeps its size, "rice cakes (4.5 oz, store brand)", since that tells it
    from its like. Number and gender are those of the dictionaries. A title that is no common noun is quoted, where the
    locale does so: "because you bought “The Great Gatsby”". Names that the locale's dictionaries have are said in its
    words.

    Args:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._locale = lexicon.locale
        self._words = lexicon.spoken_names
        self._decimal = get_decimal_symbol(lexicon.babel_locale)
        self._formats = lexicon.formats
        self._dictionary = load_name_dictionary(lexicon.locale, lexicon.region)
        plurals = word_list(lexicon.locale).plurals
        self._common_nouns = self._dictionary.common_words | {*plurals, *plurals.values()}
        self._title = re.compile(self._words.title)
        self._common = re.compile(self._words.common)
        self._common_title = re.compile(self._words.common_title or self._words.common)
        self._speaks = re.compile("|".join((self._words.speaks, _speech())), re.IGNORECASE)
        self._head = re.compile(self._words.head)
        self._many = re.compile(self._words.many)
        self._feminine = re.compile(self._words.feminine)
        self._genders = {_first(name): gender for name, gender in reversed([*self._dictionary.genders.items()])}
        self.this = lru_cache(maxsize=_CACHED)(self._this)
        self.another = lru_cache(maxsize=_CACHED)(self._another)
        self.label = lru_cache(maxsize=_CACHED)(self._labelled)
        self.is_of_many = lru_cache(maxsize=_CACHED)(self._is_of_many)
        self.is_feminine = lru_cache(maxsize=_CACHED)(self._is_feminine)
        self.is_known = lru_cache(maxsize=_CACHED)(self._is_known)

    def name(self, name: str) -> str:
        """Return a category or a brand, cleaned and limited in length.

        It is in quotation marks if a supplier speaks in it, or if it is two names of a path.

        Args:
            name: The catalogue's name.

        Returns:
            The locale's name.
        """
        cleaned = self._uncut(name)
        known = self._dictionary.find(cleaned)
        said = self._clean(known or cleaned)
        if known is None and (PATH in said or self._speaks.search(said) or self._is_phrase(said)):
            return self._words.proper.format(name=self._opened(said))
        return said if not said or self._common.search(said) else self._words.foreign.format(name=said)

    def _is_phrase(self, name: str) -> bool:
        """Return whether a name may say something: it is long, and has words that are no common nouns."""
        n_words = sum(-(-len(_SIGNS.sub("", part)) // 3) or 1 for part in name.split())
        is_long = n_words >= MOST_WORDS or (n_words == MOST_WORDS - 1 and _BREAK.search(name) is not None)
        is_common = all(word.lower() in self._common_nouns for word in _WORD.findall(name))
        return is_long and not is_common and not self._begins_with_noun(name)

    def either(self, name: str) -> str:
        """Return a category of which a user bought something: "milk or creamers", where not both have to be true.

        A part in quotation marks begins with a capital.

        Args:
            name: The catalogue's name.

        Returns:
            The locale's name.
        """
        said = self.category(name)
        if PATH in said:
            return said
        for join, other in self._words.either.items():
            said = re.sub(join, other, said)
        return _QUOTED.sub(lambda letter: letter.group().upper(), said)

    def category(self, name: str) -> str:
        """Return a category as it stands within a sentence.

        Args:
            name: The catalogue's name.

        Returns:
            The locale's name; in lower case if each of its words is a common noun, as in "Mugs & Cups". "Women ›
            Jackets" are "women's jackets".
        """
        parts = self._uncut(name).split(PATH)
        for audience, things in (parts, parts[::-1]) if len(parts) == 2 else ():
            if audience.lower() in self._words.audiences:
                return f"{self._words.audiences[audience.lower()]} {self.category(things)}"
        said = self.name(name)
        parts = [] if PATH in said else _WORD.findall(said)
        is_common = bool(parts) and all(part[1:].islower() and part.lower() in self._common_nouns for part in parts)
        begins_with_noun = self._begins_with_noun(said) or (
            bool(parts) and _first(said) in self._common_nouns | self._words.shelf_words
        )
        begins_with_noun |= bool(parts) and parts[0].istitle() and self._is_kind(said)
        is_common |= begins_with_noun and all(map(str.islower, parts[1:]))
        return said.lower() if is_common else said

    def _is_kind(self, name: str) -> bool:
        """Return whether a name is of many things and its first word is known to be no proper one."""
        first, brands = _first(name), self._formats.brands
        if brands is None or not self._words.proper_words or not first[1:].isalpha():
            return False
        is_proper = first in brands | _proper(self._locale) | self._words.proper_words
        return not is_proper and self._many.search(name) is not None

    def _this(self, title: str) -> str:
        """Return the recommended item as a sentence says it; empty if its title leaves nothing readable."""
        name, _, is_known = self._split(title)
        if not name or not is_known:
            return self._proper(title)
        forms = self._forms(name)
        return (forms.these_many if self._is_plural(name) else forms.this_one).format(name=name)

    def definite(self, title: str) -> str:
        """Return one of two compared items as a sentence says it: "the milk"; empty if its title leaves nothing."""
        name, _, is_known = self._split(title)
        return self._words.definite.format(name=name) if name and is_known else self._proper(title)

    def definite_label(self, title: str) -> str:
        """Return the same with the size or mark that tells it from another item of its name."""
        name, label, is_known = self._split(title)
        if not (name and is_known and label):
            return self.definite(title)
        return self._words.definite.format(name=self._words.another.format(name=name, label=label))

    def short(self, title: str, max_length: int) -> str:
        """Return another item as a short text says it: without size or mark, and cut at a word if it is still long.

        Args:
            title: The item's title.
            max_length: Most characters of the name.

        Returns:
            The name; empty if the title leaves nothing readable.
        """
        return self._short(title, max_length, article=self._article(self._short_name(title, max_length)[0]))

    def bare(self, title: str) -> str:
        """Return another item without size, mark and article; empty if the title leaves nothing readable."""
        return self._short(title, self._formats.max_name_length, article="")

    def plain(self, title: str) -> str:
        """Return another item without size and mark; empty if the title leaves nothing readable."""
        return self.short(title, self._formats.max_name_length)

    def _short(self, title: str, max_length: int, *, article: str) -> str:
        name, is_known = self._short_name(title, max_length)
        if not name or (is_known and not name[-1].isdigit() and not self._is_quoted(title)):
            return article + name
        return self._words.proper.format(name=self._opened(name))

    def short_label(self, title: str, max_length: int) -> str:
        """Return a title as it stands before a colon in a short text; the arguments are those of ``short``."""
        name, is_known = self._short_name(title, max_length)
        return name if is_known and not _SENTENCES.search(name) else self._words.proper.format(name=name)

    def _short_name(self, title: str, max_length: int) -> tuple[str, bool]:
        """Return the name in a title, cut at a word if it is long, and whether it is a common noun."""
        name, _, is_known = self._split(title)
        return clean_name(name, max_length, self._formats.ellipsis), is_known

    def _is_of_many(self, title: str) -> bool:
        """Return whether a title is a common noun of many things: "fairy lights", "Fairy lights", not "Cheerios"."""
        name, _, is_known = self._split(title)
        first, _, rest = name.partition(" ")
        is_noun = is_known or (first.istitle() and rest.islower()) or self._gender(name) != ""
        return bool(name) and is_noun and self._is_plural(name)

    def _is_feminine(self, title: str) -> bool:
        """Return whether the name in a title is known to be feminine."""
        return self._gender(self._split(title)[0]) == "feminine"

    def _is_known(self, title: str) -> bool:
        """Return whether a title is a common noun of the locale, or begins with one whose gender is known."""
        name, _, is_known = self._split(title)
        return is_known or self._gender(name) != ""

    def _gender(self, name: str) -> str:
        """Return the gender of a name, or of the noun that it begins with; empty if it is not known."""
        if gender := self._dictionary.genders.get(name.lower()):
            return gender
        if not self._begins_with_noun(name):
            return ""
        head = _first(name)
        return self._genders.get(head) or ("feminine" if self._feminine.search(head) else "masculine")

    def _begins_with_noun(self, name: str) -> bool:
        """Return whether a name begins with a noun of a locale whose nouns come first."""
        head = _first(name)
        forms = {head, *(re.sub(ending, one, head) for ending, one in self._words.singulars.items())}
        return bool(self._words.nouns) and (
            head in self._genders or not self._words.nouns.isdisjoint(map(plain, forms))
        )

    def _is_plural(self, name: str) -> bool:
        if name.lower() in self._dictionary.plurals:
            return True
        if self._dictionary.find(name) is not None or name.lower() in self._dictionary.genders:
            return False
        head = self._head.search(name)
        return self._many.search(head.group(0) if head else name) is not None

    def _another(self, title: str) -> str:
        """Return another item as a sentence says it; empty if its title leaves nothing readable."""
        name, label, is_known = self._split(title)
        if not name or not is_known:
            return self._proper(title)
        said = self._words.another.format(name=name, label=label) if label else name
        if said[-1].isdigit() or self._is_quoted(title):  # "you've bought grinder 9 4 times" reads as one number
            return self._proper(title)
        return self._article(name) + said

    def _is_quoted(self, title: str) -> bool:
        """Return whether a name is of one thing or another, or may be of one that is counted."""
        found = self._title.search(self._uncut(title))
        name = self._dictionary.find(found.group("name")) if found else None
        if re.search(self._words.several, name or title):
            return True
        return bool(self._words.articles) and name is None and not self._is_of_many(title)

    def _article(self, name: str) -> str:
        """Return what stands before a name that is of one thing."""
        if name.lower() not in self._dictionary.singulars:
            return ""
        found = (article for pattern, article in self._forms(name).articles.items() if re.search(pattern, name))
        return next(found, "")

    def _forms(self, name: str) -> NameForms | GenderForms:
        """Return how names of a name's gender are said."""
        return self._words.genders.get(self._dictionary.genders.get(name.lower(), ""), self._words)

    def _proper(self, title: str) -> str:
        """Return a title that is no common noun, as a sentence says it; empty if it leaves nothing readable."""
        whole = self._whole(title)
        return self._words.proper.format(name=self._opened(whole)) if whole else ""

    def _opened(self, name: str) -> str:
        """Return a name with a capital first letter, unless its first word is a brand or has capitals: "iPhone"."""
        first = name.partition(" ")[0]
        is_small = first.islower() and first not in (self._formats.brands or ())
        return name[:1].upper() + name[1:] if is_small else name

    def _labelled(self, title: str) -> str:
        """Return a title as it stands alone or before a colon: in quotation marks unless it is a common noun.

        No list holds every word with which a supplier may speak at the head of a line.
        """
        return self._whole(title) if self._split(title)[2] and not self.speaks(title) else self._proper(title)

    def _whole(self, title: str) -> str:
        """Return a title as it stands before a colon."""
        name, label, _ = self._split(title)
        if not name or not self._is_translated(title):
            return self._clean(title)
        return self._words.another.format(name=name, label=label) if label else name

    def _is_translated(self, title: str) -> bool:
        """Return whether the dictionaries of another language than the catalogue's have the name in a title."""
        found = self._title.search(self._uncut(title))
        is_known = found is not None and self._dictionary.find(found.group("name")) is not None
        return is_known and self._locale != SOURCE_LOCALE

    def _split(self, title: str) -> tuple[str, str, bool]:
        """Return the name and the label of a title, and whether its name is a common noun."""
        cleaned = self._uncut(title)
        found = self._title.search(cleaned)
        name = found.group("name") if found else cleaned
        known = self._dictionary.find(name)
        said = self._clean(known or self._inside(name))
        parts = (found.group("size"), found.group("mark")) if found else ()
        label = self._words.between.join(self.in_words(part) for part in parts if part)
        is_name = known is not None or self._common_title.search(said) is not None
        return said, label, is_name and not self._has_speech(title)

    def speaks(self, title: str) -> bool:
        """Return whether a title says something, so that it may head no message."""
        return self._has_speech(title) or _SENTENCES.search(self._whole(title)) is not None

    def _has_speech(self, title: str) -> bool:
        """Return whether a supplier speaks in a title: by a word, or by a size that is none ("2 weeks to no pain")."""
        cleaned = self._uncut(title)
        found = self._title.search(cleaned)
        name, size = (found["name"], found["size"]) if found else (cleaned, None)
        is_known = self._dictionary.find(name) is not None  # as "Better-for-you bacon" is
        more = cleaned[len(name) :] if is_known else cleaned
        return self._speaks.search(more) is not None or len(_WORD.findall(size or "")) > MOST_SIZE_WORDS

    def _inside(self, name: str) -> str:
        """Return a name with a small first letter where its first word is a common one."""
        first, _, rest = name.partition(" ")
        is_name = any(word[:1].isupper() for word in rest.split())
        is_common = not is_name and first[1:].islower() and first.lower() in self._dictionary.common_words
        return name[:1].lower() + name[1:] if is_common else name

    def in_words(self, label: str) -> str:
        """Return a part of a label, such as a size, in the locale's words."""
        for pattern, other in self._words.label_words.items():
            label = re.sub(pattern, other, label)
        return re.sub(r"(?<=[0-9])\.(?=[0-9])", self._decimal, label)

    def _uncut(self, name: str) -> str:
        """Return a cleaned name in its whole length, as the dictionaries have it."""
        return clean_name(name, len(name) + 1, self._formats.ellipsis)

    def _clean(self, name: str) -> str:
        return clean_name(name, self._formats.max_name_length, self._formats.ellipsis)


@cache
def _speech() -> str:
    """Return a pattern of words with which suppliers speak, in every language: their titles may be of any."""
    return bounded("|".join(words().speaks))


@cache
def _proper(locale: str) -> frozenset[str]:
    """Return languages, territories, months and days of one word in a locale, in small letters."""
    known = Locale.parse(locale)
    names = (known.languages, known.territories, known.months["format"]["wide"], known.days["format"]["wide"])
    return frozenset(name.lower() for each in names for name in each.values() if name.isalpha() and name.istitle())


def _first(name: str) -> str:
    """Return the first word of a name, in small letters."""
    return name.partition(" ")[0].rstrip(",:;").lower()
