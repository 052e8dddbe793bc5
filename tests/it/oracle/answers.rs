//! Who matches what: one row of bits for each query, one bit for each posting.

use std::thread;

/// The postings that one query matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    pub fn of(postings: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Self::default();
        postings.into_iter().for_each(|at| bits.set(at));
        bits
    }

    pub fn set(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }

    pub fn get(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|word| usize::try_from(word.count_ones()).unwrap_or(0)).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|at| self.get(*at))
    }

    /// Those in one and not in the other.
    pub fn difference(&self, other: &Self) -> Vec<usize> {
        let length = self.0.len().max(other.0.len());
        (0..length * 64).filter(|at| self.get(*at) != other.get(*at)).collect()
    }
}

/// `work` on `0..count` on all cores, results in order; `start` makes what one thread works with.
pub fn in_parallel<S, T: Send>(
    count: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (start, work) = (&start, &work);
    thread::scope(|scope| {
        let share = |thread: usize| {
            scope.spawn(move || {
                let mut state = start();
                (count * thread / threads..count * (thread + 1) / threads)
                    .map(|at| work(&mut state, at))
                    .collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..threads).map(share).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a share of the work")).collect()
    })
}
