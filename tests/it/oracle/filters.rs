//! Random filters, each with the condition over `jobs` that says the same, written by hand.
//!
//! To add a key: an arm of `clause` that gives its JSON and its condition.

use std::collections::BTreeSet;

use career_worker::{
    domain::{JobId, JobType},
    matching::{Fields, MatchPosting, Node, PostingFields, Query},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Map, Value, json};

use super::corpus::{Corpus, today};

/// Currencies that filters name; the last is in no table of rates.
const CURRENCIES: [&str; 5] = ["EUR", "USD", "GBP", "usd", "XYZ"];
const KEYS: [&str; 10] = [
    "location",
    "remote_only",
    "job_type",
    "min_salary",
    "max_salary",
    "tech_stack",
    "company",
    "exclude",
    "posted_within_days",
    "source",
];
/// Cities whose other names the matcher knows.
const CITIES: [(&str, &[&str]); 4] = [
    ("Munich", &["munich", "munchen", "muenchen"]),
    ("Köln", &["cologne", "koln", "koeln"]),
    ("Vienna", &["vienna", "wien"]),
    ("Bengaluru", &["bangalore", "bengaluru"]),
];

/// Cities that the matcher knows by several names, in lower case.
const RENAMED: &str = " munich munchen cologne koln vienna wien zurich zuerich geneva geneve genf nuremberg nurnberg hanover hannover \
    frankfurt francfort prague praha prag warsaw warszawa warschau copenhagen kobenhavn kopenhagen gothenburg \
    goteborg brussels bruxelles brussel antwerp antwerpen ghent gent milan milano mailand rome roma turin torino \
    florence firenze naples napoli lisbon lisboa lissabon seville sevilla bucharest bucuresti athens athen krakow \
    cracow krakau wroclaw breslau basel basle bern berne lucerne luzern strasbourg strassburg moscow moskau moskva \
    kyiv kiev odesa odessa bangalore bengaluru calicut kozhikode cochin kochi gurgaon gurugram kolkata calcutta \
    mangalore mangaluru mumbai bombay mysore mysuru thiruvananthapuram trivandrum saigon cdmx nyc sf montreal remote ";

/// A value of `saved_searches.filters`, and the condition over `jobs j` that means the same.
#[derive(Debug)]
pub struct RandomFilter {
    pub json: Value,
    pub condition: String,
}

struct Values {
    cities: Vec<String>,
    skills: Vec<String>,
    companies: Vec<String>,
    words: Vec<String>,
    sources: Vec<String>,
}

/// Endless filters of what the postings hold.
pub fn random_filters(corpus: &Corpus, seed: u64) -> impl Iterator<Item = RandomFilter> {
    let values = Values::of(corpus);
    let mut rng = StdRng::seed_from_u64(seed);
    std::iter::repeat_with(move || {
        let (mut json, mut conditions) = (Map::new(), Vec::new());
        let currency = rng.random_bool(0.5).then(|| *CURRENCIES.choose(&mut rng).unwrap_or(&"EUR"));
        for _ in 0..*[1, 1, 1, 2, 2, 3].choose(&mut rng).unwrap_or(&1) {
            let key = *KEYS.choose(&mut rng).unwrap_or(&"location");
            if !json.contains_key(key) {
                let (value, condition) = values.clause(key, currency, &mut rng);
                json.insert(key.to_owned(), value);
                conditions.push(condition);
            }
        }
        if let Some(currency) = currency {
            json.insert("currency".to_owned(), json!(currency));
        }
        RandomFilter { json: Value::Object(json), condition: conditions.join(" AND ") }
    })
}

impl Values {
    fn of(corpus: &Corpus) -> Self {
        let all = || corpus.cases.iter().map(|case| &case.posting);
        let listed = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>();
        let cities = all().filter_map(|posting| first_city(posting.location.as_deref()?));
        let skills = all().flat_map(|posting| &posting.tech_stack).filter(|skill| has_one_form(skill));
        let companies = all().flat_map(|posting| {
            let words: Vec<&str> = posting.company.split(' ').filter(|word| is_plain(word)).collect();
            let rows = words.windows(2).map(|pair| pair.join(" "));
            let rows: Vec<_> = rows.filter(|row| posting.company.contains(row.as_str())).collect();
            rows.into_iter().chain(words.into_iter().map(str::to_owned)).collect::<Vec<_>>()
        });
        let words = all().flat_map(|posting| {
            let text = posting.description.as_deref().unwrap_or(&posting.title);
            text.split(' ').filter(|word| is_plain(word)).take(60).map(str::to_owned).collect::<Vec<_>>()
        });
        Self {
            cities: listed(cities.collect()),
            skills: listed(skills.cloned().collect()),
            companies: listed(companies.collect()),
            words: listed(words.collect()),
            sources: listed(all().map(|posting| posting.source.clone()).collect()),
        }
    }

    fn clause(&self, key: &str, currency: Option<&str>, rng: &mut StdRng) -> (Value, String) {
        match key {
            "location" if rng.random_bool(0.15) => (json!("Remote"), REMOTE.to_owned()),
            "location" => {
                let cities = some(&self.cities, rng);
                let (known, names) = CITIES.choose(rng).unwrap_or(&CITIES[0]);
                let mut wanted: Vec<String> = cities.iter().map(|city| city.to_lowercase()).collect();
                let mut cities = json!(cities);
                if rng.random_bool(0.2) {
                    (cities, wanted) = (json!(known), names.iter().map(|name| (*name).to_owned()).collect());
                }
                (cities, any_of("oracle_folded(j.location)", &wanted))
            }
            "remote_only" => {
                let only = rng.random_bool(0.8);
                (json!(only), if only { REMOTE.to_owned() } else { "true".to_owned() })
            }
            "job_type" => {
                let kinds: Vec<&str> =
                    JobType::ALL.choose_multiple(rng, 2).map(|kind| kind.as_str()).collect();
                let kinds = &kinds[..rng.random_range(1..=2)];
                (json!(kinds), format!("j.job_type IN ('{}')", kinds.join("', '")))
            }
            "min_salary" => {
                let wanted = rng.random_range(20..200) * 1_000;
                (
                    json!(wanted),
                    format!("{} >= {wanted}", pay("coalesce(j.salary_max, j.salary_min)", currency)),
                )
            }
            "max_salary" => {
                let wanted = rng.random_range(20..200) * 1_000;
                (
                    json!(wanted.to_string()),
                    format!("{} <= {wanted}", pay("coalesce(j.salary_min, j.salary_max)", currency)),
                )
            }
            "tech_stack" => {
                let skills = some(&self.skills, rng);
                let wanted: Vec<String> = skills.iter().map(|skill| skill.to_lowercase()).collect();
                let among = "FROM jsonb_array_elements_text(j.tech_stack) skill";
                (
                    json!(skills),
                    format!("EXISTS (SELECT {among} WHERE {})", any_of("oracle_folded(skill)", &wanted)),
                )
            }
            "company" => {
                let names = some(&self.companies, rng);
                let wanted: Vec<String> =
                    names.iter().map(|name| name.to_lowercase().replace(' ', "[^[:alnum:]]+")).collect();
                (json!(names), any_of("oracle_folded(j.company)", &wanted))
            }
            "exclude" => {
                let words = some(&self.words, rng);
                let wanted: Vec<String> =
                    words.iter().map(|word| format!("'{}'", word.to_lowercase())).collect();
                let stands = format!("w.job = j.id AND w.word IN ({})", wanted.join(", "));
                (json!(words), format!("NOT EXISTS (SELECT FROM oracle_word w WHERE {stands})"))
            }
            "posted_within_days" => {
                let days = rng.random_range(0..120);
                (json!(days), format!("j.posted_date >= date '{}' - {days}", today()))
            }
            _ => {
                let sources = some(&self.sources, rng);
                let wanted = sources.join("', '");
                (
                    json!(sources.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>()),
                    format!("j.source IN ('{wanted}')"),
                )
            }
        }
    }
}

/// Remote by its column; by its place where the column says nothing.
pub const REMOTE: &str = "coalesce(j.remote_option, CASE WHEN oracle_folded(j.location) ~ '(^|[^[:alnum:]])remote($|[^[:alnum:]])' \
                      THEN 'remote' END) = 'remote'";

/// A yearly amount in `currency`; an amount of an unknown currency is taken to be of that one.
fn pay(amount: &str, currency: Option<&str>) -> String {
    let Some(currency) = currency.map(str::to_uppercase) else { return amount.to_owned() };
    let rate = |code: &str| format!("(SELECT rate FROM oracle_rate WHERE code = {code})");
    let (from, to) = (rate("upper(j.salary_currency)"), rate(&format!("'{currency}'")));
    let same = format!("coalesce(upper(j.salary_currency), '{currency}') = '{currency}'");
    format!("(CASE WHEN {same} THEN {amount}::float8 ELSE {amount} / {from} * {to} END)")
}

fn any_of(text: &str, patterns: &[String]) -> String {
    format!("{text} ~ '(^|[^[:alnum:]])({})($|[^[:alnum:]])'", patterns.join("|"))
}

fn some(list: &[String], rng: &mut StdRng) -> Vec<String> {
    let count = *[1, 1, 2, 3].choose(rng).unwrap_or(&1);
    list.choose_multiple(rng, count).cloned().collect()
}

/// A word that every splitter takes whole and as it is: no accents, no technology, no gender.
fn is_plain(word: &str) -> bool {
    word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !["erin", "erinnen", "innen"].iter().any(|ending| word.to_lowercase().ends_with(ending))
        && has_one_form(word)
}

/// Whether a word is neither a technology with several spellings nor one with synonyms.
fn has_one_form(word: &str) -> bool {
    let read = |synonyms| Query::literal(word, Fields::TECH, synonyms);
    word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && read(true) == read(false)
        && matches!(read(true), Some(Node::Word { label, .. }) if *label == *word.to_lowercase())
}

/// The place a location begins with, where it is one word and no country, and has one name.
fn first_city(location: &str) -> Option<String> {
    let city = location.split([',', ';']).next()?.trim();
    let rest = location.split_once(',')?.1;
    let renamed = RENAMED.contains(&format!(" {} ", city.to_lowercase()));
    (is_plain(city) && !rest.contains(city) && !renamed).then(|| city.to_owned())
}

/// Whether a technology of `filter` is found in another word of `skills`, as the two have one stem: `Composer` in `Jetpack Compose`.
pub fn shares_a_stem(filter: &Value, skills: &[String]) -> bool {
    let wanted = filter["tech_stack"].as_array().into_iter().flatten().filter_map(Value::as_str);
    wanted.filter_map(|name| Some((name.to_lowercase(), Query::literal(name, Fields::TECH, true)?))).any(
        |(name, node)| {
            skills.iter().any(|skill| {
                let other =
                    skill.to_lowercase().split(|c: char| !c.is_alphanumeric()).all(|word| word != name);
                let stack = [skill.clone()];
                let fields = PostingFields { tech_stack: &stack, ..PostingFields::default() };
                other && node.holds(&MatchPosting::new(JobId(0), &fields, today()))
            })
        },
    )
}

#[test]
fn oracle_words_are_read_as_one() {
    assert!(has_one_form("Docker") && !has_one_form("JavaScript") && !has_one_form("Node.js"));
    assert!(is_plain("Berlin") && !is_plain("Entwicklerin") && !is_plain("Zürich"));
    assert_eq!(first_city("Berlin, Germany").as_deref(), Some("Berlin"));
    assert_eq!(first_city("Remote, Germany"), None);
}
