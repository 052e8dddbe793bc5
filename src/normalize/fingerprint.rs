//! Keys that show the same posting on two sources: company, title and near-equal text.
//!
//! They mark groups across sources and never merge postings of one employer's own list: there, equal keys are usually two
//! requisitions.

use unicode_normalization::UnicodeNormalization;

/// Legal forms at the end of a name, blanks and dots removed between single letters.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bv",
    "bvba",
    "co",
    "corp",
    "corporation",
    "company",
    "eg",
    "eurl",
    "ev",
    "gbr",
    "ggmbh",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "ohg",
    "oo",
    "oy",
    "oyj",
    "plc",
    "pllc",
    "pte",
    "pty",
    "pvt",
    "private",
    "sa",
    "sarl",
    "sas",
    "sasu",
    "se",
    "sl",
    "slu",
    "spa",
    "srl",
    "sro",
    "stiftung",
    "ug",
];

/// Words that only join parts of a legal form.
const JOINTS: [&str; 6] = ["&", "and", "und", "et", "sp", "z"];

/// The name without its legal form, lower case, accents kept (`ACME GmbH & Co. KG` → `acme`); a name that is nothing but a legal
/// form stays.
pub fn company_key(name: &str) -> String {
    let words = words_of(name, |char| matches!(char, '&' | '+'));
    let mut kept = words.len();
    while kept > 1 {
        let last = words[kept - 1].as_str();
        let joint = JOINTS.contains(&last) && kept < words.len();
        if !LEGAL_FORMS.contains(&last) && !joint && last != "haftungsbeschränkt" {
            break;
        }
        kept -= 1;
    }
    let kept = words.get(..kept).unwrap_or_default();
    // "The Company" and "SAP & Co" keep a word of their own; "& Co" alone does not begin a name.
    if kept.iter().all(|word| JOINTS.contains(&word.as_str())) { words.join(" ") } else { kept.join(" ") }
}

/// Words of titles that say nothing about the work where they stand in parentheses or behind a dash at the end.
const SILENT: [&str; 31] = [
    "remote",
    "hybrid",
    "onsite",
    "on-site",
    "full-time",
    "full time",
    "fulltime",
    "part-time",
    "part time",
    "vollzeit",
    "teilzeit",
    "temps plein",
    "heltid",
    "voltijd",
    "homeoffice",
    "home office",
    "all genders",
    "all gender",
    "gn",
    "mwd",
    "wmd",
    "mwx",
    "wmx",
    "mfd",
    "fmd",
    "mfx",
    "fmx",
    "dmw",
    "dfm",
    "hf",
    "fh",
];

/// Letters for men, women and others as languages abbreviate them; the first two of each are always there.
const GENDERS: [&str; 5] = ["mwdxi", "mfdxi", "hfxnd", "mvxd", "km"];

/// The title without what says nothing about the work: `(m/w/d)`, `H/F`, `(Remote)`, ` - Full-time`, gender endings. Seniority,
/// numerals and the signs of `C++`, `C#` and `.NET` stay.
pub fn title_key(title: &str) -> String {
    let mut text = String::with_capacity(title.len());
    let mut rest = title;
    while let Some(open) = rest.find(['(', '[']) {
        let Some(length) = rest[open..].find([')', ']']) else { break };
        let inner = &rest[open + 1..open + length];
        text.push_str(&rest[..open]);
        if is_gender(inner) || is_silent(inner) {
            text.push(' ');
        } else {
            text.push_str(&rest[open..=open + length]);
        }
        rest = &rest[open + length + 1..];
    }
    text.push_str(rest);
    for ending in [":innen", "*innen", "/innen", "_innen", ":in", "*in", "/-in", "/in", "_in"] {
        text = without_ending(&text, ending);
    }
    let mut text = text.as_str();
    while let Some((before, last)) = last_part(text)
        && !before.trim().is_empty()
        && (last.trim().is_empty() || is_silent(last))
    {
        text = before;
    }
    let words: String = text.split_whitespace().filter(|word| !is_gender(word)).collect::<Vec<_>>().join(" ");
    let words = words_of(&words, |char| matches!(char, '+' | '#' | '.'));
    let words: Vec<&str> =
        words.iter().map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty()).collect();
    let words = match words.as_slice() {
        [kept @ .., "m" | "w" | "f", "m" | "w" | "f", "d"] => kept,
        all => all,
    };
    words.join(" ")
}

/// A text before and behind its last comma, bar or dash between blanks.
fn last_part(text: &str) -> Option<(&str, &str)> {
    let sign = text.rmatch_indices([',', '|', '–', '—']).next();
    let dash = text.rmatch_indices(" - ").next();
    let (at, sign) = sign.into_iter().chain(dash).max_by_key(|(at, _)| *at)?;
    Some((text.get(..at)?, text.get(at + sign.len()..)?))
}

fn is_silent(text: &str) -> bool {
    SILENT.contains(&text.trim().to_lowercase().as_str())
}

/// True for `m/w/d`, `H/F`, `f|m|x` and the like.
fn is_gender(text: &str) -> bool {
    let text = text.trim_matches(|char: char| !char.is_alphanumeric()).to_lowercase();
    let text = text.replace("diverse", "d").replace("divers", "d");
    if text.len() > 16 {
        return false;
    }
    let parts: Vec<&str> =
        text.split(['/', '|', '*', ',', ' ', '-', ':', '.']).filter(|part| !part.is_empty()).collect();
    if !(2..=5).contains(&parts.len()) || parts.iter().any(|part| part.chars().count() != 1) {
        return false;
    }
    GENDERS.iter().any(|letters| {
        letters.chars().take(2).all(|letter| parts.iter().any(|part| part.starts_with(letter)))
            && parts.iter().all(|part| letters.contains(part))
    })
}

/// 64-bit similarity hash over runs of three words: near-equal texts differ in few bits. Zero for a text without words.
///
/// The beginning counts most: the weight of a word halves every [`HALF`] words, so that a text which another site cuts short, or to
/// which it adds a line at the end, stays near. What stands behind [`BLOCKS`] such steps weighs nothing and is not read.
pub fn simhash(text: &str) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    let mut counter = Counter::default();
    // Hashes of the runs that are open: begun at this word, at the one before, and two before.
    let mut runs = [BASIS; RUN];
    let mut words = 0_usize;
    let mut in_word = false;
    let end = |runs: &mut [u64; RUN], words: &mut usize, counter: &mut Counter| {
        *runs = runs.map(|hash| fnv(hash, b' '));
        *words += 1;
        if *words >= RUN {
            counter.add(spread(runs[RUN - 1]));
        }
        runs.rotate_right(1);
        runs[0] = BASIS;
    };
    let mut utf8 = [0; 4];
    for char in text.chars() {
        if counter.is_full() {
            break;
        }
        if char.is_ascii_alphanumeric() {
            in_word = true;
            let byte = u8::try_from(char.to_ascii_lowercase()).unwrap_or_default();
            runs = runs.map(|hash| fnv(hash, byte));
        } else if char.is_alphanumeric() {
            for char in char.to_lowercase() {
                // "İ" becomes a letter and a sign that ends the word.
                if char.is_alphanumeric() {
                    in_word = true;
                    for byte in char.encode_utf8(&mut utf8).bytes() {
                        runs = runs.map(|hash| fnv(hash, byte));
                    }
                } else if std::mem::take(&mut in_word) {
                    end(&mut runs, &mut words, &mut counter);
                }
            }
        } else if std::mem::take(&mut in_word) {
            end(&mut runs, &mut words, &mut counter);
        }
    }
    if in_word && !counter.is_full() {
        end(&mut runs, &mut words, &mut counter);
    }
    // A text of one or two words is one run; it begins where its last word or the one before does.
    if (1..RUN).contains(&words) {
        counter.add(spread(runs[words]));
    }
    counter.majority()
}

/// Words in a run.
const RUN: usize = 3;

/// Words after which the weight halves.
const HALF: u32 = 32;
/// Halvings that count.
const BLOCKS: u32 = 16;

/// Weighs for each of 64 bits whether it is set more often than not.
struct Counter {
    weights: [i64; 64],
    /// Binary digits of how often each bit is set in the block that is being counted.
    planes: [u64; 6],
    in_block: u32,
    blocks: u32,
}

impl Default for Counter {
    fn default() -> Self {
        Self { weights: [0; 64], planes: [0; 6], in_block: 0, blocks: 0 }
    }
}

impl Counter {
    fn is_full(&self) -> bool {
        self.blocks >= BLOCKS
    }

    fn add(&mut self, hash: u64) {
        let mut carry = hash;
        for plane in &mut self.planes {
            (*plane, carry) = (*plane ^ carry, *plane & carry);
        }
        self.in_block += 1;
        if self.in_block == HALF {
            self.close();
        }
    }

    /// Ends a block: the next one weighs half as much.
    fn close(&mut self) {
        let shift = BLOCKS.saturating_sub(self.blocks + 1);
        for (bit, weight) in self.weights.iter_mut().enumerate() {
            let set = self
                .planes
                .iter()
                .rev()
                .fold(0_i64, |set, plane| set << 1 | i64::from(plane >> bit & 1 == 1));
            *weight += (2 * set - i64::from(self.in_block)) << shift;
        }
        self.planes = [0; 6];
        self.in_block = 0;
        self.blocks += 1;
    }

    fn majority(mut self) -> u64 {
        if self.in_block > 0 {
            self.close();
        }
        self.weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0)
            .fold(0, |hash, (bit, _)| hash | 1 << bit)
    }
}

/// In how many bits two similarity hashes differ.
pub fn distance(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// FNV leaves its high bits poorly mixed; this is the finisher of `MurmurHash3`.
fn spread(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Words in lower case; letters, digits and `signs` belong to a word, dots and slashes between single letters vanish (`S.p.A.`).
fn words_of(text: &str, signs: fn(char) -> bool) -> Vec<String> {
    let text: String = super::repair::line(text).nfkc().collect::<String>().to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = initials(word).unwrap_or_else(|| word.to_owned());
        let word = word.replace(['\'', '’'], "");
        let parts = word.split(|char: char| !char.is_alphanumeric() && !signs(char) && !is_mark(char));
        words.extend(
            parts
                .filter(|part| part.chars().any(|char| char.is_alphanumeric() || char == '&'))
                .map(str::to_owned),
        );
    }
    words
}

/// `s.p.a.` and `a/s` as one word.
fn initials(word: &str) -> Option<String> {
    let trimmed = word.trim_matches([',', ';', '(', ')']);
    let parts: Vec<&str> = trimmed.split(['.', '/']).filter(|part| !part.is_empty()).collect();
    let short = parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1);
    short.then(|| parts.concat())
}

fn is_mark(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}')
}

fn without_ending(text: &str, ending: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ending) {
        let after = at + ending.len();
        let inside =
            rest[..at].ends_with(char::is_alphabetic) && !rest[after..].starts_with(char::is_alphanumeric);
        out.push_str(&rest[..at]);
        if !inside {
            out.push_str(ending);
        }
        rest = &rest[after..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
