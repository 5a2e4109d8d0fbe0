//! Rotation: RotateSecret, CancelRotateSecret, and what is stored of it.
//!
//! The model calls no function. A function that is not among the given ones cannot be invoked, and nothing is stored.
//! One that is accepts the call: a version is announced, and the steps of the function (PutSecretValue with the token,
//! moving AWSCURRENT) are somebody else's to play, by calling the same operations: see [`Invocation`].
//!
//! A managed external secret (one with a `Type`) is rotated by Secrets Manager and a partner, and needs no function. The
//! partner is out of reach here: such a rotation stays in progress. What is known of these secrets is the service
//! model's prose alone; codes, texts and what is refused are `inferred` from it.

use serde_json::{Map, Value, json};

use super::failure::{Answer, Failure};
use super::given::{Given, Random};
use super::input::Input;
use super::labels::Labels;
use super::schedule::Rules;
use super::state::{Secret, State};
use super::{resolve, versions};
use crate::service::time::Timestamp;
use crate::service::{AWSCURRENT, AWSPENDING};

const NO_FUNCTION: &str = "No Lambda rotation function ARN is associated with this secret.";

/// The rotation configuration of a secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rotation {
    pub(crate) enabled: bool,
    /// The ARN of the function; a managed external secret has none.
    function: Option<String>,
    partner: Option<Partner>,
    rules: Option<Rules>,
    /// The days that the rules were last calculated to make.
    days: Option<i64>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) next: Option<Timestamp>,
    /// The version that the rotation in progress announced.
    pending: Option<String>,
}

/// What the partner who holds an external secret needs to rotate it.
#[derive(Clone, Debug, PartialEq)]
struct Partner {
    metadata: Value,
    role: String,
}

/// A rotation function that is to be called: once for each of its four steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The ARN of the function.
    pub function: String,
    /// The ARN of the secret, as the function is told it (reported: RotateSecret.token-becomes-version).
    pub secret: String,
    /// The version that is to become AWSCURRENT; the function sends it as its token.
    pub token: String,
}

impl Rotation {
    /// Switches rotation off; function and rules stay, the next date goes (aws-recorded:
    /// DescribeSecret.delete-disables-rotation; aws-docs: CancelRotateSecret.keeps-pending).
    pub(crate) fn disable(&mut self) {
        self.enabled = false;
        self.next = None;
    }

    /// Reckons the schedule anew from a moment.
    fn schedule(&mut self, now: Timestamp) {
        self.days = self.rules.as_ref().and_then(|rules| rules.days(now));
        self.next = self.rules.as_ref().filter(|_| self.enabled).and_then(|rules| rules.next(now));
    }

    /// Adds what DescribeSecret and ListSecrets tell of it.
    ///
    /// aws-model, DescribeSecretResponse and SecretListEntry, LastRotatedDate: DescribeSecret tells it while rotation is
    /// enabled only, ListSecrets of any secret that was ever rotated.
    pub(crate) fn show(&self, in_list: bool, answer: &mut Map<String, Value>) {
        let mut put = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                answer.insert(member.to_owned(), value);
            }
        };
        let date = |time: Timestamp| Value::from(time.to_seconds());
        put("RotationEnabled", Some(self.enabled.into()));
        put("RotationLambdaARN", self.function.clone().map(Value::from));
        put("RotationRules", self.rules.as_ref().map(|rules| rules.shown(self.days)));
        put("LastRotatedDate", self.last.filter(|_| self.enabled || in_list).map(date));
        put("NextRotationDate", self.next.map(date));
        if let Some(Partner { metadata, role }) = &self.partner {
            put("ExternalSecretRotationMetadata", Some(metadata.clone()));
            put("ExternalSecretRotationRoleArn", Some(role.clone().into()));
        }
    }
}

/// Notes that a rotation has completed, when the version it announced has become AWSCURRENT (aws-docs, DescribeSecret:
/// LastRotatedDate; the next date follows from the actual date of the last rotation).
pub(crate) fn note_promotion(secret: &mut Secret, now: Timestamp) {
    let current = secret.labels.get(AWSCURRENT);
    if let Some(rotation) = &mut secret.rotation
        && rotation.pending.is_some()
        && rotation.pending.as_ref() == current
    {
        rotation.pending = None;
        rotation.last = Some(now);
        rotation.schedule(now);
    }
}

/// Notes that somebody has put a new value, where that counts as a rotation: the next one is reckoned from it (aws-model,
/// RotationRulesType: AutomaticallyAfterDays). `inferred`: LastRotatedDate tells of rotations by the service alone.
pub(crate) fn note_value(secret: &mut Secret, now: Timestamp) {
    if let Some(rotation) = &mut secret.rotation
        && rotation.enabled
        && rotation.rules.as_ref().is_some_and(Rules::counts_updates)
    {
        rotation.schedule(now);
    }
}

/// The version with AWSPENDING, unless it is the one with AWSCURRENT.
fn in_progress(secret: &Secret) -> Option<&str> {
    secret.holder(AWSPENDING).filter(|pending| secret.holder(AWSCURRENT) != Some(*pending))
}

/// RotateSecret.
///
/// - aws-recorded: RotateSecret.no-lambda, .bad-lambda (an AccessDeniedException), .no-lambda.unchanged and
///   .bad-lambda.unchanged (a failure stores nothing), .ok, .second-no-params (stored function and rules are used).
/// - reported: .in-progress, .token-becomes-version (also for a secret without a value). The version has no value yet
///   (aws-verified-test: GetSecretValue.pending-no-value).
/// - aws-verified-test: .not-immediate leaves the labels alone. `inferred`: its answer names no version, since none is
///   left; the order of the checks; a token that is a version already is refused, but for the one of the rotation in
///   progress, which is answered again; a function that was accepted once stays so; rules that a request does not have are the stored ones, those that it has
///   replace them whole.
pub(crate) fn rotate(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let token = resolve::token(input, "InvalidParameterException")?;
    let rules = Rules::read(input)?;
    let functions = given.functions;
    let secret = state.find_live_mut(input, given)?;
    let stored = secret.rotation.as_ref();
    let (function, partner) = match secret.external {
        Some(_) => (None, Some(partner(input, stored)?)),
        None => (Some(function(input, stored)?), None),
    };
    let immediately = input.flag("RotateImmediately").unwrap_or(true);
    if let Some(pending) = in_progress(secret) {
        if pending == token && stored.is_some_and(|stored| stored.pending.as_deref() == Some(token)) {
            return Ok(Some(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": token})));
        }
        return Err(Failure::request(
            "A previous rotation isn't complete. That rotation will be reattempted.",
        ));
    }
    let trusted = stored.and_then(|stored| stored.function.as_ref());
    let new = function.as_ref().filter(|function| Some(*function) != trusted);
    if new.is_some_and(|function| !functions.contains(function)) {
        return Err(Failure::new(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access \
             to the principal secretsmanager.amazonaws.com.",
        ));
    }
    if immediately && secret.version(token).is_some() {
        return Err(Failure::parameter(Failure::token_in_use(token, &secret.arn).message));
    }
    let mut rotation = Rotation {
        enabled: true,
        function,
        partner,
        rules: rules.or_else(|| stored.and_then(|stored| stored.rules.clone())),
        days: None,
        last: stored.and_then(|stored| stored.last),
        next: None,
        pending: None,
    };
    rotation.schedule(given.now);
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if immediately {
        announce(secret, token, given.now)?;
        rotation.pending = Some(token.to_owned());
        answer["VersionId"] = token.into();
    }
    secret.rotation = Some(rotation);
    secret.touch(given.now);
    Ok(Some(answer))
}

/// The function of a request, or else the stored one. A secret that no partner holds has nothing to tell one
/// (`inferred`).
fn function(input: Input<'_>, stored: Option<&Rotation>) -> Result<String, Failure> {
    if let Some(member) = PARTNER_MEMBERS.iter().find(|member| input.get(member).is_some()) {
        return Err(Failure::parameter(format!("{member} is only valid for managed external secrets.")));
    }
    let asked = input.text("RotationLambdaARN").filter(|function| !function.is_empty()).map(str::to_owned);
    let stored = || stored.and_then(|stored| stored.function.clone());
    asked.or_else(stored).ok_or_else(|| Failure::request(NO_FUNCTION))
}

const PARTNER_MEMBERS: [&str; 2] = ["ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn"];

/// What a request tells the partner, or else what is stored. aws-model, RotateSecretRequest: managed rotation wants no
/// function, and the metadata and the role are needed (`inferred`: from the first rotation on).
fn partner(input: Input<'_>, stored: Option<&Rotation>) -> Result<Partner, Failure> {
    if input.text("RotationLambdaARN").is_some_and(|function| !function.is_empty()) {
        return Err(Failure::parameter("RotationLambdaARN is not valid for managed external secrets."));
    }
    let stored = stored.and_then(|stored| stored.partner.as_ref());
    let missing = |member: &str| Failure::parameter(format!("A managed external secret needs {member}."));
    let metadata = input.get(PARTNER_MEMBERS[0]).or(stored.map(|stored| &stored.metadata));
    let role = input.text(PARTNER_MEMBERS[1]).or(stored.map(|stored| stored.role.as_str()));
    Ok(Partner {
        metadata: metadata.ok_or_else(|| missing(PARTNER_MEMBERS[0]))?.clone(),
        role: role.ok_or_else(|| missing(PARTNER_MEMBERS[1]))?.to_owned(),
    })
}

/// Makes the version of a rotation: AWSPENDING, and no value yet. Nothing is changed on failure.
fn announce(secret: &mut Secret, token: &str, now: Timestamp) -> Result<(), Failure> {
    let mut labels = secret.labels.clone();
    labels.insert(AWSPENDING.to_owned(), token.to_owned());
    super::labels::check_limit(&labels)?;
    versions::make_room(secret, now)?;
    secret.announce(token, None, now);
    secret.relabel(labels, now);
    Ok(())
}

/// CancelRotateSecret (aws-docs: CancelRotateSecret.ok, .keeps-pending). The answer names the version that the rotation
/// in progress made, if there is one.
///
/// `inferred`: .not-configured, whose code is analogy and whose text is RotateSecret's; a deleted secret is refused; a
/// rotation that is off already is cancelled once more; what was cancelled completes no rotation afterwards.
pub(crate) fn cancel(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live_mut(input, given)?;
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if let Some(pending) = in_progress(secret) {
        answer["VersionId"] = pending.into();
    }
    let Some(rotation) = &mut secret.rotation else {
        return Err(Failure::request(NO_FUNCTION));
    };
    rotation.disable();
    rotation.pending = None;
    secret.touch(given.now);
    Ok(Some(answer))
}

impl State {
    /// When the next rotation window ends, and of which secret, by name: by then it has been rotated (aws-model,
    /// DescribeSecretResponse, NextRotationDate: on or before this date). Only secrets that `rotates` may be of those
    /// whose functions somebody plays.
    pub fn next_rotation(&self, rotates: impl Fn(&str, &str) -> bool) -> Option<(Timestamp, String)> {
        let due = |secret: &Secret| {
            let rotation = secret.rotation.as_ref().filter(|rotation| rotation.enabled)?;
            let played = rotates(&secret.name, rotation.function.as_deref()?);
            rotation.next.filter(|_| played).map(|next| (next, secret.name.clone()))
        };
        self.secrets.values().filter(|secret| secret.deletion.is_none()).filter_map(due).min()
    }

    /// Starts the scheduled rotation of a secret. One that is in progress is attempted again (reported:
    /// RotateSecret.in-progress); `inferred`: as a whole, with the version that it has. `None` where it cannot start.
    pub fn start_rotation(
        &mut self,
        name: &str,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Option<Invocation> {
        let secret = self.secrets.get_mut(name)?;
        let token = match in_progress(secret) {
            Some(pending) => pending.to_owned(),
            None => {
                let token = new_token(random);
                announce(secret, &token, now).ok()?;
                secret.touch(now);
                token
            }
        };
        secret.rotation.as_mut()?.pending = Some(token);
        self.invocation(name)
    }

    /// The call of the function that the rotation in progress of a secret waits for. The secret is named by name or ARN.
    pub fn invocation(&self, id: &str) -> Option<Invocation> {
        let secret =
            self.secrets.get(id).or_else(|| self.secrets.values().find(|secret| secret.arn == id))?;
        let rotation = secret.rotation.as_ref()?;
        Some(Invocation {
            function: rotation.function.clone()?,
            secret: secret.arn.clone(),
            token: rotation.pending.clone()?,
        })
    }

    /// Makes the version with which RotateSecret tries a function that is not to rotate yet: AWSPENDING, and a copy of
    /// the present value (aws-verified-test: GetSecretValue.pending.test-step). `None` where there is nothing to try.
    pub fn begin_trial(&mut self, id: &str, token: &str, now: Timestamp) -> Option<Trial> {
        let secret = self.secrets.values_mut().find(|secret| secret.arn == id)?;
        let function = secret.rotation.as_ref()?.function.clone()?;
        let current = secret.version(secret.holder(AWSCURRENT)?)?.value.clone()?;
        if secret.version(token).is_some() {
            return None;
        }
        let labels = secret.labels.clone();
        announce(secret, token, now).ok()?;
        secret.version_mut(token)?.value = Some(current);
        let invocation = Invocation { function, secret: secret.arn.clone(), token: token.to_owned() };
        Some(Trial { invocation, labels })
    }

    /// Removes the version of a trial again (aws-model, RotateSecretRequest, RotateImmediately).
    pub fn end_trial(&mut self, trial: Trial) {
        let Trial { invocation, labels } = trial;
        if let Some(secret) = self.secrets.values_mut().find(|secret| secret.arn == invocation.secret) {
            secret.versions.retain(|version| version.id != invocation.token);
            secret.labels = labels;
        }
    }
}

/// A function that is being tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its call: of the step testSecret alone.
    pub invocation: Invocation,
    /// The labels as they were before.
    labels: Labels,
}

/// A version id that the service makes up: a UUID (reported: RotateSecret.token-becomes-version shows the form).
fn new_token(random: &mut dyn Random) -> String {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = u8::try_from(random.below(256)).unwrap_or_default();
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()
}
