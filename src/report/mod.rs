//! Telling: verdicts to text, for a person, for a program, for a CI server.
//!
//! Everything here is pure: a [`RunVerdict`](crate::judge::RunVerdict) goes in and text comes out; nothing is
//! judged, redacted or asked again. [`terminal`] writes for a person, [`json`] the report that other programs
//! rely on, [`junit`] what CI servers read, [`markdown`] what is put into a pull request, [`github`] annotations, [`matrix`]
//! several targets side by side, [`difference`] where two recordings part, [`chart`] how labels moved, and [`change`] both
//! of a changed snapshot. [`merge`] and [`trend`] read JSON reports again: the parts of a whole, and what changed from one to
//! the next. They share [`failing`], which says what fails the run, [`tally`], which counts by severity, and three private
//! parts: `deviation` tells one deviation, `value` shows what was expected beside what was there, and
//! `style` knows colours and widths.

pub mod change;
pub mod chart;
mod deviation;
pub mod difference;
pub mod failing;
pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod merge;
pub mod page;
mod style;
pub mod tally;
pub mod terminal;
pub mod trend;
mod value;

pub use chart::LabelChart;
pub use failing::Failing;
pub(crate) use style::{counted, cut, no_command, paragraphs, plain, width};
