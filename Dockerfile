# syntax=docker/dockerfile:1
# Two stages: the first has the compilers that libp2p's and hnswlib's native parts need, the second
# only what runs. Everything that changes at run time lives in /data, so the root can be read-only:
#   docker run --read-only --tmpfs /tmp -v grapevine:/data grapevine

FROM python:3.11-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ libgmp-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements-run.lock ./
RUN python -m venv /opt/grapevine \
 && /opt/grapevine/bin/pip install --no-cache-dir --require-hashes --requirement requirements-run.lock \
 && cp --dereference /usr/lib/*-linux-gnu/libgmp.so.10 /opt/grapevine/lib/
COPY pyproject.toml README.md LICENSE ./
COPY node ./node
COPY protocol ./protocol
COPY ranking ./ranking
COPY sim ./sim
COPY trust ./trust
RUN /opt/grapevine/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
COPY --from=build /opt/grapevine /opt/grapevine
COPY docker/start /usr/local/bin/start
# New named volumes take owner and mode from here.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data /meeting
ENV PATH=/opt/grapevine/bin:$PATH \
    LD_LIBRARY_PATH=/opt/grapevine/lib \
    PYTHONDONTWRITEBYTECODE=1 \
    GRAPEVINE_HOME=/data/node \
    GRAPEVINE_NETWORK_LISTEN=/ip4/0.0.0.0/tcp/4001 \
    NUMBA_CACHE_DIR=/data/numba
USER 10001:10001
VOLUME ["/data"]
EXPOSE 4001/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["grapevine", "status", "--json"]
ENTRYPOINT ["/usr/local/bin/start"]
