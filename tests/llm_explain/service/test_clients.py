"""Clients that three generators make from the OpenAPI document compile, and run against the service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm_explain import Explainer
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

INSTALLED = Path(sys.prefix) / "clients"
"""Where ``tests/clients/install.py`` puts the generators."""

SCRIPTS = Path(__file__).parents[2] / "clients"
PYTHON = INSTALLED / "python" / "bin"
NODE = INSTALLED / "node_modules" / ".bin"
COMPILE = [
    "tsc", "--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--allowImportingTsExtensions",
    "--types", "node", "with_types.ts",
]  # fmt: skip


@pytest.fixture(scope="module")
def service(shop_artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Give the address of a service with keys, an admin key, and a folder with its OpenAPI document."""
    sys.path.insert(0, str(Path(__file__).parent / "shopfront"))
    from served import served

    if not (NODE / "tsc").exists() or not (PYTHON / "openapi-python-client").exists():
        note = INSTALLED / "missing.txt"
        pytest.skip(f"no generators of clients: {note.read_text() if note.exists() else 'run make clients'}")
    folder = tmp_path_factory.mktemp("clients")
    settings = ServiceSettings(database_url=f"sqlite:///{folder / 'state.db'}", as_of="snapshot", rate_per_second=0)
    app = create_app(Explainer.load(shop_artifacts, language_model=None), settings)
    key = app.state.state.keys.create("operator", "admin")
    with served(app) as address:
        import httpx2

        document = httpx2.get(f"{address}/openapi.json", headers={"X-API-Key": key})
        (folder / "openapi.json").write_text(json.dumps(document.json()))
        yield address, key, folder


def _run(folder: Path, *command: str) -> None:
    """Run a command of the client's environment in a folder."""
    path = os.pathsep.join([str(PYTHON), str(NODE), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder)}
    found = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [found, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_openapi_python_client(service: tuple[str, str, Path]) -> None:
    address, key, folder = service
    _run(folder, "openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none",
         "--output-path", "shop_client", "--fail-on-warning")  # fmt: skip
    _run(folder, str(PYTHON / "python"), "-m", "compileall", "-q", "shop_client")
    _run(folder, str(PYTHON / "python"), str(SCRIPTS / "with_client.py"), address, key)


def test_datamodel_code_generator(service: tuple[str, str, Path]) -> None:
    address, key, folder = service
    _run(folder, "datamodel-codegen", "--input", "openapi.json", "--input-file-type", "openapi",
         "--output", "models.py", "--output-model-type", "pydantic_v2.BaseModel")  # fmt: skip
    _run(folder, str(PYTHON / "python"), str(SCRIPTS / "with_models.py"), address, key)


def test_openapi_typescript(service: tuple[str, str, Path]) -> None:
    address, key, folder = service
    _run(folder, "openapi-typescript", "openapi.json", "--output", "schema.ts")
    shutil.copy(SCRIPTS / "with_types.ts", folder)
    (folder / "node_modules").symlink_to(INSTALLED / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    _run(folder, *COMPILE)
    _run(folder, "node", "with_types.ts", address, key)
