//! Whom we talk to: configuration, credentials, the outgoing HTTP client, and emulators that we start.
//!
//! [`config`] reads `smcheck.toml` and the presets, [`mod@resolve`] turns a name or a URL into a [`Target`],
//! [`credentials`] asks the AWS environment, [`process`] starts and stops emulators, [`client`] sends, and [`aws`]
//! holds what protects a real account.

pub mod aws;
pub mod client;
pub mod config;
pub mod credentials;
pub mod process;
mod ready;
pub mod resolve;

pub use client::{Client, ClientError};
pub use config::{Config, ConfigError, TargetConfig};
pub use process::{Emulator, StartError};
pub use resolve::{AdminRequest, Isolation, Kind, ResolveError, Target, resolve};
