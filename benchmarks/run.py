"""Answer every question in one run on one machine, and write docs/benchmarks.md.

    python benchmarks/run.py [--artifacts artifacts/completejourney] [--quick] [--only ranking service]

Each question runs in a process of its own and leaves a section under ``build/bench``; one that fails says so on the
page. The quick run leaves the page in ``build/bench`` alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from report import IMAGES, machine, versions

QUESTIONS = ("ranking", "attribution", "fidelity", "scaling", "text", "phrasebook", "service", "batch")
SCRIPTS = {"fidelity": "fidelity/deletion.py"}
"""Scripts of questions that have a folder of their own."""
HERE = Path(__file__).parent
PAGE = "benchmarks.md"


def answer(question: str, options: list[str], out: Path) -> str:
    """Run one question and return its section."""
    print(f"── {question}", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / SCRIPTS.get(question, f"{question}.py")), "--out", str(out), *options]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    section = out / f"{question}.md"
    if done.returncode or not section.exists():
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(done.stderr, file=sys.stderr)
        return f"## {question.capitalize()}\n\nNot measured: {reason}\n"
    return section.read_text(encoding="utf-8")


def page(sections: list[str], spent: float, *, is_quick: bool, only: list[str]) -> str:
    """Return the whole page."""
    how = "make bench BENCH=--quick" if is_quick else "make bench"
    took = "" if only else f" in {spent / 60:.0f} minutes"
    again = f" {' and '.join(only).capitalize()} {'was' if len(only) == 1 else 'were'} measured again." if only else ""
    head = (
        f"# Benchmarks\n\nWritten by `{how}` on {dt.datetime.now(tz=dt.UTC):%d %B %Y}{took} "
        f"on {machine()}, load {os.getloadavg()[0]:.1f} at the end.{again} Each section is from one run on one "
        f"machine; compare figures with each other, not with another machine's.\n\n{versions()}.\n"
    )
    return "\n".join([head, *sections])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/completejourney"))
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--quick", action="store_true", help="a few minutes, into build/bench alone")
    parser.add_argument(
        "--only", choices=QUESTIONS, nargs="+", default=[], help="answer these and keep the other sections"
    )
    given = parser.parse_args()
    lost = [q for q in QUESTIONS if given.only and q not in given.only and not (given.out / f"{q}.md").exists()]
    if lost and not given.quick:
        parser.error(
            f"{given.out} holds no {', '.join(lost)} but the page needs every section. Run them too, or add --quick, "
            "which leaves the page alone."
        )
    start, sections = time.perf_counter(), []
    for question in QUESTIONS:
        kept = given.out / f"{question}.md"
        if given.only and question not in given.only:
            sections.append(kept.read_text(encoding="utf-8") if kept.exists() else "")
            continue
        kept.unlink(missing_ok=True)
        options = ["--artifacts", str(given.artifacts), *(["--data", str(given.data)] if question == "ranking" else [])]
        sections.append(answer(question, [*options, *(["--quick"] if given.quick else [])], given.out))
    text = page(sections, time.perf_counter() - start, is_quick=given.quick, only=given.only)
    (given.out / PAGE).write_text(text, encoding="utf-8")
    if not given.quick:
        given.docs.mkdir(exist_ok=True)
        (given.docs / PAGE).write_text(text, encoding="utf-8")
        if (given.out / IMAGES).exists():
            shutil.copytree(given.out / IMAGES, given.docs / IMAGES, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
