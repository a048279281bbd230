#!/usr/bin/env python3
"""A registry that misbehaves on purpose, for the tests of registry clients.

Usage: hostile_registry.py LOG [CERTIFICATE KEY]

The repository's name says how it misbehaves: GET /v2/m01-cuts/blobs/... is answered by the row "m01-cuts" below.
It listens on 127.0.0.1:6001 (the registry), 127.0.0.2:6002 and 127.0.0.1:6003 (other origins), and with a
certificate on 127.0.0.1:6443 and 443 (TLS). Every request goes into LOG as one JSON line with origin, method, path and
headers. Plain sockets, so that any answer can be given.
"""
import base64, gzip, hashlib, io, json, os, socket, ssl, sys, tarfile, threading, time

USER, PASSWORD, TOKEN = "user", "secret-password", "secret-token-1"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
log_lock = threading.Lock()
counters, counters_lock = {}, threading.Lock()
uploads = {}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_of(size):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("content")
        info.size = size
        tar.addfile(info, io.BytesIO(bytes(i * 7 % 251 for i in range(1 << 16)) * (size // (1 << 16) + 1)))
    return out.getvalue()


layer = layer_of(300000)
big_layer = layer_of(16 << 20)
blobs = {digest(layer): layer, digest(big_layer): big_layer}


def image(layers, extra=None, config_extra=None):
    config = json.dumps({"architecture": "amd64", "os": "linux", **(config_extra or {}),
                         "rootfs": {"type": "layers", "diff_ids": [digest(x) for x in layers]}}).encode()
    blobs[digest(config)] = config
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
                "layers": [{"mediaType": LAYER, "digest": digest(x), "size": len(x)} for x in layers]}
    if extra:
        extra(manifest)
    return json.dumps(manifest).encode()


small = image([layer])
big = image([big_layer])
two_tags = image([layer], config_extra={"author": "other"})


def foreign(manifest):
    manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar"
    manifest["layers"][0]["urls"] = ["http://127.0.0.2:6002/foreign", "http://169.254.169.254/foreign"]


def count(key):
    with counters_lock:
        counters[key] = counters.get(key, 0) + 1
        return counters[key]


class Connection:
    """One connection: reads requests, hands them to answer()."""

    def __init__(self, sock, origin):
        self.sock, self.origin, self.file = sock, origin, sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def reply(self, status, headers=None, body=b"", length=True):
        headers = dict(headers or {})
        if length and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(body))
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        self.send(head.encode())
        if self.method != "HEAD":
            self.send(body)

    def serve(self):
        try:
            if not isinstance(self.sock, ssl.SSLSocket):
                if self.sock.recv(1, socket.MSG_PEEK) == b"\x16":
                    return  # somebody tries TLS
            while self.read_request():
                if answer(self) == "close":
                    return
        except (OSError, ValueError):
            pass
        finally:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.sock.close()

    def read_request(self):
        line = self.file.readline(65536).decode("latin-1").split()
        if len(line) < 3:
            return False
        self.method, self.path = line[0], line[1]
        self.headers = {}
        while True:
            text = self.file.readline(65536).decode("latin-1").strip()
            if not text:
                break
            name, _, value = text.partition(":")
            self.headers[name.lower()] = value.strip()
        with log_lock:
            log.write(json.dumps({"origin": self.origin, "method": self.method, "path": self.path,
                                  "headers": self.headers}) + "\n")
            log.flush()
        self.body = b""
        parts = self.path.split("?")[0].split("/")
        self.repository = parts[2] if len(parts) > 2 and parts[1] == "v2" else ""
        if self.repository == "m19-cut-body" and self.method == "PUT" and "/uploads/" in self.path and count("m19-cut-body") == 1:
            return False
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.body = self.file.read(int(self.headers.get("content-length", "0")))
        return True

    def endless(self, head):
        self.send(head)
        block = b"x" * 65536
        for _ in range(16384):  # a gigabyte at most
            self.send(block)
        return "close"


REALMS = {"n04-other-port": "http://127.0.0.1:6003/token", "n04-other-host": "http://127.0.0.2:6002/token",
          "n04-any": "http://0.0.0.0:6003/token", "n04-any6": "http://[::]:6003/token", "n04-private": "http://10.0.0.1/token",
          "n04-short": "http://127.2:6002/token", "n04-hex": "http://0x7f000002:6002/token", "n04-file": "file:///etc/passwd",
          "n04-redirect": "http://127.0.0.1:6001/redirect-token", "n04-tls": "http://127.0.0.1:6001/token", "n04-hub": "https://auth.docker.io/token",
          "some": "https://auth.docker.io/token"}
LINKS = {"n05-other": "http://127.0.0.2:6002/v2/n05-other/tags/list", "n05-loop": "/v2/n05-loop/tags/list"}
LOCATIONS = {"n03-port": "http://127.0.0.1:6003/upload/n03", "n03-host": "http://127.0.0.2:6002/upload/n03",
             "n03-metadata": "http://169.254.169.254/upload"}


def answer(c):
    repo, path = c.repository, c.path.split("?")[0]
    if path == "/v2/":
        return c.reply(200, {}, b"{}")
    if path == "/redirect-token":
        return c.reply(302, {"Location": "http://127.0.0.2:6002/token"})
    if path == "/token":
        if repo_of_scope(c) == "n08-token":
            return c.endless(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n{\"token\": \"")
        token = TOKEN + str(count("token")) if "m07" in c.path else TOKEN
        return c.reply(200, {}, json.dumps({"token": token, "expires_in": 300}).encode())
    if path.startswith("/served/"):  # what redirects of blobs lead to
        wanted = path.split("/")[-1]
        if "401" in path:
            return c.reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return c.reply(200, {}, blobs[wanted])
    if path.startswith("/hop/"):
        n, wanted = int(path.split("/")[2]), path.split("/")[3]
        if n == 0:
            return c.reply(200, {}, blobs[wanted])
        return c.reply(302, {"Location": f"/hop/{n - 1 if n < 1000 else n}/{wanted}"})
    if path.startswith("/upload/"):
        return c.reply(201, {"Location": "/x"})
    needs = needs_authorization(c, repo)
    if needs is not None:
        return needs
    if "/manifests/" in path:
        return answer_manifest(c, repo, path)
    if "/uploads/" in path:
        return answer_upload(c, repo, path)
    if "/blobs/" in path:
        return answer_blob(c, repo, path.split("/")[-1])
    if "/tags/list" in path:
        return answer_tags(c, repo)
    return c.reply(404, {}, b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such thing"}]}')


def repo_of_scope(c):
    return c.path.split("repository%3A")[-1].split("%3A")[0]


def needs_authorization(c, repo):
    given = c.headers.get("authorization", "")
    bearer = repo in REALMS or repo.startswith("m07") or repo in ("n13", "n08-token")
    if bearer:
        realm = REALMS.get(repo, "http://127.0.0.1:6001/token")
        ok = given.startswith("Bearer " + TOKEN)
        if repo.startswith("m07") and ok:
            # A token is good for one request of a blob.
            ok = "/blobs/" not in c.path or count("m07 " + given) == 1
        if not ok:
            return c.reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="test"'}, b"{}") or True
    if (repo.startswith("n02") or repo.startswith("n03") or repo.startswith("n05")) and given != BASIC:
        return c.reply(401, {"WWW-Authenticate": 'Basic realm="test"'}) or True
    if repo == "n08-401":
        return c.endless(b"HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=x\r\n\r\n")
    if repo == "n08-500":
        return c.endless(b"HTTP/1.1 501 X\r\n\r\n")
    return None


def answer_manifest(c, repo, path):
    name, headers = path.split("/")[-1], {"Content-Type": MANIFEST}
    if c.method == "PUT":
        if repo == "m19-unknown" and count("m19-unknown put") == 1:
            return c.reply(503)
        if repo == "subject-noted":
            headers["OCI-Subject"] = json.loads(c.body)["subject"]["digest"]
        documents[(repo, name)] = documents[(repo, digest(c.body))] = (c.headers.get("content-type"), c.body)
        return c.reply(201, {"Location": c.path, "Docker-Content-Digest": digest(c.body), **headers})
    if (repo, name) in documents:
        kind, text = documents[(repo, name)]
        return c.reply(200, {"Content-Type": kind, "Docker-Content-Digest": digest(text)}, text)
    if repo.startswith("push") or repo.startswith("m19") or repo.startswith("n03") or repo == "subject-noted":
        return c.reply(404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
    text = big if repo.startswith("m01") or repo.startswith("m02") else small
    if repo == "n01":
        text = image([layer], foreign)
    if repo == "n01-needed":
        def urls_only(manifest):
            manifest["layers"][0]["urls"] = ["http://127.0.0.2:6002/foreign"]
        text = image([layer], urls_only)
    if repo == "n08-manifest":
        return c.endless(f"HTTP/1.1 200 X\r\nContent-Type: {MANIFEST}\r\n\r\n".encode())
    if repo == "n09-manifest":
        return c.reply(200, {**headers, "Content-Encoding": "gzip"}, gzip.compress(text))
    if repo == "n10-b":
        return c.reply(404)
    if repo == "m04-429" and count("m04-429") <= 2:
        return c.reply(429, {"Retry-After": "1"})
    if repo == "m04-date" and count("m04-date") == 1:
        return c.reply(503, {"Retry-After": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))})
    if repo == "m04-long":
        return c.reply(503, {"Retry-After": "30"})
    if repo == "m04-always":
        return c.reply(502, {"Retry-After": "0"})
    if repo == "m18-header":
        headers["Docker-Content-Digest"] = digest(b"something else")
    if repo == "m18-digest" and name.startswith("sha256:"):
        text = two_tags
    if repo == "type-lie":
        headers["Content-Type"] = "application/vnd.docker.distribution.manifest.v2+json"
    if repo == "warnings":
        headers["Warning"] = '299 - "this registry is old"'
    return c.reply(200, headers, text)


documents = {}


def answer_blob(c, repo, wanted):
    data = blobs.get(wanted)
    other = {"n02-301": 301, "n02-302": 302, "n02-303": 303, "n02-307": 307, "n02-308": 308}
    if c.method == "HEAD":
        there = (repo, wanted) in uploads
        return c.reply(200 if there else 404, {"Content-Length": str(len(uploads[(repo, wanted)]))} if there else {})
    if data is None or repo == "n01-needed" and data is layer:
        return c.reply(404)
    if repo in other:
        return c.reply(other[repo], {"Location": f"http://127.0.0.1:6003/served/{wanted}?sig=secret-signature"})
    if repo == "n02-401":
        return c.reply(307, {"Location": f"http://127.0.0.1:6003/served/401/{wanted}"})
    if repo == "n02-host":
        return c.reply(307, {"Location": f"http://127.0.0.2:6002/served/{wanted}"})
    if repo == "n02-tls":
        return c.reply(307, {"Location": f"http://127.0.0.1:6001/served/{wanted}"})
    if repo == "n06":
        return c.reply(302, {"Location": "http://169.254.169.254/latest/meta-data"})
    if repo == "n13":
        return c.reply(307, {"Location": f"http://127.0.0.1:6003/served/{wanted}?X-Signature=secret-signature"})
    if repo == "n09-blob":
        return c.reply(200, {"Content-Encoding": "gzip"}, gzip.compress(data))
    if repo == "m06-loop":
        return c.reply(302, {"Location": f"/hop/1000/{wanted}"})
    if repo == "m06-eleven":
        return c.reply(302, {"Location": f"/hop/11/{wanted}"})
    if repo == "m06-nine":
        return c.reply(302, {"Location": f"/hop/9/{wanted}"})
    if repo.startswith(("m01", "m02")) and len(data) > 1 << 20:
        return answer_range(c, repo, data)
    if repo.startswith("m03") and data is layer:
        return answer_length(c, repo, data)
    if repo == "m05" and data is layer and count("m05") == 1:
        c.send(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(data) + data[:1000])
        time.sleep(20)
        return "close"
    if repo == "m05-slow" and data is layer and count("m05-slow") == 1:
        c.send(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(data))
        for byte in data[:20]:
            c.send(bytes([byte]))
            time.sleep(1)
        return "close"
    if repo == "m05-never":
        time.sleep(20)
        return "close"
    if repo == "mirror-lacks" and data is layer:
        return c.reply(404)
    if repo == "mirror-breaks" and data is layer:
        if "range" in c.headers:
            return c.reply(404)
        c.send(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(data) + data[:100000])
        return "close"
    if repo in ("m18-blob", "mirror-lies") and data is layer:
        data = bytes([data[0] ^ 1]) + data[1:]
    return c.reply(200, {}, data)


def answer_range(c, repo, data):
    asked = c.headers.get("range", "")
    start = int(asked[6:].split("-")[0]) if asked else 0
    status, headers, body = (206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:]) if asked else (200, {}, data)
    if repo == "m02-ignored":
        status, headers, body = 200, {}, data
    if repo == "m02-wrong" and asked:
        headers["Content-Range"] = f"bytes {start + 1}-{len(data) - 1}/{len(data)}"
    if repo == "m02-416" and asked:
        return c.reply(416)
    headers["Content-Length"] = str(len(body))
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    cut = 65536 if repo == "m01-cuts" else 5 << 20
    if repo != "m01-cuts" and count(repo + " blob") > 2:
        cut = len(body)
    c.send(head.encode() + body[:cut])
    return "close" if cut < len(body) else None


def answer_length(c, repo, data):
    size = len(data)
    heads = {"m03-more": f"Content-Length: {size + 1}", "m03-less": f"Content-Length: {size - 1}", "m03-zero": "Content-Length: 0",
             "m03-huge": "Content-Length: 9223372036854775808", "m03-twice": f"Content-Length: {size}\r\nContent-Length: {size - 5}",
             "m03-both": f"Content-Length: {size}\r\nTransfer-Encoding: chunked", "m03-absent": "Connection: close",
             "m03-extra": "Connection: close"}
    body = data + b"extra" if repo in ("m03-extra", "m03-more") else data
    if repo == "m03-both":
        body = b"%x\r\n" % size + data + b"\r\n0\r\n\r\n"
    c.send(f"HTTP/1.1 200 X\r\n{heads[repo]}\r\n\r\n".encode() + body)
    return "close"


def answer_tags(c, repo):
    if repo == "n08-tags":
        return c.endless(b'HTTP/1.1 200 X\r\n\r\n{"tags": ["')
    if repo == "n05-endless":
        page = count("n05-endless")
        return c.reply(200, {"Link": f'</v2/n05-endless/tags/list?last={page}>; rel="next"'}, b'{"tags": ["t"]}')
    if repo == "pages" and "last=" not in c.path:
        return c.reply(200, {"Link": '</v2/pages/tags/list?n=2&last=b>; rel="next"'}, b'{"tags": ["a", "b"]}')
    headers = {"Link": f'<{LINKS[repo]}>; rel="next"'} if repo in LINKS else {}
    return c.reply(200, headers, b'{"tags": ["c"]}')


def answer_upload(c, repo, path):
    session = f"/v2/{repo}/blobs/uploads/{count('session')}"
    query = c.path.partition("?")[2]
    if c.method == "POST":
        if repo == "m19-lost" and count("m19-lost") == 1:
            return "close"
        if repo == "m19-mount" and "mount=" in query and "other" in query:
            return c.reply(202, {"Location": session})
        headers = {"Location": LOCATIONS.get(repo, session)}
        if repo == "m19-least":
            headers["OCI-Chunk-Min-Length"] = "100000"
        return c.reply(202, headers)
    if c.method == "DELETE":
        return c.reply(204)
    if c.method == "PATCH":
        uploads.setdefault(path, bytearray())
        if repo == "m19-409" and count("m19-409") == 2:
            return c.reply(409)
        uploads[path] += c.body
        return c.reply(202, {"Location": path, "Range": f"0-{len(uploads[path]) - 1}"})
    wanted = query.split("digest=")[-1].replace("%3A", ":")
    if repo == "m19-404" and count("m19-404") == 1:
        return c.reply(404, {}, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
    data = bytes(uploads.get(path, b"")) + c.body
    if digest(data) != wanted:
        return c.reply(400, {}, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
    uploads[(repo, wanted)] = data
    if repo == "m19-answer-lost" and count("m19-answer-lost") == 1:
        return "close"
    return c.reply(201, {"Location": f"/v2/{repo}/blobs/{wanted}", "Docker-Content-Digest": wanted})


def listen(host, port, context=None):
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen(64)

    def run():
        while True:
            sock, _ = server.accept()

            def work(sock=sock):
                try:
                    if context:
                        sock = context.wrap_socket(sock, server_side=True)
                except (OSError, ssl.SSLError):
                    return
                Connection(sock, f"{host}:{port}").serve()
            threading.Thread(target=work, daemon=True).start()
    threading.Thread(target=run, daemon=True).start()


log = open(sys.argv[1], "a")
if len(sys.argv) > 3:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    listen("127.0.0.1", 6443, tls)
    listen("127.0.0.1", 443, tls)  # for names that a hosts file leads here
listen("127.0.0.2", 6002)
listen("127.0.0.1", 6003)
listen("127.0.0.1", 6001)
threading.Event().wait()
