# Access Ledger in a container: installed in one stage, run in another that has neither pip's cache
# nor the sources. requirements.txt says which versions go in, each with its hashes.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements.txt ./
RUN /app/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md ./
COPY domain domain
COPY evidence evidence
COPY ledger ledger
COPY projections projections
COPY keys keys
COPY bootstrap bootstrap
COPY api api
COPY cli cli
RUN /app/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home ledger
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ACCESS_LEDGER_FILE=/data/access-ledger.db
USER ledger
WORKDIR /data
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8420/livez', timeout=2)"]
ENTRYPOINT ["access-ledger"]
CMD ["serve", "--host", "0.0.0.0"]
