//! The addresses of one career site, and the identity of its postings.

use url::Url;

use super::super::{Board, SourceError};

const DOMAIN: &str = "myworkdayjobs.com";
/// Marks the requests for parts of a list that is too long; the server does not read it.
const SPLIT: &str = "split=facet";

/// One career site of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    host: String,
    tenant: String,
    /// Its name in addresses.
    name: String,
    split: bool,
}

impl Site {
    /// As the schedule names it.
    pub(super) fn of_board(board: &Board) -> Result<Self, SourceError> {
        board.only_options(&["site", "wd"])?;
        let tenant = board.label()?;
        let option = |key, example| {
            let text = board.text_option(key)?;
            let text =
                text.ok_or_else(|| SourceError::Args(format!("options.{key}: expected text, got nothing")))?;
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            if plain {
                Ok(text)
            } else {
                Err(SourceError::Args(format!(
                    "options.{key}: expected a name such as {example}, got \"{text}\""
                )))
            }
        };
        let (wd, site) = (option("wd", "wd5")?, option("site", "External")?);
        Ok(Self { host: format!("{tenant}.{wd}.{DOMAIN}"), tenant, name: site.to_owned(), split: false })
    }

    /// As the address of a page says, or else the schedule.
    pub(super) fn of_page(board: &Board, url: &str) -> Result<Self, SourceError> {
        Self::of_url(url).map_or_else(|| Self::of_board(board), Ok)
    }

    /// `https://TENANT.WD.myworkdayjobs.com/wday/cxs/TENANT/SITE/…`
    fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.to_owned();
        host.strip_suffix(DOMAIN).filter(|label| label.ends_with('.'))?;
        let mut segments = url.path_segments()?;
        if (segments.next(), segments.next()) != (Some("wday"), Some("cxs")) {
            return None;
        }
        let (tenant, name) = (segments.next()?.to_owned(), segments.next()?.to_owned());
        let split = url.query().is_some_and(|query| query == SPLIT);
        (!tenant.is_empty() && !name.is_empty()).then_some(Self { host, tenant, name, split })
    }

    /// The same site, for requests that ask for a part of its list.
    pub(super) fn split(&self) -> Self {
        Self { split: true, ..self.clone() }
    }

    pub(super) fn is_split(&self) -> bool {
        self.split
    }

    /// Where the list is asked for.
    pub(super) fn list(&self) -> String {
        let query = if self.split { "?".to_owned() + SPLIT } else { String::new() };
        format!("https://{}/wday/cxs/{}/{}/jobs{query}", self.host, self.tenant, self.name)
    }

    /// Where one posting is asked for.
    pub(super) fn detail(&self, path: &str) -> String {
        format!("https://{}/wday/cxs/{}/{}{}", self.host, self.tenant, self.name, rooted(path))
    }

    /// The public page of a posting.
    pub(super) fn public(&self, path: &str) -> String {
        format!("https://{}/{}{}", self.host, self.name, rooted(path))
    }

    /// A posting's identity: requisitions are numbered for each tenant.
    pub(super) fn identity(&self, requisition: &str) -> String {
        format!("{}:{requisition}", self.tenant)
    }

    /// As configured, or the tenant's name.
    pub(super) fn employer(&self, board: &Board) -> Option<String> {
        Board { board: self.tenant.clone(), ..board.clone() }.employer("")
    }
}

fn rooted(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The requisition at the end of a posting's path (`/job/Graz/Baker_R-117`).
///
/// A requisition that is shown on several sites has a number behind it there (`R-117-2`); it is taken away only where the posting
/// names the requisition without it.
pub(super) fn requisition<'a>(path: &str, mut known: impl Iterator<Item = &'a str>) -> Option<String> {
    let slug = path.trim_end_matches('/').rsplit('/').next().filter(|slug| !slug.is_empty())?;
    let id = slug.rsplit_once('_').map_or(slug, |(_, id)| id);
    let copy = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let bare = id.rsplit_once('-').filter(|(_, number)| copy(number)).map(|(bare, _)| bare);
    match bare {
        Some(bare) if known.any(|known| known.trim() == bare) => Some(bare.to_owned()),
        _ => Some(id).filter(|id| !id.is_empty()).map(str::to_owned),
    }
}
