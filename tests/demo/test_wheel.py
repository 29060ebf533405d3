"""What ``pip install`` gives: the wheel alone, in a fresh environment and an empty directory, runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

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
def test_an_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
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
    done = subprocess.run(
        [installed / "suffice", "demo", "--exit", "--calls", "300"],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [
        "suffice-demo-report.html",
        "suffice-demo.duckdb",
        "suffice-demo.duckdb.audit.jsonl",
    ]
