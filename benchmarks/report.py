"""What every benchmark writes: a section in Markdown with its pictures, and the page that holds them all."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.figure import Figure

PACKAGES = (
    "torch", "numpy", "pandas", "scipy", "implicit", "lightgbm", "shap", "captum", "shapiq", "transformers",
    "xllamacpp",
)  # fmt: skip
IMAGES = "images"


@dataclass
class Section:
    """One question and its answer.

    Attributes:
        folder: Where the section is written.
        name: File name of the section, without an ending.
        title: Heading.
        blocks: Paragraphs, tables and pictures, in order.
    """

    folder: Path
    name: str
    title: str
    blocks: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.blocks.append(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add a table; all but the first column are aligned to the right."""
        lines = ["| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
        self.blocks.append("\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]))

    def picture(self, figure: Figure, name: str, alt: str) -> None:
        """Save a figure beside the section and show it."""
        folder = self.folder / IMAGES
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
        plt.close(figure)
        self.blocks.append(f"![{alt}]({IMAGES}/{name}.png)")

    def write(self) -> None:
        """Write the section and print it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = "\n\n".join([f"## {self.title}", *self.blocks]) + "\n"
        (self.folder / f"{self.name}.md").write_text(text, encoding="utf-8")
        print(text, flush=True)


def machine() -> str:
    """Return the processor, its cores and the system."""
    names = [
        line.partition(":")[2].strip()
        for line in (Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else [])
        if line.startswith("model name")
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{names[0] if names else platform.processor() or 'unknown processor'}, {cores} cores, {platform.system()}"


def versions() -> str:
    """Return Python's version and those of the packages that are compared."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def seconds(value: float) -> str:
    """Return a duration with two or three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            scaled = value / size
            return f"{scaled:,.0f} {unit}" if scaled >= 100 else f"{scaled:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def small(value: float) -> str:
    """Return an error: two digits, or as a power of ten."""
    return f"{value:.3f}" if value >= 0.01 else f"{value:.0e}"
