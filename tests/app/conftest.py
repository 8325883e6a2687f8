"""Classifiers of sketches, and servers that stop with their test."""

from threading import Thread

import pytest
from sklearn.neighbors import KNeighborsClassifier

from skquickdraw import CNNClassifier
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches

N_CLASSES = 10


@pytest.fixture(scope="session")
def neighbors():
    """Return a classifier of scikit-learn that tells 10 things apart, by their names."""
    X, y, names = make_sketches(200, N_CLASSES, random_state=0, return_names=True)
    return KNeighborsClassifier(n_neighbors=20, weights="distance").fit(X, names[y])


@pytest.fixture(scope="session")
def trained():
    """Return a network that has learned 10 things from generated sketches."""
    X, y, names = make_sketches(1000, N_CLASSES, random_state=0, return_names=True)
    return CNNClassifier(width=0.25, max_epochs=5, random_state=0).fit(X, names[y])


@pytest.fixture
def start():
    """Return a function that runs a server beside the test."""
    servers = []

    def run(model, **params):
        server = make_server(model, **params)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()
