//! An address of a database as PostgreSQL's own programs take it: through their environment, so that nothing of it is an argument.

use std::process::Command;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::BackupError;

/// Variables of libpq. Its `Debug` form shows their names only.
#[derive(Clone)]
pub struct Connection {
    variables: Vec<(&'static str, SecretString)>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.variables.iter().map(|(name, _)| name)).finish()
    }
}

/// Parameters of an address that both sides know, under the names of libpq.
const PARAMETERS: [(&str, &str); 12] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("sslmode", "PGSSLMODE"),
    ("ssl-mode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("ssl-root-cert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

impl Connection {
    /// Reads `postgres://user:password@host:port/database?...`; `key` is what the message names.
    ///
    /// # Errors
    /// [`BackupError::Settings`] where it cannot be read; the message does not have it.
    pub fn read(address: &str, key: &str) -> Result<Self, BackupError> {
        let unreadable = || {
            BackupError::Settings(format!(
                "{key}: cannot be read, expected postgres://user@host:port/database"
            ))
        };
        let url = Url::parse(address).map_err(|_| unreadable())?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(unreadable());
        }
        let mut variables: Vec<(&'static str, SecretString)> = Vec::new();
        let mut set = |name: &'static str, value: &str| {
            if !value.is_empty() {
                variables.retain(|(known, _)| *known != name);
                let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                variables.push((name, value.into()));
            }
        };
        set("PGHOST", url.host_str().unwrap_or_default().trim_matches(['[', ']']));
        set("PGPORT", &url.port().map(|port| port.to_string()).unwrap_or_default());
        set("PGUSER", url.username());
        set("PGPASSWORD", url.password().unwrap_or_default());
        set("PGDATABASE", url.path().trim_start_matches('/'));
        for (name, value) in url.query_pairs() {
            if let Some((_, variable)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
                // Already decoded once, which is all there is.
                variables.retain(|(known, _)| known != variable);
                variables.push((variable, value.into_owned().into()));
            }
        }
        Ok(Self { variables })
    }

    /// Gives it to `command`. What the address leaves open is taken from the environment, as our own connections do.
    pub fn apply(&self, command: &mut Command) {
        for variable in ["PGSERVICE", "PGSERVICEFILE", "PGOPTIONS"] {
            command.env_remove(variable);
        }
        command.env("PGCONNECT_TIMEOUT", "15").env("PGAPPNAME", "career-worker backup");
        for (name, value) in &self.variables {
            command.env(name, value.expose_secret());
        }
    }

    /// Name of the database.
    pub fn database(&self) -> Option<&str> {
        self.get("PGDATABASE").or_else(|| self.get("PGUSER"))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(address: &str, name: &str) -> Option<String> {
        Connection::read(address, "database.url").unwrap().get(name).map(str::to_owned)
    }

    #[test]
    fn an_address_becomes_variables() {
        let address =
            "postgres://ann:p%40ss%2Fw%25o%20r+d%3D1&x@db.example.org:6432/career?sslmode=verify-full&x=1";
        for (name, expected) in [
            ("PGUSER", "ann"),
            ("PGPASSWORD", "p@ss/w%o r+d=1&x"),
            ("PGHOST", "db.example.org"),
            ("PGPORT", "6432"),
            ("PGDATABASE", "career"),
            ("PGSSLMODE", "verify-full"),
        ] {
            assert_eq!(value(address, name).as_deref(), Some(expected), "{name}");
        }
        let socket = "postgresql:///career?host=/var/run/postgresql&user=ben";
        assert_eq!(value(socket, "PGHOST").as_deref(), Some("/var/run/postgresql"));
        assert_eq!(value(socket, "PGUSER").as_deref(), Some("ben"));
        assert_eq!(value("postgres://[::1]/x", "PGHOST").as_deref(), Some("::1"));
    }

    #[test]
    fn nothing_of_it_is_an_argument_or_shown() {
        let connection = Connection::read("postgres://ann:secret@h/d", "x").unwrap();
        let mut command = Command::new("pg_dump");
        connection.apply(&mut command);
        assert_eq!(command.get_args().count(), 0);
        assert!(!format!("{connection:?}").contains("secret"));
        let error = Connection::read("mysql://ann:secret@h/d", "database.url").unwrap_err().to_string();
        assert!(error.contains("database.url") && !error.contains("secret"), "{error}");
    }
}
