//! A posting put to the profiles: who of them it fits, and how well.

use std::sync::RwLockReadGuard;

use super::{
    Cell, Filed, FoundProfile, Scratch, Slot, Spot, Weights,
    bound::Bound,
    candidates::{self, Related},
    glance::{Gate, Listed, sift},
    outline::Outline,
    regions::looked_at,
};
use crate::{
    domain::{RemoteOption, UserId},
    matching::{
        posting::MatchPosting,
        profile::{Brief, Common, PartName, Scoring, coverage, weight_of},
        settings::MatchSettings,
    },
};

/// A posting, all that is known of it, and the profiles as they are; nobody changes them meanwhile.
pub struct Asked<'a> {
    filed: RwLockReadGuard<'a, Filed>,
    posting: &'a MatchPosting,
    settings: &'a MatchSettings,
    scoring: Scoring<'a>,
    spot: &'a Spot,
    /// The wished titles that are like the posting's, by number.
    related: &'a [(u32, f32)],
    /// Both ends of the pay, by the number of the currency.
    pays: Vec<(Option<f64>, Option<f64>)>,
    /// What its skills weigh.
    weight: f64,
    likeness: &'a mut Vec<f32>,
    weights: &'a mut Weights,
    seen: &'a mut Vec<u32>,
    round: &'a mut u32,
    listed: &'a mut Vec<Listed>,
    candidates: &'a mut Vec<(u32, Outline)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        filed: RwLockReadGuard<'a, Filed>,
        posting: &'a MatchPosting,
        title: &str,
        spot: &'a Spot,
        settings: &'a MatchSettings,
        scratch: &'a mut Scratch,
    ) -> Self {
        let Scratch { titles, seen, round, listed, candidates, weights, likeness, .. } = scratch;
        let related = titles.get(title).map_or(&[][..], |view| &view.related);
        likeness.resize(filed.titles.len().max(likeness.len()), 0.0);
        for (title, alike) in related {
            if let Some(place) = likeness.get_mut(*title as usize) {
                *place = *alike;
            }
        }
        weights.set(&posting.skills, &filed.rows);
        let salary_in = |code: &Option<String>| settings.rates.salary_in(&posting.salary, code.as_deref());
        let pays = filed.rows.currencies().iter().map(salary_in).collect();
        Self {
            posting,
            settings,
            scoring: Scoring::new(posting, settings),
            spot,
            related,
            pays,
            weight: weight_of(posting),
            likeness,
            weights,
            seen,
            round,
            listed,
            candidates,
            filed,
        }
    }

    /// Appends the profiles that score the threshold or more, each once; gives how many were looked at.
    pub fn find(&mut self, found: &mut Vec<FoundProfile>) -> u64 {
        let filed = &*self.filed;
        let bound = Bound::new(self.posting, self.settings);
        let cells: Vec<&Cell> =
            looked_at(self.spot).iter().filter_map(|region| filed.cells.get(region)).collect();
        let related = Related { list: self.related, likeness: self.likeness };
        let lists = candidates::lists(self.posting, &cells, related, &bound);
        self.seen.resize(filed.slots.len().max(self.seen.len()), 0);
        *self.round = self.round.checked_add(1).unwrap_or_else(|| {
            self.seen.fill(0);
            1
        });
        let looked_at = lists.iter().map(|list| list.len()).sum::<usize>();
        let gate = Gate::new(self.posting, filed.rows.weighed(&self.posting.skills), self.likeness, &bound);
        self.listed.clear();
        self.listed.extend(lists.into_iter().flatten().copied());
        sift(self.listed, |one| gate.admits(&one.glance));
        sift(self.listed, |one| {
            let seen = self.seen.get_mut(one.slot as usize);
            seen.is_some_and(|seen| std::mem::replace(seen, *self.round) != *self.round)
        });
        // Nothing is decided while memory is asked, so that it answers many questions at once.
        self.candidates.clear();
        let outlined = |one: &Listed| Some((one.slot, *filed.outlines.get(one.slot as usize)?));
        self.candidates.extend(self.listed.iter().filter_map(outlined));
        filed.rows.foresee(self.candidates.iter().map(|(_, outline)| outline));
        // Where they look was looked at: it is nowhere else.
        found.extend(self.candidates.iter().filter_map(|(slot, outline)| {
            let score = self.score_of(*slot, outline, |_| false, Scoring::reached)?;
            Some(FoundProfile { user: outline.user, score })
        }));
        looked_at as u64
    }

    /// The score of one user's profile; `None` where there is none or the posting is out for it.
    pub fn score(&self, user: UserId) -> Option<f64> {
        let slot = *self.filed.by_user.get(&user)?;
        let outline = self.filed.outlines.get(slot as usize)?;
        self.score_of(slot, outline, |is_here| self.is_elsewhere(slot, outline, is_here), Scoring::total)
    }

    /// The score of a profile as `scoring` has it, out of its outline where that is enough.
    fn score_of(
        &self,
        slot: u32,
        outline: &Outline,
        is_elsewhere: impl Fn(bool) -> bool,
        scoring: impl Fn(&Scoring<'a>, &Brief, &Common) -> Option<f64>,
    ) -> Option<f64> {
        let brief = &outline.brief;
        let (areas, skills) = self.filed.rows.of(outline);
        let Some(pay) =
            self.pays.get(usize::from(outline.currency)).filter(|_| !brief.has_places || !areas.is_empty())
        else {
            return self.opened(slot, scoring);
        };
        let is_here = areas.iter().any(|area| self.spot.areas.binary_search(area).is_ok());
        let mut common = Common {
            coverage: coverage(self.weights.sum(skills), self.weight),
            likeness: self.likeness_of(outline.title),
            is_here,
            is_elsewhere: is_elsewhere(is_here),
            pay: *pay,
            is_preferred: false,
        };
        if brief.speaks_of(PartName::Company) && !self.scoring.is_out(brief, &common) {
            common.is_preferred = self.slot(slot)?.profile.prefers(self.posting);
        }
        scoring(&self.scoring, brief, &common)
    }

    /// The score of a profile that its outline does not tell all of.
    fn opened(
        &self,
        slot: u32,
        scoring: impl Fn(&Scoring<'a>, &Brief, &Common) -> Option<f64>,
    ) -> Option<f64> {
        let profile = &self.slot(slot)?.profile;
        let likeness = profile.likeness(&self.posting.shape);
        let common = profile.common(self.posting, &self.settings.rates, likeness);
        scoring(&self.scoring, &profile.brief, &common)
    }

    fn is_elsewhere(&self, slot: u32, outline: &Outline, is_here: bool) -> bool {
        if is_here || !outline.brief.has_places || !self.spot.known {
            return false;
        }
        self.posting.remote != Some(RemoteOption::Remote)
            || self.slot(slot).is_some_and(|slot| slot.profile.is_elsewhere(self.posting))
    }

    /// How alike the titles are; 0 where they are not related.
    fn likeness_of(&self, wished: u32) -> f64 {
        self.likeness.get(wished as usize).copied().map_or(0.0, f64::from)
    }

    fn slot(&self, slot: u32) -> Option<&Slot> {
        self.filed.slots.get(slot as usize)?.as_ref()
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        for (title, _) in self.related {
            if let Some(place) = self.likeness.get_mut(*title as usize) {
                *place = 0.0;
            }
        }
        self.weights.clear(&self.posting.skills, &self.filed.rows);
    }
}
