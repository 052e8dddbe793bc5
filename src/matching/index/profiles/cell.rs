//! The profiles of one region, by what they have to show. Those with skills and a title are kept apart from those with only one of them: what
//! they need to match differs.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::glance::Listed;
use crate::matching::{profile::CompiledProfile, text::Term};

/// Profiles by a key.
#[derive(Debug)]
pub(super) struct Lists<K>(FxHashMap<K, Vec<Listed>>);

impl<K> Default for Lists<K> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Eq + Hash> Lists<K> {
    /// The profiles under a key.
    pub fn get(&self, key: &K) -> Option<&[Listed]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Every key with its profiles.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &[Listed])> {
        self.0.iter().map(|(key, list)| (key, list.as_slice()))
    }

    fn push(&mut self, key: K, one: Listed) {
        self.0.entry(key).or_default().push(one);
    }

    fn drop(&mut self, key: &K, slot: u32) {
        if let Some(list) = self.0.get_mut(key) {
            list.retain(|other| other.slot != slot);
            if list.is_empty() {
                self.0.remove(key);
            }
        }
    }

    fn shrink(&mut self) {
        self.0.values_mut().for_each(Vec::shrink_to_fit);
    }

    fn bytes(&self) -> usize {
        self.0.values().map(|list| list.capacity() * size_of::<Listed>()).sum::<usize>()
            + self.0.capacity() * (size_of::<(K, Vec<Listed>)>() + 1)
    }
}

/// The profiles of a region.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// By skill, those that wish for a title.
    pub skills: Lists<Term>,
    /// By wished title, those with skills.
    pub titles: Lists<u32>,
    /// By skill, those that wish for no title.
    pub only_skills: Lists<Term>,
    /// By wished title, those without skills.
    pub only_titles: Lists<u32>,
}

impl Cell {
    /// Files a profile.
    pub fn add(&mut self, profile: &CompiledProfile, title: Option<u32>, one: Listed) {
        let skills = if title.is_some() { &mut self.skills } else { &mut self.only_skills };
        profile.skills.iter().for_each(|skill| skills.push(skill.term, one));
        let titles = if profile.skills.is_empty() { &mut self.only_titles } else { &mut self.titles };
        if let Some(title) = title {
            titles.push(title, one);
        }
    }

    /// Takes a profile out.
    pub fn remove(&mut self, profile: &CompiledProfile, title: Option<u32>, slot: u32) {
        let skills = if title.is_some() { &mut self.skills } else { &mut self.only_skills };
        profile.skills.iter().for_each(|skill| skills.drop(&skill.term, slot));
        let titles = if profile.skills.is_empty() { &mut self.only_titles } else { &mut self.titles };
        if let Some(title) = title {
            titles.drop(&title, slot);
        }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.skills.len() + self.titles.len() + self.only_skills.len() + self.only_titles.len() == 0
    }

    /// Gives back the room that lists were given to grow: most name one or two.
    pub fn shrink(&mut self) {
        self.skills.shrink();
        self.titles.shrink();
        self.only_skills.shrink();
        self.only_titles.shrink();
    }

    /// Bytes it takes, about.
    pub fn bytes(&self) -> usize {
        self.skills.bytes() + self.titles.bytes() + self.only_skills.bytes() + self.only_titles.bytes()
    }
}
