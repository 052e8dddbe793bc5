//! Lower case without accents.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Appends `text` to `out` in lower case, with accents, ligatures and width folded (`Zürich` gives `zurich`, `ß` gives `ss`).
pub fn fold(text: &str, out: &mut String) {
    out.reserve(text.len());
    let mut rest = text;
    loop {
        let (ascii, other) = rest.split_at(ascii_run(rest.as_bytes()));
        let begin = out.len();
        out.push_str(ascii);
        if let Some(new) = out.get_mut(begin..) {
            new.make_ascii_lowercase();
        }
        let mut chars = other.chars();
        let Some(c) = chars.next() else { break };
        fold_char(c, out);
        rest = chars.as_str();
    }
}

/// How many bytes at the start are ASCII, looked at by the block.
fn ascii_run(bytes: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = bytes.chunks(BLOCK).take_while(|block| block.is_ascii()).count();
    let plain = bytes.len().min(blocks * BLOCK);
    let rest = bytes.get(plain..).unwrap_or_default();
    plain + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

fn fold_char(c: char, out: &mut String) {
    let replaced = match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        '’' | '‘' | 'ʼ' => "'",
        '‐' | '‑' | '‒' | '–' | '—' | '−' => "-",
        '♯' => "#",
        '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' => "",
        _ => {
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    out.extend(part.to_lowercase());
                }
            });
            return;
        }
    };
    out.push_str(replaced);
}

/// Shortest word that an umlaut written out may stand in, read with the umlaut: `AE` is no `ä`, `UAE` no `UA`.
const SHORTEST: usize = 4;

/// Other spellings of a folded word with umlauts written out: `muenchen` for `München`, `munchen` for `Muenchen`.
pub fn spelled_out(raw: &str) -> Vec<String> {
    if raw.is_ascii()
        && !["ae", "oe", "ue"].iter().any(|pair| raw.contains(pair))
        && !raw.bytes().any(|byte| byte.is_ascii_uppercase())
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut written = String::with_capacity(raw.len() + 2);
    for c in raw.chars() {
        match c {
            'ä' | 'Ä' => written.push_str("ae"),
            'ö' | 'Ö' => written.push_str("oe"),
            'ü' | 'Ü' => written.push_str("ue"),
            _ => written.push(c),
        }
    }
    let mut plain = String::new();
    fold(raw, &mut plain);
    let mut other = String::new();
    fold(&written, &mut other);
    let short = plain.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    for candidate in [other, short] {
        if candidate.len() >= SHORTEST.min(plain.len()) && candidate != plain && !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, &mut out);
        out
    }

    #[test]
    fn accents_case_and_ligatures_are_gone() {
        assert_eq!(
            folded("Zürich, ÉCOLE, Łódź, Straße, ﬁn, ＦＵＬＬ"),
            "zurich, ecole, lodz, strasse, fin, full"
        );
        assert_eq!(folded("soft\u{ad}ware l’équipe C♯"), "software l'equipe c#");
    }

    #[test]
    fn umlauts_have_two_spellings() {
        assert_eq!(spelled_out("München"), ["muenchen"]);
        assert_eq!(spelled_out("Muenchen"), ["munchen"]);
        for other in ["Berlin", "AE", "UAE", "does", "blue"] {
            assert!(spelled_out(other).is_empty(), "{other}");
        }
        assert_eq!(spelled_out("Koeln"), ["koln"]);
        assert_eq!(spelled_out("Öl"), ["oel"]);
    }
}
