"""Messages between the two processes: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enums import BlendMode, GuidanceMode, LossReason
from engine.errors import (
    AcceleratorError,
    EngineError,
    InvalidFrame,
    ModelLoadError,
    OutOfMemoryError,
    PreparationCancelled,
    RendererLost,
)
from engine.params import MAX_SEED, MAX_STEPS, Sampler, StreamParams
from engine.renderer import LoraSpec, RenderInfo, RenderSpec
from engine.worker.protocol import (
    COMMANDS,
    REPLIES,
    Advanced,
    Cancel,
    Close,
    Command,
    Failed,
    Failure,
    Flush,
    MalformedMessage,
    Painted,
    Prepare,
    Prepared,
    Preview,
    Render,
    Reply,
    decode,
    encode,
    error_of,
    failed_by,
)

texts = st.text()
counts = st.integers(0, 2**53)
sizes = st.integers(64, 4096)
times = st.floats(0, 1e9)
unit = st.floats(0, 1)

specs = st.builds(
    RenderSpec,
    texts,
    sizes,
    sizes,
    texts,
    st.lists(st.builds(LoraSpec, texts, st.floats(-4, 4))).map(tuple),
    texts,
)
params = st.builds(
    StreamParams,
    prompt=st.sampled_from(["", "ink wash", "neon city::0.7 | blueprint::0.3", "夜 ☃"]),
    prompt_blend=st.sampled_from(BlendMode),
    guidance_mode=st.sampled_from(GuidanceMode),
    guidance_scale=st.floats(0, 8),
    num_inference_steps=st.integers(1, MAX_STEPS),
    strength=unit,
    sampler=st.sampled_from(Sampler),
    add_noise=st.booleans(),
    seed=st.integers(0, MAX_SEED),
    seed_blend=unit,
)
infos = st.builds(
    RenderInfo,
    *[texts] * 4,
    sizes,
    sizes,
    times,
    st.dictionaries(texts, st.one_of(unit, counts, st.booleans(), texts)),
    st.frozensets(texts),
    st.lists(texts).map(tuple),
    st.none() | counts,
)
commands = st.one_of(
    st.builds(Prepare, specs),
    st.builds(Render, counts, times, st.none() | params),
    st.builds(Preview, counts, times, params),
    st.sampled_from([Flush(), Cancel(), Close()]),
)
replies = st.one_of(
    st.builds(Advanced, unit, texts),
    st.builds(Prepared, infos),
    st.builds(Painted, st.none() | counts, times, counts, times),
    st.builds(
        Failed, st.sampled_from(Failure), texts, st.none() | st.sampled_from(LossReason), counts
    ),
)


@given(commands)
def test_every_command_arrives_as_it_was_sent(command: Command) -> None:
    assert decode(COMMANDS, encode(COMMANDS, command)) == command


@given(replies)
def test_every_reply_arrives_as_it_was_sent(reply: Reply) -> None:
    assert decode(REPLIES, encode(REPLIES, reply)) == reply


@given(st.binary())
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="sent what can't be read"):
        decode(COMMANDS, data)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "Invalid JSON"),
        (b"[1, 2]", "the whole"),
        ({"message": "shout"}, "'shout'"),
        ({"sequence": 1}, "message"),
        ({"message": "render", "sequence": 1}, "captured_s: Field required"),
        ({"message": "render", "sequence": "1", "captured_s": 0.5}, "sequence: .*valid integer"),
        (
            {"message": "render", "sequence": 1, "captured_s": 0.5, "params": {"strength": 7.0}},
            "strength is a number from 0 to 1, not 7",
        ),
        ({"message": "prepare", "spec": {"model": 3}}, "spec.model: .*valid string"),
    ],
)
def test_a_wrong_message_is_refused_by_the_name_of_what_is_wrong(
    message: bytes | dict[str, object], reason: str
) -> None:
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(MalformedMessage, match=reason):
        decode(COMMANDS, data)


def test_a_file_name_that_is_not_unicode_is_refused_when_it_is_sent() -> None:
    with pytest.raises(MalformedMessage, match="can't be written"):
        encode(COMMANDS, Prepare(RenderSpec("model-\udcff")))


@pytest.mark.parametrize(
    "error",
    [
        AcceleratorError("No compiler; install one."),
        InvalidFrame("NaN."),
        ModelLoadError("Absent; download it."),
        OutOfMemoryError("Too large; take 64×64."),
        PreparationCancelled("Cancelled."),
        RendererLost("Gone.", LossReason.DEVICE_LOST),
    ],
)
def test_an_error_keeps_its_kind_and_its_sentence(error: EngineError) -> None:
    failed = decode(REPLIES, encode(REPLIES, failed_by(error, 3)))
    assert isinstance(failed, Failed)
    assert failed.in_flight == 3
    arrived = error_of(failed)
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert getattr(arrived, "reason", None) == getattr(error, "reason", None)


def test_an_error_that_nobody_foresaw_is_a_crash() -> None:
    lost = error_of(failed_by(ZeroDivisionError("division by zero"), 0))
    assert isinstance(lost, RendererLost)
    assert lost.reason is LossReason.CRASH
    assert str(lost) == "The renderer failed: division by zero."
