//! SigV4: signing requests, and verifying them for our own servers.
