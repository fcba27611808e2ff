"""Channels come from words or from user agents."""

from __future__ import annotations

import pandas as pd
import pytest

from llm_explain.importers.flat.channels import channels, channels_of_user_agents
from llm_explain.importers.flat.run import import_flat

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/54.0 Safari/537.36"


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("Online Store", "web"),
        ("POS", "shop"),
        ("iOS app", "app"),
        ("微信小程序", "mini_program"),
        ("门店", "shop"),
        ("Aplicativo", "app"),
        ("Loja física", "shop"),
        ("Computador", "web"),
        ("Ordinateur", "web"),
        ("celular", "celular"),
        ("draft_order", "draft_order"),
    ],
)
def test_words_of_channels(text: str, channel: str) -> None:
    assert channels(pd.Series([text, None])).fillna("").tolist() == [channel, ""]


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (CHROME, "web"),
        ("Android - Native Mobile App", "app"),
        ("okhttp/4.9.0", "app"),
        ("Mozilla/5.0 (Linux; Android 9; wv) AppleWebKit/537.36 Chrome/80.0", "app"),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1 MicroMessenger/8.0 miniProgram/wx1", "mini_program"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ""),
        ("curl/8.0", ""),
    ],
)
def test_channels_of_user_agents(text: str, channel: str) -> None:
    assert channels_of_user_agents(pd.Series([text])).fillna("").tolist() == [channel]


def test_an_export_with_user_agents_gets_channels(tmp_path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text(
        f"personId,contentId,eventType,timestamp,userAgent\na,i,VIEW,2024-01-02,{CHROME.replace(',', '')}\n"
        "a,j,VIEW,2024-01-03,Android - Native Mobile App\nb,i,VIEW,2024-01-03,\n"
    )
    done = import_flat([path], out=tmp_path / "data")
    assert done.tables.events["channel"].fillna("").tolist() == ["web", "app", ""]


def test_the_report_names_channels_that_no_text_names(tmp_path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "user_id,item_id,date,device\na,i,2024-01-02,celular\na,j,2024-01-02,tablet\nb,i,2024-01-03,tablet\n"
    )
    (line,) = (line for line in import_flat([path], out=tmp_path / "data").lines if "channel" in line)
    assert line.startswith("tablet (2), celular (1) are none of the channels web, app, mini_program, shop")
    path.write_text("user_id,item_id,date,device\na,i,2024-01-02,app\na,j,2024-01-02,POS\n")
    assert not [line for line in import_flat([path], out=tmp_path / "other").lines if "channel" in line]


def test_a_column_of_channels_is_read_before_user_agents(tmp_path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("user_id,item_id,date,sales channel,user agent\na,i,2024-01-02,POS,okhttp/4\n")
    assert import_flat([path], out=tmp_path / "data").tables.events["channel"].tolist() == ["shop"]
