"""However a process ends, its last calls get out (complaint 11: otc#4916, 0 of 20 spans from recycled workers)."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest
from sdk.local_servers import Sink, decode_spans

from suffice.spool import read_spool

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_a_worker_recycled_after_each_task_delivers_all(run: Any, sink: Sink) -> None:
    run(
        """
        import multiprocessing, suffice
        def work(number):
            ask()
        if __name__ == "__main__":
            suffice.init(quiet=True)
            with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
                pool.map(work, range(20), chunksize=1)
                pool.close()
                pool.join()
        """
    )
    assert len({call["span_id"] for call in sink.calls}) == len(sink.calls) == 20


def test_children_that_end_with_os_exit_deliver_all(run: Any, sink: Sink) -> None:
    """billiard's way, hence Celery's: no finalizer runs."""
    run(
        """
        import suffice
        suffice.init(quiet=True)
        for _ in range(20):
            child = os.fork()
            if child == 0:
                ask()
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        """
    )
    assert len({call["span_id"] for call in sink.calls}) == len(sink.calls) == 20


def test_os_exit_without_a_collector_leaves_the_calls_in_the_spool(run: Any) -> None:
    run("import suffice; suffice.init(quiet=True); ask(5); os._exit(0)", SUFFICE_ENDPOINT="http://127.0.0.1:1")
    assert sum(len(decode_spans(each.read())) for each in read_spool(run.spool)) == 5


def test_os_exit_does_not_wait_for_a_collector_that_hangs(run: Any, sink: Sink) -> None:
    sink.statuses = [(-1, 0)]
    run("import suffice; suffice.init(quiet=True); ask(5); os._exit(0)")  # the sink hangs for 20 s, this must not
    assert sum(len(decode_spans(each.read())) for each in read_spool(run.spool)) == 5


def terminated(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    process.send_signal(number)
    try:
        return process.wait(30)
    finally:
        process.kill()
        process.stdout.close()


def test_sigterm_delivers_and_still_ends_the_process_by_the_signal(run: Any, sink: Sink) -> None:
    process = run.start(
        """
        import time, suffice
        suffice.init(quiet=True)
        ask(3)
        print("asked", flush=True)
        time.sleep(60)
        """
    )
    assert terminated(process) == -signal.SIGTERM
    assert len(sink.calls) == 3


@pytest.mark.parametrize("before", [True, False], ids=["handler before init", "handler after init"])
def test_the_apps_own_handler_of_sigterm_is_the_one(before: bool, run: Any, sink: Sink) -> None:
    install = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))"
    process = run.start(
        f"""
        import signal, sys, time, suffice
        {install if before else ""}
        suffice.init(quiet=True)
        {"" if before else install}
        ask(3)
        print("asked", flush=True)
        time.sleep(60)
        """
    )
    assert terminated(process) == 5
    assert len(sink.calls) == 3


def test_a_call_after_a_silence_leaves_at_once(run: Any, sink: Sink) -> None:
    """What SIGKILL can't be kept from: all but the last moment's calls."""
    process = run.start(
        """
        import time, suffice
        suffice.init(quiet=True)
        ask()
        while suffice.context.recorder.delivery().pending:
            time.sleep(0.01)
        print("asked", flush=True)
        time.sleep(60)
        """
    )
    assert terminated(process, signal.SIGKILL) == -signal.SIGKILL
    assert len(sink.calls) == 1


def test_a_frozen_process_goes_on_where_it_was(run: Any, sink: Sink) -> None:
    """As on AWS Lambda: stopped after its answer, its connection closed meanwhile, thawed later."""
    process = run.start(
        """
        import sys, suffice
        suffice.init(quiet=True)
        ask()
        suffice.flush()
        ask()
        print("asked", flush=True)
        os.kill(os.getpid(), 19)
        ask()
        print(*suffice.flush(), flush=True)
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    os.waitpid(process.pid, os.WUNTRACED)
    sink.close_connections()
    process.send_signal(signal.SIGCONT)
    assert process.stdout.readline() == "3 0 0\n"
    assert process.wait(30) == 0
    process.stdout.close()
    assert len({call["span_id"] for call in sink.calls}) == 3


def test_what_was_begun_before_a_fork_is_delivered_by_the_parent_alone(run: Any, sink: Sink) -> None:
    done = run(
        """
        import suffice
        suffice.init(quiet=True)
        client = httpx2.Client()
        url = os.environ["PROVIDER"] + "/v1/chat/completions"
        stream = client.stream("POST", url, json=BODY | {"stream": True})
        response = stream.__enter__()
        child = os.fork()
        if child == 0:
            del response, stream
            client = None
            print("child", *suffice.flush(), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        response.read()
        print("parent", *suffice.flush())
        """
    )
    assert done.stdout.splitlines() == ["child 0 0 0", "parent 1 0 0"]
    assert len(sink.calls) == 1


def test_the_kill_switch_leaves_everything_as_it_was(run: Any, sink: Sink) -> None:
    done = run(
        """
        import signal, suffice
        before = os._exit, signal.getsignal(signal.SIGTERM), httpx2.Client.send
        suffice.init()
        ask()
        print(before == (os._exit, signal.getsignal(signal.SIGTERM), httpx2.Client.send), tuple(suffice.flush()))
        """,
        SUFFICE_DISABLED="1",
    )
    assert (done.stdout, done.stderr) == ("True (0, 0, 0)\n", "")
    assert sink.posts == []
