"""A webhook receiver as a site would write one: checks the signature, answers as the test wants."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "kept between the two of us"


class Receiver:
    """Listens on a free port of this machine; ``answers`` are given one after the other, then 204."""

    def __init__(self, *answers, port=0):
        self.answers = list(answers)
        self.posts = []
        """Status, headers (by lower-case name) and body of each request, in their order."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                if status == "hang":
                    time.sleep(5)
                    return
                asked = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append((status, asked, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/alerts"

    @property
    def taken(self):
        """The alerts that were answered with 2xx."""
        return [json.loads(body) for status, _, body in self.posts if 200 <= status < 300]

    def times(self):
        """How often each id was taken."""
        return Counter(alert["id"] for alert in self.taken)

    def wait_for(self, count, timeout_s=10.0):
        """Waits until so many alerts were taken."""
        until_s = time.monotonic() + timeout_s
        while len(self.taken) < count and time.monotonic() < until_s:
            time.sleep(0.02)
        return self.taken

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def is_signed(headers, body, secret=SECRET):
    """Whether the request came from somebody with the key; in other words than those of the sender."""
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
    return headers["webhook-signature"] == f"v1,{expected}"
