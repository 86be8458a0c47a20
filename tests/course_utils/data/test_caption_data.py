"""Reading captions and pictures, on tiny folders made here in the layouts of Flickr30k and COCO."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from course_utils.data import caption_data as data

CAPTIONS = {"10.jpg": ["Two dogs run .", "A dog's ball"], "7.png": ['A cat, "asleep"']}
ROWS = [(name, k, text) for name, texts in CAPTIONS.items() for k, text in enumerate(texts)]


def commas(rows, heading):
    quoted = ['{},"{}"'.format(name, text.replace('"', '""')) for name, _, text in rows]
    return "\n".join([heading, *quoted])


TABLES = {
    "results_20130124.token": "\n".join(f"{n}#{k}\t{text}" for n, k, text in ROWS),
    "results.csv": "\n".join(
        ["image_name| comment_number| comment"] + [f"{n}| {k}| {text}" for n, k, text in ROWS]
    ),
    "captions.txt": commas(ROWS, "image,caption"),
}
COCO = {
    "images": [{"id": 1, "file_name": "10.jpg"}, {"id": 2, "file_name": "7.png"}],
    "annotations": [
        {"image_id": 1 if name == "10.jpg" else 2, "caption": text} for name, _, text in ROWS
    ],
}


def make_pictures(folder):
    folder.mkdir(parents=True)
    for name, colour in [("10.jpg", (200, 0, 0)), ("7.png", (0, 0, 200))]:
        Image.new("RGB", (40, 20), colour).save(folder / name)


def flickr(root, table, text, encoding="utf-8", pictures="flickr30k_images"):
    make_pictures(root / pictures)
    (root / table).write_text(text, encoding=encoding)
    return root


def coco(root, content, pictures="val2017"):
    make_pictures(root / pictures)
    (root / "annotations").mkdir()
    text = content if isinstance(content, str) else json.dumps(content)
    (root / "annotations" / "captions_val2017.json").write_text(text, encoding="utf-8")
    return root


def by_name(found):
    return {path.name: captions for path, captions in found.items()}


@pytest.mark.parametrize("pictures", data.FOLDERS)
@pytest.mark.parametrize("table", data.TABLES)
def test_each_flickr_layout_gives_the_same_captions(tmp_path, table, pictures):
    found = data.read_flickr(flickr(tmp_path, table, TABLES[table], pictures=pictures))
    assert by_name(found) == CAPTIONS
    assert all(path.is_file() for path in found)


def test_a_table_with_image_and_comment_between_bars(tmp_path):
    text = "image|comment\n" + "\n".join(f"{name}|{text}" for name, _, text in ROWS)
    assert by_name(data.read_flickr(flickr(tmp_path, "results.csv", text))) == CAPTIONS


@pytest.mark.parametrize("table", data.TABLES)
def test_a_table_may_have_a_mark_in_front_and_other_line_ends(tmp_path, table):
    text = TABLES[table].replace("\n", "\r\n") + "\r\n\r\n"
    found = data.read_flickr(flickr(tmp_path, table, text, encoding="utf-8-sig"))
    assert by_name(found) == CAPTIONS


@pytest.mark.parametrize("pictures", ["val2017", "images/val2017", "images"])
def test_the_coco_layout_gives_the_same_captions(tmp_path, pictures):
    assert by_name(data.read_coco(coco(tmp_path, COCO, pictures), "val2017")) == CAPTIONS


def test_a_coco_picture_without_a_caption_is_left_out(tmp_path):
    without = COCO | {"annotations": COCO["annotations"][:2]}
    assert list(by_name(data.read_coco(coco(tmp_path, without), "val2017"))) == ["10.jpg"]


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and not re.search(r"[.!?] [A-Z]", text), text
    return text


@pytest.mark.parametrize(
    ("table", "text", "says"),
    [
        ("results.csv", "image|comment\n11.jpg|A cow", "line 2 .*picture 11.jpg.* no such file in"),
        (
            "results.csv",
            "image|comment\n10.jpg| \n",
            "caption for 10.jpg.* no word in ' '",
        ),
        ("results.csv", "image|comment\n10.jpg|?!\n", "no word in"),
        ("results.csv", "image|n|comment\n10.jpg| 4   A dog", "line 2 .* 3 columns with '|'"),
        ("results.csv", "image|comment", "must hold captions, but holds none"),
        ("results.csv", "", "must hold captions, but holds none"),
        ("results.csv", "image|comment\n../x.jpg|A cow", "must name a file of the folder"),
        ("captions.txt", "image,caption\n10.jpg", "line 2 of captions.txt .* 2 columns with ','"),
        ("captions.txt", "one\n10.jpg", "line 2 of captions.txt must have"),
        ("results_20130124.token", "\n10.jpg A cow", "line 2 .* a tab and a caption"),
        ("results_20130124.token", "10.jpg\tA cow", "line 1 .* name.jpg#0"),
    ],
)
def test_broken_tables_are_explained_in_one_sentence(tmp_path, table, text, says):
    with pytest.raises(ValueError, match=says) as error:
        data.read_flickr(flickr(tmp_path, table, text))
    assert str(tmp_path) not in one_sentence(error)


def test_an_unknown_encoding_is_explained(tmp_path):
    folder = flickr(tmp_path, "results.csv", "image|comment\n10.jpg|A café", encoding="latin-1")
    with pytest.raises(ValueError, match="results.csv must be text in UTF-8, but byte 26") as error:
        data.read_flickr(folder)
    one_sentence(error)


@pytest.mark.parametrize(
    ("missing", "says"), [("table", "table of captions"), ("pictures", "folder of pictures")]
)
def test_a_folder_that_lacks_a_part_is_explained(tmp_path, missing, says):
    if missing == "table":
        make_pictures(tmp_path / "images")
    else:
        (tmp_path / "captions.txt").write_text(TABLES["captions.txt"])
    with pytest.raises(ValueError, match=f"must hold a {says}") as error:
        data.read_flickr(tmp_path)
    one_sentence(error)
    with pytest.raises(ValueError, match="captions_val2017.json"):
        data.read_coco(tmp_path, "val2017")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "must be JSON with images"),
        ({"images": []}, "must be JSON with images .*KeyError"),
        ([], "must be JSON with images"),
        (
            COCO | {"annotations": [{"image_id": 9, "caption": "A cow"}]},
            "annotation 0 .* image_id is none of their ids",
        ),
        (COCO | {"annotations": [{"image_id": 1, "caption": None}]}, "caption for 10.jpg"),
        (COCO | {"annotations": [{"image_id": [], "caption": "A cow"}]}, "must be JSON"),
        (COCO | {"annotations": []}, "must hold captions, but holds none"),
        (
            COCO | {"images": [{"id": 1, "file_name": "gone.jpg"}, *COCO["images"][1:]]},
            "annotation 0 .* picture gone.jpg",
        ),
    ],
)
def test_broken_annotations_are_explained_in_one_sentence(tmp_path, content, says):
    with pytest.raises(ValueError, match=says) as error:
        data.read_coco(coco(tmp_path, content), "val2017")
    one_sentence(error)


def test_pictures_are_cut_to_squares_of_one_size(tmp_path):
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (250, 120, 10)  # the middle
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.new("L", (30, 90), 77).save(tmp_path / "grey.png")
    Image.new("RGBA", (8, 8), (1, 2, 3, 255)).save(tmp_path / "with_alpha.png")
    paths = [tmp_path / name for name in ("wide.png", "grey.png", "with_alpha.png")]
    read = data.read_pictures(paths, 16)
    assert read.shape == (3, 16, 16, 3) and read.dtype == np.uint8
    assert (read[0, :, 2:-2] == (250, 120, 10)).all()
    assert (read[1] == 77).all() and (read[2] == (1, 2, 3)).all()


@pytest.mark.parametrize("content", [b"", b"no picture", "half"])
def test_a_file_that_is_no_whole_picture_is_explained(tmp_path, content):
    path = tmp_path / "x.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2_000] if content == "half" else content)
    with pytest.raises(ValueError, match="x.png must be a whole picture") as error:
        data.read_pictures([path], 8)
    assert str(tmp_path) not in one_sentence(error)


def test_words_and_their_numbers():
    assert data.words_of("Two dogs' balls, a dog's 2nd… été!") == [
        *("two", "dogs", "balls", "a", "dog's", "2nd", "été"),
    ]
    words = data.vocabulary(["a dog", "A cat sees a dog.", "zebra"], at_least=2)
    assert words == ["<unknown>", "<end>", "a", "dog"]
    encoded = data.encode_captions(["A dog", "the dog", "a a a a"], words, 3)
    assert encoded.tolist() == [[2, 3, 1], [0, 3, 1], [2, 2, 2]]


@given(st.lists(st.text(), min_size=1), st.integers(1, 9))
def test_any_text_is_encoded_and_known_words_come_back(captions, longest):
    words = data.vocabulary(captions)
    encoded = data.encode_captions(captions, words, longest)
    for row, caption in zip(encoded, captions, strict=True):
        expected = (data.words_of(caption) + longest * ["<end>"])[:longest]
        assert [words[k] for k in row] == expected
