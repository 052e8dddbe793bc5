//! A headless Chromium, driven as a person would, over the WebDriver protocol of its driver.

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::process::free_port;

/// Name of the reference to an element, by the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window; gone when dropped.
pub struct Driver {
    http: Client,
    session: String,
    process: Child,
    _profile: tempfile::TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser is of the driver's group; killing the driver alone would leave it.
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

impl Driver {
    pub async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "it asks this machine only")]
        let http = Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap();
        let (port, profile) = (free_port(), tempfile::tempdir().unwrap());
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: Debian's packages chromium and chromium-driver have it");
        let root = format!("http://127.0.0.1:{port}");
        crate::rig::until("chromedriver listens", || async {
            http.get(format!("{root}/status")).send().await.is_ok()
        })
        .await;
        let data = format!("--user-data-dir={}", profile.path().display());
        let quiet = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            data.as_str(),
        ];
        let wish = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": quiet }, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = http.post(format!("{root}/session")).body(wish.to_string()).send().await.unwrap();
        let made: Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("{made}"));
        Self { http, session: format!("{root}/session/{id}"), process, _profile: profile }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.session));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {}", answer["value"]);
        answer["value"].take()
    }

    /// Goes to an address and waits until it is loaded.
    pub async fn go(&self, url: &str) {
        self.ask(Method::POST, "/url", Some(json!({ "url": url }))).await;
    }

    /// Where it is.
    pub async fn path(&self) -> String {
        let url = self.ask(Method::GET, "/url", None).await;
        let url = url::Url::parse(url.as_str().unwrap()).unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    async fn find(&self, selector: &str) -> String {
        let body = json!({ "using": "css selector", "value": selector });
        let found = self.ask(Method::POST, "/element", Some(body)).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.ask(Method::POST, &format!("/element/{element}/click"), Some(json!({}))).await;
    }

    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.ask(Method::POST, &format!("/element/{element}/value"), Some(json!({ "text": text }))).await;
    }

    /// Presses the key to the next thing that can be used, and says what that is.
    pub async fn tab(&self) -> String {
        let keys =
            json!([{ "type": "keyDown", "value": "\u{e004}" }, { "type": "keyUp", "value": "\u{e004}" }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": keys }] });
        self.ask(Method::POST, "/actions", Some(actions)).await;
        let named = "const e = document.activeElement; return e.innerText || e.getAttribute('aria-label') || e.name || e.tagName";
        self.run(named).await.as_str().unwrap_or_default().to_owned()
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.ask(Method::POST, "/execute/sync", Some(json!({ "script": script, "args": [] }))).await
    }

    /// What a script that ends with a call of its last argument gives it.
    pub async fn run_later(&self, script: &str) -> Value {
        self.ask(Method::POST, "/execute/async", Some(json!({ "script": script, "args": [] }))).await
    }

    /// As wide and high as that, in the colours of day or night.
    pub async fn look(&self, width: u32, height: u32, dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        for (cmd, params) in
            [("Emulation.setDeviceMetricsOverride", size), ("Emulation.setEmulatedMedia", media)]
        {
            self.ask(Method::POST, "/goog/cdp/execute", Some(json!({ "cmd": cmd, "params": params }))).await;
        }
    }

    /// What the browser complained of since it was asked last.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask(Method::POST, "/se/log", Some(json!({ "type": "browser" }))).await;
        let lines = log.as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn picture(&self, file: &Path) {
        let wish = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        let picture = self.ask(Method::POST, "/goog/cdp/execute", Some(wish)).await;
        std::fs::write(file, STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()).unwrap();
    }
}
