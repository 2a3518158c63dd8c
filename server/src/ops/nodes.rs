//! The command `hubbub nodes`: lists the nodes that share a PostgreSQL database.

use chat::Caller;
use chat::store::NodeRow;

use super::backup::day_and_time;
use super::control::{self, Reply, Request};
use crate::config::{Config, ConfigError};
use crate::open::{self, Opened};

/// Lists the nodes, one line each; asks the node that holds the data folder, or else the database.
///
/// # Errors
/// If the database cannot be reached, or the store is not shared.
pub async fn list_nodes(config: &Config) -> Result<String, ConfigError> {
    if config.store.postgres().is_none() {
        let store = config.store.name();
        return Err(ConfigError(format!(
            "one server has the whole store = \"{store}\"; there are no other nodes"
        )));
    }
    if let Some(reply) = control::ask(config, &Request::Nodes).await {
        return match reply? {
            Reply::Nodes(text) => Ok(text),
            Reply::Wrong(wrong) => Err(ConfigError(wrong)),
            other => Err(ConfigError(format!("the server answered something else: {other:?}"))),
        };
    }
    let Opened { chat, files: _files, .. } = open::open(config).await?;
    let listed = chat.nodes(&Caller::operator()).await;
    // An error is a row that the others see grow old.
    let _ = chat.shut_down().await;
    let listed = listed.map_err(|no| ConfigError(format!("the nodes cannot be read: {no:?}")))?;
    Ok(table(&listed))
}

/// Returns the list as a table of text.
pub(super) fn table(nodes: &[NodeRow]) -> String {
    let head = ["name", "version", "started", "seen", "sockets", "state"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(nodes.iter().map(row));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(node: &NodeRow) -> [String; 6] {
    let state = match node {
        NodeRow { is_alive: false, .. } => "dead",
        NodeRow { is_stopping: true, .. } => "stopping",
        _ => "alive",
    };
    [
        node.name.clone(),
        node.version.clone(),
        day_and_time(node.started.0),
        time(node.seen.0),
        node.sockets.to_string(),
        state.to_owned(),
    ]
}

/// Formats a time of the day in UTC, as `23:05:17 UTC`.
fn time(millis: i64) -> String {
    let seconds = millis.rem_euclid(86_400_000) / 1_000;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use wire::Timestamp;

    use super::*;

    #[test]
    fn nodes_are_listed_in_columns_with_their_state() {
        let node = |name: &str, sockets, is_alive| NodeRow {
            id: [7; 8],
            name: name.into(),
            version: "0.1.0".into(),
            started: Timestamp(1_795_234_657_250),
            seen: Timestamp(1_795_234_663_250),
            sockets,
            is_stopping: sockets == 0,
            is_alive,
        };
        let nodes = [node("left", 1_207, true), node("mitte-größer", 0, true), node("right", 0, false)];
        assert_eq!(
            table(&nodes),
            "name          version  started               seen          sockets  state\n\
             left          0.1.0    2026-11-21 04:17 UTC  04:17:43 UTC  1207     alive\n\
             mitte-größer  0.1.0    2026-11-21 04:17 UTC  04:17:43 UTC  0        stopping\n\
             right         0.1.0    2026-11-21 04:17 UTC  04:17:43 UTC  0        dead"
        );
    }
}
