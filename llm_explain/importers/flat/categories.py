"""One category for each item, from paths and lists of categories."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.flat.names import HASH, clean, is_shouted, sentence_case
from llm_explain.importers.flat.values import each_value
from llm_explain.importers.flat.vocabulary import headers, normal
from llm_explain.text.category_names import PATH, TitleWords, in_plural
from llm_explain.text.import_words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS: Final = (">", "»", "›", " / ", " :: ")
"""What stands between the names of a path, the surest first. A slash without spaces may be a part of a name."""

LISTS: Final = ("|", ";")
DOTTED: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")
LEAST_PATHS: Final = 0.3
CODE: Final = re.compile(r"(?:^|[>|/;]\s*)(\d+)(?:\.0)?\s*$")
QUOTED: Final = re.compile(r"\"([^\"]+)\"|'([^']+)'")
FLAGS: Final = ("0", "1", "0.0", "1.0", "false", "true", "False", "True")
LEAST_FLAGS: Final = 5
MOST_SET: Final = 4
MOSTLY: Final = 0.9
LEAST_LISTS: Final = 3
LEAST_SHARED: Final = 0.5
LEAST_ITEMS: Final = 20
"""A category with fewer items is too rare to speak for an item that has a commoner one."""


def category_table(column: pd.Series, titles: pd.Series, locale: str = "en") -> pd.DataFrame:
    """Choose one category for each item.

    The last name of a path stands alone, unless it does not say what the items are. Then the category is, for
    example, "Sheet music › Piano".

    Args:
        column: Categories as the export has them: names, paths such as ``Home > Kitchen > Mugs``, or lists.
        titles: Titles of the items.
        locale: Language of the shop.

    Returns:
        ``category``, the name that stands for the item, and ``categories``, all its paths joined by ``|``. Of several
        categories the most specific stands for the item: the deepest path, then the rarest name that is common enough.
    """
    column = each_value(column, _unbracketed)
    splitter = Splitter.of(column.dropna().unique().tolist())
    paths = each_value(column, splitter.paths)
    named = paths.map(lambda found: found or None, na_action="ignore")
    leaves = named.explode().dropna().map(lambda path: path[-1])
    counts = leaves.value_counts()
    single = named.map(lambda found: _most_specific(found, counts), na_action="ignore")
    unclear = _unclear(single[single.str.len() > 1], titles, locale)
    is_loud = is_shouted(single.dropna().map(lambda path: str(path[-1])).unique().tolist())

    def said(path: tuple[str, ...]) -> str:
        names = [sentence_case(name, locale) if is_loud else name for name in path[-2:]]
        return PATH.join(names) if len(names) > 1 and path[-1] in unclear else in_plural(names[-1], locale)

    single = single.map(said, na_action="ignore")
    every = named.map(lambda found: "|".join(" > ".join(path) for path in found), na_action="ignore")
    return pd.DataFrame({"category": single.astype("str"), "categories": every.astype("str")}, index=column.index)


def with_flags_as_list(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of items whose categories are columns of 0 and 1 with one column of lists instead.

    Args:
        frame: Text columns.

    Returns:
        The table. Without a column of categories, users or times, at least five columns hold 0 and 1 alone, and nearly
        each row has one to four of them set; else the table as it is.
    """
    told = {str(c): {name for name, of in headers().items() if of.rank(normal(str(c))) is not None} for c in frame}
    flags = [c for c, names in told.items() if names <= {"kind"} and frame[c].head(LEAST_ITEMS).isin([*FLAGS]).all()]
    known = {"category", "user_id", "timestamp"} & {name for names in told.values() for name in names}
    if known or len(flags) < LEAST_FLAGS or not frame[flags].isin([*FLAGS]).all(axis=None):
        return frame
    is_set = frame[flags].isin([*FLAGS[1::2]])
    if is_set.any(axis=1).mean() < MOSTLY or is_set.sum(axis=1).mean() > MOST_SET:
        return frame
    lists = ["|".join(compress(flags, row)) for row in is_set.to_numpy()]
    return frame.drop(columns=flags).assign(category=lists)


def _unbracketed(text: str) -> str:
    """Return a list such as ``["news", "sport"]`` as "news|sport"; other texts stay as they are."""
    bare = text.strip()
    if not (bare.startswith("[") and bare.endswith("]")):
        return text
    quoted = [first or second for first, second in QUOTED.findall(bare)]
    return "|".join(quoted or (part.strip() for part in bare.strip("[]").split(",")))


def category_codes(column: pd.Series) -> pd.Series:
    """Return the numbers of categories where the export has no names; they group items and are never named.

    Args:
        column: Categories as the export has them.

    Returns:
        The last number of each item's category, or that of its hash; missing unless several items share one.
    """
    codes = column.str.extract(CODE, expand=False)
    hashes = column.str.extract(f"((?:{HASH.pattern}))$", flags=re.IGNORECASE, expand=False)
    codes = codes.where(hashes.isna(), (pd.Series(pd.factorize(hashes)[0], hashes.index) + 1).astype("str"))
    is_shared = codes.map(codes.value_counts()) > 1
    return codes.where(is_shared).astype("str")


def _unclear(paths: pd.Series, titles: pd.Series, locale: str) -> set[str]:
    """Return the last names of paths that do not say what the items below them are."""
    below: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for (*_, above, name), title in zip(paths, titles.reindex(paths.index), strict=True):
        below[above, name] |= {title: None} if isinstance(title, str) else {}
    return TitleWords({pair: [*own] for pair, own in below.items()}, locale).unclear()


def _most_specific(found: list[tuple[str, ...]], counts: pd.Series) -> tuple[str, ...]:
    """Return the deepest path; of several the one whose last name is the rarest that is common enough."""
    kinds = [path for path in found if not _is_collection(path[-1])] or found
    deepest = max(len(path) for path in kinds)
    deep = [path for path in kinds if len(path) == deepest]
    common = [path for path in deep if counts[path[-1]] >= LEAST_ITEMS] or deep
    return min(common, key=lambda path: int(counts[path[-1]]))


class Splitter:
    """Splits the categories of one column.

    Args:
        lists: Marks that stand between several categories; empty if each item has one.
        has_slashes: Whether a slash stands between the names of a path.
    """

    def __init__(self, lists: str, *, has_slashes: bool) -> None:
        self._lists = re.compile(f"[{re.escape(lists)}]") if lists else None
        self._has_slashes = has_slashes

    @classmethod
    def of(cls, values: Sequence[str]) -> Splitter:
        """Find out how a column writes several categories and paths.

        Args:
            values: Its different values.

        Returns:
            The splitter.
        """
        lists = next((mark for mark in LISTS if any(mark in value for value in values)), "")
        if not lists and _are_comma_lists(values):
            lists = ","
        parts = [part for value in values for part in (value.split(lists) if lists else [value])]
        step = next((mark for mark in STEPS if any(mark in part for part in parts)), "")
        slashed = [part for part in parts if "/" in part]
        has_slashes = not step and bool(slashed) and _are_slashes_paths(parts, slashed)
        step = "/" if has_slashes else step
        between = re.compile(rf",\s*\S.*{re.escape(step)}|{re.escape(step)}.*,") if step else None
        if between and any(between.search(part) for part in parts):  # "Clothing > Tshirts, Sale"
            lists += ","
        return cls(lists, has_slashes=has_slashes)

    def paths(self, text: str) -> list[tuple[str, ...]]:
        """Return the categories of one item as paths.

        Args:
            text: A value of the column.

        Returns:
            Paths from broad to narrow. Placeholders, roots such as "Default Category" and the beginnings of longer
            paths are left out.
        """
        found: list[tuple[str, ...]] = []
        bare = (clean(text) or "") if "<" in text or ">" not in text else text
        for part in self._lists.split(bare) if self._lists else [bare]:
            names = [name for step in self._steps(part.strip()) if (name := clean(_spaced(step)))]
            while len(names) > 1 and names[0].casefold() in _roots():
                names = names[1:]
            if names and tuple(names) not in found:
                found.append(tuple(names))
        return [path for path in found if not any(path == other[: len(path)] and path != other for other in found)]

    def _steps(self, part: str) -> list[str]:
        """Split one category at the surest mark that it has."""
        mark = next((mark for mark in STEPS if mark in part), "")
        if mark:
            return part.split(mark)
        if "/" in part and (self._has_slashes or part.split("/")[0].strip().casefold() in _roots()):
            return part.split("/")
        return part.split(".") if DOTTED.fullmatch(part) else [part]


def _are_comma_lists(values: Sequence[str]) -> bool:
    """Return whether commas stand between several categories: most values with commas share a part with another."""
    lists = [{part.strip() for part in value.split(",")} for value in values]
    n_values = Counter(part for parts in lists for part in parts)
    several = [parts for parts in lists if len(parts) > 1]
    n_shared = sum(any(n_values[part] > 1 for part in parts) for parts in several)
    return len(several) >= LEAST_LISTS and n_shared > LEAST_SHARED * len(several)


def _spaced(step: str) -> str:
    return step.replace("_", " ").strip() if re.fullmatch(r"\s*[a-z0-9]+(?:_[a-z0-9]+)+\s*", step) else step.strip()


def _are_slashes_paths(parts: list[str], slashed: list[str]) -> bool:
    """Return whether slashes are steps of paths: deep, or with beginnings that are shared ("Default Category/Gear")."""
    if any(part.count("/") > 1 for part in slashed):
        return True
    first = pd.Series([part.split("/")[0].strip() for part in slashed])
    is_most = len(slashed) > LEAST_PATHS * len(parts)
    return bool(first.str.casefold().isin(_roots()).any()) or (is_most and bool(first.value_counts().max() > 2))


@cache
def _roots() -> frozenset[str]:
    return frozenset(name.casefold() for name in words().roots)


@cache
def _collection_pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in words().collections) or r"(?!)", re.IGNORECASE)


def _is_collection(name: str) -> bool:
    return _collection_pattern().fullmatch(name) is not None
