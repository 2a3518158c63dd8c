//! `hubbub move`: a data folder becomes a PostgreSQL database with everything in it, or nothing happens.

#[path = "../damage/mod.rs"]
mod damage;
mod damaged;
mod failed;
mod folder;
mod reads;
mod whole;

use std::path::{Path, PathBuf};

use chat::testing::SeededChance;
use chat::{Fault, MasterSecret, OsRandom};
use services::Postgres;
use store::{MoveRequest, Moved, PostgresConfig, PostgresStore, move_to_postgres};
use wire::Timestamp;

/// The time of every move: 2026-11-30 20:15 UTC.
const AT: Timestamp = Timestamp(1_796_069_700_000);

/// Moves a folder to a database.
fn move_folder(folder: &Path, database: &str, skip_damaged: bool) -> Result<Moved, Fault> {
    move_with(folder, database, skip_damaged, &mut |_| {})
}

fn move_with_secret(folder: &Path, database: &str, secret: MasterSecret) -> Result<Moved, Fault> {
    carry_out(MoveRequest { secret: Some(secret), ..request(folder, database) }, &mut |_| {})
}

fn move_with(
    folder: &Path,
    database: &str,
    skip_damaged: bool,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Moved, Fault> {
    carry_out(MoveRequest { skip_damaged, ..request(folder, database) }, progress)
}

fn request(folder: &Path, database: &str) -> MoveRequest {
    let to = PostgresConfig::new(database, None, PathBuf::new()).unwrap();
    MoveRequest { from: folder.to_owned(), to, secret: None, skip_damaged: false, at: AT }
}

fn carry_out(request: MoveRequest, progress: &mut (dyn FnMut(&str) + Send)) -> Result<Moved, Fault> {
    // It waits, which a thread of the tests' runtime must not.
    std::thread::scope(|scope| scope.spawn(|| move_to_postgres(request, &OsRandom, progress)).join().unwrap())
}

/// Opens a moved database with the secret of its folder.
fn open(from: &Path, database: &str, index: &Path) -> PostgresStore {
    let secret = MasterSecret::parse(&std::fs::read_to_string(from.join("secret.key")).unwrap()).unwrap();
    let config = PostgresConfig::new(database, None, index.to_owned()).unwrap().with_connections(2, 2);
    PostgresStore::open(config, &secret, &SeededChance::new(5)).unwrap()
}

/// Returns the name of a database from its URL.
fn name(database: &str) -> &str {
    database.rsplit('/').next().unwrap()
}

/// Returns true if a database has no tables at all.
fn is_empty(server: &Postgres, database: &str) -> bool {
    server.run(name(database), "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        == "0"
}
