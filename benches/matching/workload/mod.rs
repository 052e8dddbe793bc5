//! The workload: a job market in which every search, posting and profile is a function of its number alone, so that the first 10,000
//! searches of a million are those of ten thousand.
//!
//! 1,500 titles (qualifier and role), 600 technologies, 5,000 cities in 60 countries, 50,000 employers and 50,000 words of text, all of them
//! skewed as such things are. Unlike the market that the figures beside other engines were first taken from, a posting that states no
//! pay fails a filter on pay here; nine tenths of all postings state it and floors are drawn so that three quarters of the filters
//! hold, which gives the same number of matches.
//!
//! A further preset is a variant of [`Preset`] and an arm in [`Preset::places`]; a further kind of item is a file beside these with a stream
//! of its own.

mod draw;
mod export;
mod posting;
mod profile;
mod search;
mod words;

use clap::ValueEnum;

use self::draw::{Draw, Zipf};
pub use self::{
    posting::{JOB_TYPES, PostingText, REMOTE_OPTIONS},
    words::{COUNTRIES, FILLERS, LEVELS, QUALIFIERS, ROLES, TECHNOLOGIES},
};

const TITLES: usize = 1_500;
const ALL_TECHNOLOGIES: usize = 600;
const CITIES: usize = 5_000;
const EMPLOYERS: usize = 50_000;
const TEXT_WORDS: usize = 50_000;
/// Technologies that go with a title.
const USUAL_TECHNOLOGIES: usize = 30;

/// Which searches there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Nine of ten in one city: 0.02 % of all pairs match.
    Sel,
    /// The same with 2 % that ask for a bare developer, engineer or manager in any place: 0.28 %.
    Hot,
    /// Half in one city, three of ten in a country, the others remote: 0.10 %.
    Loose,
}

impl Preset {
    /// Shares of searches in a city and in a country; the others are remote.
    fn places(self) -> [f64; 2] {
        match self {
            Self::Sel | Self::Hot => [0.90, 0.08],
            Self::Loose => [0.50, 0.30],
        }
    }
}

/// What a number stands for decides its draws.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Stream {
    World = 1,
    Posting,
    Search,
    Profile,
}

struct Title {
    words: Vec<&'static str>,
    technologies: Vec<usize>,
}

struct City {
    name: String,
    country: usize,
}

/// All there is to draw from.
pub struct World {
    preset: Preset,
    titles: Vec<Title>,
    technologies: Vec<String>,
    cities: Vec<City>,
    text: Vec<String>,
    by_title: Zipf,
    by_technology: Zipf,
    by_usual_technology: Zipf,
    by_city: Zipf,
    by_employer: Zipf,
    by_text: Zipf,
    by_level: Zipf,
}

impl World {
    /// The same for every preset but for the searches.
    pub fn new(preset: Preset) -> Self {
        let mut draw = Draw::new(Stream::World as u64, 0);
        let by_technology = Zipf::new(ALL_TECHNOLOGIES, 1.0);
        let by_country = Zipf::new(COUNTRIES.len(), 0.8);
        let made_up_technologies = (TECHNOLOGIES.len()..ALL_TECHNOLOGIES).map(|n| words::made_up(n, "x"));
        let cities = (0..CITIES)
            .map(|n| City { name: words::made_up(n, "stadt"), country: by_country.draw(&mut draw) })
            .collect();
        Self {
            preset,
            titles: titles(&by_technology, &mut draw),
            technologies: TECHNOLOGIES
                .iter()
                .map(|&name| name.to_owned())
                .chain(made_up_technologies)
                .collect(),
            cities,
            text: FILLERS
                .iter()
                .map(|&word| word.to_owned())
                .chain((FILLERS.len()..TEXT_WORDS).map(|n| words::made_up(n, "p")))
                .collect(),
            by_title: Zipf::new(TITLES, 0.85),
            by_technology,
            by_usual_technology: Zipf::new(USUAL_TECHNOLOGIES, 0.9),
            by_city: Zipf::new(CITIES, 0.8),
            by_employer: Zipf::new(EMPLOYERS, 0.7),
            by_text: Zipf::new(TEXT_WORDS, 1.0),
            by_level: Zipf::new(LEVELS.len(), 0.9),
        }
    }

    /// `zavomustadt, Germany`.
    fn city(&self, city: usize) -> String {
        let City { name, country } = &self.cities[city];
        format!("{name}, {}", COUNTRIES[*country])
    }

    fn employer(number: usize) -> String {
        words::made_up(number, "corp")
    }

    /// One that goes with the title, or now and then any.
    fn technology(&self, title: &Title, draw: &mut Draw) -> usize {
        if draw.chance(0.75) {
            title.technologies[self.by_usual_technology.draw(draw)]
        } else {
            self.by_technology.draw(draw)
        }
    }

    /// Some different technologies of a title, none twice.
    fn technologies(&self, title: &Title, count: usize, draw: &mut Draw) -> Vec<usize> {
        let mut drawn = Vec::with_capacity(count);
        for _ in 0..count {
            let technology = self.technology(title, draw);
            if !drawn.contains(&technology) {
                drawn.push(technology);
            }
        }
        drawn
    }

    fn names(&self, technologies: &[usize]) -> Vec<String> {
        technologies.iter().map(|&technology| self.technologies[technology].clone()).collect()
    }
}

/// Different titles of one or two qualifiers and a role, each with its technologies.
fn titles(by_technology: &Zipf, draw: &mut Draw) -> Vec<Title> {
    let (by_role, by_qualifier) = (Zipf::new(ROLES.len(), 0.9), Zipf::new(QUALIFIERS.len(), 0.7));
    let mut titles: Vec<Title> = Vec::with_capacity(TITLES);
    while titles.len() < TITLES {
        let mut words = vec![QUALIFIERS[by_qualifier.draw(draw)], ROLES[by_role.draw(draw)]];
        let second = draw.of(&QUALIFIERS);
        if draw.chance(0.2) && second != words[0] {
            words.insert(0, second);
        }
        if titles.iter().all(|title| title.words != words) {
            let technologies = usual_technologies(by_technology, draw);
            titles.push(Title { words, technologies });
        }
    }
    titles
}

fn usual_technologies(by_technology: &Zipf, draw: &mut Draw) -> Vec<usize> {
    let mut usual = Vec::with_capacity(USUAL_TECHNOLOGIES);
    while usual.len() < USUAL_TECHNOLOGIES {
        let technology =
            if draw.chance(0.5) { by_technology.draw(draw) } else { draw.below(ALL_TECHNOLOGIES) };
        if !usual.contains(&technology) {
            usual.push(technology);
        }
    }
    usual
}
