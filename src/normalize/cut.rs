//! Cuts text to the length of its column, on a word.

/// Shortens `text` to at most `max` characters, at the last blank where one is near; true where something was lost.
pub fn on_word(text: &mut String, max: usize) -> bool {
    if text.len() <= max {
        return false;
    }
    let Some((limit, next)) = text.char_indices().nth(max) else { return false };
    let kept = &text[..limit];
    let end = if next.is_whitespace() {
        limit
    } else {
        let blank = kept.rfind(char::is_whitespace);
        blank.filter(|at| limit - at <= limit.min(160) / 2).unwrap_or(limit)
    };
    let end = text[..end].trim_end().len();
    text.truncate(if end == 0 { limit } else { end });
    true
}

/// Shortens an identifier to at most `max` characters (at least 80) so that different ones stay different: what is cut off is
/// replaced by a hash of the whole.
pub fn identifier(text: &mut String, max: usize) -> bool {
    use std::fmt::Write as _;

    use sha2::{Digest, Sha256};

    if text.chars().count() <= max {
        return false;
    }
    let hash = Sha256::digest(text.as_bytes());
    let kept = text.char_indices().nth(max.saturating_sub(65)).map_or(0, |(at, _)| at);
    text.truncate(kept);
    text.push('#');
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str, max: usize) -> (String, bool) {
        let mut text = text.to_owned();
        let lost = on_word(&mut text, max);
        (text, lost)
    }

    #[test]
    fn cuts_on_a_word() {
        assert_eq!(cut("Senior Engineer", 20), ("Senior Engineer".to_owned(), false));
        assert_eq!(cut("Senior Engineer", 15), ("Senior Engineer".to_owned(), false));
        assert_eq!(cut("Senior Engineer Berlin", 17), ("Senior Engineer".to_owned(), true));
        assert_eq!(cut("Senior Engineer Berlin", 15), ("Senior Engineer".to_owned(), true));
        assert_eq!(cut("Straßenbahnfahrer", 5), ("Straß".to_owned(), true));
    }

    #[test]
    fn long_identifiers_stay_different() {
        let mut a = format!("{}a", "x".repeat(300));
        let mut b = format!("{}b", "x".repeat(300));
        assert!(identifier(&mut a, 255) && identifier(&mut b, 255));
        assert_eq!(a.chars().count(), 255);
        assert_ne!(a, b);
    }

    proptest! {
        #[test]
        fn never_longer_than_asked(text in ".{0,60}", max in 1_usize..40) {
            let (short, lost) = cut(&text, max);
            prop_assert!(short.chars().count() <= max);
            prop_assert!(text.starts_with(&short));
            prop_assert_eq!(lost, text.chars().count() > max);
        }
    }
}
