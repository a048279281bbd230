#!/bin/bash
# Every command that looks at or changes images, bundles and registries has --json, and prints one JSON document
# with it and nothing else.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/registry.sh
. "$here/../support/registry.sh"
enter_network "$@"
export OCIMG_LAYER_CACHE=$test_dir/cache

# build has --metadata-file, cache and convert print what they are asked for, login and logout nothing.
without='build cache convert generate login logout'
commands() { "$ocimg" --help | awk '/^COMMANDS/ { on = 1; next } /^GLOBAL/ { on = 0 } on && NF { sub(/,.*/, "", $1); print $1 }'; }
lacking() {
    local name
    for name in $(commands); do
        case " $without " in *" $name "*) continue ;; esac
        "$ocimg" "$name" --help | grep -q -- '--json' || echo "$name"
    done
}
check_output "every command has --json, or there is a reason" "" lacking

tried=''
json() { # JQ-EXPRESSION COMMAND...: stdout is one document for which the expression is true
    local expression=$1
    shift
    tried="$tried $1 "
    check "$1 --json" one_document "$expression" "$@" --json
}
one_document() {
    local expression=$1
    shift
    "$ocimg" "$@" >document 2>messages || { cat messages; return 1; }
    jq -es "length == 1 and (.[0] | $expression)" document >/dev/null || { cat document; return 1; }
}

mkdir -p files/etc
echo one >files/etc/one
head -c 5000 /dev/urandom >files/big
command -v docker-registry >/dev/null || skip_all "docker-registry is not installed"
start_registry plain 5000
there=docker://127.0.0.1:5000/app
json '.tag == "one"' new --image image:one
json '.digest | startswith("sha256:")' append --image image:one files
json '.size > 0' config --image image:one --cmd /bin/true
json '.tag == "next"' insert --image image:one --tag next files/big /x
json '.tag == "flat"' squash --image image:next --tag flat
json '.tag == "small"' split --image image:next --tag small --size 3k
json '.tag == "moved"' rebase --image image:next --tag moved --old-base image:one --new-base image:one
json '.tag == "many"' index create image:many image:one
json '.tag == "many"' index add image:many image:next
json 'length >= 1' index list image:many
json '.tag == "many"' index remove image:many "$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "next").digest' image/index.json)"
json '.artifactType != ""' attach --image image:one --artifact-type text/plain files/etc/one
json 'length >= 1' referrers --image image:one
json 'length >= 5' list image
json 'has("config")' inspect --image image:one
json 'type == "array"' history --image image:one
json 'has("layers")' tree --image image:one
json 'length >= 2' files --image image:one
json '.path != ""' cat --image image:one /etc/one
json 'type == "array" or type == "object"' diff image:one image:next
json 'type == "object"' report --html page.html --image image:one
json '.tag == "two"' tag --image image:one two
json '.bundle == "bundle" and .root == "tree" and .tag == "one" and .warnings == []' unpack --image image:one bundle
echo more >bundle/rootfs/more
json '.tag == "changed"' repack --image image:changed bundle
json '.root == "overlay"' unpack --overlay --image image:one shared
json '.mounted == false and .removed == false' umount shared
json '.mounted' mount shared
json '.removed' umount --remove shared
json '. == [] or type == "object"' validate image
json 'type == "object"' fsck image
json 'type == "array" or type == "object"' gc image
json 'has("removedLayers")' gc --layers
json '.repaired' fsck --repair image
json 'length >= 1' images image
json '.tag == "flattened"' flatten --image image:one --tag flattened
json '.name == "127.0.0.1:5000/app:1" and .size > 100' push --tls-verify=false ./image:one 127.0.0.1:5000/app:1
json '.name == "127.0.0.1:5000/app:1" and (.digest | startswith("sha256:"))' pull --tls-verify=false 127.0.0.1:5000/app:1
json '.mediaType | test("manifest")' copy --tls-verify=false oci:image:next $there:2
json '.Tags | sort == ["1", "2"]' list-tags --tls-verify=false $there
json 'length == 2 and all(.[]; .digest | startswith("sha256:"))' sync --tls-verify=false $there oci:mirror
json '.name == "127.0.0.1:5000/app:2" or .digest != ""' delete --tls-verify=false "$there@$(jq -r '.manifests[0].digest' image/index.json)"
json 'type == "array"' remove --image image:two
printf 'FROM scratch\nCOPY big /\n' >files/Dockerfile
json 'type == "object" or type == "array"' lint files
untried() {
    local name
    for name in $(commands); do
        case " $without $tried " in *" $name "*) ;; *) echo "$name" ;; esac
    done
}
check_output "each of them was tried" "" untried
finish
