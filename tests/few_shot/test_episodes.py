"""The classes and rows that an episode is made of."""

import numpy as np

from skquickdraw.few_shot._episodes import EpisodeSampler, choose_examples

CODES = np.repeat([0, 1, 2, 3], [10, 6, 2, 1])


def draw(n_episodes=200, **options):
    sampler = EpisodeSampler(
        CODES, **{"n_way": 3, "n_rows": 6, "rng": np.random.RandomState(0), **options}
    )
    return [sampler.draw() for _ in range(n_episodes)]


def test_each_line_of_an_episode_is_another_class():
    for rows in draw():
        assert rows.shape == (3, 6)
        ways = CODES[rows]
        assert (ways == ways[:, :1]).all()
        assert len(set(ways[:, 0])) == 3


def test_no_row_comes_twice_unless_its_class_is_too_small():
    for line in np.concatenate(draw()):
        size = min(6, np.bincount(CODES)[CODES[line[0]]])
        assert len(set(line[:size])) == size
        np.testing.assert_array_equal(line, np.resize(line[:size], 6))


def test_classes_are_drawn_equally_often_and_rows_within_them():
    rows = np.stack(draw(4000))
    shares = np.bincount(CODES[rows[:, :, 0]].ravel()) / 4000
    np.testing.assert_allclose(shares, 0.75, atol=0.03)  # standard error 0.007
    first = rows[:, :, 0]
    counts = np.bincount(first[CODES[first] == 0], minlength=10)[:10]
    np.testing.assert_allclose(counts / counts.sum(), 0.1, atol=0.025)  # standard error 0.0055


def test_an_episode_has_no_more_ways_than_there_are_classes():
    assert draw(1, n_way=50)[0].shape == (4, 6)


def test_examples_are_chosen_class_by_class():
    rows = choose_examples(CODES, 3, np.random.RandomState(0))
    np.testing.assert_array_equal(np.bincount(CODES[rows]), [3, 3, 2, 1])
    assert len(set(rows)) == len(rows)
    np.testing.assert_array_equal(choose_examples(CODES, None, np.random), np.arange(19))
