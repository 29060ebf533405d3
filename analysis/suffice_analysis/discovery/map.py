"""The map: one dot for each template, near ones together. It draws the tasks; it does not decide them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from suffice_analysis.discovery.layout import exact_umap
from suffice_analysis.discovery.types import Discovery, MapPoint

UMAP_FROM = 15  # below this many templates the layout is that of the two main axes
EXACT_TO = 1000  # up to here every pair is computed: 0.1 s for 100, 5 s for 1,000; umap-learn compiles for 12 s first
POINTS = 5000


def draw_map(discovery: Discovery, seed: int = 0) -> list[MapPoint]:
    """A place in the plane for each template, the same for the same seed. At most POINTS, those with most calls."""
    order = sorted(range(len(discovery.templates)), key=lambda i: -discovery.templates[i].calls)[:POINTS]
    places = _layout(np.asarray(discovery.vectors, dtype=np.float32)[order], seed) if order else np.zeros((0, 2))
    return [
        MapPoint(t.point_id, t.task_id, float(x), float(y), t.calls, t.example)
        for t, (x, y) in zip((discovery.templates[i] for i in order), places, strict=True)
    ]


def _layout(vectors: npt.NDArray[np.float32], seed: int) -> npt.NDArray[Any]:
    if len(vectors) < UMAP_FROM:
        return _main_axes(vectors)
    if len(vectors) <= EXACT_TO:
        return exact_umap(vectors, _main_axes(vectors)).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap  # seconds to import and to compile: only where a large map is drawn

        layout = umap.UMAP(
            n_components=2,
            n_neighbors=min(12, len(vectors) - 1),
            min_dist=0.3,
            metric="cosine",
            random_state=seed,
            n_jobs=1,
        ).fit_transform(vectors)
    return np.nan_to_num(np.asarray(layout, dtype=np.float64))


def _main_axes(vectors: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """The first two principal components; zeros where there are none. Signs fixed, so runs agree."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    places = np.zeros((len(vectors), 2))
    if min(centred.shape) == 0 or np.abs(centred).max() < 1e-6:
        return places
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    k = min(2, len(s))
    axes = u[:, :k] * s[:k]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(k)])
    places[:, :k] = axes * np.where(signs == 0, 1, signs)
    return places
