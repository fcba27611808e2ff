"""Files under ``prompts/``, where every word that a person or a model reads is kept."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from llm_explain.errors import PromptError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader in C takes a tenth of the time."""

EXTRA = "LLM_EXPLAIN_PROMPTS"
"""Environment variable that names a folder with more locales."""

LEXICON = "lexicon.yaml"


class StrictModel(BaseModel):
    """Content of a file under ``prompts/``: immutable, and an unknown entry is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Content = TypeVar("Content", bound=BaseModel)


@cache
def prompts_root() -> Path:
    """Return the folder that holds every word: inside the installed package, or at the top of a checkout.

    Returns:
        An existing folder.

    Raises:
        PromptError: If neither place has it.
    """
    packaged = Path(str(resources.files("llm_explain"))) / "prompts"
    checkout = packaged.parent.parent / "prompts"
    for root in (packaged, checkout):
        if root.is_dir():
            return root
    raise PromptError(f"prompts/ is missing at {packaged} but the package needs it. Install llm-explain again.")


def locale_root(locale: str) -> Path:
    """Return the prompts folder that holds a locale.

    Args:
        locale: Name of a folder.

    Returns:
        The folder that ``LLM_EXPLAIN_PROMPTS`` names, if it holds the locale; else the package's own.
    """
    own = os.environ.get(EXTRA)
    return Path(own) if own and (Path(own) / locale / LEXICON).is_file() else prompts_root()


def locales() -> tuple[str, ...]:
    """Return the locales that texts can be written in.

    Returns:
        Names of the folders with a lexicon, under ``prompts/`` and under ``LLM_EXPLAIN_PROMPTS``, sorted.
    """
    return _locales(prompts_root(), os.environ.get(EXTRA))


@cache
def _locales(packaged: Path, own: str | None) -> tuple[str, ...]:
    roots = [packaged, *([Path(own)] if own else [])]
    return tuple(sorted({path.parent.name for root in roots for path in root.glob(f"*/{LEXICON}")}))


def read_prompt_file(*parts: str) -> tuple[str, str]:
    """Return the text of a file under ``prompts/`` and its hash.

    Args:
        *parts: Path below ``prompts/``.

    Returns:
        The text, and ``sha256:`` with its hash.

    Raises:
        PromptError: If the file is missing or not UTF-8.
    """
    path = locale_root(parts[0]).joinpath(*parts)
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise PromptError(
            f"{'/'.join(parts)} is missing but a file under prompts/ is needed. Locales there: {', '.join(locales())}."
        ) from error
    except UnicodeDecodeError as error:
        raise PromptError(f"{path} is not UTF-8 but UTF-8 text is needed. Save it as UTF-8.") from error
    return text, f"sha256:{hashlib.sha256(data).hexdigest()}"


def read_yaml(locale: str, name: str, model: type[Content]) -> tuple[Content, str]:
    """Return a YAML file of a locale, checked against its schema, and its hash.

    Args:
        locale: A folder under ``prompts/``.
        name: Name of the file.
        model: Schema of the content.

    Returns:
        The content, and ``sha256:`` with the hash of the file.

    Raises:
        PromptError: If the file is missing, is no YAML or breaks the schema.
    """
    text, digest = read_prompt_file(locale, name)
    try:
        return model.model_validate(yaml.load(text, Loader=LOADER)), digest  # noqa: S506  both are safe loaders
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"{locale}/{name} breaks its schema ({error}). Correct the file.") from error
