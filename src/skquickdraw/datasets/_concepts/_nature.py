"""Plants, animals, weather and land."""

import numpy as np
from numpy.typing import NDArray

from ._concept import way
from ._pen import Number, Pen, Place, polar


@way("flower", turn=8)
def daisy(pen: Pen) -> None:
    n_petals, core, out = pen.count(5, 8), pen.between(0.15, 0.28), pen.between(0.26, 0.36)
    pen.arc(0, 0.35, core)
    for i in range(8):
        angle = 90 + 360 * i / n_petals
        x, y = polar(core + out, angle, 0, 0.35)
        with pen.when(i < n_petals):
            pen.arc(x, y, out, 0.62 * out * 6 / n_petals, 0, 360, tilt=angle)
    _stem(pen, 0.35 - core - 2 * out, pen.chance(0.7))


@way("flower", turn=8, share=0.4)
def tulip(pen: Pen) -> None:
    wide, tall = pen.between(0.4, 0.55), pen.between(0.85, 1.05)
    teeth: list[Place] = [(-wide, tall), (-wide / 2, 0.5), (0, tall), (wide / 2, 0.5), (wide, tall)]
    pen.line(*teeth)
    pen.curve((-wide, tall), (-wide, 0.2), (0, pen.between(-0.15, 0)), (wide, 0.2), (wide, tall))
    _stem(pen, -0.1, pen.chance(0.95))


def _ground(pen: Pen, foot: Number, share: float) -> None:
    """Draw the ground that something stands on, in a share of the drawings."""
    with pen.when(pen.chance(share)):
        pen.line((pen.between(-1.5, -0.7), foot), (pen.between(0.7, 1.5), pen.near(foot)))


def _stem(pen: Pen, top: Number, chosen: NDArray[np.bool_]) -> None:
    foot = pen.between(-1.4, -1.1)
    with pen.when(chosen):
        pen.curve((0, top), (pen.near(0, 0.08), (top + foot) / 2), (pen.near(0, 0.1), foot))
    for side in (-1, 1):
        with pen.when(chosen & pen.chance(0.45)):
            tip = (side * pen.between(0.3, 0.5), foot + pen.between(0.4, 0.6))
            hip = (0, foot + 0.15)
            pen.curve(hip, (side * 0.12, foot + 0.45), tip, (side * 0.3, foot + 0.2), hip)
    _ground(pen, foot, 0.12)


@way("tree", turn=3)
def leafy_tree(pen: Pen) -> None:
    trunk, wide = pen.between(0.1, 0.22), pen.between(0.6, 0.9)
    n_lobes = pen.count(6, 9)[:, None]
    t = np.linspace(0, 1, 34)
    swell = 1 + 0.13 * np.abs(np.sin(np.pi * n_lobes * t))
    x, y = polar(swell, -80 + 340 * t)
    pen.trace(wide[:, None] * x, 0.35 + 0.62 * y)
    foot = pen.between(-1.3, -0.9)
    pen.line((-trunk, -0.22), (-trunk * pen.between(0.9, 1.5), foot))
    pen.line((trunk, -0.22), (trunk * pen.between(0.9, 1.5), foot))
    with pen.when(pen.chance(0.3)):
        pen.line((-trunk, foot), (trunk, foot))
    _ground(pen, foot, 0.2)
    n_apples = pen.count(3, 5) * pen.chance(0.2)
    for i in range(5):
        with pen.when(i < n_apples):
            pen.arc(*polar(0.35, 72 * i + pen.between(-20, 20), 0, 0.35), 0.08)


@way("tree", turn=3, share=0.5)
def fir(pen: Pen) -> None:
    wide, top = pen.between(0.5, 0.75), pen.between(1.0, 1.3)
    steps: list[Place] = [
        *((0, top), (0.5, 0.55), (0.25, 0.55)),
        *((0.75, 0.05), (0.45, 0.05), (1, -0.5)),
    ]
    right = [(wide * x, y) for x, y in steps]
    pen.line(*right, *[(-x, y) for x, y in reversed(right)])
    pen.line((-0.13, -0.5), (-0.13, pen.between(-1, -0.75)), (0.13, -0.9), (0.13, -0.5))


@way("tree", turn=3, share=0.4)
def bare_tree(pen: Pen) -> None:
    foot, thick = pen.between(-1.2, -0.9), pen.between(0.08, 0.16)
    for side in (-1, 1):
        pen.curve(
            (side * 1.5 * thick, foot),
            (side * thick, -0.2),
            (side * pen.between(0.5, 0.8), pen.between(0.6, 1)),
        )
        pen.line((side * 0.3, 0.25), (side * pen.between(0.7, 0.95), pen.between(0.2, 0.45)))
    pen.line((-0.35, pen.near(0.6)), (0, 0.1), (0.3, pen.near(0.75)))
    pen.line((0, 0.1), (pen.near(0), pen.between(0.9, 1.1)))


@way("mushroom", turn=5)
def mushroom(pen: Pen) -> None:
    wide, brim = pen.between(0.75, 1), pen.near(0, 0.05)
    pen.arc(0, brim, wide, pen.between(0.6, 0.95), 0, 180)
    pen.curve((-wide, brim), (0, brim - pen.between(-0.1, 0.25)), (wide, brim))
    stem, flare = pen.between(0.15, 0.35), pen.between(0.9, 1.5)
    foot = pen.between(-1.1, -0.75)
    pen.line((-stem, brim - 0.05), (-stem * flare, foot))
    pen.line((stem, brim - 0.05), (stem * flare, foot))
    pen.curve((-stem * flare, foot), (0, foot - 0.1), (stem * flare, foot))
    n_spots = pen.count(2, 4) * pen.chance(0.5)
    for i, (x, y) in enumerate([(0, 0.5), (-0.45, 0.3), (0.45, 0.3), (0.1, 0.2)]):
        with pen.when(i < n_spots):
            pen.arc(pen.near(x), brim + y, pen.between(0.07, 0.15))


@way("fish", mirror=True)
def fish(pen: Pen) -> None:
    fat, joint, tail = pen.between(0.38, 0.6), pen.between(0.4, 0.55), pen.between(0.25, 0.45)
    bow = [(-0.55, 0.85 * fat), (-0.1, fat), (0.25, 0.6 * fat)]
    pen.curve((-1, 0), *bow, (joint, 0.05), (1.05, tail))
    pen.curve((-1, 0), *[(x, -y) for x, y in bow], (joint, -0.05), (1.05, -tail))
    pen.line((1.05, tail), (pen.between(0.75, 1.05), 0), (1.05, -tail))
    pen.dot(pen.near(-0.62), pen.between(0.08, 0.2))
    with pen.when(pen.chance(0.35)):
        pen.arc(-0.75, 0, 0.35, fat, -50, 50)
    with pen.when(pen.chance(0.35)):
        pen.curve((-0.25, fat), (0.05, fat + 0.3), (0.3, 0.55 * fat))
    _bubbles(pen)


@way("fish", mirror=True, share=0.6)
def round_fish(pen: Pen) -> None:
    fat, back = pen.between(0.4, 0.7), pen.between(0.25, 0.5)
    pen.arc(-0.25, 0, 0.75, fat)
    pen.line((0.45, 0), (pen.between(0.85, 1.1), back), (pen.between(0.8, 1.1), -back), (0.45, 0))
    pen.arc(-0.6, pen.near(0.12), pen.between(0.04, 0.12))
    with pen.when(pen.chance(0.4)):
        pen.line((-0.95, -0.15), (pen.near(-0.75), -0.2))
    n_stripes = pen.count(1, 3) * pen.chance(0.35)
    for i in range(3):
        with pen.when(i < n_stripes):
            pen.arc(-0.4 + 0.25 * i, 0, 0.15, 0.7 * fat, -80, 80)
    _bubbles(pen)


def _bubbles(pen: Pen) -> None:
    n_bubbles = pen.count(2, 3) * pen.chance(0.15)
    for i in range(3):
        with pen.when(i < n_bubbles):
            pen.arc(pen.near(-1.15, 0.08), 0.2 + 0.25 * i, 0.05 + 0.02 * i)


@way("cloud", turn=3)
def cloud(pen: Pen) -> None:
    n_puffs = pen.count(5, 9)[:, None]
    t = np.linspace(0, 1, 40)
    swell = 1 + pen.between(0.15, 0.4)[:, None] * np.abs(np.sin(np.pi * n_puffs * t))
    x, y = polar(swell, 360 * t + pen.between(0, 360)[:, None])
    pen.trace(x, pen.between(0.4, 0.6)[:, None] * y)


@way("cloud", turn=3, mirror=True, share=0.6)
def flat_cloud(pen: Pen) -> None:
    n_puffs = pen.count(3, 5)[:, None]
    t = np.linspace(0, 1, 30)
    swell = 1 + pen.between(0.2, 0.4)[:, None] * np.abs(np.sin(np.pi * n_puffs * t))
    x, y = polar(swell, 180 * t)
    pen.trace(x, pen.between(0.5, 0.75)[:, None] * y)
    pen.line((-1, 0), (1, 0))


@way("lightning", turn=8, mirror=True)
def lightning(pen: Pen) -> None:
    thick = pen.between(0.3, 0.5)
    low = pen.between(-1.2, -0.9)
    left: list[Place] = [(0.1, 1), (-0.45, 0.05), (-0.08, 0.08), (-0.35, low)]
    right: list[Place] = [(0.42, -0.02 + thick / 2), (0.1, 0.1 + thick / 2), (0.1 + thick, 1)]
    pen.line(
        *[(pen.near(x), y) for x, y in left], *[(pen.near(x), y) for x, y in right], close=True
    )


@way("lightning", turn=10, mirror=True, share=0.3)
def plain_bolt(pen: Pen) -> None:
    width = pen.between(0.25, 0.5)
    pen.line((width, 1), (-width, pen.near(0, 0.1)), (width, pen.near(0.1, 0.1)), (-width, -1))


@way("mountain", turn=3, mirror=True)
def mountain(pen: Pen) -> None:
    peak, second = pen.between(0.6, 0.95), pen.between(0.3, 0.7)
    dip = (pen.near(0.2), pen.between(-0.2, 0.2))
    pen.line((-1, -0.6), (-0.3, peak), dip, (0.55, second), (pen.between(1, 1.3), -0.6))
    for x, top, share in [(-0.3, peak, 0.55), (0.55, second, 0.5)]:
        with pen.when(pen.chance(share)):
            low = top - 0.3
            pen.line(
                (x - 0.14, low),
                (x - 0.05, low + 0.1),
                (x + 0.03, low - 0.05),
                (x + 0.14, low + 0.05),
            )
    with pen.when(pen.chance(0.3)):
        pen.line((-1, -0.6), (1.1, -0.6))


@way("leaf", turn=40)
def leaf(pen: Pen) -> None:
    fat, stalk = pen.between(0.4, 0.65), pen.between(0.3, 0.55)
    pen.curve((0, -0.8), (-fat, -0.3), (-0.75 * fat, 0.4), (0, 1))
    pen.curve((0, -0.8), (fat, -0.3), (0.75 * fat, 0.4), (0, 1))
    pen.line((0, pen.between(0.4, 0.9)), (0, -0.8), (pen.near(0, 0.1), -0.8 - stalk))
    veined = pen.chance(0.7)
    for i, y in enumerate([-0.5, -0.15, 0.2]):
        for side in (-1, 1):
            with pen.when(veined & pen.chance(0.9 - 0.15 * i)):
                pen.line((0, y), (side * 0.7 * fat, pen.near(y + 0.3)))


@way("butterfly", turn=10)
def butterfly(pen: Pen) -> None:
    wide, low = pen.between(0.8, 1.1), pen.between(0.55, 0.85)
    for side in (-1, 1):
        upper = [(0.45, 0.85), (0.9, 0.9), (1, 0.5), (0.6, 0.05)]
        lower: list[Place] = [(0.7, -0.1), (low, -0.6), (0.4, -0.85)]
        pen.curve((side * 0.06, 0.15), *[(side * wide * x, y) for x, y in upper], (side * 0.06, 0))
        pen.curve((side * 0.06, 0), *[(side * wide * x, y) for x, y in lower], (side * 0.06, -0.2))
        pen.curve(
            (side * 0.03, 0.4), (side * 0.1, 0.75), (side * pen.between(0.2, 0.35), pen.near(0.95))
        )
    pen.arc(0, -0.05, pen.between(0.06, 0.12), pen.between(0.4, 0.55))


@way("snake", turn=12, mirror=True)
def snake(pen: Pen) -> None:
    t = np.linspace(0, 1, 26)
    waves, height = pen.between(1.2, 2.4)[:, None], pen.between(0.2, 0.4)[:, None]
    x, y = 2 * t - 1, height * np.sin(2 * np.pi * waves * t)
    pen.trace(x, y)
    with pen.when(pen.chance(0.5)):
        pen.trace(x, y - 0.22 * np.sin(np.pi * t) ** 0.5)
    head = (1.12, y[:, -1] + 0.03)
    pen.arc(*head, pen.between(0.12, 0.18), pen.between(0.08, 0.14), 0, 360)
    with pen.when(pen.chance(0.6)):
        pen.line((1.28, head[1]), (1.5, head[1]), (1.62, head[1] + 0.08))


@way("spider", turn=15)
def spider(pen: Pen) -> None:
    fat = pen.between(0.3, 0.42)
    pen.arc(0, -0.1, fat, fat * pen.between(0.85, 1.25))
    with pen.when(pen.chance(0.55)):
        pen.arc(0, fat + pen.between(0, 0.1), 0.17)
    bent, reach = pen.chance(0.7), pen.between(0.85, 1.1)
    for side in (-1, 1):
        for y, knee, foot in [
            (0.15, 0.55, 0.75),
            (0, 0.25, 0.15),
            (-0.15, -0.05, -0.45),
            (-0.3, -0.3, -0.9),
        ]:
            hip, end = (side * 0.85 * fat, y), (side * reach, pen.near(foot))
            with pen.when(bent):
                pen.line(hip, (side * 0.65, knee + 0.1), end)
            with pen.when(~bent):
                pen.line(hip, end)


@way("cat", turn=4)
def cat(pen: Pen) -> None:
    wide, ear = pen.between(0.75, 0.95), pen.between(0.95, 1.3)
    pen.arc(0, 0, wide, pen.between(0.65, 0.8))
    for side in (-1, 1):
        pen.line((side * 0.8 * wide, 0.4), (side * pen.near(0.72), ear), (side * 0.25, 0.68))
        pen.dot(side * pen.near(0.33), pen.near(0.18), pen.between(0.03, 0.1)[:, None])
        n_whiskers = pen.count(2, 3)
        for i in range(3):
            with pen.when(i < n_whiskers):
                end = (side * pen.between(0.95, 1.25), -0.35 + 0.2 * i)
                pen.line((side * 0.3, -0.2 + 0.06 * i), end)
    pen.line((-0.08, -0.08), (0.08, -0.08), (0, -0.2), close=True)
    with pen.when(pen.chance(0.7)):
        pen.curve((-0.22, -0.32), (-0.1, -0.38), (0, -0.22), (0.1, -0.38), (0.22, -0.32))
