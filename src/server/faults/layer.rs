//! A layer around the reference that changes requests on their way in and responses on their way out.
//!
//! The reference itself stays right: what a wrong server would store, the layer brings about by calling the reference
//! again, or it remembers it by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::server::admin::is_admin;
use crate::server::{Reference, Responder};
use crate::service::{WireRequest, WireResponse};

/// One way to answer wrongly.
pub trait Behaviour: Send + Sync {
    /// The response to a request; `next` answers as a server would that does all else right.
    fn respond(&self, request: &WireRequest, next: &Next<'_>) -> WireResponse;
}

/// The reference with wrong behaviours around it, the first of them outermost.
pub struct Layer {
    reference: Arc<Reference>,
    behaviours: RwLock<Arc<[Arc<dyn Behaviour>]>>,
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Layer({:?})", self.reference)
    }
}

impl Layer {
    /// A layer that changes nothing yet.
    pub fn new(reference: Arc<Reference>) -> Self {
        Layer { reference, behaviours: RwLock::new(Arc::new([])) }
    }

    /// Takes these behaviours instead of those before, and forgets all secrets.
    pub fn become_wrong(&self, behaviours: Vec<Arc<dyn Behaviour>>) {
        *self.behaviours.write().unwrap_or_else(PoisonError::into_inner) = behaviours.into();
        self.reference.reset();
    }
}

impl Responder for Layer {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        // The clock is no part of the service.
        if is_admin(request) {
            return self.reference.respond(request);
        }
        let behaviours = Arc::clone(&self.behaviours.read().unwrap_or_else(PoisonError::into_inner));
        Next { reference: &self.reference, signed: request, rest: &behaviours }.respond(request)
    }
}

/// What lies behind a behaviour: the behaviours further in, and the reference.
pub struct Next<'a> {
    reference: &'a Reference,
    /// The request as it came: it says who calls, whatever is asked.
    signed: &'a WireRequest,
    rest: &'a [Arc<dyn Behaviour>],
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Next({} behaviours)", self.rest.len())
    }
}

impl Next<'_> {
    /// The response to a request, which need not be the one that came.
    pub fn respond(&self, request: &WireRequest) -> WireResponse {
        match self.rest.split_first() {
            Some((first, rest)) => {
                first.respond(request, &Next { reference: self.reference, signed: self.signed, rest })
            }
            None => self.reference.respond_for(self.signed, request),
        }
    }

    /// What the reference itself says to a call in the caller's name, where it succeeds.
    pub fn call(&self, operation: &str, input: &Value) -> Option<Value> {
        let response = self.reference.respond_for(self.signed, &WireRequest::call(operation, input));
        response.json().filter(|_| response.succeeded())
    }

    /// The labels of a secret: label to version id.
    pub fn labels(&self, secret: &Value) -> Labels {
        let described = self.call("DescribeSecret", &json!({"SecretId": secret}));
        let mut labels = Labels::new();
        let map =
            described.as_ref().and_then(|body| body.get("VersionIdsToStages")).and_then(Value::as_object);
        for (version, on_it) in map.into_iter().flatten() {
            for label in texts(Some(on_it)) {
                labels.insert(label, version.clone());
            }
        }
        labels
    }

    /// Puts one label where `labels` has it, without a word to the caller.
    pub fn put_label(&self, secret: &Value, label: &str, labels: &Labels) {
        let (there, wanted) = (self.labels(secret).remove(label), labels.get(label));
        if there.as_ref() == wanted {
            return;
        }
        let mut input = json!({"SecretId": secret, "VersionStage": label});
        for (member, version) in [("RemoveFromVersionId", there.as_ref()), ("MoveToVersionId", wanted)] {
            if let Some(version) = version {
                input[member] = version.as_str().into();
            }
        }
        self.call("UpdateSecretVersionStage", &input);
    }
}

/// Label to version id.
pub type Labels = BTreeMap<String, String>;

/// What a behaviour remembers between requests.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Value>>);

impl Memory {
    pub(super) fn keep(&self, key: &str, value: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), value);
    }

    pub(super) fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub(super) fn recall(&self, key: &str) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

/// The request with another input.
pub(super) fn with_input(request: &WireRequest, input: &Value) -> WireRequest {
    WireRequest { body: Bytes::from(input.to_string()), ..request.clone() }
}

/// The input of a request, where it is an object.
pub(super) fn input_of(request: &WireRequest) -> Option<Map<String, Value>> {
    match request.json() {
        Some(Value::Object(input)) => Some(input),
        _ => None,
    }
}

/// Changes the body of a success.
pub(super) fn edit_success(response: &mut WireResponse, edit: impl FnOnce(&mut Map<String, Value>)) {
    if !response.succeeded() || response.body.is_empty() {
        return;
    }
    if let Some(Value::Object(mut body)) = response.json() {
        edit(&mut body);
        response.body = Bytes::from(Value::Object(body).to_string());
    }
}

/// A failure as it may be changed.
pub(super) struct Failed {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
}

/// Changes status, code and message of a failure of the service; the key of the message stays.
pub(super) fn edit_failure(response: &mut WireResponse, edit: impl FnOnce(&mut Failed)) {
    let Some(error) = response.error() else { return };
    let mut failed =
        Failed { status: response.status, code: error.raw_type, message: error.message.unwrap_or_default() };
    edit(&mut failed);
    let key = response.json().filter(|body| body.get("message").is_some()).map_or("Message", |_| "message");
    response.status = failed.status;
    response.body = Bytes::from(json!({"__type": failed.code, key: failed.message}).to_string());
}

/// The texts of a list.
pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
