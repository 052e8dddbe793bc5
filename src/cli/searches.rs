//! `career-worker searches`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgGroup, Subcommand};
use serde_json::Value;

use super::{
    Globals,
    failure::Failure,
    output::{minute, table},
};
use crate::{
    clock::Clock,
    domain::{SavedSearch, SearchId, UserId},
    store::{KnownProblem, Store},
    tasks::{self, Preview},
};

/// Look at saved searches: how often one would fire, what in them cannot be used.
#[derive(Debug, Subcommand)]
pub(super) enum SearchesCommand {
    /// Say how often a search would have fired, with the newest postings that match.
    #[command(group(ArgGroup::new("what").required(true).multiple(true).args(["search", "query", "filters"])))]
    Preview {
        /// A saved search (`saved_searches.id`).
        #[arg(long, value_name = "ID", conflicts_with_all = ["query", "filters"])]
        search: Option<i32>,
        /// Query, as a saved search would have it.
        #[arg(long)]
        query: Option<String>,
        /// Filters, as a saved search would have them.
        #[arg(long, value_name = "JSON")]
        filters: Option<String>,
        /// Postings first stored in this many days.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// List what in active searches cannot be used.
    Problems {
        /// Only the searches of this user (`users.id`).
        #[arg(long, value_name = "ID")]
        user: Option<i32>,
    },
}

pub(super) async fn run(globals: &Globals, command: SearchesCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    match command {
        SearchesCommand::Preview { search, query, filters, days } => {
            let search = match search {
                Some(id) => {
                    let found = store.find_search(SearchId(id)).await.context("find search")?;
                    found.ok_or_else(|| Failure::new(1, format!("there is no search {id}")))?
                }
                None => draft(query, filters.as_deref())?,
            };
            let found = tasks::preview(&store, &config, &Clock::system(), &search, days).await;
            globals.output().value(&found.context("preview")?, in_words)?;
        }
        SearchesCommand::Problems { user } => {
            let problems = all_problems(&store, user.map(UserId)).await.context("list problems")?;
            let columns = ["search", "user", "name", "key", "says", "since"];
            globals.output().rows(&columns, &problems, |problem| {
                vec![
                    problem.search_id.to_string(),
                    problem.user_id.map_or_else(|| "-".to_owned(), |user| user.to_string()),
                    problem.name.clone(),
                    problem.key.clone(),
                    problem.message.clone(),
                    minute(Some(problem.noted_at)),
                ]
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn draft(query: Option<String>, filters: Option<&str>) -> anyhow::Result<SavedSearch> {
    let filters = filters.map(serde_json::from_str::<Value>).transpose();
    let filters =
        filters.map_err(|error| Failure::new(2, format!("--filters: expected a JSON object: {error}")))?;
    Ok(SavedSearch {
        id: SearchId(0),
        user_id: UserId(0),
        name: String::new(),
        query,
        filters: filters.unwrap_or_default(),
        is_active: true,
    })
}

async fn all_problems(
    store: &Store,
    user: Option<UserId>,
) -> Result<Vec<KnownProblem>, crate::store::StoreError> {
    const PAGE: i64 = 1_000;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_search_problems(user, after, PAGE).await?;
        let Some(last) = page.last().map(|problem| SearchId(problem.search_id)) else { return Ok(all) };
        after = Some(last);
        all.extend(page);
    }
}

fn in_words(preview: &Preview) -> String {
    let Preview { days, postings, looked_at, matches, per_day, .. } = preview;
    let mut lines = vec![if preview.complete {
        format!("{matches} of the {postings} postings of the last {days} days match: {per_day} a day")
    } else {
        format!(
            "{matches} of the newest {looked_at} postings match: {per_day} a day; the bound of a preview was reached, the last {days} \
             days have {postings}"
        )
    }];
    if !preview.examples.is_empty() {
        let rows = preview.examples.iter().map(|example| {
            let location = example.location.clone().unwrap_or_else(|| "-".to_owned());
            vec![example.id.0.to_string(), example.title.clone(), example.company.clone(), location]
        });
        lines.push(table(&["posting", "title", "company", "location"], rows).to_string());
    }
    lines.extend(preview.problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message)));
    lines.join("\n")
}
