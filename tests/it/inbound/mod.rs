//! Hostile callers of the admin endpoint.

mod connections;
mod deeds;
mod logs;
mod routes;
mod secrets;

use career_worker::admin::token::Role;

use crate::admin::{Answer, Endpoint};

impl Endpoint {
    /// Asks with a token that has not been used before, so that no limit but the one under test is met.
    async fn ask_as(&self, role: Role, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token(role, None).await);
        self.ask(method, path, &[("authorization", &bearer)], body).await
    }
}
