"""Many campaigns under one budget: what an endpoint that is gone does to the others of its candidate."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of, said_to
from analysis.traffic import by_instructions, shop_traffic

from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.headlines import read_headlines
from suffice_analysis.replay import sending
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import SILENT
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.proving import make_plan, prove, proven_alone
from suffice_store import open_store

pytestmark = pytest.mark.xdist_group("replay")


def test_an_endpoint_that_is_gone_is_not_asked_for_the_next_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fourteen tasks each waited out their own 45 s for a provider that had ended; another candidate goes on."""
    monkeypatch.setattr(sending, "FIRST_WAIT_S", 0.001)
    with (
        open_store(str(tmp_path / "calls.duckdb")) as store,
        serving(lambda body, _: 404) as gone,
        serving(lambda body, _: "billing") as there,
    ):
        shop_traffic(240).fill(store)
        pipeline.analyze(store, find=by_instructions)
        ended, answering = Candidate(model="ended", url=gone.url, timeout_s=5), Candidate(model="there", url=there.url)
        plan = make_plan(store, "default", [ended, answering], bar=0.95)
        assert len(plan.items) >= 6
        works = prove(store, "default", plan, Budget(Limits(calls=200)), bar=0.95)
        silent = [work for work in works if work.campaign.order.candidate is ended]
        rows = store.read("replays", candidate="ended").to_pylist()
    assert SILENT <= len(rows) < 2 * SILENT
    assert {work.ended.split(":")[0] for work in silent} == {f"the endpoint did not answer {len(rows)} times in a row"}
    assert sum(bool(work.campaign.counts.judged) for work in works) >= 2


def test_an_endpoint_that_refuses_every_connection_is_left_out_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "FIRST_WAIT_S", 0.001)
    with open_store(str(tmp_path / "calls.duckdb")) as store, serving(lambda body, _: "billing") as there:
        shop_traffic(240).fill(store)
        pipeline.analyze(store, find=by_instructions)
        refusing, answering = Candidate(model="q", url="http://127.0.0.1:9/v1"), Candidate(model="there", url=there.url)
        plan = make_plan(store, "default", [refusing, answering], bar=0.95)
        works = prove(store, "default", plan, Budget(Limits(calls=20)), bar=0.95)
        said = "nothing answers at http://127.0.0.1:9/v1 (Connection refused)"
        assert {why for name, why in plan.left_out.items() if name.endswith(" with q")} == {said}
        assert {work.campaign.order.candidate.label for work in works} == {"there"}
        alone = make_plan(store, "default", [refusing], bar=0.95)
        with pytest.raises(SufficeError, match=r"^nothing answers at http://127.0.0.1:9/v1 \(Connection refused\)$"):
            prove(store, "default", alone, Budget(Limits(calls=20)), bar=0.95)
        assert store.read("replays", candidate="q").num_rows == 0
        stopped = {(c["status"], c["reason"]) for c in store.read("replay_campaigns", candidate="q").to_pylist()}
        assert stopped == {("stopped", said)}


def test_what_is_proven_alone_is_asked_on_until_it_counts_in_the_total(tmp_path: Path) -> None:
    """Seen on the demo: two tasks of fourteen proven, each at 5 %, and a proven share of 0 %."""
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        shop_traffic(640).fill(store)
        pipeline.analyze(store, find=by_instructions)
        with serving(lambda body, _: label_of(body) if said_to(body).count(":") else "no") as endpoint:
            plan = make_plan(store, "default", [Candidate(model="tiny", url=endpoint.url)], bar=0.95)
            works = prove(store, "default", plan, Budget(Limits()), bar=0.95)
        pipeline.analyze(store, find=by_instructions)
        (share,) = store.read("estimates", task_id="", measure="proven_share_calls").to_pylist()
    (proven,) = [work for work in works if work.campaign.status == "proven"]
    assert (share["value"], proven_alone(works), proven.campaign.reason) == (0.25, [], "settled")
    assert proven.campaign.running.p_value <= 0.05 / 2 / len(works)
    assert proven.campaign.left  # and not further than that


def test_a_budget_that_ends_while_a_proof_is_made_surer_takes_nothing_back(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        shop_traffic(640).fill(store)
        pipeline.analyze(store, find=by_instructions)
        with serving(lambda body, _: label_of(body) if said_to(body).count(":") else "no") as endpoint:
            plan = make_plan(store, "default", [Candidate(model="tiny", url=endpoint.url)], bar=0.95)
            works = prove(store, "default", plan, Budget(Limits(calls=134)), bar=0.95)
        ended = {row["status"]: row["reason"] for row in store.read("replay_campaigns").to_pylist()}
        pipeline.analyze(store, find=by_instructions)
        said = read_headlines(store)[2]
    assert [work.campaign.status for work in works].count("proven") == 1
    assert proven_alone(works)
    assert ended["proven"] == "settled"
    assert said.startswith("Proven one by one, by 1")
    assert "as a share of all calls 0 %" in said
