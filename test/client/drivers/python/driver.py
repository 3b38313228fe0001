#!/usr/bin/env python3
"""Drives LaunchDarkly's server-side SDK for Python by the commands of sdk_drivers.mjs.

One command on each line of the input, with one answer each on the output. The argument is the base URL.
"""

import json
import logging
import sys

import ldclient
from ldclient import datasystem
from ldclient.config import Config


class Driver:
    """The clients that were opened, by name."""

    def __init__(self, base):
        self.base = base
        self.clients = {}

    def open(self, command):
        config = Config(
            command["key"],
            base_uri=self.base,
            stream_uri=self.base,
            events_uri=self.base,
            application={"id": command["application"]},
            stream=command["mode"] == "streaming",
            datasystem_config=datasystem.default().build() if command["mode"] == "second-protocol" else None,
        )
        client = ldclient.LDClient(config, start_wait=command["timeout"])
        self.clients[command["client"]] = client
        return {"initialized": client.is_initialized()}

    def evaluate(self, command):
        client = self.clients[command["client"]]
        context = ldclient.Context.from_dict(command["context"])
        details = [client.variation_detail(flag["key"], context, flag["default"]) for flag in command["flags"]]
        return {
            "details": [
                {"value": detail.value, "variationIndex": detail.variation_index, "reason": detail.reason}
                for detail in details
            ]
        }

    def track(self, command):
        client = self.clients[command["client"]]
        context = ldclient.Context.from_dict(command["context"])
        client.track(command["event"], context, command["data"], command["metric"])
        client.flush()
        return {}

    def state(self, command):
        return {"state": self.clients[command["client"]].data_source_status_provider.status.state.name}

    def run(self, command):
        commands = {"open": self.open, "evaluate": self.evaluate, "track": self.track, "state": self.state}
        return commands[command["command"]](command)

    def close(self):
        for client in self.clients.values():
            client.close()


logging.basicConfig(stream=sys.stderr, level=logging.INFO)
driver = Driver(sys.argv[1])
for line in sys.stdin:
    print(json.dumps(driver.run(json.loads(line))), flush=True)
driver.close()
