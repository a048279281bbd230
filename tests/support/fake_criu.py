#!/usr/bin/env python3
"""Stands in for CRIU (`criu swrk FD`): writes every request to $FAKE_CRIU_LOG as one JSON line, with names for
the fields that its images/rpc.proto numbers, and answers as $FAKE_CRIU says. It dumps nothing: what it restores is a
program of $FAKE_CRIU_RESTORES. It shows that the runtime asks rightly, not that CRIU works."""
import array, ctypes, json, os, signal, socket, sys

OPTIONS = {1: "images_dir_fd", 2: "pid", 3: "leave_running", 4: "ext_unix_sk", 5: "tcp_established",
           6: "evasive_devices", 7: "shell_job", 8: "file_locks", 9: "log_level", 10: "log_file", 11: "ps",
           12: "notify_scripts", 13: "root", 14: "parent_img", 15: "track_mem", 16: "auto_dedup", 17: "work_dir_fd",
           18: "link_remap", 23: "ext_mnt", 24: "manage_cgroups", 25: "cg_root", 26: "rst_sibling", 27: "inherit_fd",
           34: "manage_cgroups_mode", 37: "external", 38: "empty_ns", 39: "join_ns", 44: "freeze_cgroup",
           46: "tcp_skip_in_flight", 48: "lazy_pages", 49: "status_fd", 50: "orphan_pts_master", 51: "config_file",
           52: "tcp_close", 53: "lsm_profile", 63: "lsm_mount_context", 64: "network_lock"}
PAIRS = {"ps", "ext_mnt", "cg_root", "inherit_fd", "join_ns"}
DUMP, RESTORE, PRE_DUMP, NOTIFY, FEATURE_CHECK, VERSION = 1, 2, 4, 6, 9, 10


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise SystemExit("fake criu: wire type %d" % (key & 7))
        yield key >> 3, value


def number(field, value):
    return encode(field << 3) + encode(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return encode(field << 3 | 2) + encode(len(value)) + value


def encode(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def options_of(data):
    options = {}
    for field, value in fields(data):
        name = OPTIONS.get(field, "field %d" % field)
        if name in PAIRS:
            value = [v.decode() if isinstance(v, bytes) else v for _, v in fields(value)]
        elif isinstance(value, bytes):
            value = value.decode()
        if name in PAIRS or name == "external":
            options.setdefault(name, []).append(value)
        else:
            options[name] = value
    return options


def log(what):
    with open(os.environ["FAKE_CRIU_LOG"], "a") as file:
        file.write(json.dumps(what) + "\n")


def main():
    if sys.argv[1] != "swrk":
        raise SystemExit("fake criu: only swrk")
    conversation = socket.socket(fileno=int(sys.argv[2]))
    peer = int.from_bytes(conversation.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], sys.byteorder)
    behaviour = os.environ.get("FAKE_CRIU", "")

    def notify(script, pid=0, descriptor=None):
        message = number(1, NOTIFY) + number(2, 1) + text(5, text(1, script) + number(2, pid))
        extra = [] if descriptor is None else [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        conversation.sendmsg([message], extra)
        reply = dict(fields(conversation.recv(65536)))
        log({"reply to": script, "success": reply.get(3, 0)})
        return reply.get(3, 0) == 1

    while True:
        data = conversation.recv(65536)
        if not data:
            return
        request = dict(fields(data))
        kind = request[1]
        if kind == VERSION:
            major, minor = (int(n) for n in os.environ.get("FAKE_CRIU_VERSION", "3.17").split("."))
            conversation.send(number(1, VERSION) + number(2, 1) + text(10, number(1, major) + number(2, minor)))
            continue
        if kind == FEATURE_CHECK:
            has = 0 if behaviour == "featureless" else 1
            conversation.send(number(1, kind) + number(2, 1) + text(8, number(1, has) + number(2, has)))
            continue
        options = options_of(request[2])
        place = os.readlink("/proc/%d/fd/%d" % (peer, options.get("work_dir_fd", options["images_dir_fd"])))
        log({"type": {1: "dump", 2: "restore", 4: "pre_dump"}[kind], "options": options,
             "images": os.readlink("/proc/%d/fd/%d" % (peer, options["images_dir_fd"])), "work": place,
             "own descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd")),
             "root is a mount": any(line.split()[4] == options.get("root") for line in open("/proc/self/mountinfo")),
             "cgroups": open("/proc/self/cgroup").read().split()})
        if behaviour == "vanish":
            os.kill(os.getpid(), signal.SIGKILL)
        if behaviour == "garbage":
            conversation.send(b"\xff\xff\xff\xff")
            continue
        if behaviour == "fail":
            with open(place + "/" + options["log_file"], "w") as file:
                file.write("(00.01) Error (criu/first.c:1): an early one\n(00.02) Warn  (x.c:1): not this\n"
                           "(00.03) Error (criu/vdso.c:1): vdso: Failed to fill self vdso symtable\n")
            conversation.send(number(1, kind) + number(2, 0) + number(7, 22))
            continue
        if kind == RESTORE:
            restore(conversation, options, notify)
            return
        if options.get("lazy_pages"):
            notify("status-ready")
        if not notify("network-lock") or not notify("post-dump"):
            conversation.send(number(1, kind) + number(2, 0))
            continue
        if kind == DUMP and not options.get("leave_running"):
            os.kill(options["pid"], signal.SIGKILL)
        conversation.send(number(1, kind) + number(2, 1))


def restore(conversation, options, notify):
    CLONE_PARENT, SYS_clone = 0x8000, 56
    if os.environ.get("FAKE_CRIU") == "terminal":
        master, slave = os.openpty()
    told, tell = os.pipe()
    libc = ctypes.CDLL(None)
    pid = libc.syscall(SYS_clone, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os.close(tell)
        if not os.read(told, 1):
            os._exit(1)
        if os.environ.get("FAKE_CRIU") == "terminal":
            for number_of_stream in range(3):
                os.dup2(slave, number_of_stream)
        os.execvp("/bin/sh", ["/bin/sh", "-c", os.environ["FAKE_CRIU_RESTORES"]])
    os.close(told)
    if os.environ.get("FAKE_CRIU") == "terminal":
        notify("orphan-pts-master", 0, master)
    if not notify("setup-namespaces", pid) or not notify("post-restore", pid):
        os.kill(pid, signal.SIGKILL)
        conversation.send(number(1, RESTORE) + number(2, 0))
        return
    os.write(tell, b"x")
    conversation.send(number(1, RESTORE) + number(2, 1) + text(4, number(1, pid)))


main()
