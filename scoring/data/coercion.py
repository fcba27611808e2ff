"""Give each column its type, and name the rows that have none.

Every function takes the rows as they came and returns typed values and a list of findings: the rule that rows break
(a key of ``violations.MESSAGES``) and their positions. Offending values become missing, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from scoring.data.rules import Kind
from scoring.data.shop import Shop

Finding = tuple[str, npt.NDArray[np.bool_]]
"""A rule and whether each row breaks it, shape ``(n_rows,)``."""

Typed = tuple[pd.Series, list[Finding]]

WHOLE_FLOAT: Final = re.compile(r"(\d+)\.0+")
NUMBER: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*|\s*[+-]?inf(?:inity)?\s*", re.IGNORECASE)
MOMENT: Final = re.compile(
    r"(\d{4}([-/])\d{2}\2\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))?"
    r" ?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
EPOCH: Final = re.compile(r"[1-9]\d{8,18}(?:\.\d+)?")
EPOCH_UNITS: Final = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (np.inf, 1))
"""Numbers below the first are times in a unit of so many nanoseconds: seconds, milliseconds, microseconds."""

OPEN: Final = pd.Timestamp("2099-01-01", tz="UTC")
"""An end from here on stands for no end: exports write 2099-12-31 or 9999-12-31."""

EARLIEST: Final = pd.Timestamp("1678-01-01", tz="UTC")
LATEST: Final = pd.Timestamp("2261-12-31", tz="UTC")


@dataclass(frozen=True, slots=True)
class Whole:
    """What a column holds from its first row to its last, where it is typed piece by piece.

    Attributes:
        is_float: Whether all values are whole numbers that a program wrote as floats.
        n_zoned: Times with a zone.
        n_bare: Times without one.
    """

    is_float: bool = True
    n_zoned: int = 0
    n_bare: int = 0

    @classmethod
    def of(cls, series: pd.Series, kind: Kind) -> Whole:
        """Return what a piece of a column holds; only texts depend on the other pieces."""
        if not _is_text(series):
            return cls()
        if kind == "id":
            return cls(is_float=_are_floats(series))
        counts = series.value_counts() if kind in {"moment", "end"} else pd.Series(dtype="int64")
        _, has_zone, has_none = _zones(pd.Series(counts.index, dtype=object).map(_strip))
        return cls(n_zoned=int(counts[has_zone].sum()), n_bare=int(counts[has_none].sum()))

    def __add__(self, other: Whole) -> Whole:
        """Return what both pieces hold."""
        return Whole(self.is_float and other.is_float, self.n_zoned + other.n_zoned, self.n_bare + other.n_bare)


def coerce(series: pd.Series, kind: Kind, shop: Shop, whole: Whole | None = None) -> Typed:
    """Give a column its type.

    Args:
        series: The column as it came; text columns of a CSV file or typed columns of a Parquet file.
        kind: What it must hold.
        shop: Whether times without a zone are UTC or local, and the zone of days without a time.
        whole: What the column holds of which the series is a piece; ``None`` for a whole column.

    Returns:
        The typed column and its findings.
    """
    whole = whole or (Whole.of(series, kind) if kind == "id" else Whole())
    if kind in {"moment", "end"}:
        return _moments(series, shop, whole, is_end=kind == "end")
    return _ids(series, whole) if kind == "id" else COERCIONS[kind](series)


def _broken(series: pd.Series, holds: Callable[[Any], bool]) -> npt.NDArray[np.bool_]:
    present = series.notna().to_numpy()
    values = series.to_numpy(dtype=object)
    return np.fromiter(
        (p and not holds(v) for v, p in zip(values, present, strict=True)), dtype=bool, count=len(series)
    )


def _is_text(series: pd.Series) -> bool:
    dtype = series.dtype.categories.dtype if isinstance(series.dtype, pd.CategoricalDtype) else series.dtype
    return isinstance(dtype, pd.StringDtype)


def _ids(series: pd.Series, whole: Whole) -> Typed:
    if _is_text(series):
        return series.str.replace(r"\.0+$", "", regex=True) if whole.is_float else series, []
    if types.is_float_dtype(series):
        return _all_broken(series, "id_float")
    if types.is_integer_dtype(series):
        return series.astype("Int64").astype("str"), []
    values = series.astype(object)
    is_float = _broken(values, lambda value: not isinstance(value, float | np.floating))
    is_other = ~is_float & _broken(values, _is_id)
    text = values.where(values.notna() & ~is_float & ~is_other, None).map(str, na_action="ignore")
    return text.astype("str"), [("id_float", is_float), ("id_type", is_other)]


def _are_floats(ids: pd.Series) -> bool:
    values = pd.Series(ids.dropna().unique(), dtype="str")
    return bool(values.str.fullmatch(WHOLE_FLOAT.pattern).all())


def _is_id(value: object) -> bool:
    return isinstance(value, str | int | np.integer) and not isinstance(value, bool)


def _texts(series: pd.Series) -> Typed:
    if _is_text(series):
        return series, []
    values = series.astype(object)
    is_other = _broken(values, lambda value: isinstance(value, str))
    return values.where(values.notna() & ~is_other, None).astype("str"), [("text_type", is_other)]


def _words(series: pd.Series) -> Typed:
    texts, findings = _texts(series)
    return texts.str.lower() if pd.api.types.is_string_dtype(texts) else texts, findings


def _all_broken(series: pd.Series, rule: str) -> Typed:
    missing: pd.Series = pd.Series([None] * len(series), index=series.index, dtype="str")
    return missing, [(rule, series.notna().to_numpy())]


def _numbers(series: pd.Series) -> Typed:
    if types.is_bool_dtype(series) or types.is_datetime64_any_dtype(series):
        return pd.Series(np.nan, index=series.index), [("number_type", series.notna().to_numpy())]
    if types.is_numeric_dtype(series) and not types.is_complex_dtype(series):
        return series.astype("Float64").astype("float64"), []
    values = series.astype(object)
    is_other = _broken(values, _is_number)
    numbers = values.where(values.notna() & ~is_other, None).map(float, na_action="ignore")
    return pd.to_numeric(numbers).astype("float64"), [("number_type", is_other)]


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return NUMBER.fullmatch(value) is not None
    return hasattr(value, "__float__") and not isinstance(value, bool | complex)


def _moments(series: pd.Series, shop: Shop, whole: Whole, *, is_end: bool) -> Typed:
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return _within_range(series.dt.tz_convert("UTC"), is_end=is_end)
    if types.is_datetime64_dtype(series):
        is_local = shop.times == "local" or bool((series.dropna() == series.dropna().dt.normalize()).all())
        return _within_range(_utc(series, np.full(len(series), is_local), shop), is_end=is_end)
    if types.is_numeric_dtype(series) and not types.is_bool_dtype(series):
        return _epochs(series.astype("Float64"), is_end=is_end)
    values = series.astype(object)
    is_other = _broken(values, lambda value: isinstance(value, str) or hasattr(value, "isoformat"))
    readable = values.where(values.notna() & ~is_other, None)
    texts = readable.map(lambda value: value if isinstance(value, str) else value.isoformat(), na_action="ignore")
    return _parse(texts.astype(object), is_other, shop, whole, is_end=is_end)


def _epochs(numbers: pd.Series, *, is_end: bool) -> Typed:
    """Read numbers of seconds, milliseconds, microseconds or nanoseconds since 1970; which one, their size tells."""
    value = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    is_time = value >= 1e8  # 3 March 1973 in seconds
    unit = np.select([value < limit for limit, _ in EPOCH_UNITS], [ns for _, ns in EPOCH_UNITS])
    with np.errstate(invalid="ignore"):
        ns = np.where(is_time & (value * unit < 9.2e18), value * unit, np.iinfo(np.int64).min)
    moments = pd.Series(ns.astype(np.int64).astype("datetime64[ns]"), index=numbers.index).dt.tz_localize("UTC")
    typed, findings = _within_range(moments, is_end=is_end)
    return typed, [("moment_type", numbers.notna().to_numpy() & ~is_time), *findings]


def _parse(texts: pd.Series, is_other: npt.NDArray[np.bool_], shop: Shop, whole: Whole, *, is_end: bool) -> Typed:
    stripped = texts.map(_strip)
    found, has_zone, has_none = _zones(stripped)
    is_epoch = has_zone & np.array([match is None for match in found], dtype=bool)
    n_zoned, n_bare = max(whole.n_zoned, int(has_zone.sum())), max(whole.n_bare, int(has_none.sum()))
    rarer = has_zone if n_zoned <= n_bare else has_none
    is_mixed = rarer if n_bare else np.zeros(len(texts), dtype=bool)
    is_day = np.array([match is not None and match[3] is None for match in found], dtype=bool)
    iso = pd.Series([_iso(match) if match else None for match in found], index=texts.index, dtype="str")
    parsed = pd.to_datetime(iso, format="ISO8601", errors="coerce", utc=True).astype("datetime64[us, UTC]")
    is_local = has_none & (is_day | (shop.times == "local"))
    parsed = parsed.where(~is_local, _utc(parsed.dt.tz_localize(None), is_local, shop))
    if is_epoch.any():
        epochs = _epochs(pd.to_numeric(stripped.where(is_epoch, None)), is_end=is_end)[0].dt.tz_localize("UTC")
        parsed = parsed.where(~is_epoch, epochs.astype("datetime64[us, UTC]"))
    is_no_date = texts.notna().to_numpy() & parsed.isna().to_numpy() & ~is_other
    typed, range_findings = _within_range(parsed.mask(is_mixed), is_end=is_end)
    return typed, [("moment_type", is_other), ("moment_text", is_no_date), ("mixed_zones", is_mixed), *range_findings]


def _zones(texts: pd.Series) -> tuple[list[re.Match[str] | None], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the ISO 8601 time in each text, whether a time has a zone, and whether it has none."""
    found = [MOMENT.fullmatch(text) if isinstance(text, str) else None for text in texts]
    is_iso = np.array([match is not None for match in found], dtype=bool)
    has_zone = np.array([match is not None and match[4] is not None for match in found], dtype=bool)
    has_none = is_iso & ~has_zone
    has_zone[~is_iso] = [isinstance(text, str) and EPOCH.fullmatch(text) is not None for text in texts[~is_iso]]
    return found, has_zone, has_none


def _utc(wall: pd.Series, is_local: npt.NDArray[np.bool_], shop: Shop) -> pd.Series:
    """Return times without a zone as UTC, those that are local by the shop's clock."""
    is_near = is_local & ((wall > EARLIEST.tz_localize(None)) & (wall < LATEST.tz_localize(None))).to_numpy()
    utc: pd.Series = wall.dt.tz_localize("UTC")
    if not is_near.any() or shop.time_zone == "UTC":
        return utc
    local = wall[is_near].to_numpy(dtype="datetime64[ns]")
    utc[is_near] = pd.Series(shop.clock.utc(local), index=wall.index[is_near]).dt.tz_localize("UTC").astype(utc.dtype)
    return utc


def _strip(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _iso(match: re.Match[str]) -> str:
    date, _, time, zone = match.groups()
    time = (time or "00:00").replace(",", ".")
    time = f"0{time}" if time[1] == ":" else time
    return f"{date.replace('/', '-')}T{time}{'Z' if zone in {None, 'UTC', 'GMT'} else zone.upper()}"


def _within_range(moments: pd.Series, *, is_end: bool) -> Typed:
    if is_end:
        moments = moments.mask(moments >= OPEN)
    is_outside = ((moments < EARLIEST) | (moments > LATEST)).to_numpy()
    typed = moments.mask(is_outside).dt.tz_localize(None).astype("datetime64[ns]")
    return typed, [("moment_range", is_outside)]


def _embeddings(series: pd.Series) -> Typed:
    vectors = [_vector(value) for value in series.to_numpy(dtype=object)]
    is_other = np.array([vector is None for vector in vectors], dtype=bool) & series.notna().to_numpy()
    lengths = np.array([-1 if vector is None else len(vector) for vector in vectors])
    common = np.bincount(lengths[lengths >= 0]).argmax() if (lengths >= 0).any() else 0
    is_odd = (lengths >= 0) & (lengths != common)
    is_wild = np.array([vector is not None and not np.isfinite(vector).all() for vector in vectors], dtype=bool)
    typed = pd.Series(vectors, index=series.index, dtype=object)
    return typed, [("embedding_type", is_other), ("embedding_length", is_odd), ("embedding_value", is_wild)]


def _vector(value: object) -> npt.NDArray[np.float64] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, list | tuple | np.ndarray) or not len(value):
        return None
    try:
        vector = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return vector if vector.ndim == 1 else None


def _unchanged(series: pd.Series) -> Typed:
    return series, []


COERCIONS: Final[dict[Kind, Callable[[pd.Series], Typed]]] = {
    "text": _texts,
    "word": _words,
    "number": _numbers,
    "embedding": _embeddings,
    "any": _unchanged,
}
