//! A part of all users: those whose id leaves a certain rest when divided.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use super::UserId;

/// One of `of` equal parts of the users; written `2/4`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Shard {
    /// The rest, from 0.
    number: i32,
    of: i32,
}

impl Shard {
    /// Everybody.
    pub const WHOLE: Self = Self { number: 0, of: 1 };
    /// Most parts.
    pub const MOST: i32 = 64;

    /// The part as the database keeps it: rest and divisor.
    pub fn stored(number: i32, of: i32) -> Option<Self> {
        (of >= 1 && (0..of).contains(&number)).then_some(Self { number, of })
    }

    /// The rest that the ids of this part leave.
    pub fn number(self) -> i32 {
        self.number
    }

    /// How many parts there are.
    pub fn of(self) -> i32 {
        self.of
    }

    /// Whether this is everybody.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether a user belongs to this part.
    pub fn holds(self, user: UserId) -> bool {
        self.of == 1 || user.0.rem_euclid(self.of) == self.number
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number + 1, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| {
            Some((number.trim().parse::<i32>().ok()?, of.trim().parse::<i32>().ok()?))
        });
        parts
            .filter(|(number, of)| (1..=Self::MOST).contains(of) && (1..=*of).contains(number))
            .map(|(number, of)| Self { number: number - 1, of })
            .ok_or_else(|| {
                format!(
                    "\"{text}\": expected a number and how many shards there are, such as \"2/4\" (at most {} shards)",
                    Self::MOST
                )
            })
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in ["1/1", "2/4", "64/64"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["", "1", "0/4", "5/4", "1/0", "1/65", "-1/4", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("such as \"2/4\""), "{text}");
        }
    }

    #[test]
    fn every_user_belongs_to_one_part() {
        for user in [i32::MIN, -7, -1, 0, 1, 2, 1_000_003, i32::MAX] {
            for of in 1..=Shard::MOST {
                let parts = (0..of).filter_map(|number| Shard::stored(number, of));
                assert_eq!(parts.filter(|part| part.holds(UserId(user))).count(), 1, "{user} of {of}");
            }
        }
    }
}
