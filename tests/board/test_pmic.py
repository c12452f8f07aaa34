"""The converter of a Raspberry Pi 5: rails of one answer, and no sum of a broken one."""

import pytest
from captured import Captured, said

from neuroedge.board.commands import Answer
from neuroedge.board.pmic import PmicSource, parse, pmic_denied, total

BOARD, IDLE = "raspberry-pi-5", "vcgencmd_pmic_read_adc.idle.stdout"
COMMAND = "vcgencmd pmic_read_adc"


def test_an_idle_board() -> None:
    rails = parse(said(BOARD, IDLE).out)
    assert len(rails) == 14 and sum(rail.watts is not None for rail in rails) == 12
    core = next(rail for rail in rails if rail.name == "VDD_CORE")
    assert (core.volts, core.amperes) == (0.7209762, 0.94657990)
    assert core.watts == pytest.approx(0.7209762 * 0.94657990)
    # by hand: the sum of the twelve products of the capture
    assert total(rails) == pytest.approx(1.90053, abs=1e-5)


def test_voltages_alone_are_no_power() -> None:
    rails = parse(said(BOARD, "vcgencmd_pmic_read_adc_EXT5V_V.stdout").out)
    assert [(rail.name, rail.volts, rail.watts) for rail in rails] == [("EXT5V", 5.11746, None)]
    assert total(rails) is None and total([]) is None


def test_zeros_alone_are_no_power() -> None:
    lines = "3V3_SYS_A current(1)=0.00000000A\n3V3_SYS_V volt(9)=3.31000000V\n"
    assert [rail.watts for rail in parse(lines)] == [0.0] and total(parse(lines)) is None


def test_a_part_of_an_answer_is_not_summed() -> None:
    lines = said(BOARD, IDLE).out.splitlines()
    whole = total(parse("\n".join(lines)))
    for cut in range(len(lines)):
        told = total(parse("\n".join(lines[:cut])))
        # EXT5V and BATT are the last two
        assert told == (whole if cut >= len(lines) - 2 else None)
        without = total(parse("\n".join(lines[:cut] + lines[cut + 1 :])))
        assert without == (whole if "EXT5V" in lines[cut] or "BATT" in lines[cut] else None)


@pytest.mark.parametrize(
    "line",
    ["X_A current(0)=101.0A", "X_A current(0)=nanA", "X_A current(0)=-1.0A", "X_V volt(0)=61.0V", "X_A volt(0)=1.0A"],
)
def test_nonsense_is_no_rail(line: str) -> None:
    assert parse(line) == []


def test_order_and_spaces_do_not_matter() -> None:
    lines = said(BOARD, IDLE).out.splitlines()
    backwards = "\r\n".join(f"  {line}\t" for line in reversed(lines))
    assert total(parse(backwards)) == pytest.approx(total(parse("\n".join(lines))))


def test_a_command_that_fails() -> None:
    text = 'error=1 error_msg="Command not registered"'
    for answer in (Answer(1, text, ""), Answer(0, text, ""), Answer(None, "", "no answer within 2 s")):
        source = PmicSource(Captured({COMMAND: answer}))
        assert source.read() is None and source.rails() == []
    assert PmicSource(Captured({})).read() is None
    assert PmicSource(Captured({COMMAND: said(BOARD, IDLE)})).read() == pytest.approx(1.90053, abs=1e-5)
    assert PmicSource.rate <= 10.0


def test_what_a_refusal_sounds_like() -> None:
    assert pmic_denied(Answer(255, "", "Can't open device file: /dev/vcio"))
    assert pmic_denied(Answer(1, "VCHI initialization failed", ""))
    assert not pmic_denied(said(BOARD, IDLE)) and not pmic_denied(None)
    assert not pmic_denied(Answer(1, 'error=1 error_msg="Command not registered"', ""))
