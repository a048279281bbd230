FROM a
RUN -- --mount=type=x
RUN --network="none" --mount=type=bind,'source=a b',target=/x -- ls --all
