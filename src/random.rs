//! The one place that draws random numbers.
//!
//! Jitter, names and tokens come from a [`Random`]; tests give it a seed and get the same draws every time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

/// A shared random generator (`ChaCha12`, fit for tokens when seeded from the system); clones share its state.
#[derive(Clone, Debug)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// Seeded by the operating system.
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// Gives the same draws for the same `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A duration drawn evenly from zero up to `max` ("full jitter").
    pub fn up_to(&self, max: Duration) -> Duration {
        max.mul_f64(self.with(|rng| rng.random_range(0.0..=1.0)))
    }

    /// An integer drawn evenly from `0..bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.with(|rng| rng.random_range(0..bound)) }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
