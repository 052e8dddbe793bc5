//! The lists of profiles that have to be gone through for a posting: everyone else cannot match.
//!
//! Whoever matches shares skills of some weight; the more alike the titles, the less is needed ([`Bound::needed`]). So the longest lists of
//! skills may be left out as long as what they weigh together is less than is needed by profiles whose titles are no more alike than some
//! likeness; the lists of titles more alike than that are gone through instead. The cheapest of these choices is taken.

use super::{
    bound::Bound,
    cell::{Cell, Lists},
    glance::Listed,
};
use crate::matching::{
    posting::{MatchPosting, Skill},
    text::Term,
};

/// A list of profiles by a wished title, and how alike the posting's title is.
type TitleList<'a> = (f32, &'a [Listed]);

/// The wished titles that are related to a posting's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Related<'a> {
    /// By number, ascending, each with its likeness.
    pub list: &'a [(u32, f32)],
    /// By the number of any title; 0 for those that are not related.
    pub likeness: &'a [f32],
}

/// The lists of a skill in all cells.
struct SkillLists<'a> {
    length: usize,
    weight: f32,
    lists: Vec<&'a [Listed]>,
}

/// Finds the lists.
pub(super) fn lists<'a>(
    posting: &MatchPosting,
    cells: &[&'a Cell],
    related: Related<'_>,
    bound: &Bound,
) -> Vec<&'a [Listed]> {
    let mut titles = of_titles(cells, |cell| &cell.titles, related);
    titles.sort_unstable_by(|(left, _), (right, _)| right.total_cmp(left));
    let skills = of_skills(cells, |cell| &cell.skills, &posting.skills);
    let (walked, left_out) = cheapest(&titles, &skills, bound);
    titles.truncate(walked);
    titles.extend(of_titles(cells, |cell| &cell.only_titles, related));
    let mut lists: Vec<&[Listed]> = titles.into_iter().map(|(_, list)| list).collect();
    lists.extend(skills.into_iter().skip(left_out).flat_map(|skill| skill.lists));
    let only_skills = of_skills(cells, |cell| &cell.only_skills, &posting.skills);
    let left_out = dispensable(&only_skills, bound.needed(None));
    lists.extend(only_skills.into_iter().skip(left_out).flat_map(|skill| skill.lists));
    lists
}

/// How many of `titles` to go through, and how many of `skills` to leave out.
fn cheapest(titles: &[TitleList<'_>], skills: &[SkillLists<'_>], bound: &Bound) -> (usize, usize) {
    let unrelated = bound.needed(Some(0.0));
    let most = dispensable(skills, unrelated);
    let mut asked: usize = skills.iter().map(|skill| skill.length).sum();
    let (mut weight, mut walked, mut walked_length) = (0.0, 0, 0);
    let mut best = (usize::MAX, 0, 0);
    for left_out in 0..=most {
        while let Some((likeness, list)) = titles.get(walked)
            && weight >= bound.needed(Some(*likeness))
        {
            walked_length += list.len();
            walked += 1;
        }
        if asked + walked_length < best.0 {
            best = (asked + walked_length, walked, left_out);
        }
        if let Some(skill) = skills.get(left_out) {
            asked -= skill.length;
            weight += skill.weight;
        }
    }
    (best.1, best.2)
}

/// How many of the first lists weigh less than is needed.
fn dispensable(skills: &[SkillLists<'_>], needed: f32) -> usize {
    let mut sum = 0.0;
    let fits = |skill: &&SkillLists<'_>| {
        sum += skill.weight;
        sum < needed
    };
    skills.iter().take_while(fits).count()
}

/// The longest first.
fn of_skills<'a>(
    cells: &[&'a Cell],
    family: impl Fn(&'a Cell) -> &'a Lists<Term>,
    skills: &[Skill],
) -> Vec<SkillLists<'a>> {
    let mut found: Vec<_> = skills
        .iter()
        .map(|skill| {
            let lists: Vec<&[Listed]> =
                cells.iter().filter_map(|cell| family(cell).get(&skill.term)).collect();
            SkillLists { length: lists.iter().map(|list| list.len()).sum(), weight: skill.weight, lists }
        })
        .collect();
    found.sort_unstable_by_key(|skill| std::cmp::Reverse(skill.length));
    found
}

fn of_titles<'a>(
    cells: &[&'a Cell],
    family: impl Fn(&'a Cell) -> &'a Lists<u32>,
    related: Related<'_>,
) -> Vec<TitleList<'a>> {
    let mut found = Vec::new();
    for lists in cells.iter().map(|cell| family(cell)) {
        if lists.len() < related.list.len() {
            let alike = |title: &u32| related.likeness.get(*title as usize).copied().unwrap_or_default();
            let all = lists.iter().map(|(title, list)| (alike(title), list));
            found.extend(all.filter(|(likeness, _)| *likeness > 0.0));
        } else {
            let listed = |(title, alike): &(u32, f32)| Some((*alike, lists.get(title)?));
            found.extend(related.list.iter().filter_map(listed));
        }
    }
    found
}
