//! What can be said before the first request: configuration, programs, credentials, the connection.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::process::Command;

use super::{Check, Patient};
use crate::suite::versions::pip;
use crate::target::client::is_loopback;
use crate::target::config::TargetConfig;
use crate::target::{Kind, Target, process};

/// How long a program may take to say its version.
const VERSION_WITHIN: Duration = Duration::from_secs(10);
/// Where `smcheck serve` listens unless told otherwise.
const SERVE_PORT: u16 = 4566;

/// How the target is reached, and who says so.
pub(super) fn configuration(patient: &Patient<'_>) -> Check {
    let whose = match (patient.config.is_some(), patient.own_table) {
        (_, true) => "smcheck.toml",
        (true, false) => "a preset",
        (false, false) => "built in",
    };
    let how = match &patient.target.kind {
        Kind::Embedded => "the reference model, behind a socket of smcheck's own".to_owned(),
        Kind::Url(url) => format!("the server at {url}"),
        Kind::Start(plan) => format!("started with `{}` ({whose})", plan.command),
        Kind::Aws { endpoint, .. } => {
            format!("AWS itself, at {endpoint}; only questions that read are asked")
        }
    };
    Check::good("target", format!("{}: {how}, region {}", patient.target.name, patient.target.region))
}

/// The programs that it takes to start the target, and the port of our own server.
pub(super) async fn prerequisites(target: &Target, config: Option<&TargetConfig>) -> Vec<Check> {
    let plan = match &target.kind {
        Kind::Start(plan) => plan,
        Kind::Embedded => {
            let free = std::net::TcpListener::bind(("127.0.0.1", SERVE_PORT)).is_ok();
            return vec![match free {
                true => {
                    Check::good("port", format!("port {SERVE_PORT}, where `smcheck serve` listens, is free"))
                }
                false => Check::note(
                    "port",
                    format!("port {SERVE_PORT}, where `smcheck serve` listens, is in use"),
                )
                .hinting("`smcheck serve --port 0` picks a free one"),
            }];
        }
        Kind::Url(_) | Kind::Aws { .. } => return Vec::new(),
    };
    let mut checks = Vec::new();
    let uses_port =
        plan.command.contains("{port}") || plan.env.values().any(|value| value.contains("{port}"));
    if !uses_port {
        let hint = "write {port} where the command or `env` takes the port; smcheck picks a free one";
        checks.push(Check::wrong("port", "neither `start` nor `env` holds {port}", hint));
    }
    let first = |command: &str| command.split_whitespace().next().unwrap_or_default().to_owned();
    let program = first(&plan.command);
    let found = process::find(&program, &plan.name);
    checks.push(match &found {
        Some(path) => Check::good("program", format!("{program} is {}", path.display())),
        None => {
            let said = format!("`{program}` is neither on PATH nor under target/emulators/{}/bin", plan.name);
            Check::wrong("program", said, install(&plan.name, &program))
        }
    });
    let interpreter = config.and_then(|config| config.version.as_deref()).map(first);
    for name in interpreter.into_iter().filter(|name| *name != program) {
        // The interpreter beside the emulator is the one that has it installed.
        let beside =
            found.as_ref().and_then(|path| Some(path.parent()?.join(&name))).filter(|path| path.is_file());
        checks.push(match beside.or_else(|| process::find(&name, &plan.name)) {
            Some(path) => {
                let version = version_of(&path).await.unwrap_or_else(|| "of unknown version".to_owned());
                Check::good("interpreter", format!("{name} is {} ({version})", path.display()))
            }
            None => Check::note("interpreter", format!("there is no `{name}`, which would tell the version"))
                .hinting(format!("install it, or change `version` of the target `{}`", plan.name)),
        });
    }
    checks
}

/// How the program of a preset is had.
fn install(target: &str, program: &str) -> String {
    let how = match (target, pip(target)) {
        (_, Some(package)) => format!("`pip install {package}`"),
        ("localstack" | "awsim", _) => format!("`tools/emulators.sh {target}` in a clone of smcheck"),
        ("fakecloud", _) => "`cargo install fakecloud`".to_owned(),
        _ => return format!("install `{program}`, or write its whole path in `start`"),
    };
    format!("{how} installs it; on PATH it is found")
}

async fn version_of(program: &std::path::Path) -> Option<String> {
    let run = Command::new(program).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(VERSION_WITHIN, run).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    (!text.is_empty() && text.len() < 80).then_some(text)
}

/// Where the credentials come from. They are never shown.
pub(super) fn credentials(target: &Target) -> Check {
    let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let keys = set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY");
    let token = if target.credentials.session_token.is_some() { ", with a session token" } else { "" };
    let said = match &target.kind {
        Kind::Embedded => "signs with a key pair made for this run".to_owned(),
        _ if keys => format!("signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY{token}"),
        Kind::Aws { .. } => format!("signs with what the AWS default chain found{token}"),
        _ if target.name == crate::target::resolve::ENV && target.credentials.access_key != "test" => {
            format!("signs with what the AWS profile says{token}")
        }
        _ => "signs as test/test: the environment holds no key pair".to_owned(),
    };
    Check::good("credentials", said)
}

/// Looks the host up and connects. `false` when nobody is there; the checks say so.
pub(super) async fn connect(endpoint: &str, target: &Target, checks: &mut Vec<Check>) -> bool {
    let Ok(url) = reqwest::Url::parse(endpoint) else {
        checks.push(Check::wrong(
            "reachable",
            format!("`{endpoint}` is no URL"),
            "such as http://127.0.0.1:5000",
        ));
        return false;
    };
    let Some(host) = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()) else {
        checks.push(Check::wrong(
            "reachable",
            format!("`{endpoint}` names no host"),
            "such as http://127.0.0.1:5000",
        ));
        return false;
    };
    if let Some(variable) = proxy_of(&url, |name| std::env::var(name).ok()) {
        // The proxy looks the host up and connects; the first request shows whether it does.
        checks.push(Check::note("reachable", format!("{variable} names a proxy: not connected to directly")));
        return true;
    }
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<_> = match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(found) => found.collect(),
        Err(why) => {
            let hint = "check the spelling of the host, and whether this machine is on its network";
            checks.push(Check::wrong("reachable", format!("there is no address for `{host}`: {why}"), hint));
            return false;
        }
    };
    let mut refused = Vec::new();
    for address in addresses {
        let begun = Instant::now();
        match tokio::time::timeout(target.connect_timeout, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                let took = millis(begun.elapsed());
                checks.push(Check::good("reachable", format!("{address} accepted a connection in {took}")));
                return true;
            }
            Ok(Err(why)) => refused.push(format!("{address}: {why}")),
            Err(_) => refused.push(format!("{address}: no answer in {} s", target.connect_timeout.as_secs())),
        }
    }
    let hint = format!("start the server, or name the port it listens on; `{port}` is what the target says");
    checks.push(Check::wrong("reachable", format!("nobody is there ({})", refused.join("; ")), hint));
    false
}

/// The variable that names a proxy for this URL, as the client takes it. Hosts that NO_PROXY excepts are not told
/// apart: what cannot be reached there shows at the first request.
fn proxy_of(url: &reqwest::Url, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    if is_loopback(url) {
        return None;
    }
    let names: &[&'static str] = match url.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    names.iter().find(|name| variable(name).is_some_and(|value| !value.is_empty())).copied()
}

/// A short time.
pub(super) fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_used_for_hosts_that_are_elsewhere() {
        let of = |url: &str, set: &str| {
            let url = reqwest::Url::parse(url).expect("it is a URL");
            proxy_of(&url, |name| (name == set).then(|| "http://proxy.test:3128".to_owned()))
        };
        assert_eq!(of("http://emulator.test", "HTTP_PROXY"), Some("HTTP_PROXY"));
        assert_eq!(of("https://emulator.test", "all_proxy"), Some("all_proxy"));
        assert_eq!(of("https://emulator.test", "HTTP_PROXY"), None);
        assert_eq!(of("http://127.0.0.1:5000", "HTTP_PROXY"), None);
    }
}
