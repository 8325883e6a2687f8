"""Things held in a hand, worn or eaten: mostly a handle and a head."""

import numpy as np

from ._concept import way
from ._pen import Number, Pen, polar


@way("lollipop", turn=15)
def lollipop(pen: Pen) -> None:
    size, foot = pen.between(0.4, 0.6), pen.between(-1.3, -0.9)
    pen.arc(0, 0.5, size, size * pen.between(0.9, 1.1))
    pen.line((pen.near(0, 0.03), 0.5 - size), (pen.near(0, 0.08), foot))
    t = np.linspace(0, 1, 22)
    x, y = polar(0.9 * size[:, None] * t, 360 * pen.between(1.3, 2.6)[:, None] * t)
    with pen.when(pen.chance(0.65)):
        pen.trace(x, 0.5 + y)


@way("umbrella", turn=8, mirror=True)
def umbrella(pen: Pen) -> None:
    tall, n_bows = pen.between(0.6, 0.95), pen.count(2, 5)
    pen.arc(0, 0, 1, tall, 0, 180)
    t, scallop = np.linspace(0, 1, 30), pen.between(0.05, 0.2)[:, None]
    pen.trace(2 * t - 1, scallop * np.abs(np.sin(np.pi * n_bows[:, None] * t)))
    foot, hook = pen.between(-1.1, -0.8), pen.between(0.12, 0.25)
    pen.line((0, 0.1), (0, foot))
    pen.arc(hook, foot, hook, hook, 180, pen.near(350, 15))
    with pen.when(pen.chance(0.4)):
        pen.line((0, tall), (0, tall + 0.2))
    with pen.when(pen.chance(0.3)):
        for x in (-0.35, 0.35):
            pen.curve((0, tall), (0.75 * x, 0.6 * tall), (x, 0.1))


@way("umbrella", turn=10, share=0.3)
def closed_umbrella(pen: Pen) -> None:
    wide, low = pen.between(0.18, 0.32), pen.between(-0.6, -0.4)
    pen.line((0, 1.1), (-wide, low), (0, low + 0.1), (wide, low), close=True)
    pen.line((0, 1.1), (0, -0.9))
    pen.arc(0.16, -0.9, 0.16, 0.18, 180, 350)


@way("key", turn=40, mirror=True)
def key(pen: Pen) -> None:
    size, shaft = pen.between(0.28, 0.42), pen.near(0, 0.03)
    pen.arc(-0.7, 0, size, size * pen.between(0.8, 1.2))
    with pen.when(pen.chance(0.4)):
        pen.arc(-0.75, 0, 0.4 * size)
    pen.line((size - 0.7, shaft), (1.05, shaft))
    n_teeth, length = pen.count(2, 3), pen.between(0.2, 0.4)
    for i in range(3):
        x = pen.near(1.0 - 0.22 * i, 0.03)
        with pen.when(i < n_teeth):
            pen.line((x, shaft), (x, shaft - pen.near(length, 0.04)))


@way("key", turn=40, mirror=True, share=0.5)
def thick_key(pen: Pen) -> None:
    size = pen.between(0.3, 0.42)
    pen.arc(-0.7, 0, size, size, 20, 340)
    low = [
        (0.55, -0.12),
        (0.55, -0.35),
        (0.7, -0.35),
        (0.7, -0.15),
        (0.85, -0.15),
        (0.85, -0.35),
        (1.05, -0.35),
    ]
    pen.line(
        (0.93 * size - 0.7, -0.12),
        *[(pen.near(x, 0.02), y) for x, y in low],
        (1.05, 0.12),
        (0.93 * size - 0.7, 0.12),
    )


@way("cup", turn=4, mirror=True)
def cup(pen: Pen) -> None:
    foot, tall = pen.between(0.4, 0.68), pen.between(0.6, 0.9)
    rim = pen.between(0.08, 0.22)
    with pen.when(pen.chance(0.6)):
        pen.arc(0, tall, 0.7, rim, 0, 360)
    pen.line((-0.7, tall), (-foot, -0.75))
    pen.line((0.7, tall), (foot, -0.75))
    pen.curve((-foot, -0.75), (0, -0.75 - rim * pen.between(0, 1.2)), (foot, -0.75))
    grip, height = pen.between(0.25, 0.45), pen.between(0.3, 0.5)
    pen.arc(0.62, pen.near(0.1), grip, height, -80, 80)
    with pen.when(pen.chance(0.4)):
        pen.arc(0.62, 0.1, 0.6 * grip, 0.65 * height, -80, 80)
    with pen.when(pen.chance(0.6)):
        pen.line((-0.7, tall), (0.7, tall))
    _steam(pen, tall, 0.2)


@way("cup", turn=4, mirror=True, share=0.5)
def teacup(pen: Pen) -> None:
    tall, rim = pen.between(0.3, 0.5), pen.between(0.05, 0.2)
    pen.arc(0, tall, 0.85, rim)
    pen.arc(0, tall, 0.85, pen.between(0.8, 1.1), 180, 360)
    pen.arc(0.8, pen.near(0.1), pen.between(0.2, 0.35), pen.between(0.2, 0.3), -110, 110)
    with pen.when(pen.chance(0.5)):
        pen.arc(0, -0.65, pen.between(0.8, 1.1), 0.14)
    _steam(pen, tall, 0.3)


def _steam(pen: Pen, rim: Number, share: float) -> None:
    steaming = pen.chance(share)
    for x in (-0.3, 0, 0.3):
        with pen.when(steaming):
            top = rim + pen.between(0.6, 0.9)
            pen.curve(
                (x, rim + 0.25), (x + 0.08, rim + 0.4), (x - 0.05, rim + 0.55), (x + 0.05, top)
            )


@way("light bulb", turn=6)
def light_bulb(pen: Pen) -> None:
    size, neck = pen.between(0.5, 0.65), pen.between(0.18, 0.28)
    pen.arc(0, 0.4, size, size, -60, 240)
    for side in (-1, 1):
        pen.line((side * size / 2, 0.4 - 0.87 * size), (side * neck, -0.4))
    pen.box(-neck, -0.75, neck, -0.4)
    with pen.when(pen.chance(0.6)):
        pen.line((-neck, -0.5), (neck, -0.62))
    pen.arc(0, -0.75, 0.6 * neck, 0.12, 180, 360)
    with pen.when(pen.chance(0.5)):
        pen.line(
            (-0.15, -0.4), (-0.18, 0.3), (-0.05, 0.15), (0.05, 0.3), (0.18, 0.15), (0.15, -0.4)
        )
    n_rays = pen.count(5, 7) * pen.chance(0.3)
    for i in range(7):
        angle = 180 * (i + 0.5) / np.maximum(n_rays, 1)
        with pen.when(i < n_rays):
            pen.line(polar(size + 0.15, angle, 0, 0.4), polar(size + 0.35, angle, 0, 0.4))


@way("ice cream", turn=10)
def ice_cream(pen: Pen) -> None:
    wide, foot = pen.between(0.4, 0.55), pen.between(-1.3, -1)
    pen.line((-wide, 0.1), (pen.near(0), foot), (wide, 0.1), close=True)
    bump = pen.between(0.45, 0.6)
    pen.arc(0, 0.1, wide * pen.between(0.95, 1.15), bump, 0, 180)
    with pen.when(pen.chance(0.35)):
        pen.arc(0, 0.1 + bump, 0.75 * wide, 0.35, -10, 190)
    with pen.when(pen.chance(0.5)):
        for y, x in [(-0.2, 0.72), (-0.5, 0.45)]:
            pen.line((-x * wide, pen.near(y)), (x * 0.8 * wide, y - 0.25))
            pen.line((x * wide, pen.near(y)), (-x * 0.8 * wide, y - 0.25))


@way("candle", turn=3)
def candle(pen: Pen) -> None:
    wide, top, foot = pen.between(0.15, 0.32), pen.between(0.2, 0.4), pen.between(-1.1, -0.9)
    pen.box(-wide, foot, wide, top)
    pen.line((0, top), (pen.near(0, 0.03), top + 0.15))
    flame = pen.between(0.12, 0.2)
    tip = (pen.near(0), top + pen.between(0.6, 0.75))
    pen.curve((0, top + 0.12), (-flame, top + 0.28), tip)
    pen.curve((0, top + 0.12), (flame, top + 0.28), tip)
    with pen.when(pen.chance(0.35)):
        pen.arc(0, foot, wide * pen.between(1.8, 2.6), 0.12, 0, 360)
    with pen.when(pen.chance(0.3)):
        pen.curve(
            (-wide, top - 0.1), (-0.3 * wide, top - 0.4), (0.2 * wide, top - 0.1), (wide, top - 0.2)
        )


@way("spoon", turn=45)
def spoon(pen: Pen) -> None:
    bowl = pen.between(0.26, 0.4)
    pen.arc(0, 0.7, bowl, bowl * pen.between(1.15, 1.5), 0, 360)
    thick, neck = pen.between(0.04, 0.12), 0.7 - 1.3 * bowl
    outline = pen.chance(0.5)
    with pen.when(outline):
        pen.line((-thick, neck), (-1.3 * thick, -1.1), (1.3 * thick, -1.1), (thick, neck))
    with pen.when(~outline):
        pen.line((0, neck), (pen.near(0), -1.1))


@way("hammer", turn=30, mirror=True)
def hammer(pen: Pen) -> None:
    thick, head = pen.between(0.06, 0.14), pen.between(0.35, 0.5)
    low, claw = pen.between(0.4, 0.55), pen.chance(0.5)
    pen.line((-thick, low), (-thick, -1.1), (thick, -1.1), (thick, low))
    with pen.when(~claw):
        pen.box(-1.2 * head, low, head, 0.95)
    with pen.when(claw):
        pen.line((0.2, low), (-head, low), (-head, 0.95), (0.2, 0.95))
        pen.curve((0.2, 0.95), (0.5, 0.85), (head + 0.35, pen.between(0.35, 0.6)))
        pen.curve((0.2, low), (0.4, low), (head + 0.35, 0.45))


@way("sword", turn=40)
def sword(pen: Pen) -> None:
    wide, guard = pen.between(0.08, 0.16), pen.between(0.25, 0.42)
    pen.line((-wide, -0.5), (-wide, 0.9), (0, 1.2), (wide, 0.9), (wide, -0.5))
    with pen.when(pen.chance(0.3)):
        pen.line((0, -0.5), (0, 0.9))
    thick = pen.between(0, 0.14)
    pen.box(-guard, -0.5 - thick, guard, -0.5)
    pen.line((-0.06, -0.5 - thick), (-0.06, -1), (0.06, -1), (0.06, -0.5 - thick))
    with pen.when(pen.chance(0.4)):
        pen.arc(0, -1.08, 0.1)


@way("pencil", turn=45)
def pencil(pen: Pen) -> None:
    wide, neck = pen.between(0.14, 0.24), pen.between(-0.8, -0.65)
    pen.line((-wide, neck), (-wide, 1), (wide, 1), (wide, neck), close=True)
    tip = pen.near(0, 0.03)
    pen.line((-wide, neck), (tip, -1.15), (wide, neck))
    with pen.when(pen.chance(0.6)):
        pen.line((-0.35 * wide, -1), (0.35 * wide, -1))
    with pen.when(pen.chance(0.7)):
        pen.line((-wide, 0.75), (wide, 0.75))
    with pen.when(pen.chance(0.35)):
        pen.line((0, neck), (0, 0.75))


@way("hat", turn=5)
def top_hat(pen: Pen) -> None:
    wide, tall = pen.between(0.4, 0.6), pen.between(0.55, 0.9)
    brim = pen.between(0.95, 1.1)
    pen.arc(0, -0.5, brim, pen.between(0.08, 0.22), 0, 360)
    pen.line(
        (-wide, -0.45),
        (-wide * pen.between(0.85, 1.15), tall),
        (wide * pen.between(0.85, 1.15), tall),
        (wide, -0.45),
    )
    with pen.when(pen.chance(0.5)):
        pen.line((-wide, -0.2), (wide, -0.2))


@way("hat", turn=5, share=0.6)
def bowler_hat(pen: Pen) -> None:
    wide = pen.between(0.5, 0.7)
    pen.arc(0, -0.4, wide, pen.between(0.6, 0.9), 0, 180)
    pen.curve((-1.05, -0.4), (0, pen.between(-0.6, -0.4)), (1.05, -0.4))
    with pen.when(pen.chance(0.5)):
        pen.curve((-1.05, -0.4), (0, pen.between(-0.85, -0.7)), (1.05, -0.4))
    with pen.when(pen.chance(0.5)):
        pen.line((-0.95 * wide, -0.15), (0.95 * wide, -0.15))


@way("crown", turn=5)
def crown(pen: Pen) -> None:
    top, dip = pen.between(0.5, 0.8), pen.between(-0.15, 0.2)
    tips = [(-1.05, top), (-0.5, dip), (0, pen.near(top + 0.1)), (0.5, dip), (1.05, top)]
    pen.line((-0.85, -0.65), *tips, (0.85, -0.65), close=True)
    with pen.when(pen.chance(0.4)):
        pen.line((-0.88, -0.4), (0.88, -0.4))
    with pen.when(pen.chance(0.4)):
        for x, y in tips[::2]:
            pen.arc(x, y + 0.1, 0.09)
