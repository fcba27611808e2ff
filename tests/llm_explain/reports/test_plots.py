import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from llm_explain.attribution.exact import attribute
from llm_explain.attribution.values import Attribution
from llm_explain.errors import MissingExtraError, SettingError
from llm_explain.reports.plots import save_plot, waterfall_svg
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


def test_labels_replace_names(attributions: list[Attribution]) -> None:
    assert "Bohnen" in texts(waterfall_svg(attributions[0], title="t", labels={"group:beans": "Bohnen"}))


def test_the_waterfall_of_a_page_needs_no_plotting_library() -> None:
    code = (
        "import sys; sys.modules['shap'] = sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from llm_explain.attribution.values import Attribution\n"
        "from llm_explain.reports.plots import waterfall_svg\n"
        "print(waterfall_svg(Attribution((), np.zeros(0), (), 1.0, 1.0, ()), title='t')[:4])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert (run.stdout, run.stderr) == ("<svg\n", "")


@pytest.mark.parametrize("kind", ["waterfall", "bar", "beeswarm"])
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_shap_plots_are_saved_and_closed(
    attributions: list[Attribution], tmp_path: Path, kind: str, ending: str
) -> None:
    pytest.importorskip("shap")
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    backend, figures = mpl.get_backend(), plt.get_fignums()
    path = tmp_path / "new folder" / f"{kind}.{ending}"
    save_plot(attributions, path, kind=kind, title="Why")
    assert path.read_bytes().startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    assert (mpl.get_backend(), plt.get_fignums()) == (backend, figures)
    if ending == "svg":
        content = path.read_text(encoding="utf-8")
        assert "beans" in content
        assert "group:" not in content
        assert ("base value" in content, "E[f(X)]" in content) == (kind == "waterfall", False)


def test_one_attribution_alone_is_enough(attributions: list[Attribution], tmp_path: Path) -> None:
    pytest.importorskip("shap")
    save_plot(attributions[0], tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 5000


def test_a_name_with_dollars_is_no_formula(tmp_path: Path) -> None:
    pytest.importorskip("shap")
    found = Attribution(("group:$1 & $2_deals",), np.ones(1), ({"tower": 1.0},), 0.0, 1.0, ((0,),))
    save_plot(found, tmp_path / "x.svg", title="All for $5, $6^ and more")
    content = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert {"$1 & $2_deals", "All for $5, $6^ and more"} <= set(texts(content))


def test_letters_that_no_font_has_are_told_and_not_warned_of(tmp_path: Path) -> None:
    pytest.importorskip("shap")
    found = Attribution(("group:\U00013000 tea",), np.ones(1), ({"tower": 1.0},), 0.0, 1.0, ((0,),))
    assert save_plot(found, tmp_path / "x.png") == "\U00013000"


def test_stacked_explanations_have_a_column_for_every_player(attributions: list[Attribution]) -> None:
    pytest.importorskip("shap")
    stacked = Attribution.stack(attributions)
    assert stacked.feature_names[:3] == ["group:beans", "group:ale & cider", "rest"]
    assert sorted(stacked.feature_names[3:]) == [
        "context:popularity", "context:promotion", "group:cheese", "group:dip",
    ]  # fmt: skip
    assert stacked.shape == (8, 7)
    for row, each in enumerate(attributions):
        assert stacked.base_values[row] + stacked.values[row].sum() == pytest.approx(each.score)
    cheese = stacked.feature_names.index("group:cheese")
    assert (stacked.values[:, cheese] != 0).tolist() == ["group:cheese" in each.players for each in attributions]


def test_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="attributions is empty but at least one is needed"):
        save_plot([], tmp_path / "x.png")
    with pytest.raises(SettingError, match="attributions is empty but at least one is needed"):
        Attribution.stack([])


def test_an_unknown_ending_is_refused(attributions: list[Attribution], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"file is 'x\.doc' but an ending of \.png, \.svg, \.pdf is needed"):
        save_plot(attributions, tmp_path / "x.doc")


def test_an_unknown_plot_is_refused(attributions: list[Attribution], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="plot is 'pie' but waterfall, bar or beeswarm is needed"):
        save_plot(attributions, tmp_path / "x.png", kind="pie")


def test_without_shap_the_message_says_what_to_install(
    attributions: list[Attribution], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtraError, match=r"shap is not installed .* 'llm-explain-recommendations\[shap\]'"):
        save_plot(attributions, tmp_path / "x.png")
