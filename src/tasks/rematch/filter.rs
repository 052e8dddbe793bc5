//! What SQL may rule out for some searches: only postings that none of them can match.
//!
//! A filter is read off the clauses of the searches, which must all hold. Of several searches each restriction is the loosest one, and
//! falls away where one of them lacks it. Spellings of columns are not interpreted in SQL: a job type is ruled out only where it is
//! written exactly as the program writes another one. What is not here (words, places, companies, levels, rule trees) is left to the
//! exact check. To add one: a field of [`PostingFilter`], an arm in [`of_clause`], and a line in [`join`].

use chrono::{Days, NaiveDate};

use crate::{
    domain::{JobType, RemoteOption, SavedSearch},
    matching::{Clause, Filters, MatchSettings},
    store::PostingFilter,
};

/// The days a date column can be compared with.
const DAYS: (Option<NaiveDate>, Option<NaiveDate>) =
    (NaiveDate::from_ymd_opt(1, 1, 1), NaiveDate::from_ymd_opt(9999, 12, 31));

/// What every posting passes that one of `searches` matches on `today`. Nothing is ruled out for no searches.
pub fn posting_filter<'a>(
    searches: impl Iterator<Item = &'a SavedSearch>,
    settings: &MatchSettings,
    today: NaiveDate,
) -> PostingFilter {
    let filters = searches.map(|search| {
        let (filters, _) = Filters::read(&search.filters, settings.synonyms);
        filters.clauses.iter().map(|clause| of_clause(clause, today)).fold(PostingFilter::default(), meet)
    });
    filters.reduce(join).unwrap_or_default()
}

fn of_clause(clause: &Clause, today: NaiveDate) -> PostingFilter {
    let mut filter = PostingFilter::default();
    match clause {
        Clause::JobType(types) => {
            let others = JobType::ALL.into_iter().filter(|kind| !types.contains(kind));
            filter.not_job_types = Some(others.map(|kind| kind.as_str().to_owned()).collect());
        }
        Clause::Remote(options) => {
            let all = [RemoteOption::Remote, RemoteOption::Hybrid, RemoteOption::Onsite];
            let others = all.into_iter().filter(|option| !options.contains(option));
            filter.not_remote_options = Some(others.map(|option| option.as_str().to_owned()).collect());
        }
        Clause::MinSalary(pay, currency) => {
            filter.pay_stated = true;
            filter.pay_reaches = currency.is_none().then_some(*pay);
        }
        Clause::MaxSalary(pay, currency) => {
            filter.pay_stated = true;
            filter.pay_starts_by = currency.is_none().then_some(*pay);
        }
        Clause::PostedWithin(days) => {
            let day = today.checked_sub_days(Days::new(u64::from(*days)));
            filter.posted_from = within_bounds(day.unwrap_or(NaiveDate::MIN));
        }
        Clause::PostedAfter(day) => filter.posted_from = within_bounds(*day),
        Clause::Source(sources) => {
            filter.sources = Some(sources.iter().map(|source| String::from(&**source)).collect());
        }
        Clause::Tech(_) => filter.with_skills = true,
        Clause::Location(_)
        | Clause::Company(_)
        | Clause::Exclude(_)
        | Clause::Seniority(_)
        | Clause::Text(_)
        | Clause::Rules(_) => {}
    }
    filter
}

fn within_bounds(day: NaiveDate) -> Option<NaiveDate> {
    let (first, last) = DAYS;
    first.filter(|first| day > *first)?;
    Some(last.map_or(day, |last| day.min(last)))
}

/// What passes both. Of two lists either alone is right.
fn meet(left: PostingFilter, right: PostingFilter) -> PostingFilter {
    PostingFilter {
        not_job_types: left.not_job_types.or(right.not_job_types),
        not_remote_options: left.not_remote_options.or(right.not_remote_options),
        pay_stated: left.pay_stated || right.pay_stated,
        pay_reaches: left.pay_reaches.into_iter().chain(right.pay_reaches).reduce(f64::max),
        pay_starts_by: left.pay_starts_by.into_iter().chain(right.pay_starts_by).reduce(f64::min),
        posted_from: left.posted_from.into_iter().chain(right.posted_from).max(),
        sources: left.sources.or(right.sources),
        with_skills: left.with_skills || right.with_skills,
    }
}

/// What passes either.
fn join(left: PostingFilter, right: PostingFilter) -> PostingFilter {
    let shared = |left: Option<Vec<String>>, right: Option<Vec<String>>| {
        let right = right?;
        left.map(|left| left.into_iter().filter(|word| right.contains(word)).collect())
    };
    PostingFilter {
        not_job_types: shared(left.not_job_types, right.not_job_types),
        not_remote_options: shared(left.not_remote_options, right.not_remote_options),
        pay_stated: left.pay_stated && right.pay_stated,
        pay_reaches: left.pay_reaches.zip(right.pay_reaches).map(|(left, right)| left.min(right)),
        pay_starts_by: left.pay_starts_by.zip(right.pay_starts_by).map(|(left, right)| left.max(right)),
        posted_from: left.posted_from.zip(right.posted_from).map(|(left, right)| left.min(right)),
        sources: left.sources.zip(right.sources).map(|(left, right)| [left, right].concat()),
        with_skills: left.with_skills && right.with_skills,
    }
}
