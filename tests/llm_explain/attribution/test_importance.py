import numpy as np
import pytest

from llm_explain.attribution.importance import global_attributions
from llm_explain.attribution.values import Attribution
from llm_explain.errors import SettingError


def attribution(**players: dict[str, float]) -> Attribution:
    values = np.array([sum(parts.values()) for parts in players.values()])
    names = tuple(name.replace("__", ":") for name in players)
    return Attribution(names, values, tuple(players.values()), 0.0, float(values.sum()), ((),) * len(names))


def test_means_worked_by_hand() -> None:
    # Two other groups of the first add up to 1 - 3 = -2; the second has none: mean |.| (2 + 0) / 2 = 1, mean -1.
    # Own group, tower: (4 + 0) / 2 = 2; times_bought: (1 + 0) / 2.   Promotion: 0.5 and -0.5: mean |.| 0.5, mean 0.
    first = attribution(
        group__ale={"tower": 4.0, "times_bought": 1.0},
        group__beans={"tower": 1.0},
        group__dip={"tower": -3.0},
        context__promotion={"promotion": 0.5},
    )
    second = attribution(context__promotion={"promotion": -0.5})
    found = global_attributions([first, second])
    assert found.drop(columns="share").to_numpy().tolist() == [
        ["own group", "tower", 2.0, 2.0],
        ["other groups", "tower", 1.0, -1.0],
        ["context:promotion", "promotion", 0.5, 0.0],
        ["own group", "times_bought", 0.5, 0.5],
    ]
    assert found["share"].tolist() == [0.5, 0.25, 0.125, 0.125]


def test_no_attributions_are_refused() -> None:
    with pytest.raises(SettingError, match="attributions is empty but at least one is needed"):
        global_attributions([])
