"""Reading: the texts of heads to documents, each once, and kept while there is room, so that no round reads them anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from suffice_analysis.discovery.documents import (
    Documents,
    heads_batch,
    of_arrow,
    read_documents,
    read_grams,
    together,
)
from suffice_analysis.discovery.heads import Heads
from suffice_analysis.discovery.text import Grams
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.parallel import map_batches
from suffice_analysis.texts import StoredTexts

BATCH_HEADS = 4096
BATCH_BYTES = 8_000_000  # of text in one batch, so that long requests take no more memory than short ones
READ_MESSAGES = 512  # looked up at once
KEPT_GRAMS = 100_000_000  # 800 MB: the heads of about a million calls
NOT_KEPT = MessageText("", "[]")


class HeadReader:
    """Documents of heads and grams of messages, over an executor where there is one."""

    def __init__(self, heads: Heads, texts: Mapping[str, MessageText], executor: Executor | None = None) -> None:
        self.heads = heads
        self._texts = texts
        self._executor = executor
        self._first: list[int] = []  # head that each kept part begins with
        self._parts: list[Documents] = []
        self._kept = 0  # heads that are kept: the first ones
        kept_grams = 0
        for part in self._read(range(len(heads))):
            kept_grams += len(part.grams)
            if kept_grams > KEPT_GRAMS:
                break
            self._first.append(self._kept)
            self._parts.append(part)
            self._kept += len(part)

    def documents(self, which: npt.NDArray[np.int64]) -> Documents:
        """The documents of these heads (ascending)."""
        kept = which[: np.searchsorted(which, self._kept)]
        part_of = np.searchsorted(self._first, kept, side="right") - 1
        found: list[Documents] = []
        for part in np.unique(part_of).tolist():
            inside = kept[part_of == part] - self._first[part]
            whole = len(inside) == len(self._parts[part])
            found.append(self._parts[part] if whole else self._parts[part].take(inside))
        return together([*found, *self._read(which[len(kept) :].tolist())])

    def document(self, head: int) -> Grams:
        """The distinct grams of one head, ascending."""
        return self.documents(np.asarray([head]))[0]

    def grams(self, messages: Sequence[str]) -> list[Grams]:
        """Of each message its grams in order; few where its text is not kept."""
        parts = (messages[start : start + READ_MESSAGES] for start in range(0, len(messages), READ_MESSAGES))
        batches = (
            pa.RecordBatch.from_arrays(list(stored_texts(self._texts, part)), ["role", "content"]) for part in parts
        )
        read = (of_arrow(batch["grams"]) for batch in map_batches(read_grams, batches, self._executor))
        return [documents[place] for documents in read for place in range(len(documents))]

    def message(self, message_hash: str) -> MessageText:
        """The stored message; an empty one where its text is not kept."""
        return MessageText(*(self._texts.get(message_hash) or NOT_KEPT))

    def role(self, message_hash: str) -> str:
        """Who said it; empty where its text is not kept."""
        return (
            self._texts.role(message_hash) if isinstance(self._texts, StoredTexts) else self.message(message_hash).role
        )

    def _read(self, which: Sequence[int]) -> Iterator[Documents]:
        batches = self._batches(which)
        return (of_arrow(batch["grams"]) for batch in map_batches(read_documents, batches, self._executor))

    def _batches(self, which: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Of the heads in order: at most BATCH_HEADS, and about BATCH_BYTES of text; a message's text once in each."""
        start = 0
        while start < len(which):
            place_of: dict[str, int] = {}
            roles: list[pa.Array] = []
            contents: list[pa.Array] = []
            size, end = 0, start
            while end < min(len(which), start + BATCH_HEADS) and size < BATCH_BYTES:
                until = min(len(which), start + BATCH_HEADS, end + READ_MESSAGES)
                named = {each for head in which[end:until] for each in self.heads.messages[head]}
                fresh = sorted(named - place_of.keys())
                place_of.update(zip(fresh, range(len(place_of), len(place_of) + len(fresh)), strict=True))
                role, content = stored_texts(self._texts, fresh)
                roles.append(role)
                contents.append(content)
                size += content.nbytes
                end = until
            heads = [[place_of[each] for each in self.heads.messages[head]] for head in which[start:end]]
            yield heads_batch(heads, pa.concat_arrays(roles), pa.concat_arrays(contents))
            start = end


def stored_texts(texts: Mapping[str, MessageText], hashes: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """(roles, contents) of the messages; an empty one where its text is not kept."""
    if isinstance(texts, StoredTexts):
        return texts.columns(hashes)
    found = [texts.get(each) or NOT_KEPT for each in hashes]
    return pa.array([each[0] for each in found], pa.string()), pa.array([each[1] for each in found], pa.large_string())
