"""A local server that answers in JSON, with faults in front of its answers."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class JsonServer:
    """What the server does, and what it was asked.

    Attributes:
        reply: Path with query (unquoted) -> what is sent as JSON.
        url: Its address, with a slash at the end.
        faults: What is done instead of the first answers, in turn; None answers as usual.
        asked: Path with query of every request.
        headers: Headers of every request.
        n_dripped: Bytes that were sent one by one.
    """

    reply: Callable[[str], Any]
    url: str = ""
    faults: list[Fault | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    n_dripped: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        path = unquote(handler.path)
        self.asked.append(path)
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        content = json.dumps(self.reply(path)).encode()
        fault = self.faults.pop(0) if self.faults else None
        (fault or whole)(handler, content)


def whole(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send everything."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def status(code: int, **headers: str) -> Fault:
    """Refuse."""

    def refuse(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return refuse


def half(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Announce everything and die half-way."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def half_without_length(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Announce nothing and die half-way: only the JSON can show it."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def too_short_a_length(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Announce half of what is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) // 2))
    handler.end_headers()
    handler.wfile.write(content)


def web_page(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
    """Send a page for people."""
    whole(handler, b"\n<!DOCTYPE html><html>We are moving house.</html>")


def hang(seconds: float) -> Fault:
    """Say nothing for a while."""

    def wait(_handler: BaseHTTPRequestHandler, _content: bytes) -> None:
        time.sleep(seconds)

    return wait


def packed(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send everything, compressed."""
    content = gzip.compress(content)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def badly_packed(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Say that it is compressed, which it is not."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def in_chunks(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send everything in pieces, without saying how much it is."""
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for start in range(0, len(content), 10):
        piece = content[start : start + 10]
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def drip(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send byte after byte, each before any patience ends."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    try:
        for byte in content:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            handler.server.state.n_dripped += 1
            time.sleep(0.05)
    except OSError:
        return


@contextmanager
def running(reply: Callable[[str], Any] | None = None, *, state: JsonServer | None = None) -> Iterator[JsonServer]:
    """Run a server that replies so, or one that is given."""
    state = state or JsonServer(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    http_server.state = state
    state.url = f"http://127.0.0.1:{http_server.server_port}/"
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        http_server.shutdown()
        http_server.server_close()
