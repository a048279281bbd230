#!/usr/bin/env python3
"""A stand-in for the kernel's resctrl file system, which no virtual machine has: a FUSE file system that makes
and removes groups by mkdir and rmdir, checks what is written to "schemata" and keeps the tasks of each group.

Usage: fake_resctrl.py MOUNT_POINT [GROUPS]    (as root; it ends when it is unmounted; GROUPS: how many there can be)
"""
import ctypes
import errno
import os
import re
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, RMDIR, OPEN, READ, WRITE, RELEASE, FLUSH = 1, 2, 3, 4, 9, 11, 14, 15, 16, 18, 25
STATFS, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, DESTROY, BATCH_FORGET, CREATE = 17, 26, 27, 28, 29, 34, 38, 42, 35
DEFAULT = {"L3": {"0": "7ff", "1": "7ff"}, "MB": {"0": "100", "1": "100"}}


class Node:
    def __init__(self, number, parent, is_directory, text=""):
        self.number, self.parent, self.is_directory, self.text = number, parent, is_directory, text
        self.children = {}


class Tree:
    def __init__(self, groups):
        self.nodes, self.left = {}, groups
        self.root = self.new(None, True)
        info = self.add(self.root, "info", True)
        self.status = self.add(info, "last_cmd_status", False, "ok\n")
        self.fill(self.root, True)

    def new(self, parent, is_directory, text=""):
        node = Node(len(self.nodes) + 1, parent, is_directory, text)
        self.nodes[node.number] = node
        return node

    def add(self, parent, name, is_directory, text=""):
        parent.children[name] = self.new(parent, is_directory, text)
        return parent.children[name]

    def fill(self, group, controls):
        self.add(group, "tasks", False)
        if controls:
            group.values = {name: dict(values) for name, values in DEFAULT.items()}
            self.add(group, "schemata", False)
            self.add(group, "mon_groups", True)

    def text_of(self, node):
        if node.parent and node.parent.children.get("schemata") is node:
            return "".join("%6s:%s\n" % (name, ";".join("%s=%s" % (i, v.rjust(3, "0") if name == "L3" else v)
                           for i, v in values.items())) for name, values in node.parent.values.items())
        return node.text

    def fail(self, words, number):
        self.status.text = words + "\n"
        raise OSError(number, words)

    def mkdir(self, parent, name):
        monitor = parent.parent is not None and parent.parent.children.get("mon_groups") is parent
        if parent is not self.root and not monitor:
            self.fail("no groups here", errno.EPERM)
        if name in parent.children:
            self.fail("exists", errno.EEXIST)
        if self.left == 0:
            self.fail("Out of CLOSIDs", errno.ENOSPC)
        self.left -= 1
        group = self.add(parent, name, True)
        self.fill(group, not monitor)
        return group

    def rmdir(self, parent, name):
        if name not in parent.children or "tasks" not in parent.children[name].children:
            raise OSError(errno.EPERM, name)
        del parent.children[name]
        self.left += 1

    def write(self, node, text):
        name = next(n for n, child in node.parent.children.items() if child is node)
        group = node.parent
        if name == "tasks":
            node.text += text
        elif name == "schemata":
            if not text.endswith("\n"):
                self.fail("missing newline", errno.EINVAL)
            for line in text.strip().split("\n"):
                self.set_line(group, line)
        else:
            raise OSError(errno.EACCES, name)
        self.status.text = "ok\n"

    def set_line(self, group, line):
        resource, _, rest = line.strip().partition(":")
        if resource not in group.values:
            self.fail("unknown resource name '%s'" % resource, errno.EINVAL)
        for entry in rest.split(";"):
            domain, _, value = entry.partition("=")
            if not re.fullmatch("[0-9a-f]+", value) or domain not in group.values[resource]:
                self.fail("non-hex character in the mask " + value, errno.EINVAL)
            group.values[resource][domain] = value.lstrip("0") or "0"


class Server:
    def __init__(self, device, tree):
        self.device, self.tree = device, tree

    def attributes(self, node):
        mode = 0o40755 if node.is_directory else 0o100644
        size = 0 if node.is_directory else len(self.tree.text_of(node))
        return struct.pack("<QQQQQQIIIIIIIIII", node.number, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<QQQQII", node.number, 0, 0, 0, 0, 0) + self.attributes(node)

    def answer(self, opcode, node, body):
        tree = self.tree
        if opcode == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 16, 16, 65536, 1, 1, 0, 0)
        if opcode == LOOKUP:
            name = body.rstrip(b"\0").decode()
            if name not in node.children:
                raise OSError(errno.ENOENT, name)
            return self.entry(node.children[name])
        if opcode in (GETATTR, SETATTR):
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if opcode == MKDIR:
            return self.entry(tree.mkdir(node, body[8:].rstrip(b"\0").decode()))
        if opcode == RMDIR:
            tree.rmdir(node, body.rstrip(b"\0").decode())
            return b""
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 1, 0)  # FOPEN_DIRECT_IO
        if opcode == READ:
            offset, size = struct.unpack_from("<QI", body, 8)
            return tree.text_of(node).encode()[offset:offset + size]
        if opcode == WRITE:
            size = struct.unpack_from("<I", body, 16)[0]
            tree.write(node, body[40:40 + size].decode())
            return struct.pack("<II", size, 0)
        if opcode == READDIR:
            return self.listing(node, struct.unpack_from("<Q", body, 8)[0])
        if opcode == CREATE:
            raise OSError(errno.EACCES, "create")
        if opcode in (RELEASE, RELEASEDIR, FLUSH, ACCESS):
            return b""
        if opcode == STATFS:
            return struct.pack("<QQQQQIIII24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
        raise OSError(errno.ENOSYS, str(opcode))

    def listing(self, node, offset):
        data = b""
        for place, (name, child) in enumerate(list(node.children.items())[offset:], offset + 1):
            text = name.encode()
            data += struct.pack("<QQII", child.number, place, len(text), 4 if child.is_directory else 8) + text
            data += b"\0" * (-len(data) % 8)
        return data

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 18)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                continue
            _, opcode, unique, number = struct.unpack_from("<IIQQ", request)
            if opcode in (FORGET, BATCH_FORGET):
                continue
            if opcode == DESTROY:
                return
            code, data = 0, b""
            try:
                data = self.answer(opcode, self.tree.nodes.get(number), request[40:])
            except OSError as error:
                code = -error.errno
            os.write(self.device, struct.pack("<IiQ", 16 + len(data), code, unique) + data)


def main():
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % device
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"resctrl", sys.argv[1].encode(), b"fuse.resctrl", 0, options.encode()) != 0:
        sys.exit("fake_resctrl: mount: " + os.strerror(ctypes.get_errno()))
    print("ready", flush=True)
    Server(device, Tree(int(sys.argv[2]) if len(sys.argv) > 2 else 8)).serve()


main()
