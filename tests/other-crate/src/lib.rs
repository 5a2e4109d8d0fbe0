//! The crate has nothing but its test.
