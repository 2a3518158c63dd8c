//! The part of `hubbub doctor` about a PostgreSQL database.

use chat::{Clock, MasterSecret, SystemClock};
use store::{Examination, PostgresConfig, PostgresStore};

use super::doctor::Diagnosis;
use crate::config::Config;

/// The oldest version of the server, as a number and as people write it.
const OLDEST: (u32, &str) = (140_000, "14");
/// The largest difference of clocks that is fine, in milliseconds. The server follows the clock of the database, but the
/// machine's own gives the time of log lines and judges certificates.
const CLOCKS_DIFFER: u64 = 2_000;
/// The longest round trip, in milliseconds, with which commits are quick.
const SLOW_MS: f64 = 5.0;

/// Examines the database, and adds the findings.
pub(super) fn examine(found: &mut Diagnosis, config: &Config, database: &PostgresConfig) {
    let secret = config.secret.clone().or_else(|| of_folder(config));
    match PostgresStore::examine(database, secret.as_ref()) {
        Err(error) => found.wrong("database", error.to_string()),
        Ok(seen) => {
            reached(found, database, &seen);
            durability(found, &seen);
            time(found, &seen);
            connections(found, database, &seen);
            transactions(found, &seen);
            tables(found, &seen);
        }
    }
}

/// Sends a message to oneself over the bus, and adds the finding.
pub(super) async fn bus(found: &mut Diagnosis, config: &Config) {
    let address = config.bus.without_password();
    match bus::probe(&config.bus).await {
        None => {
            let says = "there is none; messages of other nodes come up to a second late, and nobody sees who is here \
                        or types on another node";
            found.ok("bus", says.into());
        }
        Some(Ok(took)) => {
            let millis = took.as_secs_f64() * 1_000.0;
            found.ok("bus", format!("a message to itself over {address} was back after {millis:.1} ms"));
        }
        Some(Err(error)) => {
            found.wrong(
                "bus",
                format!("no message comes back over {address}: {error}; look at bus in the settings"),
            );
        }
    }
}

/// Reads the secret of the data folder, if it has one that can be read; another check says so if not.
fn of_folder(config: &Config) -> Option<MasterSecret> {
    MasterSecret::parse(&std::fs::read_to_string(config.data.join("secret.key")).ok()?)
}

fn reached(found: &mut Diagnosis, database: &PostgresConfig, seen: &Examination) {
    let (version, shown) = (version(seen.version), database.shown());
    if seen.version < OLDEST.0 {
        let oldest = OLDEST.1;
        found.wrong("database", format!("{shown} is PostgreSQL {version}; upgrade it to {oldest} or later"));
    } else if seen.is_standby {
        let says =
            format!("{shown} is a standby, on which nothing can be written; name the primary in store");
        found.wrong("database", says);
    } else {
        found.ok("database", format!("{shown} is PostgreSQL {version}, and can be written"));
    }
}

/// Returns a version as people write it: 150004 is 15.4.
fn version(number: u32) -> String {
    format!("{}.{}", number / 10_000, number % 10_000)
}

fn durability(found: &mut Diagnosis, seen: &Examination) {
    match (seen.synchronous_commit.as_str(), seen.synchronous_standbys.as_str()) {
        ("off", _) => found.wrong(
            "durability",
            "synchronous_commit is off, which loses acknowledged messages; set it to on in postgresql.conf".into(),
        ),
        ("local", standbys) if !standbys.is_empty() => found.look(
            "durability",
            "synchronous_commit is local: a standby may lack acknowledged messages; set it to on".into(),
        ),
        (commit, "") => found.ok(
            "durability",
            format!("synchronous_commit is {commit}; there is no synchronous standby, so a failover may lose messages"),
        ),
        (commit, standbys) => {
            found.ok("durability", format!("synchronous_commit is {commit}, with the standbys {standbys}"));
        }
    }
}

fn time(found: &mut Diagnosis, seen: &Examination) {
    let millis = seen.round_trip.as_secs_f64() * 1_000.0;
    if millis > SLOW_MS {
        let says = format!(
            "{millis:.1} ms to the database; each commit takes several, so move the node nearer to it"
        );
        found.look("round trip", says);
    } else {
        found.ok("round trip", format!("{millis:.1} ms to the database"));
    }
    let differ = seen.now.0.abs_diff(SystemClock.now().0);
    if differ > CLOCKS_DIFFER {
        let says = format!(
            "this machine's differs from the database's by {differ} ms, which messages and sessions follow; have both \
             kept right (NTP)"
        );
        found.look("clocks", says);
    } else {
        found.ok("clocks", "this machine's agrees with the database's".into());
    }
}

fn connections(found: &mut Diagnosis, database: &PostgresConfig, seen: &Examination) {
    let alive = seen.nodes.iter().filter(|node| node.is_alive).count().max(1);
    let (each, most) = (database.connections() as u64, seen.most_connections);
    let need = each.saturating_mul(alive as u64);
    let of = format!(
        "alive nodes: {alive}, with up to {each} each; {} open, {most} allowed",
        seen.open_connections
    );
    if need > most {
        found.wrong("connections", format!("{of}; raise max_connections to {}, or lower readers", need + 10));
    } else if need + each > most {
        found.look("connections", format!("{of}; raise max_connections before you add a node"));
    } else {
        found.ok("connections", of);
    }
}

fn transactions(found: &mut Diagnosis, seen: &Examination) {
    let Some(oldest) = seen.long_transactions.first() else {
        found.ok("horizon", "no long transaction holds back search, jobs and inboxes".into());
        return;
    };
    let (owner, seconds) = (&oldest.owner, oldest.seconds);
    let remedy = match oldest.process {
        0 => format!("COMMIT PREPARED or ROLLBACK PREPARED the one of {owner}"),
        process => format!("end it with SELECT pg_terminate_backend({process})"),
    };
    let says = format!(
        "a transaction of {owner} is {seconds} s old; until it ends, search, jobs and inboxes get nothing new; {remedy}"
    );
    found.wrong("horizon", says);
}

fn tables(found: &mut Diagnosis, seen: &Examination) {
    match (seen.schema, seen.has_secret) {
        (None, _) => found.look("tables", "there are none yet; the first start makes them".into()),
        (Some((schema, ours)), _) if !seen.works_with_schema => found.wrong(
            "tables",
            format!("they are of schema {schema}, and this version works with {ours}; start the version that made them"),
        ),
        (Some((schema, ours)), _) if schema < ours => found.look(
            "tables",
            format!("they are of schema {schema}; a node of this version makes {ours} of it, as soon as no older one runs"),
        ),
        (Some((schema, _)), Some(false)) => found.wrong(
            "tables",
            format!(
                "schema {schema}, of another master secret; set the HUBBUB_SECRET of the other nodes, or copy their \
                 secret.key"
            ),
        ),
        (Some((schema, _)), has_secret) => {
            let alive = seen.nodes.iter().filter(|node| node.is_alive).count();
            let secret = if has_secret.is_some() { ", of this master secret" } else { "" };
            found.ok("tables", format!("schema {schema}{secret}; alive nodes: {alive}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_as_people_do() {
        assert_eq!((version(150_004), version(140_000)), ("15.4".into(), "14.0".into()));
    }
}
