"""What `ocimg validate` says about layouts that break the image specification, rule by rule.

    layout_rules.py OCIMG REQUIREMENTS-DIRECTORY

Every MUST, MUST NOT and REQUIRED of the lists in conformance/requirements/image-spec has a line here: a layout
that breaks it and the finding that names it, a layout that uses what it allows and has no finding, or the
reason why no layout can break it. Prints "ok"/"not ok" lines like the shell tests.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Layout:
    """A layout with one image of one layer, written after changes to its parts."""

    def __init__(self, path="layout"):
        self.path = path
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path + "/blobs/sha256")
        self.tar = make_tar([("etc/", None), ("etc/one", b"one\n")])
        self.layer = gzip.compress(self.tar, mtime=0)
        self.config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(self.tar)]},
        }
        self.manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG},
            "layers": [{"mediaType": LAYER, "digest": digest_of(self.layer), "size": len(self.layer)}],
        }
        self.index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": MANIFEST}]}
        self.marker = {"imageLayoutVersion": "1.0.0"}
        self.texts = {}  # part -> its text, in place of the JSON of the part

    def blob(self, content):
        with open(f"{self.path}/blobs/sha256/{hashlib.sha256(content).hexdigest()}", "wb") as file:
            file.write(content)
        return {"digest": digest_of(content), "size": len(content)}

    def text(self, part):
        if part in self.texts:
            text = self.texts[part]
            return text if isinstance(text, bytes) else text.encode()
        return json.dumps(getattr(self, part)).encode()

    def write(self):
        self.blob(self.layer)
        stated = self.blob(self.text("config"))
        if isinstance(self.manifest.get("config"), dict):
            self.manifest["config"] = {**stated, **self.manifest["config"]}
        stated = self.blob(self.text("manifest"))
        if isinstance(self.index.get("manifests"), list) and self.index["manifests"]:
            self.index["manifests"][0] = {**stated, **self.index["manifests"][0]}
        for part, name in (("index", "index.json"), ("marker", "oci-layout")):
            with open(f"{self.path}/{name}", "wb") as file:
                file.write(self.text(part))


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def make_tar(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in entries:
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.size = len(content or b"")
            tar.addfile(entry, io.BytesIO(content or b""))
    return buffer.getvalue()


RULES = []  # (id, kind, change of a Layout before it is written, what the finding's pointer and section match)


def breaks(rule, change, pointer, section, after=None):
    RULES.append((rule, "breaks", change, pointer, section, after))


def allows(rule, change):
    RULES.append((rule, "allows", change, None, None, None))


def no_layout(rules, why):
    for rule in rules.split():
        RULES.append((rule, "none", why, None, None, None))


def sets(part, path, value):
    """A change that sets (or with ... removes) the member at a path of a part."""

    def change(layout):
        place = getattr(layout, part)
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        if value is ...:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value

    return change


def writes(part, text):
    return lambda layout: layout.texts.__setitem__(part, text)


def removes(name):
    def after(layout):
        path = f"{layout.path}/{name}"
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    return after


def nothing(_):
    pass


# --- annotations.md
breaks("image-annotations.map", sets("manifest", ["annotations"], {"a": 1}), "/annotations/a", "")
breaks("image-annotations.map", sets("index", ["annotations"], ["a"]), "/annotations", "")
allows("image-annotations.value-present", sets("manifest", ["annotations"], {"a": ""}))
breaks("image-annotations.value-present", sets("manifest", ["annotations"], {"a": None}), "/annotations/a", "")
breaks("image-annotations.unique-keys",
       writes("index", '{"schemaVersion": 2, "manifests": [], "annotations": {"a": "1", "a": "2"}}'), "", "")
allows("image-annotations.empty", sets("manifest", ["annotations"], {}))
allows("image-annotations.unknown-keys", sets("manifest", ["annotations"], {"org.opencontainers.image.new": "1"}))
no_layout("image-annotations.reserved image-annotations.reserved-image", "binds other specifications")

# --- config.md
breaks("image-config.architecture", sets("config", ["architecture"], ...), "/architecture", "config.md")
breaks("image-config.os", sets("config", ["os"], ...), "/os", "config.md")
breaks("image-config.labels", sets("config", ["config", "Labels"], {"a": 1}), "/config/Labels/a", "config.md")
breaks("image-config.rootfs", sets("config", ["rootfs"], ...), "/rootfs", "config.md")
breaks("image-config.rootfs-type", sets("config", ["rootfs", "type"], ...), "/rootfs/type", "config.md")
breaks("image-config.rootfs-type-layers", sets("config", ["rootfs", "type"], "overlay"), "/rootfs/type", "config.md")
breaks("image-config.rootfs-type-unknown", sets("config", ["rootfs", "type"], ""), "/rootfs/type", "config.md")
breaks("image-config.diff-ids", sets("config", ["rootfs", "diff_ids"], ...), "/rootfs/diff_ids", "config.md")
allows("image-config.extra-fields", sets("config", ["extra"], {"a": [1]}))

# --- considerations.md
breaks("image-considerations.i-json", writes("index", '{"schemaVersion": 2, "manifests": [], "a": "\\ud800"}'), "", "")
breaks("image-considerations.utf-8", writes("index", b'{"schemaVersion": 2, "manifests": [], "a": "\xff"}'), "", "")
breaks("image-considerations.unique-names", writes("marker", '{"imageLayoutVersion": "1.0.0", "imageLayoutVersion": "1.0.0"}'), "", "")
no_layout("image-considerations.copy-unchanged image-descriptor.no-new-data image-descriptor.no-new-data-registry",
          "about copying, which is tested where images are copied")

# --- conversion.md
no_layout("""image-conversion.by-the-document image-conversion.verbatim image-conversion.entrypoint-and-cmd
    image-conversion.labels-win image-conversion.annotation-os image-conversion.annotation-architecture
    image-conversion.annotation-variant image-conversion.annotation-os-version image-conversion.annotation-os-features
    image-conversion.annotation-author image-conversion.annotation-created image-conversion.annotation-stop-signal
    image-conversion.user-numeric image-conversion.user-unknown image-conversion.labels-win-again
    image-conversion.annotations-unchanged""", "about what unpack makes of an image, which is tested there")

# --- descriptor.md
breaks("image-descriptor.media-type", sets("manifest", ["layers", 0, "mediaType"], ...), "/layers/0/mediaType", "descriptor.md")
breaks("image-descriptor.media-type-rfc", sets("manifest", ["config", "mediaType"], "no type"), "/config/mediaType", "descriptor.md")
breaks("image-descriptor.digest", sets("manifest", ["layers", 0, "digest"], ...), "/layers/0/digest", "descriptor.md")
breaks("image-descriptor.size", sets("manifest", ["layers", 0, "size"], ...), "/layers/0/size", "descriptor.md")
breaks("image-descriptor.size-not-negative", sets("manifest", ["layers", 0, "size"], -1), "/layers/0/size", "descriptor.md")
breaks("image-descriptor.size", sets("manifest", ["layers", 0, "size"], 7), "/layers/0/size", "descriptor.md")
breaks("image-descriptor.urls", sets("manifest", ["layers", 0, "urls"], ["no url, has spaces"]), "/layers/0/urls/0", "descriptor.md")
breaks("image-descriptor.annotations", sets("manifest", ["layers", 0, "annotations"], {"a": {}}), "/layers/0/annotations/a", "")
breaks("image-descriptor.data-base64", sets("manifest", ["config", "data"], "%%%"), "/config/data", "descriptor.md")


def other_data(layout):
    layout.manifest["config"]["data"] = base64.b64encode(b"x" * len(layout.text("config"))).decode()


breaks("image-descriptor.data-verified", other_data, "/config/data", "descriptor.md")
allows("image-descriptor.data-verified",
       lambda layout: layout.manifest["config"].update(data=base64.b64encode(layout.text("config")).decode()))
breaks("image-descriptor.artifact-type", sets("index", ["manifests", 0, "artifactType"], "no type"), "/manifests/0/artifactType", "")
for bad in ("sha256", "sha256:", "SHA256:" + "0" * 64, "../x:" + "0" * 64, "sha256:" + "0" * 63 + "/"):
    breaks("image-descriptor.digest-grammar", sets("manifest", ["layers", 0, "digest"], bad), "/layers/0/digest", "descriptor.md")
allows("image-descriptor.implement-sha256", nothing)
breaks("image-descriptor.sha256-form", sets("manifest", ["layers", 0, "digest"], "sha256:" + "0" * 63), "/layers/0/digest", "descriptor.md")
breaks("image-descriptor.sha256-lower", sets("manifest", ["layers", 0, "digest"], "sha256:" + "A" * 64), "/layers/0/digest", "descriptor.md")
breaks("image-descriptor.sha512-form", sets("manifest", ["layers", 0, "digest"], "sha512:" + "0" * 64), "/layers/0/digest", "descriptor.md")
breaks("image-descriptor.sha512-lower", sets("manifest", ["layers", 0, "digest"], "sha512:" + "A" * 128), "/layers/0/digest", "descriptor.md")
no_layout("image-descriptor.blake3-length image-descriptor.blake3-form image-descriptor.blake3-lower",
          "blake3 is optional and not implemented: its digests are those of blobs that cannot be checked")

# --- image-index.md
breaks("image-index.schema-version", sets("index", ["schemaVersion"], ...), "/schemaVersion", "image-index.md")
breaks("image-index.schema-version-2", sets("index", ["schemaVersion"], 1), "/schemaVersion", "image-index.md")
breaks("image-index.media-type-value", sets("index", ["mediaType"], MANIFEST), "/mediaType", "image-index.md")
breaks("image-index.artifact-type", sets("index", ["artifactType"], "no type"), "/artifactType", "image-index.md")
breaks("image-index.manifests", sets("index", ["manifests"], ...), "/manifests", "image-index.md")
allows("image-index.manifests-empty", sets("index", ["manifests"], []))
allows("image-index.media-types", nothing)
allows("image-index.unknown-media-type",
       lambda layout: layout.index["manifests"].append({"mediaType": "application/x-new", **layout.blob(b"new")}))
breaks("image-index.platform-architecture", sets("index", ["manifests", 0, "platform"], {"os": "linux"}),
       "/manifests/0/platform/architecture", "image-index.md")
breaks("image-index.platform-os", sets("index", ["manifests", 0, "platform"], {"architecture": "amd64"}),
       "/manifests/0/platform/os", "image-index.md")
breaks("image-index.annotations", sets("index", ["manifests", 0, "annotations"], {"org.opencontainers.image.ref.name": "a//b"}),
       "/manifests/0/annotations/", "annotations.md")

# --- image-layout.md
breaks("image-layout.blobs", nothing, "", "image-layout.md", removes("blobs"))
breaks("image-layout.oci-layout", nothing, "", "image-layout.md", removes("oci-layout"))
breaks("image-layout.oci-layout-json", writes("marker", "[]"), "", "")
breaks("image-layout.oci-layout-version", sets("marker", ["imageLayoutVersion"], ...), "/imageLayoutVersion", "image-layout.md")
breaks("image-layout.oci-layout-version", sets("marker", ["imageLayoutVersion"], "2.0.0"), "/imageLayoutVersion", "image-layout.md")
breaks("image-layout.index", nothing, "", "image-layout.md", removes("index.json"))
breaks("image-layout.index-json", writes("index", '{"schemaVersion": 2}'), "/manifests", "image-index.md")


def damage(layout):
    with open(f"{layout.path}/blobs/{layout.manifest['layers'][0]['digest'].replace(':', '/')}", "r+b") as file:
        file.seek(15)
        file.write(b"!")


breaks("image-layout.blob-digest", nothing, "", "image-layout.md", damage)
breaks("image-layout.blob-names", nothing, "/layers/0/digest", "image-layout.md",
       lambda layout: os.rename(f"{layout.path}/blobs/{layout.manifest['layers'][0]['digest'].replace(':', '/')}",
                                f"{layout.path}/blobs/sha256/another"))
breaks("image-layout.index-entry", nothing, "/manifests/0/digest", "image-layout.md",
       lambda layout: os.remove(f"{layout.path}/blobs/{layout.index['manifests'][0]['digest'].replace(':', '/')}"))
allows("image-layout.index-unknown",
       lambda layout: layout.index["manifests"].append({"mediaType": "text/plain", **layout.blob(b"text")}))

# --- layer.md


def layer_of(tar, media_type=LAYER, packed=True):
    def change(layout):
        layout.layer = gzip.compress(tar, mtime=0) if packed else tar
        layout.manifest["layers"][0] = {"mediaType": media_type, "digest": digest_of(layout.layer), "size": len(layout.layer)}
        layout.config["rootfs"]["diff_ids"] = [digest_of(tar)]

    return change


breaks("image-layer.tar", layer_of(b"this is no archive" * 100, LAYER[:-5], packed=False), "", "layer.md")
breaks("image-layer.tar", layer_of(b"this is no archive" * 100), "", "layer.md")
allows("image-layer.opaque", layer_of(make_tar([("etc/", None), ("etc/.wh..wh..opq", b"")])))
allows("image-layer.whiteout", layer_of(make_tar([("etc/", None), ("etc/.wh.gone", b"")])))
no_layout("""image-layer.attributes image-layer.directory-over-directory image-layer.replace image-layer.whiteout-hidden
    image-layer.whiteout-lower""", "about what unpack makes of a layer, which is tested there")
breaks("image-layer.no-duplicates", layer_of(make_tar([("one", b"1"), ("one", b"2")])), "", "layer.md")
no_layout("image-layer.windows", "not of Linux")
no_layout("image-layer.snapshot", "about how layers are made")

# --- manifest.md
breaks("image-manifest.schema-version", sets("manifest", ["schemaVersion"], ...), "/schemaVersion", "manifest.md")
breaks("image-manifest.schema-version-2", sets("manifest", ["schemaVersion"], 3), "/schemaVersion", "manifest.md")
breaks("image-manifest.media-type-value", sets("manifest", ["mediaType"], CONFIG), "/mediaType", "manifest.md")
breaks("image-manifest.artifact-type", lambda layout: layout.manifest["config"].update(
    mediaType="application/vnd.oci.empty.v1+json", **layout.blob(b"{}")), "/artifactType", "manifest.md")
breaks("image-manifest.artifact-type-rfc", sets("manifest", ["artifactType"], "no type"), "/artifactType", "manifest.md")


def artifact(layout):
    layout.manifest["artifactType"] = "application/x-unknown"
    layout.manifest["config"] = {"mediaType": "application/x-unknown-config", **layout.blob(b"not JSON at all")}
    layout.manifest["layers"] = [{"mediaType": "application/x-unknown-layer", **layout.blob(b"anything")}]


allows("image-manifest.artifact-type-unknown", artifact)
allows("image-manifest.config-unknown-not-parsed", artifact)
allows("image-manifest.config-unknown", artifact)
allows("image-manifest.layer-unknown", artifact)
breaks("image-manifest.config", sets("manifest", ["config"], ...), "/config", "manifest.md")
allows("image-manifest.config-media-type", nothing)
breaks("image-manifest.config-rfc", sets("manifest", ["config", "mediaType"], "/json"), "/config/mediaType", "descriptor.md")
breaks("image-manifest.layers", sets("manifest", ["layers"], ["sha256:x"]), "/layers/0", "manifest.md|descriptor.md")
breaks("image-manifest.layers", sets("manifest", ["layers"], ...), "/layers", "manifest.md")


def reversed_layers(layout):
    second = make_tar([("two", b"2")])
    packed = gzip.compress(second, mtime=0)
    layout.manifest["layers"].insert(0, {"mediaType": LAYER, **layout.blob(packed)})
    layout.config["rootfs"]["diff_ids"].append(digest_of(second))


breaks("image-manifest.base-first", reversed_layers, "/layers/[01]", "config.md")
breaks("image-manifest.stack-order", reversed_layers, "/layers/[01]", "config.md")
breaks("image-manifest.result", sets("config", ["rootfs", "diff_ids"], ["sha256:" + "0" * 64]), "/layers/0", "config.md")
allows("image-manifest.layer-types", layer_of(make_tar([("one", b"1")]), LAYER[:-5], packed=False))
breaks("image-manifest.layer-rfc", sets("manifest", ["layers", 0, "mediaType"], "tar gz"), "/layers/0/mediaType", "")
breaks("image-manifest.annotations", sets("manifest", ["annotations"], {"org.opencontainers.image.created": "yesterday"}),
       "/annotations/", "annotations.md")
breaks("image-manifest.artifact-config", lambda layout: layout.manifest["config"].update(
    mediaType="application/vnd.oci.empty.v1+json", **layout.blob(b"{}")), "/artifactType", "manifest.md")
breaks("image-manifest.artifact-type-defined", lambda layout: layout.manifest["config"].update(
    mediaType="application/vnd.oci.empty.v1+json", **layout.blob(b"{}")), "/artifactType", "manifest.md")
no_layout("image-spec.key-words image-spec.not-compliant image-spec.compliant", "says how to read the specification")


def required_ids(directory):
    ids = []
    for name in sorted(os.listdir(directory)):
        text = open(os.path.join(directory, name), encoding="utf-8").read()
        for rule, level in re.findall(r"- id: (\S+)\n.*?level: ([A-Z ]+)\n", text, re.S):
            if level in ("MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT"):
                ids.append(rule)
    return ids


def judge(ocimg, rule):
    """None when validate says what it should, else what it said."""
    _, kind, change, pointer, section, after = rule
    layout = Layout()
    change(layout)
    layout.write()
    if after:
        after(layout)
    run = subprocess.run([ocimg, "validate", "--json", layout.path], capture_output=True, text=True, timeout=60)
    if run.returncode not in (0, 1) or not run.stdout:
        return f"exit {run.returncode}: {run.stdout}{run.stderr}"
    findings = json.loads(run.stdout)["findings"]
    if kind == "allows":
        return None if not findings and run.returncode == 0 else f"findings: {findings}"
    if run.returncode != 1:
        return "no finding"
    for finding in findings:
        if re.match(pointer, finding["pointer"]) and re.match(section, finding["section"]) and finding["file"] and finding["section"]:
            return None
    return f"other findings: {findings}"


def main():
    ocimg, directory = sys.argv[1:]
    failures = 0
    for rule in RULES:
        if rule[1] == "none":
            continue
        wrong = judge(ocimg, rule)
        failures += wrong is not None
        print(f"{'not ok' if wrong else 'ok    '} - {rule[0]} ({rule[1]})")
        if wrong:
            print("        ", wrong)
    required = required_ids(directory)
    missing = sorted(set(required) - {rule[0] for rule in RULES})
    unknown = sorted({rule[0] for rule in RULES} - set(required))
    if missing or unknown or len(required) < 100:
        failures += 1
        print(f"not ok - every demand has a line: {len(required)} demands; without a line: {missing}; no demand: {unknown}")
    else:
        print(f"ok     - every one of {len(required)} demands has a line")
    for rule, kind, why, *_ in RULES:
        if kind == "none":
            print(f"not of a layout: {rule}: {' '.join(why.split())}")
    sys.exit(1 if failures else 0)


main()
