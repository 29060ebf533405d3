"""A user's own figures replace ours, row by row; what is wrong in them is said in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_analysis import data
from suffice_analysis.savings.assumptions import Scenario, listed, read_assumptions


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUFFICE_FIGURES", str(tmp_path))
    return tmp_path


def test_every_shipped_figure_is_dated_and_sourced() -> None:
    for name in ("assumptions.csv", "gpu_prices.csv", "throughputs.csv", "small_tiers.csv"):
        for row in data.rows(name):
            assert row["source"], (name, row)
            assert row["date"], (name, row)


def test_a_users_row_replaces_ours_and_a_new_one_is_added(folder: Path) -> None:
    (folder / "gpu_prices.csv").write_text("gpu,usd_per_hour,source,date\nH100 SXM,2.5,our bill,2026-11-20\n")
    (folder / "small_tiers.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\nours,tiny,0.1,0.2\n"
    )
    price = read_assumptions()["gpu_usd_per_hour"]
    assert (price.value, price.source) == (2.5, "our bill (2026-11-20)")
    assert (price.low, price.high) == (1.99, 5.0)  # our range, where theirs is empty
    assert data.rows("small_tiers.csv")[-1]["provider"] == "ours"
    assert len(data.rows("throughputs.csv")) == 7
    assert len(data.own_figures()) == 16


def test_an_assumption_outside_our_range_stands_alone(folder: Path) -> None:
    (folder / "assumptions.csv").write_text("name,value,source\njudged_share,0.5,we judge half\nslm_hours,10,\n")
    judged = read_assumptions()["judged_share"]
    assert (judged.value, judged.low, judged.high) == (0.5, None, None)
    assert set(Scenario.drawn(seed=0, draws=5)["judged_share"]) == {0.5}
    assert (read_assumptions()["slm_hours"].value, read_assumptions()["slm_hours"].high) == (10.0, 80.0)
    assert listed("judged_share") == [judged.as_json()]


def test_without_a_folder_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUFFICE_FIGURES", raising=False)
    assert data.own_figures() == ""
    assert read_assumptions()["gpu_usd_per_hour"].value == 4.29


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gpu_prices.csv", "gpu,price\nH100 SXM,2\n", "there is no column 'price'"),
        ("gpu_prices.csv", "gpu,usd_per_hour\nH100 SXM,cheap\n", "line 2: 'usd_per_hour' must be a number from 0, not 'cheap'"),
        ("gpu_prices.csv", "gpu,usd_per_hour\nH100 SXM,-1\n", "must be a number from 0, not '-1'"),
        ("gpu_prices.csv", "gpu,usd_per_hour\nH100 SXM,nan\n", "must be a number from 0, not 'nan'"),
        ("assumptions.csv", "name,value\n,2\n", "line 2: 'name' is empty"),
        ("assumptions.csv", "name,value\nthroughput_at_latency,0\n", "must be over 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(folder: Path, name: str, text: str, says: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(SufficeError, match=says):
        read_assumptions()


def test_a_folder_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFFICE_FIGURES", str(tmp_path / "nowhere"))
    with pytest.raises(SufficeError, match="which is no folder"):
        read_assumptions()
