# The steps on a GPU: `python -m pipelines STEP …`, in Docker and in a pod; CUDA's libraries come as wheels, so that
# the node brings the driver alone (580 or newer). Built from the root of the repository by `make images`;
# steps.Dockerfile differs by its lock and its variables.

# By tag, so that it builds anywhere; in production by digest: BASE=python:3.12-slim-bookworm@sha256:… make images
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS libraries
# Another package index comes from the environment of the build, and stays in this stage.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
RUN pip install --no-cache-dir uv==0.13.8
COPY docker/steps-gpu.txt /tmp/lock.txt
RUN uv venv --python /usr/local/bin/python3 /opt/venv \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode /tmp/lock.txt
# What these packages test themselves with: 145 MB that nothing imports.
WORKDIR /opt/venv/lib/python3.12/site-packages
RUN find dask ibis matplotlib numpy pandas pyarrow scipy sklearn statsmodels \
      -type d -name tests -prune -exec rm -r '{}' +

FROM ${BASE}
# tini: as PID 1 itself, Python would ignore the SIGTERM of a step that handles none. procps: the XCom sidecar's pgrep.
RUN apt-get update \
 && apt-get install -y --no-install-recommends procps tini \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /opt/trainyard
# The lock is digested into a model's release record: the same one, wherever the model was trained.
COPY requirements.txt LICENSE ./
COPY feature_repo feature_repo
COPY pipelines pipelines
# Nobody changes these files any more: no import need compare a source with its bytecode.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash pipelines feature_repo

# The root may be read-only and the user without a home: /tmp is all that a step writes to beside the store.
# SCIPY_ARRAY_API: without it scikit-learn refuses arrays that lie on the GPU.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/trainyard \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    MPLCONFIGDIR=/tmp/.matplotlib \
    SCIPY_ARRAY_API=1 \
    CUPY_CACHE_DIR=/tmp/.cupy \
    CUDA_CACHE_PATH=/tmp/.nv \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    DO_NOT_TRACK=1 \
    MLFLOW_DISABLE_TELEMETRY=true

# Last, so that a new commit leaves every layer above as it was. CREATED is the time of the commit.
ARG COMMIT
ARG CREATED
ARG VERSION
# TRAINYARD_IMAGE, the image's own digest, is known to who deploys it.
ENV TRAINYARD_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="trainyard-steps-gpu" \
      org.opencontainers.image.description="Trainyard's steps, on a GPU" \
      org.opencontainers.image.source="https://example.com/trainyard" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

# nobody, by number: Kubernetes can then tell that it is not root.
USER 65534:65534
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "pipelines", "--help"]
