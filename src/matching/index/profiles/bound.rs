//! The most that a profile can score, given what it shares: what cannot reach the threshold needs no exact score.

use super::Cell;
use crate::matching::{
    posting::MatchPosting,
    profile::{CompiledProfile, FULL_COVERAGE, PartName, TitleShape},
    settings::MatchSettings,
    text::Term,
};

/// Sums in another order differ by less.
const ROUNDING: f32 = 1e-4;

/// The most that a profile can score, given what it shares.
pub(super) struct Bound {
    skills: f32,
    title: f32,
    others: f32,
    /// Weight of the skills that is enough.
    enough: f32,
    has_title: bool,
    /// From which score on a profile matches, less what rounding may cost.
    pub threshold: f32,
}

impl Bound {
    /// For the profiles that a posting is put to.
    pub fn new(posting: &MatchPosting, settings: &MatchSettings) -> Self {
        let weight = |part| narrow(settings.weight(part));
        let others =
            PartName::ALL.into_iter().filter(|part| !matches!(part, PartName::Skills | PartName::Title));
        let all: f32 = posting.skills.iter().map(|skill| skill.weight).sum();
        Self {
            skills: weight(PartName::Skills),
            title: weight(PartName::Title),
            others: others.map(weight).sum(),
            enough: all * narrow(FULL_COVERAGE),
            has_title: !posting.shape.is_empty(),
            threshold: narrow(settings.threshold) - ROUNDING,
        }
    }

    /// The skills whose lists have to be gone through, with their weights, and the weight of the others: whoever has none but those, and no
    /// title that is alike, cannot reach the threshold. The longest lists are left out.
    pub fn worth_asking(
        &self,
        posting: &MatchPosting,
        cells: &[&Cell],
        untitled: bool,
    ) -> (Vec<(Term, f32)>, f32) {
        let title = if self.has_title { narrow(TitleShape::RELATED) } else { 0.5 };
        let with_title =
            self.threshold * (self.skills + self.title + self.others) - self.others - self.title * title;
        let without = self.threshold * (self.skills + self.others) - self.others;
        let least = if untitled { with_title.min(without) } else { with_title };
        let needed = if self.skills > 0.0 { least / self.skills * self.enough } else { 0.0 };
        let mut skills: Vec<(usize, Term, f32)> = posting
            .skills
            .iter()
            .map(|skill| {
                let lists = cells.iter().filter_map(|cell| cell.skills.get(&skill.term));
                (lists.map(Vec::len).sum(), skill.term, skill.weight)
            })
            .collect();
        skills.sort_unstable_by_key(|(length, ..)| std::cmp::Reverse(*length));
        let mut left_out = 0.0;
        let count = skills
            .iter()
            .take_while(|(.., weight)| {
                let fits = left_out + weight < needed - ROUNDING;
                left_out += if fits { *weight } else { 0.0 };
                fits
            })
            .count();
        (skills.into_iter().skip(count).map(|(_, skill, weight)| (skill, weight)).collect(), left_out)
    }

    /// The most that a profile can score that has skills of this weight and a title this much alike; 0 stands for not related.
    pub fn of(&self, profile: &CompiledProfile, shared: f32, likeness: f32) -> f32 {
        let skills = if self.enough > 0.0 { (shared / self.enough).min(1.0) } else { 0.5 };
        let title = if self.has_title { likeness.max(narrow(TitleShape::RELATED)) } else { 0.5 };
        let (mut sum, mut most) = (self.others, self.others);
        if !profile.skills.is_empty() {
            sum += self.skills;
            most += self.skills * skills;
        }
        if !profile.titles.shapes.is_empty() {
            sum += self.title;
            most += self.title * title;
        }
        if sum > 0.0 { most / sum } else { 1.0 }
    }
}

/// For bounds, where few digits do.
#[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
pub(super) fn narrow(number: f64) -> f32 {
    number as f32
}
