//! Small traces of servers that are wrong on purpose.
