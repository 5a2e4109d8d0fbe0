//! What of an exchange may be kept, and the names that stand for the rest.
//!
//! Denied by default: a value is shown as it is only where the allow-list in [`class`] says so for its member, or
//! where the scenario itself wrote it as a literal and the member is not sensitive. Everything else becomes a
//! name, numbered by appearance and never computed from the value.
//!
//! [`class`] judges members, [`walk`] goes through a value with the service model in hand, [`message`] masks
//! what an error message may tell, `display` names values for people: `${v1}`, `<uuid:1>`, `<arn:db>`,
//! `<secret:1>`, `<time>`. Recordings name values their own way, with the same walk (`store/standin`).

pub mod class;
mod display;
pub mod message;
pub mod password;
mod tree;
pub mod url;
pub mod walk;

pub use class::{Class, class_of};
pub use display::Redactor;
pub use tree::Tree;
pub use walk::{Leaf, Naming};
