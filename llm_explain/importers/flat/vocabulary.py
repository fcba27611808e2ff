"""What headers and words of exports mean: ``headers.yaml``, ``formats.yaml`` and ``prompts/*/import.yaml``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import prompts_root

HERE: Final = Path(__file__).parent
CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
Read = TypeVar("Read", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Headers(_Strict):
    """Headers of one kind of column.

    Attributes:
        names: Whole headers in normal form, best first.
        patterns: Regular expressions of other headers.
    """

    names: tuple[str, ...]
    patterns: tuple[str, ...] = ()

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Place of each header, from 0."""
        return {normal(name): rank for rank, name in reversed(list(enumerate(self.names)))}

    def rank(self, header: str) -> int | None:
        """Return how good a header is for this kind of column; 0 is best, ``None`` means not at all."""
        if (known := self.ranks.get(header)) is not None:
            return known
        for number, pattern in enumerate(self.patterns):
            if re.search(pattern, header):
                return len(self.names) + number
        return None


class Format(_Strict):
    """An export that a few headers identify.

    Attributes:
        name: What the report calls it.
        has: Headers that must be there.
        any: Headers of which one must be there; none are needed if empty.
        never: Headers that must not be there.
        only: Whether all other columns are left out.
        kind: Event kind of its rows, if it is known.
        columns: Name by header; an empty name leaves the column out.
    """

    name: str
    has: tuple[str, ...]
    any: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    only: bool = False
    kind: str | None = None
    columns: dict[str, str]

    def fits(self, headers: set[str]) -> bool:
        """Return whether headers in normal form are those of this format."""
        has = {normal(name) for name in self.has}
        some = {normal(name) for name in self.any}
        never = {normal(name) for name in self.never}
        return has <= headers and (not some or bool(some & headers)) and not never & headers

    @cached_property
    def names(self) -> dict[str, str]:
        """Name by header in normal form."""
        return {normal(header): name for header, name in self.columns.items()}


class _HeaderFile(_Strict):
    version: Literal["1"]
    columns: dict[str, Headers]


class _FormatFile(_Strict):
    version: Literal["1"]
    formats: tuple[Format, ...]


class Words(_Strict):
    """Words of one language that an import reads (``prompts/<locale>/import.yaml``).

    Attributes:
        version: Version of the file's form.
        event_kinds: Words of exports by event kind.
        statuses: Words for the state of an order that undo it, by event kind.
        file_kinds: Words of file names by event kind.
        channels: Words of exports for where an event happened, by channel.
        available: Words for an item that is on sale.
        placeholders: Texts that stand for no value.
        no_products: Regular expressions of titles and item ids that are no products, by reason.
        faulty_titles: Regular expressions of titles that are notes.
        collections: Regular expressions of categories that are no kind of product, such as a sale.
        roots: First names of category paths that say nothing.
        rewritten: Words by the regular expression that they replace in names.
        acronyms: Words that stay in capitals.
        proper_names: Names with their capitals.
        sensitive: Beginnings of words in sensitive names, by reason.
        sensitive_exceptions: Regular expressions of names that begin like sensitive ones.
        stop_words: Words that name no kind of product.
        word_endings: Endings of a word's plural, longest first.
    """

    version: Literal["1"]
    event_kinds: dict[str, tuple[str, ...]] = {}
    statuses: dict[str, tuple[str, ...]] = {}
    file_kinds: dict[str, tuple[str, ...]] = {}
    channels: dict[str, tuple[str, ...]] = {}
    available: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    no_products: dict[str, tuple[str, ...]] = {}
    faulty_titles: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    rewritten: dict[str, str] = {}
    acronyms: tuple[str, ...] = ()
    proper_names: tuple[str, ...] = ()
    sensitive: dict[str, tuple[str, ...]] = {}
    sensitive_exceptions: tuple[str, ...] = ()
    stop_words: tuple[str, ...] = ()
    word_endings: tuple[str, ...] = ()


def normal(header: str) -> str:
    """Return a header in the form in which headers are compared.

    Args:
        header: A header as a file has it.

    Returns:
        Lower case words without accents and with single spaces: "InvoiceNo" and "invoice_no" become "invoice no".
    """
    text = CAMEL.sub(" ", header.strip().replace("#", " no "))
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


@cache
def headers() -> dict[str, Headers]:
    """Return the known headers by kind of column."""
    return _read(HERE / "headers.yaml", _HeaderFile).columns


@cache
def formats() -> tuple[Format, ...]:
    """Return the known formats."""
    return _read(HERE / "formats.yaml", _FormatFile).formats


@cache
def words() -> Words:
    """Return the words of all locales together, because a shop's export may be in another language than its texts."""
    merged: dict[str, Any] = {"version": "1"}
    for path in sorted(prompts_root().glob("*/import.yaml")):
        for name, value in _read(path, Words).model_dump(exclude_unset=True).items():
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
    """Return the words of one locale; those of English where it has none."""
    path = prompts_root() / locale / "import.yaml"
    return _read(path if path.exists() else prompts_root() / "en" / "import.yaml", Words)


def is_known_header(header: str) -> bool:
    """Return whether a header names a column that an import can use."""
    name = normal(header)
    return any(name in columns.ranks for columns in headers().values())


def _read(path: Path, model: type[Read]) -> Read:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  "null" is a word here
        return model.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{path}: breaks its schema ({error}) but the import needs it. Correct the file.") from error
