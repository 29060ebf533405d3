"""What ``pip install`` gives: the wheel alone, in a fresh environment and an empty directory, runs the demo, in small.

The full one is judged in ``test_truth.py``.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from demo.whole import carrying, running_demo, until_dashboard

from suffice_store import open_store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh environment's programs: our wheel installed, its dependencies those of the tests."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("not run from a checkout")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    home = folder / "venv"
    venv.create(home, with_pip=False)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    packages = next(home.glob("lib/python*/site-packages"))
    # A .pth in a folder that a .pth names is not read, so the checkout's editable install stays out of sight.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(programs / "python"),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--disable-pip-version-check",
            "--ignore-installed",
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    return programs


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("demo")
def test_an_installed_wheel_runs_the_demo_until_interrupted(installed: Path, tmp_path: Path, mark: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    where = subprocess.run(
        [
            installed / "python",
            "-c",
            "import suffice, suffice_demo; print(suffice.__file__); print(suffice_demo.__file__)",
        ],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert [Path(each).is_relative_to(installed.parent) for each in where] == [True, True]
    with running_demo(
        tmp_path, mark, str(installed / "suffice"), environment, "--calls", "300", "--no-browser"
    ) as demo:
        lines = until_dashboard(demo)
        assert demo.poll() is None  # without --exit the dashboard stays until interrupted
        demo.send_signal(signal.SIGINT)
        rest, error = demo.communicate(timeout=60)
    assert (demo.returncode, re.sub(r"Port \d+ is taken.*\n", "", error)) == (0, "")
    assert "Stopped. The database and the report stay." in rest
    assert carrying(mark) == []
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [
        "suffice-demo-report.html",
        "suffice-demo.duckdb",
        "suffice-demo.duckdb.audit.jsonl",
    ]
    check_the_whole_path(tmp_path, "".join(lines))


def check_the_whole_path(folder: Path, out: str) -> None:
    """What the demo said and left: five sentences, a report, and every call it made, once, with its price."""
    assert len(re.findall(r"^  • .+", out, re.MULTILINE)) == 5
    assert "simulated" in out
    assert (folder / "suffice-demo-report.html").read_text().lstrip().lower().startswith("<!doctype html>")
    with open_store(str(folder / "suffice-demo.duckdb")) as store:
        seen = store.read("overview").to_pylist()[0]
        services = {row["key"] for row in store.read("spend", by="service").to_pylist()}
        outcomes = store.read("outcomes").num_rows
        environments = [row["value"] for row in store.read("filters").to_pylist() if row["dimension"] == "environment"]
    recorded = re.search(r"([\d,]+) calls recorded, none lost", out)
    assert recorded is not None
    assert seen["calls"] + seen["retried_attempts"] == int(recorded.group(1).replace(",", "")) >= 280
    assert (seen["duplicate_calls"], seen["unpriced_calls"], seen["untimed_calls"]) == (0, 0, 0)
    assert seen["retried_attempts"] > 0
    assert len(services) == 5
    assert all(service.startswith("simulated-") for service in services)
    assert environments == ["demo", "replay"]  # the small model that was asked stands apart
    assert outcomes > 10
