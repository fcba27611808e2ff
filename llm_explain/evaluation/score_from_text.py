"""How much of the score a reader could tell from the sentence alone.

A regression that sees the words and nothing else predicts the score, and which of two items of one user scores higher,
for users that it was not fitted on. A sentence that says nothing of the score leaves R² at 0 and the order at one half.

Source: after the coherence checks of Lei et al. (2024), "RecExplainer", KDD, doi:10.1145/3637528.3671802, which train a
score predictor on generated explanations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.text.ngrams import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

N_FOLDS = 5


@dataclass(frozen=True)
class Prediction:
    """Scores predicted from sentences.

    Attributes:
        predicted: Prediction of each score, by a model that saw none of its user's.
        score: The scores.
        user: Whose each is.
    """

    predicted: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    user: npt.NDArray[np.int64]

    @property
    def r2(self) -> float:
        """Share of the scores' variance that the sentences tell."""
        return float(1 - ((self.score - self.predicted) ** 2).sum() / ((self.score - self.score.mean()) ** 2).sum())

    @property
    def spearman(self) -> float:
        """Rank correlation of predictions and scores; 0 where all predictions are one."""
        from scipy.stats import spearmanr

        return float(spearmanr(self.predicted, self.score).statistic) if np.ptp(self.predicted) > 0 else 0.0

    def order(self) -> npt.NDArray[np.float64]:
        """Return for each sentence how often it is put on the right side of another one of its user's.

        Returns:
            Shares; one half for an equal prediction, NaN where a user has a single score.
        """
        found = np.full(len(self.score), np.nan)
        for user in np.unique(self.user):
            rows = np.flatnonzero(self.user == user)
            truth = np.sign(self.score[rows][:, None] - self.score[rows][None, :])
            told = np.sign(self.predicted[rows][:, None] - self.predicted[rows][None, :])
            pairs = (truth != 0).sum(axis=1)
            right = ((truth == told) & (truth != 0)).sum(axis=1) + 0.5 * ((told == 0) & (truth != 0)).sum(axis=1)
            found[rows] = np.where(pairs > 0, right / np.maximum(pairs, 1), np.nan)
        return found


def predict(
    texts: Sequence[str], score: npt.NDArray[np.float64], user: npt.NDArray[np.int64], *, seed: int = 0
) -> Prediction:
    """Predict scores from sentences: ridge regression on words and pairs of words, users apart in each fold.

    Args:
        texts: Sentences.
        score: Their scores.
        user: Whose each is.
        seed: Source of chance for the folds.

    Returns:
        The predictions.

    Raises:
        MissingExtraError: If scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
    except ImportError as error:
        raise MissingExtraError(
            "scikit-learn is not installed but predicting scores needs it. Run: pip install 'llm-explain[evaluation]'"
        ) from error
    users = np.unique(user)
    fold_of_user = np.random.default_rng(seed).permutation(len(users)) % N_FOLDS
    fold = fold_of_user[np.searchsorted(users, user)]
    predicted = np.full(len(texts), float(score.mean()))
    for number in range(N_FOLDS):
        held = np.flatnonzero(fold == number)
        rest = np.flatnonzero(fold != number)
        if not len(held) or not len(rest):
            continue
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, tokenizer=tokens, token_pattern=None)
        model = make_pipeline(words, Ridge(alpha=1.0))
        try:
            model.fit([texts[int(row)] for row in rest], score[rest])
            predicted[held] = model.predict([texts[int(row)] for row in held])
        except ValueError:  # no word comes twice
            predicted[held] = score[rest].mean()
    return Prediction(predicted, score, user)
