#!/usr/bin/env python3
"""A server on this machine that behaves like the Hugging Face hub, and misbehaves as it is told.

    local_hub.py FOLDER [CERTIFICATE]

FOLDER/models/NAME/ are repositories, of which files named *.safetensors are large ones; FOLDER/files/ is served as it is.
A name may end in @REVISION. With a certificate, a file that has its key, too, it speaks TLS. It writes its port to FOLDER/port, and a line of JSON for each request to FOLDER/log.
FOLDER/faults.json, read at each request, is a list of what goes wrong:

    {"path": "part of the path", "times": 2, "fault": "status", "status": 503, "fields": {"Retry-After": "1"}}

with these faults: `status`; `cut` and `stall` after so many `bytes`; `slow`, with so many `seconds` after each 16 KiB;
`change`, of the first byte; `short`, by a byte; `long`, by a byte; `no-ranges`; `wrong-range`.

Repositories named private-* are shown to those with the token hf_good alone, gated-* tell what they have and give nothing
to others, old-* have moved to the name without old-.
"""

import hashlib
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
models = os.path.join(folder, "models")
lock = threading.Lock()
used = {}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def blob_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repository:
    def __init__(self, name, revision):
        own = os.path.join(models, f"{name}@{revision}")
        self.folder = own if os.path.isdir(own) else os.path.join(models, name)
        self.files = {}
        for place, _, names in os.walk(self.folder):
            for file in names:
                path = os.path.join(place, file)
                with open(path, "rb") as stream:
                    self.files[os.path.relpath(path, self.folder)] = stream.read()
        listing = "".join(f"{path} {digest(data)}\n" for path, data in sorted(self.files.items()))
        self.commit = hashlib.sha1(listing.encode()).hexdigest()

    @staticmethod
    def is_large(path):
        return path.endswith(".safetensors")

    def etag(self, path):
        return digest(self.files[path]) if self.is_large(path) else blob_id(self.files[path])

    def sibling(self, path):
        data = self.files[path]
        entry = {"rfilename": path, "size": len(data), "blobId": blob_id(data)}
        if self.is_large(path):
            entry["lfs"] = {"sha256": digest(data), "size": len(data), "pointerSize": 130}
        return entry

    def tree_entry(self, path):
        data = self.files[path]
        entry = {"type": "file", "oid": blob_id(data), "size": len(data), "path": path}
        if self.is_large(path):
            entry["lfs"] = {"oid": digest(data), "size": len(data), "pointerSize": 130}
        return entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        # As a proxy we are sent whole addresses.
        self.plain = re.sub(r"^http://[^/]*", "", self.path)
        self.note()
        self.fault = self.next_fault()
        if self.fault.get("fault") == "status":
            return self.refuse(self.fault["status"], "as it was told", self.fault.get("fields", {}))
        path, _, _ = self.plain.partition("?")
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        if parts[0] == "files":
            return self.send_file(os.path.join(folder, *parts))
        if parts[0] == "cdn":
            return self.send_large(parts[1])
        match = re.fullmatch(r"api/models/(.+)/(revision|tree)/([^/]+)", path.strip("/"))
        if match:
            return self.send_listing(match[1], match[2], urllib.parse.unquote(match[3]))
        match = re.fullmatch(r"(.+)/resolve/([^/]+)/(.+)", path.strip("/"))
        if match:
            return self.send_member(match[1], match[2], urllib.parse.unquote(match[3]))
        self.refuse(404, "Not Found")

    def note(self):
        fields = {"method": self.command, "path": self.path, "host": self.headers.get("Host", "").split(":")[0]}
        for name in ["Range", "Authorization"]:
            if self.headers.get(name):
                fields[name.lower()] = self.headers[name]
        with lock, open(os.path.join(folder, "log"), "a") as log:
            log.write(json.dumps(fields) + "\n")

    def next_fault(self):
        try:
            with open(os.path.join(folder, "faults.json")) as stream:
                faults = json.load(stream)
        except FileNotFoundError:
            return {}
        with lock:
            for index, fault in enumerate(faults):
                key = json.dumps([index, fault])
                if fault["path"] in self.path and used.get(key, 0) < fault.get("times", 1 << 30):
                    used[key] = used.get(key, 0) + 1
                    return fault
        return {}

    # What the hub has

    def is_known(self):
        return self.headers.get("Authorization") == "Bearer hf_good"

    def repository(self, name, revision):
        """The repository, or nothing where it was refused."""
        if name.startswith("old-"):
            target = self.plain.replace(name, name[len("old-"):], 1)
            self.answer(307, b"", {"Location": target})
            return None
        repository = next(
            (one for one in (Repository(name, other) for other in self.revisions(name)) if one.commit == revision),
            Repository(name, revision))
        if name.startswith("private-") and not self.is_known() or not repository.files:
            self.refuse(
                401 if not self.is_known() else 404, "Repository not found", {"X-Error-Code": "RepoNotFound"})
            return None
        main = Repository(name, "main")
        if revision not in ("main", repository.commit) and repository.folder == main.folder:
            self.refuse(404, f"Invalid rev id: {revision}", {"X-Error-Code": "RevisionNotFound"})
            return None
        return repository

    def send_listing(self, name, kind, revision):
        repository = self.repository(name, revision)
        if not repository:
            return
        paths = sorted(repository.files)
        if kind == "tree":
            answer = [repository.tree_entry(path) for path in paths]
        else:
            answer = {
                "id": name, "modelId": name, "sha": repository.commit, "private": False, "tags": [], "downloads": 0,
                "likes": 0, "siblings": [repository.sibling(path) for path in paths]}
        self.answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def revisions(self, name):
        parent, base = os.path.split(os.path.join(models, name))
        if not os.path.isdir(parent):
            return []
        return [entry[len(base) + 1:] for entry in os.listdir(parent) if entry.startswith(base + "@")]

    def send_member(self, name, revision, path):
        repository = self.repository(name, revision)
        if not repository:
            return
        if name.startswith("gated-") and not self.is_known():
            return self.refuse(
                403 if self.headers.get("Authorization") else 401, "Access to it is restricted",
                {"X-Error-Code": "GatedRepo"})
        fields = {"X-Repo-Commit": repository.commit}
        if path not in repository.files:
            return self.refuse(404, "Entry not found", fields | {"X-Error-Code": "EntryNotFound"})
        data = repository.files[path]
        if repository.is_large(path):
            port, scheme = self.server.server_address[1], "https" if len(sys.argv) > 2 else "http"
            fields |= {
                "Location": f"{scheme}://localhost:{port}/cdn/{digest(data)}?signature=x",
                "X-Linked-Etag": f'"{digest(data)}"', "X-Linked-Size": str(len(data))}
            return self.answer(302, b"Found. Redirecting", fields)
        self.send_bytes(data, fields | {"ETag": f'"{blob_id(data)}"'})

    def send_large(self, name):
        # As a store of signed addresses does, which takes a second kind of credentials for an attack.
        if self.headers.get("Authorization"):
            return self.refuse(400, "Only one auth mechanism allowed")
        for place, _, names in os.walk(models):
            for file in names:
                with open(os.path.join(place, file), "rb") as stream:
                    data = stream.read()
                if digest(data) == name:
                    return self.send_bytes(data, {"ETag": '"other"'})
        self.refuse(404, "NoSuchKey")

    def send_file(self, path):
        if not os.path.isfile(path):
            return self.refuse(404, "Not Found")
        with open(path, "rb") as stream:
            self.send_bytes(stream.read(), {})

    # How it is sent

    def send_bytes(self, data, fields):
        kind = self.fault.get("fault")
        if kind == "change":
            data = bytes([data[0] ^ 1]) + data[1:]
        if kind == "short":
            data = data[:-1]
        if kind == "long":
            data += b"x"
        status, first = 200, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and kind != "no-ranges":
            first = int(asked[1])
            if first >= len(data):
                return self.answer(416, b"", fields | {"Content-Range": f"bytes */{len(data)}"})
            status = 206
            start = first + 1 if kind == "wrong-range" else first
            fields = fields | {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        self.answer(status, data[first:], fields)

    def refuse(self, status, text, fields={}):
        self.answer(status, json.dumps({"error": text}).encode(), fields | {"X-Error-Message": text})

    def answer(self, status, data, fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        kind, limit = self.fault.get("fault"), self.fault.get("bytes", 0)
        try:
            if kind in ("cut", "stall") and status < 300:
                self.wfile.write(data[:limit])
                self.wfile.flush()
                if kind == "stall":
                    time.sleep(60)
                self.close_connection = True
                self.connection.shutdown(2)
            elif kind == "slow" and status < 300:
                for start in range(0, len(data), 1 << 14):
                    self.wfile.write(data[start:start + (1 << 14)])
                    time.sleep(self.fault["seconds"])
            else:
                self.wfile.write(data)
        except OSError:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(os.path.join(folder, "port.tmp"), "w") as stream:
        stream.write(str(server.server_address[1]))
    os.rename(os.path.join(folder, "port.tmp"), os.path.join(folder, "port"))
    # It ends with whoever started it.
    parent = os.getppid()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while os.getppid() == parent and os.path.isdir(folder):
        time.sleep(0.2)


main()
