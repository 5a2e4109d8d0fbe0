//! The three lines of the README, and a server to test.

use std::sync::Arc;

use smcheck::server::{Auth, Reference, ReferenceOptions, Responder, Server};
use smcheck::service::{WireRequest, WireResponse};

fn main() -> std::process::ExitCode {
    smcheck::Harness::new(start_my_server).main()
}

/// Stands for the server of the crate. With WRONG set it answers another code to every failure.
struct MyServer(Reference);

impl Responder for MyServer {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let mut response = self.0.respond(request);
        if std::env::var_os("WRONG").is_some() && !response.succeeded() {
            response.body = r#"{"__type":"InternalFailure","Message":"no"}"#.into();
        }
        response
    }
}

fn start_my_server() -> String {
    println!("my server starts");
    let runtime = Box::leak(Box::new(tokio::runtime::Runtime::new().expect("threads can be started")));
    let options = ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() };
    let server = runtime.block_on(Server::start(Arc::new(MyServer(Reference::new(options))), 0));
    let server = Box::leak(Box::new(server.expect("there is a free port")));
    server.endpoint()
}
