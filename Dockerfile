# The gateway, built in one stage and run in another without compiler or headers.

FROM swift:6.3-bookworm AS build
WORKDIR /evento
COPY Scripts/install-dependencies.sh Scripts/
RUN Scripts/install-dependencies.sh
COPY . .
# Swift's own libraries go into the program, so that the other stage needs none of them.
RUN swift build --configuration release --product evento-gateway --static-swift-stdlib \
 && install -D "$(swift build --configuration release --show-bin-path)/evento-gateway" /out/evento-gateway

FROM debian:bookworm-slim
# libpq5 is not linked: the gateway loads it for a PostgreSQL database. It can, since glibc is linked dynamically.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates curl libcurl4 libpq5 libsqlite3-0 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/evento --create-home evento
COPY --from=build /out/evento-gateway /usr/local/bin/
USER 10001
# The default database is in it.
WORKDIR /var/lib/evento
# A container's port is published or not by who runs it, so the gateway listens on every address inside of it; without
# a token file it then refuses to start, unless EVENTO_ALLOW_ANONYMOUS says that anyone may use it.
ENV EVENTO_HOST=0.0.0.0 \
    EVENTO_PORT=8080
VOLUME /var/lib/evento
EXPOSE 8080
# The port and path are the variables': options behind `serve` are not known here. No proxy of the engine's configuration
# is asked for what is in the container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["/bin/sh", "-c", "exec curl --noproxy '*' --fail --silent --show-error http://127.0.0.1:${EVENTO_PORT}${EVENTO_BASE_PATH:-}/healthz"]
# No shell between the engine and the gateway: SIGTERM reaches it.
STOPSIGNAL SIGTERM
ENTRYPOINT ["evento-gateway"]
CMD ["serve"]
