//! The titles that profiles wish for, each once, and which of them a posting's title is like.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::matching::{
    profile::{TitleShape, WishedTitles},
    text::Term,
};

/// The wished titles.
#[derive(Debug, Default)]
pub(super) struct Titles {
    ids: FxHashMap<Box<str>, u32>,
    /// By number.
    pub all: Vec<Arc<WishedTitles>>,
    by_key: FxHashMap<Term, Vec<u32>>,
}

/// The title of a posting, and the wished titles that are like it.
#[derive(Debug)]
pub struct TitleView {
    /// The title.
    pub shape: Arc<TitleShape>,
    /// By number, ascending.
    pub(super) related: Vec<(u32, f64)>,
    asked: usize,
}

impl TitleView {
    /// A title that was compared with none yet.
    pub(super) fn new(title: &str) -> Self {
        Self { shape: Arc::new(TitleShape::new(title)), related: Vec::new(), asked: 0 }
    }
}

impl Titles {
    /// The number of a wish.
    pub fn intern(&mut self, wished: &Arc<WishedTitles>) -> u32 {
        if let Some(id) = self.ids.get(&wished.text) {
            return *id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let mut keys: Vec<Term> = wished.shapes.iter().flat_map(TitleShape::keys).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.by_key.entry(key).or_default().push(id);
        }
        self.all.push(Arc::clone(wished));
        self.ids.insert(wished.text.clone(), id);
        id
    }

    /// Compares a title with the wished titles that came since.
    pub fn ask(&self, view: &mut TitleView) {
        if view.asked == self.all.len() {
            return;
        }
        let mut new: Vec<u32> = view
            .shape
            .keys()
            .filter_map(|key| self.by_key.get(&key))
            .flat_map(|ids| ids.iter().copied().skip(ids.partition_point(|id| (*id as usize) < view.asked)))
            .collect();
        new.sort_unstable();
        new.dedup();
        view.related.extend(new.into_iter().filter_map(|id| {
            let likeness = self.all.get(id as usize)?.likeness(&view.shape);
            (likeness > TitleShape::RELATED).then_some((id, likeness))
        }));
        view.asked = self.all.len();
    }
}
