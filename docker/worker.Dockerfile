# Airflow with the steps' libraries beside its own, each in its own environment: for a scheduler that runs steps as
# child processes (LocalExecutor). Built by `make images` from the images of Airflow and of the steps of one commit.

ARG AIRFLOW=trainyard/airflow:try
ARG STEPS=trainyard/steps:try

FROM ${STEPS} AS steps

FROM ${AIRFLOW}
COPY --from=steps /opt/venv /opt/steps
COPY --from=steps /opt/trainyard/feature_repo /opt/airflow/feature_repo

# Which interpreter runs a step; the variables are those of the steps' image.
ENV TRAINYARD_PYTHON=/opt/steps/bin/python \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    MPLCONFIGDIR=/tmp/.matplotlib \
    MLFLOW_DISABLE_TELEMETRY=true

# Last, so that a new commit leaves every layer above as it was. CREATED is the time of the commit.
ARG COMMIT
ARG CREATED
ARG VERSION
ENV TRAINYARD_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="trainyard-worker" \
      org.opencontainers.image.description="Apache Airflow with Trainyard's DAGs, plugins and steps" \
      org.opencontainers.image.source="https://example.com/trainyard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

USER 50000:0
ENTRYPOINT ["tini", "--"]
CMD ["airflow", "scheduler"]
