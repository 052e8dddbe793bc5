//! Postings of about 2.6 KB and 317 words.

use career_worker::{domain::Salary, matching::PostingFields};
use chrono::NaiveDate;

use super::{Draw, LEVELS, Stream, Title, World};

/// Places of work, by the number that stands for them in typed columns.
pub const REMOTE_OPTIONS: [&str; 3] = ["onsite", "hybrid", "remote"];
/// Job types, by the number that stands for them in typed columns.
pub const JOB_TYPES: [&str; 5] = ["full-time", "part-time", "contract", "internship", "temporary"];

/// A posting in numbers, and its two texts.
pub struct Posting {
    pub id: usize,
    title: String,
    body: String,
    city: usize,
    employer: usize,
    remote: usize,
    job_type: usize,
    /// The highest pay a year, in euros.
    pay: Option<i32>,
    technologies: Vec<usize>,
}

/// A posting as `jobs` holds it.
pub struct PostingText {
    pub id: usize,
    title: String,
    company: String,
    location: String,
    body: String,
    technologies: Vec<String>,
    pay: Option<i32>,
    job_type: &'static str,
    remote: &'static str,
}

impl World {
    /// Posting number `id`.
    pub fn posting(&self, id: usize) -> Posting {
        let draw = &mut Draw::new(Stream::Posting as u64, id);
        let title = &self.titles[self.by_title.draw(draw)];
        let count = 3 + draw.below(8);
        let technologies = self.technologies(title, count, draw);
        Posting {
            id,
            title: self.headline(title, technologies[0], draw),
            body: self.body(title, &technologies, draw),
            city: self.by_city.draw(draw),
            employer: self.by_employer.draw(draw),
            remote: draw.share(&[0.60, 0.22, 0.18]),
            job_type: draw.share(&[0.72, 0.12, 0.09, 0.04, 0.03]),
            pay: draw.chance(0.9).then(|| 1_000 * (35.0 + 165.0 * draw.low()) as i32),
            technologies,
        }
    }

    /// Posting number `id` as `jobs` holds it.
    pub fn posting_text(&self, id: usize) -> PostingText {
        self.posting(id).text(self)
    }

    fn headline(&self, title: &Title, technology: usize, draw: &mut Draw) -> String {
        let mut words = Vec::with_capacity(5);
        if draw.chance(0.45) {
            words.push(LEVELS[self.by_level.draw(draw)]);
        }
        if draw.chance(0.4) {
            words.push(&self.technologies[technology]);
        }
        words.extend(&title.words);
        words.join(" ")
    }

    /// Sentences of words of any kind; the technologies and the words of the title come up again.
    fn body(&self, title: &Title, technologies: &[usize], draw: &mut Draw) -> String {
        let words = 140 + (700.0 * draw.low()) as usize;
        let mut body = String::with_capacity(words * 9);
        for at in 0..words {
            if at > 0 {
                body.push_str(if at % 17 == 0 { ". " } else { " " });
            }
            body.push_str(match draw.share(&[0.030, 0.020, 0.006, 0.944]) {
                0 => &self.technologies[draw.of(technologies)],
                1 => draw.of(&title.words),
                2 => {
                    let other = &self.titles[self.by_title.draw(draw)];
                    draw.of(&other.words)
                }
                _ => &self.text[self.by_text.draw(draw)],
            });
        }
        body
    }
}

impl Posting {
    /// As `jobs` holds it.
    pub fn text(self, world: &World) -> PostingText {
        PostingText {
            id: self.id,
            company: World::employer(self.employer),
            location: world.city(self.city),
            technologies: world.names(&self.technologies),
            pay: self.pay,
            job_type: JOB_TYPES[self.job_type],
            remote: REMOTE_OPTIONS[self.remote],
            title: self.title,
            body: self.body,
        }
    }

    /// Typed columns, one posting a line: id, all its words, city, country, place of work, job type, pay (0: not stated), employer,
    /// technologies.
    pub fn row(&self, world: &World) -> String {
        let words = [
            &*self.title,
            &World::employer(self.employer),
            &world.city(self.city),
            &self.body,
            &world.names(&self.technologies).join(" "),
        ];
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            self.id,
            words.join(" "),
            self.city,
            world.cities[self.city].country,
            self.remote,
            self.job_type,
            self.pay.unwrap_or_default(),
            self.employer,
            super::search::array(&self.technologies)
        )
    }
}

impl PostingText {
    /// What the matcher reads.
    pub fn fields(&self) -> PostingFields<'_> {
        PostingFields {
            title: &self.title,
            company: &self.company,
            location: Some(&self.location),
            description: Some(&self.body),
            tech_stack: &self.technologies,
            salary: Salary {
                min: self.pay.map(|pay| pay - 10_000),
                max: self.pay,
                currency: self.pay.map(|_| "EUR".to_owned()),
            },
            job_type: Some(self.job_type),
            remote_option: Some(self.remote),
            source: "bench",
            posted_date: Some(Self::today()),
            language: Some("en"),
            ..PostingFields::default()
        }
    }

    /// The day all postings are published and matched.
    pub fn today() -> NaiveDate {
        NaiveDate::default()
    }

    /// Length of all its texts.
    pub fn bytes(&self) -> usize {
        self.texts().map(str::len).sum()
    }

    /// Words of all its texts.
    pub fn words(&self) -> usize {
        self.texts().flat_map(str::split_whitespace).count()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let columns = [&*self.title, &self.company, &self.location, &self.body];
        columns.into_iter().chain(self.technologies.iter().map(String::as_str))
    }

    /// The city, by which postings are sorted to be near each other in memory.
    pub fn city(&self) -> &str {
        &self.location
    }
}
