//! A place that a source sends in parts, each under a key of its own.

use super::Object;
use crate::domain::Place;

/// The keys that hold the parts; an empty key stands for a part that the source does not have.
#[derive(Clone, Copy, Default)]
pub(in crate::sources) struct PlaceKeys {
    pub city: &'static str,
    pub region: &'static str,
    pub country: &'static str,
    /// Two letters in any case; anything else is no code.
    pub code: &'static str,
}

impl PlaceKeys {
    /// The place under these keys; `None` where no part is said.
    pub(in crate::sources) fn read(self, record: &Object<'_>) -> Option<Place> {
        let text = |key: &str| if key.is_empty() { None } else { record.text(key) };
        let part = |key| text(key).map(|part| part.trim().to_owned());
        let place = Place {
            city: part(self.city),
            region: part(self.region),
            country: part(self.country),
            country_code: text(self.code).and_then(|code| country_code(&code)),
        };
        (place != Place::default()).then_some(place)
    }
}

/// A country's two letters in capitals.
pub(in crate::sources) fn country_code(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::reading::Document;

    #[test]
    fn parts_that_are_there_are_read() {
        let keys = PlaceKeys { city: "city", region: "state", country: "", code: "cc" };
        let read = |json: &str| {
            let document = Document::new(json.as_bytes());
            keys.read(&document.root().unwrap().object().unwrap())
        };
        let place = read(r#"{"city": " Graz ", "state": "", "": "Atlantis", "cc": "at"}"#).unwrap();
        assert_eq!((place.city.as_deref(), place.region), (Some("Graz"), None));
        assert_eq!(place.country_code.as_deref(), Some("AT"));
        assert_eq!(read(r#"{"city": null, "cc": "AUT"}"#), None);
    }
}
