"""The server, over HTTP: it answers as the estimator does, and refuses requests of other sites."""

import errno
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Lock
from time import sleep

import numpy as np
import pytest

import skquickdraw.app
from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches, rasterize
from skquickdraw.exceptions import InvalidParameterError

BAR = [[[0, 255], [0, 0]]]
HOUSE = [[[0, 0, 200, 200], [255, 100, 100, 255]], [[0, 100, 200], [100, 0, 100]]]


@pytest.fixture
def server(start, neighbors):
    return start(neighbors)


def send(server, method, path, body=None, **headers):
    """Send one request, and return (status, headers, body). A header of None is left out."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        own = {"Host": f"127.0.0.1:{server.server_port}"}
        if body is not None:
            own |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**own, **headers}.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def predict(server, strokes, **headers):
    body = json.dumps({"strokes": strokes}).encode()
    status, _, answer = send(server, "POST", "/predict", body, **headers)
    return status, json.loads(answer)


def moved(strokes, scale, x, y):
    return [[[scale * a + x for a in xs], [scale * b + y for b in ys]] for xs, ys in strokes]


def test_answers_what_the_estimator_says_of_the_rasterized_strokes(server, neighbors):
    status, answer = predict(server, HOUSE)
    image = rasterize(HOUSE)
    proba = neighbors.predict_proba(image.reshape(1, -1))[0]
    best = np.argsort(-proba, kind="stable")[:5]
    assert status == 200
    assert answer["picture"] == image.tolist()
    assert [row["name"] for row in answer["top"]] == neighbors.classes_[best].tolist()
    assert [row["probability"] for row in answer["top"]] == proba[best].tolist()


def test_a_model_that_learned_on_paper_is_asked_for_dark_ink(start):
    X, y = make_sketches(60, 3, random_state=0)
    model = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(255 - X, y)
    _, answer = predict(start(model), HOUSE)
    image = 255 - rasterize(HOUSE)
    assert answer["picture"] == image.tolist()
    best = model.predict_proba(image.reshape(1, -1)).max()
    assert answer["top"][0]["probability"] == pytest.approx(best)


@pytest.mark.parametrize(("scale", "x", "y"), [(0.5, 0, 0), (1, 37, -900), (1000, -5, 12)])
def test_a_sketch_counts_as_the_same_wherever_and_however_large(server, scale, x, y):
    picture = np.array(predict(server, moved(HOUSE, scale, x, y))[1]["picture"])
    assert np.abs(picture - rasterize(HOUSE)).max() <= 1  # rounding


class Painter:
    """A classifier of colour images with a light or a dark background."""

    classes_ = ("a", "b")
    image_shape_ = (3, 28, 28)
    n_features_in_ = 3 * 28 * 28

    def __init__(self, background):
        self.background_ = background

    def predict_proba(self, X):
        self.asked = X
        return [[0.25, 0.75]] * len(X)


def paint(server, strokes, colours):
    body = json.dumps({"strokes": strokes, "colours": colours}).encode()
    status, _, answer = send(server, "POST", "/predict", body)
    return status, json.loads(answer)


def test_one_colour_covers_what_the_rasterizer_says(start):
    dark, light = Painter([0, 0, 0]), Painter([250, 250, 250])
    image = rasterize(HOUSE)
    _, answer = paint(start(dark), HOUSE, ["#ffffff"] * 2)
    assert answer["picture"] == np.stack([image] * 3, axis=-1).tolist()
    np.testing.assert_array_equal(dark.asked, np.stack([image] * 3).reshape(1, -1))
    _, answer = paint(start(light), HOUSE, ["#00ff00"] * 2)
    assert answer["picture"] == np.stack([255 - image, 0 * image + 255, 255 - image], -1).tolist()


def test_each_stroke_has_its_colour_and_later_ones_lie_on_top(start):
    cross = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]  # each as large as both together
    _, answer = paint(start(Painter([0, 0, 0])), cross, ["#ff0000", "#0000ff"])
    picture = np.array(answer["picture"])
    down, up = rasterize(cross[:1]), rasterize(cross[1:])
    np.testing.assert_array_equal(picture[..., 2], up)
    np.testing.assert_allclose(picture[..., 0], down * (1 - up / 255.0), atol=0.51)
    _, swapped = paint(start(Painter([0, 0, 0])), cross[::-1], ["#0000ff", "#ff0000"])
    np.testing.assert_array_equal(np.array(swapped["picture"])[..., 0], down)


@pytest.mark.parametrize(
    ("colours", "reason"),
    [
        (None, "a list 'colours' with one for each of the 2 strokes; got no such list"),
        (["#ffffff"], "one for each of the 2 strokes; got 1 of them"),
        (["#ffffff", "red"], "must be text like '#1971c2'; got 'red'"),
        (["#ffffff", 7], "must be text like '#1971c2'; got '7'"),
        (["#ffffff", "#fffff\u0660"], "must be text like"),
    ],
)
def test_what_is_no_colour_is_refused(start, colours, reason):
    status, answer = paint(start(Painter([0, 0, 0])), HOUSE, colours)
    assert status == 400 and reason in answer["error"]


def test_proportions_are_kept(server):
    flat = predict(server, [[[0, 20], [0, 10]]])[1]["picture"]
    assert flat == rasterize([[[0, 255], [0, 127.5]]]).tolist()
    line = np.array(predict(server, BAR)[1]["picture"])
    assert line[13:15].sum() == pytest.approx(line.sum())


def test_a_dot_is_a_picture(server):
    status, answer = predict(server, [[[0.5], [-3]]])
    assert status == 200
    assert answer["picture"] == rasterize([[[0], [0]]]).tolist()


def test_the_model_introduces_itself(start, neighbors):
    names = [f"thing {i}" for i in range(10)]
    status, headers, body = send(start(neighbors, names=names), "GET", "/model")
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "kind": "KNeighborsClassifier",
        "side": 28,
        "names": names,
        "has_colours": False,
        "is_on_paper": False,
        "reads_drawings": True,
        "saves": False,
        "max_bytes": 20 * 1024 * 1024,
    }


FOLDER = Path(skquickdraw.app.__file__).parent / "page"


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDER.iterdir()))
def test_hands_out_the_page_and_all_that_belongs_to_it(server, name):
    path = "/" if name == "index.html" else f"/{name}"
    status, headers, body = send(server, "GET", path)
    assert status == 200
    assert body == (FOLDER / name).read_bytes()
    assert (
        headers.get_content_type()
        == {
            ".html": "text/html",
            ".css": "text/css",
            ".js": "text/javascript",
            ".svg": "image/svg+xml",
        }[Path(name).suffix]
    )


@pytest.mark.parametrize("path", ["/", "/model", "/nothing"])
def test_every_answer_keeps_others_out(server, path):
    _, headers, _ = send(server, "GET", path)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in headers["Server"]


@pytest.mark.parametrize(
    "path",
    [
        "/../_server.py",
        "/%2e%2e/_server.py",
        "/page/app.js",
        "/app.js/../../_server.py",
        "/..\\_server.py",
        "//etc/passwd",
        "/etc/passwd",
        "/app.js%00",
        "app.js",
    ],
)
def test_no_path_leaves_the_page(server, path):
    status, _, body = send(server, "GET", path)
    assert status == 404
    assert "There is no such page" in json.loads(body)["error"]


def test_a_query_changes_nothing(server):
    assert send(server, "GET", "/app.js?a=/../b")[2] == send(server, "GET", "/app.js")[2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/predict", 405),
        ("GET", "/image", 405),
        ("POST", "/save", 405),  # no folder was given
        ("POST", "/", 405),
        ("POST", "/model", 405),
        ("PUT", "/predict", 501),
        ("DELETE", "/app.js", 501),
        ("OPTIONS", "/predict", 501),  # the preflight request before another site sends JSON
    ],
)
def test_other_methods_are_refused(server, method, path, status):
    found, _, body = send(server, method, path, b"{}")
    assert found == status
    assert json.loads(body)["error"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "", None])
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/predict")])
def test_other_hosts_are_refused(server, host, method, path):
    """Against DNS rebinding, where the name of another site resolves to this machine."""
    host = host and host.format(port=server.server_port)
    status, _, body = send(server, method, path, b"{}", Host=host)
    assert status == 403
    assert "The host must be one of" in json.loads(body)["error"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}"])
def test_other_origins_are_refused(server, origin):
    status, answer = predict(server, BAR, Origin=origin.format(port=server.server_port))
    assert status == 403
    assert "Only the page at http://127.0.0.1" in answer["error"]


def test_its_own_page_is_welcome_by_both_names(server):
    for host in (f"127.0.0.1:{server.server_port}", f"localhost:{server.server_port}"):
        assert predict(server, BAR, Host=host, Origin=f"http://{host}")[0] == 200


def test_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Length": "262145"}, 413, "262144 bytes. Clear the sketch."),
        ({"Content-Length": "9" * 5000}, 413, "may have at most 262144 bytes"),
        ({"Content-Length": "-1"}, 411, "must have a Content-Length"),
        ({"Content-Length": "²"}, 411, "must have a Content-Length"),
        ({"Content-Length": None}, 411, "must have a Content-Length"),
        ({"Content-Length": None, "Transfer-Encoding": "chunked"}, 411, "Content-Length"),
        ({"Content-Type": None}, 415, "must be of the type application/json"),
        ({"Content-Type": "text/plain"}, 415, "must be of the type application/json"),
    ],
)
def test_a_request_is_bounded_before_it_is_read(server, headers, status, reason):
    found, _, body = send(server, "POST", "/predict", b"{}", **headers)
    assert found == status
    assert reason in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ("\xff", "must be JSON"),
        ("[" * 100_000, "must be JSON"),
        ('{"strokes": [[[NaN], [0]]]}', "NaN is not a number"),
        ('{"strokes": [[[1e999], [0]]]}', "numbers of at most 1e\\+06"),
        ('{"strokes": [[[%s], [0]]]}' % ("9" * 4000), "numbers of at most 1e\\+06"),
        ('{"strokes": [[[%s], [0]]]}' % ("9" * 5000), "must be JSON|numbers of at most 1e\\+06"),
        ("[]", "got no such list"),
        ("{}", "got no such list"),
        ('{"strokes": {"0": 1}}', "got no such list"),
        ('{"strokes": []}', "1 to 500 strokes; got 0 of them"),
        ('{"strokes": [[]]}', "must be a pair of lists"),
        ('{"strokes": [5]}', "must be a pair of lists"),
        ('{"strokes": [[1, 2]]}', "must be a pair of lists"),
        ('{"strokes": ["ab"]}', "must be a pair of lists"),
        ('{"strokes": [[[1], [2], [3]]]}', "must be a pair of lists"),
        ('{"strokes": [[[], []]]}', "at least one of each; got 0 and 0"),
        ('{"strokes": [[[1, 2], [3]]]}', "as many x as y.* got 2 and 1"),
        ('{"strokes": [[["1"], [2]]]}', "must be numbers .* got 1"),
        ('{"strokes": [[[true], [2]]]}', "must be numbers .* got True"),
        ('{"strokes": [[[null], [2]]]}', "must be numbers .* got None"),
        ('{"strokes": [[[[1]], [2]]]}', "must be numbers .* got \\[1\\]"),
    ],
)
def test_what_is_no_sketch_is_refused(server, body, reason):
    status, _, answer = send(server, "POST", "/predict", body.encode("latin-1"))
    assert status == 400
    assert re.search(reason, json.loads(answer)["error"])


def test_a_sketch_has_bounds(server):
    assert predict(server, [[[0], [0]]] * 500)[0] == 200
    status, answer = predict(server, [[[0], [0]]] * 501)
    assert status == 400 and "1 to 500 strokes; got 501 of them" in answer["error"]
    assert predict(server, [[list(range(10_000)), [0] * 10_000]])[0] == 200
    status, answer = predict(server, [[[0] * 5001, [0] * 5001]] * 2)
    assert status == 400 and "A sketch may have at most 10000 points" in answer["error"]


def talk(server, text):
    """Send raw bytes, and return the whole answer."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_what_is_no_http_is_answered_in_json_too(server):
    answer = talk(server, b"DRAW / A / CIRCLE HTTP/1.1\r\n\r\n")
    assert b" 400 " in answer.splitlines()[0]
    assert b'{"error": ' in answer and b"<html" not in answer.lower()


def test_a_body_cut_short_is_refused(server):
    request = (
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
        'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"strokes": '
    )
    assert b" 400 " in talk(server, request.encode()).splitlines()[0]


def test_a_silent_sender_is_given_up(server, monkeypatch, capsys):
    monkeypatch.setattr(server.RequestHandlerClass, "timeout", 0.1)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as line:
        line.sendall(
            f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\nContent-Type: "
            "application/json\r\nContent-Length: 50\r\n\r\n{".encode()
        )
        assert line.recv(1) == b""
    assert capsys.readouterr().err == ""


def test_many_at_once_get_each_their_own_answer(server):
    bars = [[[[0, 255], [0, height]]] for height in range(0, 256, 8)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda strokes: predict(server, strokes)[1], bars))
    assert [answer["picture"] for answer in answers] == rasterize(bars).tolist()


class Model:
    """A classifier that answers with a function of the test."""

    classes_ = ("a", "b")

    def __init__(self, answer):
        self.answer = answer

    def predict_proba(self, X):
        return self.answer(X)


def test_the_model_is_asked_by_one_at_a_time(start):
    """Not every estimator can be used from several threads."""
    inside, most, counter = 0, 0, Lock()

    def answer(X):
        nonlocal inside, most
        with counter:
            inside += 1
            most = max(most, inside)
        sleep(0.01)
        with counter:
            inside -= 1
        return [[0.5, 0.5]]

    server = start(Model(answer))
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: predict(server, BAR)[0], range(8)))
    assert statuses == [200] * 8 and most == 1


@pytest.mark.parametrize("wrong", [ValueError("out of ink"), float("nan")])
def test_a_model_that_fails_is_reported_and_the_server_goes_on(start, capsys, wrong):
    is_broken = False

    def answer(X):
        if is_broken and isinstance(wrong, Exception):
            raise wrong
        return [[wrong, 0.5]] if is_broken else [[0.5, 0.5]]

    server = start(Model(answer))
    is_broken = True
    status, reply = predict(server, BAR)
    assert status == 500 and "The model failed: " in reply["error"]
    assert "ValueError" in capsys.readouterr().err
    is_broken = False
    assert predict(server, BAR)[0] == 200


def test_fewer_classes_than_five(start):
    _, answer = predict(start(Model(lambda X: [[0.25, 0.75]])), BAR)
    assert answer["top"] == [
        {"name": "b", "probability": 0.75},
        {"name": "a", "probability": 0.25},
    ]


def test_a_browser_that_hangs_up_is_no_error(start, capsys):
    def answer(X):
        sleep(0.1)
        return [[0.5, 0.5]]

    server = start(Model(answer))
    body = json.dumps({"strokes": BAR}).encode()
    line = socket.create_connection(("127.0.0.1", server.server_port))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset on close
    line.sendall(
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\nContent-Type: "
        f"application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    line.close()
    sleep(0.3)
    assert predict(server, BAR)[0] == 200
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("port", [-1, 80, 65536, 8000.0, "8000", None])
def test_a_port_is_checked(neighbors, port):
    with pytest.raises(InvalidParameterError, match="port must be 0 or an int from 1024 to 65535"):
        skquickdraw.app.make_server(neighbors, port=port)


def test_a_taken_port_is_named(server, neighbors):
    with pytest.raises(InvalidParameterError, match=f"port {server.server_port} on 127.0.0.1"):
        skquickdraw.app.make_server(neighbors, port=server.server_port)


def test_without_free_descriptors_it_waits_and_does_not_spin(server):
    asked, free = [], Event()

    class Full:
        """A socket of a process without free file descriptors."""

        def __getattr__(self, name):
            return getattr(listening, name)

        def accept(self):
            asked.append(True)
            if not free.is_set():
                raise OSError(errno.EMFILE, "Too many open files")
            return listening.accept()

    listening, server.socket = server.socket, Full()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(predict, server, HOUSE)
        sleep(0.5)
        n_asked = len(asked)
        free.set()
        assert answer.result(20)[0] == 200
    assert 1 <= n_asked <= 6  # 0.1 seconds apart
