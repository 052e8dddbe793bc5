//! Currencies as people write them, and how large an ordinary amount is in each.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::Hints;

/// How a currency is written beside an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Says which currency it is.
    Code(&'static str),
    /// `$` alone.
    Dollar,
    /// `kr` alone.
    Krone,
    /// `¥` alone.
    Yen,
    /// `Rs` alone.
    Rupee,
}

impl Mark {
    /// The ISO 4217 code; a mark that several countries use is decided by the hints.
    pub(super) fn code(self, hints: Hints<'_>) -> Option<&'static str> {
        match self {
            Self::Code(code) => Some(code),
            Self::Dollar => {
                Some(DOLLARS.iter().find(|(country, _)| hints.is_in(country)).map_or("USD", |(_, code)| code))
            }
            Self::Krone => KRONER
                .iter()
                .find(|(country, _, _)| hints.is_in(country))
                .or_else(|| KRONER.iter().find(|(_, language, _)| hints.speaks(language)))
                .map(|(_, _, code)| *code),
            Self::Yen => Some(if hints.is_in("CN") || hints.speaks("zh") { "CNY" } else { "JPY" }),
            Self::Rupee => {
                Some(RUPEES.iter().find(|(country, _)| hints.is_in(country)).map_or("INR", |(_, code)| code))
            }
        }
    }

    /// Whether a code written at the other end of the range may say what this mark is.
    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Code(_))
    }
}

const DOLLARS: [(&str, &str); 9] = [
    ("CA", "CAD"),
    ("AU", "AUD"),
    ("NZ", "NZD"),
    ("SG", "SGD"),
    ("HK", "HKD"),
    ("TW", "TWD"),
    ("MX", "MXN"),
    ("CL", "CLP"),
    ("AR", "ARS"),
];
const KRONER: [(&str, &str, &str); 5] =
    [("SE", "sv", "SEK"), ("NO", "nb", "NOK"), ("NO", "no", "NOK"), ("DK", "da", "DKK"), ("IS", "is", "ISK")];
const RUPEES: [(&str, &str); 4] = [("PK", "PKR"), ("LK", "LKR"), ("NP", "NPR"), ("MU", "MUR")];

/// Written before an amount; longer ones first where one ends with another.
const BEFORE: &[(&str, Mark)] = &[
    ("US$", Mark::Code("USD")),
    ("U$S", Mark::Code("USD")),
    ("CA$", Mark::Code("CAD")),
    ("CAD$", Mark::Code("CAD")),
    ("CDN$", Mark::Code("CAD")),
    ("C$", Mark::Code("CAD")),
    ("AU$", Mark::Code("AUD")),
    ("A$", Mark::Code("AUD")),
    ("NZ$", Mark::Code("NZD")),
    ("HK$", Mark::Code("HKD")),
    ("NT$", Mark::Code("TWD")),
    ("S$", Mark::Code("SGD")),
    ("MX$", Mark::Code("MXN")),
    ("R$", Mark::Code("BRL")),
    ("$", Mark::Dollar),
    ("€", Mark::Code("EUR")),
    ("£", Mark::Code("GBP")),
    ("₹", Mark::Code("INR")),
    ("¥", Mark::Yen),
    ("￥", Mark::Yen),
    ("₽", Mark::Code("RUB")),
    ("₺", Mark::Code("TRY")),
    ("₪", Mark::Code("ILS")),
    ("₩", Mark::Code("KRW")),
    ("₱", Mark::Code("PHP")),
    ("₫", Mark::Code("VND")),
    ("₦", Mark::Code("NGN")),
    ("฿", Mark::Code("THB")),
    ("₴", Mark::Code("UAH")),
];

/// Words and codes, before or after an amount, in lower case.
const WORDS: &[(&str, Mark)] = &[
    ("euro", Mark::Code("EUR")),
    ("euros", Mark::Code("EUR")),
    ("eur", Mark::Code("EUR")),
    ("usd", Mark::Code("USD")),
    ("dollars", Mark::Dollar),
    ("dollar", Mark::Dollar),
    ("gbp", Mark::Code("GBP")),
    ("pounds", Mark::Code("GBP")),
    ("chf", Mark::Code("CHF")),
    ("fr", Mark::Code("CHF")),
    ("sfr", Mark::Code("CHF")),
    ("franken", Mark::Code("CHF")),
    ("cad", Mark::Code("CAD")),
    ("cdn", Mark::Code("CAD")),
    ("aud", Mark::Code("AUD")),
    ("nzd", Mark::Code("NZD")),
    ("sgd", Mark::Code("SGD")),
    ("hkd", Mark::Code("HKD")),
    ("twd", Mark::Code("TWD")),
    ("mxn", Mark::Code("MXN")),
    ("brl", Mark::Code("BRL")),
    ("reais", Mark::Code("BRL")),
    ("clp", Mark::Code("CLP")),
    ("cop", Mark::Code("COP")),
    ("ars", Mark::Code("ARS")),
    ("sek", Mark::Code("SEK")),
    ("nok", Mark::Code("NOK")),
    ("dkk", Mark::Code("DKK")),
    ("isk", Mark::Code("ISK")),
    ("kr", Mark::Krone),
    ("kronor", Mark::Code("SEK")),
    ("kroner", Mark::Krone),
    ("pln", Mark::Code("PLN")),
    ("zł", Mark::Code("PLN")),
    ("zl", Mark::Code("PLN")),
    ("złotych", Mark::Code("PLN")),
    ("czk", Mark::Code("CZK")),
    ("kč", Mark::Code("CZK")),
    ("kc", Mark::Code("CZK")),
    ("huf", Mark::Code("HUF")),
    ("ft", Mark::Code("HUF")),
    ("ron", Mark::Code("RON")),
    ("lei", Mark::Code("RON")),
    ("bgn", Mark::Code("BGN")),
    ("inr", Mark::Code("INR")),
    ("rs", Mark::Rupee),
    ("rupees", Mark::Rupee),
    ("pkr", Mark::Code("PKR")),
    ("jpy", Mark::Code("JPY")),
    ("yen", Mark::Code("JPY")),
    ("cny", Mark::Code("CNY")),
    ("rmb", Mark::Code("CNY")),
    ("krw", Mark::Code("KRW")),
    ("php", Mark::Code("PHP")),
    ("idr", Mark::Code("IDR")),
    ("myr", Mark::Code("MYR")),
    ("rm", Mark::Code("MYR")),
    ("thb", Mark::Code("THB")),
    ("vnd", Mark::Code("VND")),
    ("aed", Mark::Code("AED")),
    ("sar", Mark::Code("SAR")),
    ("qar", Mark::Code("QAR")),
    ("ils", Mark::Code("ILS")),
    ("nis", Mark::Code("ILS")),
    ("egp", Mark::Code("EGP")),
    ("zar", Mark::Code("ZAR")),
    ("ngn", Mark::Code("NGN")),
    ("kes", Mark::Code("KES")),
    ("rub", Mark::Code("RUB")),
    ("uah", Mark::Code("UAH")),
    ("try", Mark::Code("TRY")),
];

/// Codes that are also everyday words or parts of them: only in capitals, or in the spelling given.
const ONLY_AS_WRITTEN: &[&str] =
    &["TRY", "SAR", "ARS", "COP", "RON", "PHP", "RM", "NIS", "Rs", "Fr", "Ft", "CAD"];

/// The sign a text ends with.
pub(super) fn symbol_at_end(text: &str) -> Option<(&'static str, Mark)> {
    let sign = text.chars().next_back().filter(|letter| is_sign(*letter))?;
    BEFORE.iter().find(|(symbol, _)| symbol.ends_with(sign) && text.ends_with(symbol)).copied()
}

/// The sign a text starts with.
pub(super) fn symbol_at_start(text: &str) -> Option<(&'static str, Mark)> {
    let mut letters = text.chars();
    let first = letters.next()?;
    let lettered = first.is_ascii_uppercase() && letters.take(3).any(|letter| letter == '$');
    let signed = is_sign(first) || lettered;
    BEFORE.iter().find(|(symbol, _)| signed && text.starts_with(symbol)).copied()
}

fn is_sign(letter: char) -> bool {
    matches!(letter, '$' | '€' | '£' | '¥' | '￥' | 'S' | '฿' | '\u{20a0}'..='\u{20cf}')
}

/// The currency a word beside an amount names.
pub(super) fn mark(word: &str) -> Option<Mark> {
    static BY_NAME: LazyLock<FxHashMap<&'static str, Mark>> =
        LazyLock::new(|| WORDS.iter().copied().collect());
    if !(2..=12).contains(&word.len()) {
        return None;
    }
    let lower = word.to_lowercase();
    let mark = BY_NAME.get(lower.as_str())?;
    let picky = ONLY_AS_WRITTEN.iter().find(|written| written.eq_ignore_ascii_case(word));
    picky.is_none_or(|written| *written == word || (word.len() == 2 && word == "Rs")).then_some(*mark)
}

/// The currency whose ordinary amounts tell the size of one: its own, or that of the place. It does not say what an amount is in.
pub(super) fn measure(mark: Option<Mark>, hints: Hints<'_>) -> Option<&'static str> {
    match mark {
        // The kroner of all countries are of one size.
        Some(Mark::Krone) => Some("SEK"),
        Some(mark) => mark.code(hints),
        None => of_place(hints),
    }
}

/// The currency people at the place of the posting are paid in, from its country or else its language.
fn of_place(hints: Hints<'_>) -> Option<&'static str> {
    let spoken = || LANGUAGES.iter().find(|(language, _)| hints.speaks(language)).map(|(_, code)| *code);
    match hints.country_code {
        Some(country) => of_country(country),
        None => spoken(),
    }
}

/// Languages of one country with a currency of its own.
const LANGUAGES: [(&str, &str); 7] =
    [("sv", "SEK"), ("nb", "NOK"), ("no", "NOK"), ("da", "DKK"), ("pl", "PLN"), ("cs", "CZK"), ("hu", "HUF")];

/// The currency of a country, ISO 3166-1 alpha-2.
pub(super) fn of_country(country: &str) -> Option<&'static str> {
    let code = country.to_ascii_uppercase();
    Some(match code.as_str() {
        "US" => "USD",
        "CA" => "CAD",
        "GB" => "GBP",
        "CH" | "LI" => "CHF",
        "AU" => "AUD",
        "NZ" => "NZD",
        "SE" => "SEK",
        "NO" => "NOK",
        "DK" => "DKK",
        "PL" => "PLN",
        "CZ" => "CZK",
        "IN" => "INR",
        "JP" => "JPY",
        "SG" => "SGD",
        "HU" => "HUF",
        "RO" => "RON",
        "BR" => "BRL",
        "MX" => "MXN",
        "DE" | "AT" | "FR" | "ES" | "IT" | "NL" | "BE" | "IE" | "PT" | "FI" | "GR" | "LU" | "SK" | "SI"
        | "EE" | "LV" | "LT" | "HR" | "MT" | "CY" => "EUR",
        _ => return None,
    })
}

/// The ISO 4217 code of a field's word or symbol (`eur`, `€`, `USD`); `None` where it is none.
pub(super) fn from_word(word: &str) -> Option<&'static str> {
    let word = word.trim();
    let symbol = BEFORE.iter().find(|(symbol, _)| symbol.eq_ignore_ascii_case(word)).map(|(_, mark)| *mark);
    let lower = word.to_lowercase();
    symbol
        .or_else(|| WORDS.iter().find(|(name, _)| *name == lower).map(|(_, mark)| *mark))
        .and_then(|mark| mark.code(Hints::default()))
        .or_else(|| MORE_CODES.iter().find(|code| code.eq_ignore_ascii_case(word)).copied())
}

const MORE_CODES: &[&str] = &[
    "ALL", "AMD", "AOA", "AZN", "BAM", "BDT", "BHD", "BOB", "BWP", "BYN", "CRC", "DOP", "DZD", "ETB", "GEL",
    "GHS", "GTQ", "HNL", "HRK", "IQD", "IRR", "JMD", "JOD", "KGS", "KHR", "KWD", "KZT", "LAK", "LBP", "LKR",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MZN", "NAD", "NIO", "NPR", "OMR", "PAB",
    "PEN", "PGK", "PYG", "RSD", "RWF", "TND", "TTD", "TZS", "UGX", "UYU", "UZS", "VES", "XAF", "XOF", "ZMW",
];

/// About how many units buy what one euro or dollar buys in pay; orders of magnitude, for sanity bands only.
pub(super) fn scale(code: Option<&str>) -> u32 {
    match code {
        Some(
            "SEK" | "NOK" | "DKK" | "ZAR" | "MXN" | "HKD" | "EGP" | "UAH" | "PHP" | "THB" | "TWD" | "TRY",
        ) => 10,
        Some("CZK" | "INR" | "RUB" | "PKR") => 20,
        Some("PLN" | "BRL" | "ILS" | "AED" | "SAR" | "QAR" | "CNY" | "MYR" | "RON") => 3,
        Some("JPY" | "HUF" | "ISK" | "KES" | "LKR") => 100,
        Some("ARS" | "CLP" | "NGN" | "KRW") => 700,
        Some("COP" | "IDR" | "VND") => 3_000,
        _ => 1,
    }
}
