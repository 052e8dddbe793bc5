//! Chance that depends on a stream and a number alone.

/// Draws of one item; equal for equal streams and items.
pub struct Draw(u64);

impl Draw {
    /// The draws of item `item` of a stream (searches, postings, ...).
    pub fn new(stream: u64, item: usize) -> Self {
        let mut draw = Self(mixed(stream) ^ item as u64);
        draw.0 = draw.bits();
        draw
    }

    /// From 0 up to, not including, 1.
    pub fn even(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to, not including, 1, and more often low: the mean is a quarter.
    pub fn low(&mut self) -> f64 {
        self.even() * self.even()
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.even() * count as f64) as usize
    }

    /// True in `share` of all draws.
    pub fn chance(&mut self, share: f64) -> bool {
        self.even() < share
    }

    /// Any of them, all alike.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// The index of a share; the last one gets what the others leave of 1.
    pub fn share(&mut self, shares: &[f64]) -> usize {
        let mut left = self.even();
        let found = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or(shares.len() - 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }
}

/// The finalizer of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Ranks of which the first is the most frequent, as words, places and firms are.
pub struct Zipf(Vec<f64>);

impl Zipf {
    /// `count` ranks; rank `n` is drawn in proportion to `(n + 1)^-exponent`.
    pub fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let sums = (0..count).map(|rank| {
            sum += (rank as f64 + 1.0).powf(-exponent);
            sum
        });
        Self(sums.collect())
    }

    /// A rank.
    pub fn draw(&self, draw: &mut Draw) -> usize {
        let sum = self.0.last().copied().unwrap_or_default();
        let at = draw.even() * sum;
        self.0.partition_point(|upto| *upto <= at).min(self.0.len() - 1)
    }
}
