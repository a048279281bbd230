# Images that have been through several edits, for tests of what is left when a command fails. Sourced after $ocimg is set.
# shellcheck shell=bash

# make_edited_images FILES BYTES: the directories files/ (FILES of them) and more/ (one of BYTES), and the layout
# base/image made of them with the tags one, old-base, new-base and many.
make_edited_images() {
    local number
    mkdir -p files/etc more/etc base
    for number in $(seq 1 "$1"); do head -c 3000 /dev/urandom >"files/etc/file-$number"; done
    ln files/etc/file-1 files/hard
    head -c "$2" /dev/urandom >more/etc/big
    echo new >more/etc/file-2
    "$ocimg" new --image base/image:one && "$ocimg" append --image base/image:one files &&
        "$ocimg" tag --image base/image:one old-base && "$ocimg" append --image base/image:one more &&
        "$ocimg" config --image base/image:old-base --tag new-base --env A=B &&
        "$ocimg" insert --image base/image:new-base files/etc/file-3 /top && "$ocimg" gc base/image &&
        "$ocimg" index create base/image:many base/image:one
}
