"""Candidates from a line or a file: what they say, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.replay.endpoint import serving

from suffice.errors import SufficeError, UsageError
from suffice_analysis.replay.candidates import Candidate, find_candidate, parse_line, read_candidates
from suffice_analysis.replay.finding import find_candidates, vendor_tiers
from suffice_analysis.replay.sending import Pace, join_url


def test_a_line() -> None:
    assert parse_line("http://127.0.0.1:8000/v1#qwen3-8b") == Candidate(
        model="qwen3-8b", url="http://127.0.0.1:8000/v1"
    )
    found = parse_line("anthropic+https://api.anthropic.com#claude-haiku-5-5")
    assert (found.format, found.host, found.wire_format, found.label) == (
        "anthropic", "api.anthropic.com", "anthropic.messages", "claude-haiku-5-5",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["qwen", "http://host/v1", "ftp://host#m", "#m", "http://#m", "huh+http://host#m"])
def test_what_is_no_candidate(text: str) -> None:
    with pytest.raises(UsageError, match="is no candidate"):
        parse_line(text)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        '[[candidate]]\nname = "small"\nmodel = "m"\nurl = "http://h/v1"\ninput_usd_per_mtok = 0.1\noutput_usd_per_mtok = 0.5\n'
    )
    (found,) = read_candidates(file)
    assert (found.label, found.cost_usd(1e6, 1e6), found.cost_usd(None, 1)) == ("small", 0.6, None)
    assert find_candidate("small", file) == find_candidate("m", file) == found
    with pytest.raises(UsageError, match="has no candidate 'other'; it has small"):
        find_candidate("other", file)


def test_by_the_hour_an_answer_costs_its_seconds_shared_by_those_beside_it() -> None:
    rented = Candidate(model="m", url="http://h", usd_per_hour=3.6, parallel=4)
    assert rented.is_priced
    assert rented.cost_usd(100, 10, 8.0) == pytest.approx(0.002)
    assert rented.cost_usd(None, None, 8.0) == pytest.approx(0.002)
    assert rented.cost_usd(100, 10) is None
    both = Candidate(model="m", url="http://h", usd_per_hour=3.6, input_usd_per_mtok=1.0, output_usd_per_mtok=1.0)
    assert both.cost_usd(1e6, 0, 8.0) == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no candidate"),
        ("[[candidate]]\nmodel = 'm'", "needs a 'url'"),
        ("[[candidate]]\nmodel = 'm'\nurl = 'h'", "is no address"),
        ("[[candidate]]\nmodel = 'm'\nurl = 'http://h'\nprice = 1", "there is no 'price'"),
        ("[[candidate]]\nmodel = 'm'\nurl = 'http://h'\nparallel = 0", "'parallel' must not be 0"),
        ("[[candidate]]\nmodel = 'm'\nurl = 'http://h'\nformat = 'x'", "'format' must be one of"),
        ("[[candidate]]\nmodel = 'm'\nurl = 'http://h'\ntools = 1", "'tools' can't be 1"),
        (
            "[[candidate]]\nmodel = 'm'\nurl = 'http://h'\ninput_usd_per_mtok = 3e-6",
            "'input_usd_per_mtok' is 3e-06: that looks like USD per token",
        ),
        ("nonsense", "is not TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(SufficeError, match=said):
        read_candidates(file)


def test_auto_takes_the_small_tier_whose_key_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    (found,) = vendor_tiers(["openai", "anthropic"])
    assert (found.model, found.host, found.is_priced, found.key) == ("gpt-6-luna", "api.openai.com", True, "k")
    assert "k" not in found.as_json().values()
    assert vendor_tiers(["mistral_ai"]) == []


@pytest.mark.parametrize(
    ("url", "key_env", "name"),
    [
        ("https://api.openai.com/v1", "", "OPENAI_API_KEY"),
        ("http://127.0.0.1:8000/v1", "", None),
        ("https://openai.com.example.net/v1", "", None),
        ("https://notopenai.com/v1", "", None),
        ("https://gpu.example.com/v1", "BOX_KEY", "BOX_KEY"),
    ],
)
def test_a_vendors_key_goes_to_the_vendor_alone(
    url: str, key_env: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of the vendor")
    monkeypatch.setenv("BOX_KEY", "of the box")
    found = Candidate(model="m", url=url, key_env=key_env)
    assert found.key_name == name
    assert found.key == {"OPENAI_API_KEY": "of the vendor", "BOX_KEY": "of the box", None: None}[name]


def test_a_key_that_is_not_there_is_said_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOX_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "c.toml"
    file.write_text('[[candidate]]\nmodel = "q"\nurl = "http://h/v1"\nkey_env = "BOX_KEY"\n')
    said = "candidate q: the environment variable BOX_KEY that 'key_env' names is not set"
    for find in (lambda: find_candidate("q", file), lambda: find_candidates(str(file), [])):
        with pytest.raises(SufficeError) as refused:
            find()
        assert str(refused.value) == said
    with pytest.raises(SufficeError, match=r"OPENAI_API_KEY that api\.openai\.com wants is not set"):
        find_candidates("https://api.openai.com/v1#m", [])
    monkeypatch.setenv("BOX_KEY", "k")
    assert [each.key for each in find_candidates(str(file), [])] == ["k"]


@pytest.mark.parametrize("name", ["nosuch.toml", "models/nosuch"])
def test_a_file_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(SufficeError, match=rf"^{name} can't be read: No such file or directory$"):
        find_candidates(name, [])


def test_several_in_one_line() -> None:
    assert [c.model for c in find_candidates("http://h/v1#a, http://h/v1#b", [])] == ["a", "b"]


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("http://h/v1", "/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/", "/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/proxy/v1/", "/v1/chat/completions", "http://h/proxy/v1/chat/completions"),
        ("http://h", "/v1beta/models/m:generateContent", "http://h/v1beta/models/m:generateContent"),
    ],
)
def test_an_address_and_a_path_meet_once(base: str, path: str, url: str) -> None:
    assert join_url(base, path) == url


def test_requests_are_spread_evenly_over_the_minute() -> None:
    slept: list[float] = []
    pace = Pace(60, clock=lambda: 100.0, sleep=slept.append)
    for _ in range(4):
        pace.wait()
    assert slept == [1.0, 2.0, 3.0]


def test_the_endpoint_of_the_tests_answers() -> None:
    with serving(lambda body, _: "x") as endpoint:
        assert endpoint.url.startswith("http://127.0.0.1:")
