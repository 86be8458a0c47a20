"""Drawn scenes and their sentences, and the network that describes them."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import captions
from course_utils.data.captions import COLOURS, HELD_OUT, KINDS, SEEN, SHAPES, SIDE, SIZES

COLOUR_NAMES = list(COLOURS)


def pairs(kinds):
    return {tuple(row) for row in kinds.tolist()}


def sentence(scenes, row):
    """The sentence of one scene, put together word by word."""
    said = [
        f"a {'large' if scenes.large[row, k] else 'small'} "
        f"{COLOUR_NAMES[scenes.colour[row, k]]} {SHAPES[scenes.shape[row, k]]}"
        for k in (0, 1)
    ]
    relation = " above " if scenes.above[row] else " left of "
    return relation.join(said if scenes.two[row] else said[:1])


@given(st.integers(0, 40), st.sampled_from([0, 0.5, 1]), st.integers(0, 10**6))
def test_words_say_what_the_scenes_are(n, two, seed):
    scenes = captions.draw_scenes(n, np.random.default_rng(seed), two=two)
    words = captions.encode(scenes)
    assert words.shape == (n, captions.LONGEST) and words.dtype == np.uint8
    assert captions.sentences(words) == [sentence(scenes, row) for row in range(n)]


def test_held_out_kinds_are_apart_and_each_part_of_them_is_seen():
    assert len(pairs(KINDS)) == len(KINDS) == 30
    assert pairs(SEEN) | pairs(HELD_OUT) == pairs(KINDS) and not pairs(SEEN) & pairs(HELD_OUT)
    for column in (0, 1):  # every colour and every shape
        assert set(SEEN[:, column]) == set(HELD_OUT[:, column]) == set(KINDS[:, column])


def test_no_picture_for_training_holds_a_held_out_kind_and_all_others_come():
    scenes = captions.draw_scenes(50_000, np.random.default_rng(0))
    for k in (0, 1):
        shown = np.stack([scenes.colour[:, k], scenes.shape[:, k]], axis=1)
        assert pairs(shown) == pairs(SEEN)
    text = "\n".join(captions.sentences(captions.encode(scenes)))
    held_out = {f"{COLOUR_NAMES[colour]} {SHAPES[shape]}" for colour, shape in HELD_OUT}
    said = set(re.findall(rf"(?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})", text))
    assert len(said) == 24 and len(held_out) == 6 and not said & held_out


def test_held_out_kinds_are_drawn_where_they_are_asked_for():
    scenes = captions.draw_scenes(2_000, np.random.default_rng(0), first=HELD_OUT, two=1)
    assert scenes.two.all()
    shown = np.stack([scenes.colour, scenes.shape], axis=2)  # (n, 2, 2)
    assert pairs(shown[:, 0]) == pairs(HELD_OUT) and pairs(shown[:, 1]) == pairs(SEEN)


def test_there_are_7260_sentences():
    scenes = captions.draw_scenes(150_000, np.random.default_rng(0), first=KINDS, second=KINDS)
    assert len(np.unique(captions.encode(scenes), axis=0)) == 60 + 60 * 60 * 2


def test_the_first_is_clearly_above_or_left_and_both_lie_inside():
    scenes = captions.draw_scenes(5_000, np.random.default_rng(0), two=1)
    for centres in (scenes.x, scenes.y):
        assert (centres >= scenes.radius - 1e-9).all()
        assert (centres <= SIDE - scenes.radius + 1e-9).all()
    right, down = (np.diff(c, axis=1)[:, 0] for c in (scenes.x, scenes.y))
    main, across = np.where(scenes.above, [down, right], [right, down])
    assert (main >= scenes.radius.sum(axis=1) + 1 - 1e-9).all()
    assert (abs(across) <= main / 2 + 1e-9).all()
    low, high = np.array(list(SIZES.values())).T[:, scenes.large.astype(int)]
    assert ((low <= scenes.radius) & (scenes.radius <= high)).all()


def test_pictures_show_objects_where_the_scenes_say_and_nothing_else():
    rng = np.random.default_rng(0)
    scenes = captions.draw_scenes(2_000, rng)
    pictures = captions.draw_pictures(scenes, rng)
    assert pictures.shape == (2_000, SIDE, SIDE, 3) and pictures.dtype == np.uint8
    paints = np.array(list(COLOURS.values()))
    for row, picture in enumerate(pictures.astype(int)):
        bright = picture.max(axis=2) >= 100  # grounds stay below 40
        middle = np.arange(SIDE) + 0.5
        for k in range(1 + scenes.two[row]):
            x, y, r = (a[row, k] for a in (scenes.x, scenes.y, scenes.radius))
            near = (abs(middle[:, None] - y) <= r) & (abs(middle - x) <= r)
            lines, columns = np.nonzero(bright & near)
            assert abs(np.ptp(columns) + 1 - 2 * r) <= 3.2 and abs(np.ptp(lines) + 1 - 2 * r) <= 3.2
            (seen,) = np.unique(picture[bright & near], axis=0)
            paint = paints[scenes.colour[row, k]]
            assert (seen <= paint + 15).all() and (seen >= 0.7 * paint - 16).all()
            bright &= ~near
        assert not bright.any()


@pytest.mark.parametrize(
    ("shape", "area"),  # of radius 1
    [("circle", np.pi), ("square", 1.7**2), ("triangle", 1.8), ("cross", 2.2044),
     ("ring", 0.7 * np.pi)],
)  # fmt: skip
def test_shapes_cover_the_area_that_geometry_says(shape, area):
    only = [(0, SHAPES.index(shape))]
    rng = np.random.default_rng(0)
    scenes = captions.draw_scenes(3_000, rng, first=only, two=0)
    covered = (captions.draw_pictures(scenes, rng)[..., 0] > 100).sum(axis=(1, 2))
    assert (covered / scenes.radius[:, 0] ** 2).mean() == pytest.approx(area, rel=0.02)


def test_the_same_seed_draws_the_same_and_another_draws_others():
    one, same, other = (captions.draw_samples(50, np.random.default_rng(s)) for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_sentences_stop_at_the_end_and_shifting_puts_start_in_front():
    n = captions.NUMBER
    words = np.array([[n["a"], n["red"], n["<end>"], n["ring"]], [n["a"], n["left"], n["of"], 3]])
    assert captions.sentences(words) == ["a red", "a left of a"]
    shifted = captions.shifted(words)
    assert shifted[:, 0].tolist() == [n["<start>"]] * 2
    assert (shifted[:, 1:] == words[:, :-1]).all()


# The network ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("attention", "two_eyes"), [(False, False), (True, True)])
def test_what_it_writes_is_what_the_model_finds_likeliest_after_its_own_words(attention, two_eyes):
    from course_utils.lesson.backend import keras
    from course_utils.networks.captioning import captioner, describe

    keras.utils.set_random_seed(0)
    model = captioner(attention, two_eyes, units=16)
    for weights in model.trainable_weights:  # untrained networks say the same everywhere
        if len(weights.shape) > 1:
            weights.assign((100 if "embeddings" in weights.path else 3) * weights)
    pictures, _ = captions.draw_samples(7, np.random.default_rng(0))
    written = describe(model, pictures)
    assert written.shape == (7, captions.LONGEST) and len(np.unique(written)) > 3
    likeliest = model.predict([pictures, captions.shifted(written)], verbose=0).argmax(axis=-1)
    assert (written == likeliest).all()


def test_training_lowers_the_loss():
    from course_utils.lesson.backend import keras
    from course_utils.networks.captioning import captioner, train_captioner

    keras.utils.set_random_seed(0)
    losses = train_captioner(
        captioner(units=16), captions.draw_samples, 100, 0, batchsize=8, rate=0.01
    )
    assert losses[1] < 0.75 * losses[0] < 0.75 * np.log(len(captions.WORDS))
