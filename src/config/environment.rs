//! Settings out of the environment: `CAREER__SECTION__KEY`.
//!
//! A value is read as TOML would be, except where the default is text: a password of digits is text too.

use figment::{
    Error, Figment, Metadata, Profile, Provider,
    providers::Env,
    value::{Dict, Map, Value},
};

/// The variables of the program, over `defaults`.
pub(super) fn variables(defaults: &Figment) -> Figment {
    let env = Env::prefixed("CAREER__").split("__");
    let texts = env.iter().filter(|(key, _)| {
        let key = key.as_str().replace("__", ".");
        defaults.find_value(&key).is_ok_and(|value| value.as_str().is_some())
    });
    let texts: Vec<Text> = texts.map(|(key, value)| Text(key.as_str().replace("__", "."), value)).collect();
    texts.into_iter().fold(Figment::from(env), |figment, text| {
        // What is in quotation marks is text already.
        let is_text = figment.find_value(&text.0).is_ok_and(|value| value.as_str().is_some());
        if is_text { figment } else { figment.merge(text) }
    })
}

/// A key and its value, as it is.
struct Text(String, String);

impl Provider for Text {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let nested = figment::util::nest(&self.0, Value::from(self.1.clone()));
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}
