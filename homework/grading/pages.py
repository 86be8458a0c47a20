"""The pages that grading writes: feedback for a learner, an overview of the class for the teacher.

Whatever comes from a learner is shown as text: cleaned, escaped, and never as markup or a link.
Of pictures only PNG is shown, from the page itself. The policy at the head of each page forbids
the browser to run or fetch anything, should something slip through.
"""

import base64
import html
import io
import math
import re
import statistics
import textwrap
from collections import Counter, defaultdict

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.lesson import plotting
from homework.grading.texts import one_line, plain, when

PIXELS = 25_000_000  # of a picture: a small file can unfold to one that fills the memory
MOST = 5  # mistakes that are told of a task
STATES = {  # sign and words: never by colour alone
    "passed": ("✓", "passed"),
    "failed": ("✗", "not passed"),
    "time limit": ("✗", "stopped at the time limit"),
    "crashed": ("✗", "stopped: it crashed or used too much"),
    "missing": ("✗", "no answer found"),
    "waiting": ("○", "a person reads it"),
    "by hand": ("✎", "marked by hand"),
}
WRONG = [status for status, (sign, _) in STATES.items() if sign == "✗"]
SUCCESS = [
    ("all points", plotting.BLUE, "white"),
    ("some points", plotting.SKY, "black"),
    ("no points", plotting.ORANGE, "black"),
    ("to be read", "#dddddd", "black"),
]
LATE = "The time limit was hit."
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
POLICY += "form-action 'none'"
STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a }
body { max-width: 52rem; margin: 0 auto; padding: 1rem; background: #fff }
h1, h2, h3 { line-height: 1.25 }
h2 { margin-top: 2rem; border-bottom: 1px solid #767676 }
table { border-collapse: collapse; width: 100% }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top }
th, td { border-bottom: 1px solid #c4c4c4; overflow-wrap: anywhere }
td.n, th.n { text-align: right; white-space: nowrap }
.passed { color: #00694d } .failed { color: #a13a00 } .note { color: #00507d }
section { border-left: 6px solid #c4c4c4; padding: .1rem 1rem; margin: 1rem 0 }
section.failed { border-color: #a13a00; color: inherit; background: #fdf1e8 }
section.note { border-color: #00507d; color: inherit; background: #eaf3f9 }
section.passed { border-color: #00694d; color: inherit; background: #e8f6f1 }
dt { font-weight: bold } dd { margin: 0 0 .4rem; white-space: pre-wrap }
dd, p, li, h1, h2, h3 { overflow-wrap: anywhere }
pre, code { font: .9rem/1.4 ui-monospace, monospace; background: #f4f4f4; color: #1a1a1a }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .5rem; max-height: 30rem }
pre { overflow: auto }
img { max-width: 100%; height: auto }
@media print {
  pre { max-height: none } section, tr, img { break-inside: avoid } body { padding: 0 }
}
"""


def shown(value):
    """Return a text as HTML that shows it and does nothing else."""
    return html.escape(plain(value))


def _prose(value):
    """Return a text of the course's as HTML; what stands between backticks is code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", shown(value))


def _page(title, *parts):
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f"<title>{shown(one_line(title))}</title><style>{STYLE}</style>"
    body = "\n".join(filter(None, parts))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _table(header, rows, numbers=()):
    """Return a table of cells that are HTML already; the columns `numbers` are set right."""

    def line(tag, cells):
        marked = [' class="n"' if k in numbers else "" for k in range(len(cells))]
        inside = zip(marked, cells, strict=True)
        return f"<tr>{''.join(f'<{tag}{mark}>{cell}</{tag}>' for mark, cell in inside)}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', header)}</thead><tbody>\n{body}\n</tbody></table>"


def _list(items):
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def _pairs(pairs):
    inside = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in pairs if text)
    return f"<dl>{inside}</dl>" if inside else ""


def _title(exercise):
    number, _, name = exercise.partition("_")
    name = name.replace("_", " ").capitalize()
    for term in ("LSTM", "RNN", "NumPy"):
        name = re.sub(rf"\b{term}\b", term, name, flags=re.IGNORECASE)
    return f"{number} {name}".strip() or "unknown exercise"


# Feedback for a learner --------------------------------------------------------------------------


def feedback(mark):
    """Return the page for one hand-in: points, what to mend, and what the notebook printed.

    Args:
        mark: of `marks.mark_all`.
    """
    result, title = mark.result, shown(_title(mark.result["exercise"]))
    rows = [
        [f"{shown(task['id'])} {shown(task['title'])}", _points(task["points"]), task["out_of"]]
        + [_state(task)]
        for task in mark.tasks
    ]
    file = shown(one_line(result["source"].replace("\\", "/").rpartition("/")[2]))
    return _page(
        f"Feedback: {_title(result['exercise'])}, {mark.who}",
        f"<h1>Feedback: {title}</h1>",
        f"<p><bdi><b>{shown(mark.who)}</b></bdi>, handed in {shown(when(result['handed_in']))} as "
        f"<bdi>{file}</bdi> (SHA-256 {shown(result['digest'])[:12]}…)</p>",
        f"<p><b>{_total(mark)}</b></p>",
        _table(["Task", "Points", "Out of", "Result"], rows, (1, 2)) if rows else "",
        *(_detail(task) for task in mark.tasks),
        "<h2>Notes</h2>" + _list([shown(note) for note in mark.notes]) if mark.notes else "",
        _outputs(result["cells"]),
    )


def _points(points):
    return "–" if points is None else str(points)


def _state(task):
    sign, words = STATES[task["status"]]
    return f'<span class="{_colour(task)}">{sign} {words}</span>'


def _colour(task):
    return {"✓": "passed", "✗": "failed"}.get(STATES[task["status"]][0], "note")


def _total(mark):
    if mark.status == "unreadable":
        return "✗ This hand-in could not be read, so it has no points; the notes below say why."
    if mark.status == "failed":
        return "✗ Grading this hand-in failed; that is not the learner's fault."
    points = f"{mark.points} of {mark.out_of} points"
    if mark.status == "not counted":
        return f"○ Not counted, as a later one was handed in; this one has {points}."
    more = f" so far; answers for {mark.waiting} more are still to be read"
    return f"{points}{more if mark.status == 'waiting' else ''}."


def _detail(task):
    """Return what there is to say of a task; nothing if it just passed."""
    told = [
        ("Time limit", LATE if task["status"] == "time limit" else ""),
        ("What", _prose(task["what"])),
        ("Expected", _prose(task["expected"])),
        ("Hint", _prose(task["hint"])),
        ("Your answer", shown(task["answer"])),
        ("Comment", shown(task["comment"])),
    ]
    pairs = _pairs(told)
    title = f"{shown(task['id'])} {shown(task['title'])}"
    return f'<section class="{_colour(task)}"><h3>{title}</h3>{pairs}</section>' if pairs else ""


def _outputs(cells):
    parts = []
    for cell in cells:
        inside = [_output(output) for output in cell["outputs"]]
        if cell["error"]:
            inside.append(f'<p class="failed">✗ {shown(cell["error"])}</p>')
        if any(inside):
            place = f"At task {shown(cell['task'])}" if cell["task"] else "At the beginning"
            parts.append(f"<section><h3>{place}</h3>{''.join(inside)}</section>")
    return "\n".join(["<h2>What your notebook printed</h2>", *parts]) if parts else ""


def _output(output):
    if "text" in output:
        text = shown(output["text"]).rstrip()
        return f'<pre tabindex="0">{text}</pre>' if text else ""
    png = _png(output.get("png", ""))
    alt = shown(one_line(output.get("alt", "")) or "a picture without a description")
    if not png:
        return f"<p>A picture that can't be shown: {alt}</p>"
    return f'<img src="data:image/png;base64,{png}" alt="{alt}">'


def _png(text):
    """Return the base64 of a PNG picture of sensible size as one line; else nothing."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return ""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return ""
    width, height = (int.from_bytes(data[k : k + 4], "big") for k in (16, 20))
    return base64.b64encode(data).decode() if width * height <= PIXELS else ""


# The class ---------------------------------------------------------------------------------------


def class_page(marks):
    """Return the overview: points, success and mistakes per exercise, and what needs a look.

    Args:
        marks: what `marks.mark_all` returned.
    """
    exercises = defaultdict(list)
    for mark in marks:
        if mark.counts:
            exercises[mark.result["exercise"]].append(mark)
    rows = [[_link(m), shown(_title(m.result["exercise"])), *_cells(m)] for m in marks]
    attention = [f"{_link(m)}: {shown('; '.join(said))}" for m in marks if (said := _remarks(m))]
    return _page(
        "The class",
        "<h1>The class</h1>",
        f"<p>{len(marks)} handed in, {sum(map(len, exercises.values()))} counted.</p>",
        *(_exercise(stem, exercises[stem]) for stem in sorted(exercises)),
        "<h2>Hand-ins that need a look</h2>",
        _list(attention) or "<p>None.</p>",
        "<h2>All hand-ins</h2>",
        _table(["Who", "Exercise", "Points", "Status"], rows, (2,)),
    )


def _link(mark):
    name, who = mark.result["name"], f"<bdi>{shown(mark.who)}</bdi>"
    safe = re.fullmatch(r"[a-z0-9-]+", name)
    return f'<a href="feedback/{name}.html">{who}</a>' if safe else who


def _cells(mark):
    waiting = f"waiting: {mark.waiting} more to be read"
    points = f"{mark.points} of {mark.out_of}" if mark.counts else ""
    return points, waiting if mark.status == "waiting" else mark.status


def _remarks(mark):
    if mark.status == "not counted":
        return []
    said = [mark.status] if mark.status in ("unreadable", "failed") else []
    stopped = [task for task in mark.tasks if task["status"] in ("time limit", "crashed")]
    said += [f"{task['id']} {STATES[task['status']][1]}" for task in stopped]
    return [*said, *mark.notes]


def _exercise(stem, marks):
    points, out_of = [mark.points for mark in marks], max(mark.out_of for mark in marks)
    told = f"One counted: {points[0]} of {out_of} points."
    if len(points) > 1:
        told = f"{len(points)} counted: {min(points)} to {max(points)} of {out_of} points, "
        told += (
            f"{statistics.mean(points):.1f} on average, the median {statistics.median(points):g}."
        )
    if waiting := sum(mark.status == "waiting" for mark in marks):
        told += f" Answers still to be read: in {waiting}."
    tasks = defaultdict(list)
    for mark in marks:
        for task in mark.tasks:
            tasks[f"{task['id']} {one_line(task['title'])}"].append(task)
    parts = [_distribution(points, out_of), _success(tasks), _mistakes(tasks)]
    return "\n".join([f"<h2>{shown(_title(stem))}</h2><p>{told}</p>", *parts])


def _picture(fig, alt):
    png = io.BytesIO()
    fig.savefig(png, format="png", metadata={"Software": None})
    picture = base64.b64encode(png.getvalue()).decode()
    return f'<p><img src="data:image/png;base64,{picture}" alt="{shown(alt)}"></p>'


def _distribution(points, out_of):
    step = math.ceil((out_of + 1) / 25)
    bins = range(int(out_of) // step + 1)
    found = Counter(int(p) // step for p in points)
    counts = [found[k] for k in bins]
    labels = [f"{k * step}–{k * step + step - 1}" if step > 1 else f"{k}" for k in bins]
    fig = Figure(figsize=plotting.WIDE)
    ax = fig.subplots()
    ax.bar(list(bins), counts, color=plotting.BLUE)
    ax.set_xticks(list(bins), labels, fontsize=9, rotation=90 * (step > 1))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel=f"points, out of {out_of}", ylabel="learners")
    said = ", ".join(f"{label} points: {n}" for label, n in zip(labels, counts, strict=True) if n)
    return _picture(fig, f"How many learners have how many points. {said}.")


def _success(tasks):
    fig = Figure(figsize=(plotting.WIDE[0], 1.1 + 0.42 * len(tasks)))
    ax = fig.subplots()
    found = [Counter(map(_success_of, rows)) for rows in tasks.values()]
    left = [0] * len(tasks)
    for kind, colour, ink in SUCCESS:
        widths = [counts[kind] for counts in found]
        bars = ax.barh(range(len(left)), widths, left=left, color=colour, label=kind)
        ax.bar_label(bars, [str(n or "") for n in widths], label_type="center", color=ink)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    names = [textwrap.fill(name, 32, max_lines=2, placeholder="…") for name in tasks]
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.invert_yaxis()
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="learners")
    fig.legend(loc="outside upper center", ncols=len(SUCCESS))
    said = [", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) for counts in found]
    rows = "; ".join(f"{name}: {text}" for name, text in zip(tasks, said, strict=True))
    return _picture(fig, f"Success per task. {rows}.")


def _success_of(task):
    if not task["points"]:
        return "no points" if task["points"] == 0 else "to be read"
    return "all points" if task["points"] >= task["out_of"] else "some points"


def _mistakes(tasks):
    """Return the most common mistakes per task: by hint, or by what is wrong if there is none."""
    parts = []
    for name, rows in tasks.items():
        wrong = [task for task in rows if task["status"] in WRONG]
        found = Counter(task["hint"] or task["what"] for task in wrong)
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST]
        told = [f"<b>{n} of {len(rows)}:</b> {_prose(text)}" for text, n in ordered]
        parts += [f"<p><b>{shown(name)}</b></p>{_list(told)}"] if told else []
    return "\n".join(["<h3>Most common mistakes</h3>", *parts]) if parts else ""
