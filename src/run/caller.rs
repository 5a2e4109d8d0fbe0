//! Signs and sends; makes an exchange of what went out and what came back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stop::Stop;
use crate::scenario::{Side, Sign};
use crate::service::sigv4::{Credentials, Signer};
use crate::service::time::{DAY_MS, Timestamp};
use crate::service::{WireRequest, shapes};
use crate::target::aws::{Ledger, LedgerLine, Pace};
use crate::target::{AdminRequest, Client, ClientError};
use crate::trace::Exchange;

/// Sends the requests of scenarios to one target, from one side. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    inner: Arc<Inner>,
    side: Side,
}

#[derive(Debug)]
struct Inner {
    /// How each side is called that the target has.
    sides: BTreeMap<Side, Way>,
    guard: Guard,
    stop: Stop,
}

/// How one side is called.
#[derive(Debug)]
struct Way {
    client: Client,
    signer: Signer,
    elsewhere: Signer,
    stranger: Signer,
    /// How far the account's clock was moved, in milliseconds; the same in all its regions.
    moved: Arc<AtomicI64>,
}

/// What a target has besides its own region and account.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// The second region, and the client for its endpoint.
    pub region: Option<(String, Client)>,
    /// The key pair of the second account.
    pub credentials: Option<Credentials>,
}

/// What a real account asks of a run; nothing for an emulator.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// The request rates to keep to.
    pub pace: Option<Arc<Pace>>,
    /// Where names are noted before they are created.
    pub ledger: Option<Arc<Ledger>>,
}

/// Why a scenario cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No response came.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The request cannot be signed.
    #[error(transparent)]
    Sign(#[from] crate::service::sigv4::CannotSign),
    /// A variable has no value, since the step that saves it did not get that far.
    #[error(transparent)]
    Unbound(#[from] crate::scenario::Unbound),
    /// The ledger cannot be written, so nothing may be created.
    #[error("cannot write the ledger of created secrets: {0}")]
    Ledger(std::io::Error),
    /// The target has no second region, or no second account.
    #[error("the target has no second {0}")]
    NoSide(&'static str),
    /// The target's clock cannot be moved.
    #[error("the clock of the target cannot be moved: {0}")]
    Clock(String),
    /// The run was asked to stop.
    #[error("interrupted")]
    Stopped,
}

impl Caller {
    /// A caller for this client and key pair.
    pub fn new(client: &Client, credentials: &Credentials, region: &str, guard: Guard, stop: Stop) -> Self {
        Self::with_second(client, credentials, region, &Second::default(), guard, stop)
    }

    /// A caller for this client and key pair, and for what the target has besides.
    pub fn with_second(
        client: &Client,
        credentials: &Credentials,
        region: &str,
        second: &Second,
        guard: Guard,
        stop: Stop,
    ) -> Self {
        let regions =
            [Some((region, client)), second.region.as_ref().map(|(name, client)| (name.as_str(), client))];
        // The other region is only there for being wrong.
        let other = ["eu-central-2", "us-west-1", "sa-east-1"];
        let right = |other: &&str| regions.iter().flatten().all(|(region, _)| region != other);
        let other = other.into_iter().find(right).unwrap_or("eu-central-2");
        let mut sides = BTreeMap::new();
        let clocks = [Arc::<AtomicI64>::default(), Arc::default()];
        for (second_region, place) in [false, true].into_iter().zip(regions) {
            for (second_account, key) in
                [false, true].into_iter().zip([Some(credentials), second.credentials.as_ref()])
            {
                if let (Some((region, client)), Some(key)) = (place, key) {
                    sides.insert(
                        Side { second_region, second_account },
                        Way::new(
                            client.clone(),
                            key,
                            region,
                            other,
                            clocks[usize::from(second_account)].clone(),
                        ),
                    );
                }
            }
        }
        Caller { inner: Arc::new(Inner { sides, guard, stop }), side: Side::default() }
    }

    /// The same caller on another side.
    #[must_use]
    pub fn at(&self, side: Side) -> Self {
        Caller { inner: Arc::clone(&self.inner), side }
    }

    /// The side that it calls from.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whether the target has a side.
    pub fn has(&self, side: Side) -> bool {
        self.inner.sides.contains_key(&side)
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        self.way().map_or("", |way| way.signer.region())
    }

    fn way(&self) -> Result<&Way, Trouble> {
        let missing = if self.side.second_account { "account" } else { "region" };
        self.inner.sides.get(&self.side).ok_or(Trouble::NoSide(missing))
    }

    /// Whether the run was asked to stop.
    pub fn stop_requested(&self) -> bool {
        self.inner.stop.requested()
    }

    /// Waits, unless the run is asked to stop meanwhile.
    ///
    /// # Errors
    /// [`Trouble::Stopped`].
    pub async fn pause(&self, time: std::time::Duration) -> Result<(), Trouble> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.inner.stop.wait() => Err(Trouble::Stopped),
        }
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When no response came, the ledger cannot be written, or the run was asked to stop.
    pub async fn call(&self, operation: &str, input: &Value) -> Result<Exchange, Trouble> {
        self.raw(WireRequest::call(operation, input), Sign::Good).await
    }

    /// Sends an exact request.
    ///
    /// # Errors
    /// When no response came, the ledger cannot be written, or the run was asked to stop.
    pub async fn raw(&self, request: WireRequest, sign: Sign) -> Result<Exchange, Trouble> {
        if self.stop_requested() {
            return Err(Trouble::Stopped);
        }
        // Every way to create a secret comes through here: plain, raw and parallel steps.
        if request.operation() == Some("CreateSecret") {
            self.note(&request)?;
        }
        // A request that was sent is not given up on a stop: what it creates must be known to be cleaned up. The
        // client's own time limit bounds the wait.
        self.send(request, sign).await
    }

    /// Moves the target's clock forward, with the request that the target wants for it; without one only ours, for a
    /// target that plays a recording. What is sent from then on counts as sent at the moved time.
    ///
    /// # Errors
    /// When the target does not say that it has moved its clock, or the run was asked to stop.
    pub async fn advance(&self, span: Duration, admin: Option<&AdminRequest>) -> Result<(), Trouble> {
        if self.stop_requested() {
            return Err(Trouble::Stopped);
        }
        if let Some(AdminRequest { method, path }) = admin {
            let way = self.way()?;
            let body = json!({"advance": span.as_millis() as f64 / 1000.0});
            let mut request = WireRequest {
                method: method.clone(),
                path: path.clone(),
                headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
                body: body.to_string().into(),
            };
            // The signature keeps the machine's time, as those of all requests do.
            way.signer.sign(&mut request, way.client.endpoint(), Timestamp::now())?;
            let (response, _) = way.client.send(&request).await?;
            if !response.succeeded() {
                let said = response.error().and_then(|error| error.message);
                let said = said.unwrap_or_else(|| format!("it answered status {}", response.status));
                return Err(Trouble::Clock(said));
            }
        }
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.way()?.moved.fetch_add(millis, Ordering::Relaxed);
        Ok(())
    }

    /// Calls an operation although the run was asked to stop: for cleaning up.
    ///
    /// # Errors
    /// When no response came.
    pub async fn call_regardless(&self, operation: &str, input: &Value) -> Result<Exchange, Trouble> {
        self.send(WireRequest::call(operation, input), Sign::Good).await
    }

    async fn send(&self, mut request: WireRequest, sign: Sign) -> Result<Exchange, Trouble> {
        let way = self.way()?;
        let operation =
            request.operation().filter(|name| shapes().operation(name).is_some()).map(str::to_owned);
        if let Some(pace) = &self.inner.guard.pace {
            let wait = pace.turn(operation.as_deref().unwrap_or_default(), Instant::now());
            tokio::time::sleep(wait).await;
        }
        let now = Timestamp::now();
        let endpoint = way.client.endpoint();
        match sign {
            Sign::None => {}
            Sign::Good => way.signer.sign(&mut request, endpoint, now)?,
            Sign::Expired => way.signer.sign(&mut request, endpoint, now.plus_ms(-DAY_MS))?,
            Sign::WrongRegion => way.elsewhere.sign(&mut request, endpoint, now)?,
            Sign::UnknownKey => way.stranger.sign(&mut request, endpoint, now)?,
            Sign::Bad => {
                way.signer.sign(&mut request, endpoint, now)?;
                spoil_signature(&mut request);
            }
        }
        let (response, received_at) = way.client.send(&request).await?;
        let moved = way.moved.load(Ordering::Relaxed);
        let (sent_at, received_at) = (now.plus_ms(moved), received_at.plus_ms(moved));
        Ok(Exchange { operation, sent_at, received_at, request, response })
    }

    /// Notes a name in the ledger, before it is created.
    fn note(&self, request: &WireRequest) -> Result<(), Trouble> {
        let Some(ledger) = &self.inner.guard.ledger else { return Ok(()) };
        // A body that is no JSON with a name creates nothing.
        let input = request.json().unwrap_or_default();
        let Some(name) = input.get("Name").and_then(Value::as_str) else { return Ok(()) };
        let line = LedgerLine { name: name.to_owned(), region: self.region().to_owned() };
        ledger.note(&line).map_err(Trouble::Ledger)
    }
}

impl Way {
    fn new(
        client: Client,
        credentials: &Credentials,
        region: &str,
        other: &str,
        moved: Arc<AtomicI64>,
    ) -> Self {
        let stranger = Credentials::new("AKIAIOSFODNN7EXAMPLE", "no such key");
        Way {
            client,
            signer: Signer::new(credentials, region),
            elsewhere: Signer::new(credentials, other),
            stranger: Signer::new(&stranger, region),
            moved,
        }
    }
}

/// Replaces the last digit of the signature by another.
fn spoil_signature(request: &mut WireRequest) {
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("authorization") {
            let last = value.pop();
            value.push(if last == Some('0') { '1' } else { '0' });
        }
    }
}
