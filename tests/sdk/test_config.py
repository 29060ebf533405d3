"""Arguments beat variables, variables beat defaults, and the host's are not ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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
    assert "hidden" not in repr(read_settings(key="hidden", secret="hidden", environ={}))


def test_only_the_service_name_comes_from_the_host() -> None:
    environ = {"OTEL_SERVICE_NAME": "host", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other:1"}
    settings = read_settings(environ=environ)
    assert (settings.service, settings.endpoint) == ("host", DEFAULT_ENDPOINT)
    assert read_settings(environ=environ | {"SUFFICE_SERVICE": "ours"}).service == "ours"


@pytest.mark.parametrize("mode", ["hash", "none", "FULL"])
def test_an_unknown_mode_is_refused_at_once(mode: str) -> None:
    with pytest.raises(ValueError, match="use one of 'full', 'masked', 'hashed', 'metrics'"):
        read_settings(capture=mode, environ={})


@pytest.mark.parametrize("mask", [["("], [""], ["a*"], [7], [re.compile(b"x")]])
def test_a_mask_that_is_no_pattern_is_refused_at_once(mask: Any) -> None:
    with pytest.raises(ValueError, match="mask="):
        read_settings(mask=mask, environ={})


def test_masks_come_from_both() -> None:
    settings = read_settings(mask=[r"ACME-\d+", re.compile("x")], environ={"SUFFICE_MASK": "y+\nz"})
    assert [each.pattern for each in settings.mask] == [r"ACME-\d+", "x", "y+", "z"]
    assert [each.pattern for each in read_settings(mask="one", environ={}).mask] == ["one"]  # type: ignore[arg-type]


def test_redact_is_a_function() -> None:
    with pytest.raises(ValueError, match="redact='x' is not a function"):
        read_settings(redact="x", environ={})  # type: ignore[arg-type]


@pytest.mark.parametrize("endpoint", ["localhost:4318", "ftp://x", "http://", "nonsense"])
def test_an_endpoint_that_is_none_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        read_settings(endpoint, environ={})
