//! The titles that profiles wish for, each once, and which of them a posting's title is like.
//!
//! Most titles have nothing in common with a posting's. So the vectors of the wished titles are kept by their parts: going through the lists of the
//! parts that a posting's title has gives the likeness of all at once.

use std::{hash::Hash, sync::Arc};

use rustc_hash::FxHashMap;

use crate::matching::profile::{TitleShape, WishedTitles};

/// The wished titles.
#[derive(Debug, Default)]
pub(super) struct Titles {
    /// Titles with another have other numbers.
    numbering: u64,
    ids: FxHashMap<Box<str>, u32>,
    /// A wish has several shapes if it lists several titles; they follow each other.
    shapes: Vec<Shape>,
    grams: Parts<u32>,
    occupations: Parts<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Number of the wish.
    wish: u32,
    has_occupations: bool,
}

/// The title of a posting, and the wished titles that are like it.
#[derive(Debug)]
pub struct TitleView {
    /// The title.
    pub shape: Arc<TitleShape>,
    /// By number, ascending.
    pub(super) related: Vec<(u32, f32)>,
    /// How many shapes it was compared with, and the numbering of these.
    asked: usize,
    numbering: u64,
}

impl TitleView {
    /// A title that was compared with none yet.
    pub(super) fn new(title: &str) -> Self {
        Self { shape: Arc::new(TitleShape::new(title)), related: Vec::new(), asked: 0, numbering: 0 }
    }
}

impl Titles {
    /// How many wishes there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a wish, if it is among them.
    pub fn number(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The number of a wish, which is put among them.
    pub fn intern(&mut self, wished: &WishedTitles) -> u32 {
        if let Some(wish) = self.number(&wished.text) {
            return wish;
        }
        let wish = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        for shape in &wished.shapes {
            let number = u32::try_from(self.shapes.len()).unwrap_or(u32::MAX);
            self.grams.add(shape.grams(), number);
            self.occupations.add(shape.occupations(), number);
            self.shapes.push(Shape { wish, has_occupations: !shape.occupations().is_empty() });
        }
        self.ids.insert(wished.text.clone(), wish);
        wish
    }

    /// No titles yet; those to come have other numbers than these.
    pub fn renumbered(&self) -> Self {
        Self { numbering: self.numbering + 1, ..Self::default() }
    }

    /// Compares a title with the wished titles that came since.
    pub fn ask(&self, view: &mut TitleView) {
        if view.numbering != self.numbering {
            (view.asked, view.numbering) = (0, self.numbering);
            view.related.clear();
        }
        let new = self.shapes.get(view.asked..).unwrap_or_default();
        if new.is_empty() {
            return;
        }
        let (grams, occupations) = (view.shape.grams(), view.shape.occupations());
        let letters = self.grams.products(grams, view.asked, new.len());
        let work = self.occupations.products(occupations, view.asked, new.len());
        for ((shape, letters), work) in new.iter().zip(letters).zip(work) {
            let both = shape.has_occupations && !occupations.is_empty();
            let likeness = TitleShape::joined(letters, both.then_some(work));
            if f64::from(likeness) <= TitleShape::RELATED {
                continue;
            }
            match view.related.last_mut() {
                Some((wish, nearest)) if *wish == shape.wish => *nearest = nearest.max(likeness),
                _ => view.related.push((shape.wish, likeness)),
            }
        }
        view.asked = self.shapes.len();
    }
}

/// Vectors by their parts: for each part the numbers of the vectors that have it, ascending, and how much of it.
#[derive(Debug)]
struct Parts<K>(FxHashMap<K, Vec<(u32, f32)>>);

impl<K> Default for Parts<K> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Copy + Eq + Hash> Parts<K> {
    /// Adds a vector with a number higher than all before.
    fn add(&mut self, vector: &[(K, f32)], number: u32) {
        for (part, value) in vector {
            self.0.entry(*part).or_default().push((number, *value));
        }
    }

    /// The products of a vector with `count` others from `first` on. Each is summed up in the order of the vector, as [`TitleShape::likeness`] does it,
    /// and so is the same to the last bit.
    fn products(&self, vector: &[(K, f32)], first: usize, count: usize) -> Vec<f32> {
        let mut sums = vec![0.0; count];
        for (part, own) in vector {
            let list = self.0.get(part).map(Vec::as_slice).unwrap_or_default();
            let begin = list.partition_point(|(number, _)| (*number as usize) < first);
            for (number, other) in list.iter().skip(begin) {
                if let Some(sum) = sums.get_mut(*number as usize - first) {
                    *sum += own * other;
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: &[&str] = &[
        "software",
        "data",
        "engineer",
        "developer",
        "entwickler",
        "nurse",
        "sales",
        "manager",
        "devops",
        "senior",
        "/",
        "x",
    ];

    fn titles() -> impl Strategy<Value = Vec<String>> {
        let title = proptest::collection::vec(prop::sample::select(WORDS), 1..6);
        proptest::collection::vec(title.prop_map(|words| words.join(" ")), 1..12)
    }

    proptest! {
        #[test]
        fn likeness_is_the_same_to_the_last_bit(wishes in titles(), later in titles(), asked in titles()) {
            let mut titles = Titles::default();
            let mut views: Vec<_> = asked.iter().map(|title| TitleView::new(title)).collect();
            let mut all: Vec<Arc<WishedTitles>> = Vec::new();
            for wish in wishes.iter().chain(&later) {
                let wished = WishedTitles::read(wish);
                if titles.intern(&wished) as usize == all.len() {
                    all.push(wished);
                }
                if all.len() == wishes.len() {
                    for view in &mut views {
                        titles.ask(view);
                    }
                }
            }
            prop_assert_eq!(titles.len(), all.len());
            for mut view in views {
                titles.ask(&mut view);
                let expected: Vec<(u32, f64)> = (0..)
                    .zip(&all)
                    .map(|(wish, wished)| (wish, wished.likeness(&view.shape)))
                    .filter(|(_, likeness)| *likeness > 0.0)
                    .collect();
                let found: Vec<(u32, f64)> =
                    view.related.iter().map(|(wish, likeness)| (*wish, f64::from(*likeness))).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
