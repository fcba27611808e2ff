import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from llm_explain.attribution.exact import attribute
from llm_explain.attribution.values import Attribution
from llm_explain.reports.waterfall import waterfall_svg
from tests.llm_explain.linear_shop import LinearScorer, catalogue, history

SHOP = catalogue(("ale & cider", "beans", "cheese", "dip"))
BOUGHT = {"ale & cider-0": 1, "beans-0": 3, "cheese-0": 2, "dip-0": 1}


@pytest.fixture
def attributions() -> list[Attribution]:
    scorer = LinearScorer(SHOP, has_sink=True)
    return attribute(scorer, scorer.read(history(SHOP, BOUGHT)), np.arange(len(SHOP)), max_groups=3)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_waterfall_walks_from_base_value_to_score() -> None:
    # 1.00 + 2.00 - 0.50 + 0.25 = 2.75, largest first.
    # The bar of 2.00 is four times as long as that of -0.50, and ends where that one ends.
    attribution = Attribution(
        players=("context:promotion", "group:ale & cider", "group:dip"),
        values=np.array([-0.5, 2.0, 0.25]),
        parts=({"promotion": -0.5}, {"tower": 2.0}, {"tower": 0.25}),
        base_value=1.0,
        score=2.75,
        categories=((), (0,), (3,)),
    )
    svg = waterfall_svg(attribution, title="Ale <b>&</b> more")
    assert texts(svg) == [
        "Ale <b>&</b> more", "base value", "1.00", "ale & cider", "+2.00", "context: promotion", "-0.50",
        "dip", "+0.25", "score", "2.75",
    ]  # fmt: skip
    bars = [element.attrib for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    ale, promotion, dip, score = bars[2:]  # behind the background and the mark of the base value
    assert float(ale["width"]) == pytest.approx(4 * float(promotion["width"]), rel=0.01)
    assert float(ale["x"]) + float(ale["width"]) == pytest.approx(
        float(promotion["x"]) + float(promotion["width"]), abs=0.2
    )
    assert float(dip["x"]) == pytest.approx(float(promotion["x"]), abs=0.2)
    assert float(dip["x"]) + float(dip["width"]) == pytest.approx(float(score["x"]), abs=0.2)


def test_small_players_are_drawn_as_one(attributions: list[Attribution]) -> None:
    found = texts(waterfall_svg(attributions[0], title="t", max_display=3))
    order = np.argsort(-np.abs(attributions[0].values))
    assert found[-4:-2] == ["3 smaller", f"{attributions[0].values[order[2:]].sum():+.2f}"]
    assert len(found) == 1 + 2 * 5


def test_the_waterfall_of_a_page_needs_no_plotting_library() -> None:
    code = (
        "import sys; sys.modules['shap'] = sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from llm_explain.attribution.values import Attribution\n"
        "from llm_explain.reports.waterfall import waterfall_svg\n"
        "print(waterfall_svg(Attribution((), np.zeros(0), (), 1.0, 1.0, ()), title='t')[:4])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert (run.stdout, run.stderr) == ("<svg\n", "")
