"""The tiny language model that the tests of generators share."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)  # `from tiny import …`, here and in the processes that the tests start
