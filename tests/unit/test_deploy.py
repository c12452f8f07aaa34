"""From a bundle's words to a loop: the ready-made models first, then every kind, then what is refused."""

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.applications.classify import load_digits
from neuroedge.applications.demo import load_clip, simulator, watch
from neuroedge.applications.deploy import loop_of, parts_of
from neuroedge.applications.motion import moving_bar
from neuroedge.applications.ready import ready
from neuroedge.applications.words import encoder_words
from neuroedge.errors import ArgumentTypeError, FormatError, NeuroedgeError, ParameterError
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.replay import ReplaySource

DIGITS = load_digits()


def played(bundle: Any, source: Any, **options: Any) -> List[Any]:
    """What comes out of a loop on a clock that costs no time."""
    out: List[Any] = []
    loop_of(bundle, source, out.append, clock=SimulatedClock(), **options).run()
    return out


def saved(tmp_path: Path, encoder: Any = None, decoder: Any = None, n: int = 4, **more: Any) -> Any:
    """A model: n inputs, each with an output that answers every spike."""
    net = ne.Network("small")
    net.add("in", n, "rate")
    net.add("out", n, ne.LIF(tau_m=5.0, v_rest=0.0, v_threshold=1.0, v_reset=0.0, refractory=0.0))
    net.connect("in", "out", synapses=(np.arange(n), np.arange(n), np.full(n, 1.5)))
    ne.save(tmp_path / "small.ne", net, dt=1.0, encoder=encoder, decoder=decoder, **more)
    return ne.load(tmp_path / "small.ne")


@pytest.mark.long
def test_digits_are_told_as_predict_tells_them() -> None:
    bundle = ready("digits")
    out = played(bundle, list(DIGITS.test_inputs))
    assert len(out) == 540 and all(list(one) == ["class", "label", "margin"] for one in out)
    assert [one["class"] for one in out] == ne.predict(bundle.network, DIGITS.test_inputs).tolist()
    assert all(one["label"] == str(one["class"]) and 0.0 <= one["margin"] <= 1.0 for one in out)


def test_a_spiking_classifier_is_read_as_predict_reads_it(tmp_path: Path) -> None:
    net, rng = ne.Network("spiking", seed=2), np.random.default_rng(2)
    net.add("in", 64, "rate")
    net.add("out", 10, "lif", tau_m=8.0, v_rest=0.0, v_reset=0.0, v_threshold=1.0)
    net.connect("in", "out", weights=rng.normal(0.0, 0.12, (64, 10)).astype(np.float32))
    words = {"kind": "values", "population": "in", "shown_ms": 16.0, "run_ms": 17.0, "low": 0.0, "high": 16.0}
    ne.save(tmp_path / "s.ne", net, dt=1.0, encoder=words, decoder={"kind": "class", "population": "out"})
    inputs = DIGITS.test_inputs[:100]
    out = [one["class"] for one in played(ne.load(tmp_path / "s.ne"), list((inputs * 16).astype(int)))]
    assert out == ne.predict(net, inputs).tolist() and len(set(out)) > 3


@pytest.mark.long
def test_the_clip_is_seen_as_the_demo_sees_it() -> None:
    clip = load_clip()
    source = ReplaySource(clip.frames, np.arange(len(clip.frames)) * clip.interval / 1000.0)
    out = played(ready("motion"), source)
    seen = watch(simulator(), clip)
    assert len(out) == len(clip.frames) and out[-1]["direction"] == seen.motion.direction == "up"
    # colours, another size: any camera works
    wide = np.repeat(np.repeat(clip.frames, 2, axis=1), 2, axis=2)[..., None].repeat(3, axis=3)
    assert played(ready("motion"), ReplaySource(wide, np.arange(50) * 0.04))[-1] == out[-1]


def test_a_window_of_motion_forgets() -> None:
    frames = np.concatenate([moving_bar("right", 125.0), np.full((40, 64, 64), 60, np.uint8)])
    out = played(ready("motion"), ReplaySource(frames, np.arange(len(frames)) * 0.04))
    assert out[14]["direction"] == "right" and out[14]["speed"] == "fast"
    assert out[-1] == {"direction": None, "speed": None, "margin": 0.0}


def test_periods_without_a_sample_say_nothing() -> None:
    given = iter([DIGITS.test_inputs[0], None, None, DIGITS.test_inputs[1]])
    assert len(played(ready("digits"), lambda: next(given))) == 2


ENCODERS = [
    (ne.RateEncoder(max_rate=500.0, mode="regular", dt=1.0), 4), (ne.TemporalEncoder(), 4), (ne.DeltaEncoder(0.2), 4),
    (ne.PopulationEncoder(neurons=4, max_rate=500.0, dt=1.0), 1), (ne.SensorEncoder(0.0, 1.0), 4),
    (ne.DVSEncoder((2, 2), 0.1), (2, 2)), (ne.VisionEncoder(4), (2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("encoder,shape", ENCODERS, ids=lambda value: type(value).__name__)
def test_every_encoder_goes_through_a_file(encoder: Any, shape: Any, tmp_path: Path) -> None:
    words = encoder_words(encoder, "in", period_ms=20.0)
    bundle = saved(tmp_path, words, {"kind": "count", "population": "out"})
    back = parts_of(bundle)
    assert back.period_ms == back.simulate_ms == 20.0 and "null" not in str(bundle.encoder)
    again = ne.load(bundle.file)
    assert again.encoder == words
    values = [np.full(shape, level) for level in (0.1, 0.9, 0.3, 0.8)]
    out = played(bundle, values)
    assert len(out) == 4 and np.sum(out) > 0
    # by hand, the same
    encoder.reset()
    sim, wanted = ne.Simulator(bundle.plan), []
    for k, value in enumerate(values):
        timed = isinstance(encoder, ne.DVSEncoder)
        train = encoder.encode(value, 20.0 * k) if timed else (
            encoder.encode(value, 20.0) if not isinstance(encoder, (ne.SensorEncoder, ne.VisionEncoder))
            else encoder.encode(value)
        )  # fmt: skip
        wanted.append(sim.run(20.0, {"in": train}).counts["out"].tolist())
    assert out == wanted


DECODERS: List[Dict[str, Any]] = [
    {"kind": "count", "population": "out"}, {"kind": "count", "population": "out", "window_ms": 20.0},
    {"kind": "rate", "population": "out", "window_ms": 20.0}, {"kind": "trace", "population": "out", "tau": 10.0},
    {"kind": "motor", "population": "out", "low": [-1.0] * 4, "max_rate": 200.0, "window_ms": 10.0},
    {"kind": "class", "population": "out", "window_ms": 20.0},
]  # fmt: skip
SAID: List[List[Any]] = [
    [[0, 2, 0, 0], [0, 0, 1, 0]], [[0, 2, 0, 0], [0, 2, 1, 0]], [[0, 200.0, 0, 0], [0, 100.0, 50.0, 0]],
    [[0, np.exp(-0.8) + np.exp(-0.6), 0, 0], [0, (np.exp(-0.8) + np.exp(-0.6)) / np.e, np.exp(-0.8), 0]],
    [[-1.0, 1.0, -1.0, -1.0], [-1.0, -1.0, 0.0, -1.0]],
    [{"class": 1, "label": "b", "margin": 1.0}, {"class": 1, "label": "b", "margin": 0.5}],
]  # fmt: skip


@pytest.mark.parametrize("words,said", list(zip(DECODERS, SAID)), ids=lambda value: str(value)[:30])
def test_every_decoder(words: Dict[str, Any], said: List[Any], tmp_path: Path) -> None:
    bundle = saved(tmp_path, {"kind": "events", "population": "in"}, words, labels=["a", "b", "c", "d"])
    out = played(bundle, [ne.SpikeTrain([1, 1], [1.0, 3.0]), ne.SpikeTrain([2], [1.0])])
    if isinstance(said[0], dict):
        assert out == said
    else:
        assert np.allclose(out, said)


def test_a_class_without_spikes_is_none(tmp_path: Path) -> None:
    bundle = saved(tmp_path, {"kind": "events", "population": "in"}, {"kind": "class", "population": "out"})
    assert played(bundle, [ne.SpikeTrain([], [])]) == [{"class": None, "label": None, "margin": 0.0}]


def test_without_words_events_go_in_and_counts_come_out(tmp_path: Path) -> None:
    bundle = saved(tmp_path)
    parts = parts_of(bundle)
    assert parts.period_ms == 10.0 and len(parts.notes) == 2 and "no encoder" in parts.notes[0]
    assert played(bundle, [ne.SpikeTrain([3], [1.0])]) == [[0, 0, 0, 1]]
    assert played(bundle, [[[3, 1.0], [0, 2.0]], {"in": [(1, 0.5)]}]) == [[1, 0, 0, 1], [0, 1, 0, 0]]
    # rates of a rate population are as good
    assert sum(played(bundle, [np.array([500.0, 0, 0, 0])])[0]) == 5


def test_events_of_a_smaller_picture_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("t,x,y,p\n0,1,0,1\n1000,0,1,0\n12000,1,1,1\n")
    words = {"kind": "events", "population": "in", "resolution": [3, 2]}
    bundle = saved(tmp_path, words, {"kind": "count", "population": "out"}, n=6)
    out = played(bundle, f"file:{tmp_path}/e.csv")
    assert out == [[0, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]]
    (tmp_path / "e.csv").write_text("t,x,y,p\n0,3,0,1\n")
    with pytest.raises(ParameterError, match="3 x 2 pixels .got 4 x 1."):
        played(bundle, f"file:{tmp_path}/e.csv")


def test_a_governor_may_lower_what_is_compiled_anew() -> None:
    loop = loop_of(ready("motion"), [], None, compiled=False, governor=ne.Governor())
    assert loop.network.plan.precision == "float32" and loop.period_ms == 40.0
    loop.network.set_event_threshold(0.02)


BAD: List[Any] = [
    ({"kind": "fly", "population": "in"}, None, "encoder: kind must be one of"),
    ({"population": "in"}, None, "encoder: kind is missing"),
    ({"kind": "events"}, None, "encoder: population is missing"),
    ({"kind": "events", "population": "ear"}, None, "encoder: population must be one of in, out"),
    ({"kind": "events", "population": "in", "colour": 1}, None, "encoder: unknown colour"),
    ({"kind": "events", "population": "in", "resolution": [4]}, None, "encoder: resolution must be 2 whole numbers"),
    ({"kind": "events", "population": "in", "resolution": [3, 3]}, None, "encoder: resolution must have 4 pixels"),
    ({"kind": "dvs", "population": "in", "resolution": [8, 8]}, None, "encoder: resolution must have 4 pixels"),
    ({"kind": "dvs", "population": "in", "resolution": [2, 2], "threshold": -1}, None, "encoder: .*threshold"),
    ({"kind": "dvs", "population": "in", "tresh": 1}, None, "encoder: .*tresh"),
    ({"kind": "population", "population": "in", "neurons": 3}, None, "encoder: neurons must divide the 4"),
    ({"kind": "values", "population": "in", "shown_ms": 16.0}, None, "encoder: run_ms is missing"),
    ({"kind": "values", "population": "in", "shown_ms": 16.5, "run_ms": 20.0}, None, "encoder: shown_ms must be"),
    ({"kind": "values", "population": "in", "shown_ms": 9.0, "run_ms": 9.0, "shape": [8]}, None, "shape must be of 4"),
    ({"kind": "values", "population": "in", "shown_ms": 9.0, "run_ms": 9.0, "low": 2.0}, None, "low must be below"),
    ({"kind": "events", "population": "in", "period_ms": -1.0}, None, "encoder: period_ms must be > 0 ms"),
    ({"kind": "events", "population": "in", "period_ms": 0.5}, None, "multiple of its step, 1 ms"),
    (None, {"kind": "fly", "population": "out"}, "decoder: kind must be one of"),
    (None, {"kind": "count", "population": "out", "window_ms": "long"}, "decoder: window_ms must be"),
    (None, {"kind": "motion", "population": "out"}, "decoder: motion needs 10 outputs"),
    (None, {"kind": "rate", "population": "out", "tau": 3.0}, "decoder: unknown tau"),
    (None, {"kind": "motor", "population": "out", "low": [1.0]}, "decoder: .*low must be a number or 4"),
]  # fmt: skip


@pytest.mark.parametrize("encoder,decoder,words", BAD, ids=lambda value: str(value)[:40])
def test_words_that_cannot_be_followed(encoder: Any, decoder: Any, words: str, tmp_path: Path) -> None:
    bundle = saved(tmp_path, encoder, decoder)
    with pytest.raises((FormatError, ParameterError), match=words) as caught:
        parts_of(bundle)
    assert "small.ne" in str(caught.value)


def test_labels_and_readers_must_fit(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="class needs a label for each of the 4 outputs"):
        parts_of(saved(tmp_path, None, {"kind": "class", "population": "out"}, labels=["a"]))
    words: Optional[Dict[str, Any]] = ready("digits").decoder
    bundle = ready("digits")
    bundle.decoder = {**(words or {}), "kind": "count"}
    with pytest.raises(FormatError, match="leaky integrators.*use class"):
        parts_of(bundle)


@pytest.mark.parametrize("value,words", [
    (np.zeros(63), "64 numbers"), (np.full(64, 1.5), "0 to 1 .value 1 of 64 is 1.5."), (np.full(64, -0.1), "0 to 1"),
    ("seven", "64 numbers"), ({"a": 1}, "64 numbers"),
])  # fmt: skip
def test_samples_that_do_not_fit(value: Any, words: str) -> None:
    with pytest.raises(NeuroedgeError, match=words):
        played(ready("digits"), [value])


def test_frames_that_are_none() -> None:
    motion = ready("motion")
    for value in (np.zeros((4, 4, 7), np.uint8), "picture", np.full((4, 4), 300), np.full((4, 4), 5.0)):
        with pytest.raises(NeuroedgeError, match="motion.ne: encoder: image (in floats )?must be"):
            played(motion, [value])
    with pytest.raises(ParameterError, match="64 x 64 pixels"):
        played(motion, [ne.SpikeTrain([0], [1.0], size=100, polarity=[1])])
    with pytest.raises(ArgumentTypeError, match="encoder must be one of"):
        encoder_words("dvs", "in")


def test_events_where_values_come(tmp_path: Path) -> None:
    bundle = saved(tmp_path, {"kind": "events", "population": "in"})
    with pytest.raises(ArgumentTypeError, match="source must give events.*encoder_words"):
        played(bundle, [3.0])
