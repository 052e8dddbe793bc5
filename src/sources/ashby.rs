//! Ashby posting API: a whole board in one answer.
//!
//! Pay is per posting, in tiers of components of which only those of the type `Salary` are pay; tiers are mostly regions, so their
//! span counts. `workplaceType` wins over `isRemote`, which is also true where some days at home are allowed. A posting that is not
//! listed is rejected as such: it is in the answer and not on the public page.

use rust_decimal::Decimal;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, range},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Ashby;

const BOARDS: &str = "https://api.ashbyhq.com/posting-api/job-board";

impl Source for Ashby {
    fn name(&self) -> &'static str {
        "ashby"
    }

    fn title(&self) -> &'static str {
        "Ashby"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["api.ashbyhq.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developers.ashbyhq.com/docs/public-job-posting-api",
            "public posting API without a key, meant for showing a board elsewhere",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let mut url = board.address(BOARDS, &[], &[])?;
        url.set_query(Some("includeCompensation=true"));
        Ok(Request::json(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(jobs) = answer.get("jobs") else {
            return Err(SourceError::Layout(format!("jobs: expected a list, got {}", answer.found("jobs"))));
        };
        let jobs = jobs.items().map_err(|why| SourceError::Layout(format!("jobs: {why}")))?;
        let mut records = Records::default();
        for job in jobs {
            records.add(job, |record| posting(board, record));
        }
        Ok(records.into_parsed(None, true))
    }
}

fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let source_id = record.required_id("id")?;
    if record.flag("isListed") == Some(false) {
        return Err("isListed: not listed on the public board".to_owned());
    }
    let url = record.required_url("jobUrl")?;
    // The employer may keep pay off the page while the answer holds it.
    let shown = record.flag("shouldDisplayCompensationOnJobPostings") != Some(false);
    let compensation = record.object("compensation").filter(|_| shown);
    let secondary: Vec<_> = record.objects("secondaryLocations").collect();
    let places = std::iter::once(record).chain(&secondary).filter_map(place);
    let locations = record.text("location").into_iter();
    Ok(RawPosting {
        source_id,
        company: board.employer(&url),
        url,
        title: record.required_text("title")?,
        locations: locations.chain(secondary.iter().filter_map(|place| place.text("location"))).collect(),
        places: places.collect(),
        description: description(record),
        pay: compensation.as_ref().and_then(pay),
        pay_text: compensation.and_then(|pay| pay.text("scrapeableCompensationSalarySummary")),
        employment: record.text("employmentType").into_iter().collect(),
        workplace: workplace(record),
        posted: record.text("publishedAt").map(RawDate::Text),
        ..RawPosting::default()
    })
}

fn description(record: &Object<'_>) -> Option<Text> {
    let plain = || record.text("descriptionPlain").map(Text::Plain);
    record.text("descriptionHtml").map(Text::Html).or_else(plain)
}

fn place(record: &Object<'_>) -> Option<Place> {
    let address = record.object("address")?.object("postalAddress")?;
    let part = |key| address.text(key).map(|part| part.trim().to_owned());
    let place = Place {
        city: part("addressLocality"),
        region: part("addressRegion"),
        country: part("addressCountry"),
        country_code: None,
    };
    (place != Place::default()).then_some(place)
}

fn workplace(record: &Object<'_>) -> Option<Workplace> {
    let Some(sent) = record.text("workplaceType") else {
        let remote = record.flag("isRemote") == Some(true);
        return remote.then_some(Workplace::Stated(RemoteOption::Remote));
    };
    Some(match sent.trim().to_lowercase().replace('-', "").as_str() {
        "remote" => Workplace::Stated(RemoteOption::Remote),
        "hybrid" => Workplace::Stated(RemoteOption::Hybrid),
        "onsite" => Workplace::Stated(RemoteOption::Onsite),
        _ => Workplace::Text(sent),
    })
}

/// The span of all salary components that share currency and interval with the first one.
fn pay(compensation: &Object<'_>) -> Option<Pay> {
    let tiers = compensation.objects("compensationTiers");
    let tiered: Vec<_> =
        tiers.flat_map(|tier| tier.objects("components")).filter_map(|part| salary(&part)).collect();
    let salaries = if tiered.is_empty() {
        compensation.objects("summaryComponents").filter_map(|part| salary(&part)).collect()
    } else {
        tiered
    };
    let first = salaries.first()?.clone();
    let like = || salaries.iter().filter(|pay| pay.currency == first.currency && pay.period == first.period);
    let (min, max) = (like().filter_map(|pay| pay.min).min(), like().filter_map(|pay| pay.max).max());
    range(min, max, first.currency.as_deref(), first.period)
}

fn salary(component: &Object<'_>) -> Option<Pay> {
    if component.text("compensationType")?.trim() != "Salary" {
        return None;
    }
    let (count, period) = component.text("interval").and_then(|text| interval(&text)).unzip();
    let each = |key| component.decimal(key)?.checked_div(count.unwrap_or(Decimal::ONE));
    range(each("minValue"), each("maxValue"), component.text("currencyCode").as_deref(), period)
}

/// `1 YEAR`, `2 WEEK`: how many of which period.
fn interval(text: &str) -> Option<(Decimal, Period)> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    let period = match unit.trim().trim_end_matches(['S', 's']).to_ascii_uppercase().as_str() {
        "YEAR" => Period::Year,
        "MONTH" => Period::Month,
        "WEEK" => Period::Week,
        "DAY" => Period::Day,
        "HOUR" => Period::Hour,
        _ => return None,
    };
    Some((Decimal::from(count), period))
}

#[cfg(test)]
mod tests;
