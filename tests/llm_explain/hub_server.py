"""A hub on this machine, at the level of HTTP: repositories, commits and files, as ``huggingface_hub`` asks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

COMMIT = "0" * 39 + "1"


class FakeHub(ThreadingHTTPServer):
    """Serves on a free port while it is entered.

    Attributes:
        created: Bodies of the requests that create repositories.
        files: Contents by repository and path.
        tokens: Values of the header ``authorization``.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.created: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, bytes]] = {}
        self.tokens: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> FakeHub:
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: FakeHub

    def do_POST(self) -> None:
        self.server.tokens.add(self.headers["authorization"])
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/api/repos/create":
            self.create(json.loads(body))
        elif self.path == "/api/validate-yaml":
            self.answer({"warnings": [], "errors": []})
        else:
            _, _, _, owner, name, what, _ = self.path.split("?")[0].split("/")
            if what == "preupload":
                paths = [file["path"] for file in json.loads(body)["files"]]
                modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]
                self.answer({"files": modes})
            else:
                self.commit(f"{owner}/{name}", body)

    def create(self, given: dict[str, Any]) -> None:
        name = "/".join(filter(None, (given.get("organization"), given["name"])))
        self.server.created.append(given)
        self.server.files[name] = {}
        self.answer({"url": f"{self.server.url}/{name}", "name": name, "id": name})

    def commit(self, repository: str, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                self.server.files[repository][line["value"]["path"]] = content
        self.answer({"commitUrl": f"{self.server.url}/{repository}/commit/{COMMIT}", "commitOid": COMMIT})

    def do_GET(self) -> None:
        self.server.tokens.add(self.headers["authorization"])
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", self.path)
        asked = re.match(r"/api/models/([^/]+/[^/?]+)(/tree/)?", self.path)
        if found is None and asked is None:
            self.answer({"error": "unknown"}, 404)
        elif found is None:
            files = self.server.files[asked[1]]
            tree = [
                {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for path, content in files.items()
            ]
            names = [{"rfilename": path} for path in files]
            about = {"id": asked[1], "sha": COMMIT, "siblings": names, "private": True}
            self.answer(tree if asked[2] else about)
        elif (content := self.server.files[found[1]].get(found[2])) is None:
            self.answer({"error": "no such file"}, 404, {"x-error-code": "EntryNotFound"})
        else:
            etag = hashlib.sha1(content).hexdigest()
            self.answer(content, 200, {"etag": f'"{etag}"', "x-repo-commit": COMMIT})

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name in the base class
        pass
