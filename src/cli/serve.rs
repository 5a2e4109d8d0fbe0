//! `smcheck serve`: from recordings, or from the reference model.

use std::path::Path;
use std::sync::Arc;

use super::args::{Auth as TypedAuth, ServeArgs};
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{output, selftest};
use crate::server::faults::{Fault, Layer};
use crate::server::{Auth, Reference, ReferenceOptions, Server};
use crate::suite::selftest::text;

/// Answers SDK clients from the reference model, until it is told to stop.
pub(super) async fn serve(args: ServeArgs) -> Result<Exit, Failure> {
    if args.list_faults {
        output::print(&text::list());
        return Ok(Exit::Expected);
    }
    if let Some(folder) = &args.dir {
        return super::playing::serve(folder, &args).await;
    }
    let faults = selftest::named(&args.fault)?;
    let auth = match args.auth {
        TypedAuth::Any => Auth::Any,
        TypedAuth::Strict => Auth::Strict,
    };
    let reference =
        Reference::new(ReferenceOptions { region: args.region.clone(), auth, ..ReferenceOptions::default() });
    if let Some(path) = &args.credentials {
        for (access_key, secret_key) in key_pairs(path)? {
            reference.register(&access_key, &secret_key, &ReferenceOptions::default().default_account);
        }
    }
    let signals = Signals::listen().map_err(Failure::target)?;
    let layer = Layer::new(Arc::new(reference));
    layer.become_wrong(faults.into_iter().map(Fault::behaviour).collect());
    let server = Server::start(Arc::new(layer), args.port)
        .await
        .map_err(|why| Failure::target(format!("cannot listen on 127.0.0.1:{}: {why}", args.port)))?;
    if let Some(path) = &args.env_file {
        write_env(path, &server.endpoint(), &args.region)?;
    }
    output::line(&format!("listening on {}", server.endpoint()));
    signals.stop().wait().await;
    server.stop().await;
    // Being told to stop is how a server ends.
    Ok(signals.exit().unwrap_or(Exit::Expected))
}

/// Writes what SDKs want to be told: endpoint, region and credentials that mean nothing.
pub(super) fn write_env(path: &Path, endpoint: &str, region: &str) -> Result<(), Failure> {
    let text = format!(
        "AWS_ENDPOINT_URL_SECRETS_MANAGER={endpoint}\nAWS_REGION={region}\nAWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY=test\n"
    );
    std::fs::write(path, text)
        .map_err(|why| Failure::usage(format!("cannot write {}: {why}", path.display())))
}

/// Reads `ACCESS_KEY:SECRET_KEY` lines. Errors never show a line, since it holds a secret.
pub(super) fn key_pairs(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| Failure::usage(format!("cannot read {}: {why}", path.display())))?;
    let mut pairs = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((access_key, secret_key)) = line.trim().split_once(':') else {
            let place = format!("{}:{}:1", path.display(), number + 1);
            return Err(Failure::usage(format!("{place}: a line is ACCESS_KEY:SECRET_KEY")));
        };
        pairs.push((access_key.to_owned(), secret_key.to_owned()));
    }
    if pairs.is_empty() {
        return Err(Failure::usage(format!("{} holds no key pair", path.display())));
    }
    Ok(pairs)
}
