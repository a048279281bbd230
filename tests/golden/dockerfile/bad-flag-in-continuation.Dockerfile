FROM a
RUN --mount=type=cache,target=/x \
    # a comment
    --mount=type=cahce,target=/y \
    make
