"""The storage of the service: SQLite for one process, PostgreSQL for several."""

from __future__ import annotations

import hmac

from llm_explain.state.changes import Changes
from llm_explain.state.database import TOKEN_SECRET, Database
from llm_explain.state.events import Events
from llm_explain.state.experiments import Experiments
from llm_explain.state.feedback import Feedback
from llm_explain.state.keys import Keys
from llm_explain.state.records import Records
from llm_explain.state.users import Users


class State:
    """The storage.

    Args:
        url: SQLAlchemy URL of a SQLite file or a PostgreSQL database; its tables are brought up to date.
        pepper: Secret that is mixed into the hashes of API keys.
        is_created: Whether a state that does not exist is created; an error if not.
        record_share: Share of the lists whose records are stored.

    Attributes:
        database: Transactions.
        users: Suppressed kinds and reasons, stored events, erasure.
        events: Events that came after the artifacts.
        feedback: Opinions.
        experiments: Counts of experiments.
        records: Explanation records.
        changes: Changes of the catalogue.
        keys: API keys.
        token_secret: Signs user tokens.
    """

    def __init__(self, url: str, *, pepper: str = "", is_created: bool = True, record_share: float = 1.0) -> None:
        self.database = Database(url, is_created=is_created)
        self.users = Users(self.database)
        self.events = Events(self.database)
        self.experiments = Experiments(self.database)
        self.feedback = Feedback(self.database)
        self.records = Records(self.database, self.users, record_share)
        self.changes = Changes(self.database)
        self.keys = Keys(self.database, pepper)
        self.token_secret = hmac.digest(pepper.encode(), self.database.kept_secret(TOKEN_SECRET), "sha512")

    def close(self) -> None:
        """Write what is queued and close every connection."""
        self.records.close()
        self.database.close()


__all__ = ["State"]
