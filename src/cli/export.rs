//! `smcheck export`.

use super::args::{ExportArgs, TypedFormat};
use super::exit::{Exit, Failure};
use super::import::{malformed, text};
use super::output;
use crate::store::exchange::{Recording, har, sdk_rust, vcrpy, wiremock};

/// Writes a recording in the format of another tool, and says what its readers do not get.
pub(super) fn export(args: &ExportArgs) -> Result<Exit, Failure> {
    let path = &args.recording;
    let recording = Recording::read(&text(path)?)
        .ok_or_else(|| Failure::usage(format!("{}:1:1: this is no recording of smcheck", path.display())))?
        .map_err(|why| malformed(path, &why))?;
    let region = &recording.head.region;
    let usual = || {
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        format!("https://secretsmanager.{region}.amazonaws.com{china}")
    };
    let endpoint = args.endpoint.clone().unwrap_or_else(usual);
    let endpoint = endpoint.trim_end_matches('/');
    let exported = match args.to {
        TypedFormat::Har => har::write(&recording, endpoint),
        TypedFormat::Vcrpy => {
            let as_json = args.out.extension().is_some_and(|ending| ending == "json");
            vcrpy::write(&recording, endpoint, as_json)
        }
        TypedFormat::Wiremock => wiremock::write(&recording),
        TypedFormat::AwsSdkRust => sdk_rust::write(&recording, endpoint),
        TypedFormat::Auto => return Err(Failure::usage("--to names a format: auto is for import")),
    };
    output::save(&args.out, exported.text.as_bytes())?;
    for lost in &exported.lost {
        output::say(&format!("{}: {lost}", args.out.display()));
    }
    output::line(&format!("{}: {} exchanges", args.out.display(), recording.lines.len()));
    Ok(Exit::Expected)
}
