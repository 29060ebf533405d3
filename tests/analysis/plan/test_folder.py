"""The folder as a person gets it: a proven task, a refuted one, one that was never replayed; every figure traced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from analysis.replay.test_campaign import task_id

from suffice.cli import main
from suffice_analysis.plan.folder import make_plan, write_plan
from suffice_analysis.plan.gateway import FILES
from suffice_analysis.plan.subject import read_subject
from suffice_store import Store, open_store

ALWAYS = {"README.md", "plan.json", "validator.json", "lora.yaml", "router.json.gz", "0-today.yaml"}


def written(store: Store, kind: str, folder: Path) -> str:
    plan = make_plan(store, "default", read_subject(store, "default", task_id(store, kind)), examples=80)
    assert set(write_plan(store, "default", plan, folder)) == {each.name for each in folder.iterdir()}
    return (folder / "README.md").read_text()


def test_a_proven_task_gets_every_step(store: Store, tmp_path: Path) -> None:
    text = written(store, "classification", tmp_path / "plan")
    assert text.splitlines()[0].endswith("from gpt-6.1-sol to tiny-3b")
    assert "Proven by replay at the bar of 95 %" in text
    assert {each.name for each in (tmp_path / "plan").iterdir()} == ALWAYS | set(FILES.values()) | {"suffice_hook.py"}
    plan = json.loads((tmp_path / "plan" / "plan.json").read_text())
    analysis = store.read("analyses").to_pylist()[0]
    assert (plan["analysis_id"], plan["seed"], plan["proven"]) == (analysis["analysis_id"], analysis["seed"], True)
    assert f"Analysis `{analysis['analysis_id']}`, seed {analysis['seed']}" in text
    assert plan["escalation"]["triggered"]["n"] == plan["replay"]["judged"]
    assert plan["calls_per_day"] == pytest.approx(10, rel=0.02)  # every fourth of 40 calls a day


def test_a_refuted_task_says_so_in_its_first_line_and_moves_nothing(store: Store, tmp_path: Path) -> None:
    text = written(store, "extraction", tmp_path / "plan")
    assert text.splitlines()[0].startswith("# Not proven")
    assert "refuted" in text.splitlines()[0]
    assert {each.name for each in (tmp_path / "plan").iterdir()} == ALWAYS
    escalation = json.loads((tmp_path / "plan" / "plan.json").read_text())["escalation"]
    assert escalation["triggered"] == escalation["caught"]  # every answer was wrong: what came in prose was caught
    assert 0 < escalation["caught"]["count"] < escalation["caught"]["n"] == 40
    assert escalation["reasons"] == {"no JSON": escalation["caught"]["count"]}


def test_a_task_that_was_never_replayed_is_unmeasured(store: Store, tmp_path: Path) -> None:
    text = written(store, "conversation", tmp_path / "plan")
    assert text.splitlines()[0].startswith("# Not proven")
    assert "the trigger rate | not measured (n = 0)" in text
    assert "can't tell a wrong text from a right one" in text
    assert "suffice replay --task" in text


def test_a_plan_that_lost_its_proof_loses_its_files(store: Store, tmp_path: Path) -> None:
    written(store, "classification", tmp_path / "plan")
    written(store, "extraction", tmp_path / "plan")
    assert {each.name for each in (tmp_path / "plan").iterdir()} == ALWAYS


def test_the_recipe_is_yaml_with_its_cost_in_the_text(store: Store, tmp_path: Path) -> None:
    text = written(store, "classification", tmp_path / "plan")
    recipe = yaml.safe_load((tmp_path / "plan" / "lora.yaml").read_text())
    assert (recipe["use_peft"], recipe["lora_r"], recipe["learning_rate"]) == (True, 32, 1e-4)
    tuning = json.loads((tmp_path / "plan" / "plan.json").read_text())["tuning"]
    low, high = tuning["usd"][1:]
    assert 0 < low < tuning["usd"][0] < high
    assert (tuning["params_b"], tuning["examples"]) == (3.0, 80)
    assert "80 training examples" in text


def test_the_command(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(database) as store:
        task = task_id(store, "classification")
    wanted = ["plan", "--db", database, "--task", task, "-o", str(tmp_path / "out")]
    assert main(wanted) == 0
    assert "begin with README.md" in capsys.readouterr().out
    assert main([*wanted, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["proven"] is True
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    assert main([*wanted[:-1], str(tmp_path / "full")]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert main(["plan", "--db", database, "--task", "nothing", "-o", str(tmp_path / "none")]) == 2
