#!/bin/bash
# ocimg build and registries: base images that are pulled, results that are pushed, and the cache that travels.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
command -v docker-registry >/dev/null || skip_all "docker-registry is not installed"
enter_own_network "$@"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
export HOME=$test_dir/home TMPDIR=$test_dir
mkdir home
unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
cat >"$CONTAINERS_REGISTRIES_CONF" <<'END'
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "localhost:5000/hub"
insecure = true
[[registry]]
location = "localhost:5000"
insecure = true
END
start_registry registry 5000
expect_process "$registry_pid"
digest_of_reference() { # FULL NAME
    jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' "$OCIMG_STORE/index.json"
}
sets_env() { image_config "$1" .config.Env | grep -q "$2"; }

# --- base images ---------------------------------------------------------------------------------------

check "the base image is made" make_base_image base:1
check "and put into a registry, where a mirror of docker.io is" "$ocimg" push base:1 localhost:5000/hub/library/python:3.8-slim
write_context pulled <<'END'
FROM python:3.8-slim
RUN echo made > /made
END
check_fails "--pull-never leaves a missing base image alone" 1 'image "python:3.8-slim"' build --pull-never pulled
check "a missing base image is pulled" build -t pulled:1 pulled
check "it is in the store then" test -n "$(digest_of python:3.8-slim)"
check "another image takes its name in the registry" bash -c "'$ocimg' config base:1 --env NEWER=yes && '$ocimg' push base:1 localhost:5000/hub/library/python:3.8-slim"
check "a build takes the one of the store" build -t pulled:2 pulled
check_not "which is the old one" sets_env pulled:2 NEWER
check "--pull asks the registry" build --pull -t pulled:3 pulled
check "and takes the new one" sets_env pulled:3 NEWER=yes
printf 'FROM localhost:5000/absent/image:1\n' >pulled/absent
check_fails "an image that no registry has" 1 "cannot be pulled: localhost:5000/absent/image:1" build -f pulled/absent pulled
printf 'FROM base:1\nCOPY --from=localhost:5000/hub/library/python:3.8-slim /etc/passwd /copied\n' >pulled/copy
check "COPY --from pulls, too" build -f pulled/copy -t pulled:4 pulled
check_match "and copies" ^root: file_of pulled:4 copied
printf 'FROM base\n' >pulled/context
check "--build-context with an image of a registry" build -f pulled/context --build-context base=docker-image://localhost:5000/hub/library/python:3.8-slim -t pulled:5 pulled

# --- where results go ------------------------------------------------------------------------------------

write_context results <<'END'
FROM base:1
RUN mkdir /out && echo result > /out/file && ln -s file /out/link
END
digest_in_registry() { remote_digest "localhost:5000/$1" "$2"; }
check "--push" build -t localhost:5000/team/app:1 --push results
pushed=$(digest_of_reference localhost:5000/team/app:1)
check_output "the registry has the image" "$pushed" digest_in_registry team/app 1
check "-o type=registry" build -o type=registry,name=localhost:5000/team/other:2 results
check_output "the registry has it under that name" "$pushed" digest_in_registry team/other 2
check "-o docker://" build -o docker://localhost:5000/team/third:3 results
check_output "and under that" "$pushed" digest_in_registry team/third 3
check "-o type=image,push=true" build -o type=image,name=localhost:5000/team/four:4,push=true results
check_output "and under a fourth" "$pushed" digest_in_registry team/four 4
check "-o type=oci" build -t out:1 -o type=oci,dest=out.tar results
check_output "an archive holds the same image" "$pushed" bash -c "tar -xOf out.tar index.json | jq -r '.manifests[0].digest'"
check "-o type=oci,tar=false" build -o type=oci,dest=out.layout,tar=false results
check_output "a layout, too" "$pushed" jq -r '.manifests[0].digest' out.layout/index.json
check "-o type=docker" build -t out:1 -o type=docker,dest=docker.tar results
check_output "docker load finds its name" '["out:1"]' bash -c "tar -xOf docker.tar manifest.json | jq -c '.[0].RepoTags'"
check "-o oci-archive:" build -o oci-archive:named.tar:tag results
check_output "with a tag" tag bash -c "tar -xOf named.tar index.json | jq -r '.manifests[0].annotations[\"org.opencontainers.image.ref.name\"]'"
check "-o DIRECTORY" build -o files/deep results
check_output "the files are there" result cat files/deep/out/link
check "-o type=local and a tag" build -t out:2 -o type=local,dest=files2 results
check_output "the files are there, too" result cat files2/out/file
check "and the image" test -n "$(digest_of out:2)"
check "-o type=tar" build -o type=tar,dest=files.tar results
check_output "a tar of the files" result tar -xOf files.tar out/file
to_stdout() { build -o - results 2>/dev/null >stdout.tar && tar -xOf stdout.tar out/file; }
check_output "a tar on standard output" result to_stdout
check_fails "an unknown type" 1 'type: found "bogus", allowed are local, tar, oci, docker, image and registry' build -o type=bogus results
check_fails "an unknown key" 1 'unknown key "compression"' build -o type=tar,dest=x,compression=gzip results
check_fails "a push without a name" 1 "it has no name" build -o type=registry results

# --- the cache travels ------------------------------------------------------------------------------------

write_context steps <<'END'
FROM base:1 AS one
RUN echo one > /one && mkdir -p /tmp/deep && rm /etc/group
FROM base:1
WORKDIR /srv
COPY source .
RUN rm source && echo $RANDOM > random && ln /bin/busybox linked
COPY --from=one /one /one
END
echo content >steps/source
all_cached() { [ "$(grep -c CACHED build.log)" -eq 5 ] && ! grep -q DONE build.log; }
logged() { build "$@" 2>build.log; }
for place in localhost:5000/cache/steps:x type=local,dest="$test_dir/cache-layout" oci:"$test_dir/cache-layout2":c type=registry,ref=localhost:5000/cache/other:y; do
    from=${place/dest=/src=}
    check "--cache-to $place" logged --no-cache -t steps:1 --cache-to "$place" steps
    first=$(digest_of steps:1)
    rm -rf "$OCIMG_CACHE"
    check "--cache-from on a machine without a cache" logged -t steps:2 --cache-from "$from" steps
    check "no step is done again" all_cached
    check_output "and the image is the same" "$first" digest_of steps:2
done
rm -rf "$OCIMG_CACHE"
check "a cache that is not there is a warning" logged -t steps:3 --cache-from localhost:5000/no/cache steps
check_match "that names it" 'warning: --cache-from "docker://localhost:5000/no/cache": .*404' cat build.log
rm -rf "$OCIMG_CACHE"
damaged=$(jq -r '.manifests[0].digest' cache-layout/index.json)
layer=$(jq -r '.layers[0].digest' "cache-layout/blobs/sha256/${damaged#sha256:}")
size=$(stat -c %s "cache-layout/blobs/sha256/${layer#sha256:}")
head -c "$size" /dev/zero >"cache-layout/blobs/sha256/${layer#sha256:}"
check "a damaged cache harms nobody" logged -t steps:4 --cache-from type=local,src="$test_dir/cache-layout" steps
check_match "a warning tells of it" "warning: --cache-from: " cat build.log
check_output "and the step is done" one file_of steps:4 one
check_fails "an unknown kind of cache" 1 'type: found "gha", allowed are registry and local' build --cache-to type=gha steps

assert_nothing_left
finish
