//! `smcheck serve DIR`: answers SDK clients from recordings.

use std::path::Path;
use std::sync::Arc;

use super::args::{self, Auth, ServeArgs};
use super::exit::{Exit, Failure};
use super::serve::key_pairs;
use super::signals::Signals;
use super::{listening, output};
use crate::report::counted;
use crate::server::playback::{Dates, Exhausted, Mode, Options, Shelf};
use crate::server::{Playback, Responder};
use crate::service::sigv4::Credentials;

/// So many unused exchanges are told at the end.
const TOLD: usize = 50;

/// Plays the recordings of a folder back, until it is told to stop.
pub(super) async fn serve(folder: &Path, args: &ServeArgs) -> Result<Exit, Failure> {
    let playing = &args.playing;
    let shelf = Shelf::load(folder, playing.values.as_deref()).map_err(Failure::usage)?;
    shelf.warnings.iter().for_each(|warning| output::warn(warning));
    let (recordings, exchanges) = (shelf.names().count(), shelf.exchanges());
    let region = shelf.region().unwrap_or(&args.region).to_owned();
    let mut playback = Playback::of(shelf, options(playing)).log(output::warn);
    if let (Auth::Strict, Some(path)) = (args.auth, &args.credentials) {
        playback = playback.only_for(&args.region, key_pairs(path)?);
    }
    let listening = listening::prepare(&args.listening)?;
    let signals = Signals::of_server().map_err(Failure::target)?;
    let playback = Arc::new(playback);
    let server = listening.bind().await?.serve(playback.clone() as Arc<dyn Responder>);
    if let Some(path) = &args.env_file {
        let region = if args.auth == Auth::Strict { &args.region } else { &region };
        let environment = listening.environment(&server, &Credentials::new("test", "test"), region);
        listening::write_environment(path, &environment)?;
    }
    output::say(&format!(
        "{} with {}",
        counted(recordings, "recording", "recordings"),
        counted(exchanges, "exchange", "exchanges")
    ));
    output::line(&format!("listening on {}", server.endpoint()));
    signals.stop().wait().await;
    server.stop().await;
    let all_used = tell_unused(&playback);
    Ok(match (playing.fail_on_unused, all_used) {
        (true, false) => Exit::Deviations,
        (true, true) => Exit::Expected,
        (false, _) => signals.exit().unwrap_or(Exit::Expected),
    })
}

/// Says what was never used; whether there was nothing to say.
fn tell_unused(playback: &Playback) -> bool {
    let values = playback.unused_values();
    if !values.is_empty() {
        output::warn(&format!("values that no answer had a place for: {}", values.join(", ")));
    }
    let unused = playback.unused_exchanges();
    if unused.is_empty() {
        return true;
    }
    output::warn(&format!("{} recorded exchanges were never used:", unused.len()));
    unused.iter().take(TOLD).for_each(|one| output::say(&format!("  {one}")));
    if unused.len() > TOLD {
        output::say(&format!("  and {} more", unused.len() - TOLD));
    }
    false
}

fn options(playing: &args::Playing) -> Options {
    Options {
        mode: match playing.mode {
            args::Mode::Strict => Mode::Strict,
            args::Mode::AnyOrder => Mode::AnyOrder,
            args::Mode::Stateful => Mode::Stateful,
        },
        exhausted: playing.exhausted.map(|exhausted| match exhausted {
            args::Exhausted::Error => Exhausted::Error,
            args::Exhausted::RepeatLast => Exhausted::RepeatLast,
            args::Exhausted::Derive => Exhausted::Derive,
        }),
        dates: match playing.dates {
            args::Dates::Now => Dates::Now,
            args::Dates::Keep => Dates::Keep,
        },
    }
}
