# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/pgagent /pgagent

FROM debian:bookworm-slim
RUN useradd --create-home pgagent
COPY --from=build /pgagent /usr/local/bin/pgagent
USER pgagent
WORKDIR /home/pgagent
ENTRYPOINT ["pgagent"]
