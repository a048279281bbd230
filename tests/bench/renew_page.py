#!/usr/bin/env python3
"""renew_page.py PAGE REPORT: puts a report into a page. Sections ("## ...") of the report take the places of those
of the same title, new ones come last; other sections and everything behind the mark stay as they are, and so does
the beginning of the page when the report has none."""
import re
import sys

MARK = "<!-- From here on written by hand: tests/bench/run.sh keeps it. -->\n"


def sections(text):
    """The part before the first section, and the sections by title."""
    parts = re.split(r"^(?=## )", text, flags=re.M)
    return parts[0], {part.split("\n", 1)[0]: part.rstrip("\n") + "\n\n" for part in parts[1:]}


def renewed(page, report):
    generated, mark, by_hand = page.partition(MARK)
    beginning, old = sections(generated)
    head, new = sections(report)
    return (head if head.strip() else beginning) + "".join({**old, **new}.values()) + (MARK if mark else MARK + "\n") + by_hand


if __name__ == "__main__":
    page, report = sys.argv[1:]
    with open(page) as file:
        old = file.read()
    with open(report) as file:
        text = renewed(old, file.read())
    with open(page, "w") as file:
        file.write(text)
