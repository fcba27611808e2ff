"""The lines of a message: written from ``prompts/<locale>/campaign.yaml`` and read back whole before they are used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, islice
from string import Formatter
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.errors import PromptError
from llm_explain.records import Claim
from llm_explain.text.prompt_files import read_prompt_file
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.sentence_spec import SentenceSpec
from llm_explain.text.skeleton import ITEM, ITEM_LABEL
from llm_explain.text.values import Facts, ValueWriter
from llm_explain.verifier.proof import ValueProof
from llm_explain.verifier.rules import Role, Rules

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from llm_explain.records import Fact
    from llm_explain.text.lexicon import Lexicon

FILE = "campaign.yaml"
MAX_SUBJECT = 60
"""Characters of a subject that mail programs show; more are cut."""

MAX_PUSH = 120
"""Characters of the text of a notification."""

Form = Literal["lines", "subjects", "rests"]
"""Section of the file of words: whole lines, shorter ones for subjects, or what these leave out."""

COUPON = "coupon"
NUMBER = "number"
"""Slot of the item's id, empty for an item that its title tells."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Writer(_Strict):
    lines: dict[str, tuple[str, ...]]
    subjects: dict[str, tuple[str, ...]]
    rests: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, str]]
    subject: str
    nameless_subject: str
    footer: str
    nameless_footer: str
    unsubscribe: str


class _Role(_Strict):
    reads: str
    holds: str


class _Verifier(_Strict):
    lines: dict[str, tuple[str, ...]]
    roles: dict[str, _Role]


class _File(_Strict):
    version: Literal[1]
    writer: _Writer
    verifier: _Verifier


@dataclass(frozen=True, slots=True)
class _Roles:
    """Roles by slot, and the kind of offer of each slot: those of the claim kinds and those of coupons."""

    roles: Mapping[str, Role]
    kind_of_slot: Mapping[str, str]


class CampaignLines:
    """Writes the lines of offers and proves them.

    Args:
        lexicon: The locale's words, with the shop's currency.

    Raises:
        PromptError: If the locale's ``campaign.yaml`` is missing or breaks its schema.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        text, _ = read_prompt_file(lexicon.locale, FILE)
        try:
            content = _File.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise PromptError(f"{lexicon.locale}/{FILE} breaks its schema ({error}). Correct the file.") from error
        self.unsubscribe = content.writer.unsubscribe
        self._writer, self._verifier = content.writer, content.verifier
        self._names = ReferringExpressions(lexicon)
        self._values = ValueWriter(lexicon, more=content.writer.values)
        rules = Rules(lexicon)
        own = {
            slot: Role(reads=role.reads, holds=role.holds, stands=()) for slot, role in content.verifier.roles.items()
        }
        kinds = {**rules.kind_of_slot, **dict.fromkeys(own, COUPON)}
        self._proof = ValueProof(lexicon, _Roles({**rules.roles, **own}, kinds))

    def footer(self, shop_name: str) -> str:
        """Return the line that says why the user gets the message."""
        return self._writer.footer.format(shop=shop_name) if shop_name else self._writer.nameless_footer

    def subject(self, shop_name: str) -> str:
        """Return the subject of a message of whose offers no line is short enough."""
        named = self._writer.subject.format(shop=shop_name)
        return named if shop_name and len(named) <= MAX_SUBJECT else self._writer.nameless_subject

    def tells_when(self, kind: str) -> bool:
        """Return whether a line tells how often or when, in place of the sentence of a claim kind."""
        return kind in self._writer.lines and kind not in self._writer.subjects

    def name(self, title: str) -> str:
        """Return the name in a title, without size and mark; empty if the title leaves nothing readable."""
        return self._names.bare(title)

    def write(
        self,
        kind: str,
        facts: Mapping[str, Fact],
        *,
        title: str,
        as_of: dt.date,
        form: Form = "lines",
        max_length: int | None = None,
    ) -> str | None:
        """Return the first line of an offer that can be written, is proven, and is short enough.

        A subject is the offer's line; if that is too long, one of the lines for subjects.

        Args:
            kind: ``promotion`` or ``coupon``.
            facts: Facts of the offer.
            title: The item's title.
            as_of: The day that the line speaks of.
            form: ``rests`` are what a short subject leaves out, without the item; of a purchase, when it was.
            max_length: Most characters; any number if not given.

        Returns:
            The line; ``None`` if no line is true and short enough, or if a supplier speaks in the title of a subject.
        """
        label = self._names.label(title)
        if not label or (form == "subjects" and self._names.speaks(title)):
            return None
        values = {
            ITEM_LABEL: label,
            ITEM: self.name(title),
            NUMBER: "",
            **self._values.write(kind, Facts(facts, as_of, {})),
        }

        def true(patterns: Iterable[str]) -> Iterator[str]:
            for pattern in patterns:
                if {name for _, name, _, _ in Formatter().parse(pattern) if name} <= set(values):
                    line = pattern.format(**values)
                    line = line[:1].upper() + line[1:]  # some locales speak of items in lower case
                    if self.is_true(line, kind, facts, title=title, as_of=as_of):
                        yield line

        own = true(getattr(self._writer, form)[kind])
        found = chain(islice(true(self._writer.lines[kind]), 1), own) if form == "subjects" else own
        return next((line for line in found if max_length is None or len(line) <= max_length), None)

    def is_true(self, line: str, kind: str, facts: Mapping[str, Fact], *, title: str, as_of: dt.date) -> bool:
        """Return whether a line says what the facts of an offer say, and nothing else.

        Args:
            line: A finished line.
            kind: ``promotion`` or ``coupon``.
            facts: Facts of the offer.
            title: The item's title.
            as_of: The day that the line speaks of.

        Returns:
            Whether some pattern reads the whole line and each value is proven.
        """
        claim = Claim(kind, "", "", 0.0, 0.0, facts)
        return any(
            all(self._proof.holds(slot, SentenceSpec((claim,), title, as_of, values=values)) for slot in values)
            for values in self._readings(line, kind)
        )

    def _readings(self, line: str, kind: str) -> Iterator[dict[str, str]]:
        """Yield the values of the slots of each pattern that reads the whole line."""
        for pattern in self._verifier.lines[kind]:
            expression = re.sub(r"\{(\w+)\}", r"(?P<\1>.+?)", pattern)
            if found := re.fullmatch(expression, line):
                yield {slot: value for slot, value in found.groupdict().items() if value is not None}
