//! Doing: a scenario is planned, executed step by step, and becomes a trace.
//!
//! [`plan`] makes the names and decides what cannot run here, [`caller`] signs and sends, [`executor`] goes
//! through the steps, [`probe`] reads the labels after them, [`control`] decides what the expectations control
//! (stop, ask again) without ever changing a request, and [`cleanup`] deletes what was created.

pub mod caller;
pub mod cleanup;
pub mod control;
pub mod executor;
pub mod plan;
pub mod probe;
pub mod stop;

pub use caller::{Caller, Second, Trouble};
pub use executor::{Executed, Settings, execute};
pub use plan::{Names, Plan};
pub use probe::ProbeLevel;
pub use stop::{Stop, Stopper};
