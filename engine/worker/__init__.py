"""The renderer in a process of its own: a driver that crashes or hangs doesn't take the show along.

    Reverie                                     its child
    WorkerRenderer ── commands, JSON ─────────▶ Server ─▶ the renderer that paints in-process
        ▲          ◀───────── replies, JSON ──    │
        └─ inbox, outbox, heartbeat: one piece of shared memory without a name ─┘

Who says what (`protocol`). Every command but `Cancel` and `Close` has one last reply:

    Prepare(spec)                            Advanced(fraction, message)*, then Prepared(info)
    Render(sequence, captured_s, params?)    Painted(sequence?, captured_s, in_flight, paint_s)
    Flush()                                  Painted: the oldest in flight; asked until none comes
    Remember(look)                           Remembered(is_ready): its words, in the background
    Cancel()                                 during Prepare alone: it ends with Failed(cancelled)
    Close()                                  the process ends
    (any of them)                            Failed(failure, sentence, reason?, in_flight)

Pictures never pass through the pipe: the parent fills the inbox before `Render`, the child the
outbox before `Painted`, and each has the other's word that it is done. Parameters are sent when
they changed.

`patience` tells a slow tick from a hung one; `shared_pictures` has the memory, `child_process` the
birth and the end of the child, `child` what runs in it, `worker_renderer` the `Renderer`.

Nothing outlives either side. The memory has no name, so the system frees it with the last process
that maps it. The child holds the reading end of a pipe, its lifeline, whose other end only the
parent has: when the parent is gone, however it went, the child ends at once.
"""
