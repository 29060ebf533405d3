"""The map works for any number of templates and is the same for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suffice_analysis.discovery import Discovery, FoundTemplate, draw_map


def discovery_of(count: int) -> Discovery:
    vectors = np.random.default_rng(0).normal(size=(count, 64)).astype(np.float32)
    templates = [FoundTemplate(f"p{n}", f"t{n % 3}", n + 1, f"example {n}") for n in range(count)]
    return Discovery([], [], {}, templates, vectors)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 14])
def test_few_templates(count: int) -> None:
    points = draw_map(discovery_of(count), seed=1)
    assert sorted((p.point_id, p.task_id, p.calls, p.example) for p in points) == sorted(
        (f"p{n}", f"t{n % 3}", n + 1, f"example {n}") for n in range(count)
    )
    assert all(math.isfinite(p.x) and math.isfinite(p.y) for p in points)
    assert points == draw_map(discovery_of(count), seed=1)
    assert len({(p.x, p.y) for p in points}) == count


def test_equal_templates_lie_on_one_spot() -> None:
    same = discovery_of(3)
    same.vectors[:] = same.vectors[0]
    assert {(p.x, p.y) for p in draw_map(same)} == {(0.0, 0.0)}


@pytest.mark.slow
def test_many_templates_are_laid_out_by_umap() -> None:
    points = draw_map(discovery_of(20), seed=3)
    assert len(points) == 20
    assert all(math.isfinite(p.x) and math.isfinite(p.y) for p in points)
    assert points == draw_map(discovery_of(20), seed=3)
