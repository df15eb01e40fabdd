# One image for web, worker and beat. Packages come from the lock alone; the product runs without root and writes to /data.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/server.txt requirements/server.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/server.txt

COPY manage.py ./
COPY evaluations evaluations
COPY scorecard scorecard
COPY templates templates
COPY client client
COPY demo demo

RUN useradd --uid 10001 --no-create-home scorecard && install -d -o scorecard -g scorecard -m 0700 /data
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SCORECARD_DATA_DIR=/data
VOLUME /data
USER scorecard
EXPOSE 8000
CMD ["python", "manage.py", "up", "--host", "0.0.0.0"]
