#!/bin/bash
# ocimg build as an ordinary user: with the ids of /etc/subuid, with one's own alone, on every kind of network.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
enter_own_network "$@"
enter_sandbox "$@"
command -v newuidmap >/dev/null || skip_all "newuidmap is not installed"
. "$here/../support/build_base.sh"
is_ocirun || skip_all "this runtime makes no containers inside an existing user namespace"

# The user has an entry in passwd and 65536 ids of his own, both in this mount namespace only.
cp /etc/passwd passwd
echo 'octest:x:12345:12345::/:/bin/sh' >>passwd
echo 'octest:300000:65536' >subuid
cp subuid subgid
: >nothing
for file in passwd subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$file" "/etc/$file"
done
# Copies that the user can read, wherever the build stands.
cp "$RUNTIME" ocirun
cp "$ocimg" ocimg-copy
mkdir -m 0700 home
chown 12345:12345 home
chmod 644 "$CONTAINERS_REGISTRIES_CONF"
as_user() { setpriv --reuid=12345 --regid=12345 --clear-groups env -u OCIMG_STORE -u OCIMG_CACHE -C "$test_dir/home" HOME="$test_dir/home" "$@"; }
user_ocimg() { as_user timeout --foreground -s KILL 100 "$test_dir/ocimg-copy" "$@"; }
user_build() { user_ocimg build --progress plain --runtime "$test_dir/ocirun" "$@"; }
digest_in() { # STORE NAME
    jq -r --arg name "docker.io/library/$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' "$1/index.json"
}
store=home/.local/share/ocimg

make_rich_base() {
    make_base_image base:1 && mkdir -p rich/dev rich/home && mknod rich/dev/null c 1 3 && echo bob >rich/home/bob &&
        chown 1001:1002 rich/home/bob && cp "$(command -v busybox)" rich/ping && setcap cap_net_raw+ep rich/ping &&
        find rich -exec touch -h -d '2020-01-01 UTC' {} + && "$ocimg" append base:1 rich
}
check "a base image with owners, devices and capabilities" make_rich_base
"$ocimg" copy base:1 oci:"$test_dir/shared:base" --quiet >/dev/null
chmod -R a+rX shared
check "the user takes it over" user_ocimg copy "oci:$test_dir/shared:base" base:1

mkdir -p context/dir
echo of-the-user >context/dir/file
cat >context/Dockerfile <<'END'
FROM base:1 AS one
RUN id -u > /id && cat /proc/self/uid_map > /map && grep -c . /proc/self/status > /dev/null
FROM base:1
WORKDIR /srv
COPY dir .
COPY --chown=bob:audio --chmod=640 dir/file /owned
RUN --mount=type=cache,target=/c --mount=type=bind,source=dir,target=/in --mount=type=tmpfs,target=/t cat /in/file > made && touch /c/x /t/x
RUN --network=none ip -o link | wc -l > /links
RUN chown bob made && adduser -D new 2>/dev/null; mkfifo /fifo; rm /home/bob; ln made hard
COPY --from=one /id /id
USER bob
RUN id -u > /tmp/bob
END
chown -R 12345:12345 context && chmod 700 context && mv context home/
check "a build with the ids of /etc/subuid" user_build --network none -t built:1 context
check_output "it is the same image that root builds" "$(build --network none -t built:1 home/context >/dev/null 2>&1; digest_in "$OCIMG_STORE" built:1)" digest_in "$store" built:1
check_output "the store is the user's" "" find "$store" ! -user 12345
cached_again() { user_build --network none -t built:1 context 2>&1 | grep -c CACHED; }
check_output "and again, from the cache" 9 cached_again
check_match "cache ls" "entries" user_ocimg cache ls
check "cache prune removes what others own, too" user_ocimg cache prune
check_output "nothing is left of it" "" bash -c "ls home/.cache/ocimg/build/layers"

# --- networks ------------------------------------------------------------------------------------------------

ip link add outside type veth peer name inside && ip address add 192.0.2.1/24 dev outside && ip link set outside up &&
    ip link set inside up && ip address add 198.51.100.1/32 dev lo && ip route add default via 192.0.2.2 dev outside || skip_all "no veth devices can be made"
# As udev makes it: open to every user.
if [ -e /dev/net/tun ]; then mknod -m 666 tun c 10 200 && mount --bind tun /dev/net/tun; fi
mkdir www && echo served >www/file
busybox httpd -f -p 198.51.100.1:8000 -h www &
expect_process $!
answers() { (exec 3<>/dev/tcp/198.51.100.1/8000) 2>/dev/null; }
check "a server outside" wait_until 20 answers
cat >home/context/network <<'END'
FROM base:1
RUN wget -q -O /got http://198.51.100.1:8000/file && ip -o link > /links && ip -o address >> /links && cat /etc/resolv.conf > /resolv
END
links_of() { rm -rf u && "$ocimg" unpack --image "$store:docker.io/library/$1" u >/dev/null && cat u/rootfs/links; }
network_build() { as_user timeout 100 env PATH="$test_dir/bin" "$test_dir/ocimg-copy" build "$@"; }
printf 'search example.org\nnameserver 127.0.0.53\n' >resolv && mount --bind resolv /etc/resolv.conf
for program in pasta slirp4netns; do
    path=$(command -v $program) || { skip "$program" "it is not installed" && continue; }
    rm -rf bin && mkdir bin && ln -s "$path" bin/$program && for tool in newuidmap newgidmap; do ln -s "$(command -v $tool)" bin/$tool; done
    check "the default network, by $program" network_build --no-cache --progress plain --runtime "$test_dir/ocirun" -t $program:1 -f context/network context
    check_match "has a device of its own" '^2: ' links_of $program:1
    check_output "and a resolver that answers there" "1 search" bash -c "awk '/nameserver 127/ {bad=1} /^nameserver/ {n++} /^search example.org/ {s=\"search\"} END {print n+bad, s}' u/rootfs/resolv"
done
rm -rf bin && mkdir bin && for tool in newuidmap newgidmap; do ln -s "$(command -v $tool)" bin/$tool; done
check "--network host" network_build --no-cache --network host --progress plain --runtime "$test_dir/ocirun" -t host:1 -f context/network context
check_match "is the host's" "outside.* 192.0.2.1|: outside" links_of host:1
check "without pasta and slirp4netns" network_build --no-cache --progress plain --runtime "$test_dir/ocirun" -t neither:1 -f context/network context
check_match "the default is the host's, too" outside links_of neither:1
check_fails "--network none" 1 "" user_build --network none --no-cache -f context/network context

# --- one's own id alone -----------------------------------------------------------------------------------------

mount --bind nothing /etc/subuid && mount --bind nothing /etc/subgid
printf 'FROM base:1\nRUN echo alone > /made && cat /proc/self/uid_map > /map\nCOPY dir /dir\n' >home/context/alone
build_alone() { user_build --network none -t alone:1 -f context/alone context 2>&1; }
check_match "a build with one's own id alone says what that means" "all files belong to one user" build_alone
unpack_alone() { rm -rf u && "$ocimg" unpack --image "$store:docker.io/library/alone:1" u >/dev/null && cat u/rootfs/made; }
check_output "what it made is there" alone unpack_alone

assert_nothing_left
finish
