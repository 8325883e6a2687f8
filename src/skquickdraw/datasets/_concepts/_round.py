"""Round things: mostly told apart by what is inside the circle or sticks out of it."""

import numpy as np

from ._concept import way
from ._pen import Pen, polar


@way("circle")
def circle(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.85, 1.15))


@way("clock")
def clock(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.88, 1.12))
    hour, minute = pen.between(-30, 210), pen.between(60, 120)
    middle = pen.near(0, 0.08), pen.near(0, 0.08)
    pen.line(middle, polar(pen.between(0.3, 0.6), hour, *middle))
    pen.line(middle, polar(pen.between(0.5, 0.85), minute, *middle))
    n_marks = np.array([0, 4, 12])[pen.count(0, 2)]
    for i in range(12):
        with pen.when((n_marks == 12) | (n_marks == 4) & (i % 3 == 0)):
            pen.line(polar(pen.between(0.7, 0.85), 30 * i), polar(0.97, 30 * i))


@way("cookie")
def cookie(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.8, 1.1))
    n_chips, first = pen.count(3, 9), pen.between(0, 360)
    size, filled = pen.between(0.04, 0.2), pen.chance(0.5)
    for i in range(9):
        x, y = polar(pen.between(0.15, 0.8), first + 137.5 * i + pen.between(-30, 30))
        with pen.when((i < n_chips) & filled):
            pen.dot(x, y, pen.near(0.06, 0.02)[:, None])
        with pen.when((i < n_chips) & ~filled):
            pen.arc(x, y, size, size)


@way("donut")
def donut(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.8, 1.1))
    hole = pen.between(0.2, 0.55)
    pen.arc(pen.near(0, 0.06), pen.near(0, 0.06), hole, hole * pen.between(0.7, 1.1))
    n_sprinkles = pen.count(3, 10) * pen.chance(0.3)
    for i in range(10):
        x, y = polar((hole + 1) / 2 + pen.between(-0.1, 0.1), 36 * i + pen.between(-25, 25))
        with pen.when(i < n_sprinkles):
            pen.line((x, y), polar(0.14, pen.between(0, 360), x, y))


@way("donut", turn=10, share=0.3)
def tilted_donut(pen: Pen) -> None:
    flat, hole = pen.between(0.45, 0.65), pen.between(0.2, 0.4)
    pen.arc(0, 0, 1, flat)
    pen.arc(0, 0.15, hole, 0.5 * hole)
    pen.curve(
        (-0.95, -0.05),
        (-0.6, pen.between(-0.3, 0)),
        (0, -0.35),
        (0.6, pen.between(-0.3, 0)),
        (0.95, -0.05),
    )


@way("sun", turn=20)
def sun(pen: Pen) -> None:
    pen.arc(0, 0, 0.5, pen.between(0.45, 0.55))
    smiling = pen.chance(0.2)
    with pen.when(smiling):
        pen.arc(0, -0.05, 0.25, 0.2, 190, 350)
        pen.dot(-0.17, 0.15)
        pen.dot(0.17, 0.15)
    n_rays, inner, outer = pen.count(6, 12), pen.between(0.52, 0.72), pen.between(0.85, 1.2)
    for i in range(12):
        angle = 360 * i / n_rays + pen.between(-8, 8)
        with pen.when(i < n_rays):
            pen.line(polar(inner, angle), polar(pen.near(outer, 0.08), angle))


@way("sun", turn=5, mirror=True, share=0.3)
def sun_in_the_corner(pen: Pen) -> None:
    pen.arc(1, 1, pen.between(0.6, 0.8), pen.between(0.6, 0.8), 180, 270)
    n_rays, inner, outer = pen.count(3, 6), pen.between(0.8, 0.95), pen.between(1.3, 1.6)
    for i in range(6):
        angle = 180 + 90 * (i + 0.5) / n_rays + pen.between(-6, 6)
        with pen.when(i < n_rays):
            pen.line(polar(inner, angle, 1, 1), polar(pen.near(outer, 0.1), angle, 1, 1))


@way("wheel", turn=30)
def wheel(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.92, 1.08))
    hub, rim = pen.between(0.08, 0.3), pen.between(0.75, 0.88)
    with pen.when(pen.chance(0.7)):
        pen.arc(0, 0, rim)
    pen.arc(pen.near(0, 0.04), pen.near(0, 0.04), hub)
    n_spokes = pen.count(4, 9)
    for i in range(9):
        with pen.when(i < n_spokes):
            pen.line(
                polar(hub, 360 * i / n_spokes), polar(rim, 360 * i / n_spokes + pen.between(-8, 8))
            )


@way("smiley face")
def smiley_face(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.9, 1.1))
    apart, height, size = pen.between(0.25, 0.45), pen.between(0.2, 0.45), pen.between(0.03, 0.16)
    for side in (-1, 1):
        pen.arc(side * apart, height, size, size * pen.between(0.9, 1.8))
    deep = pen.between(0.15, 0.5)
    pen.arc(0, pen.near(-0.25), pen.between(0.35, 0.65), deep, pen.near(190, 10), pen.near(350, 10))


@way("apple")
def apple(pen: Pen) -> None:
    dent, wide = pen.between(0.5, 0.75), pen.between(0.8, 1.05)
    top = (pen.near(0), dent)
    right = [(0.45 * wide, 0.85), (wide, 0.4), (0.85 * wide, -0.4), (0.4 * wide, -0.95)]
    left = [(-x, y) for x, y in reversed(right)]
    pen.curve(top, *right, (0, -0.85), *left, top)
    tip = (pen.between(-0.25, 0.35), pen.between(1.1, 1.4))
    pen.curve(top, (pen.near(0.05), 0.95), tip)
    with pen.when(pen.chance(0.55)):
        end = (pen.between(0.45, 0.75), pen.between(1.15, 1.45))
        pen.curve((0.05, 0.95), (0.2, 1.3), end, (0.45, 0.95), (0.05, 0.95))


@way("pizza", turn=25, share=1.2)
def pizza_slice(pen: Pen) -> None:
    wide = pen.between(0.55, 0.9)
    pen.line((-wide, 0.75), (pen.near(0), -1), (wide, 0.75))
    pen.curve((-wide, 0.75), (0, pen.between(0.85, 1.1)), (wide, 0.75))
    with pen.when(pen.chance(0.5)):
        pen.curve((-0.9 * wide, 0.5), (0, pen.between(0.6, 0.75)), (0.9 * wide, 0.5))
    n_toppings, size = pen.count(2, 5), pen.between(0.08, 0.16)
    for i, (x, y) in enumerate(
        [(-0.2, 0.35), (0.15, -0.05), (0.25, 0.4), (-0.1, -0.35), (-0.35, 0.6)]
    ):
        with pen.when(i < n_toppings):
            pen.arc(pen.near(x), pen.near(y), size)


@way("pizza", turn=60)
def whole_pizza(pen: Pen) -> None:
    pen.arc(0, 0, 1, pen.between(0.9, 1.1))
    with pen.when(pen.chance(0.4)):
        pen.arc(0, 0, 0.85)
    n_cuts = pen.count(2, 4)
    for i in range(4):
        angle = 180 * i / n_cuts + pen.between(-6, 6)
        with pen.when(i < n_cuts):
            pen.line(polar(1, angle), polar(1, angle + 180))
    n_toppings = pen.count(0, 6)
    for i in range(6):
        with pen.when(i < n_toppings):
            pen.arc(*polar(pen.between(0.4, 0.7), 60 * i + 25), pen.between(0.07, 0.12))


@way("moon", turn=15, mirror=True)
def moon(pen: Pen) -> None:
    tip, belly = pen.between(50, 75), pen.between(-0.2, 0.35)
    top, bottom = polar(1, tip), polar(1, -tip)
    pen.arc(0, 0, 1, 1, tip, 360 - tip)
    pen.curve(top, (belly, pen.between(0.3, 0.5)), (belly - 0.15, 0), (belly, -0.4), bottom)


@way("eye")
def eye(pen: Pen) -> None:
    tall = pen.between(0.4, 0.65)
    pen.curve((-1, 0), (-0.5, 0.75 * tall), (0, tall), (0.5, 0.75 * tall), (1, 0))
    pen.curve((-1, 0), (-0.5, -0.75 * tall), (0, -tall), (0.5, -0.75 * tall), (1, 0))
    iris = tall * pen.between(0.6, 0.9)
    pen.arc(pen.near(0), 0, iris)
    with pen.when(pen.chance(0.75)):
        pen.arc(0, 0, iris * pen.between(0.2, 0.5))
    n_lashes = pen.count(3, 7) * pen.chance(0.45)
    for i in range(7):
        x = 1.5 * (i + 0.5) / np.maximum(n_lashes, 1) - 0.75
        foot = tall * (1 - x**2)
        with pen.when(i < n_lashes):
            pen.line((x, foot), (1.35 * x, foot + pen.between(0.25, 0.4)))


@way("balloon", turn=8)
def balloon(pen: Pen) -> None:
    wide = pen.between(0.5, 0.75)
    pen.arc(0, 0.4, wide, pen.between(0.62, 0.8))
    with pen.when(pen.chance(0.6)):
        pen.line((0, -0.3), (-0.1, -0.45), (0.1, -0.45), close=True)
    sway = pen.between(-0.3, 0.3)
    pen.curve((0, -0.4), (sway, -0.75), (-sway, -1.1), (sway / 2, pen.between(-1.5, -1.2)))


@way("snail", mirror=True)
def snail(pen: Pen) -> None:
    t = np.linspace(0, 1, 26)
    turns, size = pen.between(1.6, 2.6)[:, None], pen.between(0.55, 0.7)[:, None]
    x, y = polar(size * (0.08 + 0.92 * t), 360 * turns * (t - 1) - 90)
    pen.trace(x - 0.1, y + 0.05)
    neck = pen.between(0.65, 0.8)
    pen.curve((-1, -0.62), (-0.1, -0.68), (neck - 0.1, -0.6), (neck, -0.1), (neck + 0.15, 0.15))
    pen.curve((neck + 0.15, 0.15), (neck + 0.4, 0), (neck + 0.3, -0.4), (neck + 0.1, -0.85))
    pen.line((neck + 0.1, -0.85), (-1, pen.near(-0.85)), (-1, -0.62))
    for lean in (0.1, 0.35):
        pen.line((neck + 0.2, 0.12), (neck + pen.near(lean), pen.between(0.4, 0.65)))


@way("glasses")
def glasses(pen: Pen) -> None:
    apart, size = pen.between(0.5, 0.6), pen.between(0.32, 0.45)
    tall, square = size * pen.between(0.75, 1.1), pen.chance(0.25)
    for side in (-1, 1):
        with pen.when(~square):
            pen.arc(side * apart, 0, size, tall)
        with pen.when(square):
            pen.box(side * apart - size, -tall, side * apart + size, tall)
    pen.curve((size - apart, 0.05), (0, pen.between(0.1, 0.25)), (apart - size, 0.05))
    up, back = pen.between(0.1, 0.6), pen.between(0.1, 0.35)
    for side in (-1, 1):
        pen.line((side * (apart + size), 0.1), (side * (apart + size + back), 0.1 + up))
