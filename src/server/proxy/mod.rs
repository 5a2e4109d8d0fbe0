//! The recording proxy: passes requests on to a target, answers what that answers, and keeps both, redacted.
//!
//! It lets in only who signs with the key pair that it made ([`Proxy::credentials`]); [`guard`] refuses what a
//! recording has no business with; `forward` signs anew and says what the client is told when the target fails. An
//! exchange is in the recording before its client is answered.

mod forward;
pub mod guard;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::Rng as _;
use tokio::sync::mpsc;

use forward::Failure;
pub use guard::Guard;

use super::front;
use super::responder::{Coming, PatientResponder};
use crate::service::sigv4::{self, Credentials, Signer};
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse, shapes};
use crate::store::RecordingWriter;
use crate::target::Client;
use crate::target::aws::Pace;
use crate::trace::Exchange;

/// The target of a proxy.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Who sends.
    pub client: Client,
    /// Who signs, with the target's credentials for its region.
    pub signer: Signer,
    /// The request rates to keep to, of a real account.
    pub pace: Option<Arc<Pace>>,
}

/// Passes requests on, and records.
pub struct Proxy {
    upstream: Upstream,
    guard: Guard,
    credentials: Credentials,
    /// How many requests were passed on.
    passed: AtomicUsize,
    kept: Mutex<Kept>,
    /// Every request under way holds a sender; when there is none left, all have ended.
    under_way: Mutex<Option<mpsc::Sender<()>>>,
    all_ended: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

/// What is behind the lock: the recording and what is counted beside it.
struct Kept {
    writer: RecordingWriter,
    refused: BTreeMap<String, u64>,
    failed: BTreeMap<&'static str, u64>,
    /// How many exchanges could not be written, and why the first could not.
    lost: u64,
    trouble: Option<String>,
}

/// What a proxy has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Exchanges in the recording, by operation; an empty name is of requests for no operation of the service.
    pub recorded: BTreeMap<String, u64>,
    /// Values that were replaced, by the member that they stood in; an empty name is of members that the service
    /// model does not know.
    pub replaced: BTreeMap<String, u64>,
    /// Requests that were not passed on, by the code of their refusal.
    pub refused: BTreeMap<String, u64>,
    /// Requests that the target did not answer, by what it did; they are recorded as the client was answered.
    pub failed: BTreeMap<&'static str, u64>,
    /// Exchanges that could not be written, and why the first could not.
    pub lost: Option<(u64, String)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.upstream.client.endpoint())
    }
}

impl Proxy {
    /// A proxy for a target, with a key pair of its own.
    pub fn new(upstream: Upstream, guard: Guard, writer: RecordingWriter) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let kept = Kept { writer, refused: BTreeMap::new(), failed: BTreeMap::new(), lost: 0, trouble: None };
        Proxy {
            upstream,
            guard,
            credentials: new_credentials(),
            passed: AtomicUsize::new(0),
            kept: Mutex::new(kept),
            under_way: Mutex::new(Some(sender)),
            all_ended: tokio::sync::Mutex::new(receiver),
        }
    }

    /// The key pair that clients must sign with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The region that clients must sign for.
    pub fn region(&self) -> &str {
        self.upstream.signer.region()
    }

    /// Waits until every request under way is recorded, but not longer than `limit`, and says what was done. No
    /// request is passed on any more.
    pub async fn finish(&self, limit: Duration) -> Summary {
        drop(self.under_way.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut all_ended = self.all_ended.lock().await;
        // What has not ended is not recorded: nobody was answered.
        let _ = tokio::time::timeout(limit, all_ended.recv()).await;
        let mut kept = self.kept();
        if let Err(why) = kept.writer.finish() {
            kept.trouble.get_or_insert(why.to_string());
        }
        Summary {
            recorded: kept.writer.operations().clone(),
            replaced: kept.writer.replaced().clone(),
            refused: kept.refused.clone(),
            failed: kept.failed.clone(),
            lost: kept.trouble.clone().map(|why| (kept.lost, why)),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, response: WireResponse) -> WireResponse {
        let code = response.error().map(|error| error.code).unwrap_or_default();
        *self.kept().refused.entry(code).or_default() += 1;
        response
    }

    /// Whether the request may be passed on.
    fn admit(&self, request: &WireRequest) -> Result<(), WireResponse> {
        let own = &self.credentials;
        let secret_of = |key: &str| (key == own.access_key).then(|| own.secret_key.clone());
        sigv4::verify(request, self.region(), secret_of, Timestamp::now())
            .map_err(|why| WireResponse::refusal(why.status, why.code, &why.message, &new_id()))?;
        self.guard.admit(request).map_err(|why| {
            WireResponse::failure(400, "AccessDeniedException", &format!("smcheck proxy: {why}"), &new_id())
        })
    }

    /// Passes a request on and records what came of it.
    async fn pass_on(&self, number: usize, request: WireRequest) -> WireResponse {
        let operation = request.operation().filter(|name| shapes().operation(name).is_some());
        let operation = operation.map(str::to_owned);
        if let Some(pace) = &self.upstream.pace {
            tokio::time::sleep(pace.turn(operation.as_deref().unwrap_or_default(), Instant::now())).await;
        }
        let sent_at = Timestamp::now();
        let outcome = self.ask(&request).await;
        let received_at = outcome.as_ref().map_or_else(|_| Timestamp::now(), |(_, at)| *at);
        let (response, told, failed) = match outcome {
            Ok((response, _)) => (response, None, None),
            Err(why) => {
                let id = new_id();
                (why.recorded(&id), Some(why.told(&id)), Some(why.kind))
            }
        };
        let exchange = Exchange { operation, sent_at, received_at, request, response };
        let mut kept = self.kept();
        if let Some(kind) = failed {
            *kept.failed.entry(kind).or_default() += 1;
        }
        if let Err(why) = kept.writer.append(number, &exchange) {
            kept.lost += 1;
            kept.trouble.get_or_insert(why.to_string());
        }
        told.unwrap_or(exchange.response)
    }

    async fn ask(&self, request: &WireRequest) -> Result<(WireResponse, Timestamp), Failure> {
        let Upstream { client, signer, .. } = &self.upstream;
        let signed = forward::request(request, signer, client.endpoint())?;
        let (response, at) = client.send(&signed).await?;
        Ok((forward::response(response), at))
    }
}

impl PatientResponder for Proxy {
    fn respond(self: Arc<Self>, request: WireRequest) -> Coming {
        Box::pin(async move {
            if let Err(refusal) = self.admit(&request) {
                return self.refuse(refusal);
            }
            let Some(token) = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
                return stopping();
            };
            let number = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
            // A task of its own: what was sent is recorded also when the client does not wait for the answer.
            let task = tokio::spawn(async move {
                let response = self.pass_on(number, request).await;
                drop(token);
                response
            });
            task.await.unwrap_or_else(|_| front::fault())
        })
    }
}

fn stopping() -> WireResponse {
    WireResponse::failure(503, "ServiceUnavailableException", "smcheck proxy: it is stopping", &new_id())
}

/// A key pair that no account has, and nobody can guess.
fn new_credentials() -> Credentials {
    let mut random = rand::rng();
    let mut text = |letters: &[u8], length: usize| -> String {
        (0..length).map(|_| char::from(letters[random.random_range(0..letters.len())])).collect()
    };
    let access_key = format!("SMCHECK{}", text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 13));
    let secret = text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40);
    Credentials::new(access_key, secret)
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
