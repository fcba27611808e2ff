"""The nursery for a full disk: files of the serving process may grow by a little more, until SIGUSR1 makes room."""

from __future__ import annotations

import argparse
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer

LARGEST_FILE = 400_000
"""Bytes; the empty tables take about half."""


def serve_on_a_full_disk(explainer: Explainer) -> None:
    """Serve with a bound on the size of files, which SQLite meets as an error of the disk."""
    from nursery import serve_plainly

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
    signal.signal(signal.SIGUSR1, lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, most))
    serve_plainly(explainer)


if __name__ == "__main__":
    from nursery import load, tend

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, required=True)
    tend(load(parser.parse_args().artifacts), serve_on_a_full_disk)
