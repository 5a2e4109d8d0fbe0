//! What the tests of the proxy share: a proxy in this process, a client that signs, and the recording read back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use smcheck::server::proxy::{Guard, Proxy, Upstream};
use smcheck::server::{Auth, Limits, Listen, PatientResponder, Reference, ReferenceOptions, Server, Tls};
use smcheck::service::sigv4::{Credentials, Signer};
use smcheck::service::time::Timestamp;
use smcheck::service::{WireRequest, WireResponse};
use smcheck::store::RecordingWriter;
use smcheck::store::fixture::RecordedFrom;
use smcheck::store::jsonl::{RecordingHeader, RecordingLine};
use smcheck::store::names::NameRules;
use smcheck::target::Client;

pub(crate) const REGION: &str = "us-east-1";

/// A proxy that runs, with its recording in a folder of its own.
pub(crate) struct Running {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) server: Server,
    pub(crate) folder: tempfile::TempDir,
}

/// How a proxy is set up.
pub(crate) struct Setup<'a> {
    pub(crate) writes: bool,
    pub(crate) only: &'a [&'a str],
    pub(crate) variable: &'a [&'a str],
    pub(crate) timeout: Duration,
    pub(crate) ca_bundle: Option<&'a Path>,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Setup {
            writes: true,
            only: &[],
            variable: &[],
            timeout: Duration::from_secs(20),
            ca_bundle: None,
            tls: None,
            limits: Limits::default(),
        }
    }
}

fn texts(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
}

impl Setup<'_> {
    /// Starts a proxy to a target.
    pub(crate) async fn start(self, to: &str) -> Running {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let client = Client::trusting(to, Duration::from_secs(5), self.timeout, self.ca_bundle);
        let signer = Signer::new(&Credentials::new("target", "target-secret"), REGION);
        let upstream = Upstream { client: client.expect("it is a URL"), signer, pace: None };
        let recorded = RecordedFrom { target: "small".to_owned(), version: None };
        let header = RecordingHeader::new("recording", recorded, REGION);
        let rules = NameRules::new(&texts(self.variable)).expect("they are patterns");
        let writer = RecordingWriter::create(folder.path(), &header, rules, false).expect("it is new");
        let guard = Guard::new(self.writes, &texts(self.only)).expect("they are patterns");
        let proxy = Arc::new(Proxy::new(upstream, guard, writer));
        let behind: Arc<dyn PatientResponder> = proxy.clone();
        let listen = Listen { limits: self.limits, tls: self.tls, ..Listen::default() };
        let server = Server::listen(behind, listen).await.expect("there is a free port");
        Running { proxy, server, folder }
    }
}

impl Running {
    /// Who may call it.
    pub(crate) fn sdk(&self) -> Sdk {
        Sdk::new(&self.server.endpoint(), self.proxy.credentials(), None)
    }

    /// The exchanges so far.
    pub(crate) fn lines(&self) -> Vec<RecordingLine> {
        let text = std::fs::read_to_string(self.folder.path().join("recording.jsonl")).expect("it is there");
        assert!(text.ends_with('\n'), "every line is whole");
        lines(&text)
    }
}

/// Every line of a recording that ends.
pub(crate) fn lines(text: &str) -> Vec<RecordingLine> {
    let (whole, _) = text.rsplit_once('\n').expect("there is a line");
    let mut lines = whole.split('\n');
    let header: RecordingHeader =
        serde_json::from_str(lines.next().expect("there is a header")).expect("it is a header");
    assert_eq!((header.smcheck, header.region.as_str()), (1, REGION));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

/// A client that signs as SDKs do. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sdk {
    client: Client,
    signer: Signer,
}

impl Sdk {
    pub(crate) fn new(endpoint: &str, credentials: &Credentials, ca_bundle: Option<&Path>) -> Self {
        let wait = Duration::from_secs(60);
        let client = Client::trusting(endpoint, wait, wait, ca_bundle).expect("it is a URL");
        Sdk { client, signer: Signer::new(credentials, REGION) }
    }

    pub(crate) async fn try_call(&self, operation: &str, input: &Value) -> Option<WireResponse> {
        self.send(WireRequest::call(operation, input)).await
    }

    pub(crate) async fn send(&self, mut request: WireRequest) -> Option<WireResponse> {
        let endpoint = self.client.endpoint().to_owned();
        self.signer.sign(&mut request, &endpoint, Timestamp::now()).expect("it can be signed");
        Some(self.client.send(&request).await.ok()?.0)
    }

    pub(crate) async fn call(&self, operation: &str, input: &Value) -> WireResponse {
        self.try_call(operation, input).await.expect("it answers")
    }
}

/// The embedded reference on a port.
pub(crate) async fn reference(tls: Option<Tls>) -> Server {
    let reference = Reference::new(ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() });
    let behind: Arc<dyn smcheck::server::Responder> = Arc::new(reference);
    Server::listen(behind, Listen { tls, ..Listen::default() }).await.expect("there is a free port")
}

/// The code and the message of a failure.
pub(crate) fn failure(response: &WireResponse) -> (u16, String, String) {
    let error = response.error().expect("it is a failure of the service's form");
    (response.status, error.code, error.message.unwrap_or_default())
}

pub(crate) fn create(name: &str, secret: &str) -> Value {
    json!({"Name": name, "SecretString": secret, "ClientRequestToken": uuid::Uuid::new_v4().to_string()})
}
