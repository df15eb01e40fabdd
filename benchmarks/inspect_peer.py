"""Run with the Python of .venv-peers: Inspect's own reader on one log. Prints CPU seconds and peak memory as JSON."""

from __future__ import annotations

import json
import sys
import time

from inspect_ai.log import read_eval_log
from peak import peak

if __name__ == "__main__":
    began = time.process_time()
    log = read_eval_log(sys.argv[1])
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "peak": peak(), "result": len(log.samples or [])}))
