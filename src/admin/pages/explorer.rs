//! The API for people: every operation of `/openapi.json` with what it takes and gives. What only looks can be tried from here.

use std::sync::Arc;

use axum::extract::State as Shared;
use maud::{Markup, html};
use serde_json::Value;

use super::{Section, Shown, Visitor, layout::page};
use crate::admin::{Problem, State};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// `GET /api`
pub(super) async fn show(Shared(state): Shared<Arc<State>>, Visitor(caller): Visitor) -> Shown {
    let document: Value = serde_json::from_slice(&state.document).map_err(|_| Problem::Internal)?;
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    let all = operations(&document);
    let body = html! {
        p { (document["info"]["description"].as_str().unwrap_or_default()) }
        p { "The document for programs: " a href="/openapi.json" { "openapi.json" } ". Programs send "
            code { "authorization: bearer cw_…" } "; here you are signed in already." }
        @for tag in &tags {
            @let name = tag["name"].as_str().unwrap_or_default();
            section aria-labelledby=(format!("tag-{name}")) {
                h2 id=(format!("tag-{name}")) { (name) }
                p.quiet { (tag["description"].as_str().unwrap_or_default()) }
                @for operation in all.iter().filter(|operation| operation.tag == name) { (operation.render(&document)) }
            }
        }
    };
    Ok(page(Section::Api, "API", &caller, None, &body))
}

/// One method of one path.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    tag: &'a str,
    about: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            METHODS.iter().filter_map(move |method| {
                let about = methods.get(method)?;
                Some(Operation { method, path, tag: about["tags"][0].as_str().unwrap_or_default(), about })
            })
        })
        .collect()
}

impl Operation<'_> {
    fn render(&self, document: &Value) -> Markup {
        let parameters = self.about["parameters"].as_array().cloned().unwrap_or_default();
        html! {
            details.operation {
                summary {
                    span class=(format!("method {}", self.method)) { (self.method.to_uppercase()) } " "
                    code { (self.path) } " " (self.about["summary"].as_str().unwrap_or_default())
                }
                @if let Some(more) = self.about["description"].as_str() { p { (more) } }
                @if !parameters.is_empty() {
                    dl.facts { @for parameter in &parameters {
                        div {
                            dt { code { (parameter["name"].as_str().unwrap_or_default()) } " " span.quiet { (parameter["in"].as_str().unwrap_or_default()) } }
                            dd { (kind(&parameter["schema"], document)) ". " (parameter["description"].as_str().unwrap_or_default()) }
                        }
                    } }
                }
                @if let Some(schema) = body(&self.about["requestBody"]) { p { "Takes " (kind(schema, document)) } (fields(schema, document)) }
                @for (status, response) in self.about["responses"].as_object().into_iter().flatten() {
                    p { code { (status) } " " (response["description"].as_str().unwrap_or_default())
                        @if let Some(schema) = body(response) { ": " (kind(schema, document)) } }
                    @if status != "default" && let Some(schema) = body(response) { (fields(schema, document)) }
                }
                @if self.method == "get" && !self.path.contains('{') { p { a href=(self.path) { "Try it" } } }
            }
        }
    }
}

/// The schema of a body, of whatever type it is.
fn body(of: &Value) -> Option<&Value> {
    of["content"].as_object()?.values().next().map(|content| &content["schema"])
}

fn resolve<'a>(schema: &'a Value, document: &'a Value) -> (&'a Value, Option<&'a str>) {
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let schema =
        choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")).unwrap_or(schema);
    match schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        Some(name) => (&document["components"]["schemas"][name], Some(name)),
        None => (schema, None),
    }
}

/// A type in one or two words.
fn kind(schema: &Value, document: &Value) -> String {
    let (found, name) = resolve(schema, document);
    if let Some(name) = name {
        return name.replace('_', " of ");
    }
    let types: Vec<&str> = match &found["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => Vec::new(),
    };
    match types.first() {
        Some(&"array") => format!("list of {}", kind(&found["items"], document)),
        Some(one) => {
            found["format"].as_str().map_or_else(|| (*one).to_owned(), |format| format!("{one} ({format})"))
        }
        None => "any JSON".to_owned(),
    }
}

/// The keys of an object.
fn fields(schema: &Value, document: &Value) -> Markup {
    let (mut found, _) = resolve(schema, document);
    if found["type"] == "array" {
        (found, _) = resolve(&found["items"], document);
    }
    let own = found["properties"].as_object();
    let parts = found["allOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|part| resolve(part, document).0["properties"].as_object());
    html! {
        dl.facts { @for (name, about) in own.into_iter().chain(parts).flatten() {
            div { dt { code { (name) } } dd { (kind(about, document)) @if let Some(words) = about["description"].as_str() { ". " (words) } } }
        } }
    }
}
