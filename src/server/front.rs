//! The HTTP front: listens, on 127.0.0.1 unless told otherwise, with TLS or without; turns requests into
//! [`WireRequest`]s, and responses into bytes.
//!
//! It refuses by itself only what is too large or does not arrive; every other request is the responder's. Names of
//! headers are in small letters on the way in and out, which is all the same to HTTP; hyper keeps no other case.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::responder::{Behind, Responder};
use super::tls::Tls;
use crate::service::{WireRequest, WireResponse};

/// How long requests under way may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(3);
/// How many bytes beyond the limit are read and thrown away before a body is refused: a client that still sends
/// when the connection is closed loses the response.
const DRAIN: usize = 16 * 1024 * 1024;
/// A client that sends nothing of a body for so long is not in the middle of writing it.
const SILENCE: Duration = Duration::from_millis(250);

/// What a client may send, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a body. The largest that Secrets Manager takes are a few 65,536 bytes.
    pub body: usize,
    /// How long a request's head may take to arrive; a connection without a request is closed after it, too.
    pub head_time: Duration,
    /// How long a request's body may take to arrive.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { body: 1024 * 1024, head_time: Duration::from_secs(60), body_time: Duration::from_secs(20) }
    }
}

/// Where and how a server listens.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address; 127.0.0.1 unless told otherwise.
    pub address: IpAddr,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// What clients may send.
    pub limits: Limits,
    /// The certificate, for TLS.
    pub tls: Option<Tls>,
}

impl Default for Listen {
    fn default() -> Self {
        Listen { address: Ipv4Addr::LOCALHOST.into(), port: 0, limits: Limits::default(), tls: None }
    }
}

/// A server that runs. Dropping it ends it; [`Server::stop`] also waits for the requests under way.
pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

impl Server {
    /// Starts answering on 127.0.0.1; port 0 picks a free one. Inside a tokio runtime, which it lives in.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn start(responder: Arc<dyn Responder>, port: u16) -> io::Result<Server> {
        Server::listen(responder, Listen { port, ..Listen::default() }).await
    }

    /// Starts answering with limits of one's own.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn start_with(responder: Arc<dyn Responder>, port: u16, limits: Limits) -> io::Result<Server> {
        Server::listen(responder, Listen { port, limits, ..Listen::default() }).await
    }

    /// Starts answering where and how it is told to. Inside a tokio runtime, which it lives in.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn listen(behind: impl Into<Behind>, listen: Listen) -> io::Result<Server> {
        Ok(Server::bind(listen).await?.serve(behind))
    }

    /// Takes the place where a server shall listen; clients that connect wait until it serves.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(listen: Listen) -> io::Result<Bound> {
        let listener = TcpListener::bind((listen.address, listen.port)).await?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address, listen })
    }

    /// Where it listens: `http://127.0.0.1:PORT`, `https` with TLS.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }

    /// Where a client on this machine finds it: as [`Server::endpoint`], with a loopback address where it listens
    /// on all addresses.
    pub fn local_endpoint(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("{}://{address}", if self.is_tls { "https" } else { "http" })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Stops listening, lets the requests under way end, and returns when they have.
    pub async fn stop(self) {
        let Server { stop, task, .. } = self;
        drop(stop);
        // A task that panicked or was aborted has stopped all the same.
        let _ = task.await;
    }
}

/// A place to listen that is taken. Dropping it gives it free.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    listen: Listen,
}

impl Bound {
    /// Starts answering. Inside a tokio runtime, which the server lives in.
    pub fn serve(self, behind: impl Into<Behind>) -> Server {
        let Bound { listener, address, listen } = self;
        let is_tls = listen.tls.is_some();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, behind.into(), listen, stopped));
        Server { address, is_tls, stop, task }
    }
}

async fn accept(listener: TcpListener, behind: Behind, listen: Listen, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(secured(stream, behind.clone(), listen.clone(), stopped.clone()));
                }
                // Out of descriptors, or the client has gone: wait for better times instead of spinning.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    // What has not ended after the grace is aborted when the set is dropped.
    let _ = tokio::time::timeout(GRACE, all_ended).await;
}

/// Shakes hands, where there is TLS, and serves the connection.
async fn secured(stream: TcpStream, behind: Behind, listen: Listen, stopped: watch::Receiver<bool>) {
    // Without it a small response may wait for the client's acknowledgement; when it fails we are only slower.
    let _ = stream.set_nodelay(true);
    let Listen { limits, tls, .. } = listen;
    match tls {
        None => connection(stream, behind, limits, stopped).await,
        Some(tls) => {
            // A client that does not finish, or speaks no TLS, gets no answer: there is no way to give one.
            if let Ok(Ok(stream)) = tokio::time::timeout(limits.head_time, tls.accept(stream)).await {
                connection(stream, behind, limits, stopped).await;
            }
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    behind: Behind,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let behind = &behind;
    let service =
        service_fn(
            move |request| async move { Ok::<_, Infallible>(exchange(request, behind, limits).await) },
        );
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Errors are the client's: it went away, or sent what is no HTTP (hyper answers 400 to that).
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn exchange(request: Request<Incoming>, behind: &Behind, limits: Limits) -> Response<Full<Bytes>> {
    let request = match incoming(request, limits).await {
        Ok(request) => request,
        Err(refusal) => {
            let mut response = outgoing(refusal);
            // The rest of the body is not read, so that the connection is of no more use.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
    };
    outgoing(match behind {
        // A bug of ours must not take the connection, and with it the client's other requests, down.
        Behind::AtOnce(responder) => {
            catch_unwind(AssertUnwindSafe(|| responder.respond(&request))).unwrap_or_else(|_| fault())
        }
        Behind::Patient(responder) => Arc::clone(responder).respond(request).await,
    })
}

/// The answer when we have failed ourselves.
pub(super) fn fault() -> WireResponse {
    WireResponse::failure(500, "InternalServiceError", "An error occurred on the server side.", &new_id())
}

async fn incoming(request: Request<Incoming>, limits: Limits) -> Result<WireRequest, WireResponse> {
    let (head, body) = request.into_parts();
    let body = read(body, limits, head.headers.contains_key(EXPECT)).await?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(WireRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path_and_query().map_or_else(|| head.uri.to_string(), ToString::to_string),
        headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body,
    })
}

/// Reads a body. `asks_first`: whether the client waits for a word before it sends the body.
async fn read(mut body: Incoming, limits: Limits, asks_first: bool) -> Result<Bytes, WireResponse> {
    let too_large = || {
        let message = format!("The body of the request is larger than {} bytes.", limits.body);
        WireResponse::refusal(413, "RequestEntityTooLargeException", &message, &new_id())
    };
    let until = tokio::time::Instant::now() + limits.body_time;
    let declared = body.size_hint().lower();
    if declared > limits.body as u64 {
        if !asks_first && declared <= (limits.body + DRAIN) as u64 {
            let _ = tokio::time::timeout_at(until, drain(&mut body)).await;
        }
        return Err(too_large());
    }
    let whole = Limited::new(&mut body, limits.body).collect();
    match tokio::time::timeout_at(until, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(why)) if why.is::<LengthLimitError>() => {
            let _ = tokio::time::timeout_at(until, drain(&mut body)).await;
            Err(too_large())
        }
        Ok(Err(_)) => {
            let message = "The body of the request did not arrive whole.";
            Err(WireResponse::refusal(400, "SerializationException", message, &new_id()))
        }
        Err(_) => {
            let message = "The body of the request did not arrive in time.";
            Err(WireResponse::refusal(408, "RequestTimeoutException", message, &new_id()))
        }
    }
}

/// Reads what is left of a body for as long as it comes, up to a bound, and throws it away: a client that still writes
/// reads no answer.
async fn drain(body: &mut Incoming) {
    let mut left = DRAIN;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, body.frame()).await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        if length > left {
            return;
        }
        left -= length;
    }
}

fn outgoing(response: WireResponse) -> Response<Full<Bytes>> {
    let mut out = Response::new(Full::new(response.body));
    *out.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        // A header that HTTP does not allow is left out: a responder that plays a recording may hold one.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            out.headers_mut().append(name, value);
        }
    }
    out
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
