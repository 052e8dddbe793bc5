//! The document of the API: fresh, true to itself, and true to what the endpoint answers.

use std::{collections::BTreeSet, path::Path};

use career_worker::admin::token::Role;
use serde_json::Value;

use crate::admin::Endpoint;

fn document() -> Value {
    serde_json::from_str(&career_worker::admin::document().to_pretty_json().unwrap()).unwrap()
}

#[test]
fn the_kept_document_is_the_one_that_is_answered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/openapi.json");
    let text = format!("{}\n", career_worker::admin::document().to_pretty_json().unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "src/admin/openapi.json is not fresh: UPDATE_OPENAPI=1 cargo test openapi");
}

/// Every reference leads somewhere, and every description says something.
#[test]
fn the_document_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut wrong = Vec::new();
    walk(&document, &mut |value| {
        if let Some(target) = value["$ref"].as_str() {
            let pointer = target.trim_start_matches('#');
            if document.pointer(pointer).is_none() {
                wrong.push(format!("{target} leads nowhere"));
            }
        }
    });
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let at = format!("{method} {path}");
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{at}: no summary"));
            }
            if operation["responses"]["default"].is_null() {
                wrong.push(format!("{at}: does not say how it refuses"));
            }
            if !names.insert(operation["operationId"].as_str().unwrap_or_default().to_owned()) {
                wrong.push(format!("{at}: its operationId is not its own"));
            }
            let in_path = path.matches('{').count();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            if parameters.iter().filter(|parameter| parameter["in"] == "path").count() != in_path {
                wrong.push(format!("{at}: parts of the path are not described"));
            }
            for parameter in parameters {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    wrong.push(format!("{at}: {} is not described", parameter["name"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn walk(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Object(object) => object.values().for_each(|value| walk(value, look)),
        Value::Array(array) => array.iter().for_each(|value| walk(value, look)),
        _ => {}
    }
}

/// What is answered to each question without a body has exactly the shape that the document gives it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_described_shape() {
    let endpoint = Endpoint::with_schedules(crate::pages::schedules()).await;
    crate::pages::fill(&endpoint).await;
    let document = document();
    let mut looked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let asked = path
            .replace("{id}", "1")
            .replace("{user}", "1")
            .replace("{posting}", "1")
            .replace("{name}", "hourly");
        let bearer = format!("Bearer {}", endpoint.token(Role::Admin, None).await);
        let answer = endpoint.ask("GET", &asked, &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, 200, "{asked}: {}", answer.body);
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let mut wrong = Vec::new();
        fits(&answer.body, schema, &document, "", &mut wrong);
        assert!(wrong.is_empty(), "{asked}: {}\n{}", wrong.join("\n"), answer.body);
        looked += 1;
    }
    assert!(looked >= 16, "{looked}");
}

/// A small validator of the part of JSON Schema that the document uses; whatever else it met would be reported.
fn fits(value: &Value, schema: &Value, document: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        return fits(value, document.pointer(target.trim_start_matches('#')).unwrap(), document, at, wrong);
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let good = choices.iter().any(|choice| {
            let mut inner = Vec::new();
            fits(value, choice, document, at, &mut inner);
            inner.is_empty()
        });
        if !good {
            wrong.push(format!("{at}: {value} fits none of the choices"));
        }
        return;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        // Parts are flattened objects: each may have keys of the others.
        for part in parts {
            let mut inner = Vec::new();
            fits(value, part, document, at, &mut inner);
            wrong.extend(inner.into_iter().filter(|line| !line.ends_with("is not described")));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        Value::Null => return,
        other => panic!("{at}: type {other}"),
    };
    if !(allowed.contains(&kind) || kind == "integer" && allowed.contains(&"number")) {
        wrong.push(format!("{at}: {value} is {kind}, described as {allowed:?}"));
        return;
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fits(item, &schema["items"], document, &format!("{at}[{index}]"), wrong);
            }
        }
        Value::Object(object) => {
            let Some(properties) = schema["properties"].as_object() else { return };
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !object.contains_key(key) {
                    wrong.push(format!("{at}.{key} is missing"));
                }
            }
            for (key, inner) in object {
                match properties.get(key) {
                    Some(schema) => fits(inner, schema, document, &format!("{at}.{key}"), wrong),
                    None => wrong.push(format!("{at}.{key} is not described")),
                }
            }
        }
        _ => {}
    }
}

/// The endpoint against somebody else's reading of its document: no fault of ours, no answer that is not described, nothing wrong accepted.
/// Two of its rules do not fit: a valid request may still name a task that is not there, and guessing is answered with 429 after a while.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis, named by CAREER_SCHEMATHESIS"]
async fn schemathesis_finds_nothing() {
    let program = std::env::var("CAREER_SCHEMATHESIS").unwrap();
    let endpoint = Endpoint::with_schedules(crate::pages::schedules()).await;
    crate::pages::fill(&endpoint).await;
    let cookie = crate::pages::Browser::sign_in(&endpoint, Role::Admin).await.cookie().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let root = format!("http://{}", endpoint.address);
    let output = tokio::process::Command::new(program)
        .current_dir(folder.path())
        .args([
            "run",
            &format!("{root}/openapi.json"),
            "--url",
            &root,
            "--seed",
            "1",
            "--max-examples",
            "6",
            "--no-color",
        ])
        .args([
            "-H",
            &format!("cookie: {cookie}"),
            "-H",
            "sec-fetch-site: same-origin",
            "--rate-limit",
            "290/m",
        ])
        // It would take its own token back.
        .args([
            "-c",
            "all",
            "--exclude-checks",
            "positive_data_acceptance,ignored_auth",
            "--exclude-path-regex",
            "revoke",
        ])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!(
        "{}",
        said.lines().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    );
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
