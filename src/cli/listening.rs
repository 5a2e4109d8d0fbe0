//! Where a server of ours listens, and what an SDK needs to find it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Failure;
use super::output;
use crate::server::{Bound, Listen, Server, Tls};
use crate::service::sigv4::Credentials;
use crate::store::atomic;

/// Where a server listens.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Listening")]
pub struct Listening {
    /// The port; 0 picks a free one
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// The address; other than loopback, others on the network can reach it
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// Speak TLS, with a certificate that is made for this run
    #[arg(long)]
    pub tls: bool,
    /// By which name or address clients call it, besides localhost; as often as wanted
    #[arg(long, value_name = "NAME", requires = "tls")]
    pub tls_name: Vec<String>,
    /// Where to write the certificate authority for AWS_CA_BUNDLE [default: a temporary file]
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub ca_file: Option<PathBuf>,
}

/// A place to listen, ready to be used.
#[derive(Debug)]
pub(super) struct Prepared {
    listen: Listen,
    ca_file: Option<PathBuf>,
    /// Removed at the end.
    _folder: Option<tempfile::TempDir>,
}

/// Makes the certificate and its file, where there is TLS.
pub(super) fn prepare(args: &Listening) -> Result<Prepared, Failure> {
    let mut prepared = Prepared {
        listen: Listen { address: args.bind, port: args.port, ..Listen::default() },
        ca_file: None,
        _folder: None,
    };
    if !args.tls {
        return Ok(prepared);
    }
    let mut names = args.tls_name.clone();
    if !args.bind.is_unspecified() && !args.bind.is_loopback() {
        names.push(args.bind.to_string());
    }
    let tls = Tls::generate(&names).map_err(Failure::usage)?;
    let path = match &args.ca_file {
        Some(path) => path.clone(),
        None => {
            let folder = tempfile::Builder::new().prefix("smcheck-ca-").tempdir();
            let folder =
                folder.map_err(|why| Failure::usage(format!("cannot make a temporary folder: {why}")))?;
            let path = folder.path().join("ca.pem");
            prepared._folder = Some(folder);
            path
        }
    };
    atomic::write(&path, tls.authority().as_bytes()).map_err(|why| cannot_write(&path, &why))?;
    prepared.listen.tls = Some(tls);
    prepared.ca_file = Some(path);
    Ok(prepared)
}

impl Prepared {
    /// Takes the place.
    pub(super) async fn bind(&self) -> Result<Bound, Failure> {
        let Listen { address, port, .. } = self.listen;
        if !address.is_loopback() {
            output::warn(&format!(
                "--bind {address}: whoever reaches this address can talk to this server, not only this machine"
            ));
        }
        Server::bind(self.listen.clone())
            .await
            .map_err(|why| Failure::target(format!("cannot listen on {address}:{port}: {why}")))
    }

    /// The environment variables with which SDKs find the server. boto3 reads one name of the region, others the
    /// other; Node reads authorities from a variable of its own.
    pub(super) fn environment(
        &self,
        server: &Server,
        credentials: &Credentials,
        region: &str,
    ) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.local_endpoint()),
            ("AWS_ACCESS_KEY_ID", credentials.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_key.clone()),
            ("AWS_REGION", region.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
        ];
        if let Some(path) = &self.ca_file {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            variables.push(("AWS_CA_BUNDLE", path.display().to_string()));
            variables.push(("NODE_EXTRA_CA_CERTS", path.display().to_string()));
        }
        variables
    }
}

/// Writes variables as `NAME=VALUE` lines, for their owner alone.
pub(super) fn write_environment(path: &Path, variables: &[(&'static str, String)]) -> Result<(), Failure> {
    let text: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    atomic::write_private(path, text.as_bytes()).map_err(|why| cannot_write(path, &why))
}

/// The variables as lines for a shell.
pub(super) fn exports(variables: &[(&'static str, String)]) -> String {
    variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect()
}

/// A word of a shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    match value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}

fn cannot_write(path: &Path, why: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_every_value_as_one_word() {
        let lines = exports(&[("A", "http://127.0.0.1:1/x".to_owned()), ("B", "a b'$(c)".to_owned())]);
        assert_eq!(lines, "export A=http://127.0.0.1:1/x\nexport B='a b'\\''$(c)'\n");
    }
}
