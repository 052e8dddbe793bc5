//! The titles that a profile wishes for, read once for all who wish the same.

use std::{cell::RefCell, sync::Arc};

use rustc_hash::FxHashMap;

use super::TitleShape;

/// The titles of one wish, shared by all who wish the same.
#[derive(Debug, Default)]
pub(in crate::matching) struct WishedTitles {
    /// As written.
    pub text: Box<str>,
    /// Each title of a list, and the whole.
    pub shapes: Box<[TitleShape]>,
}

/// Wishes remembered by one thread before it starts anew.
const MEMO_TITLES: usize = 100_000;

thread_local! {
    static MEMO: RefCell<FxHashMap<Box<str>, Arc<WishedTitles>>> = RefCell::default();
}

impl WishedTitles {
    /// Reads a wish, or recalls it.
    pub fn read(title: &str) -> Arc<Self> {
        MEMO.with_borrow_mut(|memo| {
            if let Some(known) = memo.get(title) {
                return Arc::clone(known);
            }
            if memo.len() >= MEMO_TITLES {
                memo.clear();
            }
            let titles = Arc::new(Self::new(title));
            memo.insert(title.into(), Arc::clone(&titles));
            titles
        })
    }

    fn new(title: &str) -> Self {
        let mut shapes: Vec<_> = title
            .split(['/', ',', '|', ';', '\n'])
            .map(TitleShape::new)
            .filter(|shape| !shape.is_empty())
            .collect();
        let whole = TitleShape::new(title);
        if shapes.len() > 1 && !whole.is_empty() {
            shapes.push(whole);
        }
        Self { text: title.into(), shapes: shapes.into_boxed_slice() }
    }

    /// How alike a title is to that of the wished titles which is nearest to it; 0 where none is more alike than [`TitleShape::RELATED`],
    /// since the few letters that any two titles share say nothing.
    pub fn likeness(&self, title: &TitleShape) -> f64 {
        let nearest = self.shapes.iter().map(|own| own.likeness(title)).fold(0.0, f64::max);
        if nearest > TitleShape::RELATED { nearest } else { 0.0 }
    }
}
