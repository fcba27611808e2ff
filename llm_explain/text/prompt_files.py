"""Files under ``prompts/``, where every word that a person or a model reads is kept."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

from llm_explain.errors import PromptError


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


def locales() -> tuple[str, ...]:
    """Return the locales that texts can be written in.

    Returns:
        Names of the folders under ``prompts/`` that have a lexicon, sorted.
    """
    return tuple(sorted(path.parent.name for path in prompts_root().glob("*/lexicon.yaml")))


def read_prompt_file(*parts: str) -> tuple[str, str]:
    """Return the text of a file under ``prompts/`` and its hash.

    Args:
        *parts: Path below ``prompts/``.

    Returns:
        The text, and ``sha256:`` with its hash.

    Raises:
        PromptError: If the file is missing or not UTF-8.
    """
    path = prompts_root().joinpath(*parts)
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
