"""Writes the tables of docs/clients.md from the matrix's cases and the locked versions.

``python tests/sdk/matrix/table.py`` after a change of either; a test checks that the page is current.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "clients.md"
START, END = "<!-- matrix: written by tests/sdk/matrix/table.py -->", "<!-- end of matrix -->"


def locked_versions(environment: str) -> dict[str, str]:
    lock = (ROOT / "requirements" / f"{environment}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))


def render_table() -> str:
    from sdk.matrix.cases import CASES, EVERYWHERE

    versions = {name: locked_versions(name) for name in EVERYWHERE}
    lines = ["| client | versions | sync | streamed | async | async streamed | tools | wire format |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for case in CASES:
        known = [versions[name][case.package] for name in case.environments]
        ways = ["yes" if way in case.ways else "" for way in ("sync", "sync stream", "async", "async stream")]
        tools = "yes" if any(with_tool for _, with_tool in case.runs()) else ""
        lines.append(f"| {' | '.join([case.name, ', '.join(dict.fromkeys(known)), *ways, tools, case.wire_format])} |")
    return "\n".join(lines)


def render_page(page: str) -> str:
    """The page with its table anew. Raises ValueError if its marks are missing."""
    before, _, rest = page.partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError("docs/clients.md has lost the marks of its matrix")
    return f"{before}{START}\n{render_table()}\n{END}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    PAGE.write_text(render_page(PAGE.read_text()))
