# A small base image for tests of `ocimg build`, and functions to look into what was built.
# Sourced after shell_test.sh; needs $test_dir and busybox.
# shellcheck shell=bash

ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
export OCIMG_STORE=$test_dir/store OCIMG_CACHE=$test_dir/cache
export CONTAINERS_REGISTRIES_CONF=$test_dir/registries.conf
unset SOURCE_DATE_EPOCH
printf '[[registry]]\nlocation = "docker.io"\nblocked = true\n' >"$CONTAINERS_REGISTRIES_CONF" # tests ask nobody outside

make_base_image() { # NAME: busybox with every applet, the users root and bob, the groups root, bob and audio
    local root=$test_dir/base-root
    mkdir -p "$root/bin" "$root/etc" "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    busybox --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
    printf 'root:x:0:0::/root:/bin/sh\nbob:x:1001:1002::/home/bob:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nbob:x:1002:\naudio:x:29:bob\n' >"$root/etc/group"
    chmod 1777 "$root/tmp"
    find "$root" -exec touch -h -d '2020-01-01 UTC' {} +
    "$ocimg" new "$1" && "$ocimg" append "$1" "$root" && "$ocimg" config "$1" --env PATH=/bin --cmd /bin/sh
}

build() { timeout -s KILL 120 "$ocimg" build --progress plain --runtime "$RUNTIME" "$@"; } # ARGUMENTS...

write_context() { # DIRECTORY < DOCKERFILE: a context with this Dockerfile
    mkdir -p "$1"
    cat >"$1/Dockerfile"
}

blob() { echo "$OCIMG_STORE/blobs/sha256/${1#sha256:}"; } # DIGEST

digest_of() { # NAME: of the image's manifest
    jq -r --arg name "docker.io/library/$1" \
        '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' "$OCIMG_STORE/index.json"
}
image_config() { # NAME FILTER: a part of the image's configuration, compact
    jq -c "$2" "$(blob "$(jq -r .config.digest "$(blob "$(digest_of "$1")")")")"
}
layer_names() { # NAME INDEX: what is in a layer (-1: the topmost)
    tar -tzf "$(blob "$(jq -r ".layers[$2].digest" "$(blob "$(digest_of "$1")")")")"
}
unpacked() { # NAME: unpacks the image, prints the path of its files
    rm -rf "$test_dir/unpacked"
    "$ocimg" unpack "$1" "$test_dir/unpacked" && echo "$test_dir/unpacked/rootfs"
}
file_of() { cat "$(unpacked "$1")/$2"; } # NAME PATH: content of a file of the image
stat_of() { stat -c "$3" "$(unpacked "$1")/$2"; } # NAME PATH FORMAT
