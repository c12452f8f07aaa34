"""What the system grants a loop is given back, and what it refuses is said with the cure."""

import os
import warnings
from pathlib import Path

import pytest
from parts import encode, network

from neuroedge.runtime.loop import Loop
from neuroedge.runtime.realtime import RealTime


def state() -> object:
    locked = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmLck" in line)
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, os.sched_getaffinity(0), locked


def test_all_is_as_before() -> None:
    before = state()
    with RealTime(min(os.sched_getaffinity(0))) as asked:
        assert len(asked.granted) + len(asked.refused) == 3
        assert "core" in asked.granted[-1] and os.sched_getaffinity(0) == {min(before[2])}  # type: ignore[index]
        if "memory locked" in asked.granted:
            assert state()[3] != before[3]  # type: ignore[index]
    assert state() == before


def test_refusals_name_the_cure() -> None:
    with RealTime(100_000) as asked:
        assert any("core 100000" in text and "may use [" in text for text in asked.refused)
        for text in asked.refused:
            assert "LimitMEMLOCK=infinity" in text or "LimitRTPRIO=" in text or "core" in text


@pytest.mark.long
def test_a_loop_asks_and_warns() -> None:
    before = state()
    loop = Loop(lambda: 1, encode, network(), dt=1.0, period_ms=2.0, realtime=True)
    assert loop.realtime is not None
    refused = loop.realtime.probe()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert loop.run(for_s=0.02).turns > 0
    assert len([w for w in told if "real time" in str(w.message)]) == len(refused)
    assert state() == before


@pytest.mark.parametrize("value", [1, "yes"])
def test_it_is_a_yes_or_a_no(value: object) -> None:
    with pytest.raises(TypeError):
        Loop(lambda: 1, encode, network(), realtime=value)  # type: ignore[arg-type]
