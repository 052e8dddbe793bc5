# docker build -t career-worker .
# docker run --read-only --tmpfs /tmp -e DATABASE_URL=... -e REDIS_URL=... career-worker            serves
# docker run --read-only --tmpfs /tmp -e DATABASE_URL=... career-worker db migrate                  any other command
# docker build --build-arg FEATURES=otel .                                                          with OpenTelemetry

FROM rust:1.95-bookworm AS build
ARG FEATURES=""
WORKDIR /build
ENV SQLX_OFFLINE=true CARGO_INCREMENTAL=0
# The image is the toolchain; rust-toolchain.toml, which also asks for lints and formatting, stays outside, and so do tests and
# benchmarks, which the manifest would look for.
# The dependencies alone, in a layer that only a change of manifest or lock file makes anew.
COPY Cargo.toml Cargo.lock ./
RUN sed -i '/^\[\[bench\]\]/,/^$/d; /^\[\[test\]\]/,/^$/d' Cargo.toml \
    && mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --features "$FEATURES" \
    && rm -r src
COPY . .
# The files that were copied can be older than the empty program above.
# Line tables make panics readable while developing; the image does without their 100 MB.
RUN sed -i '/^\[\[bench\]\]/,/^$/d; /^\[\[test\]\]/,/^$/d' Cargo.toml \
    && touch src/lib.rs src/main.rs \
    && cargo build --release --locked --features "$FEATURES" \
    && strip --strip-debug target/release/career-worker

FROM debian:bookworm-slim
# pg_dump and pg_restore are for backups, the server for restore tests; they read servers of their own version (15) and older ones. A
# server without its compiler of queries does without it, and the image without 160 MB.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client postgresql-common tzdata \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql \
    && rm -r /usr/lib/postgresql/*/lib/bitcode /usr/lib/postgresql/*/lib/llvmjit* /usr/lib/*/libLLVM-* /usr/lib/*/libz3.so* \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && useradd --system --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin career
WORKDIR /app
COPY --from=build /build/target/release/career-worker /usr/local/bin/
COPY jobs ./jobs
# Large pages for the index of searches: matching took about a quarter less time with them where the kernel has them to give.
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=20s CMD ["career-worker", "healthcheck"]
ENTRYPOINT ["career-worker"]
CMD ["serve"]
