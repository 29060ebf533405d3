# One image for every service: `suffice` and what it needs, installed from the project's own lock.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/suffice \
 && /opt/suffice/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
COPY pyproject.toml README.md LICENSE ./
COPY sdk sdk
COPY store store
COPY collector collector
COPY analysis analysis
COPY dashboard dashboard
COPY migrations migrations
COPY examples examples
# The lock holds the exact versions; the wheel says which of them a server needs.
RUN grep -v '^-' requirements/dev.txt > /tmp/constraints.txt \
 && sed -i -e 's/ *\\$//' -e '/^ *--hash/d' /tmp/constraints.txt \
 && /opt/suffice/bin/uv pip install --python /opt/suffice/bin/python --quiet -c /tmp/constraints.txt '.[server]' \
 && /opt/suffice/bin/uv pip uninstall --python /opt/suffice/bin/python --quiet uv

FROM python:3.12-slim
COPY --from=build /opt/suffice /opt/suffice
RUN useradd --uid 10001 --create-home suffice && mkdir /data && chown suffice /data
USER suffice
WORKDIR /data
VOLUME /data
ENV PATH=/opt/suffice/bin:$PATH PYTHONUNBUFFERED=1 SUFFICE_DB=/data/suffice.duckdb
EXPOSE 4318 8501
ENTRYPOINT ["suffice"]
CMD ["up", "--host", "0.0.0.0"]
