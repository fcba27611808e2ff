"""Consent, suppressions, frequency caps and measured effects decide whom a campaign may write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pydantic import ValidationError

from llm_explain.campaigns.audience import Audience, eligible
from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = pd.Timestamp("2017-12-01")
EMAIL = CampaignSettings(unsubscribe_url="https://shop.example/{user_id}")


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def consent(tmp_path: Path) -> Path:
    rows = [
        "a,email,yes",
        "b,all,yes",
        "c,push,yes",
        "d,email,yes",
        "d,email,no",
        "e,email,no",
        "e,email,yes",
        "f,all,yes",
    ]
    return write(tmp_path, "consent.csv", "user_id,channel,consent\n" + "\n".join(rows) + "\n")


def test_only_users_whose_last_answer_for_the_channel_is_yes(consent: Path) -> None:
    found = eligible(list("abcdefg"), Audience(consent), EMAIL, as_of=AS_OF)
    assert found.user_ids == ("a", "b", "e", "f")  # c agreed to push, d withdrew, g never answered
    assert found.left_out == {"no consent": 3}
    assert found.uplift_low is None


def test_suppressed_users_caps_and_effects_leave_users_out(consent: Path, tmp_path: Path) -> None:
    # b heard something five days ago; a did so eight days ago, and after the campaign.
    sent = "user_id,sent_at\nb,2017-11-26\na,2017-11-23T00:00\na,2017-12-02\n"
    audience = Audience(
        consent,
        suppressed=write(tmp_path, "suppressed.csv", "user_id\ne\n"),
        sent=write(tmp_path, "sent.csv", sent),
        uplift=write(tmp_path, "uplift.csv", "user_id,uplift_low\na,0.02\nf,-0.01\n"),
    )
    found = eligible(list("abef"), audience, EMAIL, as_of=AS_OF)
    assert found.user_ids == ("a",)
    assert found.left_out == {"frequency cap": 1, "suppressed": 1, "no proven uplift": 1}
    twice = EMAIL.model_copy(update={"max_sent": 2})
    assert "b" not in eligible(["b"], audience, twice, as_of=AS_OF).user_ids  # its effect was not measured


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("consent", "user_id,channel,consent\na,email,perhaps\n", r"'consent' holds 'perhaps' in row 1 but yes or no"),
        ("consent", "user_id,channel,consent\na,email,\nb,email,perhaps\n", r"'consent' holds 'perhaps' in row 2 but"),
        ("sent", "user_id\na\n", r"sent\.csv has the columns user_id but user_id, sent_at are needed"),
        ("sent", "user_id,sent_at\na,soon\n", r"column 'sent_at' holds 'soon' in row 1"),
        ("uplift", "user_id,uplift_low\na,high\n", r"column 'uplift_low' holds 'high' in row 1"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    files = {"consent": write(tmp_path, "good.csv", "user_id,channel,consent\na,email,yes\n")}
    files[name] = write(tmp_path, f"{name}.csv", text)
    with pytest.raises(TableError, match=message):
        eligible(["a"], Audience(**files), EMAIL, as_of=AS_OF)


def test_an_email_needs_a_link_that_ends_the_consent() -> None:
    with pytest.raises(ValidationError, match="each e-mail needs a link that ends the consent of its reader"):
        CampaignSettings(channel="email")
    assert CampaignSettings(channel="push").unsubscribe_url == ""
    with pytest.raises(ValidationError, match="has a space or a line break"):
        CampaignSettings(unsubscribe_url="https://shop.example/{user_id}\r\nBcc: a@b.example")
