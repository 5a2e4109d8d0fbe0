//! smcheck: a conformance test harness and mock recorder for the AWS Secrets Manager API.

pub mod judge;
pub mod report;
pub mod scenario;
pub mod service;
pub mod trace;
