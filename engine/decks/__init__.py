"""Two decks, a crossfader, pads and cues: what turns many looks into one set of parameters.

    pad, cue ─▶ Desk (the set, its history) ─▶ LiveParams.change ─▶ Decks (frozen, pure)
    Engine.update, crossfader ────────────────▶                         │ read(now_s)
                                                                        ▼
                      look and crossfade (params_at) ─▶ modulation ─▶ one StreamParams per tick
                      picture_fade_at ─▶ presenter

Nothing here runs by itself. `Decks` is a frozen value; every deed (`fire`, `go`, `with_changes`,
`with_crossfade`) gives another one, and what happens with time is a pure function of an `Instant`:
`advance` does what has fallen due, `params_at` says what plays. The render thread asks at every
tick through `engine.live_params`, so a transition needs no thread and no timer of its own.

Words. *Look*: all parameters of one deck, and which of them were chosen. *On air*: the deck that
the crossfader rests on or moves to. *Fire*: put a look on the other deck and move the crossfader
there. *Glide*: the crossfader's way. *Previous*: the look that played before the present one.

Rules that hold everywhere:

- A look that is fired in the middle of a transition doesn't jump: the mixture of that moment is a
  look itself (`morph` gives a `StreamParams`) and becomes the outgoing deck.
- `Engine.update` means "now, as heard": in the middle of a transition both decks take the value.
- A transition inside the model is a morph. A transition on the picture (dissolve, luma wipe) would
  need two painted pictures at once, which one model in one stream can't give: the incoming look is
  painted from the first tick on, and the presenter leads over to it from the last picture that was
  shown, which stands still meanwhile. Nothing is painted twice and no speed is lost.
- A trigger waits for at most one beat or bar; a second one before that takes its place.
"""
