"""The whole deletion benchmark on the small shop."""

from __future__ import annotations

import deletion


def test_ours_names_what_the_score_depends_on(shop_artifacts, tmp_path):
    found = deletion.run(shop_artifacts, n_users=1, n_stability=1, n_resamples=40)
    assert set(found["curves"]) == {"glass box", "ALS (implicit)"}
    assert found["another_seed"]["ours"] == {"rank_correlation": 1.0, "top": 1.0, "change": 0.0}
    deletion.write(found, tmp_path)
    assert "| ours |" in (tmp_path / "fidelity.md").read_text()
