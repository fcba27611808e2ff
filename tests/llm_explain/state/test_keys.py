"""Keys are shown once, kept as hashes, and good until revoked."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from llm_explain.errors import SettingError
from llm_explain.state import State
from llm_explain.state.keys import Keys


def is_good(keys: Keys, key: str) -> bool:
    stored = keys.in_force().get(keys.id_of(key))
    return stored is not None and keys.is_of(key, stored)


def test_a_key_is_found_by_itself_alone(state: State) -> None:
    key = state.keys.create("web shop", "storefront")
    stored = state.keys.in_force()[state.keys.id_of(key)]
    assert stored.scope == "storefront"
    assert is_good(state.keys, key)
    for wrong in (key[:-1], key + "x", "", "llmx", "llmx__", key.replace("llmx", "x"), "llmx_é_é", "llmx_%_x"):
        assert not is_good(state.keys, wrong)


def test_only_a_hash_is_kept(state: State) -> None:
    secret = state.keys.create("web shop", "admin").rpartition("_")[2]
    with state.database.reading() as connection:
        row = connection.execute(text("SELECT * FROM api_key")).one()
    assert not any(secret in str(value) for value in row)


def test_a_pepper_that_is_lost_makes_keys_useless(state: State) -> None:
    key = Keys(state.database, "pepper").create("web shop", "admin")
    assert is_good(Keys(state.database, "pepper"), key)
    assert not is_good(state.keys, key)


def test_a_revoked_key_is_no_good(state: State) -> None:
    key = state.keys.create("web shop", "admin")
    (listed,) = state.keys.all()
    state.keys.revoke(listed.id)
    assert not is_good(state.keys, key)
    assert state.keys.all()[0].revoked_at is not None
    with pytest.raises(SettingError, match=rf"key '{listed.id}' is not in force but one that is is needed"):
        state.keys.revoke(listed.id)
