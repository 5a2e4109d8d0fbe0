//! Whether a server that was started is ready, and what is told when it is not in time.

use super::client::Client;
use super::process::StartPlan;
use crate::service::WireRequest;

/// What became of the question whether a server is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nobody listens on the port, or no whole answer came.
    Nobody,
    /// It answers, but not with success.
    Status(u16),
    /// It is ready.
    Ready,
}

impl Seen {
    /// What was seen last, and where to look.
    pub(super) fn told(self, plan: &StartPlan) -> String {
        let path = plan.ready.as_deref().unwrap_or("/");
        let takes_port =
            plan.command.contains("{port}") || plan.env.values().any(|value| value.contains("{port}"));
        match self {
            Seen::Status(status) => format!(
                "GET {path} answered with status {status}, and `ready` is a path that answers with 200; or give \
                 it longer with `start-timeout`"
            ),
            _ if !takes_port => {
                "neither `start` nor `env` holds {port}, the port that smcheck waits for".to_owned()
            }
            _ => format!("GET {path} got no answer; give it longer with `start-timeout`"),
        }
    }
}

/// Asks whether a server is ready.
pub(super) async fn look(client: &Client, path: Option<&str>) -> Seen {
    let request = WireRequest {
        method: "GET".to_owned(),
        path: path.unwrap_or("/").to_owned(),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
    };
    match client.send(&request).await {
        Ok((response, _)) if path.is_none() || response.succeeded() => Seen::Ready,
        Ok((response, _)) => Seen::Status(response.status),
        Err(_) => Seen::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_not_ready_tells_what_it_answered() {
        let mut plan = StartPlan {
            name: "test".to_owned(),
            command: "server --port {port}".to_owned(),
            ready: Some("/health".to_owned()),
            env: std::collections::BTreeMap::new(),
            files: std::collections::BTreeMap::new(),
            version: None,
            within: std::time::Duration::from_secs(5),
        };
        let told = Seen::Status(404).told(&plan);
        assert!(
            told.contains("GET /health answered with status 404") && told.contains("start-timeout"),
            "{told}"
        );
        assert!(Seen::Nobody.told(&plan).contains("GET /health got no answer"));
        plan.command = "server".to_owned();
        assert!(Seen::Nobody.told(&plan).contains("holds {port}"));
    }
}
