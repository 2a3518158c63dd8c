//! The address of a PostgreSQL server, with the password and the settings of the connection.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chat::Fault;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::steps::Schema;
use super::tls::Tls;

/// The way to a database on a PostgreSQL server.
#[derive(Clone)]
pub struct PostgresConfig {
    pub(crate) server: Config,
    pub(super) tls: Tls,
    /// The number of connections that read.
    pub(super) readers: usize,
    /// The number of connections that write.
    pub(super) writers: usize,
    /// The folder of files that this node can make anew, such as the search index.
    pub(super) folder: PathBuf,
    /// The name of this node, for operators.
    pub(super) node: String,
    pub(super) failover: Failover,
    /// The schema as this node knows it.
    pub(super) schema: Schema,
}

/// The meaning of a standby that took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// It may lack commits: the logs get a new epoch, and readers load anew.
    Epoch,
    /// It was synchronous and has all commits: everything goes on.
    Lossless,
}

/// The time after which an unanswered connection counts as lost.
const UNANSWERED: Duration = Duration::from_secs(10);

impl PostgresConfig {
    /// Reads an address such as `postgres://hubbub@db.example.com/hubbub?sslmode=verify-full`. A password may be in it,
    /// or apart. Certificates are verified unless `sslmode` is `disable`; without `sslmode`, a server on this machine is
    /// reached without TLS.
    ///
    /// # Errors
    /// If it is no such address; the sentence has no password in it.
    pub fn new(address: &str, password: Option<&str>, folder: PathBuf) -> Result<Self, Fault> {
        let wrong = |reason: &dyn fmt::Display| {
            Fault::unlogged(format!(
                "the address of the database is not right: {reason}; it looks like \
                 postgres://hubbub@127.0.0.1:5432/hubbub"
            ))
        };
        let Address { address, mode, authorities } = Address::split(address);
        if address.matches('@').count() > 1 {
            let reason =
                "a password in it with @, / or # needs %40, %2F or %23 for them; or give the password apart";
            return Err(wrong(&reason));
        }
        // The error may repeat a part of the address, so it is not shown.
        let mut server: Config =
            address.parse().map_err(|_| wrong(&"a part of it is unknown, or its port is not a number"))?;
        if server.get_dbname().is_none() {
            return Err(wrong(&"it names no database"));
        }
        if server.get_user().is_none() {
            return Err(wrong(&"it names no user"));
        }
        if let Some(password) = password {
            server.password(password);
        }
        let tls = match mode.as_deref() {
            Some("disable") => Tls::Off,
            None if is_local(&server) => Tls::Off,
            None | Some("require" | "verify-ca" | "verify-full") => Tls::verified(authorities.as_deref())?,
            Some(other) => {
                let reason =
                    format!("sslmode={other} is not supported; choose disable, require or verify-full");
                return Err(wrong(&reason));
            }
        };
        server.ssl_mode(match tls {
            Tls::Off => tokio_postgres::config::SslMode::Disable,
            Tls::On(_) => tokio_postgres::config::SslMode::Require,
        });
        let hosts = u32::try_from(server.get_hosts().len().max(1)).unwrap_or(1);
        server
            // Each host has its turn.
            .connect_timeout(UNANSWERED / hosts)
            .tcp_user_timeout(UNANSWERED);
        Ok(Self {
            server,
            tls,
            readers: 8,
            writers: 4,
            folder,
            node: "hubbub".into(),
            failover: Failover::Epoch,
            schema: Schema::default(),
        })
    }

    /// Sets the numbers of connections that read and that write, at least one each.
    #[must_use]
    pub fn with_connections(self, readers: usize, writers: usize) -> Self {
        Self { readers: readers.max(1), writers: writers.max(1), ..self }
    }

    /// Sets the name of this node; other nodes may have the same.
    #[must_use]
    pub fn with_node(self, name: &str) -> Self {
        Self { node: name.to_owned(), ..self }
    }

    /// Sets the meaning of a standby that took over; at first it is [`Failover::Epoch`].
    #[must_use]
    pub fn with_failover(self, failover: Failover) -> Self {
        Self { failover, ..self }
    }

    /// Sets the steps of the schema, as another version knows them.
    #[must_use]
    pub fn with_schema(self, schema: Schema) -> Self {
        Self { schema, ..self }
    }

    /// Returns the number of connections that this node uses at most.
    #[must_use]
    pub const fn connections(&self) -> usize {
        // One more for the node's own row.
        self.readers + self.writers + 1
    }

    /// Returns the address without the password, as it can be shown and given to PostgreSQL's own programs.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("postgres://{}@{}/{}", self.user(), self.place(), self.database())
    }

    /// Returns the way to each host, in their order.
    pub(super) fn hosts(&self) -> Vec<Config> {
        (0..self.server.get_hosts().len()).map(|index| only_host(&self.server, index)).collect()
    }

    /// Returns the hosts with their ports.
    pub(super) fn place(&self) -> String {
        let ports = self.server.get_ports();
        let shown = |(index, host): (usize, &Host)| {
            // One port is that of all hosts.
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        };
        self.server.get_hosts().iter().enumerate().map(shown).collect::<Vec<_>>().join(",")
    }

    pub(super) fn user(&self) -> &str {
        self.server.get_user().unwrap_or("postgres")
    }

    pub(super) fn database(&self) -> &str {
        self.server.get_dbname().unwrap_or_default()
    }
}

impl PartialEq for PostgresConfig {
    /// The encryption follows from the address.
    fn eq(&self, other: &Self) -> bool {
        let of = |config: &Self| {
            (config.readers, config.writers, config.folder.clone(), config.node.clone(), config.failover)
        };
        self.server == other.server && of(self) == of(other)
    }
}

impl Eq for PostgresConfig {}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig").field("address", &self.shown()).finish_non_exhaustive()
    }
}

/// Returns the settings of a connection with one of its hosts alone.
fn only_host(server: &Config, index: usize) -> Config {
    let mut only = Config::new();
    only.ssl_mode(server.get_ssl_mode())
        .ssl_negotiation(server.get_ssl_negotiation())
        .channel_binding(server.get_channel_binding())
        .keepalives(server.get_keepalives())
        .keepalives_idle(server.get_keepalives_idle())
        .user(server.get_user().unwrap_or_default())
        .dbname(server.get_dbname().unwrap_or_default());
    match server.get_hosts().get(index) {
        Some(Host::Tcp(name)) => drop(only.host(name)),
        #[cfg(unix)]
        Some(Host::Unix(path)) => drop(only.host_path(path)),
        None => {}
    }
    // One port is that of all hosts.
    if let Some(port) = server.get_ports().get(index).or(server.get_ports().first()) {
        only.port(*port);
    }
    if let Some(address) = server.get_hostaddrs().get(index) {
        only.hostaddr(*address);
    }
    if let Some(password) = server.get_password() {
        only.password(password);
    }
    if let Some(options) = server.get_options() {
        only.options(options);
    }
    if let Some(limit) = server.get_connect_timeout() {
        only.connect_timeout(*limit);
    }
    if let Some(limit) = server.get_tcp_user_timeout() {
        only.tcp_user_timeout(*limit);
    }
    if let Some(interval) = server.get_keepalives_interval() {
        only.keepalives_interval(interval);
    }
    if let Some(retries) = server.get_keepalives_retries() {
        only.keepalives_retries(retries);
    }
    only
}

/// An address without the parameters about TLS, of which the client library knows fewer than PostgreSQL's own tools.
struct Address {
    address: String,
    mode: Option<String>,
    /// The file with the certificate authorities, `sslrootcert`.
    authorities: Option<PathBuf>,
}

impl Address {
    fn split(address: &str) -> Self {
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let mut split = Self { address: base.to_owned(), mode: None, authorities: None };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", mode)) => split.mode = Some(mode.to_owned()),
                Some(("sslrootcert", file)) => split.authorities = Some(file.into()),
                _ => {
                    split.address.push(if split.address.contains('?') { '&' } else { '?' });
                    split.address.push_str(parameter);
                }
            }
        }
        split
    }
}

/// Returns true if every host is this machine.
fn is_local(server: &Config) -> bool {
    server.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<PostgresConfig, String> {
        PostgresConfig::new(address, None, PathBuf::new()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_address_says_whether_the_connection_is_encrypted() {
        let is_off = |address| matches!(read(address).unwrap().tls, Tls::Off);
        assert!(is_off("postgres://hubbub@127.0.0.1/hubbub"));
        assert!(is_off("postgres://hubbub@db.example.com/hubbub?sslmode=disable"));
        assert!(!is_off("postgres://hubbub@db.example.com/hubbub"));
        assert!(!is_off("postgres://hubbub@127.0.0.1/hubbub?sslmode=verify-full"));
        assert!(!is_off("postgres://hubbub@127.0.0.1/hubbub?keepalives=1&sslmode=require"));
    }

    #[test]
    fn each_host_of_an_address_is_tried_with_all_its_settings() {
        let config =
            read("postgres://ann:Tieguanyin@a:1,b:2/tea?keepalives_retries=3&sslmode=disable").unwrap();
        let [first, second] = &config.hosts()[..] else { panic!("two hosts") };
        assert_eq!((first.get_hosts(), first.get_ports()), (&[Host::Tcp("a".into())][..], &[1][..]));
        let mut expected = config.server.clone();
        expected.connect_timeout(UNANSWERED / 2);
        assert_eq!(config.server, expected);
        let alone = read("postgres://ann:Tieguanyin@b:2/tea?keepalives_retries=3&sslmode=disable").unwrap();
        let mut expected = alone.server;
        expected.connect_timeout(UNANSWERED / 2);
        assert_eq!(*second, expected);
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("postgres://hubbub:Tieguanyin@db/tea", "postgres://hubbub@db:5432/tea"),
            ("postgresql://ann@127.0.0.1:5433/tea?connect_timeout=3", "postgres://ann@127.0.0.1:5433/tea"),
            ("postgres://ann@[::1]:1/tea?sslmode=disable", "postgres://ann@[::1]:1/tea"),
            ("postgres://ann@a:1,b:2/tea?sslmode=disable", "postgres://ann@a:1,b:2/tea"),
        ] {
            assert_eq!(read(address).unwrap().shown(), shown);
        }
    }

    #[test]
    fn an_address_that_is_not_right_is_refused_without_its_password() {
        for address in ["postgres://hubbub:Tieguanyin@", "postgres://hubbub:Tieguanyin@[/x", "mysql://x", ""]
        {
            let refused = read(address).unwrap_err();
            assert!(refused.contains("postgres://hubbub@127.0.0.1:5432/hubbub"), "{refused}");
            assert!(!refused.contains("Tieguanyin"), "{refused}");
        }
        let refused = read("postgres://hubbub@127.0.0.1/hubbub?sslmode=allow").unwrap_err();
        assert!(refused.contains("sslmode=allow") && refused.contains("verify-full"), "{refused}");
        for address in
            ["postgres://a:p@Tieguanyin@h:5433/b", "postgres://a:p@Tie/guanyin#x@h/b?sslmode=disable"]
        {
            let refused = read(address).unwrap_err();
            assert!(refused.contains("%40") && !refused.contains("Tie"), "{refused}");
        }
        let refused = read("postgres://a@127.0.0.1/b?sslmod=disable").unwrap_err();
        assert!(refused.contains("a part of it is unknown"), "{refused}");
        assert!(
            !format!("{:?}", read("postgres://a:Tieguanyin@127.0.0.1/b").unwrap()).contains("Tieguanyin")
        );
    }
}
