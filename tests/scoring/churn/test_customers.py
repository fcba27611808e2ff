"""Tables of customers as features: types are inferred, levels and gaps are features of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from scoring.churn.customers import CustomerColumns, read_customers
from scoring.churn.training import train_on_customers
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path


def subscribers(n: int = 600) -> pd.DataFrame:
    """Return subscribers: monthly contracts and short tenure churn more often."""
    random = np.random.default_rng(7)
    contract = random.choice(["Month-to-month", "One year", "Two year"], n)
    tenure = random.integers(0, 72, n).astype(float)
    score = 2.0 * (contract == "Month-to-month") - 0.05 * tenure
    return pd.DataFrame(
        {
            "customerID": [f"C-{place}" for place in range(n)],
            "Contract": contract,
            "tenure": np.where(random.random(n) < 0.1, np.nan, tenure),
            "SeniorCitizen": random.integers(0, 2, n),
            "note": [f"text {place}" for place in range(n)],
            "Churn": np.where(random.random(n) < 1 / (1 + np.exp(-score)), "Yes", "No"),
        }
    )


def test_types_are_inferred() -> None:
    columns = CustomerColumns.infer(subscribers(), label="Churn")
    assert columns.id_column == "customerID"
    assert columns.positive == "Yes"
    assert columns.features == (
        "Contract=Month-to-month", "Contract=One year", "Contract=Two year", "tenure",
        "SeniorCitizen=0", "SeniorCitizen=1",
    )  # fmt: skip
    assert dict(columns.left_out) == {"note": "another value in each row"}
    assert columns.player_of["Contract=One year"] == "Contract"


def test_gaps_are_missing_numbers_or_a_level() -> None:
    table = pd.DataFrame({"plan": ["a", "b", None] * 20, "age": [1.0, 2.0, None, 4.0] * 15, "left": ["yes", "no"] * 30})
    columns = CustomerColumns.infer(table, label="left")
    x = columns.encode(table)
    assert columns.features == ("plan=", "plan=a", "plan=b", "age")
    assert x[2, :3].tolist() == [1, 0, 0]
    assert np.isnan(x[2, 3])


def test_none_is_an_answer_and_among_numbers_a_gap(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("plan,age,note\nNone,30,NA\nDSL,None,\nNone,41,x\n")
    table = read_customers(tmp_path / "customers.csv")
    assert table["plan"].tolist() == ["None", "DSL", "None"]
    assert table["age"].isna().tolist() == [False, True, False]
    assert table["note"].isna().tolist() == [True, True, False]


def test_other_columns_with_a_value_for_each_row_are_left_out() -> None:
    table = subscribers().assign(RowNumber=range(600)).iloc[:, ::-1]
    columns = CustomerColumns.infer(table, label="Churn")
    assert columns.id_column == "customerID"
    assert columns.left_out["RowNumber"] == "another value in each row"


def test_rows_without_a_label_are_not_learned_from(tmp_path: Path) -> None:
    table = subscribers()
    table.loc[:99, "Churn"] = None
    columns = CustomerColumns.infer(table, label="Churn")
    assert len(columns.labelled(table)) == 500
    table.assign(note="über die Straße zum Café gehört").to_csv(tmp_path / "latin.csv", index=False, encoding="latin-1")
    assert read_customers(tmp_path / "latin.csv")["note"].iloc[0] == "über die Straße zum Café gehört"


def test_a_level_that_training_did_not_see_is_no_level() -> None:
    columns = CustomerColumns.infer(subscribers(), label="Churn")
    other = subscribers(60).assign(Contract="Ten years")
    assert not columns.encode(other)[:, :3].any()


def test_a_part_of_a_table_has_the_features_of_the_whole() -> None:
    table = pd.DataFrame({"rate": [0.5, 1.0] * 30, "plan": ["a", "b", "c"] * 20})
    columns = CustomerColumns.infer(table)
    assert columns.features == ("rate=0.5", "rate=1", "plan=a", "plan=b", "plan=c")
    np.testing.assert_array_equal(columns.encode(table.iloc[1::2]), columns.encode(table)[1::2])


def test_the_columns_survive_json() -> None:
    columns = CustomerColumns.infer(subscribers(), label="Churn")
    again = CustomerColumns.of_json(columns.to_json())
    np.testing.assert_array_equal(again.encode(subscribers()), columns.encode(subscribers()))


def test_a_model_of_customers_ranks_them() -> None:
    table = subscribers(1500)
    columns = CustomerColumns.infer(table, label="Churn")
    x, y = columns.encode(table), columns.labels(table)
    _, measured, rows = train_on_customers(x, y, columns.ids(table), columns.features)
    assert measured.auc > 0.75
    assert len(rows.y) == 1500


def test_a_table_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("a,b\n")
    with pytest.raises(TableError, match="has no rows but customers are needed"):
        read_customers(tmp_path / "empty.csv")
    (tmp_path / "semicolon.csv").write_text("id;left\n1;yes\n2;no\n")
    assert list(read_customers(tmp_path / "semicolon.csv")) == ["id", "left"]


def test_a_label_needs_two_values_and_a_name_for_churn() -> None:
    with pytest.raises(TableError, match="no column 'left' but it is named"):
        CustomerColumns.infer(subscribers(), label="left")
    with pytest.raises(TableError, match=r"'Contract' has the values Month-to-month, One year, Two year"):
        CustomerColumns.infer(subscribers(), label="Contract")
    assert CustomerColumns.infer(subscribers(), label="Contract", positive="One year").positive == "One year"
