"""UMAP for few points, exactly: every pair's force is computed instead of sampled, so nothing has to be compiled.

The graph is UMAP's: each point's nearest neighbours, distances scaled by its own density, united to fuzzy memberships
(McInnes, Healy, Melville 2018, arXiv 1802.03426, algorithms 2-3). The layout minimises the loss that UMAP's sampling
minimises in expectation (Damrich & Hamprecht 2021, arXiv 2103.14608). umap-learn takes 12 s to compile before it
draws 20 dots; this draws 100 in 0.1 s and 1,000 in a few. tests/analysis/discovery/test_layout.py holds it to
umap-learn's own trustworthiness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import curve_fit

Floats = npt.NDArray[np.float32]
EPOCHS = 250
NEGATIVES = 5  # umap-learn's negative_sample_rate
STEP = 0.25  # of the layout's units, of which neighbours lie about 0.3 apart
TINY = 1e-3  # keeps the push between points on one spot finite, as in umap-learn


def exact_umap(vectors: Floats, start: npt.NDArray[Any], *, neighbours: int = 12, min_dist: float = 0.3) -> Floats:
    """Places float32 [n, 2] for unit ``vectors`` [n, d], found from ``start`` [n, 2]. No randomness."""
    weights = memberships(cosine_distances(vectors), min(neighbours, len(vectors) - 1))
    a, b = _curve(min_dist)
    return _descend(_scaled(start), weights, a, b)


def cosine_distances(vectors: Floats) -> Floats:
    """1 - cosine [n, n]; a vector of zeros is at distance 1 from all but itself."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    distances = np.clip(1 - unit @ unit.T, 0, 2).astype(np.float32)
    np.fill_diagonal(distances, 0)
    return distances


def memberships(distances: Floats, neighbours: int) -> Floats:
    """UMAP's fuzzy graph, symmetric [n, n]: 1 to a point's nearest neighbour, 0 beyond its ``neighbours``-th."""
    n = len(distances)
    others = distances + np.where(np.eye(n, dtype=bool), np.inf, 0)
    nearest = np.argsort(others, axis=1, kind="stable")[:, :neighbours]
    far = np.take_along_axis(others, nearest, axis=1)
    rho = np.where(far > 0, far, np.inf).min(axis=1, keepdims=True)
    beyond = np.maximum(far - np.where(np.isfinite(rho), rho, 0), 0)
    low, high = np.zeros((n, 1)), np.full((n, 1), 16.0)
    for _ in range(40):  # bisection for each point's scale: its memberships add up to log2(neighbours)
        sigma = (low + high) / 2
        many = np.exp(-beyond / np.maximum(sigma, 1e-6)).sum(axis=1, keepdims=True) > np.log2(neighbours + 1)
        low, high = np.where(many, low, sigma), np.where(many, sigma, high)
    directed = np.zeros((n, n), dtype=np.float32)
    least = 1e-3 * max(float(far.mean()), 1e-6)
    np.put_along_axis(directed, nearest, np.exp(-beyond / np.maximum(sigma, least)).astype(np.float32), axis=1)
    return directed + directed.T - directed * directed.T


def _curve(min_dist: float) -> tuple[float, float]:
    """a, b of 1 / (1 + a d^2b), fitted to 1 up to ``min_dist`` and exp(min_dist - d) beyond, as umap-learn does."""
    d = np.linspace(0, 3, 300)
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), d, np.exp(-np.maximum(d - min_dist, 0)))
    return float(a), float(b)


def _scaled(start: npt.NDArray[Any]) -> Floats:
    """Into a square of side 10, points on one spot pulled a hair apart in a fixed way."""
    n = len(start)
    spread = float(np.abs(start).max(initial=0)) or 1.0
    turn = np.arange(n) * 2.399963  # the golden angle: no two lie in the same direction
    return (5 * start / spread + 0.01 * np.column_stack([np.cos(turn), np.sin(turn)])).astype(np.float32)


def _descend(places: Floats, weights: Floats, a: float, b: float) -> Floats:
    """Adam (Kingma & Ba 2015) with a falling step on the summed forces of all pairs."""
    n = len(places)
    degree = weights.sum(axis=1)
    push = (NEGATIVES / (2 * n) * (degree[:, None] + degree[None, :])).astype(np.float32)
    np.fill_diagonal(push, 0)
    mean, square = np.zeros_like(places), np.zeros_like(places)
    for epoch in range(1, EPOCHS + 1):
        away = places[:, None, :] - places[None, :, :]
        d2 = np.maximum(np.einsum("ijk,ijk->ij", away, away), np.float32(1e-12))
        power = a * np.exp(b * np.log(d2))
        pull = weights * (2 * b) * power / (d2 * (1 + power))
        force = pull - push * (2 * b) / ((TINY + d2) * (1 + power))
        gradient = np.einsum("ij,ijk->ik", force, away)
        mean += 0.1 * (gradient - mean)
        square += 0.01 * (gradient * gradient - square)
        step = STEP * (1 - (epoch - 1) / EPOCHS)
        places = places - step * (mean / (1 - 0.9**epoch)) / (np.sqrt(square / (1 - 0.99**epoch)) + 1e-8)
        places -= places.mean(axis=0)
    return places.astype(np.float32)
