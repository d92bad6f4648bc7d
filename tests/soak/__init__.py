"""The soak: a whole show under random hands and a fault every minute, watched for leaks and gaps.

    python bootstrap.py soak --minutes 30

    player ─▶ Engine (house model in its worker process) ─▶ sinks
    faults ─▶    │
    watch ◀──────┘ memory, handles, threads, processes ─▶ verdict ─▶ JSON report

`player` and `faults` are seeded, `verdict` is pure; only `stagehand` touches the running show.
"""
