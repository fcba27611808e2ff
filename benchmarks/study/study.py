"""Run a blinded study with people: export the form, then score the answers.

    python benchmarks/study/study.py export --out build/study [--artifacts artifacts/completejourney] [--cases 30]
    python benchmarks/study/study.py score answers-*.csv --key build/study/key.json

Keep ``key.json`` from the people who judge.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from answers import score_study
from export import export_study


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export")
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    export.add_argument("--cases", type=int, default=30)
    export.add_argument("--seed", type=int, default=0)
    export.add_argument("--locale", default="en")
    export.add_argument("--language-model", default=None)
    score = commands.add_parser("score")
    score.add_argument("answers", type=Path, nargs="+")
    score.add_argument("--key", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "score":
        print(json.dumps(score_study(given.answers, given.key), indent=1))
        return
    n = export_study(
        given.artifacts, given.out, n_cases=given.cases, seed=given.seed, locale=given.locale,
        language_model=given.language_model,
    )  # fmt: skip
    print(f"{n} sentences are in {given.out}")


if __name__ == "__main__":
    main()
