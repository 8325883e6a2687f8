"""After a run was killed, the next one goes on with the first unfinished member."""

import os
import runpy
import signal
import subprocess
import sys
import warnings
from textwrap import dedent

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from skquickdraw import NoisyStudentClassifier, SeedEnsembleClassifier

# Each fit writes a line into a log. The run kills itself in the fit that KILLED_IN_FIT names.
COUNTING = """
    import os, signal
    from pathlib import Path
    from sklearn.tree import DecisionTreeClassifier

    class CountingTree(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None):
            with Path(os.environ["FIT_LOG"]).open("a") as log:
                log.write(f"{self.random_state}\\n")
            n_fits = len(Path(os.environ["FIT_LOG"]).read_text().splitlines())
            if n_fits == int(os.environ.get("KILLED_IN_FIT", 0)):
                os.kill(os.getpid(), signal.SIGKILL)
            return super().fit(X, y, sample_weight)
"""
RUN = """
    import sys
    import numpy as np
    from counting import CountingTree
    from skquickdraw import NoisyStudentClassifier, SeedEnsembleClassifier

    X, y = np.load("X.npy"), np.load("y.npy")
    kind, memory = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    tree = CountingTree(max_depth=2)
    if kind == "trees":
        member, n, pool = tree, 4, None
    else:
        member, n, pool = NoisyStudentClassifier(
            tree, pseudo_labels="hard", n_iterations=1, memory=memory
        ), 6, X + 0.1
    clf = SeedEnsembleClassifier(member, n, weights="validation", memory=memory, random_state=0)
    np.save("proba.npy", clf.fit(X, y, X_unlabeled=pool).predict_proba(X))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
@pytest.mark.parametrize(
    ("kind", "killed_in", "n_fits"), [("trees", 3, 4), ("noisy students", 8, 12)]
)
def test_a_killed_run_goes_on_without_fitting_finished_members_again(
    tmp_path, blobs, monkeypatch, kind, killed_in, n_fits
):
    one, other = (write(tmp_path / name, blobs) for name in ("one", "other"))
    paths = os.pathsep.join([str(one), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": paths, "FIT_LOG": "log", "KILLED_IN_FIT": str(killed_in)}
    killed = subprocess.run([sys.executable, "run.py", kind, "cache"], cwd=one, env=env)
    begun = (one / "log").read_text().split()
    assert killed.returncode == -signal.SIGKILL and len(begun) == killed_in
    fits = run_here(monkeypatch, one, kind, "cache")
    assert fits[:killed_in] == begun and fits[killed_in] == begun[-1]  # the last one was unfinished
    assert len(fits) == n_fits + 1 and len(set(fits)) == n_fits
    all_fits = run_here(monkeypatch, other, kind)
    assert set(all_fits) == set(fits)
    proba = [np.load(folder / "proba.npy") for folder in (one, other)]
    np.testing.assert_array_equal(*proba)


def write(folder, data):
    """Write the script and its data, and return the folder."""
    folder.mkdir()
    (folder / "counting.py").write_text(dedent(COUNTING))
    (folder / "run.py").write_text(dedent(RUN))
    for name, column in zip(["X.npy", "y.npy"], data, strict=True):
        np.save(folder / name, column)
    return folder


def run_here(monkeypatch, folder, *arguments):
    """Run the script in this process, and return the seeds of all fits so far."""
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        patch.setenv("FIT_LOG", "log")
        patch.setattr(sys, "argv", ["run.py", *arguments])
        patch.delitem(sys.modules, "counting", raising=False)
        runpy.run_path("run.py")
    return (folder / "log").read_text().split()


@pytest.mark.parametrize("is_inside", [False, True])
def test_memory_that_no_later_fit_finds_gives_a_warning(tmp_path, blobs, is_inside):
    vote = SeedEnsembleClassifier(DecisionTreeClassifier(), 2, memory=str(tmp_path))
    clf = NoisyStudentClassifier(vote, n_iterations=1, unlabeled_label=None) if is_inside else vote
    with pytest.warns(UserWarning, match="memory stores fits, but random_state is None"):
        clf.fit(*blobs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.set_params(random_state=0).fit(*blobs)
        clf.set_params(random_state=np.random.RandomState(0)).fit(*blobs)
