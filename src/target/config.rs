//! `smcheck.toml`: the targets by name. The presets are a file of the same shape inside the binary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file that is looked for in the current folder.
pub const FILE: &str = "smcheck.toml";
/// The targets that every smcheck knows.
const PRESETS: &str = include_str!("../../smcheck.toml");

/// All targets that are known by name.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The targets; those of the user's file replace presets of the same name.
    pub targets: BTreeMap<String, TargetConfig>,
}

/// One `[targets.NAME]` table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetConfig {
    /// The endpoint of a server that runs already.
    pub url: Option<String>,
    /// The command that starts an emulator; `{port}` and `{dir}` (a new folder) are filled in.
    pub start: Option<String>,
    /// The path that answers 200 when the emulator is ready.
    pub ready: Option<String>,
    /// The request that empties it, for example `POST /moto-api/reset`.
    pub reset: Option<String>,
    /// The request that moves its clock, for example `POST /_smcheck/clock`.
    pub clock: Option<String>,
    /// The command that prints its version.
    pub version: Option<String>,
    /// Environment variables of the emulator; `{port}` and `{dir}` are filled in.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Files that are written into `{dir}` before it starts: their path there, and their text.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The file of known deviations, relative to the folder of the configuration.
    pub known: Option<PathBuf>,
    /// The region to call; the environment's, or `us-east-1`, when it is not said.
    pub region: Option<String>,
    /// Whether changes show at once (the default) or after a while.
    #[serde(default)]
    pub consistency: Consistency,
    /// Capabilities, each with the value of its variable, or `true` where there is none.
    #[serde(default)]
    pub provides: BTreeMap<String, toml::Value>,
    /// Accounts that may be used, for the target `aws`.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Whether every access key of twelve digits is an account of its own.
    #[serde(default)]
    pub account_by_access_key: bool,
    /// A file of PEM certificates: the authorities to trust for `https`, relative to the folder of the configuration
    /// (default: what `AWS_CA_BUNDLE` names, else the system's).
    pub ca_bundle: Option<PathBuf>,
    /// Seconds to wait for a connection (default 5).
    pub connect_timeout: Option<u32>,
    /// Seconds to wait for a response (default 30).
    pub timeout: Option<u32>,
    /// Seconds to wait until a started emulator is ready (default 60).
    pub start_timeout: Option<u32>,
    /// How many scenarios run at once.
    pub jobs: Option<usize>,
}

/// When a change can be read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consistency {
    /// At once.
    #[default]
    Strong,
    /// After a while.
    Eventual,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be; the text names the place.
    #[error("{}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    targets: BTreeMap<String, TargetConfig>,
}

impl Config {
    /// The presets, and over them the targets of `smcheck.toml` in `folder` where there is one.
    ///
    /// # Errors
    /// When the file cannot be read or is not a configuration.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::read(Some((&path, &text))),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Self::read(None),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }

    /// As [`Config::load`], with the text of the file.
    ///
    /// # Errors
    /// When the text is not a configuration.
    pub fn read(file: Option<(&Path, &str)>) -> Result<Self, ConfigError> {
        let mut config = Config { targets: parse(Path::new("the presets"), PRESETS)? };
        if let Some((path, text)) = file {
            let folder = path.parent().unwrap_or(Path::new(""));
            for (name, mut target) in parse(path, text)? {
                target.known = target.known.map(|known| folder.join(known));
                target.ca_bundle = target.ca_bundle.map(|bundle| folder.join(bundle));
                config.targets.insert(name, target);
            }
        }
        Ok(config)
    }
}

/// The table of a preset as it is written, for a configuration that begins with it.
pub fn preset(name: &str) -> Option<&'static str> {
    let begin = PRESETS.find(&format!("[targets.{name}]\n"))?;
    let rest = &PRESETS[begin..];
    // A table ends at the empty line before the next one, or before its comment; the last one with the file.
    Some(rest.find("\n\n").map_or(rest, |end| &rest[..=end]))
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, TargetConfig>, ConfigError> {
    let file: File = toml::from_str(text).map_err(|why| {
        let before = &text[..why.span().map_or(0, |span| span.start.min(text.len()))];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ConfigError::Parse {
            path: PathBuf::from(format!("{}:{line}:{column}", path.display())),
            message: why.message().to_owned(),
        }
    })?;
    Ok(file.targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_a_configuration() {
        let config = Config::read(None).expect("they parse");
        assert!(config.targets.contains_key("moto"));
    }

    #[test]
    fn every_preset_is_shown_as_a_configuration_of_its_own() {
        let config = Config::read(None).expect("they parse");
        for name in config.targets.keys() {
            let text = preset(name).expect("it is there");
            let alone = parse(Path::new("p"), text).expect("it parses alone");
            assert_eq!(alone.keys().collect::<Vec<_>>(), [name], "{text}");
            assert!(text.ends_with('\n'), "{text}");
        }
        assert_eq!(preset("nobody"), None);
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let text = "[targets.mine]\nurl = 'http://x'\nstrat = 'y'\n";
        let error = Config::read(Some((Path::new("a/smcheck.toml"), text))).expect_err("there is no `strat`");
        let shown = error.to_string();
        assert!(shown.starts_with("a/smcheck.toml:3:1: unknown field `strat`"), "{shown}");
    }
}
