//! The pages in a real browser: every page by day and by night, on a desk and on a phone; every action by a click; keys instead of a mouse.
//!
//! Ignored in an ordinary run, since it needs Chromium. `CAREER_AXE` names the script `axe.min.js` of axe-core, whose rules are then asked of
//! every page; `CAREER_PICTURES` names a folder for pictures of all pages.

mod driver;

use std::path::PathBuf;

use career_worker::admin::token::Role;
use serde_json::Value;

use self::driver::Driver;
use crate::{
    admin::Endpoint,
    pages::{PAGES, fill, schedules},
    rig::until,
};

async fn sign_in(endpoint: &Endpoint, driver: &Driver, role: Role) {
    let token = endpoint.token(role, None).await;
    driver.go(&format!("http://{}/schedules", endpoint.address)).await;
    assert_eq!(driver.path().await, "/login?next=%2Fschedules");
    driver.write("#token", &token).await;
    driver.click("button").await;
    until("it is signed in", || async { driver.path().await == "/schedules" }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn every_page_is_clean_on_a_desk_and_on_a_phone() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let driver = Driver::start().await;
    let axe = std::env::var_os("CAREER_AXE").map(|path| std::fs::read_to_string(path).unwrap());
    if axe.is_none() {
        eprintln!("CAREER_AXE is not set: the rules of axe-core are NOT asked");
    }
    let pictures = std::env::var_os("CAREER_PICTURES").map(PathBuf::from);
    driver.go(&format!("http://{}/login", endpoint.address)).await;
    let mut wrong = look(&driver, "/login", axe.as_deref(), pictures.as_ref()).await;
    sign_in(&endpoint, &driver, Role::Admin).await;
    for path in PAGES.into_iter().chain(["/tokens", "/runs/404"]) {
        driver.go(&format!("http://{}{path}", endpoint.address)).await;
        wrong.extend(look(&driver, path, axe.as_deref(), pictures.as_ref()).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the page that is shown.
async fn look(driver: &Driver, path: &str, axe: Option<&str>, pictures: Option<&PathBuf>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (width, height, dark) in [(1280, 900, false), (390, 844, true)] {
        driver.look(width, height, dark).await;
        let at = format!("{path} at {width}");
        let wide = driver.run("return document.documentElement.scrollWidth").await;
        if wide.as_u64() > Some(u64::from(width)) {
            wrong.push(format!("{at}: {wide} wide"));
        }
        if let Some(axe) = axe {
            driver.run(axe).await;
            let found = driver.run_later("axe.run().then(arguments[arguments.length - 1])").await;
            for violation in found["violations"].as_array().unwrap() {
                let at_node = |node: &Value| format!("{} ({})", node["html"], node["failureSummary"]);
                let nodes: Vec<String> =
                    violation["nodes"].as_array().unwrap().iter().take(3).map(at_node).collect();
                wrong.push(format!("{at}: {}: {}", violation["id"], nodes.join(", ")));
            }
        }
        if let Some(folder) = pictures {
            let name: String =
                path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            driver.picture(&folder.join(format!("page{name}-{width}.png"))).await;
        }
    }
    let expected = |line: &String| path == "/runs/404" && line.contains("404");
    wrong.extend(
        driver
            .complaints()
            .await
            .into_iter()
            .filter(|line| !expected(line))
            .map(|line| format!("{path}: {line}")),
    );
    wrong
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn every_action_is_a_click() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let driver = Driver::start().await;
    sign_in(&endpoint, &driver, Role::Admin).await;
    let dead = "UPDATE worker.runs SET state = 'dead', finished_at = now() WHERE id = 1";
    for (page, click, said, check) in [
        (
            "/schedules",
            "[aria-label='Run now hourly']",
            "/schedules?said=run",
            "worker.runs WHERE schedule = 'hourly' AND trigger = 'admin'",
        ),
        (
            "/schedules",
            "[aria-label='Pause hourly']",
            "/schedules?said=pause",
            "worker.pauses WHERE name = 'hourly'",
        ),
        (
            "/sources/lever",
            "[aria-label='Pause Lever']",
            "/sources/lever?said=pause",
            "worker.pauses WHERE name = 'lever'",
        ),
        ("/queues", "[aria-label='Pause match']", "/queues?said=pause", "worker.pauses WHERE name = 'match'"),
        (
            "/runs/1",
            "[aria-label='Try again run 1']",
            "/runs/1?said=retry",
            "worker.runs WHERE id = 1 AND state = 'queued'",
        ),
        (
            "/runs/1",
            "[aria-label='Cancel run 1']",
            "/runs/1?said=cancel",
            "worker.runs WHERE id = 1 AND state = 'cancelled'",
        ),
        (
            "/searches",
            "[aria-label='Match anew search 1']",
            "/searches?said=run",
            "worker.runs WHERE task = 'rematch'",
        ),
        (
            "/schedules",
            "[aria-label='Resume hourly']",
            "/schedules?said=resume",
            "worker.audit WHERE subject = 'schedules/hourly' AND action = 'resume'",
        ),
        (
            "/backups",
            "[aria-label='End the quarantine of this database']",
            "/backups?said=acknowledge",
            "worker.audit WHERE action = 'acknowledge'",
        ),
    ] {
        driver.go(&format!("http://{}{page}", endpoint.address)).await;
        driver.click(click).await;
        until(said, || async { driver.path().await == said }).await;
        assert_eq!(endpoint.count(check).await, 1, "{page} {click}");
        assert!(
            !driver
                .run("return document.querySelector('[role=status]').innerText")
                .await
                .as_str()
                .unwrap()
                .is_empty()
        );
    }
    sqlx::query(dead).execute(&endpoint.db.pool).await.unwrap();
    driver.go(&format!("http://{}/runs?state=dead", endpoint.address)).await;
    driver.click("input[name=ids][value='1']").await;
    driver.click("button[value=retry]").await;
    until("back at the list", || async { driver.path().await == "/runs?state=dead&said=retry" }).await;
    assert_eq!(endpoint.count("worker.runs WHERE id = 1 AND state = 'queued'").await, 1);

    driver.go(&format!("http://{}/tokens", endpoint.address)).await;
    driver.write("input[name=name]", "by hand").await;
    driver.click("form[action='/tokens'] button").await;
    until("a token is made", || async {
        endpoint.count("worker.api_tokens WHERE name = 'by hand'").await == 1
    })
    .await;
    driver.click("[aria-label='Revoke by hand']").await;
    until("it is revoked", || async {
        endpoint.count("worker.api_tokens WHERE name = 'by hand' AND revoked_at IS NOT NULL").await == 1
    })
    .await;

    driver.go(&format!("http://{}/postings?q=rust", endpoint.address)).await;
    driver.click("tbody a").await;
    until("a posting", || async { driver.path().await == "/postings/1" }).await;
    driver.click(".leave button").await;
    until("it is signed out", || async { driver.path().await == "/login" }).await;
    assert_eq!(endpoint.count("worker.admin_sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn keys_reach_everything_in_the_order_of_reading() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let driver = Driver::start().await;
    sign_in(&endpoint, &driver, Role::Admin).await;
    driver.go(&format!("http://{}/queues", endpoint.address)).await;
    assert_eq!(driver.tab().await, "Skip to the content");
    let seen = driver.run("return document.querySelector('.skip').getBoundingClientRect().left >= 0").await;
    assert_eq!(seen, true, "what has the focus is seen");
    let mut order = Vec::new();
    for _ in 0..60 {
        order.push(driver.tab().await);
    }
    let place = |name: &str| {
        order.iter().position(|found| found == name).unwrap_or_else(|| panic!("{name} of {order:?}"))
    };
    assert!(place("Overview") < place("Queues"), "{order:?}");
    assert!(place("Queues") < place("Sign out"), "{order:?}");
    assert!(place("Sign out") < place("Pause"), "{order:?}");
}
