"""The noise ceiling: corrected shares by hand, validity by simulation, and the whole way from the command to the sentence."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import analysed, analyze, campaign, label_of, store, task_id  # noqa: F401

from suffice.cli import main
from suffice.errors import UsageError
from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.candidates import BASELINE, Candidate, check_baseline, parse_line, recorded_baseline
from suffice_analysis.replay.ceiling import ALPHA, BETA, make_ceiling
from suffice_analysis.replay.counts import Counts, count_replays
from suffice_analysis.replay.results import _by_one_look, running_for
from suffice_store import Store

ROW = {
    "request_model": "gpt-x",
    "response_model": "gpt-x-2026",
    "started_ns": 1,
    "server_address": "api.openai.com",
    "wire_format": "openai.chat",
}


def counts(passed: int, n: int) -> Counts:
    return count_replays({"verdict": "pass" if i < passed else "fail", "cluster": str(i)} for i in range(n))


def test_the_sentence_and_the_ends() -> None:
    found = make_ceiling("t", counts(93, 100), [], fixed=True)
    assert found.sentence() == "The baseline agrees with itself in 93 % (87–97 %), n = 100."
    assert (found.low, found.high) == clopper_pearson_interval(93, 100)
    assert (found.least, found.most) == clopper_pearson_interval(93, 100, 1 - 2 * BETA)
    by_looks = make_ceiling("t", counts(93, 100), [], fixed=False)
    assert by_looks.least < found.least < found.most < by_looks.most


def test_a_candidate_as_good_as_the_baseline_is_not_refuted_for_the_baselines_noise() -> None:
    ceiling = make_ceiling("t", counts(180, 200), [], fixed=True)
    alone, corrected = _by_one_look(counts(180, 200), 0.95, None), _by_one_look(counts(180, 200), 0.95, ceiling)
    assert alone[3] == "refuted"
    assert corrected[3] == "open"
    assert corrected[0] < 1 <= corrected[1]


def test_an_unsure_ceiling_proves_nothing() -> None:
    ceiling = make_ceiling("t", counts(18, 20), [], fixed=True)
    low, _, p_value, status = _by_one_look(counts(180, 200), 0.95, ceiling)
    assert status == "open"
    assert p_value > 0.05
    assert low == pytest.approx(clopper_pearson_interval(180, 200, 1 - 2 * (ALPHA - BETA))[0] / ceiling.most)


@pytest.mark.parametrize(("passed", "n"), [(9, 10), (40, 100)])
def test_too_few_or_too_noisy_corrects_nothing(passed: int, n: int) -> None:
    ceiling = make_ceiling("t", counts(passed, n), [], fixed=True)
    assert not ceiling.is_usable
    assert "to correct for" in ceiling.sentence()
    assert running_for(0.95, ceiling) == running_for(0.95, None)


def test_at_the_bar_of_the_ceiling_proven_is_rare_and_over_it_it_comes() -> None:
    """True ceiling 0.85, bar 0.95: a candidate that agrees in 0.8075 is exactly at the bar."""
    rng = np.random.default_rng(5)
    ended = {share: Counter[str]() for share in (0.8075, 0.85)}
    for share, words in ended.items():
        for _ in range(400):
            ceiling = make_ceiling(
                "t", Counts(*_split(rng.binomial(2_000, 0.85), 2_000), 0, 0, 0, 1.0, 2_000), [], fixed=True
            )
            words[
                _by_one_look(Counts(*_split(rng.binomial(2_000, share), 2_000), 0, 0, 0, 1.0, 2_000), 0.95, ceiling)[3]
            ] += 1
    assert ended[0.8075]["proven"] <= 0.05 * 400
    assert ended[0.8075]["refuted"] <= 0.05 * 400
    assert ended[0.85]["proven"] >= 200


def _split(passed: int, n: int) -> tuple[int, int]:
    return int(passed), n - int(passed)


def test_running_proof_and_p_value_agree_under_a_ceiling() -> None:
    ceiling = make_ceiling("t", counts(450, 500), [], fixed=True)
    for passed in range(700, 1001, 20):
        running = running_for(0.95, ceiling)
        running.look(passed, 1000 - passed)
        assert (running.status == "proven") == (running.p_value <= ALPHA)
        assert running.corrected[0] == min(1.0, running.low / ceiling.most)


def test_who_the_baseline_is() -> None:
    assert recorded_baseline([ROW]) == Candidate(model="gpt-x", url="https://api.openai.com/v1", name=BASELINE)
    with pytest.raises(UsageError, match="baseline=URL#MODEL"):
        recorded_baseline([ROW | {"server_address": None}])
    named = parse_line("baseline=http://127.0.0.1:8000/v1#gpt-x-2026")
    assert (named.label, check_baseline(named, [ROW])) == (BASELINE, named)
    with pytest.raises(UsageError, match="other never answered this task: the baseline is gpt-x or gpt-x-2026"):
        check_baseline(parse_line("baseline=http://h/v1#other"), [ROW])


def noisy(body: dict[str, Any], _: int) -> str:
    """Every tenth answer another label, by the request."""
    number = sum(map(ord, str(body["messages"][-1]["content"])))
    return "other" if number % 10 == 0 else label_of(body)


def test_from_the_command_to_the_verdict(store: Store, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    task = task_id(store, "classification")
    path = str(store.path)  # type: ignore[attr-defined]
    with serving(noisy, model="gpt-6.1-sol") as endpoint:
        store.close()
        asked = [
            "replay",
            "--db",
            path,
            "--task",
            task,
            "--candidate",
            f"baseline={endpoint.url}#gpt-6.1-sol",
            "--json",
        ]
        assert main([*asked, "--n", "60", "--no-analyze"]) == 0
        (told,) = json.loads(capsys.readouterr().out)
        assert told["passed"] + told["failed"] == 60
        assert main([*asked[:-2], f"baseline={endpoint.url}#tiny"]) == 2
    from suffice_store import open_store

    with open_store(path) as again:
        with serving(noisy) as endpoint:
            found = campaign(again, endpoint.url, wanted=60)
            found.run(Budget(Limits()))
        assert found.running.ceiling[0] < 1
        analyze(again)
        ceiling = again.read("estimates", task_id=task, measure="self_agreement").to_pylist()[0]
        assert (ceiling["n"], ceiling["candidate"], ceiling["value"]) == (60, BASELINE, told["passed"] / 60)
        rows = [
            r
            for r in again.read("estimates", task_id=task, measure="replaceability").to_pylist()
            if r["grade"] == "replay"
        ]
        assert [row["candidate"] for row in rows] == ["tiny"]  # the baseline is no candidate
        assert rows[0]["value"] == min(1.0, found.counts.passed / 60 / ceiling["value"])
        sentences = [e["sentence"] for e in again.read("evidence", task_id=task).to_pylist()]
        assert any(s.startswith("The baseline agrees with itself in ") for s in sentences)
        assert any("of what the baseline reaches, which agrees with itself in" in s for s in sentences)
