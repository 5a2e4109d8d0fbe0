//! `smcheck new`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::{Gate, NewArgs};
use super::exit::{Exit, Failure};
use super::output;
use crate::scenario::{Evidence, EvidenceKind, nearest, parse};
use crate::service::shapes;
use crate::store::atomic;
use crate::suite::catalogue::{BUILT_IN, FOLDER};
use crate::suite::skeleton::{Wishes, skeleton};

/// Begins a scenario.
pub(super) fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let folder = args.scenarios.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    let id = checked(&args.id)?;
    let operations = args.from_operation.iter().map(|name| operation(name)).collect::<Result<Vec<_>, _>>()?;
    let evidence = args.evidence.map(|kind| Evidence {
        kind: kind_of(kind),
        source: args.source.clone().unwrap_or_default(),
        date: args.date.clone(),
    });
    let inferred = evidence.is_none();
    let wishes = Wishes { title: args.title.clone(), evidence, operations };
    let text = skeleton(&wishes, &format!("{}schema.json", "../".repeat(id.matches('/').count())));
    let path = folder.join(format!("{id}.yaml"));
    let shown = path.display().to_string();
    // What was typed may be no date, or no sentence that a title can be.
    if let Err(findings) = parse(&shown, id, text.as_bytes()) {
        findings.iter().for_each(|finding| output::say(&finding.to_string()));
        return Err(Failure::usage("nothing was written"));
    }
    let replaces = args.scenarios.is_none() && !folder.is_dir();
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|why| Failure::usage(format!("cannot make the folder {}: {why}", parent.display())))?;
    }
    atomic::write_new(&path, text.as_bytes()).map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!("{shown} is there already, and stays as it is")),
        _ => Failure::usage(format!("cannot write {shown}: {why}")),
    })?;
    let option = match &args.scenarios {
        Some(folder) => format!(" --scenarios {}", folder.display()),
        None => String::new(),
    };
    output::line(&format!("wrote {shown}"));
    let say = |text: &str| output::wrap(text, output::width()).iter().for_each(|line| output::line(line));
    if replaces {
        say(&format!(
            "The new folder {FOLDER}/ takes the place of the catalogue here; `--scenarios {BUILT_IN}` takes that."
        ));
    }
    output::line("");
    if args.title.is_none() {
        output::line("Say in its title what AWS does. Then:");
    } else {
        output::line("Then:");
    }
    let fill = format!("  smcheck run --fill {id}{option}");
    let why = "write what the embedded reference answers into it";
    match fill.len() + 3 + why.len() <= output::width() {
        true => output::line(&format!("{fill}   {why}")),
        false => output::line(&format!("{fill}\n      {why}")),
    }
    output::line(&format!("  smcheck lint {shown}"));
    output::line(&format!("  smcheck selftest --scenario {id}{option}"));
    if inferred {
        say("Its evidence is `inferred` until you say where AWS does so.");
    }
    Ok(Exit::Expected)
}

/// An id that is a path below the scenarios' folder, and nothing else.
fn checked(id: &str) -> Result<&str, Failure> {
    let id = id.strip_suffix(".yaml").unwrap_or(id);
    let good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    if id.split('/').all(good) && Path::new(id).is_relative() {
        return Ok(id);
    }
    Err(Failure::usage(format!(
        "`{id}` is no id: it is a path of letters, digits, `-`, `_` and `.`, for example versions/put-twice"
    )))
}

fn operation(name: &str) -> Result<String, Failure> {
    if shapes().operation(name).is_some() {
        return Ok(name.to_owned());
    }
    let near = nearest::nearest(name, shapes().operations().map(|operation| operation.name.as_str()));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(Failure::usage(format!("Secrets Manager has no operation `{name}`{hint}")))
}

fn kind_of(typed: Gate) -> EvidenceKind {
    match typed {
        Gate::AwsRecorded => EvidenceKind::AwsRecorded,
        Gate::AwsDocs => EvidenceKind::AwsDocs,
        Gate::AwsModel => EvidenceKind::AwsModel,
        Gate::Reported => EvidenceKind::Reported,
        Gate::Inferred => EvidenceKind::Inferred,
    }
}
