# An S3 API over local files: SeaweedFS (Apache-2.0), whose released binary comes in a wheel with a known hash.
# Built from the root of the repository by `make images`.

# By tag, so that it builds anywhere; in production by digest: BASE=python:3.12-slim-bookworm@sha256:… make images
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS libraries
# Another package index comes from the environment of the build, and stays in this stage.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
RUN pip install --no-cache-dir uv==0.13.8
COPY docker/object-store.txt /tmp/lock.txt
RUN uv venv --python /usr/local/bin/python3 /opt/venv \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode /tmp/lock.txt

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
 && install -d -o 65534 -g 65534 -m 0700 /data
COPY --from=libraries /opt/venv/bin/weed /usr/local/bin/weed
COPY docker/object-store /opt/object-store
COPY LICENSE /opt/object-store/

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp

# Last, so that a new commit leaves every layer above as it was. CREATED is the time of the commit.
ARG COMMIT
ARG CREATED
ARG VERSION
ENV TRAINYARD_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="trainyard-object-store" \
      org.opencontainers.image.description="SeaweedFS as the S3 of one machine" \
      org.opencontainers.image.source="https://example.com/trainyard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

USER 65534:65534
EXPOSE 8333
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8333/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--"]
CMD ["python3", "/opt/object-store/start.py"]
