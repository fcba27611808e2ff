"""Makes the modules of the benchmarks importable."""

from __future__ import annotations

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

for folder in (BENCHMARKS, BENCHMARKS / "fidelity", BENCHMARKS / "study"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
