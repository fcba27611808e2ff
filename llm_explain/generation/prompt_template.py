"""Jinja prompts that a language model reads, strict and sandboxed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_explain.errors import PromptError
from llm_explain.text.prompt_files import read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.generation.briefs import Brief
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Tone

_SLOT = re.compile(r"\{([a-z_]+)\}")
_FRONT_MATTER = re.compile(r"\A\{#-?\s*version:\s*(\S+)\s*-?#\}")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation that a chat model reads.

    Attributes:
        role: ``system``, ``user`` or ``assistant``.
        content: What is said.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model reads to write a skeleton: kinds, tone and slots, never a name or a number.

    Attributes:
        messages: The conversation; the model answers it.
        kinds: Claim kinds that the skeleton is to state, strongest first.
        tone: Tone that was asked for.
        origin: Template name and hash.
        slots: Slots that it is to use, each once; empty for those that its kinds require.
        grammar: Grammar that a constrained model keeps to; empty for each slot once in any order.
        locale: Locale whose verifier reads along; empty for none.
        brief: What the sentence is to hold; ``None`` for a prompt of examples.
    """

    messages: tuple[Message, ...]
    kinds: tuple[str, ...]
    tone: Tone
    origin: str
    slots: tuple[str, ...] = ()
    grammar: str = ""
    locale: str = ""
    brief: Brief | None = None


class PromptTemplate:
    """A Jinja prompt of one locale; strict and sandboxed.

    Args:
        lexicon: The locale's words.
        name: File name below the locale's folder, without ``.j2``.

    Attributes:
        origin: ``name@sha256:…`` for the provenance of a text.
        version: Version from the front matter.

    Raises:
        PromptError: If the file is missing, has no version or is no valid Jinja.
    """

    def __init__(self, lexicon: Lexicon, name: str = "prompt") -> None:
        source, digest = read_prompt_file(lexicon.locale, f"{name}.j2")
        front_matter = _FRONT_MATTER.match(source)
        if front_matter is None:
            raise PromptError(
                f"{name}.j2 starts with {source[:20]!r} but a version is needed. "
                "Begin the file with {# version: 1 #}."
            )
        self.version = front_matter.group(1)
        self._locale = lexicon.locale
        self._words = lexicon.words
        self.origin = f"{lexicon.locale}/{name}@{digest}"
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise PromptError(f"{name}.j2 is no valid Jinja ({error}) but must be. Correct the file.") from error

    def render(self, kinds: Sequence[str], *, tone: Tone, examples: Sequence[tuple[Sequence[str], str]] = ()) -> Prompt:
        """Return the prompt that asks for one skeleton.

        Args:
            kinds: Claim kinds, strongest first.
            tone: ``friendly``, ``concise`` or ``formal``.
            examples: Other kinds with a skeleton written for them.

        Returns:
            The conversation.
        """
        tasks = {kind: words.prompt.task for kind, words in self._words.items()}
        messages = self._render({"kinds": list(kinds), "tone": tone, "examples": list(examples), "task_of": tasks})
        slots = tuple(slot for kind in kinds for slot in self._words[kind].slots.required)
        return Prompt(messages=messages, kinds=tuple(kinds), tone=tone, origin=self.origin, slots=slots)

    def render_facts(self, kinds: Sequence[str], values: Mapping[str, str], *, tone: Tone) -> Prompt:
        """Return the prompt that asks for one finished sentence, names and values included.

        Args:
            kinds: Claim kinds, in the order in which a sentence states them.
            values: Rendered values by slot, ``item`` among them.
            tone: ``friendly``, ``concise`` or ``formal``.

        Returns:
            The conversation.
        """

        def fill(kind: str) -> str:
            prompt = self._words[kind].prompt
            return _SLOT.sub(lambda slot: _said(slot.group(1), values, prompt.optional), prompt.fact)

        messages = self._render({"kinds": list(kinds), "tone": tone, "item": values["item"], "fill": fill})
        return Prompt(messages=messages, kinds=tuple(kinds), tone=tone, origin=self.origin)

    def render_brief(self, brief: Brief, *, grammar: str = "") -> Prompt:
        """Return the prompt that asks a tuned model for one skeleton.

        Args:
            brief: What the sentence is to hold.
            grammar: Grammar that a constrained model keeps to.

        Returns:
            The conversation.
        """
        messages = self._render({"brief": brief})
        return Prompt(messages, brief.kinds, brief.tone, self.origin, brief.slots, grammar, self._locale, brief)

    def _render(self, content: dict[str, Any]) -> tuple[Message, ...]:
        try:
            return _messages(self._template.render(content))
        except TemplateError as error:
            raise PromptError(f"{self.origin} cannot be rendered ({error}). Correct the template.") from error


def _said(slot: str, values: Mapping[str, str], optional: Mapping[str, str]) -> str:
    """Return a value with the words before it; nothing for one that the claims do not give."""
    return optional.get(slot, "") + values[slot] if slot in values else ""


def _messages(rendered: str) -> tuple[Message, ...]:
    """Split a rendered prompt at its ``=== role`` lines."""
    blocks = re.split(r"^=== (system|user|assistant)[ \t]*$", rendered, flags=re.MULTILINE)[1:]
    return tuple(Message(role, content.strip()) for role, content in zip(blocks[::2], blocks[1::2], strict=True))
