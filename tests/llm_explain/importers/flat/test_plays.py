"""Plays that were skipped are no plays, and headers of times and counts of plays do not make ratings."""

from __future__ import annotations

import pytest

from llm_explain.importers.flat.run import import_flat


def kinds(tmp_path, header: str, cells: list[str], *, name: str = "history.csv", kind: str = "") -> list[str]:
    path = tmp_path / name
    rows = "\n".join(
        f"u1,s{n},Song {n},2024-01-0{n + 1}T10:00:00,{cell}{',' + kind if kind else ''}" for n, cell in enumerate(cells)
    )
    path.write_text(f"user_id,track_id,track_name,ts,{header}{',event' if kind else ''}\n{rows}\n")
    done = import_flat([path], out=tmp_path / "out")
    assert done.tables.shop.target_kinds != ("skip",)
    skips = int((done.tables.events["kind"] == "skip").sum())
    assert any("count as skipped" in line for line in done.lines) == bool(skips)
    return done.tables.events["kind"].tolist()


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("skipped", ["true", "false", "false"], ["skip", "play", "play"]),
        ("ms_played", ["1200", "30000", "215000"], ["skip", "play", "play"]),
        ("seconds_played", ["29.9", "30", "215"], ["skip", "play", "play"]),
        ("playtime", ["0", "1", "215"], ["skip", "play", "play"]),  # of an unknown unit
        ("hours_played", ["0.001", "0.1", "215"], ["skip", "play", "play"]),
        ("watch_ratio", ["0.49", "0.5", "3.2"], ["skip", "watch", "watch"]),
        ("percent_watched", ["12", "50", "100"], ["skip", "watch", "watch"]),
        ("percent_watched", ["12%", "50%", "100%"], ["skip", "watch", "watch"]),
        ("play count", ["2", "1", "3"], ["play", "play", "play"]),
        ("rating", ["2", "1", "5"], ["dislike", "dislike", "like"]),
        ("value", ["2", "1", "5"], ["dislike", "dislike", "like"]),
    ],
)
def test_columns_tell_which_plays_were_skipped(tmp_path, header, cells, expected) -> None:
    assert kinds(tmp_path, header, cells) == expected


def test_a_play_that_was_not_completed_counts_if_its_length_says_so(tmp_path) -> None:
    assert kinds(tmp_path, "completed", ["no", "yes", "yes"], name="plays.csv") == ["skip", "play", "play"]
    cells = ["600000,5", "20000,1", "40000,3"]  # half a minute of three is no film
    assert kinds(tmp_path, "ms_watched,runtime_minutes", cells) == ["watch", "skip", "skip"]
    cells = ["600000,false", "20000,false", "200000,true"]
    assert kinds(tmp_path, "ms_played,completed", cells, name="plays.csv") == ["play", "skip", "play"]


def test_only_plays_are_skipped(tmp_path) -> None:
    assert kinds(tmp_path, "completed", ["no", "yes", "yes"], name="orders.csv", kind="purchase") == ["purchase"] * 3
