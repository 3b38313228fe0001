#!/usr/bin/env python3
"""A contract test service for LaunchDarkly's sdk-test-harness, over flagplane.evaluate() and evaluate_all().

It stands for an SDK: it fetches flags and segments as PHP's SDK does, and evaluates them in the
database that psql connects to. sdk_service.py 0 listens on a free port and prints it.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

CAPABILITIES = [
    "server-side", "php", "strongly-typed", "user-type", "all-flags-with-reasons", "all-flags-client-side-only",
    "all-flags-details-only-for-tracked-flags", "client-prereq-events"]
TYPES = {"bool": bool, "int": (int, float), "double": (int, float), "string": str}
END = "end of the statement"


class Database:
    """One psql that is asked statement after statement."""

    def __init__(self):
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-At"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def value(self, statement, *values):
        quoted = ["NULL" if v is None else "'" + v.replace("'", "''") + "'" for v in values]
        self.psql.stdin.write(statement.format(*quoted) + ";\n\\echo " + END + "\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == END:
                return "".join(lines)
            lines.append(line)
        raise RuntimeError("psql has ended")


class Client:
    """A client of the harness: the data that it was started with."""

    def __init__(self, configuration):
        self.base = configuration["polling"]["baseUri"]
        self.flags = self.fetch("/sdk/flags")  # None: there is no data
        self.segments = {}
        self.find_segments(self.flags or {})

    def fetch(self, path):
        try:
            with urllib.request.urlopen(self.base + path, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def find_segments(self, items):
        for item in items.values():
            for rule in item.get("rules") or []:
                for clause in rule.get("clauses") or []:
                    if clause.get("op") == "segmentMatch":
                        for key in clause.get("values") or []:
                            self.find_segment(key)

    def find_segment(self, key):
        if not isinstance(key, str) or key in self.segments:
            return
        segment = self.fetch("/sdk/segments/" + urllib.parse.quote(key, safe=""))
        if segment is not None:
            self.segments[key] = segment
            self.find_segments({key: segment})

    def evaluate(self, flag_key, context, default):
        return json.loads(database.value(
            "SELECT flagplane.evaluate({}, {}, {}, {})", self.payload(), flag_key, text(context), json.dumps(default)))

    def evaluate_all(self, context, options):
        return json.loads(database.value(
            "SELECT flagplane.evaluate_all({}, {}, {}, {}, {})", self.payload(), text(context),
            *(json.dumps(bool(options.get(name))) for name in ("clientSideOnly", "withReasons", "detailsOnlyForTrackedFlags"))))

    def payload(self):
        return None if self.flags is None else json.dumps({"flags": self.flags, "segments": self.segments})


def text(context):
    return None if context is None else json.dumps(context)


def has_type(value, value_type):
    """Whether a value is what a typed function may return."""
    return value_type not in TYPES or isinstance(value, TYPES[value_type]) and (value_type == "bool") == isinstance(value, bool)


def evaluate(client, parameters):
    default = parameters.get("defaultValue")
    detail = client.evaluate(parameters["flagKey"], parameters.get("context") or parameters.get("user"), default)
    if detail["variationIndex"] is not None and not has_type(detail["value"], parameters["valueType"]):
        detail = {"value": default, "variationIndex": None, "reason": {"kind": "ERROR", "errorKind": "WRONG_TYPE"}}
    if not parameters.get("detail"):
        return {"value": detail["value"]}
    return detail


def evaluate_all(client, parameters):
    return {"state": client.evaluate_all(parameters.get("context") or parameters.get("user"), parameters)}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a response leaves in one piece
    clients = {}
    paths = []

    def answer(self, status, body=None, location=None):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.answer(200, {"name": "flagplane", "clientVersion": "1.0.0", "capabilities": CAPABILITIES})

    def do_DELETE(self):
        self.clients.pop(self.path, None)
        self.answer(204)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/":
            path = "/clients/%d" % (len(Service.paths) + 1)
            Service.paths.append(path)
            self.clients[path] = Client(body["configuration"])
            self.answer(201, location=path)
        elif body["command"] == "evaluate":
            self.answer(200, evaluate(self.clients[self.path], body["evaluate"]))
        elif body["command"] == "evaluateAll":
            self.answer(200, evaluate_all(self.clients[self.path], body["evaluateAll"]))
        else:
            self.answer(202 if body["command"] == "flushEvents" else 400)

    def log_message(self, *arguments):
        pass


database = Database()
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Service)
print(server.server_port, flush=True)
server.serve_forever()
