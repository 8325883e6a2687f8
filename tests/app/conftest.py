"""Classifiers of sketches, servers that stop after each test, requests, and a browser."""

import json
import shutil
from http.client import HTTPConnection
from importlib.util import find_spec
from threading import Thread

import pytest
from sklearn.neighbors import KNeighborsClassifier

from skquickdraw import CNNClassifier
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches

# It imports from test_page.py, which is skipped if playwright is missing.
collect_ignore = [] if find_spec("playwright") else ["test_page_images.py"]

N_CLASSES = 10


@pytest.fixture(scope="session")
def neighbors():
    """Return a classifier of scikit-learn for 10 classes of sketches, labeled by name."""
    X, y, names = make_sketches(200, N_CLASSES, random_state=0, return_names=True)
    return KNeighborsClassifier(n_neighbors=20, weights="distance").fit(X, names[y])


@pytest.fixture(scope="session")
def trained():
    """Return a network for 10 classes of generated sketches."""
    X, y, names = make_sketches(1000, N_CLASSES, random_state=0, return_names=True)
    return CNNClassifier(width=0.25, max_epochs=5, random_state=0).fit(X, names[y])


@pytest.fixture
def start():
    """Return a function that runs a server in a thread during the test."""
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


@pytest.fixture
def post():
    """Return a function that posts bytes to a server, and returns (status, answer)."""

    def send(server, path, body, **headers):
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        try:
            given = {"Content-Type": "application/octet-stream", **headers}
            connection.request("POST", path, body, given)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    return send


@pytest.fixture
def post_json(post):
    """Return a function that posts its keyword arguments as a JSON object."""

    def send(server, path, **content):
        body = json.dumps(content).encode()
        return post(server, path, body, **{"Content-Type": "application/json"})

    return send


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, start, neighbors):
    """Return a function that opens the page of a model; errors of the page fail the test."""
    contexts, complaints = [], []

    def open_page(model=neighbors, *, url=None, save_to=None, **settings):
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.extend(errors(line)))
        page.goto(url or start(model, save_to=save_to).url)
        page.locator("#model", has_text="classes").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def errors(line):
    """Return errors of the console, except failed requests: some tests cause them on purpose."""
    is_error = line.type == "error" and not line.text.startswith("Failed to load resource")
    return [line.text] if is_error else []
