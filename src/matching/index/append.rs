//! A list that grows while others read it: no locks, and nothing that is in it ever moves.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// Elements in the first chunk; each further chunk holds twice as many.
const FIRST: u32 = 256;

/// Elements get numbers from 0 in the order in which they are added.
#[derive(Debug)]
pub struct AppendList<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; 24],
    len: AtomicU32,
}

impl<T> Default for AppendList<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; 24], len: AtomicU32::new(0) }
    }
}

impl<T> AppendList<T> {
    /// Elements that readers can see.
    pub fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// The element with this number.
    pub fn get(&self, number: u32) -> Option<&T> {
        let (chunk, at) = place(number);
        self.chunks.get(chunk)?.get()?.get(at)?.get()
    }

    /// Adds an element and gives its number; gives it back where the list is full. One thread at a time may add.
    pub fn push(&self, value: T) -> Result<u32, T> {
        let number = self.len.load(Ordering::Relaxed);
        let (chunk, at) = place(number);
        let Some(cell) = self.chunks.get(chunk) else { return Err(value) };
        let elements = cell.get_or_init(|| {
            let count = (FIRST as usize) << chunk;
            std::iter::repeat_with(OnceLock::new).take(count).collect()
        });
        match elements.get(at) {
            Some(element) => element.set(value)?,
            None => return Err(value),
        }
        self.len.store(number + 1, Ordering::Release);
        Ok(number)
    }
}

fn place(number: u32) -> (usize, usize) {
    let shifted = u64::from(number) + u64::from(FIRST);
    let chunk = shifted.ilog2() - FIRST.ilog2();
    let at = shifted - (u64::from(FIRST) << chunk);
    (chunk as usize, usize::try_from(at).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_numbers() {
        let list = AppendList::default();
        for number in 0..10_000_u32 {
            assert_eq!(list.push(number * 3), Ok(number));
        }
        assert_eq!(list.len(), 10_000);
        assert!((0..10_000).all(|number| list.get(number) == Some(&(number * 3))));
        assert_eq!(list.get(10_000), None);
        assert_eq!(list.get(u32::MAX), None);
    }

    #[test]
    fn readers_see_whole_elements_while_others_are_added() {
        let list = AppendList::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..50_000_u64 {
                    assert!(list.push([number; 3]).is_ok());
                }
            });
            scope.spawn(|| {
                while list.len() < 50_000 {
                    if let Some(last) = list.len().checked_sub(1) {
                        assert_eq!(list.get(last), Some(&[u64::from(last); 3]));
                    }
                }
            });
        });
    }
}
