"""A run that is killed half-way goes on with the first unfinished member."""

import os
import signal
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

# Each fit leaves a line in a log. The run is killed inside the third one.
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
    tmp_path, blobs, kind, killed_in, n_fits
):
    killed, begun = run(tmp_path / "one", blobs, kind, "cache", KILLED_IN_FIT=str(killed_in))
    assert killed.returncode == -signal.SIGKILL and len(begun) == killed_in
    resumed, fits = run(tmp_path / "one", blobs, kind, "cache")
    assert resumed.returncode == 0, resumed.stderr
    assert fits[:killed_in] == begun and fits[killed_in] == begun[-1]  # it was not finished
    assert len(fits) == n_fits + 1 and len(set(fits)) == n_fits
    undisturbed, all_fits = run(tmp_path / "other", blobs, kind)
    assert undisturbed.returncode == 0 and set(all_fits) == set(fits)
    proba = [np.load(tmp_path / folder / "proba.npy") for folder in ("one", "other")]
    np.testing.assert_array_equal(*proba)


def run(folder, data, *arguments, **env):
    """Run the script, and return what became of it and the seeds that were fitted so far."""
    folder.mkdir(exist_ok=True)
    (folder / "counting.py").write_text(dedent(COUNTING))
    for name, column in zip(["X.npy", "y.npy"], data, strict=True):
        np.save(folder / name, column)
    env = {**os.environ, "PYTHONPATH": str(folder), "FIT_LOG": str(folder / "log"), **env}
    command = [sys.executable, "-c", dedent(RUN), *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done, (folder / "log").read_text().split()
