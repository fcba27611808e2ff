"""Regular expressions of the lexicon in the dialect of llguidance, which knows no assertions and no word boundaries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llm_explain.text.skeleton import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARKS = " ,.;:!?'’\"“”()–—-"  # the hyphen last, as a class wants it
MARK = f"[{_MARKS}]"
_AT_MARK = (*_MARKS, "[")
"""How a pattern begins that begins with a mark: with one, or with a class of them."""

BARE_SLOT = re.compile(r"(?<!\\)\{([a-z_]+)\}")
"""A slot as the lexicon writes it: in braces that are not escaped."""

LOOK_AROUND = re.compile(r"\(\?<?[=!]")
"""Beginning of an assertion about what stands before or after a match."""

_GAP = re.compile(r"\[\^([^\]]*)\]\*\??(\(\\\{item\\\}\[\^[^\]]*\]\*\)\?)?(?=( )?)")
"""Where a pattern of the lexicon passes over anything within a clause or a sentence, be it with the item in it."""


def plain_pattern(pattern: str, words: str) -> str | None:
    """Return a pattern of the lexicon in llguidance's dialect.

    Args:
        pattern: Regular expression with slots in braces.
        words: Expression of the words that may stand where the pattern passes over anything.

    Returns:
        An expression that matches the same, whatever surrounds it; ``None`` if no expression can.
    """

    def gap(match: re.Match[str]) -> str:
        mark = f"[{''.join(sign for sign in _MARKS if sign not in match.group(1))}]"
        unit = rf"({words}|\{{{ITEM}\}})" if match.group(2) else words
        return f"({mark}+{unit})*{'' if match.group(3) else f'{mark}+'}"

    plain = without_look_around(BARE_SLOT.sub(r"\\{\1\\}", pattern)).replace(r"\b", "").replace("(?:", "(")
    bare = re.sub(r"\\.|\[[^\]]*\]", "", plain)  # without escapes and classes
    return None if bare.count("(") != bare.count(")") or "^" in bare or "$" in bare else _GAP.sub(gap, plain)


def from_mark(pattern: str) -> str:
    """Return the part of a plain pattern whose matches begin with a mark or a space: a word may end right before them.

    Args:
        pattern: Expression.

    Returns:
        The expression of those matches; empty where there are none.
    """
    if not pattern.startswith("("):
        return pattern if pattern.startswith(_AT_MARK) else ""
    depth, start, branches = 0, 1, []
    without_classes = re.sub(r"\[[^\]]*\]", lambda match: "x" * len(match.group(0)), pattern)
    for place, character in enumerate(without_classes):
        depth += (character == "(") - (character == ")")
        if (depth == 1 and character == "|") or not depth:
            branches.append(pattern[start:place])
            start = place + 1
        if not depth:
            break
    rest = pattern[start:]
    marked = "|".join(branch for branch in branches if branch.startswith(_AT_MARK))
    if rest.startswith("?"):
        later = from_mark(rest[1:])
        return "|".join(filter(None, (f"({marked}){rest[1:]}" if marked else "", later)))
    return f"({marked}){rest}" if marked else ""


def without_look_around(pattern: str) -> str:
    """Return a regular expression without its assertions about what stands around a match.

    Args:
        pattern: Expression.

    Returns:
        One that matches at least as much.
    """
    while match := LOOK_AROUND.search(pattern):
        depth, end, is_class = 1, match.end(), False
        while depth:
            character = pattern[end]
            if character == "\\":
                end += 2
                continue
            is_class = (character == "[") if not is_class else character != "]"
            depth += 0 if is_class else (character == "(") - (character == ")")
            end += 1
        pattern = pattern[: match.start()] + pattern[end:]
    return pattern


def trie_pattern(words: Iterable[str]) -> str:
    """Return a regular expression that matches exactly some words and shares their beginnings.

    Args:
        words: Different words.

    Returns:
        The expression.
    """
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for character in word:
            node = node.setdefault(character, {})
        node[""] = {}
    return _alternatives(root)


def _alternatives(node: dict[str, Any]) -> str:
    branches = [re.escape(character) + _alternatives(after) for character, after in sorted(node.items()) if character]
    if not branches:
        return ""
    is_word = "" in node
    return branches[0] if len(branches) == 1 and not is_word else f"({'|'.join(branches)}){'?' if is_word else ''}"
