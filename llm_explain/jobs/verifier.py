"""Proves a text for a manager: the whole text must be the statements of its brief, in order, and each must hold.

The verifier shares no pattern and no expression with the writer. It fails closed: text that no pattern reads, a value
that the facts do not prove, a driver with the other sign or out of order is a fault.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from llm_explain.errors import PromptError
from llm_explain.jobs.words import VerifierWords, job_lexicon, job_section
from llm_explain.records import Fault, Verdict
from llm_explain.verifier.proof import proof_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from llm_explain.jobs.brief import Brief, Stated
    from llm_explain.records import Claim, Fact

_MACRO = re.compile(r"<([a-z_]+)>")
_NAME = re.compile(r"\(\?P<([a-z_]+)>")


_Kinds = tuple[str, tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]
"""Headline, reasons, opposing drivers, and closing statements of a text with what stands before each."""


class BriefVerifier:
    """Reads the texts of one job in one locale.

    Args:
        job: Name of the job, and of its file.
        locale: A folder under ``prompts/``, perhaps with a region.
        currency: ISO 4217 code of the amounts; ``None`` for amounts without a sign.
        unit: Unit of the counts; empty for pieces.
    """

    def __init__(self, job: str, locale: str = "en", *, currency: str | None = None, unit: str = "") -> None:
        self._words = words = job_section(locale, job, "verifier", VerifierWords)
        of_unit = {name: source.replace("{unit}", re.escape(unit)) for name, source in words.unit_macros.items()}
        self._macros = {**words.macros, **of_unit} if unit else words.macros
        self._where = f"{locale}/{job}.yaml"
        self._environment = proof_environment(job_lexicon(locale, currency))
        self._proofs = {**words.headlines, **words.kinds, **words.closing}
        self._holds = {kind: self._expression(kind, proof.holds) for kind, proof in self._proofs.items()}
        self._shared = self._expression("shared", words.shared or "true")
        self._sources = {
            kind: "|".join(self._expanded(kind, source) for source in proof.reads)
            for kind, proof in self._proofs.items()
        }
        self._patterns: dict[_Kinds, re.Pattern[str]] = {}

    def verify(self, text: str, brief: Brief) -> Verdict:
        """Return every fault of a text.

        Args:
            text: The finished text.
            brief: What it is to state.

        Returns:
            The verdict; ``ok`` if the text may be shown.
        """
        stated: list[Stated | Claim] = [brief.headline, *brief.reasons, *brief.opposing, *brief.closing]
        faults = list(_order_faults(brief))
        faults += [
            Fault("unknown_kind", f"{each.kind!r} has no proof in {self._where}")
            for each in stated
            if each.kind not in self._proofs
        ]
        if len(text) > self._words.max_length:
            faults.append(Fault("too_long", f"{len(text)} characters but at most {self._words.max_length} are allowed"))
        if faults:
            return Verdict(tuple(faults))
        match = self._pattern(brief).fullmatch(text)
        if match is None:
            return Verdict((Fault("unread", "the text is not the statements of its brief, in their order"),))
        groups = match.groupdict()
        for place, each in enumerate(stated):
            prefix = f"s{place}_"
            parts = {
                re.sub(r"_\d+$", "", name.removeprefix(prefix)): value
                for name, value in groups.items()
                if name.startswith(prefix) and value is not None
            }
            if not self._is_proven(each.kind, parts, each.facts, brief):
                faults.append(Fault("unproven_value", f"{each.kind}: {parts} does not follow from {dict(each.facts)}"))
        return Verdict(tuple(faults))

    def _is_proven(self, kind: str, parts: Mapping[str, str], facts: Mapping[str, Fact], brief: Brief) -> bool:
        names = {**parts, "facts": SimpleNamespace(**facts), "as_of": brief.as_of, "direction": brief.direction}
        try:
            return bool(self._holds[kind](names)) and bool(self._shared(names))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return False  # what cannot be read is not proven

    def _pattern(self, brief: Brief) -> re.Pattern[str]:
        """Return the regular expression of a whole text with the kinds of a brief."""
        reasons, opposing = (tuple(each.kind for each in group) for group in (brief.reasons, brief.opposing))
        closing = tuple((each.kind, self._lead(each)) for each in brief.closing)
        key = (brief.headline.kind, reasons, opposing, closing)
        if key not in self._patterns:
            self._patterns[key] = re.compile(self._source(*key), re.DOTALL)
        return self._patterns[key]

    def _lead(self, closing: Stated) -> str:
        """Return the regular expression before a closing statement; a claim says whether it is against the headline."""
        grammar = self._words.grammar
        return (
            ""
            if closing.kind not in self._words.kinds
            else grammar.yet
            if closing.facts["is_against"]
            else grammar.also
        )

    def _source(
        self,
        headline: str,
        reasons: tuple[str, ...],
        opposing: tuple[str, ...],
        closing: tuple[tuple[str, str], ...],
    ) -> str:
        grammar = self._words.grammar
        numbered = iter(range(100))

        def part(kind: str) -> str:
            place = next(numbered)
            count = iter(range(1000))
            return (
                f"(?:{_NAME.sub(lambda match: f'(?P<s{place}_{match.group(1)}_{next(count)}>', self._sources[kind])})"
            )

        source, proof = part(headline), self._proofs[headline]
        between = f"(?:{grammar.between})"
        for kinds, before in (
            (reasons, proof.reasons or grammar.reasons),
            (opposing, proof.opposing or grammar.opposing),
        ):
            if kinds:
                source += f"(?:{before})" + between.join(map(part, kinds))
        source += f"(?:{grammar.end})"
        return source + "".join(f"(?:{grammar.next}){lead}{part(kind)}(?:{grammar.end})" for kind, lead in closing)

    def _expanded(self, kind: str, source: str) -> str:
        expanded = source
        while match := _MACRO.search(_NAME.sub(lambda name: " " * len(name.group(0)), expanded)):
            name = match.group(1)
            if name not in self._macros:
                raise PromptError(f"{self._where}: macro <{name}> of {kind} is unknown. Define it under macros.")
            expanded = expanded[: match.start()] + self._macros[name] + expanded[match.end() :]
        try:
            re.compile(_NAME.sub("(?:", expanded))
        except re.error as error:
            raise PromptError(
                f"{self._where}: {kind} reads {source!r}, which is invalid ({error}). Correct it."
            ) from error
        return expanded

    def _expression(self, kind: str, source: str) -> Callable[..., Any]:
        try:
            return self._environment.compile_expression(source)
        except TemplateError as error:
            raise PromptError(f"{self._where}: {kind} holds {source!r} ({error}). Correct it.") from error


def _order_faults(brief: Brief) -> Iterator[Fault]:
    """Yield a fault for each driver with the other sign, and for drivers out of order."""
    for claims, sign in ((brief.reasons, brief.direction), (brief.opposing, -brief.direction)):
        yield from _sign_faults(claims, sign)
        sizes = [abs(claim.phi) for claim in claims]
        if sizes != sorted(sizes, reverse=True):
            yield Fault("order", "the drivers are not in the order of their attributions")


def _sign_faults(claims: Sequence[Claim], sign: int) -> Iterator[Fault]:
    for claim in claims:
        if not claim.phi * sign > 0:
            yield Fault("sign", f"{claim.kind} has phi {claim.phi:.4g} but is told as a driver of sign {sign}")
