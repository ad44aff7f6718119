# One image for every Airflow process of docker-compose.yaml: Debian slim, Python 3.12, the packages that
# deploy/requirements.txt locks by hash, and the project. Settings (include/) are not in it: they are mounted.
#
# The base is pinned by tag; `docker buildx imagetools inspect python:3.12-slim-bookworm` tells the digest to put behind
# it (`@sha256:…`) where every build must start from the same bytes.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never PYC_INVALIDATION_MODE=UNCHECKED_HASH
COPY stack/tools.txt /build/
RUN python -m venv /build/tools \
    && /build/tools/bin/python -m pip install --quiet --require-hashes -r /build/tools.txt
COPY deploy/requirements.txt /build/
# Every package is a wheel; compiled here, since each process of Airflow would else start two seconds later.
RUN python -m venv --without-pip /opt/venv \
    && /build/tools/bin/uv pip install --quiet --python /opt/venv/bin/python --require-hashes --only-binary :all: \
        --compile-bytecode -r /build/requirements.txt
COPY pyproject.toml README.md LICENSE /opt/pakhus/
COPY plugins /opt/pakhus/plugins
COPY dags /opt/pakhus/dags
COPY deploy/healthy.py /opt/pakhus/deploy/
# Editable, as in a checkout: there is one copy of the code, below plugins/, where Airflow looks too.
RUN PYTHONPATH=/build/tools/lib/python3.12/site-packages /build/tools/bin/uv pip install --quiet --python /opt/venv/bin/python --no-deps \
        --no-build-isolation --editable /opt/pakhus \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/pakhus

FROM ${PYTHON_IMAGE}
# The base image leaves the standard library uncompiled, and what runs here may not write there.
RUN python -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib/python3.12 \
    && groupadd --gid 50000 pakhus \
    && useradd --uid 50000 --gid pakhus --home-dir /opt/airflow --create-home --shell /usr/sbin/nologin pakhus \
    && install -d -o pakhus -g pakhus -m 0750 /opt/airflow /opt/airflow/logs
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/pakhus /opt/pakhus
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/pakhus/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/pakhus/plugins \
    PAKHUS_INCLUDE=/opt/pakhus/include
USER 50000:50000
WORKDIR /opt/airflow
CMD ["airflow", "version"]
