"""Served models, against a small server on this machine."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch

from seewhy.domain.capability import Capability
from seewhy.errors import BadModelOutput, ModelFailed, UnknownModel, UnsupportedModel
from seewhy.models import remote
from seewhy.models.adapt import adapt

IMAGES = torch.rand(5, 3, 4, 6, generator=torch.Generator().manual_seed(0))


class Server(ThreadingHTTPServer):
    """Serves the channel means as scores; a test may change what it says."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v2/models/net"
        self.metadata = {
            "name": "net",
            "inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 3, 4, 6]}],
            "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}],
        }
        self.requests = []
        self.answers = []  # (status, body, headers) that come first


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send(200, self.server.metadata)

    def do_POST(self):
        tensor = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["inputs"][0]
        self.server.requests.append(tensor)
        if self.server.answers:
            return self.send(*self.server.answers.pop(0))
        data = np.asarray(tensor["data"], np.float64).reshape(tensor["shape"])
        means = data.mean((1, 2) if data.shape[-1] == 3 else (2, 3))
        output = {"name": "scores", "datatype": "FP32", "shape": list(means.shape), "data": means.ravel().tolist()}
        return self.send(200, {"outputs": [output]})

    def send(self, status, body, headers=()):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(remote, "PAUSE", 0.01)
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    ("shape", "datatype", "requests"),
    [([-1, 3, 4, 6], "FP32", 1), ([-1, 4, 6, 3], "FP32", 1), ([2, 3, 4, 6], "FP32", 3), ([-1, 3, 4, 6], "UINT8", 1)],
)
def test_it_is_asked_as_its_metadata_say(server, shape, datatype, requests):
    server.metadata["inputs"][0].update(shape=shape, datatype=datatype)
    model = adapt(server.url)
    scale = 255 if datatype == "UINT8" else 1
    torch.testing.assert_close(model(IMAGES) / scale, IMAGES.mean((2, 3)), atol=3e-3 if scale > 1 else 1e-6, rtol=0)
    assert len(server.requests) == requests
    assert all(request["datatype"] == datatype and request["name"] == "image" for request in server.requests)
    assert model.size == (4, 6)


def test_a_batch_limit_given_by_the_person_splits_the_requests(server):
    adapt(server.url, batch=2)(IMAGES)
    assert [request["shape"][0] for request in server.requests] == [2, 2, 1]


def test_a_busy_server_is_asked_again(server):
    model = adapt(server.url)
    server.answers = [(503, {"error": "busy"}, ()), (503, {"error": "busy"}, ())]
    torch.testing.assert_close(model(IMAGES), IMAGES.mean((2, 3)))
    server.answers = [(503, {"error": "busy"}, ())] * 3
    with pytest.raises(ModelFailed, match="503: busy"):
        model(IMAGES)


def test_the_servers_words_are_shown_on_one_short_line(server):
    model = adapt(server.url)
    server.answers = [(400, {"error": "bad\n\x1b[31mshape\x07" + "x" * 2000}, ())]
    with pytest.raises(ModelFailed) as caught:
        model(IMAGES)
    assert "400: bad" in caught.value.problem
    assert caught.value.problem.isprintable()
    assert len(caught.value.problem) < 500
    assert len(server.requests) == 1, "a refusal is not tried again"


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", {"outputs": []}, {"outputs": [{"name": "scores", "shape": [5, 3], "data": [1, 2]}]}]
)
def test_an_answer_out_of_protocol_is_refused(server, body):
    model = adapt(server.url)
    server.answers = [(200, body, ())]
    with pytest.raises(BadModelOutput):
        model(IMAGES)


def test_nan_from_the_server_is_refused(server):
    model = adapt(server.url)
    output = {"name": "scores", "datatype": "FP32", "shape": [5, 1], "data": [1, 2, float("nan"), 4, 5]}
    server.answers = [(200, {"outputs": [output]}, ())]
    with pytest.raises(BadModelOutput, match="1 of 5"):
        model(IMAGES)


def test_a_redirect_to_another_server_is_not_followed(server):
    model = adapt(server.url)
    server.answers = [(302, {}, [("Location", "http://localhost:1/v2/models/net/infer")])]
    with pytest.raises(ModelFailed, match="another server"):
        model(IMAGES)


def test_an_endless_response_is_cut_off(server, monkeypatch):
    model = adapt(server.url)
    monkeypatch.setattr(remote, "LARGEST", 1000)
    server.answers = [(200, b" " * 2000, ())]
    with pytest.raises(ModelFailed, match="more than"):
        model(IMAGES)


def test_no_server_is_one_error_that_names_the_address(monkeypatch):
    monkeypatch.setattr(remote, "PAUSE", 0.01)
    with pytest.raises(ModelFailed, match=r"127\.0\.0\.1:9/v2/models/net in 3 tries"):
        adapt("http://127.0.0.1:9/v2/models/net")


@pytest.mark.parametrize("url", ["http://127.0.0.1/net", "http:///v2/models/net", "https://host/v2/models"])
def test_an_address_that_is_no_served_model_is_refused_unasked(url):
    with pytest.raises(UnknownModel, match="v2/models"):
        adapt(url)


def test_an_endpoint_that_takes_no_images_is_refused(server):
    server.metadata["inputs"] = [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    with pytest.raises(UnsupportedModel, match="BYTES"):
        adapt(server.url)


def test_threads_may_share_it(server):
    model = adapt(server.url)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: model(IMAGES[i : i + 1]), range(5)))
    torch.testing.assert_close(torch.cat(answers), IMAGES.mean((2, 3)))


def test_it_offers_scores_only_and_says_why(server):
    model = adapt(server.url)
    assert model.capabilities == Capability.SCORES
    assert "endpoint" in model.missing[Capability.LAYERS]
