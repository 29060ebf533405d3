"""A whole campaign: a real store, a real endpoint, known truths; faults, budget, a kill in the middle, permission, ageing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.traffic import by_instructions, shop_traffic

from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.commands.replay_options import campaign_line
from suffice_analysis.headlines import read_headlines
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Campaign, Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.rebuilding import Variant, parse_variant
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.five_sentences import headlines
from suffice_analysis.report.model import read_report
from suffice_store import Store, open_store
from suffice_store.console import format_interval

pytestmark = pytest.mark.xdist_group("replay")
CALLS = 480  # a quarter of them in each of four tasks


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the traffic and its analysis, made once; each test gets a copy."""
    path = tmp_path_factory.mktemp("analysed") / "calls.duckdb"
    with open_store(str(path)) as opened:
        shop_traffic(CALLS).fill(opened)
        analyze(opened)
    return path


@pytest.fixture
def store(analysed: Path, tmp_path: Path) -> Iterator[Store]:
    with open_store(str(shutil.copy(analysed, tmp_path / "calls.duckdb"))) as opened:
        yield opened


def analyze(store: Store) -> None:
    pipeline.analyze(store, find=by_instructions)


def task_id(store: Store, kind: str) -> str:
    return str(next(t["task_id"] for t in store.read("tasks").to_pylist() if t["kind"] == kind))


def said_to(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def label_of(body: dict[str, Any]) -> str:
    return said_to(body).split()[2].strip(":")


def campaign(store: Store, url: str, kind: str = "classification", **more: Any) -> Campaign:
    candidate = Candidate(
        model="tiny", url=url, parallel=2, input_usd_per_mtok=1.0, output_usd_per_mtok=10.0, timeout_s=5
    )
    return open_campaign(store, "default", Order(task_id(store, kind), candidate, **more))


def test_a_candidate_that_answers_rightly_is_proven(store: Store) -> None:
    with serving(lambda body, _: label_of(body).upper()) as endpoint:
        found = campaign(store, endpoint.url)
        assert found.run(Budget(Limits())) == "proven"
    sent = len(endpoint.requests)
    assert 60 <= sent < 120
    assert {r["model"] for r in endpoint.requests} == {"tiny"}
    rows = store.read("replays").to_pylist()
    assert [(r["verdict"], r["judge"], r["failure"], r["attempts"]) for r in rows] == [
        ("pass", "label", None, 1)
    ] * sent
    assert float(rows[0]["cost_usd"]) == (100 * 1.0 + 10 * 10.0) / 1e6
    stored = store.read("call", call_id=rows[0]["replay_call_id"]).to_pylist()[0]
    assert (stored["environment"], stored["response_model"], stored["input_tokens"]) == ("replay", "tiny-1", 100)
    assert store.read("overview").to_pylist()[0]["calls"] == CALLS  # what suffice asks is no traffic of the app
    analyze(store)
    task = next(t for t in store.read("tasks").to_pylist() if t["kind"] == "classification")
    assert (task["verdict"], task["grade"], task["proven"], task["replaceability"]) == ("proven", "replay", True, 1.0)
    assert task["verdict_reason"].startswith(f"tiny answered {sent} of {sent} as well as recorded")
    share = store.read("estimates", task_id="", measure="proven_share_calls").to_pylist()[0]
    assert (share["value"], share["grade"], share["n"]) == (0.25, "replay", sent)
    said = read_headlines(store)[2]
    assert said.startswith("Proven: 25 % of the calls and")
    assert said.endswith(f", by {sent} replayed calls of them; 0 tasks refuted.")
    html = render_html(read_report(store))
    assert f"<b>25 %</b> <span>proven by {sent} replays</span>" in html
    assert "What was tested says so" in html
    assert "no small model has been" not in html


def test_by_the_hour_each_answer_is_paid_by_its_time_and_a_budget_holds(store: Store) -> None:
    with serving(lambda body, _: label_of(body)) as endpoint:
        rented = Candidate(model="tiny", url=endpoint.url, parallel=2, usd_per_hour=36_000.0, timeout_s=5)
        budget = Budget(Limits(usd=0.05))
        found = open_campaign(store, "default", Order(task_id(store, "classification"), rented, wanted=200))
        found.run(budget)
    rows = [r for r in store.read("replays").to_pylist() if r["cost_usd"] is not None]
    assert [float(r["cost_usd"]) for r in rows] == pytest.approx([r["latency_ms"] / 200 for r in rows])
    assert budget.usd == pytest.approx(sum(float(r["cost_usd"]) for r in rows))
    assert (budget.unpriced, found.reason) == (0, "the budget of $0.05 is reached")
    assert len(rows) < 200


def test_one_that_answers_wrongly_is_refuted_soon_and_stays(store: Store) -> None:
    with serving(lambda body, _: "billing") as endpoint:
        found = campaign(store, endpoint.url)
        assert found.run(Budget(Limits())) == "refuted"
    assert len(endpoint.requests) < 40
    analyze(store)
    task = next(t for t in store.read("tasks").to_pylist() if t["kind"] == "classification")
    assert task["verdict"] == "stays"
    assert task["verdict_reason"].startswith("Refuted by replay: tiny answered")


def test_a_number_set_before_is_kept_and_has_the_exact_interval(store: Store) -> None:
    with serving(lambda body, _: label_of(body)) as endpoint:
        found = campaign(store, endpoint.url, wanted=30)
        found.run(Budget(Limits()))
        assert len(endpoint.requests) == 30
    analyze(store)
    row = next(e for e in store.read("estimates", measure="replaceability").to_pylist() if e["candidate"] == "tiny")
    assert (row["n"], row["value"], row["proven"]) == (30, 1.0, False)
    assert row["low"] == pytest.approx(0.05 ** (1 / 30))  # Clopper-Pearson of 30 in 30
    assert "set before" in row["method"]
    assert found.ends == (row["low"], row["high"])  # what the command prints is what the report says
    assert f"30 of 30 as good (100 %, {format_interval(row['low'], row['high'])})" in campaign_line(found)
    report = read_report(store)
    moving = replace(report, tasks=[t for t in report.tasks if t.row["verdict"] != "stays"])
    assert headlines(moving)[-1].endswith("; of 1 task replayed none is proven and 1 is still open.")
    part = next(t for t in report.tasks if t.share is not None and t.share["candidate"] == "tiny")
    assert "settle" in (part.settling or "")  # open: the report and the Task page say what settles it, of this same row


def test_faults_are_told_apart(store: Store) -> None:
    """429 is tried again; a status of 400, a cut answer and prose failed; nothing is judged that never came."""
    numbers: dict[str, int] = {}

    def answer(body: dict[str, Any], attempt: int) -> Any:
        number = numbers.setdefault(said_to(body), len(numbers))
        if number % 5 == 0 and attempt == 0:
            return 429
        return {
            1: 400,
            2: None,
            3: "I would rather look at the whole ticket again before I say anything about it, sorry.",
        }.get(number % 5, label_of(body))

    with serving(answer) as endpoint:
        found = campaign(store, endpoint.url, wanted=20)
        found.run(Budget(Limits()))
    failures = [r["failure"] for r in store.read("replays").to_pylist()]
    counts = {kind: failures.count(kind) for kind in ("refused", "cut", "format", None)}
    assert counts == {"refused": 4, "cut": 4, "format": 4, None: 8}
    assert (found.counts.passed, found.counts.failed, found.counts.unavailable) == (8, 12, 0)
    assert found.counts.n == 20


def test_an_endpoint_that_is_gone_ends_it_and_proves_nothing(store: Store) -> None:
    with serving(lambda body, _: 404) as endpoint:
        found = campaign(store, endpoint.url)
        assert found.run(Budget(Limits())) == "open"
    assert "did not answer" in found.reason
    assert (found.counts.n, found.counts.unavailable) == (0, len(endpoint.requests))


def test_attempts_that_got_no_answer_count_for_no_other_endpoint(store: Store) -> None:
    """Of one name: 20 attempts at an address that answers nothing, then 30 answers from another one."""
    with serving(lambda body, _: 404) as dead:
        assert campaign(store, dead.url, wanted=30).run(Budget(Limits())) == "open"
    with serving(lambda body, _: label_of(body)) as endpoint:
        found = campaign(store, endpoint.url, wanted=5)
        assert found.counts.unavailable == 0
        found.run(Budget(Limits()))
    assert (found.counts.passed, found.counts.unavailable) == (5, 0)
    analyze(store)
    row = next(e for e in store.read("estimates", measure="replaceability").to_pylist() if e["candidate"] == "tiny")
    details = json.loads(row["details"])
    assert (details["asked"], details["passed"], details["unavailable"], details["failures"]) == (5, 5, 0, {})


def test_a_budget_is_kept_to_the_calls_in_flight(store: Store) -> None:
    with serving(lambda body, _: label_of(body)) as endpoint:
        found = campaign(store, endpoint.url, wanted=100)
        budget = Budget(Limits(usd=0.002))
        found.run(budget)
    in_flight = 2 * 2
    assert budget.usd <= 0.002 + in_flight * 0.0002
    assert 0 < len(endpoint.requests) < 20
    assert found.reason == "the budget of $0.00 is reached"
    assert store.read("replay_campaigns").to_pylist()[0]["status"] == "stopped"


def test_killed_in_the_middle_no_call_is_sent_twice(store: Store) -> None:
    class Killed(BaseException):
        pass

    asked = 0

    def answer(body: dict[str, Any], _: int) -> str:
        nonlocal asked
        asked += 1
        return label_of(body)

    with serving(answer) as endpoint:
        first = campaign(store, endpoint.url, wanted=40)
        real = first._store_rows
        writes = 0

        def dying(*arguments: Any, **more: Any) -> None:
            nonlocal writes
            writes += 1
            if writes == 6:  # the answers of the third batch came and are lost
                raise Killed
            real(*arguments, **more)

        first._store_rows = dying  # type: ignore[method-assign]
        with pytest.raises(Killed):
            first.run(Budget(Limits()))
        lost = len(endpoint.requests) - first.counts.judged
        second = campaign(store, endpoint.url, wanted=40)
        second.run(Budget(Limits()))
        texts = [said_to(r) for r in endpoint.requests]
    assert len(texts) == len(set(texts))
    assert (second.counts.n, second.counts.lost) == (40, lost)
    assert lost == 4


def test_content_goes_to_no_host_that_was_not_allowed(store: Store) -> None:
    candidate = Candidate(model="tiny", url="https://api.example.com/v1")
    order = Order(task_id(store, "classification"), candidate)
    with pytest.raises(SufficeError, match=r"may not be sent to api.example.com.*--allow-host"):
        open_campaign(store, "default", order)
    store.command("allow_host", host="API.example.com", reason="contract of May", recorded_by="ada")
    assert open_campaign(store, "default", order).left
    hosts = store.read("replay_hosts").to_pylist()
    assert [(h["host"], h["recorded_by"]) for h in hosts] == [("api.example.com", "ada")]
    store.command("allow_host", host="api.example.com", allowed=False)
    with pytest.raises(SufficeError, match="may not be sent"):
        open_campaign(store, "default", order)


def test_variants_change_the_request_and_are_counted_apart(store: Store, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Name the category.")
    with serving(lambda body, _: label_of(body)) as endpoint:
        for text in ("as_is", "fewshot:2", f"prompt:{prompt}"):
            campaign(store, endpoint.url, wanted=3, variant=parse_variant(text)).run(Budget(Limits()))
    shapes = [[m["role"] for m in r["messages"]] for r in endpoint.requests]
    assert shapes[::3] == [
        ["system", "user"],
        ["system", "user", "assistant", "user", "assistant", "user"],
        ["system", "user"],
    ]
    assert endpoint.requests[-1]["messages"][0]["content"] == "Name the category."
    asked = {said_to(r) for r in endpoint.requests[3:6]}
    assert asked == {said_to(r) for r in endpoint.requests[:3]}  # paired: the same calls
    shown = {m["content"] for r in endpoint.requests[3:6] for m in r["messages"][:-1]}
    assert not asked & shown  # no example is asked about
    assert {r["variant"] for r in store.read("replays").to_pylist()} == {
        "as_is",
        "few_shot:2",
        Variant("prompt", text="Name the category.").name,
    }


def test_evidence_ages(store: Store) -> None:
    with serving(lambda body, _: label_of(body), model="tiny-1") as endpoint:
        campaign(store, endpoint.url, wanted=30).run(Budget(Limits()))
        endpoint.model = "tiny-2"
        found = campaign(store, endpoint.url, wanted=32)
        assert found.counts.n == 30
        found.run(Budget(Limits()))
    analyze(store)
    row = next(e for e in store.read("estimates", measure="replaceability").to_pylist() if e["candidate"] == "tiny")
    details = json.loads(row["details"])
    assert (row["n"], details["reopened"]) == (2, "the candidate is now tiny-2")
    evidence = next(e for e in store.read("evidence").to_pylist() if e["grade"] == "replay")
    assert "Reopened: the candidate is now tiny-2" in evidence["sentence"]


def test_json_answers_are_judged_by_their_fields(store: Store) -> None:
    def answer(body: dict[str, Any], _: int) -> str:
        words = said_to(body).replace(".", " ").split()
        total = words[words.index("Total:") + 1]
        return json.dumps({"total": total, "order": words[words.index("number:") + 1]})

    with serving(answer) as endpoint:
        found = campaign(store, endpoint.url, "extraction", wanted=10)
        found.run(Budget(Limits()))
    assert (found.counts.passed, found.counts.failed) == (10, 0)
    assert {r["response_format"]["type"] for r in endpoint.requests} == {"json_object"}
