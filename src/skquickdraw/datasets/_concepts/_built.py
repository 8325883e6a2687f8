"""Buildings, furniture, paper and vehicles: mostly straight lines."""

import numpy as np
from numpy.typing import NDArray

from ._concept import way
from ._pen import Pen, Place, polar


@way("house", turn=3)
def house(pen: Pen) -> None:
    wide, eave, peak = pen.between(0.6, 0.9), pen.between(0, 0.25), pen.between(0.75, 1.1)
    pen.box(-wide, -0.9, wide, eave)
    over = wide + pen.between(0, 0.2)
    pen.line((-over, eave), (pen.near(0), peak), (over, eave))
    door, top = pen.between(0.12, 0.2), pen.between(-0.4, -0.2)
    middle = pen.near(0, 0.15)
    with pen.when(pen.chance(0.85)):
        pen.line(
            (middle - door, -0.9), (middle - door, top), (middle + door, top), (middle + door, -0.9)
        )
    for side in (-1, 1):
        with pen.when(pen.chance(0.4)):
            x = side * 0.6 * wide
            pen.box(x - 0.14, pen.near(-0.35), x + 0.14, pen.near(-0.1))
    with pen.when(pen.chance(0.3)):
        pen.line((0.35, 0.6), (0.35, 1.05), (0.55, 1.05), (0.55, 0.45))
    with pen.when(pen.chance(0.15)):
        pen.line((-1.4, -0.9), (1.4, pen.near(-0.9)))


@way("house", turn=3, mirror=True, share=0.4)
def house_seen_aslant(pen: Pen) -> None:
    deep, eave, peak = pen.between(0.7, 1.1), pen.between(0, 0.2), pen.between(0.6, 0.9)
    pen.box(-1, -0.9, -0.2, eave)
    pen.line((-1, eave), (-0.6, peak), (-0.2, eave))
    pen.line((-0.6, peak), (deep - 0.6, peak), (deep - 0.2, eave), (-0.2, eave))
    pen.line((deep - 0.2, eave), (deep - 0.2, -0.9), (-0.2, -0.9))
    pen.line((-0.75, -0.9), (-0.75, pen.between(-0.5, -0.3)), (-0.45, -0.4), (-0.45, -0.9))
    with pen.when(pen.chance(0.6)):
        pen.box(0.1, -0.5, 0.4, -0.2)


@way("envelope", turn=5)
def envelope(pen: Pen) -> None:
    tall, deep = pen.between(0.5, 0.75), pen.between(-0.25, 0.2)
    pen.box(-1, -tall, 1, tall)
    pen.line((-1, tall), (pen.near(0), deep), (1, tall))
    with pen.when(pen.chance(0.35)):
        for side in (-1, 1):
            pen.line((side, -tall), (side * pen.between(0.2, 0.4), deep + 0.1))


@way("envelope", turn=8, share=0.35)
def letter_with_address(pen: Pen) -> None:
    tall = pen.between(0.5, 0.7)
    pen.box(-1, -tall, 1, tall)
    pen.box(0.6, pen.between(0.1, 0.25), 0.88, tall - 0.1)
    n_lines = pen.count(2, 3)
    for i in range(3):
        with pen.when(i < n_lines):
            pen.line((pen.near(-0.4), 0.1 - 0.2 * i), (pen.between(0, 0.4), 0.1 - 0.2 * i))


@way("ladder", turn=10)
def ladder(pen: Pen) -> None:
    foot, top, n_rungs = pen.between(0.3, 0.5), pen.between(0.22, 0.4), pen.count(4, 8)
    for side in (-1, 1):
        pen.line((side * foot, -1.1), (side * top, 1.1))
    for i in range(8):
        y = -1.1 + 2.2 * (i + 0.6) / n_rungs
        x = foot + (top - foot) * (y + 1.1) / 2.2
        with pen.when(i < n_rungs):
            pen.line((-x, pen.near(y, 0.03)), (x, pen.near(y, 0.03)))


@way("stairs", turn=5, mirror=True)
def stairs(pen: Pen) -> None:
    n_steps = pen.count(3, 6)
    for n in range(3, 7):
        corners: list[Place] = [(-1, -0.8)]
        for i in range(n):
            x, y = -1 + 2 * i / n, -0.8 + 1.6 * (i + 1) / n
            corners += [
                (pen.near(x, 0.04), pen.near(y, 0.04)),
                (pen.near(x + 2 / n, 0.04), pen.near(y, 0.04)),
            ]
        with pen.when(n_steps == n):
            pen.line(*corners)
    with pen.when(pen.chance(0.45)):
        pen.line((-1, -0.8), (1, -0.8), (1, 0.8))


@way("tent", turn=3)
def tent(pen: Pen) -> None:
    wide, top = pen.between(0.85, 1.1), pen.between(0.5, 0.85)
    pen.line((-wide, -0.6), (0, top), (wide, -0.6), close=True)
    flap = pen.between(0.15, 0.35)
    pen.line((-flap, -0.6), (0, pen.between(0, 0.5)), (flap, -0.6))
    with pen.when(pen.chance(0.25)):
        pen.line((0, top), (pen.near(0.1), top + 0.25))


@way("tent", turn=3, mirror=True, share=0.7)
def ridge_tent(pen: Pen) -> None:
    top, shift = pen.between(0.4, 0.7), pen.between(0.8, 1.1)
    pen.line((-1, -0.6), (-0.5, top), (0, -0.6), close=True)
    pen.line((-0.5, top), (shift - 0.5, top), (shift + 0.1, pen.near(-0.5)), (0, -0.6))
    with pen.when(pen.chance(0.5)):
        pen.line((-0.5, top), (-0.5, -0.6))


@way("door", turn=3, mirror=True)
def door(pen: Pen) -> None:
    wide = pen.between(0.4, 0.6)
    pen.box(-wide, -1, wide, 1)
    knob = (wide * pen.between(0.65, 0.82), pen.near(-0.05))
    with pen.when(pen.chance(0.9)):
        pen.arc(*knob, pen.between(0.05, 0.1))
    framed, panels = pen.chance(0.3), pen.chance(0.35)
    with pen.when(framed):
        pen.line((-wide - 0.15, -1), (-wide - 0.15, 1.15), (wide + 0.15, 1.15), (wide + 0.15, -1))
    with pen.when(panels):
        pen.box(-0.6 * wide, 0.2, 0.5 * wide, 0.8)
        pen.box(-0.6 * wide, -0.8, 0.5 * wide, -0.25)


@way("book", turn=8)
def open_book(pen: Pen) -> None:
    tall, sag = pen.between(0.55, 0.8), pen.between(0.08, 0.25)
    lift = pen.between(-0.05, 0.15)
    pen.line((0, tall - sag), (0, -tall))
    for side in (-1, 1):
        pen.curve((0, tall - sag), (side * 0.5, tall), (side, tall - sag + lift))
        pen.line((side, tall - sag + lift), (side, lift - tall))
        pen.curve((0, -tall), (side * 0.5, sag - tall), (side, lift - tall))
        n_lines = pen.count(3, 4) * pen.chance(0.35)
        for i in range(4):
            y = 0.3 - 0.25 * i
            with pen.when(i < n_lines):
                pen.line((side * 0.2, y), (side * pen.between(0.7, 0.85), y + 0.05))


@way("book", turn=12, mirror=True, share=0.5)
def closed_book(pen: Pen) -> None:
    wide, thick = pen.between(0.55, 0.75), pen.between(0.15, 0.3)
    pen.box(-wide, -0.8, wide, 0.9)
    pen.line(
        (-wide, -0.8), (-wide + thick, -0.8 - thick), (wide + thick, -0.8 - thick), (wide, -0.8)
    )
    pen.line((wide + thick, -0.8 - thick), (wide + thick, 0.9 - thick / 2), (wide, 0.9))
    with pen.when(pen.chance(0.6)):
        pen.line((-0.6 * wide, 0.45), (0.6 * wide, 0.45))


@way("television", turn=3)
def television(pen: Pen) -> None:
    tall, inset = pen.between(0.55, 0.8), pen.between(0.1, 0.2)
    pen.box(-1, -tall, 1, tall)
    with pen.when(pen.chance(0.75)):
        pen.box(-1 + inset, -tall + inset, 1 - inset * pen.between(1, 3), tall - inset)
    antenna = pen.chance(0.6)
    for side in (-1, 1):
        with pen.when(antenna):
            pen.line((0, tall), (side * pen.between(0.3, 0.6), tall + pen.between(0.4, 0.6)))
        with pen.when(antenna):
            pen.line((side * 0.6, -tall), (side * pen.between(0.65, 0.75), -tall - 0.25))
    with pen.when(~antenna):
        pen.line((-0.15, -tall), (-0.2, -tall - 0.3), (0.2, -tall - 0.3), (0.15, -tall))


@way("chair", turn=4, mirror=True)
def chair(pen: Pen) -> None:
    seat, deep, back = pen.near(-0.1), pen.between(0.2, 0.35), pen.between(0.85, 1.15)
    pen.line(
        (-0.6, seat), (0.3, seat), (0.3 + deep, seat + deep), (-0.6 + deep, seat + deep), close=True
    )
    pen.line((-0.6, seat), (-0.6, back), (-0.6 + deep, back + deep / 2), (-0.6 + deep, seat + deep))
    tops: list[Place] = [(-0.6, seat), (0.3, seat), (0.3 + deep, seat + deep)]
    for x, y in tops:
        pen.line((x, y), (pen.near(x), y - pen.between(0.75, 0.95)))
    with pen.when(pen.chance(0.5)):
        pen.line((-0.6 + deep, seat), (-0.6 + deep, seat - 0.6))


@way("chair", turn=4, mirror=True, share=0.8)
def side_chair(pen: Pen) -> None:
    seat, wide = pen.near(-0.1), pen.between(0.4, 0.55)
    pen.line((-wide, -1), (-wide, pen.between(0.8, 1.1)))
    pen.line((-wide, seat), (wide, seat), (pen.near(wide), -1))
    with pen.when(pen.chance(0.4)):
        pen.line((-wide, seat - 0.15), (wide, seat - 0.15))


@way("car", turn=3, mirror=True)
def car(pen: Pen) -> None:
    roof, front, rear = pen.between(0.45, 0.7), pen.between(0.25, 0.5), pen.between(-0.75, -0.45)
    deck, tyre = pen.between(0.02, 0.18), pen.between(0.18, 0.28)
    cabin = [(rear - 0.15, deck), (rear, roof), (front, roof), (front + 0.25, deck)]
    pen.line((-1.1, -0.35), (-1.1, deck), *cabin, (1.1, deck - 0.05), (1.1, -0.35), close=True)
    for middle in (-0.6, 0.6):
        x = pen.near(middle, 0.05)
        pen.arc(x, -0.4, tyre)
        with pen.when(pen.chance(0.3)):
            pen.arc(x, -0.4, 0.4 * tyre)
    with pen.when(pen.chance(0.55)):
        pen.line(
            (rear + 0.05, deck),
            (rear + 0.12, roof - 0.1),
            (front - 0.05, roof - 0.1),
            (front + 0.1, deck),
            close=True,
        )
    with pen.when(pen.chance(0.5)):
        pen.line(((rear + front) / 2, roof), ((rear + front) / 2, deck))


@way("car", turn=3, mirror=True, share=0.5)
def round_car(pen: Pen) -> None:
    roof, wide = pen.between(0.45, 0.75), pen.between(0.6, 0.8)
    pen.arc(pen.near(-0.05), -0.05, wide, roof, 0, 180)
    pen.box(-1.1, -0.45, 1.1, pen.near(0))
    for side in (-1, 1):
        pen.arc(side * pen.near(0.6), -0.45, pen.between(0.2, 0.3))
    pen.line((0, roof - 0.05), (0, 0))


@way("car", turn=3, mirror=True, share=0.3)
def truck(pen: Pen) -> None:
    back, hood = pen.between(0.5, 0.8), pen.between(0.15, 0.35)
    pen.box(-1.1, -0.5, 0.3, back)
    pen.line((0.3, hood), (0.7, hood), (1.1, pen.near(-0.1)), (1.1, -0.5), (0.3, -0.5))
    for x in (-0.7, 0.65):
        pen.arc(pen.near(x), -0.55, pen.between(0.16, 0.24))


@way("boat", turn=4, mirror=True)
def sailing_boat(pen: Pen) -> None:
    wide, keel, deck = pen.between(0.5, 0.7), pen.between(-0.95, -0.75), pen.near(-0.4)
    pen.line((-1, deck), (-wide, keel), (wide, keel), (1, deck), close=True)
    mast, top = pen.near(-0.05), pen.between(0.8, 1.1)
    pen.line((mast, deck), (mast, top))
    pen.line((mast, top), (pen.between(0.55, 0.85), deck + 0.2), (mast, deck + 0.15))
    with pen.when(pen.chance(0.55)):
        pen.line((mast, top - 0.1), (-pen.between(0.4, 0.7), deck + 0.2), (mast, deck + 0.15))
    _water(pen, keel)


@way("boat", turn=4, mirror=True, share=0.4)
def ship(pen: Pen) -> None:
    keel, deck = pen.between(-0.9, -0.65), pen.between(-0.25, -0.1)
    pen.curve(
        (-1.1, deck),
        (-0.8, (deck + keel) / 2 - 0.1),
        (-0.5, keel),
        (0.5, keel),
        (0.8, (deck + keel) / 2 - 0.1),
        (1.1, deck),
    )
    pen.line((-1.1, deck), (1.1, deck))
    pen.box(-0.55, deck, pen.between(0.3, 0.6), deck + 0.35)
    pen.line((-0.15, deck + 0.35), (-0.15, deck + 0.75), (0.1, deck + 0.75), (0.1, deck + 0.35))
    _water(pen, keel)


def _water(pen: Pen, keel: NDArray[np.float64]) -> None:
    t = np.linspace(0, 1, 24)
    waves = pen.between(3, 6)[:, None]
    with pen.when(pen.chance(0.25)):
        pen.trace(2.8 * t - 1.4, (keel + 0.05)[:, None] + 0.08 * np.sin(2 * np.pi * waves * t))


@way("bicycle", turn=3, mirror=True)
def bicycle(pen: Pen) -> None:
    size, apart = pen.between(0.36, 0.46), pen.between(0.58, 0.7)
    for side in (-1, 1):
        pen.arc(side * apart, -0.3, size)
    seat, bar = (-0.25, pen.near(0.25)), (apart - 0.18, pen.near(0.3))
    pedal = (pen.near(-0.05), -0.3)
    pen.line((-apart, -0.3), seat, bar, pedal, (-apart, -0.3))
    with pen.when(pen.chance(0.7)):
        pen.line(seat, pedal)
    pen.line(
        (apart, -0.3),
        bar,
        (bar[0] - 0.05, bar[1] + 0.2),
        (bar[0] + 0.15, bar[1] + pen.between(0.15, 0.3)),
    )
    pen.line((seat[0] - 0.14, seat[1] + 0.1), (seat[0] + 0.1, seat[1] + 0.1))


@way("diamond", turn=5)
def gem(pen: Pen) -> None:
    crown, table, top = pen.near(0.35, 0.05), pen.between(0.45, 0.65), pen.between(0.65, 0.85)
    pen.line((-table, top), (table, top), (1, crown), (0, -1), (-1, crown), close=True)
    pen.line((-1, crown), (1, crown))
    inner = pen.between(0.25, 0.4)
    with pen.when(pen.chance(0.6)):
        pen.line((-inner, crown), (0, -1), (inner, crown))
        pen.line((-inner, crown), (-0.1, top), (inner, crown))


@way("diamond", turn=5, share=0.4)
def rhombus(pen: Pen) -> None:
    wide = pen.between(0.55, 0.9)
    pen.line((0, 1), (wide, pen.near(0)), (0, -1), (-wide, pen.near(0)), close=True)


@way("star", turn=10)
def star(pen: Pen) -> None:
    # Drawn in one stroke that skips every other point, as most people do.
    tips = [polar(1, pen.near(90 + 144 * i, 5)) for i in range(5)]
    pen.line(*tips, close=True)


@way("star", turn=10, share=0.6)
def star_outline(pen: Pen) -> None:
    waist = pen.between(0.35, 0.5)
    corners = [polar(pen.near(1, 0.07) if i % 2 == 0 else waist, 90 + 36 * i) for i in range(10)]
    pen.line(*corners, close=True)
