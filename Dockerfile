# The dispatcher in a container, from the package of `make deb`:
#
#   make deb && docker build -t webhooks .
#   docker run -v /srv/webhooks:/etc/webhooks:ro -v webhooks:/var/lib/webhooks webhooks
#
# /etc/webhooks has webhooks.yaml, readable for the user `webhooks`. One container at a time delivers from a store; another one
# with `run --wait` stands by.
FROM debian:bookworm-slim
COPY .build/deb/webhooks_*.deb /tmp/
RUN apt-get update \
    && apt-get install --yes --no-install-recommends /tmp/webhooks_*.deb \
    && rm -rf /tmp/webhooks_*.deb /var/lib/apt/lists/*
ENV WEBHOOKS_CONFIG=/etc/webhooks/webhooks.yaml
USER webhooks
VOLUME /var/lib/webhooks
# Attempts under way get the configuration's shutdownGrace: give `docker stop --time` more than that.
STOPSIGNAL SIGTERM
ENTRYPOINT ["webhooks"]
CMD ["run"]
