# Airflow with its providers, our DAGs and plugins, and no library of machine learning: steps run in other images.
# Fits Airflow's official Helm chart: the user, the group and the folders are those of the official image.
# Built from the root of the repository by `make images`.

# By tag, so that it builds anywhere; in production by digest: BASE=python:3.12-slim-bookworm@sha256:… make images
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS libraries
# Another package index comes from the environment of the build, and stays in this stage.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
RUN pip install --no-cache-dir uv==0.13.8
COPY docker/airflow.txt /tmp/lock.txt
RUN uv venv --python /usr/local/bin/python3 /opt/venv \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode /tmp/lock.txt
# What these packages test themselves with: 90 MB that nothing imports.
WORKDIR /opt/venv/lib/python3.12/site-packages
RUN find numpy pandas pyarrow scipy -type d -name tests -prune -exec rm -r '{}' +

FROM ${BASE}
# tini: hands SIGTERM on to Airflow and reaps what its tasks leave behind.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
 && useradd --uid 50000 --gid 0 --create-home airflow \
 && install -d -o 50000 -g 0 -m 0775 /opt/airflow /opt/airflow/logs
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /opt/airflow
COPY requirements.txt LICENSE ./
COPY pipelines pipelines
COPY plugins plugins
COPY dags dags
# Nobody changes these files any more: no import need compare a source with its bytecode.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash pipelines plugins dags

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/airflow \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    DO_NOT_TRACK=1

# Last, so that a new commit leaves every layer above as it was. CREATED is the time of the commit.
ARG COMMIT
ARG CREATED
ARG VERSION
ENV TRAINYARD_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="trainyard-airflow" \
      org.opencontainers.image.description="Apache Airflow with Trainyard's DAGs and plugins" \
      org.opencontainers.image.source="https://example.com/trainyard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

# Group 0, to which all that is written to belongs: any other user id of that group can run it too.
USER 50000:0
EXPOSE 8080
# Of the API server; where the container runs another component, its own check replaces this one.
HEALTHCHECK --interval=10s --timeout=10s --start-period=90s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/api/v2/monitor/health', timeout=8)"]
ENTRYPOINT ["tini", "--"]
CMD ["airflow", "api-server"]
