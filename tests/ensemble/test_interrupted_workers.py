"""Ctrl-C during the fit of an ensemble in workers: finished members are kept, and workers end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

# The members whose seeds are in the file "slow", the first and the last, never finish. The file
# "arrived" has a line for each fitted tree that the main process has received and unpickled.
SLOW = """
    import os, time
    from sklearn.tree import DecisionTreeClassifier

    class SlowTree(DecisionTreeClassifier):
        is_slow = True

        def fit(self, X, y, sample_weight=None):
            with open("workers", "a") as file:
                file.write(f"{os.getpid()}\\n")
            if self.is_slow and str(self.random_state) in open("slow").read().split():
                while not os.path.exists("arrived") or len(open("arrived").readlines()) < 2:
                    time.sleep(0.1)
                time.sleep(2)  # in which the main process takes them up
                print("slow", flush=True)
                time.sleep(600)
            return super().fit(X, y, sample_weight)

        def __setstate__(self, state):
            super().__setstate__(state)
            if hasattr(self, "tree_"):
                with open("arrived", "a") as file:
                    file.write("one\\n")
"""
RUN = """
    import signal
    import numpy as np
    from slow import SlowTree
    from skquickdraw import SeedEnsembleClassifier
    from skquickdraw.exceptions import FitInterrupted

    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal
    X, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    weights = np.arange(1.0, 7)
    vote = SeedEnsembleClassifier(SlowTree(), 6, weights=weights, random_state=0)
    SlowTree.is_slow = False
    members = vote.set_params(n_jobs=1).fit(X, y).estimators_
    with open("slow", "w") as file:
        file.write(f"{members[0].random_state} {members[5].random_state}")
    SlowTree.is_slow = True
    vote.set_params(n_jobs=2)
    try:
        vote.fit(X, y)
    except FitInterrupted as interrupt:
        print(interrupt)
    seeds = [member.random_state for member in members]
    kept = [seeds.index(member.random_state) for member in vote.estimators_]
    assert kept == sorted(kept) and not {0, 5} & set(kept)
    np.testing.assert_allclose(vote.weights_, weights[kept] / weights[kept].sum())
    print(len(vote.estimators_), vote.score(X, y))
    SlowTree.is_slow = False
    print(len(vote.set_params(n_jobs=1).fit(X, y).estimators_))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to a group of processes")
def test_ctrl_c_keeps_the_finished_members_and_ends_the_workers(tmp_path):
    (tmp_path / "slow.py").write_text(dedent(SLOW))
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(RUN)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # workers print tracebacks when they are ended
        text=True,
        start_new_session=True,  # a process group, as in a terminal
    )
    try:
        for _ in range(2):  # until both workers are in a fit that does not end
            assert process.stdout.readline() == "slow\n"
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        *_, message, kept_and_score, refitted = told.splitlines()
        kept, score = kept_and_score.split()
        assert message.startswith(f"SeedEnsembleClassifier: fit was interrupted, and {kept} of 6")
        # Four members are finished, but some results may not have reached the main process.
        assert int(kept) in (1, 2, 3, 4) and float(score) > 0.9 and refitted == "6"
        workers = set(map(int, (tmp_path / "workers").read_text().split())) - {process.pid}
        assert not any(is_running(worker) for worker in workers)
    finally:
        process.kill()
        process.communicate()


def is_running(pid):
    try:
        os.kill(pid, 0)  # which only asks
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # a system without /proc, or a process that has just ended
        return not Path("/proc/self").exists()
    return state != "Z"
