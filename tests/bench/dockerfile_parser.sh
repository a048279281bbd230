#!/bin/bash
# A Dockerfile of 100,000 lines read, checked and expanded by `ocimg lint`: seconds, best of five.
# Usage: tests/bench/dockerfile_parser.sh [BUILD_DIRECTORY]
set -eu
ocimg=$(realpath "${1:-build/release}/ocimg")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
{
    echo "FROM scratch"
    awk 'BEGIN { for (i = 1; i < 100000; ++i) print (i % 3 == 0) ? "ENV a=$b" : (i % 3 == 1) ? "RUN x y" : "USER u" }'
} >"$directory/Dockerfile"
wc -lc <"$directory/Dockerfile" | awk '{ print $1 " lines, " $2 " bytes" }'
for _ in 1 2 3 4 5; do
    start=$(date +%s%N)
    "$ocimg" lint --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all "$directory" >/dev/null
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
done | sort -n | awk 'NR == 1 { print "best: " $1 " ms" } { all = all " " $1 } END { print "all:" all }'
