//! Bundesagentur für Arbeit: the German employment service's list, by the service behind its own search page.
//!
//! A board is `all` or the words of a search. A listing shows no text, which is on the page of each posting; both use the same names of
//! fields, an older listing others. A search without results has no list at all. Ten thousand postings are shown at most.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rust_decimal::Decimal;
use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, asked_for, number_in, range, with_number},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Arbeitsagentur;

const SERVICE: &str = "https://rest.arbeitsagentur.de/jobboerse/jobsuche-service/pc";
/// Part of the protocol: the service's own page sends it for everyone.
const CLIENT: (&str, &str) = ("x-api-key", "jobboerse-jobsuche");
/// Postings on a page.
const SIZE: u64 = 100;
/// Postings that one search shows.
const MOST: u64 = 10_000;
/// Options with the parameters they stand for.
const OPTIONS: [(&str, &str); 4] =
    [("arbeitgeber", "arbeitgeber"), ("days", "veroeffentlichtseit"), ("umkreis", "umkreis"), ("wo", "wo")];

impl Source for Arbeitsagentur {
    fn name(&self) -> &'static str {
        "arbeitsagentur"
    }

    fn title(&self) -> &'static str {
        "Bundesagentur für Arbeit"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["rest.arbeitsagentur.de"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://jobsuche.api.bund.dev",
            "the service behind the public search page, open without an account and documented by others only",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, concurrency: 1, ..Politeness::API }
    }

    /// `options.wo` is a place, `options.umkreis` kilometres around it, `options.days` the age of the oldest posting.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS.map(|(key, _)| key))?;
        let words = asked_for(board, "all or the words of a search")?;
        let mut url = Url::parse(&format!("{SERVICE}/v6/jobs"))
            .map_err(|error| SourceError::Args(error.to_string()))?;
        // 1: employment; apprenticeships, internships and self-employment are lists of their own.
        url.query_pairs_mut().append_pair("angebotsart", "1");
        if let Some(words) = words {
            url.query_pairs_mut().append_pair("was", words);
        }
        for (key, parameter) in OPTIONS {
            if let Some(value) = board.text_option(key)? {
                url.query_pairs_mut().append_pair(parameter, value);
            }
        }
        url.query_pairs_mut().append_pair("page", "1").append_pair("size", &SIZE.to_string());
        Ok(request(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let root = document.root()?;
        let answer = root.object().map_err(SourceError::Layout)?;
        let mut records = Records::default();
        let total = answer.get("maxErgebnisse").and_then(Value::integer);
        let Some(total) = total.and_then(|total| u64::try_from(total).ok()) else {
            if answer.get("referenznummer").is_none() {
                let found = answer.found("maxErgebnisse");
                return Err(SourceError::Layout(format!("maxErgebnisse: expected a number, got {found}")));
            }
            records.push(posting(&answer), || answer.get("referenznummer").and_then(Value::id));
            return Ok(records.into_parsed(None, false));
        };
        let list = ["ergebnisliste", "stellenangebote"].into_iter().find(|key| answer.get(key).is_some());
        if let Some((key, list)) = list.and_then(|key| Some((key, answer.get(key)?))) {
            let list = list.items().map_err(|why| SourceError::Layout(format!("{key}: {why}")))?;
            for item in list {
                match item.object() {
                    Ok(record) => records.push_draft(draft(&record), || id(&record)),
                    Err(why) => records.reject(None, format!("record: {why}")),
                }
            }
        } else if total > 0 {
            let found = answer.found("ergebnisliste");
            return Err(SourceError::Layout(format!("ergebnisliste: expected a list, got {found}")));
        }
        let here = number_in(page.url, "page").unwrap_or(1);
        let more = records.len() > 0 && here.saturating_mul(SIZE) < total.min(MOST);
        // A search of the last days leaves out what is still open.
        let whole = total <= MOST && !board.options.contains_key("days");
        let mut parsed = records.into_parsed(Some(total), whole);
        let next = more.then(|| with_number(page.url, "page", here + 1)).flatten();
        parsed.next.extend(next.map(request));
        Ok(parsed)
    }
}

fn request(url: impl Into<String>) -> Request {
    let mut request = Request::json(url);
    request.headers.push((CLIENT.0, CLIENT.1.to_owned()));
    request
}

fn id(record: &Object<'_>) -> Option<String> {
    record.get("referenznummer").or_else(|| record.get("refnr")).and_then(Value::id)
}

/// The first of several fields that is there.
fn either(record: &Object<'_>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| record.text(key))
}

fn draft(record: &Object<'_>) -> Result<Draft, String> {
    let posting = posting(record)?;
    let mut url = Url::parse(&format!("{SERVICE}/v4/jobdetails")).map_err(|why| format!("record: {why}"))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(&STANDARD.encode(&posting.source_id));
    }
    let changed = either(record, &["aenderungsdatum", "modifikationsTimestamp"]);
    Ok(Draft { posting, request: request(url), changed })
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let Some(source_id) = id(record) else {
        return Err(format!("referenznummer: expected an id, got {}", record.found("referenznummer")));
    };
    let Some(title) = either(record, &["stellenangebotsTitel", "titel", "hauptberuf", "beruf"]) else {
        return Err(format!(
            "stellenangebotsTitel: expected text, got {}",
            record.found("stellenangebotsTitel")
        ));
    };
    let mut url = Url::parse("https://www.arbeitsagentur.de/jobsuche/jobdetail")
        .map_err(|why| format!("referenznummer: {why}"))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(&source_id);
    }
    let posted = ["datumErsteVeroeffentlichung", "aktuelleVeroeffentlichungsdatum"];
    Ok(RawPosting {
        source_id,
        url: url.into(),
        title,
        // Some employers stay unnamed in the listing, fewer on the page; a posting that names none is rejected when it is normalized.
        company: either(record, &["firma", "arbeitgeber"]),
        places: places(record),
        description: record.text("stellenangebotsBeschreibung").map(description),
        pay: pay(record),
        employment: employment(record),
        workplace: workplace(record),
        skills: skills(record),
        posted: either(record, &posted).map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// Plain text, now and then with tags in it.
fn description(text: String) -> Text {
    let html = ["</p>", "<br", "</li>", "</div>"].iter().any(|tag| text.contains(tag));
    if html { Text::Html(text) } else { Text::Plain(text) }
}

fn places(record: &Object<'_>) -> Vec<Place> {
    let lists = record.objects("stellenlokationen").filter_map(|at| at.object("adresse"));
    let one = record.object("arbeitsort");
    let mut places: Vec<Place> = Vec::new();
    for address in lists.chain(one) {
        let part = |key| address.text(key).map(|part| part.trim().to_owned());
        let place = Place {
            city: part("ort"),
            region: part("region").map(readable),
            country: part("land").map(readable),
            country_code: None,
        };
        if place != Place::default() && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// `NORDRHEIN_WESTFALEN` as `Nordrhein-Westfalen`; a name in small letters as it is.
fn readable(name: String) -> String {
    if name.chars().any(char::is_lowercase) {
        return name;
    }
    let words = name.split(['_', '-', ' ']).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(String::from).unwrap_or_default();
        first + &letters.as_str().to_lowercase()
    });
    words.collect::<Vec<_>>().join("-")
}

/// `festgehalt` or a span, for the time that `verguetungsangabe` says.
fn pay(record: &Object<'_>) -> Option<Pay> {
    let period = match record.text("verguetungsangabe").as_deref().map(str::trim) {
        Some("STUNDENLOHN") => Some(Period::Hour),
        Some("MONATSGEHALT") => Some(Period::Month),
        Some("JAHRESGEHALT") => Some(Period::Year),
        _ => None,
    };
    let fixed = record.decimal("festgehalt");
    let (min, max) = (record.decimal("gehaltsspanneVon"), record.decimal("gehaltsspanneBis"));
    if min.is_none() && max.is_none() {
        return range(fixed, fixed, Some("EUR"), period);
    }
    range(min, max, Some("EUR"), period)
}

fn employment(record: &Object<'_>) -> Vec<String> {
    let is = |key: &str| record.flag(key) == Some(true);
    let part = ["Vormittag", "Nachmittag", "Abend", "Flexibel"];
    let part = part.iter().any(|time| is(&format!("arbeitszeitTeilzeit{time}")));
    let mut words = Vec::new();
    for (said, word) in [
        (is("arbeitszeitVollzeit"), "Vollzeit"),
        (part, "Teilzeit"),
        (is("istGeringfuegigeBeschaeftigung"), "Minijob"),
    ] {
        if said {
            words.push(word.to_owned());
        }
    }
    words.extend(record.text("vertragsdauer").map(|term| term.to_lowercase()));
    words
}

/// Work at home is mostly possible for a part of the week, or left to be agreed on.
fn workplace(record: &Object<'_>) -> Option<Workplace> {
    let is = |key| record.flag(key) == Some(true);
    let kind = record.text("homeofficetyp");
    let only = matches!(kind.as_deref().map(str::trim), Some("AUSSCHLIESSLICH" | "VOLLSTAENDIG"));
    let share = record.decimal("homeofficeprozent");
    if only || share.is_some_and(|share| share >= Decimal::ONE_HUNDRED) {
        return Some(Workplace::Stated(RemoteOption::Remote));
    }
    let home = is("homeofficemoeglich") || is("arbeitszeitHeimTelearbeit");
    home.then_some(Workplace::Stated(RemoteOption::Hybrid))
}

/// Skills in groups, by how well they should be known.
fn skills(record: &Object<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for group in record.objects("fertigkeiten") {
        names.extend(group.text("hierarchieName"));
        if let Some(levels) = group.object("auspraegungen") {
            for level in ["Grundkenntnisse", "Erweiterte Kenntnisse", "Expertenkenntnisse"] {
                names.extend(levels.items(level).into_iter().filter_map(Value::text));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
