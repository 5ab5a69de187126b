# check=error=true
#
# A test server for devices: ssl_server2 on port 4433.
#
#   docker build -t gombedtls .
#   docker build --platform linux/arm64 --build-arg PROFILE=iot-dtls -t gombedtls .
#   docker build --target test .                # all checks and tests; --build-arg TEST_OPTIONS=--short for fewer
#
#   docker run -p 4433:4433 gombedtls           # TLS, with the test certificates of Mbed TLS
#   docker run -p 4433:4433 -v "$PWD/certs:/certs:ro" gombedtls \
#       read_timeout=5000 crt_file=/certs/server.crt key_file=/certs/server.key   # which user 65532 may read
#   docker run -p 4433:4433/udp --no-healthcheck gombedtls dtls=1 psk=… psk_identity=sensor-1
#   docker run --entrypoint /bin/ssl_client2 gombedtls server_addr=…
#
# HEALTHCHECK is for a server of TLS on port 4433 that wants no certificate: give your own for another (Compose:
# healthcheck.test, Kubernetes: exec), such as /bin/ssl_client2 server_addr=127.0.0.1 dtls=1 psk=… psk_identity=…
# "docker run IMAGE help" lists the options. HEALTHCHECK needs Docker 25 or newer.
#
# ./build.sh docker-check builds this file without Docker.

# The tag is of the exact Go, but the Debian below it is updated under the same tag. For the very same image every time, give
# it with its digest: --build-arg GO_IMAGE=golang:…@sha256:…
ARG GO_IMAGE=golang:1.26.8-bookworm

# --- source: the pinned Mbed TLS. First what changes least, so that a change of Go code neither downloads nor compiles C.
# It runs where you build; what is for another machine is cross-compiled.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS source
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY go.mod go.sum build.sh ./
COPY scripts scripts
COPY third_party/mbedtls third_party/mbedtls
COPY config config
COPY internal/mbedconfig internal/mbedconfig
COPY internal/mbedbuild internal/mbedbuild
COPY cmd/mbedtls-build cmd/mbedtls-build
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build ./build.sh vendor

# --- build: the archives and the programs for the target. On amd64 and arm64 they are static, with musl.
FROM source AS build
ARG TARGETOS TARGETARCH TARGETVARIANT
ARG PROFILE=default
RUN case $TARGETARCH$TARGETVARIANT in \
        amd64 | amd64v* | arm64 | arm64v8) target=$TARGETOS/$TARGETARCH-musl ;; \
        armv7 | 386 | riscv64 | s390x) target=$TARGETOS/$TARGETARCH ;; \
        *) echo "no target for $TARGETOS/$TARGETARCH/$TARGETVARIANT: ./build.sh targets lists them" >&2; exit 1 ;; \
    esac; \
    if [[ $PROFILE == minimal ]]; then echo "profile minimal has no server" >&2; exit 1; fi; \
    echo "$target" >/target
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    ./build.sh lib --profile "$PROFILE" --target "$(</target)" --no-select
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    target=$(</target); \
    ./build.sh cross --no-tests --profile "$PROFILE" "$target"; \
    mv "build/cross/${target//\//-}" /out
# What a debugger reads is half of them. One of the compilers' tools knows the target.
RUN for strip in /usr/bin/*-linux-gnu*-strip; do \
        if "$strip" /out/ssl_server2 /out/ssl_client2; then exit; fi; \
    done; \
    exit 1
# What the programs have without files of yours. Mbed TLS publishes these keys: they are no secret, and prove nothing.
RUN mkdir /data_files; \
    cp third_party/mbedtls/src/framework/data_files/{test-ca-sha1.crt,test-ca-sha256.crt,test-ca2.crt,server2-sha256.crt,server2.key,server5.crt,server5.key,cli-rsa-sha256.crt,cli-rsa.key,cli2.crt,cli2.key}.der \
        /data_files; \
    chmod 644 /data_files/*

# --- test
FROM source AS test
ARG TEST_OPTIONS=
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    read -ra options <<<"$TEST_OPTIONS"; \
    ./build.sh test "${options[@]}"

# --- what lies below the programs: nothing, where they are static, so that there is nothing in the image to attack or to
# update; else the C library that they were linked with.
FROM scratch AS base-amd64
FROM scratch AS base-arm64
FROM debian:bookworm-slim AS base-arm
FROM debian:bookworm-slim AS base-386
FROM debian:bookworm-slim AS base-s390x
# bookworm has no riscv64.
FROM debian:trixie-slim AS base-riscv64

# --- the image
# hadolint ignore=DL3006
FROM base-${TARGETARCH} AS runtime
ARG VERSION=devel REVISION=unknown
LABEL org.opencontainers.image.title="gombedtls" \
    org.opencontainers.image.description="ssl_server2 and ssl_client2 of Mbed TLS, as Go programs on the C library" \
    org.opencontainers.image.source="https://github.com/gombedtls/gombedtls" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
COPY --from=build /data_files /usr/share/gombedtls/data_files
COPY --from=build /src/LICENSE /usr/share/doc/gombedtls/LICENSE
COPY --from=build /src/third_party/mbedtls/src/LICENSE /usr/share/doc/mbedtls/LICENSE
COPY --from=build /out/ssl_server2 /out/ssl_client2 /bin/
ENV GOMBEDTLS_DATA=/usr/share/gombedtls/data_files
USER 65532:65532
EXPOSE 4433/tcp 4433/udp
# A handshake and a request, as a client would. The certificate is not judged: it may be yours.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --start-interval=1s --retries=3 \
    CMD ["/bin/ssl_client2", "server_addr=127.0.0.1", "server_port=4433", "auth_mode=none"]
ENTRYPOINT ["/bin/ssl_server2"]
# It serves one client after another: one that says nothing must not keep the others waiting.
CMD ["read_timeout=5000"]
