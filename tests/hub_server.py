"""A small Hugging Face hub on this machine: what it takes to push a model and to download it, and no more."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class Hub(ThreadingHTTPServer):
    """Holds repositories in memory: name → file → bytes, as the last commit left them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: dict[str, dict[str, bytes]] = {}
        self.visibility: dict[str, str | None] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def hub() -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body, path = self._body(), urlsplit(self.path).path
        if path == "/api/repos/create":
            about = json.loads(body)
            repo = "/".join(filter(None, (about.get("organization"), about["name"])))
            self.server.repos.setdefault(repo, {})
            self.server.visibility[repo] = about.get("visibility")
            return self._json({"url": f"{self.server.url}/{repo}"})
        if not path.startswith("/api/models/"):  # whether a card's head is well made, say
            return self._json({"errors": [], "warnings": []})
        repo, verb = path.removeprefix("/api/models/").rsplit("/", 2)[:2]
        if verb == "preupload":
            files = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in json.loads(body)["files"]
            ]
            return self._json({"files": files})
        assert verb == "commit"
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.server.repos[repo][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return self._json({"success": True, "commitOid": self._commit(repo), "commitUrl": f"{self.server.url}/{repo}"})

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/"):
            user, name, *rest = path.removeprefix("/api/models/").split("/")
            files = self.server.repos.get(f"{user}/{name}")
            if files is None:
                return self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
            if rest[0] == "tree":
                kept = [
                    {"type": "file", "path": f, "size": len(data), "oid": _digest(data)} for f, data in files.items()
                ]
                return self._json(kept)
            siblings = [{"rfilename": file} for file in files]
            return self._json({"id": f"{user}/{name}", "sha": self._commit(f"{user}/{name}"), "siblings": siblings})
        if path.startswith("/api/"):
            return self._json({"error": "not here"}, 404)
        user, name, _, _, file = path.strip("/").split("/", 4)
        data = self.server.repos[f"{user}/{name}"][file]
        return self._send(200, data, {"ETag": f'"{_digest(data)}"', "X-Repo-Commit": self._commit(f"{user}/{name}")})

    do_HEAD = do_GET  # noqa: N815

    def _commit(self, repo: str) -> str:
        return _digest(b"".join(self.server.repos[repo].values()))

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _json(self, values: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(values).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
