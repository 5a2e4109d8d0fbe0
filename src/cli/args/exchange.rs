//! Arguments of `import` and `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// A format of another tool, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TypedFormat {
    /// Whatever the file seems to be
    Auto,
    /// HTTP Archive 1.2
    Har,
    /// A cassette of vcrpy, YAML or JSON
    Vcrpy,
    /// Stub mappings of WireMock, a file or a folder
    Wiremock,
    /// NetworkTraffic of the AWS SDK for Rust's test utilities
    AwsSdkRust,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = "A recording of ours can be imported too, to make a scenario of it.\n\n\
    Examples:\n  \
    smcheck import shop.har --out recordings                       to recordings/shop.jsonl\n  \
    smcheck import a.yaml b.yaml --name shop --out recordings      two cassettes, one recording\n  \
    smcheck import recordings/shop.jsonl --scenario scenarios/shop.yaml\n\n\
    See docs/exchange.md for what each format can hold.")]
pub struct ImportArgs {
    /// The files; a folder is one of WireMock mappings
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The format of the files
    #[arg(long, value_enum, default_value_t = TypedFormat::Auto, value_name = "FORMAT")]
    pub from: TypedFormat,
    /// The folder for recordings
    #[arg(long, value_name = "DIR", required_unless_present = "scenario")]
    pub out: Option<PathBuf>,
    /// The name of one recording of all files [default: one for each, named as the file]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Names of secrets that differ from run to run; as often as wanted
    #[arg(long, value_name = "GLOB")]
    pub variable_name: Vec<String>,
    /// Make a scenario too, to a new file or to stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub scenario: Option<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck export recordings/shop.jsonl --to vcrpy --out cassettes/shop.yaml\n  \
    smcheck export recordings/shop.jsonl --to wiremock --out wiremock/mappings/shop.json\n\n\
    See docs/exchange.md for what each format can hold.")]
pub struct ExportArgs {
    /// The recording: a .jsonl file, or a fixture
    #[arg(value_name = "RECORDING")]
    pub recording: PathBuf,
    /// The format
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub to: TypedFormat,
    /// The file to write; of vcrpy's formats its ending chooses YAML or .json
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Where requests are said to have gone [default: AWS's endpoint of the recording's region]
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
}
