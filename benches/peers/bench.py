"""Times this program beside Python peers on the same recorded payloads. See README.md."""

import argparse
import datetime
import html
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import extruct
from jobspy.util import extract_emails_from_text, extract_job_type, extract_salary, markdown_converter
from parsel import Selector

SALARY_SETS = {
    "English": "ergon_salary_corpus.jsonl",
    "German": "ergon_de_salary_corpus.jsonl",
    "French": "ergon_fr_salary_corpus.jsonl",
    "Spanish": "ergon_es_salary_corpus.jsonl",
}


def timed(work, rounds=3):
    """The fastest of some rounds in seconds, and the last result."""
    best, result = float("inf"), None
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def program(binary, *words, stdin=None):
    done = subprocess.run([binary, *words], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{words}: {done.stderr}")
    return done.stdout


def greenhouse_files(recordings):
    files = sorted(recordings.glob("greenhouse/*/response.json"))
    return [file for file in files if '"content"' in file.read_text()]


def greenhouse(binary, recordings, rows):
    files = greenhouse_files(recordings)
    copies = 10
    words = [str(file) for file in files] * copies

    def peer():
        count = 0
        for file in words:
            answer = json.loads(Path(file).read_text())
            for record in answer.get("jobs", [answer]):
                text = markdown_converter(html.unescape(record.get("content") or "")) or ""
                extract_job_type(text)
                extract_emails_from_text(text)
                extract_salary(text)
                count += 1
        return count

    def ours():
        return program(binary, "--json", "sources", "parse", "--source", "greenhouse", "--board", "acme", *words).count("\n")

    add(rows, "Greenhouse boards, all fields", "JobSpy", timed(ours), timed(peer))


def bodies(binary, recordings, rows):
    texts = []
    for file in greenhouse_files(recordings):
        answer = json.loads(file.read_text())
        texts += [html.unescape(record.get("content") or "") for record in answer.get("jobs", [answer])]
    texts = [text for text in texts if text] * 10
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)

    def peer():
        for text in texts:
            parts = Selector(text=text).xpath("//text()").getall()
            re.sub(r"\s+", " ", " ".join(parts))
        return len(texts)

    def ours():
        return program(binary, "extract", "requirements", stdin=lines).count("\n")

    add(rows, "body to text (ours: and its requirements)", "parsel", timed(ours), timed(peer))


def pages(binary, recordings, rows):
    files = [file for file in sorted(recordings.glob("html/*/response.html")) if "ld+json" in file.read_text(errors="replace")]
    copies = 30
    words = [str(file) for file in files] * copies

    def peer():
        count = 0
        for file in words:
            try:
                found = extruct.extract(Path(file).read_text(errors="replace"), syntaxes=["json-ld"])
            except Exception:  # a page that stops extruct is a page without postings
                continue
            count += sum(1 for item in found["json-ld"] if "JobPosting" in str(item.get("@type")))
        return count

    with tempfile.TemporaryDirectory() as folder:
        names = []
        for place, file in enumerate(files * copies):
            case = Path(folder, str(place))
            case.mkdir()
            url = "https://pages.example/" + str(place)
            options = '[options]\nurl = "https://pages.example/list"\npath = "https://pages.example/"\n'
            case.joinpath("exchange.toml").write_text(
                f'source = "json_ld"\nurl = "{url}"\nstatus = 200\ncontent_type = "text/html"\nboard = "pages"\n{options}'
            )
            case.joinpath("response.html").write_bytes(file.read_bytes())
            names.append(str(case))

        def ours():
            return program(binary, "--json", "sources", "parse", *names).count("\n")

        add(rows, "schema.org postings of pages, all fields", "extruct", timed(ours), timed(peer))


def same(found, expected):
    low, high, period = found
    near = lambda a, b: (a is None) == (b is None) and (a is None or abs(a - b) <= abs(b) * 0.01)
    return near(low, expected.get("min")) and near(high, expected.get("max")) and period == expected.get("interval")


def quality(found, rows):
    answered = sum(1 for one in found if one)
    labelled = sum(1 for row in rows if row["expect"])
    exact = sum(1 for one, row in zip(found, rows) if one and row["expect"] and same(one, row["expect"]))
    return f"{exact / max(labelled, 1):.2f} / {exact / max(answered, 1):.2f}" if answered else f"{0:.2f} / -"


def salaries(binary, labelled, rows, qualities):
    for language, name in SALARY_SETS.items():
        file = labelled / name
        if not file.exists():
            continue
        cases = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        repeated = cases * 50
        lines = "".join(json.dumps({"text": case["text"]}) + "\n" for case in repeated)

        def peer():
            answers = []
            for case in repeated:
                period, low, high, _ = extract_salary(case["text"])
                answers.append((low, high, {"yearly": "year", "monthly": "month", "hourly": "hour"}[period]) if period else None)
            return answers

        def ours():
            return program(binary, "extract", "salary", stdin=lines).splitlines()

        mine, theirs = timed(ours), timed(peer)
        add(rows, f"pay in {language} texts", "JobSpy", (mine[0], len(mine[1])), (theirs[0], len(theirs[1])))
        read = [json.loads(line) for line in mine[1][: len(cases)]]
        read = [(one["min"], one["max"], one["period"]) if one.get("min") or one.get("max") else None for one in map(pay, read)]
        qualities.append((language, quality(read, cases), quality(theirs[1][: len(cases)], cases)))


def pay(answer):
    """The amount as published."""
    found = answer.get("raw_salary") or {}
    number = lambda key: float(found[key]) if found.get(key) is not None else None
    return {"min": number("min"), "max": number("max"), "period": found.get("period")}


def add(rows, work, peer, mine, theirs):
    rows.append((work, peer, mine[1], theirs[1], mine[0], theirs[0], theirs[0] / mine[0]))


def machine():
    found = lambda file, key: next((line.split(":", 1)[1].strip() for line in Path(file).read_text().splitlines() if line.startswith(key)), "")
    gigabytes = -(-int(found("/proc/meminfo", "MemTotal").removesuffix(" kB") or 0) // (1 << 20))
    return f"{os.cpu_count()} cores of {found('/proc/cpuinfo', 'model name')}, {gigabytes} GB"


def save(rows, qualities):
    """For the page of results; the form is that of benches/measures/mod.rs."""
    figure = lambda what, value, unit: {"what": what, "value": value, "unit": unit, "size": None, "goal": None}
    figures = [figure(f"{work}, against {peer}", ratio, "times as fast") for work, peer, *_, ratio in rows]
    for language, mine, theirs in qualities:
        for who, text in (("ours", mine), ("JobSpy", theirs)):
            for what, value in zip(("recall", "precision"), text.split(" / ")):
                if value != "-":
                    figures.append(figure(f"pay in {language} texts, {what}: {who}", float(value), ""))
    folder = Path(__file__).parents[2] / "target" / "measures"
    folder.mkdir(parents=True, exist_ok=True)
    measures = {
        "bench": "peers",
        "command": "target/peers/bin/python benches/peers/bench.py --recordings DIR --labelled DIR",
        "day": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "machine": machine(),
        "figures": figures,
    }
    folder.joinpath("peers.json").write_text(json.dumps(measures, indent=2))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="target/release/career-worker")
    options.add_argument("--recordings", type=Path, required=True)
    options.add_argument("--labelled", type=Path, required=True)
    given = options.parse_args()
    rows, qualities = [], []
    greenhouse(given.program, given.recordings, rows)
    bodies(given.program, given.recordings, rows)
    pages(given.program, given.recordings, rows)
    salaries(given.program, given.labelled, rows, qualities)
    print(f"{'work':<44} {'peer':<8} {'ours':>7} {'peer':>7} {'ours s':>8} {'peer s':>8} {'ratio':>7}")
    for work, peer, mine, theirs, own, other, ratio in rows:
        print(f"{work:<44} {peer:<8} {mine:>7} {theirs:>7} {own:>8.3f} {other:>8.3f} {ratio:>6.1f}x")
    print("\nrecall / precision of pay (both ends within 1 %, same period)")
    for language, mine, theirs in qualities:
        print(f"{language:<10} ours {mine}   JobSpy {theirs}")
    save(rows, qualities)


if __name__ == "__main__":
    main()
