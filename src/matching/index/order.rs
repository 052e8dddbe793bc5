//! Puts what was found for a posting into the order of users.

use crate::domain::UserId;

/// So many are compared with each other; more are dealt out by their digits, which takes no longer for each however many they are.
const FEW: usize = 384;

/// Bits of a digit.
const DIGIT: u32 = 11;
const DIGITS: usize = 1 << DIGIT;

/// Orders places by users; memory that is used again.
#[derive(Debug, Default)]
pub struct Order {
    /// A user in the upper half, a place in the lower.
    keys: Vec<u64>,
    dealt: Vec<u64>,
    counts: Vec<usize>,
}

impl Order {
    /// Orders the places of `users`, counted from 0, by user and then by place. There are fewer than 2^32.
    pub fn put(&mut self, users: impl Iterator<Item = UserId>) {
        self.keys.clear();
        self.keys.extend((0_u64..).zip(users).map(|(place, user)| upper(user) | place));
        if self.keys.len() <= FEW {
            self.keys.sort_unstable();
        } else {
            (32..u64::BITS).step_by(DIGIT as usize).for_each(|shift| self.deal(shift));
        }
    }

    /// The users put last, each with its place.
    pub fn users(&self) -> impl Iterator<Item = (UserId, usize)> {
        self.keys.iter().map(|key| (user(*key), place(*key)))
    }

    /// Sorts by one digit and leaves equal ones in their order.
    fn deal(&mut self, shift: u32) {
        self.counts.clear();
        self.counts.resize(DIGITS, 0);
        for key in &self.keys {
            if let Some(count) = self.counts.get_mut(digit(*key, shift)) {
                *count += 1;
            }
        }
        let first = self.keys.first().map_or(0, |key| digit(*key, shift));
        if self.counts.get(first) == Some(&self.keys.len()) {
            return;
        }
        let mut before = 0;
        for count in &mut self.counts {
            before += std::mem::replace(count, before);
        }
        self.dealt.resize(self.keys.len(), 0);
        for key in &self.keys {
            if let Some(next) = self.counts.get_mut(digit(*key, shift))
                && let Some(free) = self.dealt.get_mut(*next)
            {
                *free = *key;
                *next += 1;
            }
        }
        std::mem::swap(&mut self.keys, &mut self.dealt);
    }
}

/// In the order of the numbers, the negative ones first.
fn upper(user: UserId) -> u64 {
    u64::from(user.0.cast_unsigned() ^ 1 << 31) << 32
}

fn user(key: u64) -> UserId {
    UserId(((key >> 32) as u32 ^ 1 << 31).cast_signed())
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
fn place(key: u64) -> usize {
    key as u32 as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a few bits")]
fn digit(key: u64, shift: u32) -> usize {
    (key >> shift) as usize & (DIGITS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn users_come_in_their_order_however_many_they_are(
            mut users in prop_oneof![
                proptest::collection::vec(any::<i32>(), 0..1_500),
                proptest::collection::vec(-3_000..3_000_i32, 0..1_500),
            ],
        ) {
            let mut order = Order::default();
            for _ in 0..2 {
                order.put(users.iter().copied().map(UserId));
                let found: Vec<_> = order.users().collect();
                let mut expected: Vec<_> = users.iter().copied().map(UserId).zip(0..).collect();
                expected.sort();
                prop_assert_eq!(found, expected);
                users.truncate(users.len() / 2);
            }
        }
    }
}
