//! What Greenhouse tenants say outside the documented fields: `metadata`, `pay_input_ranges` and the pay block in `content`.

use rust_decimal::Decimal;
use scraper::{ElementRef, Html};

use super::super::reading::{Object, Value, range};
use crate::domain::{Pay, Period, RemoteOption, Workplace};

/// Names of fields that hold the form of employment.
const EMPLOYMENT: &[&str] = &[
    "contract type",
    "early career time type",
    "employee time type",
    "employee type",
    "employment type",
    "employment type english",
    "employment type wurk",
    "job type",
    "time type",
    "worker type",
];

/// Names of fields that hold the place of work.
const WORKPLACE: &[&str] = &[
    "ability to work remote",
    "fully remote",
    "location type",
    "remote",
    "remote eligibility",
    "remote job",
    "remote type",
    "remote worker",
    "work arrangement",
    "work location type",
    "work model",
    "work type",
    "workplace",
    "workplace type",
];

/// Of these, the ones where a plain yes means remote; "eligible for" and "open to" do not say that the work is remote.
const REMOTE_IF_TRUE: &[&str] = &["fully remote", "remote", "remote job", "remote worker"];

/// Names of fields that hold further places of the same posting.
const LOCATIONS: &[&str] = &["additional location", "additional locations"];

/// Words in the names of money fields that are not the pay.
const NOT_PAY: &[&str] =
    &["bonus", "budget", "commission", "equity", "incentive", "ote", "relocation", "rsu", "stock", "target"];

/// The tenant's own fields of one posting.
pub(super) struct Metadata<'a>(Vec<Field<'a>>);

struct Field<'a> {
    /// As the tenant named it, in lower case.
    name: String,
    value: Value<'a>,
}

impl<'a> Metadata<'a> {
    pub(super) fn read(record: &Object<'a>) -> Self {
        let fields = record.objects("metadata");
        let read = |field: Object<'a>| {
            Some(Field { name: field.text("name")?.to_lowercase(), value: field.get("value")? })
        };
        Self(fields.filter_map(read).collect())
    }

    fn named(&self, names: &[&str]) -> impl Iterator<Item = (&str, Value<'a>)> {
        let fields = self.0.iter().map(|field| (plain_name(&field.name), field.value));
        fields.filter(move |(name, _)| names.contains(name))
    }

    pub(super) fn employment(&self) -> Vec<String> {
        self.named(EMPLOYMENT).flat_map(|(_, value)| texts(value)).collect()
    }

    pub(super) fn additional_locations(&self) -> Vec<String> {
        self.named(LOCATIONS).flat_map(|(_, value)| texts(value)).collect()
    }

    pub(super) fn workplace(&self) -> Option<Workplace> {
        self.named(WORKPLACE).find_map(|(name, value)| {
            if let Some(yes) = value.flag() {
                let stated = yes && REMOTE_IF_TRUE.contains(&name);
                return stated.then_some(Workplace::Stated(RemoteOption::Remote));
            }
            let words = texts(value);
            (!words.is_empty()).then(|| Workplace::Text(words.join(", ")))
        })
    }

    /// The first filled money field that is pay.
    fn pay(&self) -> Option<Pay> {
        self.0.iter().find_map(|Field { name, value }| {
            if words_of(name).any(|word| NOT_PAY.contains(&word)) {
                return None;
            }
            let value = value.object().ok()?;
            let unit = value.text("unit")?;
            range(value.decimal("min_value"), value.decimal("max_value"), Some(&unit), period(name))
        })
    }
}

/// The name of a field without a tenant's prefix (`RAPP/All - `), a remark in parentheses and a colon.
fn plain_name(name: &str) -> &str {
    let name = name.rsplit(" - ").next().unwrap_or(name);
    let name = name.split('(').next().unwrap_or(name);
    name.trim().trim_end_matches(':').trim_end()
}

fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A text, or the texts of a list.
fn texts(value: Value<'_>) -> Vec<String> {
    let items = value.items().unwrap_or_else(|_| vec![value]);
    items.into_iter().filter_map(Value::text).collect()
}

/// Pay in numbers where a field has them with what they are for, and the words about it.
pub(super) fn pay(
    record: &Object<'_>,
    metadata: &Metadata<'_>,
    html: Option<&str>,
) -> (Option<Pay>, Option<String>) {
    let (inputs, mut words) = pay_inputs(record);
    let block = html.map(pay_block).unwrap_or_default();
    if !block.is_empty() {
        words = block;
    }
    // Numbers that nobody says what they are for give way to words that may.
    let timed = |pay: &Pay| pay.period.is_some() || words.is_empty();
    let pay = inputs.or_else(|| metadata.pay().filter(timed));
    (pay, (!words.is_empty()).then(|| words.join("\n")))
}

/// `pay_input_ranges` of a single posting: amounts in cents, and only the title says for how long a time. The first range with a
/// time opens the span, the others of its currency and time widen it.
fn pay_inputs(record: &Object<'_>) -> (Option<Pay>, Vec<String>) {
    let mut span: Option<Pay> = None;
    let mut words = Vec::new();
    for input in record.objects("pay_input_ranges") {
        let cents = |key| input.decimal(key).map(|cents| (cents / Decimal::ONE_HUNDRED).normalize());
        let title = input.text("title").unwrap_or_default();
        let currency = input.text("currency_type");
        let Some(pay) = range(cents("min_cents"), cents("max_cents"), currency.as_deref(), period(&title))
        else {
            continue;
        };
        let ends: Vec<_> = [pay.min, pay.max].into_iter().flatten().map(|end| end.to_string()).collect();
        let currency = pay.currency.clone().unwrap_or_default();
        words.push(format!("{} {} {currency}", title.trim(), ends.join(" - ")).trim().to_owned());
        span = match span {
            None if pay.period.is_some() => Some(pay),
            Some(wide) if wide.currency == pay.currency && wide.period == pay.period => Some(Pay {
                min: wide.min.into_iter().chain(pay.min).min(),
                max: wide.max.into_iter().chain(pay.max).max(),
                ..wide
            }),
            other => other,
        };
    }
    (span, words)
}

/// The ranges of the block that Greenhouse puts into `content`, each behind its title: `Annual Salary: $139,200—$235,200 USD`.
fn pay_block(html: &str) -> Vec<String> {
    let Some(at) = html.find("pay-range") else { return Vec::new() };
    let start = html.get(..at).and_then(|before| before.rfind("pay-transparency")).unwrap_or(at);
    let start = html.get(..start).and_then(|before| before.rfind('<')).unwrap_or_default();
    let end =
        html.get(at..).and_then(|rest| rest.find("content-conclusion")).map_or(html.len(), |end| at + end);
    let fragment = Html::parse_fragment(html.get(start..end).unwrap_or(html));
    let mut ranges = Vec::new();
    let mut title = String::new();
    for element in fragment.root_element().descendent_elements() {
        let is = |class| element.value().classes().any(|name| name == class);
        if is("title") {
            title = words(element);
        } else if is("pay-range") {
            let range = words(element);
            let label = std::mem::take(&mut title);
            ranges.push(match label.trim_end_matches(':') {
                "" => range,
                label => format!("{label}: {range}"),
            });
        }
    }
    ranges
}

fn words(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The time that the name of a field or a range names.
fn period(name: &str) -> Option<Period> {
    let name = name.to_lowercase();
    let words: Vec<_> = words_of(&name).collect();
    let names = |choices: &[&str]| words.iter().any(|word| choices.contains(word));
    if names(&["hour", "hourly", "hr", "stunde"]) {
        Some(Period::Hour)
    } else if names(&["day", "daily", "tag"]) {
        Some(Period::Day)
    } else if names(&["week", "weekly", "woche"]) {
        Some(Period::Week)
    } else if names(&["month", "monthly", "monat"]) {
        Some(Period::Month)
    } else if names(&["year", "yearly", "annual", "annually", "annum", "jahr", "jahresgehalt"]) {
        Some(Period::Year)
    } else {
        None
    }
}
