"""A store with analysed traffic in which one task is proven, one refuted and two were never replayed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of, said_to, task_id
from analysis.traffic import shop_traffic

from suffice_analysis import pipeline
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_store import Store, open_store

CALLS = 480


def answer(body: dict[str, Any], _: int) -> str:
    """Labels always right; every fourth order in prose, every fourth with another total, one in four right."""
    if "classify" in str(body["messages"][0]["content"]):
        return label_of(body)
    words = said_to(body).replace(".", " ").split()
    order = words[words.index("number:") + 1]
    if int(order) % 4 == 0:
        return "I have read the whole mail and the order looks fine to me, thank you for asking about it."
    return json.dumps({"order": order, "total": "1"})


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Classification proven, extraction refuted, by a real endpoint."""
    path = tmp_path_factory.mktemp("plan") / "calls.duckdb"
    with open_store(str(path)) as store:
        shop_traffic(CALLS).fill(store)
        pipeline.analyze(store)
        with serving(answer) as endpoint:
            candidate = Candidate(
                model="tiny-3b", url=endpoint.url, parallel=2, input_usd_per_mtok=1.0, output_usd_per_mtok=10.0
            )
            for kind, wanted in (("classification", None), ("extraction", 40)):
                order = Order(task_id(store, kind), candidate, wanted=wanted)
                open_campaign(store, "default", order).run(Budget(Limits()))
        pipeline.analyze(store)
    return path


@pytest.fixture
def database(replayed: Path, tmp_path: Path) -> str:
    return str(shutil.copy(replayed, tmp_path / "calls.duckdb"))


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with open_store(database) as opened:
        yield opened
