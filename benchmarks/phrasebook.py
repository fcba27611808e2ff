"""What a sentence costs once its claims are given: chosen from the phrasebook, filled, and verified.

Run: python benchmarks/phrasebook.py [--artifacts artifacts/completejourney] [--quick]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import torch
from report import Section

from llm_explain.explainer import Explainer

if TYPE_CHECKING:
    from llm_explain.text.sentence_spec import SentenceRequest

PLAIN = jinja2.Environment(autoescape=False).from_string("Recommended because of {{ reasons|join(' and ') }}.")
REPETITIONS = 5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--quick", action="store_true", help="10 users instead of 100")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    explainer = Explainer.load(options.artifacts, language_model=None)
    explainer.writer.warm_up("en")
    lists = _requests(explainer, 10 if options.quick else 100)
    verifying = _Timed(explainer.writer._locale_writers("en")._verifier.verify)
    explainer.writer._locale_writers("en")._verifier.verify = verifying  # type: ignore[method-assign]
    n = sum(map(len, lists))
    whole, verified = min(_seconds(explainer, lists, verifying) for _ in range(REPETITIONS))
    plain = min(_plain_seconds(lists) for _ in range(REPETITIONS))
    section = Section(options.out, "phrasebook", "What a sentence of the phrasebook costs")
    section.say(
        f"{n:,} sentences for the claims of {len(lists)} users' ten best items, one thread, their phrasebook verified "
        "before; processor time of a sentence in microseconds. The plain template fills in the names of the claims and "
        "verifies nothing."
    )
    rows = [("plain Jinja template", plain), ("**llm-explain, chosen and filled**", whole - verified)]
    rows.append(("**llm-explain, with the finished text verified**", whole))
    cells = [[name, f"{seconds / n * 1e6:.0f}", f"{seconds / plain:.1f}×"] for name, seconds in rows]
    section.table(["", "µs", "beside the template"], cells)
    section.write()


class _Timed:
    """A function that adds up its time."""

    def __init__(self, function: Any) -> None:
        self.seconds = 0.0
        self._function = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        started = time.process_time()
        answer = self._function(*arguments, **named)
        self.seconds += time.process_time() - started
        return answer


def _requests(explainer: Explainer, n_users: int) -> list[list[SentenceRequest]]:
    """Return what the sentences of some users' lists are to state."""
    found: list[list[SentenceRequest]] = []
    write = explainer.writer.write

    def note(requests: list[SentenceRequest], **named: Any) -> Any:
        found.append(list(requests))
        return write(requests, **named)

    explainer.writer.write = note  # type: ignore[method-assign]
    for user_id in explainer.events.user_ids[:n_users]:
        explainer.recommend(user_id)
    explainer.writer.write = write  # type: ignore[method-assign]
    return found


def _seconds(explainer: Explainer, lists: list[list[SentenceRequest]], verifying: _Timed) -> tuple[float, float]:
    """Return the seconds of all sentences, and of their verification."""
    verifying.seconds = 0.0
    started = time.process_time()
    for requests in lists:
        explainer.writer.write(requests)
    return time.process_time() - started, verifying.seconds


def _plain_seconds(lists: list[list[SentenceRequest]]) -> float:
    started = time.process_time()
    for requests in lists:
        for request in requests:
            PLAIN.render(reasons=[claim.kind for claim in request.claims])
    return time.process_time() - started


if __name__ == "__main__":
    main()
