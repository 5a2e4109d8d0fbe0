//! The outgoing HTTP client: no redirects, no decompression, no system proxy on loopback, connections kept alive.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect;

use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};

/// The largest body that is read, in bytes. The service's own limit is far below it.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    endpoint: String,
    response: Duration,
}

/// A request that got no response.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is nobody at the endpoint.
    #[error("cannot connect to {endpoint}: {reason}")]
    Connect {
        /// Scheme, host and port.
        endpoint: String,
        /// What the system said.
        reason: String,
    },
    /// No response came in time.
    #[error("{endpoint} did not answer within {seconds} s")]
    Timeout {
        /// Scheme, host and port.
        endpoint: String,
        /// The limit.
        seconds: u64,
    },
    /// The connection broke, or what came was no HTTP.
    #[error("{endpoint} broke off: {reason}")]
    Broken {
        /// Scheme, host and port.
        endpoint: String,
        /// What the client said.
        reason: String,
    },
    /// The body of the response is too large to be one of the service's.
    #[error("{endpoint} answered with more than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port.
        endpoint: String,
        /// How many bytes are read.
        limit: usize,
    },
    /// The request cannot be sent: the scenario's method, path or header is not what HTTP allows.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

/// The client could not be made: the endpoint is no URL, or TLS has no roots.
#[derive(Debug, thiserror::Error)]
#[error("cannot talk to {endpoint}: {reason}")]
pub struct CannotTalk {
    endpoint: String,
    reason: String,
}

impl Client {
    /// A client for one endpoint (scheme, host, port).
    ///
    /// # Errors
    /// When the endpoint is no `http` or `https` URL, or TLS cannot be set up.
    pub fn new(endpoint: &str, connect: Duration, response: Duration) -> Result<Self, CannotTalk> {
        Self::trusting(endpoint, connect, response, None)
    }

    /// As [`Client::new`], trusting the certificate authorities of a file of PEM certificates, and no others, where
    /// one is named.
    ///
    /// # Errors
    /// As [`Client::new`], and when the file holds no certificates.
    pub fn trusting(
        endpoint: &str,
        connect: Duration,
        response: Duration,
        ca_bundle: Option<&Path>,
    ) -> Result<Self, CannotTalk> {
        let cannot = |reason: String| CannotTalk { endpoint: endpoint.to_owned(), reason };
        let url = reqwest::Url::parse(endpoint).map_err(|why| cannot(why.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(cannot("an endpoint begins with http:// or https:// and names a host".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            // They would be shown wherever the endpoint is.
            let endpoint = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
            let reason = "an endpoint holds no user name, password or query".to_owned();
            return Err(CannotTalk { endpoint, reason });
        }
        let builder = || {
            let builder = reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .http1_only()
                .tcp_nodelay(true)
                .connect_timeout(connect)
                .timeout(response)
                .user_agent(concat!("smcheck/", env!("CARGO_PKG_VERSION")));
            if is_loopback(&url) { builder.no_proxy() } else { builder }
        };
        let http = match ca_bundle {
            // A small container has no certificate authorities, and needs none where nothing is encrypted.
            _ if url.scheme() == "http" => {
                builder().build().or_else(|_| builder().tls_certs_only([]).build())
            }
            Some(path) => {
                let roots = read_bundle(path).map_err(|why| {
                    cannot(format!("{} is no bundle of certificates in PEM: {why}", path.display()))
                })?;
                builder().tls_certs_only(roots).build()
            }
            None => builder().build(),
        };
        let http = http.map_err(|why| cannot(chain(&why)))?;
        Ok(Client { http, endpoint: endpoint.trim_end_matches('/').to_owned(), response })
    }

    /// Scheme, host and port.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sends a request and reads the whole response, whatever its status, with the time at which it had come.
    ///
    /// # Errors
    /// When no response came.
    pub async fn send(&self, request: &WireRequest) -> Result<(WireResponse, Timestamp), ClientError> {
        let bad = |why: &dyn std::fmt::Display| ClientError::Request(why.to_string());
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|why| bad(&why))?;
        let mut builder = self.http.request(method, format!("{}{}", self.endpoint, request.path));
        for (name, value) in &request.headers {
            if !name.eq_ignore_ascii_case("host") {
                builder = builder.header(name, value);
            }
        }
        let built = builder.body(request.body.clone()).build().map_err(|why| bad(&why))?;
        let mut response = self.http.execute(built).await.map_err(|why| self.explain(&why))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let status = response.status().as_u16();
        let body = self.read_body(&mut response).await?;
        Ok((WireResponse { status, headers, body }, Timestamp::now()))
    }

    async fn read_body(&self, response: &mut reqwest::Response) -> Result<bytes::Bytes, ClientError> {
        let first = response.chunk().await.map_err(|why| self.explain(&why))?.unwrap_or_default();
        let Some(second) = response.chunk().await.map_err(|why| self.explain(&why))? else {
            return Ok(first);
        };
        let mut body = bytes::BytesMut::from(&first[..]);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(ClientError::TooLarge { endpoint: self.endpoint.clone(), limit: BODY_MAX });
            }
            body.extend_from_slice(&chunk);
            next = response.chunk().await.map_err(|why| self.explain(&why))?;
        }
        Ok(body.freeze())
    }

    fn explain(&self, why: &reqwest::Error) -> ClientError {
        let endpoint = self.endpoint.clone();
        if why.is_connect() {
            ClientError::Connect { endpoint, reason: root(why) }
        } else if why.is_timeout() {
            ClientError::Timeout { endpoint, seconds: self.response.as_secs() }
        } else {
            ClientError::Broken { endpoint, reason: chain(why) }
        }
    }
}

fn read_bundle(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(path).map_err(|why| why.to_string())?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(roots) if roots.is_empty() => Err("there is none in it".to_owned()),
        other => other.map_err(|why| chain(&why)),
    }
}

/// How long a response may take where nothing else is said.
pub const RESPONSE_HINT: Duration = Duration::from_secs(30);
/// How long a connection may take where nothing else is said.
pub const CONNECT_HINT: Duration = Duration::from_secs(5);

/// Whether the host is this machine.
pub fn is_loopback(url: &reqwest::Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// The innermost reason, which is the system's own word.
fn root(why: &dyn Error) -> String {
    let mut inner = why;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// All reasons, from the outermost to the innermost; the URL is left out by reqwest's own `without_url`.
fn chain(why: &dyn Error) -> String {
    let mut text = why.to_string();
    let mut inner = why.source();
    while let Some(source) = inner {
        text.push_str(": ");
        text.push_str(&source.to_string());
        inner = source.source();
    }
    text
}
