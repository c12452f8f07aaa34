"""The digits classifier made smaller: accuracy against bytes, energy by step, and digits with their answers."""

from typing import Any, Sequence

from .demo_report import energy_in_words
from .figures import COLOURS, new_figure, opened
from .pictures_sizes import Size, draw_sizes
from .steps import Answered, DigitsStep

__all__ = ["draw_digits", "draw_energy", "draw_steps"]


def draw_steps(steps: Sequence[DigitsStep]) -> Any:
    """Accuracy against bytes, beside the energy of one inference, of every step; returns a matplotlib Figure."""
    figure = new_figure(7.0, 6.0)
    above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": [1.7, 1.0]})
    draw_sizes([Size(step.name, step.nbytes, step.accuracy) for step in steps], above)
    draw_energy(steps, below)
    opened(above)
    opened(below)
    return figure


def draw_energy(steps: Sequence[DigitsStep], ax: Any) -> Any:
    """Bars of the energy of one inference, µJ; hatched where it is estimated, none where it is not known."""
    for k, step in enumerate(steps):
        energy = step.microjoules
        ax.text(energy or 0.0, k, f" {energy_in_words(energy, step.energy_source)}", va="center", fontsize=9)
        if energy is None:
            continue
        measured = step.energy_source.startswith("measured")
        ax.barh(
            k, energy, height=0.6, color=COLOURS[1] if measured else "white", edgecolor=COLOURS[0],
            hatch=None if measured else "///",
        )  # fmt: skip
    ax.set_yticks(range(len(steps)))
    ax.set_yticklabels([step.name for step in steps], fontsize=9)
    ax.invert_yaxis()
    most = max((step.microjoules for step in steps if step.microjoules is not None), default=1.0)
    # room for what is written behind the bars
    ax.set_xlim(0.0, 1.3 * most)
    ax.set_xlabel("energy of one inference [µJ]")
    return ax


def draw_digits(digits: Sequence[Answered]) -> Any:
    """Digits in rows of five, each with what it is and what the network says; returns a matplotlib Figure."""
    rows = -(-len(digits) // 5)
    figure = new_figure(7.0, 1.75 * rows)
    grid = figure.subplots(rows, 5, squeeze=False).ravel()
    for ax in grid:
        ax.set_axis_off()
    for ax, digit in zip(grid, digits):
        ax.imshow(digit.pixels, cmap="gray_r", vmin=0.0, vmax=1.0)
        right = digit.answer == digit.label
        ax.set_title(
            f"{digit.answer}" if right else f"{digit.answer}, but is {digit.label}", fontsize=11,
            color="black" if right else COLOURS[4], fontweight="normal" if right else "bold",
        )  # fmt: skip
    return figure
