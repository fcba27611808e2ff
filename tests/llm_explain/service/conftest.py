"""Lets the tests of this folder share modules."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
CHAOS = HERE.parents[2] / "benchmarks" / "chaos"
for folder in (HERE, CHAOS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
