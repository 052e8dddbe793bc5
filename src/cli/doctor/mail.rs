//! The mail server: can it be reached, is the connection secret, does it take our word for who we are? Nothing is sent.

use super::Finding;
use crate::{
    config::Config,
    domain::Channel,
    mail::{MailError, Mailer},
};

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let settings = &config.notify.email;
    if !config.notify.has(Channel::Email) {
        return Vec::new();
    }
    let mailer = match Mailer::new(settings) {
        Ok(mailer) => mailer,
        Err(error) => return vec![Finding::bad("mail", error.to_string(), "mend the key that is named")],
    };
    match mailer.connect().await {
        Ok(session) => {
            session.quit().await;
            let says = format!("{}:{} takes mail, tls: {:?}", settings.host, settings.port(), settings.tls);
            vec![Finding::ok("mail", says.to_lowercase())]
        }
        Err(error) => vec![Finding::bad("mail", error.to_string(), remedy(&error))],
    }
}

fn remedy(error: &MailError) -> &'static str {
    let text = error.to_string();
    if text.contains("AUTH") {
        "put the right notify.email.user and password; no digest leaves until then, and none is lost"
    } else if text.contains("STARTTLS") || text.contains("ertificate") {
        "look at notify.email.tls, port and ca_file: the server has to show a certificate for notify.email.host"
    } else {
        "start the mail server or mend notify.email.host and port; no digest leaves until then, and none is lost"
    }
}
