# Two commands: `make demo` (set-up and the main job) and `make test` (set-up and the tests).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test check lint types layers lock clean setup wheel docs

demo: setup
	$(BIN)/suffice demo $(ARGS)

test: setup
	$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

check: setup lint types layers test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

setup: $(STAMP)

$(STAMP): requirements/uv.txt requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "suffice needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip sync --quiet --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

lock: ## needs network: refreshes both lock files
	test -x $(BIN)/uv || $(MAKE) setup
	echo uv | $(BIN)/uv pip compile - --universal --generate-hashes --no-annotate --upgrade --custom-compile-command "make lock" --quiet -o requirements/uv.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --upgrade --extra all --group dev --custom-compile-command "make lock" --quiet -o requirements/dev.txt
	for each in newest openai2 openai1 servers docs models; do $(BIN)/uv pip compile requirements/$$each.in --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade --custom-compile-command "make lock" --quiet -o requirements/$$each.txt || exit 1; done
	$(BIN)/python tests/sdk/matrix/table.py
	$(BIN)/uv pip compile pyproject.toml requirements/clickhouse.in --extra server --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade --custom-compile-command "make lock" --quiet -o requirements/clickhouse.txt

docs: setup ## the documentation site, as site/index.html
	$(BIN)/python tests/environments.py docs >/dev/null
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet

wheel: setup
	$(BIN)/uv build --wheel --no-build-isolation --quiet -o dist

clean:
	rm -rf .venv dist build site
