"""Arguments beat variables, variables beat defaults, and the host's are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from suffice.config import DEFAULT_ENDPOINT, Settings, read_settings

ENVIRON = {
    "SUFFICE_ENDPOINT": "https://calls.example.org/",
    "SUFFICE_SERVICE": "env-service",
    "SUFFICE_PROJECT": "env-project",
    "SUFFICE_ENVIRONMENT": "staging",
    "SUFFICE_CAPTURE": "metrics",
    "SUFFICE_KEY": "env-key",
    "SUFFICE_SPOOL": "/spool",
    "SUFFICE_QUIET": "true",
    "SUFFICE_HTTP_SPANS": "yes",
    "SUFFICE_DISABLED": "1",
}


def test_defaults() -> None:
    settings = read_settings(environ={"HOME": "/h", "SUFFICE_SPOOL": "/s"}, service="s")
    assert settings == Settings(service="s", spool=Path("/s"))
    assert (settings.endpoint, settings.explicit_endpoint) == (DEFAULT_ENDPOINT, False)


def test_variables() -> None:
    assert read_settings(environ=ENVIRON) == Settings(
        endpoint="https://calls.example.org",
        explicit_endpoint=True,
        service="env-service",
        project="env-project",
        environment="staging",
        capture="metrics",
        key="env-key",
        http_spans=True,
        spool=Path("/spool/calls.example.org_https"),
        quiet=True,
        disabled=True,
    )


def test_arguments() -> None:
    settings = read_settings(
        "http://127.0.0.1:9/v1/traces",
        "s",
        "full",
        key="k",
        project="p",
        environment="e",
        http_spans=False,
        spool=False,
        quiet=False,
        environ=ENVIRON,
    )
    assert settings == Settings(
        endpoint="http://127.0.0.1:9",
        explicit_endpoint=True,
        service="s",
        project="p",
        environment="e",
        capture="full",
        key="k",
        disabled=True,
    )


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(read_settings(key="secret", environ={}))


def test_only_the_service_name_comes_from_the_host() -> None:
    environ = {"OTEL_SERVICE_NAME": "host", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other:1"}
    settings = read_settings(environ=environ)
    assert (settings.service, settings.endpoint) == ("host", DEFAULT_ENDPOINT)
    assert read_settings(environ=environ | {"SUFFICE_SERVICE": "ours"}).service == "ours"


@pytest.mark.parametrize("mode", ["masked", "hashed", "none", "FULL"])
def test_an_unknown_mode_is_refused_at_once(mode: str) -> None:
    with pytest.raises(ValueError, match="use 'full' or 'metrics'"):
        read_settings(capture=mode, environ={})


@pytest.mark.parametrize("endpoint", ["localhost:4318", "ftp://x", "http://", "nonsense"])
def test_an_endpoint_that_is_none_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        read_settings(endpoint, environ={})
