//! smcheck: a conformance test harness and mock recorder for the AWS Secrets Manager API.

pub mod judge;
pub mod run;
pub mod scenario;
pub mod server;
pub mod service;
pub mod store;
pub mod target;
pub mod trace;
