# docker build -t career-worker .
# docker run -e DATABASE_URL=... -e REDIS_URL=... career-worker            serves
# docker run -e DATABASE_URL=... career-worker db migrate                  any other command

FROM rust:1.95-bookworm AS build
WORKDIR /build
ENV SQLX_OFFLINE=true
# The image is the toolchain; rust-toolchain.toml, which also asks for lints and formatting, stays outside.
# The dependencies alone, in a layer that only a change of the lock file makes anew.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src
COPY . .
# The files that were copied can be older than the empty program above.
# Line tables make panics readable while developing; the image does without their 100 MB.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked && strip --strip-debug target/release/career-worker

FROM debian:bookworm-slim
# pg_dump and pg_restore are for backups, the server for restore tests; they read servers of their own version and older ones.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client postgresql-common tzdata \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin career
WORKDIR /app
COPY --from=build /build/target/release/career-worker /usr/local/bin/
COPY jobs ./jobs
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["career-worker", "healthcheck"]
ENTRYPOINT ["career-worker"]
CMD ["serve"]
