//! `smcheck import`.

use std::path::{Path, PathBuf};

use super::args::{ImportArgs, TypedFormat};
use super::exit::{Exit, Failure};
use super::output;
use crate::store::exchange::{
    FILE_MAX, Format, Imported, Malformed, Recording, Wanted, assemble, har, sdk_rust, vcrpy, wiremock,
};
use crate::store::file_stem;
use crate::suite::imported;

/// Makes recordings of files of other tools, and a scenario if it is wanted.
pub(super) fn import(args: &ImportArgs) -> Result<Exit, Failure> {
    let mut recordings = Vec::new();
    match &args.name {
        Some(name) => recordings.push(one(&args.files, name, args)?),
        None => {
            for file in &args.files {
                recordings.push(one(std::slice::from_ref(file), &stem(file), args)?);
            }
        }
    }
    let mut names = std::collections::BTreeSet::new();
    if let Some(twice) = recordings.iter().find(|recording| !names.insert(recording.name().to_owned())) {
        let name = twice.name();
        return Err(Failure::usage(format!(
            "two files make a recording `{name}`; name one of both with --name"
        )));
    }
    if let (Some(path), [_, _, ..]) = (&args.scenario, recordings.as_slice()) {
        let name = path.display();
        return Err(Failure::usage(format!(
            "`{name}` is one scenario, and there are several recordings: use --name"
        )));
    }
    if let Some(folder) = &args.out {
        for recording in &recordings {
            let (text, ending) = recording.render().map_err(Failure::usage)?;
            let path = folder.join(format!("{}.{ending}", file_stem(recording.name())));
            output::save(&path, text.as_bytes())?;
            output::line(&format!("{}: {} exchanges", path.display(), recording.lines.len()));
        }
    }
    if let (Some(path), Some(recording)) = (&args.scenario, recordings.first()) {
        let made = imported::scenario(recording);
        for note in &made.notes {
            output::say(&format!("{}: {note}", recording.name()));
        }
        if path == Path::new("-") {
            output::print(&made.text);
        } else if path.exists() {
            // Somebody may have edited it.
            return Err(Failure::usage(format!("{} is there already, and stays", path.display())));
        } else {
            output::save(path, made.text.as_bytes())?;
            output::line(&format!("{}: {} steps", path.display(), made.steps));
        }
    }
    Ok(Exit::Expected)
}

/// One recording of some files.
fn one(files: &[PathBuf], name: &str, args: &ImportArgs) -> Result<Recording, Failure> {
    let mut read = Vec::new();
    let mut format = None;
    for file in files {
        match content(file, args.from)? {
            Content::Ours(mut recording) => {
                if files.len() > 1 {
                    let path = file.display();
                    return Err(Failure::usage(format!(
                        "{path} is a recording of ours, which joins no other"
                    )));
                }
                if args.name.is_some() && recording.head.recording.is_some() {
                    recording.head.recording = args.name.clone();
                }
                return Ok(*recording);
            }
            Content::Theirs(found, imported) => {
                format = Some(found);
                read.extend(imported);
            }
        }
    }
    let from = format!("imported-{}", format.map_or("file", Format::word));
    let wanted = Wanted { name, from: &from, variable_names: &args.variable_name };
    let assembled = assemble(read, &wanted).map_err(Failure::usage)?;
    for note in &assembled.notes {
        output::say(&format!("{name}: {note}"));
    }
    if assembled.recording.lines.is_empty() {
        return Err(Failure::usage(format!("{name}: there is no exchange with Secrets Manager in it")));
    }
    let mut recording = assembled.recording;
    if args.name.is_some() && recording.head.recording.is_some() {
        recording.head.recording = args.name.clone();
    }
    Ok(recording)
}

enum Content {
    Ours(Box<Recording>),
    Theirs(Format, Vec<Imported>),
}

fn content(path: &Path, from: TypedFormat) -> Result<Content, Failure> {
    if path.is_dir() {
        if !matches!(from, TypedFormat::Auto | TypedFormat::Wiremock) {
            return Err(Failure::usage(format!("{} is a folder; only WireMock has those", path.display())));
        }
        return mappings(path).map(|read| Content::Theirs(Format::WireMock, read));
    }
    let text = text(path)?;
    let format = match from {
        TypedFormat::Har => Format::Har,
        TypedFormat::Vcrpy => Format::Vcrpy,
        TypedFormat::Wiremock => Format::WireMock,
        TypedFormat::AwsSdkRust => Format::SdkRust,
        TypedFormat::Auto => {
            if let Some(ours) = Recording::read(&text) {
                return ours.map(Box::new).map(Content::Ours).map_err(|why| malformed(path, &why));
            }
            // What does not even parse says where.
            if let (true, Err(why)) = (text.trim_start().starts_with('{'), har::read(&text))
                && Format::guess(&text).is_none()
            {
                let hint = "and nothing tells its format: --from says it";
                return Err(Failure::usage(format!("{}:{why}, {hint}", path.display())));
            }
            Format::guess(&text).ok_or_else(|| {
                Failure::usage(format!("{}:1:1: nothing tells the format; --from says it", path.display()))
            })?
        }
    };
    let read = match format {
        Format::Har => har::read(&text),
        Format::Vcrpy => vcrpy::read(&text),
        Format::SdkRust => sdk_rust::read(&text),
        Format::WireMock => {
            let folder = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
            wiremock::read(&text, &|name| body_file(folder, name))
        }
    };
    read.map(|read| Content::Theirs(format, vec![read])).map_err(|why| malformed(path, &why))
}

/// All mappings of a folder of WireMock, or of the folder `mappings` in it.
fn mappings(folder: &Path) -> Result<Vec<Imported>, Failure> {
    let below = folder.join("mappings");
    let (root, folder) = match below.is_dir() {
        true => (folder.to_owned(), below),
        false => (folder.parent().unwrap_or(Path::new(".")).to_owned(), folder.to_owned()),
    };
    let entries = std::fs::read_dir(&folder).map_err(|why| cannot_read(&folder, &why))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::usage(format!("{} holds no .json file", folder.display())));
    }
    let texts = paths.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    wiremock::read_folder(&texts, &|name| body_file(&root, name))
        .map_err(|(at, why)| malformed(&paths[at], &why))
}

/// A file that a mapping names. It lies under `__files`, and no name leads out of there.
fn body_file(root: &Path, name: &str) -> Option<Vec<u8>> {
    let folder = root.join("__files").canonicalize().ok()?;
    let path = folder.join(name).canonicalize().ok().filter(|path| path.starts_with(&folder))?;
    let fits = std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= FILE_MAX);
    fits.then(|| std::fs::read(&path).ok()).flatten()
}

/// The text of a file that may be imported.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let length = std::fs::metadata(path).map_err(|why| cannot_read(path, &why))?.len();
    if length > FILE_MAX {
        return Err(Failure::usage(format!("{} is longer than {} MiB", path.display(), FILE_MAX >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|why| cannot_read(path, &why))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = good.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Failure::usage(format!("{}:{line}:{column}: this is no UTF-8", path.display()))
    })
}

fn cannot_read(path: &Path, why: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {why}", path.display()))
}

pub(super) fn malformed(path: &Path, why: &Malformed) -> Failure {
    Failure::usage(format!("{}:{why}", path.display()))
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().or_else(|| path.file_name()).unwrap_or_default();
    let stem = stem.to_string_lossy().into_owned();
    if stem.is_empty() { "recording".to_owned() } else { stem }
}
