//! Opening a target: the embedded server, an emulator's process, a playback of fixtures, or just an endpoint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::Rng;
use serde_json::Value;

use super::catalogue::built_in_known;
use crate::judge::{KnownError, KnownList, TargetInfo};
use crate::run::caller::Guard;
use crate::run::{Caller, Second, Stop};
use crate::scenario::{Need, Scenario};
use crate::server::faults::Layer;
use crate::server::proxy::Upstream;
use crate::server::{Reference, ReferenceOptions, Responder, Server};
use crate::service::sigv4::{Credentials, Signer};
use crate::service::time::Timestamp;
use crate::target::aws::{self, Ledger, Pace};
use crate::target::client::CannotTalk;
use crate::target::{Client, Emulator, Isolation, Kind, StartError, Target};

/// A target that answers, and what has to end with it. Dropping it stops what was started.
#[derive(Debug)]
pub struct Opened {
    /// The target as it was resolved.
    pub target: Target,
    /// Its name, endpoint and version, for reports and recordings.
    pub info: TargetInfo,
    client: Client,
    second: Second,
    guard: Guard,
    behind: Behind,
}

/// What stands behind the endpoint, as far as it is ours.
#[derive(Debug)]
enum Behind {
    Nothing,
    Emulator(Box<Emulator>),
    Reference { server: Server, reference: Arc<Reference> },
    Sessions(BTreeMap<String, (Server, Client)>),
}

/// A target that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The emulator does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The endpoint is no URL, or TLS has no roots.
    #[error(transparent)]
    Talk(#[from] CannotTalk),
    /// Our own server cannot listen.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
    /// AWS may not be called so.
    #[error(transparent)]
    Guard(#[from] aws::GuardError),
    /// The ledger of created secrets cannot be opened.
    #[error("cannot open the ledger of created secrets: {0}")]
    Ledger(std::io::Error),
}

/// What must be agreed before AWS is called.
pub trait Consent: Sync {
    /// Whether an account that the configuration does not name may be used all the same.
    fn account(&self, account: &str, region: &str) -> bool;
}

/// Agrees to nothing that the configuration does not name.
#[derive(Clone, Copy, Debug)]
pub struct Refuse;

impl Consent for Refuse {
    fn account(&self, _account: &str, _region: &str) -> bool {
        false
    }
}

impl Opened {
    /// Opens a target: starts what has to be started and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start, or may not be called.
    pub async fn open(target: Target, consent: &dyn Consent, folder: &Path) -> Result<Self, OpenError> {
        let bundle = target.ca_bundle.clone();
        let client = |endpoint: &str| {
            Client::trusting(endpoint, target.connect_timeout, target.timeout, bundle.as_deref())
        };
        let info = |endpoint: &str, version: Option<String>| TargetInfo {
            name: target.name.clone(),
            endpoint: endpoint.to_owned(),
            version,
        };
        match &target.kind {
            Kind::Embedded => Self::embedded(&target, |reference| reference).await,
            Kind::Url(url) => {
                let (client, info) = (client(url)?, info(url, None));
                let second = second(&target, |_| Ok(client.clone()))?;
                Ok(Opened { target, info, client, second, guard: Guard::default(), behind: Behind::Nothing })
            }
            Kind::Start(plan) => {
                let emulator = Emulator::start(plan).await?;
                let client = client(&emulator.endpoint)?;
                let info = info(&emulator.endpoint, emulator.version.clone());
                let behind = Behind::Emulator(Box::new(emulator));
                let second = second(&target, |_| Ok(client.clone()))?;
                Ok(Opened { target, info, client, second, guard: Guard::default(), behind })
            }
            Kind::Aws { endpoint, accounts } => {
                let sts = client(&aws::sts_endpoint(&target.region))?;
                let signer = Signer::new(&target.credentials, &target.region);
                let account = aws::account(&sts, &signer).await?;
                if let Err(refusal) = aws::check_account(&account, accounts)
                    && !consent.account(&account, &target.region)
                {
                    return Err(refusal.into());
                }
                let second = second(&target, |region| client(&aws::endpoint(region)))?;
                let (client, info) = (client(endpoint)?, info(endpoint, None));
                let ledger = Ledger::open(folder).map_err(OpenError::Ledger)?;
                let guard = Guard { pace: Some(Arc::new(Pace::default())), ledger: Some(Arc::new(ledger)) };
                Ok(Opened { target, info, client, second, guard, behind: Behind::Nothing })
            }
        }
    }

    /// The reference behind a socket of our own, with what `front` makes of it answering.
    async fn embedded(
        target: &Target,
        front: impl FnOnce(Arc<Reference>) -> Arc<dyn Responder>,
    ) -> Result<Self, OpenError> {
        let mut target = target.clone();
        let region = second_region(&target);
        target.provides.insert(Need::SecondRegion.as_str().to_owned(), region.clone().into());
        let options = ReferenceOptions {
            region: target.region.clone(),
            other_regions: vec![region.clone()],
            ..ReferenceOptions::default()
        };
        let reference = Arc::new(Reference::new(options));
        let server = Server::start(front(reference.clone()), 0).await.map_err(OpenError::Listen)?;
        let endpoint = server.endpoint();
        let client = Client::new(&endpoint, target.connect_timeout, target.timeout)?;
        target.credentials = reference.new_account();
        let credentials = reference.new_account();
        let account = |key: &Credentials| reference.account_of(&key.access_key).unwrap_or_default();
        // The reference has no KMS and takes any key for one of the account's.
        let own = account(&target.credentials);
        let key = format!("arn:aws:kms:{}:{own}:key/1234abcd-12ab-34cd-56ef-1234567890ab", target.region);
        target.provides.entry(Need::CustomerKmsKey.as_str().to_owned()).or_insert(key.into());
        let function = reference.rotation_function(&own);
        target.provides.entry(Need::RotationLambda.as_str().to_owned()).or_insert(function.into());
        let account = account(&credentials);
        target.provides.insert(Need::SecondAccount.as_str().to_owned(), account.into());
        let second = Second { region: Some((region, client.clone())), credentials: Some(credentials) };
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        let info = TargetInfo { name: target.name.clone(), endpoint, version };
        let behind = Behind::Reference { server, reference };
        Ok(Opened { target, info, client, second, guard: Guard::default(), behind })
    }

    /// Opens the embedded reference with a layer around it that can be made to answer wrongly.
    ///
    /// # Errors
    /// When our own server cannot listen.
    pub async fn wrong(target: &Target) -> Result<(Self, Arc<Layer>), OpenError> {
        let mut layer = None;
        let opened = Self::embedded(target, |reference| {
            let made = Arc::new(Layer::new(reference));
            layer = Some(made.clone());
            made
        })
        .await?;
        let gone = || std::io::Error::other("the reference did not start");
        Ok((opened, layer.ok_or_else(gone).map_err(OpenError::Listen)?))
    }

    /// Opens recordings as a target: each scenario, by id, has a responder behind a port of its own, so that even a
    /// request without a signature reaches the right one. `info` says what is played.
    ///
    /// # Errors
    /// When our own servers cannot listen.
    pub async fn sessions(
        responders: BTreeMap<String, Arc<dyn Responder>>,
        target: Target,
        info: TargetInfo,
    ) -> Result<Self, OpenError> {
        let mut sessions = BTreeMap::new();
        for (id, responder) in responders {
            let server = Server::start(responder, 0).await.map_err(OpenError::Listen)?;
            let client = Client::new(&server.endpoint(), target.connect_timeout, target.timeout)?;
            sessions.insert(id, (server, client));
        }
        // The endpoint of a scenario without a recording: nobody is there.
        let client = Client::new("http://127.0.0.1:9", target.connect_timeout, target.timeout)?;
        let guard = Guard::default();
        Ok(Opened {
            target,
            info,
            client,
            second: Second::default(),
            guard,
            behind: Behind::Sessions(sessions),
        })
    }

    /// Whether it plays recordings back.
    pub fn is_playback(&self) -> bool {
        matches!(self.behind, Behind::Sessions(_))
    }

    /// The program behind it, where we started one.
    pub fn program(&self) -> Option<&Path> {
        match &self.behind {
            Behind::Emulator(emulator) => Some(&emulator.program),
            _ => None,
        }
    }

    /// A caller for a scenario: with an account of its own where it is isolated and the target allows it.
    pub fn caller(&self, scenario: &Scenario, stop: Stop) -> Caller {
        let mut client = &self.client;
        let mut second = self.second.clone();
        let credentials = match (&self.behind, &self.target.isolation) {
            (Behind::Sessions(sessions), _) => {
                client = sessions.get(&scenario.id).map_or(client, |(_, client)| client);
                // A recording answers both sides alike, in the order of its steps; the key names its session.
                let region = self.target.provides.get(Need::SecondRegion.as_str()).and_then(Value::as_str);
                second.region = region.map(|region| (region.to_owned(), client.clone()));
                second.credentials = Some(self.target.credentials.clone());
                self.target.credentials.clone()
            }
            (Behind::Reference { reference, .. }, _) if scenario.isolated => reference.new_account(),
            (_, Isolation::AccessKey) if scenario.isolated => Credentials::new(twelve_digits(), "test"),
            _ => self.target.credentials.clone(),
        };
        Caller::with_second(client, &credentials, &self.target.region, &second, self.guard.clone(), stop)
    }

    /// A caller with the target's own credentials.
    pub fn own_caller(&self, stop: Stop) -> Caller {
        Caller::with_second(
            &self.client,
            &self.target.credentials,
            &self.target.region,
            &self.second,
            self.guard.clone(),
            stop,
        )
    }

    /// What it takes to pass requests of others on to it: the client, the signer, and the pace to keep to.
    pub fn upstream(&self) -> Upstream {
        Upstream {
            client: self.client.clone(),
            signer: Signer::new(&self.target.credentials, &self.target.region),
            pace: self.guard.pace.clone(),
        }
    }

    /// Empties the target, where it has a `reset`.
    ///
    /// # Errors
    /// The sentence that says why it could not be emptied.
    pub async fn reset(&self) -> Result<(), String> {
        let Isolation::Reset { method, path } = &self.target.isolation else { return Ok(()) };
        let request = crate::service::WireRequest {
            method: method.clone(),
            path: path.clone(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
        };
        match self.client.send(&request).await {
            Ok((response, _)) if response.succeeded() => Ok(()),
            Ok((response, _)) => Err(format!("the reset of the target answered status {}", response.status)),
            Err(why) => Err(format!("the target could not be reset: {why}")),
        }
    }

    /// What to say besides when the target broke off: the last output of an emulator that ended.
    pub fn epitaph(&mut self) -> Option<String> {
        let Behind::Emulator(emulator) = &mut self.behind else { return None };
        let status = emulator.ended()?;
        Some(format!("the emulator ended ({status}); its last output:\n{}", emulator.output()))
    }

    /// Stops what was started for it, and waits until it has ended.
    pub async fn close(self) {
        match self.behind {
            Behind::Nothing => {}
            Behind::Emulator(emulator) => emulator.stop().await,
            Behind::Reference { server, .. } => server.stop().await,
            Behind::Sessions(sessions) => {
                for (server, _) in sessions.into_values() {
                    server.stop().await;
                }
            }
        }
    }
}

/// The second region of the embedded server: the configuration's, or one that is not its own.
fn second_region(target: &Target) -> String {
    let named = target.provides.get(Need::SecondRegion.as_str()).and_then(Value::as_str);
    let other = if target.region == "us-west-2" { "us-east-1" } else { "us-west-2" };
    named.unwrap_or(other).to_owned()
}

/// The second region and account that a target of the configuration provides. Only a target whose access keys are
/// accounts has a second account.
fn second(
    target: &Target,
    client: impl Fn(&str) -> Result<Client, CannotTalk>,
) -> Result<Second, CannotTalk> {
    let named = |need: Need| target.provides.get(need.as_str()).and_then(Value::as_str);
    let region =
        named(Need::SecondRegion).map(|region| Ok((region.to_owned(), client(region)?))).transpose()?;
    let credentials = named(Need::SecondAccount).map(|account| Credentials::new(account, "test"));
    Ok(Second { region, credentials })
}

/// The list of known deviations for a target: the file that was named, else its own, else what the binary carries
/// under its name. `none` is no list.
///
/// # Errors
/// When a file that was named cannot be read, or is no such list.
pub fn known_list(target: &Target, named: Option<&str>) -> Result<Option<KnownList>, KnownError> {
    match named {
        Some("none") => Ok(None),
        Some(path) => KnownList::read(Path::new(path)).map(Some),
        None => {
            let Some(path) = &target.known else { return Ok(None) };
            if path.is_file() {
                return KnownList::read(path).map(Some);
            }
            match built_in_known_list(target)? {
                Some(list) => Ok(Some(list)),
                // A list that the configuration names must be there, unless it is a preset's that nobody wrote yet.
                None => KnownList::read(path).map(Some),
            }
        }
    }
}

/// The list inside the binary that has the name of the target's.
///
/// # Errors
/// None, as long as the lists inside the binary can be read.
pub fn built_in_known_list(target: &Target) -> Result<Option<KnownList>, KnownError> {
    let Some(stem) = target.known.as_deref().and_then(Path::file_stem) else { return Ok(None) };
    let stem = stem.to_string_lossy();
    let text = built_in_known(&stem);
    text.map(|text| KnownList::parse(&built_in_path(&stem).to_string_lossy(), text)).transpose()
}

fn built_in_path(stem: &str) -> PathBuf {
    Path::new("known").join(format!("{stem}.yaml"))
}

fn twelve_digits() -> String {
    let number: u64 = rand::rng().random_range(100_000_000_000..1_000_000_000_000);
    number.to_string()
}

/// The present day as `YYYY-MM-DD`, for expiry dates.
pub fn today() -> String {
    jiff::Timestamp::from_millisecond(Timestamp::now().0)
        .map(|now| now.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}
