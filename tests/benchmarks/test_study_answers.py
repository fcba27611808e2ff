"""Answers of a study, worked by hand."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from answers import krippendorff_alpha, score_study
from export import COLUMNS

from llm_explain.errors import TableError

KEY = {
    "1-1": {"case": 1, "systems": ["ours", "template"]},
    "1-2": {"case": 1, "systems": ["constant"]},
    "2-1": {"case": 2, "systems": ["constant"]},
    "2-2": {"case": 2, "systems": ["ours"]},
}


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"sentences": KEY}))
    return path


def answers(path, ratings, *, best="1-1"):
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(("1", name, "Tea", "Why.", rating, "x" * (name == best)) for name, rating in ratings.items())
    return path


def test_preference(tmp_path, key):
    # Ours: 5 and 3, the constant: 2 and 3. Case 1: ours above. Case 2: level, one half. (1 + 0.5) / 2 = 0.75.
    path = answers(tmp_path / "a.csv", {"1-1": "5", "1-2": "2", "2-1": "3", "2-2": "3"})
    found = score_study([path], key)
    assert list(found["systems"]) == ["ours", "template", "constant"]
    assert found["systems"]["ours"]["rating"]["mean"] == 4.0
    assert found["systems"]["ours"]["ours_preferred"] is None
    assert found["systems"]["constant"]["ours_preferred"]["mean"] == 0.75
    assert found["systems"]["template"]["ours_preferred"]["mean"] == 0.5  # the same sentence
    assert found["systems"]["ours"]["best"]["mean"] == 0.5


def test_alpha():
    assert krippendorff_alpha(np.array([[1.0, 2.0, 5.0], [1.0, 2.0, 5.0]])) == 1.0
    # Two people, two sentences, ratings (1, 2) and (2, 1): observed ((1)² · 2 + (1)² · 2) / 4 = 1; all values 1, 2, 2,
    # 1: of the 12 ordered pairs 8 differ by 1, so expected 8/12; alpha = 1 - 1 / (2/3) = -0.5.
    assert krippendorff_alpha(np.array([[1.0, 2.0], [2.0, 1.0]])) == pytest.approx(-0.5)
    assert np.isnan(krippendorff_alpha(np.array([[1.0, np.nan], [np.nan, 2.0]])))


def test_a_rating_out_of_range_is_refused(tmp_path, key):
    path = answers(tmp_path / "a.csv", {"1-1": "7"})
    with pytest.raises(TableError, match=r"line 2: the rating is '7' but 1 to 5 is needed"):
        score_study([path], key)


def test_another_study_is_refused(tmp_path, key):
    path = answers(tmp_path / "a.csv", {"9-9": "3"})
    with pytest.raises(TableError, match="sentence '9-9' is not in the key"):
        score_study([path], key)


def test_another_file_is_refused(tmp_path, key):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"has the columns a, b but case, sentence_id, .* are needed"):
        score_study([path], key)
