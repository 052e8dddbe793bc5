//! Other people's programs on the other side: aiosmtpd with a password, over STARTTLS and over TLS from the start, Python's reader of mail, and the reference library of
//! Standard Webhooks. On demand, since they come from elsewhere: `CAREER_PYTHON` names an interpreter that has `aiosmtpd` and
//! `standardwebhooks`; `openssl` makes the certificates.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use career_worker::domain::Outcome;
use serde_json::{Value, json};

use super::{SECRET, World, announce};
use crate::process::free_port;

/// Takes mail from who signs in over TLS, reads it, and prints what it read.
const MAIL_SERVER: &str = r#"
import email, email.policy, json, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            "to": envelope.rcpt_tos, "tls": implicit or session.ssl is not None, "user": session.auth_data.login.decode(),
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "text": mail.get_body(("plain",)).get_content(), "html": mail.get_body(("html",)).get_content(),
        }), flush=True)
        return "250 2.0.0 taken"
def sign_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"me" and data.password == b"s3cret", auth_data=data)
implicit = sys.argv[4] == "implicit"
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[2], sys.argv[3])
secret = {"ssl_context": context, "auth_require_tls": False} if implicit else {"tls_context": context, "require_starttls": True}
controller = Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1]), authenticator=sign_in, auth_required=True, **secret)
controller.start()
print("ready", flush=True)
sys.stdin.read()
"#;

/// Verifies each line of its input: secret, headers, body.
const VERIFIER: &str = r#"
import json, sys
from standardwebhooks import Webhook
for line in sys.stdin:
    given = json.loads(line)
    Webhook(given["secret"]).verify(given["body"], given["headers"])
    print("good", flush=True)
"#;

fn python() -> String {
    std::env::var("CAREER_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, args: &str) {
    let output = Command::new("openssl").args(args.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority and a certificate of this machine by it.
fn certificates(folder: &Path) {
    std::fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
    );
    openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mail -keyout mail.key -out mail.csr",
    );
    openssl(
        folder,
        "x509 -req -in mail.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out mail.pem",
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with aiosmtpd, and openssl; CAREER_PYTHON=... cargo test --test it channels::reference -- --ignored"]
async fn another_mail_server_takes_and_reads_it_over_starttls() {
    another_mail_server_takes_and_reads_it("starttls").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with aiosmtpd, and openssl; CAREER_PYTHON=... cargo test --test it channels::reference -- --ignored"]
async fn another_mail_server_takes_and_reads_it_over_implicit_tls() {
    another_mail_server_takes_and_reads_it("implicit").await;
}

async fn another_mail_server_takes_and_reads_it(tls: &str) {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let port = free_port();
    let mut server = Command::new(python());
    server
        .args(["-c", MAIL_SERVER, &port.to_string(), "mail.pem", "mail.key", tls])
        .current_dir(folder.path());
    let mut server = Server(server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(said.next().as_deref(), Some("ready"));
    let (port, ca) = (port.to_string(), folder.path().join("ca.pem").display().to_string());
    let wrong = folder.path().join("mail.pem").display().to_string();
    let settings = |password: &'static str, ca: &str| {
        vec![
            ("notify.email.port", port.clone()),
            ("notify.email.tls", tls.to_owned()),
            ("notify.email.ca_file", ca.to_owned()),
            ("notify.email.user", "me".to_owned()),
            ("notify.email.password", password.to_owned()),
            ("notify.email.from", "Jöb matches <matches@example.com>".to_owned()),
        ]
    };
    for (password, ca, good) in [("s3cret", &ca, true), ("wrong", &ca, false), ("s3cret", &wrong, false)] {
        let more = settings(password, ca);
        let more: Vec<_> = more.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let world = World::with(&more).await;
        let ann = world.user("ann").await;
        world.channel(ann, "email", None).await;
        announce(&world.db, &[ann], "Größter Leuchtturmwärter 🗼", 0.58).await;
        let outcome = world.execute("send", json!({})).await;
        if !good {
            let Outcome::Retry { error, .. } = outcome else { panic!("{password}: {outcome:?}") };
            assert!(error.contains("no session") && !error.contains("wrong\""), "{error}");
            assert_eq!(world.digests(ann).await[0].0, "pending");
            continue;
        }
        assert!(matches!(&outcome, Outcome::Done(report) if report["email"]["sent"] == 1), "{outcome:?}");
        let read: Value = serde_json::from_str(&said.next().unwrap()).unwrap();
        assert_eq!(
            (&read["tls"], &read["user"], &read["defects"]),
            (&json!(true), &json!("me"), &json!([])),
            "{read}"
        );
        let headers = &read["headers"];
        assert_eq!(headers["subject"], "New match: Größter Leuchtturmwärter 🗼 at Nordwind");
        assert_eq!(headers["from"], "Jöb matches <matches@example.com>");
        assert_eq!(headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
        assert!(
            headers["list-unsubscribe"].as_str().unwrap().starts_with("<https://jobs.example/unsubscribe/")
        );
        for body in ["text", "html"] {
            assert!(read[body].as_str().unwrap().contains("Größter Leuchtturmwärter 🗼"), "{read}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with standardwebhooks; CAREER_PYTHON=... cargo test --test it channels::reference -- --ignored"]
async fn the_reference_library_accepts_the_signatures() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "webhook", Some("https://hooks.example/200")).await;
    announce(&world.db, &[ann], "Größter Leuchtturmwärter 🗼", 0.58).await;
    world.send().await;
    let call = world.receiver.taken().remove(0);
    let mut verifier = Command::new(python());
    verifier.args(["-c", VERIFIER]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut verifier = Server(verifier.spawn().unwrap());
    let given = json!({
        "secret": SECRET, "body": String::from_utf8(call.body.clone()).unwrap(),
        "headers": {
            "webhook-id": call.id, "webhook-timestamp": call.timestamp.to_string(), "webhook-signature": call.signature,
        },
    });
    writeln!(verifier.0.stdin.as_mut().unwrap(), "{given}").unwrap();
    let mut line = String::new();
    BufReader::new(verifier.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "good\n");
}
