"""Pictures of a churn model: what drives the risk, the curves behind it, calibration, and the training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scoring.boosting.additive import AdditiveModel, Floats
    from scoring.churn.training import Fitted, Measured

MOST_BARS: Final = 12
N_CURVES: Final = 4


def draw(folder: Path, fitted: Fitted, measured: Measured, x: Floats, player_of: Mapping[str, str]) -> None:
    """Write ``drivers.png``, ``curves.png``, ``calibration.png`` and ``history.png``.

    Args:
        folder: Where to write them.
        fitted: The model and its training.
        measured: Risks and outcomes of the test rows.
        x: Feature values to average over, shape ``(n, n_features)``.
        player_of: Player of each feature.
    """
    model = fitted.model
    _drivers(folder / "drivers.png", model, x, player_of)
    _curves(folder / "curves.png", model, x)
    _calibration(folder / "calibration.png", measured)
    _history(folder / "history.png", fitted)


def _figure(n: int = 1, **settings: Any) -> tuple[Any, Any]:
    with MissingExtraError.unless_installed("pictures", "jobs"):
        from matplotlib.figure import Figure
    figure = Figure(layout="constrained", dpi=120, **settings)  # no pyplot, so no global state
    return figure, figure.subplots(1, n, squeeze=False)[0]


def _drivers(path: Path, model: AdditiveModel, x: Floats, player_of: Mapping[str, str]) -> None:
    players = list(dict.fromkeys(player_of[name] for name in model.features))
    terms = model.terms(x)
    columns = {player: [c for c, name in enumerate(model.features) if player_of[name] == player] for player in players}
    sizes = {player: float(np.abs(terms[:, own].sum(axis=1)).mean()) for player, own in columns.items()}
    shown = sorted(sizes, key=lambda player: sizes[player])[-MOST_BARS:]
    figure, (axes,) = _figure(figsize=(7, 0.35 * len(shown) + 1.2))
    axes.barh(shown, [sizes[player] for player in shown], color="#2f7d5b")
    axes.set_xlabel("mean |phi| (log odds)")
    axes.set_title("Drivers of the risk", loc="left")
    figure.savefig(path)


def _curves(path: Path, model: AdditiveModel, x: Floats) -> None:
    order = np.argsort(-np.abs(model.terms(x)).mean(axis=0))[:N_CURVES]
    figure, panels = _figure(len(order), figsize=(3 * len(order), 2.8))
    for axes, place in zip(panels, order.tolist(), strict=True):
        known = x[~np.isnan(x[:, place]), place]
        grid = (
            np.linspace(float(np.quantile(known, 0.01)), float(np.quantile(known, 0.99)), 200)
            if len(known)
            else np.zeros(1)
        )
        axes.plot(grid, model.curves[place](grid), color="#2f7d5b", drawstyle="steps-post")
        axes.axhline(0, color="#6b6761", linewidth=0.6)
        axes.set_xlabel(model.features[place])
    panels[0].set_ylabel("phi (log odds)")
    figure.savefig(path)


def _calibration(path: Path, measured: Measured) -> None:
    risk, rate, n = (np.array([row[name] for row in measured.bins()]) for name in ("promised", "happened", "rows"))
    figure, (axes,) = _figure(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color="#6b6761", linewidth=0.6)
    axes.scatter(risk, rate, s=8 + 120 * n / n.max(), color="#2f7d5b")
    axes.set_xlabel("risk")
    axes.set_ylabel("share that churned")
    axes.set_title(f"Calibration error {measured.ece:.3f}", loc="left")
    figure.savefig(path)


def _history(path: Path, fitted: Fitted) -> None:
    figure, (axes,) = _figure(figsize=(5, 3))
    axes.plot(fitted.train_losses, label="training", color="#6b6761")
    axes.plot(fitted.held_out_losses, label="held out", color="#2f7d5b")
    axes.axvline(fitted.rounds - 1, color="#a8503f", linewidth=0.8)
    axes.set_xlabel("trees")
    axes.set_ylabel("log loss")
    axes.legend()
    figure.savefig(path)
