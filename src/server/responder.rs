//! What stands behind the front: something that answers a request.

use crate::service::{WireRequest, WireResponse};

/// Answers requests. It is called from several tasks at once and must not wait for anything but a short lock.
pub trait Responder: Send + Sync {
    /// The response to one request, whatever the request is.
    fn respond(&self, request: &WireRequest) -> WireResponse;
}
