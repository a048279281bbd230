"""Speaks the Kubernetes Container Runtime Interface: cri.py SOCKET METHOD [JSON]; prints the answer as JSON.

The transport is Debian's python3-grpcio. Messages are encoded here, by tables of the fields that the tests
need: "name:number:type", "*" for repeated, "%" for a map of strings, a type with a capital for a message.
`cri.py SOCKET exec CONTAINER ARGV...` runs a command over the streaming endpoint, as kubectl exec does.
`cri.py SOCKET serve` answers lines "METHOD JSON" with lines "0 JSON" or "1 ERROR", to start only once.
"""
import base64
import json
import os
import socket
import sys
from urllib.parse import urlparse

import grpc

TABLES = {
    "Value": "value:1:int",
    "Metadata": "name:1:string uid:2:string namespace:3:string attempt:4:int",
    "ContainerMetadata": "name:1:string attempt:2:int",
    "Port": "protocol:1:int container_port:2:int host_port:3:int host_ip:4:string",
    "Profile": "profile_type:1:int localhost_ref:2:string",
    "IdMap": "host_id:1:int container_id:2:int length:3:int",
    "UserNamespace": "mode:1:int *uids:2:IdMap *gids:3:IdMap",
    "Namespaces": "network:1:int pid:2:int ipc:3:int target_id:4:string userns_options:5:UserNamespace",
    "SandboxSecurity": "namespace_options:1:Namespaces run_as_user:3:Value readonly_rootfs:4:bool privileged:6:bool "
                       "run_as_group:8:Value seccomp:9:Profile apparmor:10:Profile",
    "SandboxLinux": "cgroup_parent:1:string security_context:2:SandboxSecurity %sysctls:3:string",
    "SandboxConfig": "metadata:1:Metadata hostname:2:string log_directory:3:string *port_mappings:5:Port "
                     "%labels:6:string %annotations:7:string linux:8:SandboxLinux",
    "Capability": "*add_capabilities:1:string *drop_capabilities:2:string",
    "Security": "capabilities:1:Capability privileged:2:bool namespace_options:3:Namespaces run_as_user:5:Value "
                "run_as_username:6:string readonly_rootfs:7:bool *supplemental_groups:8:int no_new_privs:11:bool "
                "run_as_group:12:Value *masked_paths:13:string *readonly_paths:14:string seccomp:15:Profile "
                "apparmor:16:Profile",
    "Resources": "cpu_period:1:int cpu_quota:2:int cpu_shares:3:int memory_limit_in_bytes:4:int oom_score_adj:5:int "
                 "cpuset_cpus:6:string cpuset_mems:7:string %unified:9:string memory_swap_limit_in_bytes:10:int",
    "ContainerLinux": "resources:1:Resources security_context:2:Security",
    "Image": "image:1:string",
    "KeyValue": "key:1:string value:2:string",
    "Mount": "container_path:1:string host_path:2:string readonly:3:bool selinux_relabel:4:bool propagation:5:int",
    "Device": "container_path:1:string host_path:2:string permissions:3:string",
    "ContainerConfig": "metadata:1:ContainerMetadata image:2:Image *command:3:string *args:4:string working_dir:5:string "
                       "*envs:6:KeyValue *mounts:7:Mount *devices:8:Device %labels:9:string %annotations:10:string "
                       "log_path:11:string stdin:12:bool stdin_once:13:bool tty:14:bool linux:15:ContainerLinux",
    "Condition": "type:1:string status:2:bool reason:3:string message:4:string",
    "Status": "*conditions:1:Condition",
    "Network": "ip:1:string",
    "SandboxStatus": "id:1:string metadata:2:Metadata state:3:int created_at:4:int network:5:Network "
                     "%labels:7:string %annotations:8:string runtime_handler:9:string",
    "Sandbox": "id:1:string metadata:2:Metadata state:3:int created_at:4:int runtime_handler:7:string",
    "Container": "id:1:string pod_sandbox_id:2:string metadata:3:ContainerMetadata image_ref:5:string state:6:int",
    "ContainerStatus": "id:1:string metadata:2:ContainerMetadata state:3:int created_at:4:int started_at:5:int "
                       "finished_at:6:int exit_code:7:int image_ref:9:string reason:10:string message:11:string "
                       "log_path:15:string",
    "Cpu": "timestamp:1:int usage_core_nano_seconds:2:Value",
    "Memory": "timestamp:1:int working_set_bytes:2:Value",
    "Attributes": "id:1:string metadata:2:ContainerMetadata",
    "Stats": "attributes:1:Attributes cpu:2:Cpu memory:3:Memory",
    "ImageRecord": "id:1:string *repo_tags:2:string size:4:int",
}
# Method: request, answer.
METHODS = {
    "Version": ("version:1:string", "version:1:string runtime_name:2:string runtime_version:3:string runtime_api_version:4:string"),
    "Status": ("verbose:1:bool", "status:1:Status %info:2:string"),
    "RunPodSandbox": ("config:1:SandboxConfig runtime_handler:2:string", "pod_sandbox_id:1:string"),
    "StopPodSandbox": ("pod_sandbox_id:1:string", ""),
    "RemovePodSandbox": ("pod_sandbox_id:1:string", ""),
    "PodSandboxStatus": ("pod_sandbox_id:1:string verbose:2:bool", "status:1:SandboxStatus %info:2:string"),
    "ListPodSandbox": ("", "*items:1:Sandbox"),
    "CreateContainer": ("pod_sandbox_id:1:string config:2:ContainerConfig sandbox_config:3:SandboxConfig", "container_id:1:string"),
    "StartContainer": ("container_id:1:string", ""),
    "StopContainer": ("container_id:1:string timeout:2:int", ""),
    "RemoveContainer": ("container_id:1:string", ""),
    "ListContainers": ("", "*containers:1:Container"),
    "ContainerStatus": ("container_id:1:string verbose:2:bool", "status:1:ContainerStatus %info:2:string"),
    "UpdateContainerResources": ("container_id:1:string linux:2:Resources", ""),
    "ReopenContainerLog": ("container_id:1:string", ""),
    "ExecSync": ("container_id:1:string *cmd:2:string timeout:3:int", "stdout:1:bytes stderr:2:bytes exit_code:3:int"),
    "Exec": ("container_id:1:string *cmd:2:string tty:3:bool stdin:4:bool stdout:5:bool stderr:6:bool", "url:1:string"),
    "ContainerStats": ("container_id:1:string", "stats:1:Stats"),
    "ListContainerStats": ("", "*stats:1:Stats"),
    "ListImages": ("", "*images:1:ImageRecord"),
}


def fields_of(table):
    fields = {}
    for word in table.split():
        name, number, kind = word.split(":")
        fields[name.lstrip("*%")] = (int(number), kind, name[0] if name[0] in "*%" else "")
    return fields


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_one(number, kind, value):
    if kind in ("int", "bool"):
        return varint(number << 3) + varint(int(value))
    if kind[0].isupper():
        data = encode(TABLES[kind], value)
    else:
        data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(table, values):
    fields, out = fields_of(table), b""
    for name, value in values.items():
        number, kind, many = fields[name]
        if many == "%":
            for key, item in value.items():
                entry = encode_one(1, "string", key) + encode_one(2, "string", item)
                out += varint(number << 3 | 2) + varint(len(entry)) + entry
        else:
            for item in value if many else [value]:
                out += encode_one(number, kind, item)
    return out


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def decode(table, data):
    by_number = {number: (name, kind, many) for name, (number, kind, many) in fields_of(table).items()}
    out, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        elif tag & 7 == 0:
            value, at = read_varint(data, at)
            value -= (value >> 63) << 64
        else:
            at += 8 if tag & 7 == 1 else 4
            continue
        if tag >> 3 not in by_number:
            continue
        name, kind, many = by_number[tag >> 3]
        if many == "%":
            entry = decode("key:1:string value:2:string", value)
            out.setdefault(name, {})[entry.get("key", "")] = entry.get("value", "")
            continue
        if kind[0].isupper():
            value = decode(TABLES[kind], value)
        elif kind in ("string", "bytes"):
            value = value.decode(errors="replace")
        if many:
            out.setdefault(name, []).append(value)
        else:
            out[name] = value
    return out


def call(address, method, values):
    request, answer = METHODS[method]
    service = "ImageService" if "Image" in method else "RuntimeService"
    # The waiting between attempts to connect grows to minutes otherwise, and daemons of tests are restarted.
    options = [("grpc.max_reconnect_backoff_ms", 100), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel("unix://" + address, options) as channel:
        stub = channel.unary_unary(f"/runtime.v1.{service}/{method}",
                                   request_serializer=lambda value: encode(request, value),
                                   response_deserializer=lambda data: decode(answer, data))
        return stub(values, timeout=110)


def read_exactly(stream, count):
    data = stream.read(count)
    if data is None or len(data) < count:
        raise EOFError
    return data


def stream_exec(address, container, argv):
    """Remote command protocol over a WebSocket: one byte of channel before each message."""
    url = urlparse(call(address, "Exec", {"container_id": container, "cmd": argv, "stdout": True, "stderr": True})["url"])
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall((f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\n"
                            "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
        stream = connection.makefile("rb")
        status = stream.readline()
        if b" 101 " not in status:
            raise SystemExit(f"the streaming server says {status!r}")
        while stream.readline() not in (b"\r\n", b""):
            pass
        try:
            while True:
                first, length = read_exactly(stream, 2)
                if length == 126:
                    length = int.from_bytes(read_exactly(stream, 2), "big")
                elif length == 127:
                    length = int.from_bytes(read_exactly(stream, 8), "big")
                data = read_exactly(stream, length)
                if first & 15 == 8:
                    break
                if first & 15 in (1, 2) and data[:1] in (b"\1", b"\2"):
                    (sys.stdout if data[0] == 1 else sys.stderr).buffer.write(data[1:])
                elif first & 15 in (1, 2) and data[:1] == b"\3":
                    said = json.loads(data[1:])
                    if said.get("status") == "Success":
                        return 0
                    causes = said.get("details", {}).get("causes", [])
                    print(said.get("message", ""), file=sys.stderr)
                    return int(causes[0]["message"]) if causes else 1
        except EOFError:
            pass
    return 0


def serve(address):
    for line in sys.stdin:
        method, text = line.rstrip("\n").split(" ", 1)
        try:
            said = "0 " + json.dumps(call(address, method, json.loads(text or "{}")))
        except grpc.RpcError as error:
            said = f"1 {error.code().name}: {error.details()}".replace("\n", " ")
        except (KeyError, ValueError) as error:
            said = f"1 {type(error).__name__}: {error}"
        print(said, flush=True)
    return 0


def main():
    address, method, *rest = sys.argv[1:]
    try:
        if method == "serve":
            return serve(address)
        if method == "exec":
            return stream_exec(address, rest[0], rest[1:])
        answer = call(address, method, json.loads(rest[0]) if rest else {})
    except grpc.RpcError as error:
        print(f"{error.code().name}: {error.details()}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


sys.exit(main())
