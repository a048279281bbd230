#!/bin/bash
# The Dockerfile that everyone starts with, verbatim: built by ocimg on a base image that comes from a registry by
# way of a mirror, run by ocirun, pushed, pulled by a Docker Engine whose runtime is ocirun, asked over HTTP.
#
#   build_python.sh [BUILD_DIRECTORY]
#
# Debian's Python is fetched once and kept in $OCI_TEST_CACHE (default: /var/cache/oci-tools-tests).
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
# shellcheck source=../support/registry.sh
. "$here/../support/registry.sh"
need_docker docker-registry python3 mmdebstrap
if [ "${OCI_TEST_INSIDE:-}" != "$0" ]; then
    python_root=$("$here/../support/make_debian_root.sh" "${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}" python python3 python3-pip) ||
        skip_all "Debian's packages cannot be fetched here"
    export python_root
fi
enter_engine "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg")
test_dir=$work
export OCIMG_STORE=$work/store OCIMG_CACHE=$work/cache CONTAINERS_REGISTRIES_CONF=$work/registries.conf TMPDIR=$work
unset SOURCE_DATE_EPOCH
# The name is the official one; what answers is a mirror on loopback.
cat >"$CONTAINERS_REGISTRIES_CONF" <<'END'
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "127.0.0.1:5000/hub"
insecure = true
[[registry]]
location = "127.0.0.1:5000"
insecure = true
END
start_registry registry 5000

# --- the base image, made from Debian's Python -----------------------------------------------------------

mkdir -p extra/usr/local/bin
ln -s ../../bin/python3 extra/usr/local/bin/python
ln -s ../../bin/pip3 extra/usr/local/bin/pip
make_base() {
    "$ocimg" new python:base && "$ocimg" append python:base "$python_root" && "$ocimg" append python:base extra &&
        "$ocimg" config python:base --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
            --env PIP_BREAK_SYSTEM_PACKAGES=1 --env PIP_ROOT_USER_ACTION=ignore --cmd python3 &&
        "$ocimg" push --quiet python:base 127.0.0.1:5000/hub/library/python:3.8-slim && "$ocimg" rmi python:base
}
check "the base image is made and pushed" make_base
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then

# --- the application ----------------------------------------------------------------------------------------

mkdir -p app/wheels
cat >app/Dockerfile <<'END'
FROM python:3.8-slim

WORKDIR /app

COPY . /app

RUN pip install --no-cache-dir -r requirements.txt

EXPOSE 80

CMD ["python", "app.py"]
END
# A package as pip wants it, in the place of those of the tutorial that come from the Python Package Index.
python3 - <<'END'
import base64, hashlib, zipfile
files = {
    "tinyweb/__init__.py": '''
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class App:
    def __init__(self, name): self.name, self.routes = name, {}
    def route(self, path):
        def add(function):
            self.routes[path] = function
            return function
        return add
    def run(self, host, port):
        routes = self.routes
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *a): pass
            def do_GET(self):
                found = routes.get(self.path)
                body = (found() if found else "not found").encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        ThreadingHTTPServer((host, port), Handler).serve_forever()
''',
    "tinyweb-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinyweb\nVersion: 1.0\n",
    "tinyweb-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join("%s,sha256=%s,%d\n" % (name, base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode(), len(text)) for name, text in files.items())
files["tinyweb-1.0.dist-info/RECORD"] = record + "tinyweb-1.0.dist-info/RECORD,,\n"
with zipfile.ZipFile("app/wheels/tinyweb-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
END
printf -- '--no-index\n--find-links wheels\ntinyweb==1.0\n' >app/requirements.txt
cat >app/app.py <<'END'
import os, socket
from tinyweb import App

app = App(__name__)

@app.route("/")
def hello():
    return "Hello {name}! from {cwd}".format(name=os.getenv("NAME", "world"), cwd=os.getcwd())

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=80)
END

app_name=127.0.0.1:5000/friendlyhello:1
build() { timeout 300 "$ocimg" build --progress plain --runtime "$RUNTIME" -t "$app_name" "$@" app 2>build.log || { tail -n 20 build.log >&2; false; }; }
check "ocimg builds it" build
check_match "after pulling the base image" "pulling python:3.8-slim" cat build.log
check_match "pip ran in the container" "Successfully installed tinyweb-1.0" cat build.log
first=$(jq -r --arg name "$app_name" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' store/index.json)
check "again" build
check_output "every step is known" 3 grep -c CACHED build.log

# --- run by ocirun ---------------------------------------------------------------------------------------------

answers() { [ "$(curl --silent --max-time 5 "$1")" = "$2" ]; } # URL TEXT
start_by_ocirun() {
    "$ocimg" unpack "$app_name" bundle &&
        jq '.process.terminal = false | del(.linux.namespaces[] | select(.type == "network")) | .linux.cgroupsPath = "/'"$engine_cgroup"'/by-ocirun"' \
            bundle/config.json >config.json && mv config.json bundle/config.json &&
        "$RUNTIME" --root "$work/state" run --detach --bundle bundle by-ocirun >by-ocirun.log 2>&1
}
check "ocirun runs it" start_by_ocirun
check "it answers over HTTP" wait_until 20 answers http://127.0.0.1:80/ "Hello world! from /app"
check "and is stopped" "$RUNTIME" --root "$work/state" delete --force by-ocirun

# --- pushed, pulled and run by a Docker Engine ------------------------------------------------------------------

check "it is pushed with a build of nothing new" build --push
start_docker
check_output "the Engine's runtime" "$runtime_name" dock info --format '{{.DefaultRuntime}}'
check "docker pull" dock pull "$app_name"
check_output "it is the same image" "$first" bash -c "'$docker' --host 'unix://$socket' inspect --format '{{index .RepoDigests 0}}' '$app_name' | sed 's/.*@//'"
check_output "with its port and command" '{"80/tcp":{}} ["python","app.py"]' dock inspect --format '{{json .Config.ExposedPorts}} {{json .Config.Cmd}}' "$app_name"
check "docker run -d -p 8080:80" dock run -d --name hello -p 8080:80 "$app_name"
check "it answers over HTTP" wait_until 60 answers http://127.0.0.1:8080/ "Hello world! from /app"
check "docker run with another environment" dock run -d --name other -p 8081:80 -e NAME=Docker "$app_name"
check "answers with it" wait_until 60 answers http://127.0.0.1:8081/ "Hello Docker! from /app"
sed -i 's/Hello/Goodbye/' app/app.py
check "a changed source is built and pushed" build --push
check "docker pull brings what is new" dock pull "$app_name"
check "docker run" dock run -d --name changed -p 8082:80 "$app_name"
check "the change is there" wait_until 60 answers http://127.0.0.1:8082/ "Goodbye world! from /app"
check "docker rm" dock rm -f hello other changed
kill "$registry_pid"
finish
