"""The documentation site: it builds without a warning, shows every page and picture, and loads nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from environments import ROOT, python_of

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; ``strict`` in mkdocs.yml makes a broken link or anchor an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [str(python_of("docs")), "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={"PATH": "", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


class Loaded(HTMLParser):
    """The addresses that a browser loads by itself: scripts, styles, pictures; no links to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe") and (address := given.get("src")):
            self.addresses.append(address)
        if tag == "link" and (address := given.get("href")):
            self.addresses.append(address)


def loaded_by(page: Path) -> list[str]:
    parser = Loaded()
    parser.feed(page.read_text())
    return parser.addresses


def test_every_page_is_in_the_navigation_and_built(site: Path) -> None:
    shown = re.findall(r"\S+\.md", (ROOT / "mkdocs.yml").read_text().partition("nav:")[2])
    written = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert sorted(shown) == sorted(written)
    assert all((site / page).with_suffix(".html").is_file() for page in shown)


def test_it_loads_nothing_from_elsewhere_and_everything_it_loads_is_there(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        for address in loaded_by(page):
            path = address.partition("#")[0].partition("?")[0]
            assert not re.match(r"(https?:)?//", path), f"{page.name} loads {address}"
            assert page.name == "404.html" or (page.parent / path).exists(), f"{page.name} loads {address}"


def test_every_page_of_the_dashboard_has_one_here_with_its_picture_light_and_dark() -> None:
    app = (ROOT / "dashboard/suffice_dashboard/app.py").read_text()
    views = set(re.findall(r'st\.Page\("views/(\w+)\.py"', app))
    assert len(views) >= 10
    assert {path.stem for path in (DOCS / "pages").glob("*.md")} == views
    for path in (DOCS / "pages").glob("*.md"):
        pictures = set(re.findall(r"\(\.\./images/([\w-]+)\.png#only-(?:light|dark)\)", path.read_text()))
        light = {name for name in pictures if not name.endswith("-dark")}
        assert light, path.name
        assert pictures == light | {f"{name}-dark" for name in light}, path.name
