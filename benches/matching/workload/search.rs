//! Saved searches, two a user.
//!
//! Of the queries 59 % are words that must all be there, 18 % one word, 10 % a phrase, 8 % alternatives; 5 % of the searches have filters only,
//! and 12 % of the queries exclude something.

use career_worker::domain::{SavedSearch, SearchId, UserId};
use serde_json::{Map, Value, json};

use super::{COUNTRIES, Draw, JOB_TYPES, LEVELS, Preset, REMOTE_OPTIONS, Stream, Title, World};

/// Bits of the places of work.
const REMOTE: u8 = 0b100;
const REMOTE_OR_HYBRID: u8 = 0b110;

/// Bits of the job types asked for, and how many ask for them.
const WISHED_TYPES: [u8; 4] = [0b1, 0b10, 0b100, 0b11];
const BY_WISHED_TYPES: [f64; 4] = [0.7, 0.1, 0.1, 0.1];

/// Words of the text that somebody searches: neither in every posting nor in hardly any.
const SEARCHED_TEXT: std::ops::Range<usize> = 40..12_000;

/// Where somebody looks.
#[derive(Clone, Copy, Default)]
pub enum Place {
    #[default]
    Anywhere,
    City(usize),
    Country(usize),
}

/// A search in numbers, and its query.
#[derive(Default)]
pub struct Search {
    id: usize,
    query: String,
    place: Place,
    /// A bit for each place of work asked for; 0 means any.
    remote: u8,
    /// A bit for each job type asked for; 0 means any.
    job_types: u8,
    /// The pay a year that a posting must reach, in euros; 0 means any.
    pay: i32,
    technologies: Vec<usize>,
    employers: Vec<usize>,
    excluded: Vec<usize>,
}

impl World {
    /// Search number `id`.
    pub fn search(&self, id: usize) -> Search {
        let draw = &mut Draw::new(Stream::Search as u64, id);
        if self.preset == Preset::Hot && draw.chance(0.02) {
            let query = draw.of(&["developer", "engineer", "manager"]).to_owned();
            let remote = if draw.chance(0.15) { REMOTE } else { 0 };
            return Search { id, query, remote, ..Search::default() };
        }
        let title = &self.titles[self.by_title.draw(draw)];
        let mut search = Search { id, query: self.query(title, draw), ..Search::default() };
        let filters_only = search.query.is_empty();
        if !filters_only && draw.chance(0.12) {
            self.exclude(&mut search.query, draw);
        }
        search.place = self.place(draw);
        search.remote = match search.place {
            Place::Anywhere => REMOTE,
            _ if draw.chance(0.22) => draw.of(&[REMOTE, REMOTE_OR_HYBRID]),
            _ => 0,
        };
        if draw.chance(0.30) {
            search.job_types = WISHED_TYPES[draw.share(&BY_WISHED_TYPES)];
        }
        if draw.chance(0.35) {
            search.pay = 1_000 * (20 + draw.below(80) as i32);
        }
        if draw.chance(0.15) || filters_only && draw.chance(0.6) {
            let count = 1 + draw.below(3);
            search.technologies = self.technologies(title, count, draw);
        }
        if draw.chance(0.04) || filters_only && search.technologies.is_empty() {
            search.employers = (0..=draw.below(3)).map(|_| self.by_employer.draw(draw)).collect();
        }
        if draw.chance(0.03) {
            search.excluded.push(self.by_employer.draw(draw));
        }
        search
    }

    /// Nothing in one of twenty.
    fn query(&self, title: &Title, draw: &mut Draw) -> String {
        let technology = &*self.technologies[self.technology(title, draw)];
        let words = title.words.join(" ");
        let role = title.words[title.words.len() - 1];
        match draw.share(&[0.33, 0.22, 0.04, 0.10, 0.08, 0.07, 0.03, 0.04, 0.04, 0.05]) {
            0 => words,
            1 => format!("{technology} {role}"),
            2 => {
                let rare = SEARCHED_TEXT.start + draw.below(SEARCHED_TEXT.len());
                format!("{} {role}", self.text[rare])
            }
            3 => role.to_owned(),
            4 => technology.to_owned(),
            5 => format!("\"{words}\""),
            6 => format!("\"{words}\" {technology}"),
            7 => format!("{technology} or {}", self.technologies[self.technology(title, draw)]),
            8 => format!("{words} or {}", self.titles[self.by_title.draw(draw)].words.join(" ")),
            _ => String::new(),
        }
    }

    /// One or two levels or technologies.
    fn exclude(&self, query: &mut String, draw: &mut Draw) {
        for _ in 0..=draw.below(2) {
            query.push_str(" -");
            if draw.chance(0.6) {
                query.push_str(draw.of(&LEVELS));
            } else {
                query.push_str(&self.technologies[self.by_technology.draw(draw)]);
            }
        }
    }

    fn place(&self, draw: &mut Draw) -> Place {
        let [in_city, in_country] = self.preset.places();
        match draw.share(&[in_city, in_country, 1.0 - in_city - in_country]) {
            0 => Place::City(self.by_city.draw(draw)),
            1 => Place::Country(self.cities[self.by_city.draw(draw)].country),
            _ => Place::Anywhere,
        }
    }
}

impl Search {
    /// As `saved_searches` holds it, filters under the documented keys.
    pub fn saved(self, world: &World) -> SavedSearch {
        SavedSearch {
            id: SearchId(self.id as i32),
            user_id: self.user(),
            name: format!("search {}", self.id),
            filters: Value::Object(self.filters(world)),
            query: Some(self.query).filter(|query| !query.is_empty()),
            is_active: true,
        }
    }

    fn user(&self) -> UserId {
        UserId(self.id as i32 / 2)
    }

    /// Every second user names the country beside the city.
    fn filters(&self, world: &World) -> Map<String, Value> {
        let employers = |all: &[usize]| all.iter().map(|number| World::employer(*number)).collect::<Vec<_>>();
        let mut filters = Map::new();
        let mut set = |key: &str, value: Value| {
            filters.insert(key.to_owned(), value);
        };
        match self.place {
            Place::Anywhere => {}
            Place::City(city) if self.user().0 % 2 == 0 => set("location", json!(world.city(city))),
            Place::City(city) => set("location", json!(world.cities[city].name)),
            Place::Country(country) => set("location", json!(COUNTRIES[country])),
        }
        match self.remote {
            0 => {}
            REMOTE => set("remote_only", json!(true)),
            bits => set("remote_option", json!(of_bits(bits, &REMOTE_OPTIONS))),
        }
        if self.job_types != 0 {
            set("job_type", json!(of_bits(self.job_types, &JOB_TYPES)));
        }
        if self.pay != 0 {
            set("min_salary", json!(self.pay));
        }
        if !self.technologies.is_empty() {
            set("tech_stack", json!(world.names(&self.technologies)));
        }
        if !self.employers.is_empty() {
            set("company", json!(employers(&self.employers)));
        }
        if !self.excluded.is_empty() {
            set("exclude_company", json!(employers(&self.excluded)));
        }
        filters
    }

    /// Typed columns, one search a line: id, user, query, kind of place (0 any, 1 city, 2 country), place, places of work and job types as bits,
    /// pay, technologies, employers, excluded employers.
    pub fn row(&self) -> String {
        let (kind, place) = match self.place {
            Place::Anywhere => (0, 0),
            Place::City(city) => (1, city),
            Place::Country(country) => (2, country),
        };
        let Self { id, query, remote, job_types, pay, .. } = self;
        let [technologies, employers, excluded] =
            [&self.technologies, &self.employers, &self.excluded].map(|all| array(all));
        format!(
            "{id}\t{}\t{query}\t{kind}\t{place}\t{remote}\t{job_types}\t{pay}\t{technologies}\t{employers}\t{excluded}\n",
            self.user().0
        )
    }
}

fn of_bits<'a>(bits: u8, all: &[&'a str]) -> Vec<&'a str> {
    all.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name).collect()
}

/// `{1,2}`, as PostgreSQL writes an array.
pub fn array(numbers: &[usize]) -> String {
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}
