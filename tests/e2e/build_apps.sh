#!/bin/bash
# Two real applications, built by ocimg and run by ocirun: a C++ service in stages, from Debian's packages to an
# image of one file; and a Node.js application with npm packages from a registry that asks for a token.
#
#   build_apps.sh [BUILD_DIRECTORY]
#
# Root file systems of Debian are fetched once and kept in $OCI_TEST_CACHE (default: /var/cache/oci-tools-tests).
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
for program in mmdebstrap curl jq python3 nsenter; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
debian_root() { "$here/../support/make_debian_root.sh" "${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}" "$@"; }
if [ -z "${plain_root:-}" ]; then
    plain_root=$(debian_root plain) && node_root=$(debian_root node nodejs npm) || skip_all "Debian's packages cannot be fetched here"
    export plain_root node_root
    # Images of hundreds of megabytes: on disk, not in the memory of the sandbox.
    disk=$(mktemp -d "${TMPDIR:-/tmp}/oci-apps.XXXXXX")
    export disk
    trap 'rm -rf --one-file-system "$disk"' EXIT
    bash "$0" "$OCI_BUILD"
    exit
fi
enter_sandbox "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg")
export OCIMG_STORE=$disk/store OCIMG_CACHE=$disk/cache TMPDIR=$disk
unset SOURCE_DATE_EPOCH
make_base() { # NAME ARCHIVE OPTION...
    local image=$1 root=$2
    shift 2
    "$ocimg" new "$image" && "$ocimg" append "$image" "$root" && "$ocimg" config "$image" --cmd bash "$@" \
        --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}
build() { timeout 400 "$ocimg" build --progress plain --runtime "$RUNTIME" "$@" 2>build.log || { tail -n 30 build.log >&2; false; }; }
image_config() { # NAME FILTER
    "$ocimg" inspect "$1" --json | jq -c ".config | $2"
}

# service NAME PORT: starts the image by ocirun in a network of its own; `ask PATH` asks it.
service() {
    rm -rf "$disk/bundle"
    "$ocimg" unpack "$1" "$disk/bundle" && jq '.process.terminal = false' "$disk/bundle/config.json" >config.json &&
        mv config.json "$disk/bundle/config.json" && rt run --detach --bundle "$disk/bundle" service >service.log 2>&1
    port=$2
}
ask() { nsenter --net="/proc/$(rt state service | jq .pid)/ns/net" curl --silent --max-time 5 "http://127.0.0.1:$port$1"; }
answers() { [ "$(ask "$1")" = "$2" ]; }

# --- a C++ service -----------------------------------------------------------------------------------------

check "a Debian base image" make_base debian:bookworm-slim "$plain_root"
mkdir -p cpp/src cpp/out
cat >cpp/src/service.cpp <<'END'
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <string>

int main() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(8080);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 8) != 0) return 1;
    std::string version;
    std::getline(std::ifstream("/etc/service.version"), version);
    for (;;) {
        const int client = accept(listener, nullptr, nullptr);
        char request[4096];
        if (read(client, request, sizeof request) > 0) {
            const std::string body = "service " + version + " as " + std::to_string(getuid());
            const std::string answer = "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
            if (write(client, answer.data(), answer.size()) < 0) return 2;
        }
        close(client);
    }
}
END
printf '*.o\nout\n' >cpp/.dockerignore
echo stale >cpp/out/stale.o
cat >cpp/Dockerfile <<'END'
# syntax=docker/dockerfile:1
ARG DEBIAN=bookworm-slim
FROM debian:${DEBIAN} AS toolchain
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get -q -o APT::Sandbox::User=root update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends g++ make

FROM toolchain AS build
WORKDIR /src
COPY src/ .
RUN <<SCRIPT
set -eu
g++ -std=c++20 -O2 -static -s service.cpp -o /service
ls -l /service
SCRIPT

FROM toolchain AS unneeded
RUN exit 1

FROM debian:${DEBIAN} AS version
ARG VERSION=0
RUN echo "$VERSION" > /etc/service.version

FROM scratch
COPY --from=build /service /service
COPY --from=version /etc/service.version /etc/
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=10s CMD ["/service", "--check"]
ENTRYPOINT ["/service"]
END
network_is_there() { curl --silent --head --max-time 20 http://deb.debian.org/debian/ >/dev/null; }
if network_is_there; then
    check "the service is built, with g++ from Debian's registry" build -t service:1 --build-arg VERSION=1.5 cpp
    check_output "the image has what it needs and nothing else" "etc etc/service.version service" \
        bash -c "rm -rf '$disk/u' && '$ocimg' unpack service:1 '$disk/u' && cd '$disk/u/rootfs' && find . -mindepth 1 -not -path './proc*' -not -path './sys*' -not -path './dev*' | sort | cut -c3- | tr '\n' ' ' | sed 's/ $//'"
    check "ocirun starts it" service service:1 8080
    check "it answers over HTTP" wait_until 20 answers / "service 1.5 as 65534"
    check "and ends" rt delete --force service
    sed -i 's/"service "/"changed "/' cpp/src/service.cpp
    check "one source file is changed" build -t service:2 --build-arg VERSION=1.5 cpp
    check_match "the compiler is not installed again" CACHED grep -A3 'apt-get' build.log
    check "ocirun starts the new one" service service:2 8080
    check "the change is there" wait_until 20 answers / "changed 1.5 as 65534"
    check "and ends, too" rt delete --force service
    check "a context with nothing changed" build -t service:3 --build-arg VERSION=1.5 cpp
    check_not "does nothing" grep -q DONE build.log
else
    skip "the C++ service" "Debian's registry cannot be reached"
fi

# --- a Node.js application -----------------------------------------------------------------------------------

check "a Node.js base image" make_base node:18-slim "$node_root" --env NODE_ENV=production
mkdir -p node/app npm/package
cat >npm/package/package.json <<'END'
{"name": "@team/greeter", "version": "2.1.0", "main": "index.js"}
END
echo 'module.exports = (name) => `Hello ${name}, says greeter ${require("./package.json").version}`;' >npm/package/index.js
tar -czf npm/greeter.tgz -C npm package
# A registry of npm packages that answers only to those who have its token.
cat >npm.py <<'END'
import base64, hashlib, http.server, json, sys
archive = open("npm/greeter.tgz", "rb").read()
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer TOKEN-4d1f":
            self.send_response(401); self.end_headers(); return
        if self.path.endswith(".tgz"):
            kind, body = "application/octet-stream", archive
        else:
            version = {"name": "@team/greeter", "version": "2.1.0", "main": "index.js", "dist": {
                "tarball": "http://127.0.0.1:%d/greeter.tgz" % port,
                "integrity": "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()}}
            kind = "application/json"
            body = json.dumps({"name": "@team/greeter", "dist-tags": {"latest": "2.1.0"}, "versions": {"2.1.0": version}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
open("npm.port", "w").write(str(port))
server.serve_forever()
END
python3 npm.py &
expect_process $!
check "a registry of npm packages" wait_until 20 test -s npm.port
npm_port=$(cat npm.port)
printf '//127.0.0.1:%s/:_authToken=TOKEN-4d1f\n' "$npm_port" >npmrc
cat >node/app/package.json <<'END'
{"name": "app", "version": "1.0.0", "dependencies": {"@team/greeter": "^2.0.0"}}
END
cat >node/app/server.js <<'END'
const greet = require("@team/greeter");
require("http").createServer((request, answer) => answer.end(greet(request.url.slice(1)) + " in " + process.env.NODE_ENV)).listen(3000);
END
printf 'node_modules\n**/*.log\n' >node/.dockerignore
cat >node/Dockerfile <<'END'
# syntax=docker/dockerfile:1
FROM node:18-slim AS dependencies
ARG REGISTRY
WORKDIR /usr/src/app
RUN --mount=type=bind,source=app/package.json,target=package.json \
    --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc,required=true \
    npm install --no-audit --no-fund --no-update-notifier --no-package-lock --registry "$REGISTRY"

FROM node:18-slim
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
WORKDIR /usr/src/app
COPY --from=dependencies --chown=node:node /usr/src/app/node_modules node_modules
COPY --chown=node:node app .
USER node
EXPOSE 3000
CMD ["node", "server.js"]
END
build_node() { build -t node-app:1 --build-arg "REGISTRY=http://127.0.0.1:$npm_port/" "$@" node; }
check_fails "without the secret" 1 'the secret "npmrc" is required' build_node
check "the application is built with packages from the registry" build_node --secret id=npmrc,src=npmrc
nowhere() { # TEXT: neither in a layer nor in a config nor in the cache
    local file
    for file in "$OCIMG_STORE"/blobs/sha256/*; do { gzip -cd "$file" 2>/dev/null || cat "$file"; } | grep -qa -e "$1" && return 1; done
    ! grep -rqa -e "$1" "$OCIMG_CACHE/build/steps" "$OCIMG_CACHE/build/layers"
}
check "the token is nowhere" nowhere TOKEN-4d1f
check_output "what npm keeps is in the cache, not in the image" 0 bash -c "tar -tzf '$OCIMG_STORE'/blobs/sha256/\$('$ocimg' inspect node-app:1 --json | jq -r '.manifest.layers[-2].digest' | cut -d: -f2) | grep -c _cacache; true"
check "ocirun starts it" service node-app:1 3000
check "it answers over HTTP" wait_until 60 answers /world "Hello world, says greeter 2.1.0 in production"
check "and ends" rt delete --force service
echo '// a comment' >>node/app/server.js
check "a changed source" build_node --secret id=npmrc,src=npmrc
check_output "does one step" 1 grep -c DONE build.log
sed -i 's/2.0.0/2.1.0/' node/app/package.json
check "changed dependencies" build_node --secret id=npmrc,src=npmrc
check_match "are installed again" 'DONE' grep -A60 'npm install' build.log

assert_nothing_left
finish
