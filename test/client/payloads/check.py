"""check.py BASE DIRECTORY: LaunchDarkly's SDK for Python takes every payload that serve.mjs sends at BASE, with all
its flags, and evaluates each flag as the database does."""

import json
import logging
import sys

from ldclient import Context, LDClient
from ldclient.config import Config

complaints = []
failures = 0
evaluations = 0


class Complaints(logging.Handler):
    def emit(self, record):
        complaints.append(record.getMessage())


def fail(what):
    global failures
    failures += 1
    if failures <= 20:
        print("not ok - Python:", what)


def same(one, other):
    """Whether two values are the same in JSON, where true is no number, and numbers are doubles."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return float(one) == float(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def check(base, number, environment):
    global evaluations
    client = LDClient(Config("e%d" % number, base_uri=base, stream_uri=base, events_uri=base, stream=False, send_events=False), start_wait=10)
    contexts = [Context.from_dict(context) for context in environment["contexts"]]
    if not client.is_initialized():
        fail("environment %d: %s" % (number, complaints))
    else:
        known = len(client.all_flags_state(contexts[0]).to_values_map())
        if known != environment["flags"]:
            fail("environment %d has %d flags of %d" % (number, known, environment["flags"]))
    for ordinal, key, expected in environment["answers"]:
        detail = client.variation_detail(key, contexts[ordinal], "the default")
        evaluations += 1
        if not same({"value": detail.value, "variationIndex": detail.variation_index, "reason": detail.reason}, expected):
            fail("environment %d, flag %s, %s: %s, %s, expected %s" % (number, key, contexts[ordinal], detail.value, detail.reason, expected))
    client.close()


def main():
    base, directory = sys.argv[1:]
    log = logging.getLogger("ldclient")
    log.addHandler(Complaints(logging.WARNING))
    log.propagate = False
    with open(directory + "/answers.jsonl", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            complaints.clear()
            check(base, number, json.loads(line))
    if failures or not evaluations:
        sys.exit(1)
    print("ok - Python: %d environments, %d evaluations" % (number + 1, evaluations))


main()
