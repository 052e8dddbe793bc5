//! Queries of listings that are searches: what a board asks for, and which page an address is.

use url::Url;

use crate::sources::{Board, SourceError};

/// The words a board asks a search for; `None` for the board `all`, which asks for everything.
///
/// # Errors
/// [`SourceError::Args`] where the name cannot be words of a search; `expected` says what it can be.
pub(in crate::sources) fn asked_for<'a>(
    board: &'a Board,
    expected: &str,
) -> Result<Option<&'a str>, SourceError> {
    let words = board.board.trim();
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
    if !words.contains(char::is_alphanumeric) || words.contains(odd) || words.len() > 200 {
        return Err(board.not_a_board(expected));
    }
    Ok((words != "all").then_some(words))
}

/// The number that an address has in one parameter of its query.
pub(in crate::sources) fn number_in(address: &str, key: &str) -> Option<u64> {
    let url = Url::parse(address).ok()?;
    url.query_pairs().find(|(name, _)| name == key)?.1.parse().ok()
}

/// `address` with one parameter of its query set to a number, in its old place.
pub(in crate::sources) fn with_number(address: &str, key: &str, number: u64) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    let number = number.to_string();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    match pairs.iter_mut().find(|(name, _)| name == key) {
        Some((_, value)) => *value = number,
        None => pairs.push((key.to_owned(), number)),
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_words_or_all() {
        let board = |name: &str| Board { board: name.to_owned(), ..Board::default() };
        assert_eq!(asked_for(&board("all"), "words"), Ok(None));
        assert_eq!(asked_for(&board(" welder, ship "), "words"), Ok(Some("welder, ship")));
        for name in ["", "..", "a/b", "a\u{7}"] {
            let error = asked_for(&board(name), "words").unwrap_err().to_string();
            assert!(error.starts_with("board: expected words, got \""), "{error}");
        }
    }

    #[test]
    fn a_page_number_is_read_and_set() {
        let address = "https://x.test/jobs?q=a+b&page=7&size=9";
        assert_eq!(number_in(address, "page"), Some(7));
        assert_eq!(number_in(address, "q"), None);
        assert_eq!(number_in("", "page"), None);
        let next = with_number(address, "page", 8);
        assert_eq!(next.as_deref(), Some("https://x.test/jobs?q=a+b&page=8&size=9"));
        let added = with_number("https://x.test/jobs", "page", 2);
        assert_eq!(added.as_deref(), Some("https://x.test/jobs?page=2"));
    }
}
