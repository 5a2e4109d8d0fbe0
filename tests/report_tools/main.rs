//! What is made of reports: by the program, from real runs, and read again.

#[path = "../program/mod.rs"]
mod program;

mod made;
mod parts;
mod running;
mod stdout;
mod telling;
mod workflows;
