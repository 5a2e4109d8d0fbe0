//! What Secrets Manager is, as data: operations, shapes, limits and errors; the JSON 1.1 wire; SigV4.
//!
//! Nothing here knows scenarios, targets or verdicts, and nothing does I/O. In the order of a request:
//! [`mod@shapes`] says which operations there are and what they take, [`wire`] turns them into bytes and back,
//! [`sigv4`] signs and verifies them, [`errors`] says which failures may come back, [`arn`] reads the ARN of a
//! secret, [`time`] the service's timestamps, and [`redact`] decides what of an exchange may be kept.

pub mod arn;
pub mod errors;
pub mod redact;
pub mod shapes;
pub mod sigv4;
pub mod time;
pub mod wire;

pub use arn::SecretArn;
pub use shapes::{Kind, Member, Operation, Shape, ShapeId, Shapes, shapes};
pub use wire::{ErrorBody, WireRequest, WireResponse};

/// The staging label of the version that GetSecretValue returns when it is not told otherwise.
pub const AWSCURRENT: &str = "AWSCURRENT";
/// The staging label of the version that carried [`AWSCURRENT`] before.
pub const AWSPREVIOUS: &str = "AWSPREVIOUS";
/// The staging label of a version that a rotation is preparing.
pub const AWSPENDING: &str = "AWSPENDING";
/// How many staging labels one secret may have in all ("Quotas" in the user guide; aws-docs).
pub const LABELS_MAX: usize = 20;
