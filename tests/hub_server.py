"""A small Hugging Face hub on this machine: what it takes to push models, to download them and data sets; no more."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Harm = Callable[[str, bytes], tuple[int, bytes]]


class Hub(ThreadingHTTPServer):
    """Holds repositories in memory: name → file → bytes, as the last commit left them; `datasets/NAME` of data sets.

    Attributes:
        harm: what is done to an answer, by the path that was asked for: another status, other bytes of those that were
            said to come.
    """

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: Any = {} if repos is None else repos
        self.visibility: dict[str, str | None] = {}
        self.harm: Harm = lambda _, data: (200, data)
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def hub(repos: Mapping[str, Mapping[str, bytes]] | None = None) -> Iterator[Hub]:
    server = Hub(repos)
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
        if "/paths-info/" in path:
            repo = path.removeprefix("/api/").partition("/paths-info/")[0].removeprefix("models/")
            files, wanted = self.server.repos.get(repo, {}), parse_qs(body.decode()).get("paths", [])
            every = _listed(files, "", whole=True)
            return self._json([each for each in every if each["path"] in wanted])
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
        if path.startswith("/api/"):
            return self._tell(path)
        repo, _, rest = path.strip("/").partition("/resolve/")
        files, file = self.server.repos.get(repo), rest.partition("/")[2]
        if files is None:
            return self._missing("RepoNotFound")
        if file not in files:
            return self._missing("EntryNotFound")
        data = files[file]
        return self._send(200, data, {"ETag": f'"{_digest(data)}"', "X-Repo-Commit": self._commit(repo)})

    def _tell(self, path: str) -> None:
        """What a repository is, and which files it has."""
        _, kind, user, name, *rest = [*path.strip("/").split("/"), "", ""]
        repo = f"{user}/{name}" if kind == "models" else f"{kind}/{user}/{name}"
        files = self.server.repos.get(repo)
        if files is None:
            return self._missing("RepoNotFound")
        if rest[0] == "tree":
            whole = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() == "true"
            return self._json(_listed(files, "/".join(filter(None, rest[2:])), whole=whole))
        siblings = [{"rfilename": file} for file in files]
        return self._json({"id": f"{user}/{name}", "sha": self._commit(repo), "siblings": siblings})

    def _missing(self, code: str) -> None:
        self._json({"error": "not found"}, 404, {"X-Error-Code": code})

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
        harmed, sent = self.server.harm(urlsplit(self.path).path, data)
        self.send_response(status if harmed == 200 else harmed)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)


def _listed(files: Mapping[str, bytes], place: str, *, whole: bool) -> list[dict[str, Any]]:
    """What lies in a folder of a repository; all that lies below it, if that is the `whole` of it."""
    folders = {str(folder) for file in files for folder in PurePosixPath(file).parents} - {"."}
    found = [{"type": "directory", "path": folder, "oid": _digest(folder.encode())} for folder in sorted(folders)]
    found += [{"type": "file", "path": file, "size": len(data), "oid": _digest(data)} for file, data in files.items()]
    below = f"{place}/" if place else ""
    inside = [each for each in found if str(each["path"]).startswith(below)]
    return [each for each in inside if whole or "/" not in str(each["path"]).removeprefix(below)]


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
