"""What artifacts came from: code, libraries, data files and time, for the manifest."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.data.shop import FILE as SHOP_FILE
from scoring.data.tables import TABLE_NAMES, file_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

DISTRIBUTION: Final = "llm-explain-recommendations"
LIBRARIES: Final = ("numpy", "pandas", "pyarrow", "scipy", "torch")
_GIT_SECONDS: Final = 10


def lineage(data: Path | None = None) -> dict[str, Any]:
    """Return where artifacts that are trained now come from.

    Args:
        data: Folder of the tables that are trained on; without one, the manifest knows them only by their copies.

    Returns:
        JSON values: ``time``, ``package``, ``git_commit`` (``None`` without one; with ``+`` if files differ from it),
        ``python``, ``machine``, ``libraries`` by name, and the hash of each data file by name.
    """
    names = [*(f"{name}.parquet" for name in TABLE_NAMES), SHOP_FILE]
    paths = [] if data is None else [path for name in names if (path := data / name).exists()]
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "package": metadata.version(DISTRIBUTION),
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "data": {path.name: file_hash(path) for path in paths},
    }


def _git_commit() -> str | None:
    """Return the commit of this code: of its checkout, or the one that pip installed it from."""
    here = Path(__file__).parent
    try:
        _git(here, ["ls-files", "--error-unmatch", Path(__file__).name])  # fails in another project's checkout
        commit = _git(here, ["rev-parse", "HEAD"]).strip()
        return commit + "+" * bool(_git(here, ["status", "--porcelain", "--untracked-files=no", ":/"]).strip())
    except (OSError, subprocess.SubprocessError):
        installed = metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}"
        commit_id = json.loads(installed).get("vcs_info", {}).get("commit_id")
        return None if commit_id is None else str(commit_id)


def _git(folder: Path, arguments: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=_GIT_SECONDS  # noqa: S607
    )  # fmt: skip
    return done.stdout
