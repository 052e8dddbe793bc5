//! The files in `deploy/` name what is there, and the tools that will read them accept them. A tool that is not installed is said to be
//! missing; with `CAREER_TOOLS=required`, as in CI, it must be there.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use career_worker::{
    config::Config,
    telemetry::catalogue::{Kind, METRICS, PROCESS},
};
use regex::Regex;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("deploy/{name}: {error}"))
}

/// A tool by its variable or name; `None` where it is not installed and need not be.
fn tool(variable: &str, name: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from);
    let found = given.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        assert!(std::env::var("CAREER_TOOLS").as_deref() != Ok("required"), "{name} is not installed");
        println!("skipped: {name} is not installed");
    }
    found
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

/// What Prometheus's own linter says of the text of `/metrics`.
pub fn check_exposition(text: &str) {
    let Some(promtool) = tool("CAREER_PROMTOOL", "promtool") else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let input = std::fs::File::open(file.path()).unwrap();
    run(Command::new(promtool).args(["check", "metrics"]).stdin(input));
}

/// Names of metrics in an expression, and that each is in the table.
fn check_names(place: &str, expression: &str) -> usize {
    let name = Regex::new(r"\b(?:career|process)_[a-z_]+\b").unwrap();
    let mut count = 0;
    for found in name.find_iter(expression) {
        let word = found.as_str();
        let known = METRICS.iter().chain(PROCESS).any(|metric| match metric.kind {
            Kind::Histogram(_) => {
                ["_bucket", "_sum", "_count"].iter().any(|end| word.strip_suffix(end) == Some(metric.name))
            }
            _ => metric.name == word,
        });
        assert!(known, "{place}: {word} is no metric of this program");
        count += 1;
    }
    assert!(count > 0, "{place}: no metric in {expression}");
    count
}

#[test]
fn the_alerts_name_metrics_that_are_there_and_each_has_a_test() {
    let (rules, tests) = (read("prometheus/alerts.yml"), read("prometheus/alerts_test.yml"));
    let alert =
        Regex::new(r"(?m)^      - alert: (\w+)\n        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)").unwrap();
    let mut names = BTreeSet::new();
    for found in alert.captures_iter(&rules) {
        let expression = found.get(2).or(found.get(3)).unwrap().as_str();
        check_names(&found[1], expression);
        assert!(tests.contains(&format!("alertname=\"{}\"", &found[1])), "{} has no test", &found[1]);
        names.insert(found[1].to_owned());
    }
    assert_eq!(names.len(), rules.matches("- alert: ").count(), "each was read");
    assert_eq!(rules.matches("summary:").count(), names.len());
    assert_eq!(rules.matches("severity:").count(), names.len());
    if let Some(promtool) = tool("CAREER_PROMTOOL", "promtool") {
        let dir = folder().join("prometheus");
        run(Command::new(&promtool).args(["check", "rules", "alerts.yml"]).current_dir(&dir));
        run(Command::new(&promtool).args(["test", "rules", "alerts_test.yml"]).current_dir(&dir));
    }
}

#[test]
fn the_dashboard_shows_metrics_that_are_there() {
    fn expressions(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                all.extend(map.get("expr").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| expressions(value, all));
            }
            Value::Array(items) => items.iter().for_each(|item| expressions(item, all)),
            _ => {}
        }
    }
    let dashboard: Value = serde_json::from_str(&read("grafana/career-worker.json")).unwrap();
    let mut all = Vec::new();
    expressions(&dashboard, &mut all);
    assert!(all.len() > 40, "{}", all.len());
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    let mut shown = BTreeSet::new();
    let name = Regex::new(r"\bcareer_[a-z_]+?(?:_bucket)?\b").unwrap();
    for (number, expression) in all.iter().enumerate() {
        check_names("dashboard", expression);
        shown.extend(
            name.find_iter(expression).map(|name| name.as_str().trim_end_matches("_bucket").to_owned()),
        );
        let plain = expression.replace("$__rate_interval", "5m").replace("$instance", ".*");
        write!(rules, "      - record: panel_{number}\n        expr: {}\n", Value::from(plain)).unwrap();
    }
    let hidden: Vec<_> =
        METRICS.iter().map(|metric| metric.name).filter(|name| !shown.contains(*name)).collect();
    assert!(hidden.is_empty(), "on no panel: {hidden:?}");
    let ids: Vec<_> =
        dashboard["panels"].as_array().unwrap().iter().map(|panel| panel["id"].as_i64()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids of panels");
    if let Some(promtool) = tool("CAREER_PROMTOOL", "promtool") {
        let file = tempfile::NamedTempFile::with_suffix(".yml").unwrap();
        std::fs::write(file.path(), rules).unwrap();
        run(Command::new(promtool).args(["check", "rules"]).arg(file.path()));
    }
}

/// Arguments of the program in a file: each must be understood by it.
fn is_understood(args: &[&str]) {
    let mut args = args.to_vec();
    // A command line that is understood gets as far as printing help.
    args.push("--help");
    let output = Command::new(env!("CARGO_BIN_EXE_career-worker")).args(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Settings given by environment in a file: each must be known.
fn are_known(place: &str, text: &str) {
    let variable = Regex::new(r"CAREER__([A-Z]+)__([A-Z_]+)").unwrap();
    for found in variable.captures_iter(text) {
        let (section, key) = (found[1].to_lowercase(), found[2].to_lowercase());
        let key = key.trim_end_matches("_file").to_owned();
        let defaults: &str = career_worker::config::DEFAULTS;
        let (_, rest) = defaults
            .split_once(&format!("[{section}]"))
            .unwrap_or_else(|| panic!("{place}: no section {section}"));
        let part = rest.split("\n[").next().unwrap();
        assert!(
            part.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} ="))),
            "{place}: {section}.{key} is no setting"
        );
    }
}

#[test]
fn the_units_start_commands_that_are_there_and_are_hardened() {
    for name in ["career-worker.service", "career-worker-migrate.service"] {
        let unit = read(&format!("systemd/{name}"));
        for line in unit.lines().filter(|line| line.starts_with("Exec")) {
            let words: Vec<&str> = line.split_once('=').unwrap().1.split_whitespace().collect();
            assert_eq!(words[0], "/usr/bin/career-worker", "{line}");
            is_understood(&words[1..]);
        }
        are_known(name, &unit);
        let Some(analyze) = tool("CAREER_SYSTEMD_ANALYZE", "systemd-analyze") else { continue };
        let file = folder().join("systemd").join(name);
        let text = run(Command::new(&analyze).args(["security", "--offline=true", "--no-pager"]).arg(&file));
        let last =
            text.lines().rev().find(|line| line.contains("Overall exposure level")).unwrap().to_owned();
        let score: f64 =
            last.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{last}"));
        println!("{name}: exposure {score}");
        assert!(score < 2.0, "{last}");
        // The program is not installed here: any program stands for it.
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join(name);
        std::fs::write(&path, unit.replace("/usr/bin/career-worker", "/bin/true")).unwrap();
        run(Command::new(&analyze).args(["verify", "--man=no"]).arg(&path));
    }
    let drain = Config::load(None, &[]).unwrap().runs.drain;
    let unit = read("systemd/career-worker.service");
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(humantime::parse_duration(stop).unwrap() > drain, "what runs is given the time to finish");
}

#[test]
fn compose_and_kubernetes_start_commands_that_are_there() {
    let compose = read("compose.yaml");
    are_known("compose.yaml", &compose);
    let list = Regex::new(r#"(?m)^    command: (\["(?:db|serve)".*\])$"#).unwrap();
    let mut commands = 0;
    for found in list.captures_iter(&compose) {
        let words: Vec<&str> = serde_json::from_str(&found[1]).unwrap();
        is_understood(&words);
        commands += 1;
    }
    assert_eq!(commands, 4, "migrate, scheduler, scrape, match");
    for service in ["scheduler", "scrape", "match"] {
        let text = read(&format!("kubernetes/{service}.yaml"));
        are_known(service, &text);
        let (_, rest) = text.split_once("          args:\n").unwrap();
        let words: Vec<&str> = rest.lines().map_while(|line| line.strip_prefix("            - ")).collect();
        is_understood(&words);
        for wanted in [
            "path: /readyz",
            "path: /healthz",
            "readOnlyRootFilesystem: true",
            "allowPrivilegeEscalation: false",
            "runAsNonRoot: true",
            "drop: [ALL]",
            "type: RuntimeDefault",
            "automountServiceAccountToken: false",
        ] {
            assert!(text.contains(wanted), "{service}: {wanted}");
        }
        let grace = text.lines().find_map(|line| line.trim().strip_prefix("terminationGracePeriodSeconds: "));
        let drain = Config::load(None, &[]).unwrap().runs.drain;
        assert!(grace.unwrap().parse::<u64>().unwrap() > drain.as_secs(), "{service}");
    }
    let query = Regex::new("(?m)query: (.*)$").unwrap();
    let scaling = read("kubernetes/scaling.yaml");
    let named: usize =
        query.captures_iter(&scaling).map(|found| check_names("scaling.yaml", &found[1])).sum();
    assert_eq!(named, 2);
}

#[test]
fn the_settings_of_the_cluster_can_be_read() {
    let text = read("kubernetes/settings.yaml");
    let (_, settings) = text.split_once("settings.toml: |\n").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "postgres://career@db.example/career").unwrap();
    let settings: Vec<&str> = settings.lines().map(str::trim_start).collect();
    let settings = settings.join("\n");
    let settings =
        Regex::new("\"/run/secrets/[a-z/-]+\"").unwrap().replace_all(&settings, format!("{secret:?}"));
    let file = dir.path().join("settings.toml");
    std::fs::write(&file, settings.as_ref()).unwrap();
    let config = Config::load(Some(&file), &[]).unwrap();
    assert!(config.admin.probes.is_some() && config.admin.bind.ip().is_loopback());
}
