"""A read that nobody waits for ends; the store goes on."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from suffice_store.cancelling import Cancel, CancelledError, check, interruptible
from suffice_store.file_store import FileStore

LONG = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0"


def test_what_runs_is_interrupted_and_the_connection_is_good_for_the_next(file_store: FileStore) -> None:
    cancel, ended = Cancel(), []

    def read() -> None:
        try:
            with (
                cancel.reading(),
                file_store.connected() as connection,
                interruptible(lambda: file_store.database.interrupt(connection)),
            ):
                connection.execute(sa.text(LONG))
        except CancelledError as error:
            ended.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    deadline = time.monotonic() + 60
    while not cancel._running and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    cancel.cancel()
    thread.join(60)
    assert ended == ["the read was cancelled"]
    assert file_store.read("overview")["calls"].to_pylist() == [0]


def test_nothing_begins_after_it_was_cancelled() -> None:
    cancel = Cancel()
    with cancel.reading():
        check()
        cancel.cancel()
        with pytest.raises(CancelledError):
            check()
        with pytest.raises(CancelledError), interruptible(lambda: None):
            pass
    with pytest.raises(CancelledError), cancel.reading():
        pass
    check()  # of another thread, or of none


def test_an_error_of_its_own_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), Cancel().reading():
        _ = 1 / 0
