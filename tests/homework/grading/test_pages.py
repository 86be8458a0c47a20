"""The pages of grading: they say what matters, and nothing of a learner's ever acts in them."""

import base64
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_marks import HOSTILE, hand_in, task, unreadable

from homework.grading import marks, pages
from homework.grading.results import Picture, Text

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ATTRIBUTES = {
    **dict.fromkeys("head title style body h1 h2 h3 p b bdi ul li dl dt dd code".split(), set()),
    **dict.fromkeys("table thead tbody tr".split(), set()),
    **dict.fromkeys(["td", "th", "span", "section", "p"], {"class"}),
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
    "a": {"href"},
    "img": {"src", "alt"},
    "pre": {"tabindex"},
}
ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</pre></section><iframe src=//evil>",
    "</title></style><svg/onload=alert(1)>",
    "<!--",
    "]]>&lt;script&gt;",
    "`<b>`",
    "![x](javascript:alert(1))",
    "\x00<scr\x00ipt>",
]
HOSTILES = st.one_of(HOSTILE, st.sampled_from(ATTACKS))


def png(width=2, height=2):
    sizes = b"".join(n.to_bytes(4, "big") for n in (width, height))
    return base64.b64encode(SIGNATURE + b"\x00\x00\x00\x0dIHDR" + sizes + b"rest").decode()


class Inert(HTMLParser):
    """Assert that a page consists of harmless elements, closed in order; collect its texts."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts, self.pictures, self.links = [], [], [], []
        self.policies = 0
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert set(dict(attributes)) <= ATTRIBUTES[tag], (tag, attributes)
        for name, value in attributes:
            if name == "src":
                data = value.removeprefix("data:image/png;base64,")
                assert base64.b64decode(data, validate=True).startswith(SIGNATURE)
                self.pictures.append(dict(attributes)["alt"])
            if name == "href":
                assert re.fullmatch(r"feedback/[a-z0-9-]+\.html", value)
                self.links.append(value)
            if name == "class":
                assert value in ("n", "passed", "failed", "note")
            self.policies += name == "http-equiv" and value == "Content-Security-Policy"
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data!r}")

    handle_pi = unknown_decl


def text_of(page):
    found = Inert(page)
    assert found.policies == 1
    return " ".join(" ".join(found.texts).split())


def feedback(by_hand=None, **more):
    (mark,) = marks.mark_all([hand_in(**more)], by_hand)
    return pages.feedback(mark)


# Nothing acts ------------------------------------------------------------------------------------


def spoilt(evil, status="graded"):
    """Return a hand-in with one text wherever a learner's may get."""
    wrong = task(points=0, status="time limit", what=evil, expected=evil, hint=evil, title=evil)
    cell = {
        "task": evil,
        "outputs": [{"text": evil}, {"png": png(), "alt": evil}, {"png": evil, "alt": evil}],
        "error": evil,
    }
    more = {"tasks": [wrong, task("04.6", None, 2, answer=evil)], "cells": [cell]}
    more |= {"notes": [evil], "source": evil, "digest": evil, "handed_in": evil, "status": status}
    return hand_in(evil, "id:" + evil, "a", exercise=evil, **more)


def check_inert(evil):
    for status in ("graded", "unreadable", "failed"):
        found = marks.mark_all([spoilt(evil, status)], {("a", "04.6"): (None, evil)})
        for page in (pages.feedback(found[0]), pages.class_page(found)):
            Inert(page)
            page.encode("utf-8")
            body = page.replace("\n", "").replace("\t", "")
            assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in body)
            assert not set(body) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("evil", ATTACKS)
def test_attacks_stay_text(evil):
    check_inert(evil)


@pytest.mark.filterwarnings("ignore:Glyph")  # of a title; those of tasks have none that is missing
@settings(max_examples=15)  # each draws pictures
@given(HOSTILES)
def test_any_text_stays_text(evil):
    check_inert(evil)


@given(HOSTILES, HOSTILES, HOSTILES)
def test_any_mixture_stays_text(one, other, third):
    result = replace(spoilt(one), who=other, notes=(third,))
    cell = replace(result.cells[0], outputs=(Text(other), Picture(third, one)))
    result = replace(result, cells=(cell,))
    (mark,) = marks.mark_all([result], {("a", "04.6"): (1, other)})
    Inert(pages.feedback(mark))


def test_the_parser_of_these_tests_would_see_an_attack():
    with pytest.raises((AssertionError, KeyError)):
        Inert("<p><script>alert(1)</script></p>")
    with pytest.raises((AssertionError, KeyError)):
        Inert('<p onclick="x">')


@pytest.mark.parametrize(
    "bad",
    [
        base64.b64encode(b"<svg onload=alert(1)>").decode(),
        base64.b64encode(b"GIF89a").decode(),
        png()[:8] + '"><' + png()[8:],
        base64.b64encode(b"GIF89a" + base64.b64decode(png())[6:]).decode(),
        png(100_000, 100_000),
        "é",
        "",
    ],
)
def test_only_small_png_pictures_are_shown(bad):
    cells = [{"task": "", "outputs": [{"png": bad, "alt": "the loss"}], "error": ""}]
    page = feedback(cells=cells)
    assert not Inert(page).pictures
    assert "A picture that can't be shown: the loss" in text_of(page)


def test_pictures_are_shown_with_their_text():
    outputs = [
        {"png": f"{png()[:9]}\n{png()[9:]}\n", "alt": 'the "loss"'},
        {"png": png(), "alt": ""},
    ]
    page = feedback(cells=[{"task": "04.1", "outputs": outputs, "error": ""}])
    assert Inert(page).pictures == ['the "loss"', "a picture without a description"]


# What a learner reads ----------------------------------------------------------------------------


def test_feedback_says_what_to_mend():
    failed = task(
        points=0, what="1 of 2 values is wrong", expected="whole numbers", hint="Is `c` lost?"
    )
    late = task("04.2", 0, 4, status="time limit", what="it didn't end in time")
    answer = task("04.6", None, 2, answer="It can't\nknow.")
    outputs = [{"text": "\x1b[31mloss\x1b[0m 1\r\nloss 2"}]
    cells = [
        {"task": "", "outputs": [], "error": ""},
        {"task": "04.2", "outputs": outputs, "error": "NameError: name 'x' is not defined"},
    ]
    notes = ["a check was changed"]
    page = feedback(tasks=[task(), failed, late, answer], notes=notes, cells=cells)
    text = text_of(page)
    assert "3 of 12 points so far; answers for 2 more are still to be read." in text
    for said in [
        "04.1 One column 3 3 ✓ passed",
        "04.1 One column 0 3 ✗ not passed",
        "04.2 One column 0 4 ✗ stopped at the time limit",
        "04.6 One column – 2 ○ a person reads it",
        "What 1 of 2 values is wrong Expected whole numbers Hint Is c lost?",
        "The time limit was hit.",
        "Your answer It can't know.",
        "Notes a check was changed",
        "What your notebook printed At task 04.2 loss 1 loss 2 ✗ NameError: name 'x'",
    ]:
        assert said in text
    assert "Comment" not in text and "At the beginning" not in text and "<code>c</code>" in page


def test_feedback_shows_marks_and_comments_by_hand():
    by_hand = {
        ("anna-04", "04.6"): (1.5, "Say why.\nNicely put."),
        ("anna-04", "04.1"): (None, "!"),
    }
    text = text_of(feedback(by_hand))
    assert "4.5 of 5 points." in text and "04.6 One column 1.5 2 ✎ marked by hand" in text
    assert "Comment Say why. Nicely put." in text and "Comment !" in text


def test_feedback_names_what_does_not_count():
    found = marks.mark_all(
        [hand_in(name="a"), hand_in(name="b", day=2), unreadable(name="c", day=3)]
    )
    texts = {mark.result.name: text_of(pages.feedback(mark)) for mark in found}
    assert "Not counted, as a later one was handed in; this one has 3 of 5 points." in texts["a"]
    assert "can't be read, so this one counts" in texts["b"]
    assert "could not be read" in texts["c"] and "it is no zip" in texts["c"]


def contrast(one, other):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


def test_all_colours_of_text_can_be_read():
    style = feedback().partition("<style>")[2].partition("</style>")[0]
    inks = set(re.findall(r"[^-]color: (#\w{6})", style))
    papers = set(re.findall(r"background: (#\w{6})", style)) | {"#ffffff"}
    assert len(inks) >= 4 and len(papers) >= 4
    assert all(contrast(ink, paper) >= 4.5 for ink in inks for paper in papers)


# What a teacher reads ----------------------------------------------------------------------------


def a_class(n, exercise="04_the_carry_generator"):
    results = []
    for k in range(n):
        hint = ["No carry goes on.", "Begin at the `first` step.", ""][min(k % 4, 2)]
        wrong = task("04.2", 0, 4, title="Rows of $\\frac$", what=f"{k} is wrong", hint=hint)
        tasks = [task(), wrong, task("04.6", None, 2)]
        results.append(
            hand_in(
                f"Learner {k}", f"id:{k}", f"l-{k}-{exercise[:2]}", tasks=tasks, exercise=exercise
            )
        )
    return results


def test_the_class_page_counts_mistakes_by_their_hints():
    results = a_class(8)
    late = hand_in("Learner 0", "id:0", "late", day=2)
    results.append(replace(late, tasks=results[0].tasks))
    page = pages.class_page(marks.mark_all(results))
    text = text_of(page)
    assert "9 handed in, 8 counted." in text
    assert "8 counted: 3 to 3 of 9 points, 3.0 on average, the median 3." in text
    assert "2 of 8: Begin at the first step. 2 of 8: No carry goes on. 1 of 8: 2 is wrong" in text
    (points, success) = Inert(page).pictures
    assert points == "How many learners have how many points. 3 points: 8."
    assert "04.1 One column: 8 all points; 04.2 Rows of $\\frac$: 8 no points" in success
    assert "04.6 One column: 8 to be read" in success
    assert "feedback/l-3-04.html" in Inert(page).links


def test_only_files_of_gradings_own_are_linked():
    (mark,) = marks.mark_all([hand_in(name='../a"b')])
    page = pages.class_page([mark])
    assert not Inert(page).links and "Anna Berg" in text_of(page)


def test_at_most_five_mistakes_of_a_task_are_told():
    wrong = [
        hand_in(f"L {k}", f"id:{k}", f"l-{k}", tasks=[task(points=0, what=f"error {k}")])
        for k in range(9)
    ]
    text = text_of(pages.class_page(marks.mark_all(wrong)))
    assert text.count("1 of 9: error") == 5


def test_the_class_page_names_what_needs_a_look():
    results = [
        hand_in("Late", "id:1", "a", tasks=[task(points=0, status="time limit")]),
        hand_in("Edited", "id:2", "b", notes=["a check was changed"]),
        unreadable(who="Broken", learner="id:3", name="c"),
        hand_in("Unlucky", "id:4", "d", status="failed", tasks=[]),
        hand_in("Fine", "id:5", "e", day=2),
        hand_in("Fine", "id:5", "f", notes=["of an older one"]),
    ]
    text = text_of(pages.class_page(marks.mark_all(results)))
    look = text[text.index("need a look") : text.index("All hand-ins")]
    assert "Late : 04.1 stopped at the time limit" in look
    assert "Edited : a check was changed" in look and "Broken : unreadable; it is no zip" in look
    assert "Unlucky : failed" in look and "Fine" not in look


@pytest.mark.parametrize("n", [0, 1, 30])
def test_the_class_page_suits_any_number(n):
    results = a_class(n) + a_class(n, "05_the_carry_model")
    other = hand_in(tasks=[task("05.1", 40, 60)]).tasks
    results[n:] = [replace(result, tasks=other) for result in results[n:]]
    page = pages.class_page(marks.mark_all(results))
    assert len(Inert(page).pictures) == (4 if n else 0)
    assert page == pages.class_page(marks.mark_all(results[::-1]))
    if n == 1:
        assert "One counted: 3 of 9 points. Answers still to be read: in 1." in text_of(page)
        assert "39–41 points: 1." in page
