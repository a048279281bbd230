"""Image layouts of what extractors get wrong, one for each edge: written byte by byte, by neither of the tools that
are compared.

    odd_layers.py DIRECTORY      DIRECTORY/NAME is a layout with the tag x; prints one NAME a line
    odd_layers.py DIRECTORY all  DIRECTORY/all has every edge that can stand beside others, each in a directory
    odd_layers.py DIRECTORY many 20 layers over each other: files, links and directories come, change and go
    odd_layers.py DIRECTORY small 100,000 small files in one layer
"""
import gzip
import hashlib
import json
import os
import random
import sys

OPAQUE = ".wh..wh..opq"
CAPABILITY = b"\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0"


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def number(value, width):
    return b"%0*o\0" % (width - 1, value)


def header(name, kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=1000, link="", device=(0, 0), magic=b"ustar\x0000",
           tail=b""):
    name, link = (x if isinstance(x, bytes) else x.encode() for x in (name, link))
    ids = [x if isinstance(x, bytes) else number(x, 8) for x in (uid, gid)]
    block = name[:100].ljust(100, b"\0") + number(mode, 8) + b"".join(ids) + number(size, 12) + number(mtime, 12)
    block += b" " * 8 + kind + link[:100].ljust(100, b"\0") + magic + b"root".ljust(32, b"\0") + b"root".ljust(32, b"\0")
    block += number(device[0], 8) + number(device[1], 8) + tail
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def record(key, value):
    value = value if isinstance(value, bytes) else value.encode()
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def pax(kind=b"x", **records):
    data = b"".join(record(key.replace("__", "."), value) for key, value in records.items())
    return header("pax", kind, len(data)) + padded(data)


def gnu_long(kind, text):
    data = text.encode() + b"\0"
    return header("././@LongLink", kind, len(data), magic=b"ustar  \0") + padded(data)


def file(name, content="", **more):
    data = content if isinstance(content, bytes) else content.encode()
    return header(name, b"0", len(data), **more) + padded(data)


def directory(name, mode=0o755, **more):
    return header(name + "/", b"5", mode=mode, **more)


def link(name, to, **more):
    return header(name, b"2", mode=0o777, link=to, **more)


def hard(name, to, **more):
    return header(name, b"1", link=to, **more)


END = b"\0" * 1024


def edges(at):
    """Edge -> layers (bytes of archives without their end) below the directory `at`."""
    d = at
    top = directory(d.rstrip("/")) if d else b""
    base256 = b"\x80\0\0\0\0\x2d\xc6\xc0"
    return {
        "name_dot_slash": [top + directory("./" + d + "d") + file("./" + d + "d/f", "x") + file("././" + d + "g", "y")],
        "name_slash": [top + directory("/" + d + "d") + file("/" + d + "d/f", "x") + hard("/" + d + "h", "/" + d + "d/f")],
        "name_dot_dot": [top + directory(d + "a") + file("../" + d + "f", "x") + file(d + "a/../../../" + d + "g", "y")],
        "name_double_slash": [top + directory(d + "a") + file(d + "a//b", "x") + directory(d + "c///d", mtime=5)],
        "pax_long_path": [top + pax(path=d + "a" * 120 + "/" + "b" * 200) + file("x", "deep")],
        "pax_long_link_path": [top + pax(path=d + "l", linkpath="t" * 3000) + link("x", "y")],
        "gnu_long_name": [top + gnu_long(b"L", d + "n" * 200) + file("x", "long")],
        "gnu_long_link": [top + gnu_long(b"K", "t" * 300) + link(d + "l", "y")],
        "utf_8_name": [top + pax(path=d + "ünïcödé-日本") + file("x", "1")],
        "name_of_other_bytes": [top + file(d.encode() + b"latin-\xe9", "2")],
        "id_in_base_256": [top + file(d + "f", "x", uid=base256, gid=base256)],
        "id_in_pax": [top + pax(uid="3000000", gid="4000000") + file(d + "f")],
        "negative_time": [top + pax(mtime="-1000.25") + file(d + "f")],
        "time_below_a_second": [top + pax(mtime="1.000000001") + file(d + "f")],
        "directory_time": [top + directory(d + "d", mtime=1234) + file(d + "d/f") + directory(d + "d/e", mtime=5) + file(d + "d/e/g"),
                           file(d + "d/e/h")],
        "missing_parents": [top + file(d + "a/b/c", "x")],
        "set_user_id": [top + file(d + "s", "x", mode=0o6755, uid=1000, gid=1000)],
        "mode_000": [top + directory(d + "d", mode=0) + file(d + "d/f", "x", mode=0), file(d + "d/f", "again", mode=0)],
        "attributes": [top + pax(SCHILY__xattr__user__kept="1") + file(d + "f", "x")],
        "capability": [top + pax(SCHILY__xattr__security__capability=CAPABILITY) + file(d + "c", "x", mode=0o755, uid=5)],
        "directory_over_directory": [top + pax(SCHILY__xattr__user__old="1") + directory(d + "d", 0o700) + file(d + "d/f"),
                                     pax(SCHILY__xattr__user__new="2") + directory(d + "d", mtime=7)],
        "fifo": [top + header(d + "p", b"6", mode=0o640)],
        "device": [top + header(d + "null", b"3", mode=0o666, device=(1, 3)) + header(d + "disk", b"4", device=(7, 200))],
        "character_device_0_0": [top + header(d + "w", b"3", device=(0, 0))],
        "old_gnu_sparse": [top + header(d + "s", b"S", 3, magic=b"ustar  \0", tail=b"\0" * (386 - 345) + number(4096, 12) + number(3, 12) +
                                        b"\0" * 73 + number(8192, 12)) + padded(b"abc")],
        "pax_global_header": [top + pax(b"g", comment="of git") + file(d + "f", "x")],
        "duplicates": [top + file(d + "f", "1") + file(d + "f", "2", mode=0o600) + file("./" + d + "f", "3", mode=0o640)],
        "hard_link_to_symbolic_link": [top + link(d + "l", "nowhere") + hard(d + "h", d + "l")],
        "hard_link_across_layers": [top + file(d + "a", "x"), hard(d + "b", d + "a")],
        "hard_link_after_target_removed": [top + file(d + "a", "x") + hard(d + "b", d + "a"), file(d + ".wh.a")],
        "directory_to_file": [top + directory(d + "x") + directory(d + "x/a") + file(d + "x/a/b"), file(d + "x", "file")],
        "file_to_directory": [top + file(d + "x"), directory(d + "x") + file(d + "x/a", "1")],
        "directory_to_symbolic_link": [top + directory(d + "x") + file(d + "x/a") + directory(d + "y"), link(d + "x", "y")],
        "symbolic_link_to_directory": [top + directory(d + "y") + file(d + "y/kept") + link(d + "x", "y"), directory(d + "x") + file(d + "x/a")],
        "entry_under_a_file": [top + file(d + "f", "x"), file(d + "f/a", "1")],
        "whiteout_of_symbolic_link": [top + directory(d + "y") + file(d + "y/f") + link(d + "x", "y"), file(d + ".wh.x")],
        "whiteout_through_symbolic_link": [top + directory(d + "y") + file(d + "y/f") + file(d + "y/g") + link(d + "x", "y"), file(d + "x/.wh.f")],
        "whiteout_before_re_creation": [top + directory(d + "d") + file(d + "d/a"), file(d + ".wh.d") + directory(d + "d") + file(d + "d/c")],
        "whiteout_after_re_creation": [top + directory(d + "d") + file(d + "d/a"), directory(d + "d") + file(d + "d/c") + file(d + ".wh.d")],
        "whiteout_of_nothing": [top + file(d + "a"), file(d + ".wh.b")],
        "opaque_in_any_order": [top + directory(d + "d") + file(d + "d/a") + directory(d + "d/e") + file(d + "d/e/b"),
                                directory(d + "d") + file(d + "d/new") + file(d + "d/" + OPAQUE) + file(d + "d/late")],
        "opaque_on_missing_directory": [top + file(d + "a"), directory(d + "m") + file(d + "m/" + OPAQUE) + file(d + "m/f")],
        "other_names_of_aufs": [top + file(d + "f", "x"), directory(d + ".wh..wh.plnk") + file(d + ".wh..wh.aufs")],
    }


def of_the_root():
    plain = file("f", "some text " * 1000)
    return {
        "root_entry": [directory("./.", 0o711, mtime=99) + file("f", mtime=5)],
        "opaque_on_the_root": [file("a") + directory("d") + file("d/b"), file(OPAQUE) + directory("d") + file("d/c")],
        "empty_layers": [plain, b""],
        "empty_blob": [plain, None],
        "uncompressed": [("tar", (plain + END))],
        "gzip_of_several_members": [("tar+gzip", gzip.compress(plain[:777]) + gzip.compress(b"") + gzip.compress(plain[777:] + END), plain + END)],
        "zeros_behind_the_blob": [("tar+gzip", gzip.compress(plain + END) + b"\0" * 512, plain + END)],
        "zeros_behind_the_archive": [("tar", plain + b"\0" * 10240)],
        "zstd_of_several_frames": [("tar+zstd", zstd_frames([b"", plain[:512], plain[512:] + END]), plain + END)],
        "whiteout_without_a_name": [plain, file("d/.wh.")],
        "whiteout_of_dot": [directory("d") + file("d/f"), file("d/.wh..")],
        "hard_link_before_its_target": [hard("h", "later") + file("later")],
        "docker_media_type": [("application/vnd.docker.image.rootfs.diff.tar.gzip", gzip.compress(plain + END), plain + END)],
    }


def zstd_frames(parts):
    """Raw blocks in frames of their own, each behind a skippable frame, as zstd:chunked has."""
    out = b""
    for part in parts:
        out += b"\x50\x2a\x4d\x18\x04\0\0\0toc!" + b"\x28\xb5\x2f\xfd\xa0" + len(part).to_bytes(4, "little")
        pieces = [part[i:i + 100000] for i in range(0, len(part), 100000)] or [b""]
        for i, piece in enumerate(pieces):
            out += (len(piece) << 3 | (i == len(pieces) - 1)).to_bytes(3, "little") + piece
    return out


def write_layout(path, layers, damage=None):
    """`damage` is called with (manifest, config) before they are written."""
    blobs = os.path.join(path, "blobs", "sha256")
    os.makedirs(blobs)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as out:
            out.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    descriptors, diff_ids = [], []
    for layer in layers:
        if not isinstance(layer, tuple):
            tar = b"" if layer is None else layer + END
            layer = ("tar+gzip", gzip.compress(tar, 1), tar)
        kind, blob, tar = layer if len(layer) == 3 else (*layer, layer[1])
        media = kind if "/" in kind else "application/vnd.oci.image.layer.v1." + kind
        descriptors.append({"mediaType": media, **put(blob)})
        diff_ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": descriptors}
    if damage:
        damage(manifest, config)
    manifest["config"] = {"mediaType": "application/vnd.oci.image.config.v1+json", **put(json.dumps(config).encode())}
    entry = {"mediaType": manifest["mediaType"], **put(json.dumps(manifest).encode()),
             "annotations": {"org.opencontainers.image.ref.name": "x"}}
    for name, document in (("index.json", {"schemaVersion": 2, "manifests": [entry]}), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(path, name), "w") as out:
            json.dump(document, out)


def false_images():
    """Images that no tool may unpack."""
    layer = [file("f", "x")]
    return {
        "false_diff_id": (layer, lambda m, c: c["rootfs"]["diff_ids"].__setitem__(0, "sha256:" + "0" * 64)),
        "false_size_of_a_layer": (layer, lambda m, c: m["layers"][0].__setitem__("size", m["layers"][0]["size"] + 1)),
        "layer_longer_than_its_size": (layer, lambda m, c: m["layers"][0].__setitem__("size", m["layers"][0]["size"] - 1)),
        "negative_size_of_a_layer": (layer, lambda m, c: m["layers"][0].__setitem__("size", -1)),
        "unknown_rootfs_type": (layer, lambda m, c: c["rootfs"].__setitem__("type", "tarsum")),
        "fewer_diff_ids_than_layers": (layer, lambda m, c: c["rootfs"]["diff_ids"].clear()),
        "more_diff_ids_than_layers": (layer, lambda m, c: c["rootfs"]["diff_ids"].append("sha256:" + "0" * 64)),
    }


def many_layers(count):
    """Layers of random changes, each to what the ones before left."""
    draw = random.Random(20)
    tree, layers = {}, []
    for number_ in range(count):
        out, here = [directory("srv", mtime=number_)], set()
        for step in range(400):
            name = "srv/" + "/".join(draw.choice("abcdefgh") for _ in range(draw.randint(1, 4))) + str(draw.randint(0, 9))
            parents = [name[:i] for i in range(4, len(name)) if name[i] == "/"]
            if any(tree.get(parent, "dir") != "dir" for parent in parents) or name in here or any(parent + "!" in here for parent in parents):
                continue
            for parent in parents:
                if parent not in tree:
                    out.append(directory(parent, mtime=step))
                    tree[parent] = "dir"
                    here.add(parent)
            kind = draw.choice(["file", "file", "file", "dir", "link", "gone", "opaque", "hard"])
            old = [path for path in tree if path == name or path.startswith(name + "/")]
            if kind == "gone":
                if name not in tree or here & set(old):
                    continue
                out.append(file(parents[-1] + "/.wh." + name.rsplit("/", 1)[1] if parents else "srv/.wh." + name[4:]))
            elif kind == "opaque":
                if tree.get(name) != "dir" or here & set(old):
                    continue
                out += [directory(name, mtime=step), file(name + "/" + OPAQUE)]
                old.remove(name)
            elif kind == "hard":
                files = [path for path in here if tree.get(path) == "file"]
                if not files or name in tree:
                    continue
                out.append(hard(name, sorted(files)[draw.randrange(len(files))]))
                tree[name] = "other"
                here.add(name)
                continue
            else:
                if here & set(old):
                    continue
                text = str(draw.random()) * draw.randint(0, 300)
                out.append({"file": lambda: file(name, text, mode=0o600 + draw.randint(0, 63), uid=step, mtime=step),
                            "dir": lambda: directory(name, mtime=step),
                            "link": lambda: link(name, draw.choice(["a0", "../b", "/srv/c"]), mtime=step)}[kind]())
                if kind == "dir" and tree.get(name) == "dir":
                    old = []
            for path in old:
                tree.pop(path, None)
            here.add(name if kind in ("file", "dir", "link") else name + "!")
            if kind in ("file", "dir", "link"):
                tree[name] = kind
        layers.append(b"".join(out))
    return layers


def small_files(count):
    parts = []
    for i in range(count):
        if i % 1000 == 0:
            parts.append(directory("d%03d" % (i // 1000), mtime=i))
        parts.append(file("d%03d/f%06d" % (i // 1000, i), b"%d\n" % i * (i % 20), mtime=i, uid=i % 7))
    return [b"".join(parts)]


def main():
    path, what = sys.argv[1], (sys.argv[2:] or ["each"])[0]
    if what == "many":
        return write_layout(path + "/many", many_layers(20))
    if what == "small":
        return write_layout(path + "/small", small_files(100000))
    if what == "all":
        left_out = set(sys.argv[3:])
        tall = []
        for i, (name, _) in enumerate(edges("").items()):
            if name in left_out:
                continue
            for depth, layer in enumerate(edges("%02d/" % i)[name]):
                if len(tall) == depth:
                    tall.append(b"")
                tall[depth] += layer
        return write_layout(path + "/all", tall)
    for name, layers in {**edges(""), **of_the_root()}.items():
        write_layout(os.path.join(path, name), layers)
        print(name)
    for name, (layers, damage) in false_images().items():
        write_layout(os.path.join(path, name), layers, damage)
        print(name)


main()
