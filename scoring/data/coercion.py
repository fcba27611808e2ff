"""Give each column its type, and name the rows that have none.

Every function takes the rows as they came and returns typed values beside a list of findings: the rule that rows break
(a key of ``violations.MESSAGES``) and their positions. Offending values become missing, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from scoring.data.rules import Kind

Finding = tuple[str, npt.NDArray[np.bool_]]
"""A rule and whether each row breaks it, shape ``(n_rows,)``."""

Typed = tuple[pd.Series, list[Finding]]

NUMBER: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*|\s*[+-]?inf(?:inity)?\s*", re.IGNORECASE)
MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?"
)
EARLIEST: Final = pd.Timestamp("1678-01-01", tz="UTC")
LATEST: Final = pd.Timestamp("2261-12-31", tz="UTC")


def coerce(series: pd.Series, kind: Kind) -> Typed:
    """Give a column its type.

    Args:
        series: The column as it came; text columns of a CSV file or typed columns of a Parquet file.
        kind: What it must hold.

    Returns:
        The typed column and its findings.
    """
    return COERCIONS[kind](series)


def _broken(series: pd.Series, holds: Callable[[Any], bool]) -> npt.NDArray[np.bool_]:
    present = series.notna().to_numpy()
    values = series.to_numpy(dtype=object)
    return np.fromiter(
        (p and not holds(v) for v, p in zip(values, present, strict=True)), dtype=bool, count=len(series)
    )


def _is_text(series: pd.Series) -> bool:
    dtype = series.dtype.categories.dtype if isinstance(series.dtype, pd.CategoricalDtype) else series.dtype
    return isinstance(dtype, pd.StringDtype)


def _ids(series: pd.Series) -> Typed:
    if _is_text(series):
        return series, []
    if types.is_float_dtype(series):
        return _all_broken(series, "id_float")
    if types.is_integer_dtype(series):
        return series.astype("Int64").astype("str"), []
    values = series.astype(object)
    is_float = _broken(values, lambda value: not isinstance(value, float | np.floating))
    is_other = ~is_float & _broken(values, _is_id)
    text = values.where(values.notna() & ~is_float & ~is_other, None).map(str, na_action="ignore")
    return text.astype("str"), [("id_float", is_float), ("id_type", is_other)]


def _is_id(value: object) -> bool:
    return isinstance(value, str | int | np.integer) and not isinstance(value, bool)


def _texts(series: pd.Series) -> Typed:
    if _is_text(series):
        return series, []
    values = series.astype(object)
    is_other = _broken(values, lambda value: isinstance(value, str))
    return values.where(values.notna() & ~is_other, None).astype("str"), [("text_type", is_other)]


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


def _moments(series: pd.Series) -> Typed:
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return _within_range(series.dt.tz_convert("UTC"))
    if types.is_datetime64_dtype(series):
        return _within_range(series.dt.tz_localize("UTC"))
    if types.is_numeric_dtype(series):
        return pd.Series(pd.NaT, index=series.index, dtype="datetime64[ns]"), [
            ("moment_type", series.notna().to_numpy())
        ]
    values = series.astype(object)
    is_other = _broken(values, lambda value: isinstance(value, str) or hasattr(value, "isoformat"))
    readable = values.where(values.notna() & ~is_other, None)
    texts = readable.map(lambda value: value if isinstance(value, str) else value.isoformat(), na_action="ignore")
    return _parse(texts.astype(object), is_other)


def _parse(texts: pd.Series, is_other: npt.NDArray[np.bool_]) -> Typed:
    found = [MOMENT.fullmatch(text) if isinstance(text, str) else None for text in texts.map(_strip)]
    has_zone = np.array([match is not None and match[3] is not None for match in found], dtype=bool)
    is_iso = np.array([match is not None for match in found], dtype=bool)
    rarer = has_zone if has_zone.sum() <= (is_iso & ~has_zone).sum() else is_iso & ~has_zone
    is_mixed = rarer if (is_iso & ~has_zone).any() else np.zeros(len(texts), dtype=bool)
    iso = [_iso(match) if match else None for match in found]
    parsed = pd.to_datetime(pd.Series(iso, index=texts.index, dtype="str"), format="ISO8601", errors="coerce", utc=True)
    is_no_date = texts.notna().to_numpy() & parsed.isna().to_numpy() & ~is_other
    typed, range_findings = _within_range(parsed.mask(is_mixed))
    return typed, [("moment_type", is_other), ("moment_text", is_no_date), ("mixed_zones", is_mixed), *range_findings]


def _strip(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _iso(match: re.Match[str]) -> str:
    date, time, zone = match.groups()
    return f"{date}T{(time or '00:00').replace(',', '.')}{(zone or 'Z').upper()}"


def _within_range(moments: pd.Series) -> Typed:
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
    "id": _ids,
    "text": _texts,
    "number": _numbers,
    "moment": _moments,
    "embedding": _embeddings,
    "any": _unchanged,
}
