"""The store: the one door to what is recorded. See ``store.py`` for the interface."""

from suffice_store.opening import open_store
from suffice_store.store import AppendResult, Store

__all__ = ["AppendResult", "Store", "open_store"]
