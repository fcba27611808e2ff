"""Install the generators of clients, apart from the service's own packages.

``openapi-python-client`` and ``datamodel-code-generator`` come into a virtual environment of their own, which is also
the client's; ``openapi-typescript`` and TypeScript come from the npm registry. Where that fails, the tests of clients
skip and say what this file printed.

Usage: ``python tests/clients/install.py``; the files land in ``clients/`` of the virtual environment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = Path(sys.prefix).resolve() / "clients"


def install() -> None:
    """Install what the requirements and the lock file say."""
    TARGET.mkdir(parents=True, exist_ok=True)
    run([sys.executable, "-m", "venv", str(TARGET / "python")])
    pip = [str(TARGET / "python" / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    run([*pip, "--requirement", str(HERE / "requirements.txt")])
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, TARGET)
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix", str(TARGET)])


def run(command: list[str]) -> None:
    """Run a command; its failure is told in its own words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-500:]}")


def main() -> None:
    """Install, or leave a note that says why there are no generators."""
    note = TARGET / "missing.txt"
    try:
        install()
    except OSError as error:
        TARGET.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{error}\n", encoding="utf-8")
        sys.stderr.write(f"No generators of clients: {error}\nTheir tests will be skipped.\n")
    else:
        note.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
