//! The terms of one posting, with the fields and positions they stand in.

use super::{query::Fields, text::Term};

/// The end of a list of occurrences.
pub const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    term: u64,
    /// Last occurrence; the list runs backwards.
    head: u32,
    fields: u8,
}

#[derive(Clone, Copy, Debug)]
struct Occurrence {
    position: u32,
    before: u32,
    field: u8,
}

/// Where the words of one posting stand: a list for each word, linked from its last occurrence to its first.
#[derive(Clone, Debug, Default)]
pub struct Occurrences(Vec<Occurrence>);

impl Occurrences {
    /// Room for `words` of them.
    pub fn with_capacity(words: usize) -> Self {
        Self(Vec::with_capacity(words))
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds one of a word whose last was `head`, in ascending order of positions; gives the new head.
    pub fn push(&mut self, head: u32, field: Fields, position: u32) -> u32 {
        let Ok(index) = u32::try_from(self.0.len()) else { return head };
        self.0.push(Occurrence { position, before: head, field: field.0 });
        index
    }

    fn get(&self, index: u32) -> Option<Occurrence> {
        self.0.get(index as usize).copied()
    }

    fn positions(&self, head: u32) -> impl Iterator<Item = u32> {
        let mut next = head;
        std::iter::from_fn(move || {
            let occurrence = self.get(next)?;
            next = occurrence.before;
            Some(occurrence.position)
        })
    }

    /// The fields of `within` in which the words with these heads stand in a row. Every list is walked once.
    pub fn phrase(&self, heads: impl Iterator<Item = u32>, within: Fields) -> Fields {
        let mut heads: Vec<u32> = heads.collect();
        let Some((mut start, rest)) = heads.split_first_mut().map(|(first, rest)| (*first, rest)) else {
            return Fields(0);
        };
        let mut found = 0;
        while let Some(first) = self.get(start) {
            let mut in_a_row = within.meets(Fields(first.field));
            for (head, position) in rest.iter_mut().zip(first.position + 1..) {
                while let Some(next) = self.get(*head)
                    && next.position > position
                {
                    *head = next.before;
                }
                let Some(next) = self.get(*head) else { return Fields(found) };
                in_a_row &= next.position == position && next.field == first.field;
            }
            if in_a_row {
                found |= first.field;
            }
            start = first.before;
        }
        Fields(found)
    }
}

/// An open-addressing table, built once for each posting.
#[derive(Clone, Debug)]
pub struct TermTable {
    slots: Vec<Slot>,
    used: usize,
    occurrences: Occurrences,
}

const EMPTY: Slot = Slot { term: 0, head: NONE, fields: 0 };

impl TermTable {
    /// A table sized for `words` words.
    pub fn for_words(words: usize) -> Self {
        let size = (words.max(16) * 2).next_power_of_two();
        Self { slots: vec![EMPTY; size], used: 0, occurrences: Occurrences::with_capacity(words) }
    }

    /// Notes that `term` stands in `field`, without a position. Says whether it is new to the table.
    pub fn mark(&mut self, term: Term, field: Fields) -> bool {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.find(term.0);
        let Some(slot) = self.slots.get_mut(at) else { return false };
        let new = slot.fields == 0;
        slot.term = term.0;
        slot.fields |= field.0;
        self.used += usize::from(new);
        new
    }

    /// Notes that `term` stands at `position` of `field`; positions ascend. Says whether it is new to the table.
    pub fn place(&mut self, term: Term, field: Fields, position: u32) -> bool {
        let new = self.mark(term, field);
        let at = self.find(term.0);
        if let Some(slot) = self.slots.get_mut(at) {
            slot.head = self.occurrences.push(slot.head, field, position);
        }
        new
    }

    /// The fields `term` stands in; no bit where it is absent.
    pub fn fields_of(&self, term: Term) -> Fields {
        self.slots.get(self.find(term.0)).map_or(Fields(0), |slot| Fields(slot.fields))
    }

    /// The fields of `within` in which `words` stand in a row.
    pub fn phrase(&self, words: &[Term], within: Fields) -> Fields {
        if let [only] = words {
            return Fields(self.fields_of(*only).0 & within.0);
        }
        if words.iter().any(|word| !self.fields_of(*word).meets(within)) {
            return Fields(0);
        }
        self.occurrences.phrase(words.iter().map(|word| self.head_of(*word)), within)
    }

    /// All terms with their fields, in no particular order.
    pub fn terms(&self) -> impl Iterator<Item = (Term, Fields)> {
        self.slots.iter().filter(|slot| slot.fields != 0).map(|slot| (Term(slot.term), Fields(slot.fields)))
    }

    /// The positions of `term`, last first.
    pub fn positions(&self, term: Term) -> impl Iterator<Item = u32> {
        self.occurrences.positions(self.head_of(term))
    }

    /// How many different terms there are.
    pub fn len(&self) -> usize {
        self.used
    }

    fn head_of(&self, term: Term) -> u32 {
        self.slots.get(self.find(term.0)).map_or(NONE, |slot| slot.head)
    }

    /// Index of the slot that holds `term` or may take it.
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits of the hash are wanted")]
    fn find(&self, term: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (term ^ (term >> 32)) as usize & mask;
        while self.slots.get(at).is_some_and(|slot| slot.fields != 0 && slot.term != term) {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let bigger = vec![EMPTY; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, bigger);
        for slot in old.into_iter().filter(|slot| slot.fields != 0) {
            let at = self.find(slot.term);
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_stay_within_a_field_and_tables_grow() {
        let mut table = TermTable::for_words(1);
        let term = |n: u32| Term(u64::from(n) << 32);
        for n in 0..500 {
            assert!(table.place(term(n), if n < 250 { Fields::TITLE } else { Fields::BODY }, n));
        }
        assert_eq!(table.len(), 500);
        assert_eq!(table.phrase(&[term(7), term(8), term(9)], Fields::ALL), Fields::TITLE);
        assert_eq!(table.phrase(&[term(7), term(9)], Fields::ALL), Fields(0));
        assert_eq!(table.phrase(&[term(249), term(250)], Fields::ALL), Fields(0));
        assert_eq!(table.phrase(&[term(300), term(301)], Fields::TITLE), Fields(0));
        assert_eq!(table.phrase(&[], Fields::ALL), Fields(0));
        assert_eq!(table.fields_of(term(501)), Fields(0));
        assert_eq!(table.positions(term(3)).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn repeated_words_are_found_wherever_they_stand_in_a_row() {
        let mut table = TermTable::for_words(1);
        let (a, b) = (Term(1), Term(2));
        for (position, term) in [a, a, b, a, b, b, a].into_iter().enumerate() {
            table.place(term, Fields::BODY, u32::try_from(position).expect("few"));
        }
        let found = |words: &[Term]| table.phrase(words, Fields::ALL).meets(Fields::BODY);
        assert!(found(&[a, a]) && found(&[b, b, a]) && found(&[a, b, a, b, b]));
        assert!(!found(&[a, a, a]) && !found(&[b, a, a]) && !found(&[b, b, b]));
    }
}
