//! URLs with a user and a password in them, as connection strings are written.

/// What stands before `://` in a connection string. What begins with another word is not taken apart: a random
/// password may hold those signs too.
const SCHEMES: &[&str] = &[
    "amqp",
    "amqps",
    "clickhouse",
    "cockroachdb",
    "elasticsearch",
    "ftp",
    "ftps",
    "git",
    "grpc",
    "grpcs",
    "http",
    "https",
    "imap",
    "imaps",
    "jdbc:db2",
    "jdbc:mariadb",
    "jdbc:mysql",
    "jdbc:oracle",
    "jdbc:postgresql",
    "jdbc:redshift",
    "jdbc:sqlserver",
    "kafka",
    "ldap",
    "ldaps",
    "mariadb",
    "mongodb",
    "mongodb+srv",
    "mqtt",
    "mqtts",
    "mssql",
    "mysql",
    "mysql+pymysql",
    "nats",
    "oracle",
    "postgres",
    "postgresql",
    "postgresql+psycopg",
    "postgresql+psycopg2",
    "redis",
    "rediss",
    "redshift",
    "s3",
    "sftp",
    "smtp",
    "smtps",
    "snowflake",
    "sqlserver",
    "ssh",
    "tcp",
    "ws",
    "wss",
];

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlParts<'u> {
    /// What stands before `://`.
    pub scheme: &'u str,
    /// The user; `None` without an `@`.
    pub user: Option<&'u str>,
    /// The password.
    pub password: Option<&'u str>,
    /// One host or several.
    pub host: &'u str,
    /// The port.
    pub port: Option<&'u str>,
    /// What follows the first slash.
    pub path: Option<&'u str>,
    /// Names and values of the query.
    pub query: Vec<(&'u str, &'u str)>,
}

impl<'u> UrlParts<'u> {
    /// Takes a URL of a known scheme apart; `None` for anything else.
    pub fn parse(text: &'u str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if !SCHEMES.contains(&scheme) || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
        let (authority, path) =
            rest.split_once('/').map_or((rest, None), |(before, path)| (before, Some(path)));
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
            Some(Ok((user, password))) => (Some(user), Some(password)),
            Some(Err(user)) => (Some(user), None),
            None => (None, None),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, Some(port))
            }
            _ => (address, None),
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        Some(UrlParts { scheme, user, password, host, port, path, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_comes_apart() {
        let url = UrlParts::parse("postgres://u:p:q@h:5432/db/x?a=b&c#d").expect("it is a URL");
        assert_eq!((url.user, url.password, url.host), (Some("u"), Some("p:q"), "h"));
        assert_eq!((url.port, url.path), (Some("5432"), Some("db/x")));
        assert_eq!(url.query, [("a", "b"), ("c", "")]);
        let url = UrlParts::parse("redis://:p@h").expect("it is a URL");
        assert_eq!((url.user, url.password, url.host, url.path), (Some(""), Some("p"), "h", None));
        for text in ["hunter2://x", "https", "http://a b", "x"] {
            assert_eq!(UrlParts::parse(text), None, "{text}");
        }
    }
}
