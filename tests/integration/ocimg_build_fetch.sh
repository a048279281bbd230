#!/bin/bash
# ocimg build: ADD from URLs and git repositories, contexts from elsewhere, all of them hostile as well.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
command -v git >/dev/null || skip_all "git is not installed"
enter_own_network "$@"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1
canary=$test_dir/canary
mkdir -p www/deep "$canary"
echo CANARY-CONTENT >"$canary/secret"
untouched() { [ "$(find "$canary" | wc -l)" -eq 2 ] && [ "$(cat "$canary/secret")" = CANARY-CONTENT ]; }

# A server of files that can also send what no honest one does.
cat >server.py <<'END'
import http.server, os
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def do_GET(self):
        name, _, query = self.path.partition("?")
        if name.startswith("/named/"):
            body = b"of the server\n"
            self.send_response(200)
            self.send_header("Content-Disposition", "attachment; filename=%s" % query)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers(); self.wfile.write(body)
        elif name.startswith("/away/"):
            self.send_response(302); self.send_header("Location", "/deep/file.txt"); self.send_header("Content-Length", "0"); self.end_headers()
        elif name.startswith("/round/"):
            self.send_response(302); self.send_header("Location", self.path); self.send_header("Content-Length", "0"); self.end_headers()
        else:
            super().do_GET()
os.chdir("www")
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
END
python3 server.py &
expect_process $!
check "a server of files" wait_until 20 port_answers 8000
url=http://127.0.0.1:8000

# --- ADD of URLs ------------------------------------------------------------------------------------------

echo downloaded >www/deep/file.txt
touch -d '2015-06-07 08:09:10 UTC' www/deep/file.txt
mkdir -p tree/inner && echo packed >tree/inner/file && tar -czf www/tree.tar.gz -C tree .
sum=$(sha256sum www/deep/file.txt | cut -d' ' -f1)
write_context add <<END
FROM base:1
ADD $url/deep/file.txt /to/
ADD --chmod=644 --chown=bob $url/deep/file.txt /named
ADD --checksum=sha256:$sum $url/away/x /checked
ADD $url/tree.tar.gz /packed/
ADD --unpack $url/tree.tar.gz /unpacked/
END
check "ADD of URLs" build -t add:1 add
root=$(unpacked add:1)
check_output "a destination that ends with / takes the URL's name" downloaded cat "$root/to/file.txt"
check_output "such a file is for its owner alone, and as old as the server says" "600 0:0 2015-06-07" bash -c "stat -c '%a %u:%g %y' '$root/to/file.txt' | cut -d' ' -f1-3"
check_output "--chmod and --chown" "644 1001:1002" stat -c '%a %u:%g' "$root/named"
check_output "a redirect is followed, the checksum fits" downloaded cat "$root/checked"
check "an archive stays one" cmp www/tree.tar.gz "$root/packed/tree.tar.gz"
check_output "--unpack takes it apart" packed cat "$root/unpacked/inner/file"
cached() { build add 2>&1 | grep -c CACHED; true; }
check_output "the same content is known again" 5 cached
echo changed >www/deep/file.txt
check_output "another content is not" 0 cached
printf 'FROM base:1\nADD --checksum=sha256:%s %s/deep/file.txt /x\n' "$sum" "$url" >add/sum
check_fails "another content than the checksum's" 1 "expected sha256:$sum" build -f add/sum add
printf 'FROM base:1\nADD %s/absent /x\n' "$url" >add/absent
check_fails "a file that is not there" 1 "status 404" build -f add/absent add
printf 'FROM base:1\nADD %s/round/x /x\n' "$url" >add/round
check_fails "a redirect without end" 1 "redirects more than 10 times" build -f add/round add
printf 'FROM base:1\nADD --checksum=sha256:%s add /x\n' "$sum" >add/local
check_fails "--checksum of a local file" 1 "--checksum works with" build -f add/local add

# B11: what the server calls the file is nobody's path.
for name in ../../../../canary/planted /canary/planted .. '""' 'x%00y'; do
    printf 'FROM base:1\nADD %s/named/file?%s /to/\n' "$url" "$name" >add/named
    check "B11: Content-Disposition filename=$name" build -f add/named -t named:1 add
    check_output "B11: the URL's own name counts ($name)" "file" ls "$(unpacked named:1)/to"
done
for path in 'a/..' 'a/%2e%2e' '..%2f..%2fcanary%2fplanted' 'a/' ''; do
    printf 'FROM base:1\nADD %s/%s /to/\n' "$url" "$path" >add/named
    check_not "B11: a URL that ends in no name: ${path:-nothing}" build -f add/named add
done
check "B11: the canary lives" untouched

# --- git --------------------------------------------------------------------------------------------------

export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_DATE='2018-01-02T03:04:05Z' GIT_COMMITTER_DATE='2018-01-02T03:04:05Z'
repo() { git -C work -c user.name=a -c user.email=b@c "$@"; }
make_repository() {
    mkdir -p work/sub/inner && git -C work init -q -b main
    printf 'FROM base:1\nCOPY . /ctx/\n' >work/Dockerfile
    printf 'FROM base:1\nCOPY . /sub/\n' >work/sub/Dockerfile
    echo one >work/sub/inner/file
    ln -s /etc work/link && ln -s ../../../.. work/sub/up
    repo add -A && repo commit -q -m first && repo tag v1
    echo two >work/sub/inner/file && repo commit -q -a -m second
    git clone -q --bare work git/repo.git && git -C git/repo.git config uploadpack.allowAnySHA1InWant true
}
mkdir git
check "a repository" make_repository
git daemon --listen=127.0.0.1 --base-path="$test_dir/git" --export-all --reuseaddr "$test_dir/git" >daemon.log 2>&1 &
expect_process $!
git_is_served() { port_answers 9418; }
check "a server of repositories" wait_until 20 git_is_served
expect_process "$(pgrep -f 'git-daemon --listen' | head -1)"
remote=git://127.0.0.1/repo.git
commit=$(git -C work rev-parse v1)
write_context add-git <<END
FROM base:1
ADD $remote /main/
ADD $remote#v1 /v1/
ADD --checksum=$commit $remote#v1:sub/inner /inner/
ADD --keep-git-dir=true $remote#main /kept/
ADD $remote?tag=v1&subdir=sub /query/
END
check "ADD of git repositories" build -t git:1 add-git
root=$(unpacked git:1)
check_output "HEAD" two cat "$root/main/sub/inner/file"
check_output "a tag" one cat "$root/v1/sub/inner/file"
check_output "a directory of it, its commit checked" one cat "$root/inner/file"
check_not "without .git" test -e "$root/main/.git"
check "unless it is to be kept" test -d "$root/kept/.git"
check_output "the same as a query" one cat "$root/query/inner/file"
check_output "files are as old as the commit" 2018-01-02 bash -c "stat -c %y '$root/v1/Dockerfile' | cut -d' ' -f1"
printf 'FROM base:1\nADD --checksum=0123456789 %s /x\n' "$remote" >add/sum
check_fails "another commit than expected" 1 'expected "0123456789"' build -f add/sum add
check "a repository as the context" build -t context:1 "$remote"
check_output "gives its files" two file_of context:1 ctx/sub/inner/file
check "a directory of it" build -t context:2 "$remote#v1:sub"
check_output "gives those below" one file_of context:2 sub/inner/file
tar -cf www/context.tar -C work .
check "a URL of an archive as the context" build -t context:3 "$url/context.tar"
check_output "gives its files, too" two file_of context:3 ctx/sub/inner/file
printf 'FROM base:1\nRUN echo remote > /made\n' >www/remote.Dockerfile
check "a URL of a Dockerfile alone" build -t context:4 "$url/remote.Dockerfile"
check_output "is built with an empty context" remote file_of context:4 made

# B08: a subdirectory stays in the checkout.
for subdir in ../.. link sub/up 'sub/../../..' /etc 'sub/../../../etc'; do
    check_not "B08: $remote#main:$subdir" build -t b08:1 "$remote#main:$subdir"
    printf 'FROM base:1\nADD %s#main:%s /x/\n' "$remote" "$subdir" >add/b08
    check_not "B08: ADD of it" build -f add/b08 -t b08:1 add
done
check_output "B08: no image came of it" "" digest_of b08:1

# B09: nothing reaches git as an option or another transport.
git -C git/repo.git update-ref 'refs/heads/--upload-pack=touch-b09' main
for reference in "$remote#--upload-pack=touch $canary/b09" "$remote#-x" "git://-oProxyCommand=touch/x.git" \
    "ssh://-oProxyCommand=touch${IFS}$canary/b09/x.git" "git@-oProxyCommand=touch:x.git" "https://127.0.0.1/x.git?branch=--upload-pack=x"; do
    printf 'FROM base:1\nADD %s /x/\n' "${reference// /\$\{IFS\}}" >add/b09
    check_not "B09: ADD $reference" build -f add/b09 add
    check_not "B09: the context $reference" build "$reference"
done
for transport in "ext::sh -c touch% $canary/b09" "file://$test_dir/git/repo.git" "fd::7"; do
    check_not "B09: the transport ${transport%%:*}" build "$transport"
done
mkdir modules && git -C modules init -q -b main && git -C modules -c protocol.file.allow=always submodule --quiet add "$test_dir/git/repo.git" evil 2>/dev/null
printf '[submodule "evil"]\n\tpath = evil\n\turl = ext::sh -c touch%% %s/b09\n' "$canary" >modules/.gitmodules
printf 'FROM scratch\nCOPY .gitmodules /\n' >modules/Dockerfile
git -C modules -c user.name=a -c user.email=b@c add -A && git -C modules -c user.name=a -c user.email=b@c commit -q -m x && git clone -q --bare modules git/modules.git
check_fails "B09: a submodule of another transport" 1 "git submodule" build "git://127.0.0.1/modules.git"
mkdir -p hooks && printf '#!/bin/sh\ntouch %s/b09\n' "$canary" >hooks/post-checkout && chmod +x hooks/post-checkout
printf '[core]\n\thooksPath = %s/hooks\n' "$test_dir" >gitconfig
with_config() { GIT_CONFIG_GLOBAL=$test_dir/gitconfig HOME=$test_dir build -t hooks:1 "$remote"; }
check "B09: a build with hooks in the user's configuration" with_config
check "B09: nothing was started" untouched

assert_nothing_left
finish
