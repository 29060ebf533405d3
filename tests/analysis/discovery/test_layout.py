"""The exact UMAP layout: as faithful to neighbours as umap-learn, the same every time, finite whatever it is given."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from suffice_analysis.discovery import map as drawing
from suffice_analysis.discovery.layout import _curve, cosine_distances, exact_umap, memberships


def planted(count: int, groups: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around ``groups`` centres, and which centre each belongs to."""
    random = np.random.default_rng(seed)
    group = random.integers(0, groups, count)
    vectors = random.normal(size=(groups, 64))[group] + 0.6 * random.normal(size=(count, 64))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), group


def main_plane(vectors: np.ndarray) -> np.ndarray:
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    return (vectors - vectors.mean(axis=0)) @ axes[:2].T


def faithful(vectors: np.ndarray, places: np.ndarray) -> float:
    return float(trustworthiness(cosine_distances(vectors), places, n_neighbors=7, metric="precomputed"))


def test_neighbours_stay_neighbours_and_groups_apart() -> None:
    vectors, group = planted(120, 8)
    places = exact_umap(vectors, main_plane(vectors))
    assert faithful(vectors, places) > 0.97
    assert faithful(vectors, places) > faithful(vectors, main_plane(vectors))
    centres = np.array([places[group == g].mean(axis=0) for g in range(8)])
    nearest = np.argmin(np.linalg.norm(places[:, None] - centres[None], axis=2), axis=1)
    assert (nearest == group).mean() > 0.98


def test_the_same_start_gives_the_same_map() -> None:
    vectors, _ = planted(40, 4)
    start = main_plane(vectors)
    assert np.array_equal(exact_umap(vectors, start), exact_umap(vectors.copy(), start.copy()))


@pytest.mark.parametrize("count", [2, 3, 15])
def test_equal_vectors_and_zeros_give_finite_places(count: int) -> None:
    for vectors in (np.zeros((count, 64), np.float32), np.tile(planted(1, 1)[0], (count, 1))):
        places = exact_umap(vectors, np.zeros((count, 2)))
        assert places.shape == (count, 2)
        assert np.isfinite(places).all()


def test_the_nearest_neighbour_is_a_full_member_and_each_point_has_log2_k() -> None:
    vectors, _ = planted(60, 3)
    graph = memberships(cosine_distances(vectors), 11)
    assert np.array_equal(graph, graph.T)
    assert graph.max(axis=1) == pytest.approx(np.ones(60), abs=1e-6)
    assert (np.diag(graph) == 0).all()
    assert (graph.sum(axis=1) >= np.log2(12) - 1e-3).all()  # uniting the two directions only adds


def test_the_curve_is_umap_learns() -> None:
    assert _curve(0.1) == pytest.approx((1.577, 0.895), abs=2e-3)  # the pair umap-learn documents for min_dist 0.1


@pytest.mark.slow
def test_as_faithful_as_umap_learn_which_draws_the_large_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = planted(90, 8, seed=3)
    exact = drawing._layout(vectors, 0)
    monkeypatch.setattr(drawing, "EXACT_TO", 80)
    theirs = drawing._layout(vectors, 0)
    assert not np.allclose(exact, theirs)
    assert faithful(vectors, exact) > faithful(vectors, theirs) - 0.01
    assert faithful(vectors, theirs) > 0.95
