"""A thread that looks again and again until it is closed; whatever goes wrong in one look, the next one comes."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from suffice.errors import SufficeError


class Recurring(ABC):
    """``start`` and ``close`` it with the server. ``name`` is the thread's, its log's and the one in sentences."""

    name: ClassVar[str]

    def __init__(self, *, first_s: float, every_s: float) -> None:
        self.every_s = every_s
        self._first_s = first_s
        self._log = logging.getLogger(f"suffice.{self.name}")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"suffice-{self.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends after the look under way."""
        self._closing.set()
        self._thread.join()

    @abstractmethod
    def look(self) -> float:
        """Do what is due; seconds until the next look. May raise anything: then it is looked again after ``every_s``."""

    def _run(self) -> None:
        wait = self._first_s
        while not self._closing.wait(wait):
            wait = self.every_s
            try:
                wait = self.look()
            except SufficeError as refused:
                self._log.warning("%s has to wait: %s", self.name, refused)
            except Exception:
                self._log.exception("%s failed; it is tried again in %.0f s", self.name, self.every_s)
