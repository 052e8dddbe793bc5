//! What of a channel can be wanted: checked where people say it, so that a digest does not have to fail first.

use url::Url;

use crate::{
    config::NotifyConfig,
    domain::Channel,
    fetch::vet_delivery,
    mail,
    notify::webhook::Keys,
    store::{ChannelWish, Target},
};

/// Checks what is wanted of a channel that is `known` or new.
///
/// # Errors
/// One line that names the key and what was expected.
pub fn check_wish(
    settings: &NotifyConfig,
    channel: Channel,
    wish: &ChannelWish,
    known: Option<&Target>,
) -> Result<(), String> {
    if let Some(frequency) =
        wish.frequency.as_deref().filter(|word| !["instant", "hourly", "daily"].contains(word))
    {
        return Err(format!("frequency: {frequency:?}, expected instant, hourly or daily"));
    }
    if wish.hour.is_some_and(|hour| !(0..24).contains(&hour)) {
        return Err("hour: expected 0 to 23".to_owned());
    }
    if wish.time_zone.as_deref().is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
        return Err("time_zone: expected an IANA name such as Europe/Berlin".to_owned());
    }
    if wish.daily_cap.is_some_and(|cap| cap < 0) {
        return Err("daily_cap: expected 0 or more".to_owned());
    }
    match channel {
        Channel::Email => {
            if wish.secret.is_some() {
                return Err("secret: expected none, e-mail is not signed".to_owned());
            }
            match &wish.address {
                Some(address) if !mail::is_address(address) => {
                    Err("address: expected an address of e-mail".to_owned())
                }
                _ => Ok(()),
            }
        }
        Channel::Webhook => {
            let address = wish.address.as_deref().ok_or("address: expected where to post")?;
            let url = Url::parse(address).map_err(|error| format!("address: {error}"))?;
            vet_delivery(&url, &settings.webhook.internal).map_err(|rule| format!("address: {rule}"))?;
            match (&wish.secret, known.and_then(|known| known.secret.as_ref())) {
                (Some(secret), _) => Keys::read(secret).map(drop).map_err(|error| format!("secret: {error}")),
                (None, Some(_)) => Ok(()),
                (None, None) => {
                    Err("secret: expected one, so that the receiver can tell who sends".to_owned())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_cannot_be_sent_cannot_be_wanted() {
        let settings = Config::load(None, &[]).unwrap().notify;
        let check = |channel, wish: ChannelWish| check_wish(&settings, channel, &wish, None);
        let text = |text: &str| Some(text.to_owned());
        let secret = text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let hook = || ChannelWish {
            address: text("https://hooks.example.com/x"),
            secret: secret.clone(),
            ..ChannelWish::default()
        };
        assert_eq!(check(Channel::Email, ChannelWish::default()), Ok(()));
        assert_eq!(check(Channel::Webhook, hook()), Ok(()));
        for (wish, says) in [
            (ChannelWish { address: None, ..hook() }, "address"),
            (ChannelWish { address: text("http://hooks.example.com/x"), ..hook() }, "https"),
            (ChannelWish { address: text("https://10.0.0.1/x"), ..hook() }, "public"),
            (ChannelWish { secret: None, ..hook() }, "secret"),
            (ChannelWish { secret: text("hunter2"), ..hook() }, "secret"),
            (ChannelWish { frequency: text("weekly"), ..hook() }, "frequency"),
            (ChannelWish { hour: Some(24), ..hook() }, "hour"),
            (ChannelWish { time_zone: text("Mars/Base"), ..hook() }, "time_zone"),
            (ChannelWish { daily_cap: Some(-1), ..hook() }, "daily_cap"),
        ] {
            let error = check(Channel::Webhook, wish).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
        }
        let mail = ChannelWish { address: text("a@b.example\r\nRCPT TO:<x@y>"), ..ChannelWish::default() };
        assert!(check(Channel::Email, mail).unwrap_err().contains("address"));
    }
}
