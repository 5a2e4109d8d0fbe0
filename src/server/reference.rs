//! The reference as a responder: who calls, which account that is, what the model answers.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::json;

use super::accounts::{Accounts, Dice, Place, lock};
use super::admin;
use super::function;
use super::responder::Responder;
use crate::model::{self, Random};
use crate::service::sigv4::{self, Credentials, Refusal};
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};

/// A clock: it says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Whom the reference lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Registered key pairs only, with signatures that are right for a region that the reference serves and the time.
    Strict,
    /// Whoever sends a SigV4 `Authorization` header, whatever the key and the signature. The region is the one that was
    /// signed for. An access key of twelve digits is the account; every other one is in the default account.
    Any,
}

/// How the reference is set up.
#[derive(Clone)]
pub struct ReferenceOptions {
    /// The region; the partition follows from it.
    pub region: String,
    /// Whom it lets in.
    pub auth: Auth,
    /// Other regions that it serves with [`Auth::Strict`]; with [`Auth::Any`] it serves all.
    pub other_regions: Vec<String>,
    /// The account of access keys that name none, with [`Auth::Any`].
    pub default_account: String,
    /// The rotation functions that may be called besides those that the reference plays itself; none, unless told
    /// otherwise. Their steps are the client's to play.
    pub functions: Vec<String>,
    /// Makes ARN suffixes, passwords, key pairs and request ids the same every time.
    pub seed: Option<u64>,
    /// The clock.
    pub clock: Clock,
}

impl Default for ReferenceOptions {
    fn default() -> Self {
        ReferenceOptions {
            region: "us-east-1".to_owned(),
            auth: Auth::Strict,
            other_regions: Vec::new(),
            default_account: "123456789012".to_owned(),
            functions: Vec::new(),
            seed: None,
            clock: Arc::new(Timestamp::now),
        }
    }
}

/// The reference model behind a lock, with key pairs and accounts.
pub struct Reference {
    options: ReferenceOptions,
    keys: RwLock<HashMap<String, Key>>,
    accounts: Accounts,
    dice: Mutex<Dice>,
    seed: u64,
    answered: AtomicU64,
}

struct Key {
    secret_key: String,
    account: String,
}

/// Shows no key.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({}, {:?})", self.options.region, self.options.auth)
    }
}

impl Reference {
    /// A reference without secrets and without keys.
    pub fn new(options: ReferenceOptions) -> Self {
        let seed = options.seed.unwrap_or_else(rand::random);
        Reference {
            keys: RwLock::new(HashMap::new()),
            accounts: Accounts::new(seed),
            dice: Mutex::new(Dice::new(seed)),
            seed,
            answered: AtomicU64::new(0),
            options,
        }
    }

    /// Admits a key pair, and says to which account it belongs.
    pub fn register(&self, access_key: &str, secret_key: &str, account: &str) {
        let key = Key { secret_key: secret_key.to_owned(), account: account.to_owned() };
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(access_key.to_owned(), key);
    }

    /// Makes an empty account with a key pair of its own, and admits it.
    pub fn new_account(&self) -> Credentials {
        let mut dice = lock(&self.dice);
        let access_key = format!("AKIA{}", dice.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
        let secret_key = dice.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40);
        // With 10^11 accounts to choose from, two of a run do not meet; the first digit is not 0.
        let account = format!("{}{}", 1 + dice.below(9), dice.text(b"0123456789", 11));
        drop(dice);
        self.register(&access_key, &secret_key, &account);
        Credentials::new(access_key, secret_key)
    }

    /// The account that an access key belongs to, where the reference knows the key.
    pub fn account_of(&self, access_key: &str) -> Option<String> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(access_key).map(|key| key.account.clone())
    }

    /// The ARN of the rotation function that the reference plays itself, in an account and the reference's region.
    /// With `-failing` behind it, it is the ARN of one that fails.
    pub fn rotation_function(&self, account: &str) -> String {
        let region = &self.options.region;
        function::arn(model::partition(region), region, account)
    }

    /// Forgets all secrets of all accounts; the key pairs stay.
    pub fn reset(&self) {
        self.accounts.reset();
    }

    /// Answers `request` for the one who signed `signed`: a layer around the reference changes requests on their way,
    /// and their signatures are not its own to make.
    pub(super) fn respond_for(&self, signed: &WireRequest, request: &WireRequest) -> WireResponse {
        self.answer(signed, request, &self.next_id())
    }

    fn answer(&self, signed: &WireRequest, request: &WireRequest, request_id: &str) -> WireResponse {
        let now = (self.options.clock)();
        let (account, region) = match self.caller(signed, now) {
            Ok(caller) => caller,
            Err(why) => return WireResponse::refusal(why.status, why.code, &why.message, request_id),
        };
        if admin::is_admin(request) {
            return self.admin(request, &account, now, request_id);
        }
        let place = Place {
            account: &account,
            region,
            partition: model::partition(region),
            functions: &self.options.functions,
            now,
        };
        let answer = model::read(request)
            .and_then(|(operation, input)| self.accounts.apply(place, &operation.name, &input));
        match answer {
            Ok(body) => WireResponse::success(body.as_ref(), request_id),
            Err(failure) => {
                WireResponse::failure(failure.status(), failure.code, &failure.message, request_id)
            }
        }
    }

    /// What is asked of the reference itself, not of the service.
    fn admin(&self, request: &WireRequest, account: &str, now: Timestamp, id: &str) -> WireResponse {
        let moved = admin::advance(request).and_then(|by| {
            self.accounts.advance(account, by, now).ok_or_else(|| "that is too far".to_owned())
        });
        match moved {
            Ok(there) => WireResponse::success(Some(&json!({"now": there.to_seconds()})), id),
            Err(why) => WireResponse::refusal(400, admin::BAD_REQUEST, &why, id),
        }
    }

    /// The account that calls, and the region that it calls. Nothing else is looked at before this.
    fn caller<'r>(&'r self, request: &'r WireRequest, now: Timestamp) -> Result<(String, &'r str), Refusal> {
        let region = self.options.region.as_str();
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let secret_of = |key: &str| keys.get(key).map(|key| key.secret_key.clone());
        match (self.options.auth, sigv4::access_key_of(request)) {
            (Auth::Any, Some(access_key)) => {
                let account = keys.get(access_key).map(|key| key.account.as_str());
                let named = is_account(access_key).then_some(access_key);
                let account = account.or(named).unwrap_or(&self.options.default_account);
                Ok((account.to_owned(), signed_region(request).unwrap_or(region)))
            }
            // Without an access key this says what is missing, in either mode.
            _ => {
                let others = &self.options.other_regions;
                let signed =
                    signed_region(request).filter(|signed| others.iter().any(|other| other == signed));
                let region = signed.unwrap_or(region);
                let access_key = sigv4::verify(request, region, secret_of, now)?;
                let account = keys.get(&access_key).map(|key| key.account.clone());
                Ok((account.unwrap_or_else(|| self.options.default_account.clone()), region))
            }
        }
    }

    /// A request id: a UUID, from a counter mixed with the seed, since it is wanted for every request and need be
    /// neither secret nor unpredictable.
    fn next_id(&self) -> String {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let high = mix(self.seed ^ number.wrapping_mul(2));
        let low = mix(high ^ number.wrapping_mul(2).wrapping_add(1));
        let bits = (u128::from(high) << 64) | u128::from(low);
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().hyphenated().to_string()
    }
}

impl Responder for Reference {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        self.respond_for(request, request)
    }
}

/// The finaliser of SplitMix64: neighbours in, strangers out.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The region in the scope of the credentials, where it looks like one: `KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_region(request: &WireRequest) -> Option<&str> {
    let (_, rest) = request.header("authorization")?.split_once("Credential=")?;
    let credential = rest.split([',', ' ']).next()?;
    let region = credential.rsplit('/').nth(2)?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!region.is_empty() && region.len() <= 128 && region.bytes().all(fits)).then_some(region)
}
