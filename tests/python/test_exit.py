# SPDX-License-Identifier: LGPL-2.1-or-later
"""The end of the interpreter, and what becomes of a fork."""

from __future__ import annotations

import concurrent.futures
import os
import sys

import pytest
from conftest import script

# How many of the runs that race with the library's timer.
N_RACES = 50


def test_exit_joins_what_runs() -> None:
    outcome = script("""
    executor = threadloop.Executor(2)
    started = threading.Event()
    def work():
        started.set()
        time.sleep(0.2)
        print("ran")
    executor.submit(work)
    started.wait()
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "ran\n", "")


@pytest.mark.parametrize("how", ["global", "dropped", "shut down", "default", "in a function", "module attribute"])
def test_exit_runs_what_is_queued(how: str) -> None:
    outcome = script("""
    how = sys.argv[1]
    def work(i):
        time.sleep(0.01)
        # In one piece: several threads print.
        sys.stdout.write(f"{i}\\n")
    def main():
        executor = threadloop.Executor.default() if how == "default" else threadloop.Executor(1)
        for i in range(10):
            executor.submit(work, i)
        if how == "shut down":
            executor.shutdown(wait=False)
        elif how == "global":
            globals()["executor"] = executor
        elif how == "module attribute":
            sys.kept = executor
    main()
    """, how)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert sorted(map(int, outcome.out.split())) == list(range(10))


def test_exit_with_an_executor_that_was_never_used() -> None:
    outcome = script("""
    executor = threadloop.Executor()
    future = threadloop.Future()
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_exit_after_an_exception_keeps_its_status() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    executor.submit(time.sleep, 0.05)
    executor.submit(print, "ran")
    raise ValueError("the program's")
    """)
    assert outcome.status == 1 and outcome.out == "ran\n"
    assert outcome.err.strip().endswith("ValueError: the program's")


def test_sys_exit_keeps_its_status() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    executor.submit(time.sleep, 0.05)
    sys.exit(7)
    """)
    assert (outcome.status, outcome.err) == (7, "")


def test_work_that_is_submitted_by_work_while_the_interpreter_ends_is_refused_or_run() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    def again(n):
        time.sleep(0.01)
        try:
            executor.submit(again, n + 1)
        except RuntimeError as error:
            print("refused", flush=True)
    executor.submit(again, 0)
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert outcome.out == "refused\n"


def test_submit_in_atexit_is_a_runtime_error() -> None:
    outcome = script("""
    import atexit
    executor = threadloop.Executor(1)
    executor.submit(int).result()
    @atexit.register
    def last():
        for other in executor, threadloop.Executor(1), threadloop.Executor.default():
            try:
                other.submit(int)
            except RuntimeError as error:
                print(str(error).split(" after ")[0])
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert outcome.out == "cannot schedule new futures\n" * 3


def test_exit_with_callbacks_that_nobody_will_deliver() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    for _ in range(10):
        executor.submit(int).on_done(lambda future: print("never"))
    executor.submit(int).result()
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_exit_while_a_loop_of_another_thread_still_runs() -> None:
    outcome = script("""
    executor = threadloop.Executor(2)
    context = GLib.MainContext.new()
    ready = threading.Event()
    def run():
        context.push_thread_default()
        executor.submit(int).on_done(lambda future: ready.set())
        GLib.MainLoop.new(context, False).run()
    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    for _ in range(100):
        executor.submit(int)
    print("end")
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "end\n", ""), outcome.err


def test_exit_with_a_callback_that_is_stuck_in_another_thread_does_not_hang() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    context = GLib.MainContext.new()
    stuck = threading.Event()
    def callback(future):
        stuck.set()
        while True:
            time.sleep(0.01)
    def run():
        context.push_thread_default()
        executor.submit(int).on_done(callback)
        GLib.MainLoop.new(context, False).run()
    threading.Thread(target=run, daemon=True).start()
    stuck.wait()
    print("end", flush=True)
    """)
    assert (outcome.status, outcome.out) == (0, "end\n"), outcome.err


def test_exit_with_coroutines_on_workers() -> None:
    outcome = script("""
    import asyncio
    executor = threadloop.Executor(2)
    async def work(i):
        await asyncio.sleep(0.01)
        # In one piece: two threads print.
        sys.stdout.write(f"{i}\\n")
    for i in range(5):
        executor.submit(work, i)
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert sorted(outcome.out.split()) == list("01234")


def test_an_error_that_nobody_looked_at_is_reported_at_the_end() -> None:
    outcome = script("""
    executor = threadloop.Executor(1)
    future = executor.submit(int, "not a number")
    """)
    assert outcome.status == 0
    assert "ValueError: invalid literal" in outcome.err, outcome.err


def test_nothing_calls_into_an_interpreter_that_has_gone() -> None:
    # The library releases what nobody has come for after a second, on a thread of its own.
    code = """
    class Widget(GObject.Object):
        pass
    executor = threadloop.Executor(2)
    for _ in range(20):
        widget = Widget()
        widget.connect("notify", lambda *_: None)
        executor.submit(lambda w: w, widget).on_done(lambda future: None)
    time.sleep(float(sys.argv[1]))
    """
    # Around the end of the second, from before the exit begins till after it.
    delays = [0.0] * (N_RACES // 2) + [0.8 + 0.3 * i / N_RACES for i in range(N_RACES - N_RACES // 2)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda delay: script(code, str(delay)), delays))
    bad = [(outcome.status, outcome.err) for outcome in outcomes if outcome.status or outcome.err]
    assert bad == []


def test_a_daemon_thread_that_submits_for_ever_does_not_keep_the_interpreter() -> None:
    outcome = script("""
    executor = threadloop.Executor(2, max_queued=10)
    def feed():
        try:
            while True:
                executor.submit(int)
        except RuntimeError:
            pass
    threading.Thread(target=feed, daemon=True).start()
    time.sleep(0.05)
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err


def test_control_c_in_a_plain_script_that_waits_ends_it() -> None:
    outcome = script("""
    import signal
    executor = threadloop.Executor(1)
    go = threading.Event()
    try:
        # Most likely it waits by then; it is right as well if it comes before.
        threading.Timer(0.1, lambda: (os.kill(os.getpid(), signal.SIGINT), go.set())).start()
        executor.submit(go.wait).add_done_callback(lambda future: None)
        executor.submit(int).result()
        time.sleep(100)
    except KeyboardInterrupt:
        print("interrupted")
    """)
    assert (outcome.status, outcome.out) == (0, "interrupted\n"), outcome.err


# ---- fork ----

FORK = """
import signal, warnings
warnings.simplefilter("ignore")
def in_child(function):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        signal.alarm(100)
        status = 3
        try:
            function()
            status = 0
        except BaseException as error:
            print("child:", repr(error))
        finally:
            sys.stdout.flush()
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
executor = threadloop.Executor(2, "pool")
"""


def forks(code: str, *args: str) -> None:
    import textwrap

    outcome = script(FORK + textwrap.dedent(code), *args)
    assert outcome.status == 0 and outcome.out.endswith("fine\n"), (outcome.status, outcome.out, outcome.err)


@pytest.mark.parametrize("used", ["used", "never used"])
def test_submit_in_the_child_of_a_fork_says_that_the_threads_stayed_behind(used: str) -> None:
    forks("""
    if sys.argv[1] == "used":
        executor.submit(int).result()
    def child():
        try:
            executor.submit(int)
        except RuntimeError as error:
            assert "stayed behind" in str(error), error
        else:
            # A pool that has no threads yet may as well work.
            raise AssertionError("it was accepted")
    assert in_child(child) == 0
    assert executor.submit(int, "4").result() == 4
    print("fine")
    """, used)


def test_waiting_in_the_child_for_what_was_queued_or_running_does_not_hang() -> None:
    forks("""
    go, started = threading.Event(), threading.Barrier(3)
    def work():
        started.wait()
        go.wait()
        return 1
    running = [executor.submit(work) for _ in range(2)]
    started.wait()
    queued = executor.submit(int)
    def child():
        for future in running + [queued]:
            try:
                future.result(60)
            except RuntimeError as error:
                assert "stayed behind" in str(error), error
            else:
                raise AssertionError(future)
    status = in_child(child)
    go.set()
    assert status == 0, status
    assert [future.result() for future in running] == [1, 1] and queued.result() == 0
    print("fine")
    """)


def test_a_settled_future_is_readable_in_the_child() -> None:
    forks("""
    future = executor.submit(int, "6")
    future.result()
    def child():
        assert future.result() == 6
    assert in_child(child) == 0
    print("fine")
    """)


def test_a_new_executor_works_in_the_child() -> None:
    forks("""
    executor.submit(int).result()
    def child():
        with threadloop.Executor(2) as other:
            assert list(other.map(abs, range(-20, 0))) == list(range(20, 0, -1))
        assert threadloop.Executor.default().submit(int, "5").result(60) == 5
    assert in_child(child) == 0
    print("fine")
    """)


def test_the_default_executor_works_in_the_child() -> None:
    forks("""
    assert threadloop.Executor.default().submit(int, "5").result(60) == 5
    def child():
        assert threadloop.Executor.default().submit(int, "5").result(60) == 5
    assert in_child(child) == 0
    print("fine")
    """)


def test_shutdown_and_del_in_the_child_do_not_hang() -> None:
    forks("""
    executor.submit(int).result()
    def child():
        global executor
        executor.shutdown()
        del executor
        gc.collect()
    assert in_child(child) == 0
    assert executor.submit(int).result() == 0
    print("fine")
    """)


def test_forks_while_the_workers_are_busy_do_not_hang() -> None:
    forks("""
    stop = threading.Event()
    def feed():
        while not stop.is_set():
            executor.submit(int).result()
    feeders = [threading.Thread(target=feed) for _ in range(2)]
    for feeder in feeders:
        feeder.start()
    def child():
        with threadloop.Executor(1) as other:
            assert other.submit(int, "2").result(60) == 2
    statuses = [in_child(child) for _ in range(30)]
    stop.set()
    for feeder in feeders:
        feeder.join()
    assert statuses == [0] * 30, statuses
    print("fine")
    """)


def test_on_done_works_in_the_child() -> None:
    forks("""
    executor.submit(int).result()
    def child():
        loop = GLib.MainLoop()
        with threadloop.Executor(1) as other:
            other.submit(int).on_done(lambda future: loop.quit())
            loop.run()
    assert in_child(child) == 0
    print("fine")
    """)


@pytest.mark.parametrize("where", ["main", "worker"])
def test_multiprocessing_with_fork_works_from(where: str) -> None:
    forks("""
    import multiprocessing
    def in_process():
        pass
    def start():
        process = multiprocessing.get_context("fork").Process(target=in_process)
        process.start()
        process.join(100)
        if process.exitcode is None:
            process.kill()
        return process.exitcode
    executor.submit(int).result()
    code = start() if sys.argv[1] == "main" else executor.submit(start).result()
    assert code == 0, code
    print("fine")
    """, where)


def test_a_fork_inside_of_a_worker_leaves_its_thread_the_main_one() -> None:
    forks("""
    def work():
        def child():
            assert threading.main_thread() is threading.current_thread()
            assert threading.enumerate() == [threading.current_thread()], threading.enumerate()
            assert threading.current_thread().is_alive()
        return in_child(child)
    code = executor.submit(work).result()
    assert code == 0, code
    print("fine")
    """)


assert os.name == "posix" and sys.version_info >= (3, 11)


def test_an_executor_made_in_atexit_is_closed_and_left() -> None:
    outcome = script("""
        import atexit

        def late():
            try:
                with threadloop.Executor(1) as executor:
                    executor.submit(int)
            except RuntimeError as error:
                print(error)

        atexit.register(late)
    """)
    assert outcome.out == "cannot schedule new futures after interpreter shutdown\n"
    assert outcome.status == 0
