"""The journal: what was promised is read back in order, whatever end a crash left."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from suffice_collector import journal as module
from suffice_collector.journal import Entry, Journal, JournalUnavailableError, Position, read_entries, segments


def entries(count: int, size: int = 10) -> list[Entry]:
    return [
        Entry(bytes([number % 256]) * size, number % 2 == 0, number % 3 == 0, 1000 + number, number % 5 % 3)
        for number in range(count)
    ]


def write(folder: Path, given: list[Entry], **settings: int) -> list[Position]:
    journal = Journal(folder, **settings)
    positions = [future.result(10) for future in [journal.append(entry) for entry in given]]
    journal.close()
    return positions


def test_entries_come_back_whole_and_in_order(tmp_path: Path) -> None:
    given = entries(300)
    positions = write(tmp_path / "j", given)
    assert positions == sorted(positions)
    assert list(read_entries(tmp_path / "j")) == list(zip(positions, given, strict=True))


def test_reading_begins_behind_a_position(tmp_path: Path) -> None:
    given = entries(20, size=100)
    journal = Journal(tmp_path / "j", segment_bytes=500)
    positions = [journal.append(entry).result(10) for entry in given]
    journal.close()
    assert len(segments(tmp_path / "j")) > 1
    for index in range(20):
        assert [entry for _, entry in read_entries(tmp_path / "j", positions[index])] == given[index + 1 :]


def test_a_position_is_one_growing_number() -> None:
    positions = [Position(1, 5), Position(1, 2**35), Position(2, 0), Position(2**26, 7)]
    encoded = [position.encode() for position in positions]
    assert encoded == sorted(encoded)
    assert max(encoded) < 2**63
    assert [Position.decode(value) for value in encoded] == positions


@pytest.mark.parametrize("kept", range(0, 60, 7))
def test_a_torn_end_loses_only_the_entry_that_was_never_promised(tmp_path: Path, kept: int) -> None:
    given = entries(3, size=40)
    positions = write(tmp_path / "j", given)
    path = next((tmp_path / "j").iterdir())
    path.write_bytes(path.read_bytes()[: positions[1].offset + kept])
    assert [entry for _, entry in read_entries(tmp_path / "j")] == given[:2]


def test_a_flipped_bit_is_seen(tmp_path: Path) -> None:
    given = entries(3, size=40)
    positions = write(tmp_path / "j", given)
    path = next((tmp_path / "j").iterdir())
    content = bytearray(path.read_bytes())
    content[positions[1].offset - 1] ^= 1
    path.write_bytes(content)
    assert [entry for _, entry in read_entries(tmp_path / "j")] == given[:1]


def test_a_new_process_begins_a_new_segment(tmp_path: Path) -> None:
    first = write(tmp_path / "j", entries(1))
    second = write(tmp_path / "j", entries(1))
    assert [first[0].segment, second[0].segment] == [1, 2]
    assert write(tmp_path / "empty", entries(1), first_segment=8)[0].segment == 8


def test_segments_go_when_they_are_applied(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", segment_bytes=100)
    positions = [journal.append(entry).result(10) for entry in entries(10, size=90)]
    assert segments(journal.folder) == list(range(1, 11))
    journal.applied(positions[4])
    assert segments(journal.folder) == list(range(5, 11))
    journal.close()
    journal.applied_all()
    assert segments(journal.folder) == []
    assert not journal.folder.exists()


def test_waiting_entries_share_one_sync_and_are_told_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = 0
    first_sync, go_on = threading.Event(), threading.Event()

    def slow_sync(file: int) -> None:
        nonlocal syncs
        syncs += 1
        first_sync.set()
        go_on.wait(10)
        os.fsync(file)

    monkeypatch.setattr(module, "_sync", slow_sync)
    journal = Journal(tmp_path / "j")
    told: list[Position] = []
    futures = [journal.append(entries(1)[0], told.append)]
    first_sync.wait(10)
    futures += [journal.append(entry, told.append) for entry in entries(200)]
    assert not any(future.done() for future in futures)
    go_on.set()
    positions = [future.result(10) for future in futures]
    journal.close()
    assert syncs == 2
    assert told == positions == sorted(positions)


def test_a_full_disk_promises_nothing_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j")
    given = entries(3)
    journal.append(given[0]).result(10)

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_sync", full)
        with pytest.raises(JournalUnavailableError, match="No space left"):
            journal.append(given[1]).result(10)
        assert "No space left" in journal.failing
        patch.setattr(module, "REFUSED_S", 0.0)
        assert journal.failing == "", "nobody tried for as long"
    assert journal.failing
    journal.append(given[2]).result(10)
    assert journal.failing == ""
    journal.close()
    assert [entry for _, entry in read_entries(tmp_path / "j")] == [given[0], given[2]]


def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.writev
    monkeypatch.setattr(os, "writev", lambda file, buffers: real(file, [bytes(buffers[0])[:3]]))
    write(tmp_path / "j", entries(5))
    assert [entry for _, entry in read_entries(tmp_path / "j")] == entries(5)


def test_only_the_owner_reads_prompts(tmp_path: Path) -> None:
    write(tmp_path / "j", entries(1))
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0
    assert next((tmp_path / "j").iterdir()).stat().st_mode & 0o077 == 0


def test_foreign_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    folder.mkdir()
    (folder / "notes.seg").write_text("mine")
    write(folder, entries(1))
    assert len(list(read_entries(folder))) == 1
    journal = Journal(folder)
    journal.close()
    journal.applied_all()
    assert (folder / "notes.seg").read_text() == "mine"
