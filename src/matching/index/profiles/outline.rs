//! A profile in a few bytes that lie side by side with those of others: all that a score needs, so that hardly any profile is opened.

use std::hint::black_box;

use rustc_hash::FxHashMap;

use super::Areas;
use crate::{
    domain::UserId,
    matching::{
        posting::Skill,
        profile::{Brief, CompiledProfile, sum},
        text::Term,
    },
};

/// Currencies that have a number; whoever is paid in another has its profile opened.
const CURRENCIES: usize = 64;

/// No title wished for.
pub(super) const UNTITLED: u32 = u32::MAX;

/// A profile in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    /// Whose.
    pub user: UserId,
    /// Its wished title, or [`UNTITLED`].
    pub title: u32,
    /// Number of its currency.
    pub currency: u16,
    /// What it asks.
    pub brief: Brief,
    begin: u32,
    areas: u16,
    skills: u16,
}

/// The skills and areas of all profiles, as numbers in one row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    numbers: FxHashMap<Term, u32>,
    currencies: Vec<Option<String>>,
    row: Vec<u32>,
    /// How many in the row belong to nobody any more.
    orphans: usize,
}

impl Rows {
    /// Bytes they take.
    pub fn bytes(&self) -> usize {
        self.row.capacity() * 4 + self.numbers.capacity() * 13
    }

    /// How many different skills.
    pub fn skill_count(&self) -> usize {
        self.numbers.len()
    }

    /// The currencies of profiles, by their number.
    pub fn currencies(&self) -> &[Option<String>] {
        &self.currencies
    }

    /// The areas of a profile, and its skills.
    pub fn of(&self, outline: &Outline) -> (&[u32], &[u32]) {
        let (begin, areas) = (outline.begin as usize, usize::from(outline.areas));
        let all = self.row.get(begin..begin + areas + usize::from(outline.skills)).unwrap_or_default();
        all.split_at_checked(areas).unwrap_or_default()
    }

    /// The number and the weight of each skill of a posting that some profile has or had.
    pub fn weighed<'a>(&self, skills: &'a [Skill]) -> impl Iterator<Item = (u32, f32)> + use<'a, '_> {
        skills.iter().filter_map(|skill| Some((*self.numbers.get(&skill.term)?, skill.weight)))
    }

    /// Looks at where the numbers of these profiles begin, all at once: memory answers many questions together.
    pub fn foresee<'a>(&self, outlines: impl Iterator<Item = &'a Outline>) {
        let firsts =
            outlines.map(|outline| self.row.get(outline.begin as usize).copied().unwrap_or_default());
        black_box(firsts.fold(0, |all, number| all ^ number));
    }

    /// Writes a profile down; `title` is the number of its wished title.
    pub fn outline(&mut self, profile: &CompiledProfile, title: Option<u32>, areas: &Areas) -> Outline {
        let begin = self.row.len();
        self.row.extend(areas.iter().take(usize::from(u16::MAX)));
        let middle = self.row.len();
        for skill in profile.skills.iter().take(usize::from(u16::MAX)) {
            let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            self.row.push(*self.numbers.entry(skill.term).or_insert(next));
        }
        let known = self.currencies.iter().position(|known| *known == profile.currency);
        let currency = known.unwrap_or(self.currencies.len());
        if known.is_none() && currency < CURRENCIES {
            self.currencies.push(profile.currency.clone());
        }
        Outline {
            user: profile.user_id,
            title: title.unwrap_or(UNTITLED),
            currency: u16::try_from(currency).unwrap_or(u16::MAX),
            brief: profile.brief,
            begin: u32::try_from(begin).unwrap_or(u32::MAX),
            areas: u16::try_from(middle - begin).unwrap_or(u16::MAX),
            skills: u16::try_from(self.row.len() - middle).unwrap_or(u16::MAX),
        }
    }

    /// Notes that a profile is gone.
    pub fn drop(&mut self, outline: &Outline) {
        self.orphans += usize::from(outline.areas) + usize::from(outline.skills);
    }

    /// Packs the row once half of it belongs to nobody.
    pub fn tidy<'a>(&mut self, outlines: impl Iterator<Item = &'a mut Outline>) {
        if self.orphans < 1_000 || self.orphans * 2 < self.row.len() {
            return;
        }
        let mut row = Vec::with_capacity(self.row.len() - self.orphans);
        for outline in outlines {
            let begin = u32::try_from(row.len()).unwrap_or(u32::MAX);
            let (areas, skills) = self.of(outline);
            row.extend_from_slice(areas);
            row.extend_from_slice(skills);
            outline.begin = begin;
        }
        (self.row, self.orphans) = (row, 0);
    }
}

/// How much each skill of a posting weighs, by its number; memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Weights(Vec<f32>);

impl Weights {
    /// Sets the weights of a posting's skills.
    pub fn set(&mut self, posting: &[Skill], rows: &Rows) {
        self.0.resize(rows.skill_count().max(self.0.len()), 0.0);
        self.put(rows.weighed(posting));
    }

    /// Forgets them.
    pub fn clear(&mut self, posting: &[Skill], rows: &Rows) {
        self.put(rows.weighed(posting).map(|(number, _)| (number, 0.0)));
    }

    fn put(&mut self, weighed: impl Iterator<Item = (u32, f32)>) {
        for (number, weight) in weighed {
            if let Some(place) = self.0.get_mut(number as usize) {
                *place = weight;
            }
        }
    }

    /// What these skills weigh together.
    pub fn sum(&self, skills: &[u32]) -> f64 {
        sum(skills.iter().map(|skill| self.0.get(*skill as usize).copied().unwrap_or_default()))
    }
}
