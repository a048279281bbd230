#!/usr/bin/env python3
"""push_tags.py HOST:PORT REPOSITORY LAYOUT COUNT: pushes the one image of a layout COUNT times, as the tags t1, t2, ...

Each tag has a config of its own, so that each is an image to copy, and all share the layers. One connection serves all
requests: a program started per tag would take longer than the sync that is to be measured."""
import hashlib
import http.client
import json
import sys


class Repository:
    def __init__(self, registry, name):
        self.connection = http.client.HTTPConnection(registry)
        self.name = name

    def ask(self, method, path, body, expected, content_type="application/octet-stream"):
        """Sends one request, and ends the program when the answer has another status; returns the Location."""
        self.connection.request(method, path, body, {"Content-Type": content_type})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            sys.exit(f"{method} {path}: status {answer.status}, expected {expected}: {text.decode(errors='replace')}")
        return answer.headers.get("Location")

    def push_blob(self, data):
        """Returns the blob's digest."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        place = self.ask("POST", f"/v2/{self.name}/blobs/uploads/", b"", 202)
        self.ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", data, 201)
        return digest

    def push_manifest(self, tag, manifest):
        data = json.dumps(manifest).encode()
        self.ask("PUT", f"/v2/{self.name}/manifests/{tag}", data, 201, manifest["mediaType"])


def read_blob(layout, digest):
    with open(f"{layout}/blobs/{digest.replace(':', '/')}", "rb") as file:
        return file.read()


def main(registry, name, layout, count):
    with open(f"{layout}/index.json", encoding="utf-8") as file:
        manifest = json.loads(read_blob(layout, json.load(file)["manifests"][0]["digest"]))
    config = json.loads(read_blob(layout, manifest["config"]["digest"]))
    repository = Repository(registry, name)
    for layer in manifest["layers"]:
        repository.push_blob(read_blob(layout, layer["digest"]))
    for number in range(1, int(count) + 1):
        config.setdefault("config", {})["Labels"] = {"n": str(number)}
        data = json.dumps(config).encode()
        manifest["config"].update(digest=repository.push_blob(data), size=len(data))
        repository.push_manifest(f"t{number}", manifest)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
