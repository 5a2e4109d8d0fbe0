//! The reference: AWS Secrets Manager as a pure state machine of secrets, versions and staging labels.
//!
//! No I/O, no clock and no randomness of its own: [`apply()`] takes a [`World`] of accounts and regions, an operation,
//! its input, and what is [`Given`] from outside, and answers as AWS would. Every rule carries its evidence in a doc comment: a fact
//! about AWS that was recorded, verified by a test, documented, or, where nothing is known, `inferred`.
//!
//! In the order of a request: `request` reads the wire, `validate` checks types and limits in AWS's words,
//! `apply` finds the operation, `resolve` the secret. Then one file for each concept: `secrets`, `versions`,
//! `labels`, `batch`, `deletion`, `listing` (with `filters` and `paging`), `tags`, `policy`, `password`, `rotation` (with
//! `schedule` and `cron`). Each of them sees the [`State`] of one account in one region; `replication` and
//! `cross_account` see the whole world.
//!
//! What the reference leaves out: it has no identities and no KMS, so it denies access to other accounts only and
//! accepts any key; it forgets a secret at once after a forced deletion, where AWS takes up to two minutes; its lists are
//! never stale, where AWS's may lag.

mod access;
mod apply;
mod batch;
mod cron;
mod cross_account;
mod deletion;
mod facts;
mod failure;
mod filters;
mod given;
mod input;
mod labels;
mod listing;
mod paging;
mod password;
mod policy;
mod policy_grammar;
mod policy_text;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_settings;
mod replication;
mod request;
mod resolve;
mod rotation;
mod schedule;
mod secrets;
mod state;
mod tags;
mod validate;
mod versions;
mod world;

pub use apply::apply;
pub use failure::{Answer, Failure};
pub use given::{Given, Random};
pub use replication::partition;
pub use request::read;
pub use rotation::{Invocation, Trial};
pub use state::{Secret, State};
pub use world::World;
