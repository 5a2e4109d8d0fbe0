//! Telling: verdicts to text, for a person, for a program, for a CI server.
//!
//! Everything here is pure: a [`RunVerdict`](crate::judge::RunVerdict) goes in and text comes out; nothing is
//! judged, redacted or asked again. [`terminal`] writes for a person, [`json`] the report that other programs
//! rely on, [`junit`] what CI servers read, and [`difference`] shows where two recordings part,
//! [`timeline`] how labels moved, and [`change`] both of a changed snapshot. They share [`failing`], which says what fails the run, and three
//! private parts: `deviation` tells one deviation, `value` shows what was expected beside what was there, and
//! `style` knows colours and widths.

pub mod change;
mod deviation;
pub mod difference;
pub mod failing;
pub mod json;
pub mod junit;
mod style;
pub mod terminal;
pub mod timeline;
mod value;

pub use failing::Failing;
pub(crate) use style::{counted, cut, plain, width};
pub use timeline::Timeline;
