"""Words that an import reads, such as those for returns, postage and sensitive things (``prompts/*/import.yaml``)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import StrictModel, prompts_root

if TYPE_CHECKING:
    from pathlib import Path

Read = TypeVar("Read", bound=BaseModel)

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""PyYAML's loader of texts; the one in C takes a tenth of the time."""


class Words(StrictModel):
    """Words of one language that an import reads (``prompts/<locale>/import.yaml``).

    Attributes:
        version: Version of the file's form.
        event_kinds: Words of exports by event kind.
        event_objects: Words for items that stand next to a word of an event kind.
        statuses: Words for the state of an order that undo it, by event kind.
        status_patterns: Regular expressions of other such states, in the form of a header.
        file_kinds: Words of file names by event kind.
        channels: Words of exports for where an event happened, by channel.
        available: Words for an item that is on sale.
        unavailable: Words for an item that is not.
        placeholders: Texts that stand for no value.
        no_products: Regular expressions of titles and item ids that are no products, by reason.
        faulty_titles: Regular expressions of titles that are notes.
        collections: Regular expressions of categories that are no kind of product, such as a sale.
        roots: First names of category paths that say nothing.
        rewritten: Words by the regular expression that they replace in names.
        inverted: Regular expressions of names with their article behind, for a catalogue that writes names so.
        acronyms: Words that stay in capitals.
        proper_names: Names with their capitals.
        sensitive: Beginnings of words in sensitive names, by reason.
        sensitive_exceptions: Regular expressions of names that begin like sensitive ones.
        harmless: Regular expressions of names that begin like sensitive ones of another language.
        speaks: Regular expressions of words with which a supplier speaks in a name; such names are quoted.
        audiences: Categories that say for whom or how large an item is, or too little, as "Clothing" does.
        stop_words: Words that name no kind of product.
        word_endings: Endings of a word's plural, longest first.
        plurals: Plurals of words for things, by the word.
        plural_rules: Plurals of other words for things, by a regular expression of the word; the first match decides.
        language: Regular expression that a text of this language contains.
        other_language: Regular expression of another language with the same letters; its texts count against this one.
        capitals: Which words of a name have a capital: the ``first``, or ``all`` but stop words.
    """

    version: Literal["1"]
    event_kinds: dict[str, tuple[str, ...]] = {}
    event_objects: tuple[str, ...] = ()
    statuses: dict[str, tuple[str, ...]] = {}
    status_patterns: dict[str, tuple[str, ...]] = {}
    file_kinds: dict[str, tuple[str, ...]] = {}
    channels: dict[str, tuple[str, ...]] = {}
    available: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    no_products: dict[str, tuple[str, ...]] = {}
    faulty_titles: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    rewritten: dict[str, str] = {}
    inverted: tuple[str, ...] = ()
    acronyms: tuple[str, ...] = ()
    proper_names: tuple[str, ...] = ()
    sensitive: dict[str, tuple[str, ...]] = {}
    sensitive_exceptions: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ()
    audiences: frozenset[str] = frozenset()
    stop_words: tuple[str, ...] = ()
    word_endings: tuple[str, ...] = ()
    plurals: dict[str, str] = {}
    plural_rules: dict[str, str] = {}
    language: str = ""
    other_language: str = ""
    capitals: Literal["first", "all"] = "first"


@cache
def words() -> Words:
    """Return the words of all locales together, because a shop's export may be in another language than its texts."""
    merged: dict[str, Any] = {"version": "1"}
    for path in sorted(prompts_root().glob("*/import.yaml")):
        for name, value in read_words(path, Words).model_dump(exclude_unset=True).items():
            if isinstance(value, dict):
                old = merged.setdefault(name, {})
                merged[name] = {k: _joined(old.get(k), v) for k, v in {**old, **value}.items()}
            elif isinstance(value, list | tuple):
                merged[name] = (*merged.get(name, ()), *value)
    return Words.model_validate(merged)


def _joined(old: Any, new: Any) -> Any:
    return tuple(dict.fromkeys((*old, *new))) if isinstance(new, list | tuple) and old is not None else new


@cache
def word_list(locale: str) -> Words:
    """Return the words of a locale, such as ``pt`` for ``pt-BR``; none if its language has no file."""
    paths = (prompts_root() / name / "import.yaml" for name in (locale, locale.partition("-")[0]))
    path = next((path for path in paths if path.exists()), None)
    return read_words(path, Words) if path else Words(version="1")


def read_words(path: Path, model: type[Read]) -> Read:
    """Read a YAML file in which every value is text, and check its form.

    Args:
        path: The file.
        model: Its form.

    Returns:
        The content.

    Raises:
        PromptError: If the file is missing or of another form.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  "null" is a word here
        return model.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{path}: breaks its schema ({error}) but the import needs it. Correct the file.") from error
