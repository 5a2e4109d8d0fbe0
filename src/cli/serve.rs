//! `smcheck serve`: from recordings, or from the reference model.

use std::path::Path;
use std::sync::Arc;

use super::args::{Auth as TypedAuth, ServeArgs};
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{listening, output, selftest};
use crate::server::faults::{Fault, Layer};
use crate::server::{Auth, Reference, ReferenceOptions, Responder};
use crate::service::sigv4::Credentials;
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
    let listening = listening::prepare(&args.listening)?;
    let signals = Signals::of_server().map_err(Failure::target)?;
    let layer = Layer::new(Arc::new(reference));
    layer.become_wrong(faults.into_iter().map(Fault::behaviour).collect());
    let layer: Arc<dyn Responder> = Arc::new(layer);
    let server = listening.bind().await?.serve(layer);
    let environment = listening.environment(&server, &Credentials::new("test", "test"), &args.region);
    if let Some(path) = &args.env_file {
        listening::write_environment(path, &environment)?;
    }
    output::line(&format!("listening on {}", server.endpoint()));
    signals.stop().wait().await;
    server.stop().await;
    // Being told to stop is how a server ends.
    Ok(signals.exit().unwrap_or(Exit::Expected))
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
