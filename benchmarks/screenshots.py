"""Every page of a running dashboard as a PNG, light (``NAME.png``) and dark (``NAME-dark.png``), for README and docs.

    python benchmarks/screenshots.py http://127.0.0.1:8501 [-o docs/images] [--width 1400] [--theme light]

The task and the call shown are the first that the pages themselves link to.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from dashboard import browser  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402

TALLEST = 1600  # pixels: longer pages are cut, a README shows the top


def main() -> None:
    """Write the pictures and say where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the dashboard's address")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--theme", choices=["light", "dark", "both"], default="both")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark") if options.theme == "both" else (options.theme,):
        with browser.chromium(theme=theme, width=options.width) as driver:
            for name, path in pages(driver, options.url.rstrip("/")).items():
                picture(driver, path, options.out / f"{name}{'-dark' if theme == 'dark' else ''}.png", options.width)


def pages(driver: Any, url: str) -> dict[str, str]:
    """The address of each picture by its name."""
    found = {"overview": f"{url}/", "tasks": f"{url}/tasks", "map": f"{url}/tasks#map"}
    browser.open_settled(driver, f"{url}/")
    found["task"] = _first_link(driver, "task?task_id=") or f"{url}/task"
    found |= {"replay": f"{url}/replay", "runs": f"{url}/runs", "decisions": f"{url}/decisions", "health": f"{url}/health",
              "settings": f"{url}/settings"}  # fmt: skip
    browser.open_settled(driver, f"{url}/runs?order=Most+calls")
    found["run"] = _first_link(driver, "runs?run_id=") or f"{url}/runs"
    found |= {"savings": f"{url}/savings", "calls": f"{url}/calls", "quality": f"{url}/quality"}
    browser.open_settled(driver, found["task"])
    found["call"] = _first_link(driver, "calls?call_id=") or f"{url}/calls"
    return found


def _first_link(driver: Any, part: str) -> str | None:
    links = driver.find_elements(By.CSS_SELECTOR, f'[data-testid="stMain"] a[href*="{part}"]')
    return str(links[0].get_attribute("href")) if links else None


def picture(driver: Any, url: str, path: Path, width: int) -> None:
    """One page, as tall as it is, up to ``TALLEST``."""
    browser.resize(driver, width, 900)
    browser.open_settled(driver, url)
    if url.endswith("#map"):
        driver.find_element(By.XPATH, "//*[@role='tab'][contains(., 'Map')]").click()
        browser.wait_settled(driver)
    tall = driver.execute_script("return document.querySelector('[data-testid=stMain]').scrollHeight")
    browser.resize(driver, width, max(700, min(int(tall), TALLEST)))
    browser.wait_settled(driver)
    driver.save_screenshot(str(path))
    print(path)


if __name__ == "__main__":
    main()
