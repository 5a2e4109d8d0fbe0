//! What stands behind the front: something that answers a request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::service::{WireRequest, WireResponse};

/// Answers requests. It is called from several tasks at once and must not wait for anything but a short lock.
pub trait Responder: Send + Sync {
    /// The response to one request, whatever the request is.
    fn respond(&self, request: &WireRequest) -> WireResponse;
}

/// A response that is on its way.
pub type Coming = Pin<Box<dyn Future<Output = WireResponse> + Send>>;

/// Answers requests by asking somebody else, and so may wait. It is called from several tasks at once.
///
/// A trait of its own: what answers at once need not pay for a future on the heap.
pub trait PatientResponder: Send + Sync {
    /// The response to one request, whatever the request is. It is dropped when the client goes away.
    fn respond(self: Arc<Self>, request: WireRequest) -> Coming;
}

/// What stands behind a server.
#[derive(Clone)]
pub enum Behind {
    /// Something that answers at once.
    AtOnce(Arc<dyn Responder>),
    /// Something that may wait.
    Patient(Arc<dyn PatientResponder>),
}

impl From<Arc<dyn Responder>> for Behind {
    fn from(responder: Arc<dyn Responder>) -> Self {
        Behind::AtOnce(responder)
    }
}

impl From<Arc<dyn PatientResponder>> for Behind {
    fn from(responder: Arc<dyn PatientResponder>) -> Self {
        Behind::Patient(responder)
    }
}
