//! smcheck: a conformance test harness and mock recorder for the AWS Secrets Manager API.
//!
//! Data flows one way:
//!
//! ```text
//! scenario file --parse--> Scenario --select, plan--> Plan --run--> Trace --judge--> Verdict --> report
//!                                                                    |
//!                                                                    +-- normalise --> Observation --> snapshot, diff
//!                                                                    +-- redact -----> fixture
//! ```
//!
//! In the order of the flow: [`scenario`] reads files, [`target`] knows whom to talk to, [`run`] does it and makes a
//! [`trace`], [`judge`] says what differs, [`store`] keeps snapshots and fixtures, [`report`] tells. [`service`] is what
//! Secrets Manager is, as data; [`model`] is the reference, and [`server`] answers from it or from fixtures. [`suite`] is
//! the façade over all ([`shrink`] proposes the smaller scenarios of a reproduction), on which [`Harness`] shows scenarios as tests of a crate and [`Playback`] answers a test of yours
//! from recordings, and `cli` is the program.

pub mod cli;
pub mod harness;
pub mod judge;
pub mod model;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod service;
pub mod shrink;
pub mod store;
pub mod suite;
pub mod target;
pub mod trace;

pub use harness::Harness;
pub use suite::playback::Playback;
