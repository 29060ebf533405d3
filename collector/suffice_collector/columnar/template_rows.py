"""The rows of the templates that came, as one table: what calls take from theirs is taken for all columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from suffice_collector.columnar.templates import Template
from suffice_store.arrow_schema import arrow_schema

_SCHEMA = arrow_schema("calls")


class TemplateRows:
    """Numbered as they were added."""

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self.counts = np.zeros(0, np.bool_)
        self._rows = pa.RecordBatch.from_pylist([], schema=_SCHEMA)

    def __len__(self) -> int:
        return len(self.templates)

    def add(self, template: Template) -> int:
        self.templates.append(template)
        return len(self.templates) - 1

    def complete(self) -> None:
        """To be called when some were added, before they are taken from."""
        new = self.templates[len(self._rows) :]
        if not new:
            return
        columns = [
            pa.array(values, field.type)
            for values, field in zip(zip(*(each.row for each in new), strict=True), _SCHEMA, strict=True)
        ]
        self._rows = pa.concat_batches([self._rows, pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)])
        self.counts = np.array([each.counts for each in self.templates])

    def take(self, names: Sequence[str], numbers: Any) -> dict[str, pa.Array]:
        """These columns of those with these numbers."""
        taken = self._rows.select(names).take(pa.array(numbers))
        return dict(zip(names, taken.columns, strict=True))
