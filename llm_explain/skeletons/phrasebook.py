"""The phrasebook: skeletons that a language model wrote ahead of time, spoken at the price of a look-up.

A file of a locale's folder, ``phrasebook.jsonl``: a first line that says who wrote it, then a line for each combination
of claim kinds and tone. Of its texts, ``sentences`` are as a model wrote them, and ``edited`` are those that a person
changed. The file is never trusted: each skeleton passes the verifier when it is first needed.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from llm_explain.errors import PromptError
from llm_explain.skeletons.sources import SkeletonSource
from llm_explain.text.prompt_files import locale_root
from llm_explain.text.skeleton import TONES
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.records import Source
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.skeleton import Skeleton, Tone

FILE = "phrasebook.jsonl"

EDITED = "edited"
"""Stands behind the model of a sentence that a person changed."""

Combination = tuple[tuple[str, ...], str]
"""Claim kinds in order, and a tone."""


@dataclass(frozen=True, slots=True)
class PhrasebookHeader:
    """What wrote a phrasebook, and what verified it.

    Attributes:
        locale: Its locale.
        model: Language model with its hash; several, in the order of their work, parted by semicolons.
        prompt: Prompt template with its hash.
        verifier: Hash of the verifier and the lexicon.
        policy: Hash of the policy that said which claim kinds may be spoken.
        version: Version of the file's form.
    """

    locale: str
    model: str
    prompt: str
    verifier: str
    policy: str
    version: int = 1

    @property
    def models(self) -> tuple[str, ...]:
        """Every language model that wrote some of it."""
        return tuple(self.model.split("; "))


@dataclass(frozen=True)
class Phrasebook:
    """Skeleton texts by combination of claim kinds and tone.

    Attributes:
        header: What wrote it.
        sentences: Texts by combination.
        digest: Hash of the file, for the provenance of a text; empty for one that was not read from a file.
        edited: Texts that a person changed.
    """

    header: PhrasebookHeader
    sentences: Mapping[Combination, Sequence[str]] = field(default_factory=dict)
    digest: str = ""
    edited: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> Phrasebook:
        """Read a phrasebook.

        Args:
            path: The file.

        Returns:
            The phrasebook, its skeletons not verified yet.

        Raises:
            PromptError: If the file is missing or is not of this form.
        """
        try:
            data = path.read_bytes()
            first, *rows = (json.loads(line) for line in data.decode("utf-8").splitlines())
            header = PhrasebookHeader(**first)
            sentences: dict[Combination, Sequence[str]] = {
                (tuple(map(str, row["kinds"])), str(row["tone"])): (*row["sentences"], *row.get("edited", ()))
                for row in rows
            }
            edited = frozenset(text for row in rows for text in row.get("edited", ()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PromptError(
                f"{path} cannot be read as a phrasebook ({error}) but a line with its header and a line for each "
                "combination are needed. Build it again with llm-explain phrasebook build."
            ) from error
        return cls(header, sentences, f"sha256:{hashlib.sha256(data).hexdigest()}", edited)

    def write(self, path: Path) -> None:
        """Write the phrasebook, a line for each combination, in one step.

        Args:
            path: The file.
        """
        rows = [
            {
                "kinds": list(kinds),
                "tone": tone,
                "sentences": [text for text in texts if text not in self.edited],
                "edited": [text for text in texts if text in self.edited],
            }
            for (kinds, tone), texts in sorted(self.sentences.items(), key=lambda each: (len(each[0][0]), each[0]))
            if texts
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in (asdict(self.header), *rows)]
        draft = path.with_name(f".{path.name}.part")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.replace(path)


class PhrasebookSource(SkeletonSource):
    """A phrasebook as a source of skeletons.

    Args:
        phrasebook: The phrasebook.
        lexicon: The locale's words.

    Attributes:
        name: ``phrasebook``.
        phrasebook: The phrasebook.
    """

    name: Source = "phrasebook"

    def __init__(self, phrasebook: Phrasebook, lexicon: Lexicon) -> None:
        self.phrasebook = phrasebook
        self._kinds = lexicon.kinds
        self._sentences = {
            (lexicon.kinds.in_order(kinds), tone): texts
            for (kinds, tone), texts in phrasebook.sentences.items()
            if lexicon.kinds.keys() >= set(kinds)
        }
        self._verifier = SkeletonVerifier(lexicon)
        self._origin = f"{phrasebook.header.locale}/{FILE}@{phrasebook.digest}"
        self._skeletons = cache(self._verified)

    @classmethod
    def of_locale(cls, lexicon: Lexicon) -> PhrasebookSource | None:
        """Return the phrasebook of a locale; ``None`` if it has none."""
        path = locale_root(lexicon.locale) / lexicon.locale / FILE
        return cls(Phrasebook.read(path), lexicon) if path.is_file() else None

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> Sequence[Skeleton]:
        """Return the verified skeletons of a combination of kinds."""
        return self._skeletons(self._kinds.in_order(kinds), tone)

    def warm_up(self, pause_seconds: float = 0.0) -> int:
        """Verify every skeleton now, so that no request waits for it.

        Args:
            pause_seconds: How long to leave the processor to others after each combination of kinds.

        Returns:
            How many skeletons there are.
        """
        n_found = 0
        for kinds, tone in self._sentences:
            if tone in TONES:
                n_found += len(self._skeletons(kinds, tone))
                time.sleep(pause_seconds)
        return n_found

    def _verified(self, kinds: tuple[str, ...], tone: Tone) -> tuple[Skeleton, ...]:
        model, edited = self.phrasebook.header.model, self.phrasebook.edited
        found = (
            self._verifier.accept(
                text, kinds, tone=tone, origin=self._origin, model=f"{model}; {EDITED}" if text in edited else model
            )
            for text in self._sentences.get((kinds, tone), ())
        )
        return tuple(skeleton for skeleton in found if skeleton is not None)


def verifier_hash(lexicon: Lexicon) -> str:
    """Return the hash of what decides whether a skeleton is accepted: the verifier's code and the lexicon.

    Args:
        lexicon: The locale's words.

    Returns:
        ``sha256:…``.
    """
    digest = hashlib.sha256(lexicon.digest.encode())
    for file in sorted(Path(str(resources.files("llm_explain") / "verifier")).glob("*.py")):
        digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()}"
