//! Whose list a page belongs to, on systems with one host for each tenant.

use url::Url;

use crate::sources::{Board, SourceError};

/// The tenant: the board's name or, without one, the first label of the page's host under `domain` (`example.com`).
///
/// # Errors
/// [`SourceError::Args`] where neither names one.
pub(in crate::sources) fn tenant(board: &Board, url: &str, domain: &str) -> Result<String, SourceError> {
    board.label().or_else(|error| {
        let url = Url::parse(url).ok();
        let host = url.as_ref().and_then(Url::host_str);
        let label = host.and_then(|host| host.strip_suffix(domain)?.strip_suffix('.')?.split('.').next());
        label.filter(|label| !label.is_empty()).map(str::to_owned).ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_names_it_or_else_the_host() {
        let named = |board: &str, url: &str| {
            let board = Board { board: board.to_owned(), ..Board::default() };
            tenant(&board, url, "x.test").ok()
        };
        assert_eq!(named(" Acme ", "https://other.x.test/").as_deref(), Some("acme"));
        assert_eq!(named("", "https://acme.wd5.x.test/jobs").as_deref(), Some("acme"));
        for url in ["", "https://x.test/", "https://acme.y.test/", "https://evilx.test/"] {
            assert_eq!(named("", url), None, "{url}");
        }
    }
}
