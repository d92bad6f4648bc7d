"""Stand-ins for the process that makes engines; the job's model says what goes wrong."""

from __future__ import annotations

import json
import os
import sys


def main(job_json: str) -> None:
    conduct = json.loads(job_json)["spec"]["model"]
    say({"fraction": 0.5, "message": "Exporting"})
    if conduct == "refuses":
        say({"sentence": "TensorRT-RTX can't read the model."})
    if conduct == "crashes":
        sys.stderr.write("earlier words\nIllegal instruction\n")
        sys.stderr.flush()
        os.abort()
    if conduct == "hangs":
        sys.stdin.read()  # for as long as the parent lives


def say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
