# syntax=docker/dockerfile:1
FROM debian:bookworm AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends g++ cmake ninja-build
WORKDIR /src
COPY CMakeLists.txt ./
COPY src/ src/
RUN cmake -G Ninja -B /build && cmake --build /build

FROM debian:bookworm-slim
COPY --from=build --chown=65534:65534 /build/service /usr/local/bin/
USER nobody
EXPOSE 8080/tcp
HEALTHCHECK --interval=30s CMD ["/usr/local/bin/service", "--check"]
ENTRYPOINT ["/usr/local/bin/service"]
