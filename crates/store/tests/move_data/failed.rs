//! A move that is refused, or fails on the way: nothing of it is in the database, and the folder is as it was.

use std::path::Path;
use std::process::Command;

use chat::{MasterSecret, OsRandom, Store};
use store::{PostgresConfig, PostgresStore, SqliteStore, restore};

use crate::folder::Filled;
use crate::{is_empty, move_folder, move_with, move_with_secret, name, open};

/// The environment variables of the process that dies: the folder, and the database.
const FOLDER: &str = "HUBBUB_TEST_MOVED_FROM";
const DATABASE: &str = "HUBBUB_TEST_MOVED_TO";
/// The step at which it dies: every row is written, and some are compared.
const STEP: &str = "comparing users";

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_moved_once_and_no_server_continues_it() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let database = server.database();
    let moved = move_folder(filled.path(), &database, false).unwrap();
    assert_eq!(moved.place, database);
    let said = format!("its data was moved (to {database} on 2026-11-30 20:15 UTC)");
    let file = filled.path().join("moved.txt");
    for refused in [
        SqliteStore::open(filled.path(), &OsRandom).err().unwrap(),
        SqliteStore::inspect(filled.path()).err().unwrap(),
        move_folder(filled.path(), &server.database(), false).unwrap_err(),
    ] {
        let refused = refused.to_string();
        assert!(refused.contains(&said) && refused.contains(&file.display().to_string()), "{refused}");
    }
    std::fs::remove_file(&file).unwrap();
    // The database is no longer empty.
    let refused = move_folder(filled.path(), &database, false).unwrap_err().to_string();
    assert!(refused.contains(&format!("{database} has tables already")), "{refused}");
    assert!(!file.exists());
    drop(SqliteStore::open(filled.path(), &OsRandom).unwrap());
    move_folder(filled.path(), &server.database(), false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_or_of_an_older_version_or_without_data_is_not_moved() {
    let Some(server) = services::postgres() else { return };
    let database = server.database();
    let refused = |folder: &Path, says: &str| {
        let refused = move_folder(folder, &database, false).unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
    };
    let filled = Filled::new().await;
    let store = SqliteStore::open(filled.path(), &OsRandom).unwrap();
    refused(filled.path(), "another process has the folder");
    store.close().await.unwrap();

    let old = tempfile::tempdir().unwrap();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/schema-15.db");
    restore(old.path(), Path::new(fixture), true, &OsRandom).unwrap();
    refused(old.path(), "hubbub.db has schema 15");
    drop(SqliteStore::open(old.path(), &OsRandom).unwrap());

    let nothing = filled.path().join("nothing");
    refused(&nothing, "there is no data in");
    assert!(!nothing.exists());
    assert!(is_empty(server, &database));
    move_folder(old.path(), &database, false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_connection_is_lost_leaves_an_empty_database_and_can_be_repeated() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let database = server.database();
    let mut cut = false;
    let failed = move_with(filled.path(), &database, false, &mut |step| {
        if step == STEP {
            cut = true;
            server.run(
                name(&database),
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
    });
    let failed = failed.unwrap_err().to_string();
    assert!(cut && failed.starts_with("nothing was moved: "), "{failed}");
    assert!(is_empty(server, &database));
    let store = SqliteStore::open(filled.path(), &OsRandom).unwrap();
    store.close().await.unwrap();
    move_folder(filled.path(), &database, false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_leaves_an_empty_database_and_can_be_repeated() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let database = server.database();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "failed::the_process_that_dies_while_it_moves", "--nocapture"])
        .env(FOLDER, filled.path())
        .env(DATABASE, &database)
        .output()
        .unwrap();
    assert!(!died.status.success());
    let said = String::from_utf8_lossy(&died.stdout);
    assert!(said.contains(STEP) && !said.contains("moved"), "{said}");
    // The server undoes the transaction once it notices that the connection is gone.
    while !is_empty(server, &database) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    move_folder(filled.path(), &database, false).unwrap();
}

/// The other process. Without the name of a folder it does nothing.
#[test]
fn the_process_that_dies_while_it_moves() {
    let (Ok(folder), Ok(database)) = (std::env::var(FOLDER), std::env::var(DATABASE)) else { return };
    move_with(Path::new(&folder), &database, false, &mut |step| {
        if step == STEP {
            println!("{step}");
            std::process::abort();
        }
    })
    .unwrap();
    println!("moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_database_needs_no_other_rights_and_every_node_the_secret_of_the_folder() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let own = server.database();
    server.run("postgres", &format!("CREATE ROLE tea LOGIN; ALTER DATABASE {} OWNER TO tea", name(&own)));
    let database = own.replace("postgres@", "tea@");
    move_folder(filled.path(), &database, false).unwrap();
    let index = tempfile::tempdir().unwrap();
    let config = PostgresConfig::new(&database, None, index.path().to_owned()).unwrap();
    let refused = PostgresStore::open(config, &MasterSecret::from_bytes([9; 32]), &OsRandom);
    assert!(refused.err().unwrap().to_string().contains("HUBBUB_SECRET"));
    open(filled.path(), &database, index.path()).close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_arrives_changed_or_not_at_all_is_noticed_before_the_commit() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    for (table, meddling) in [
        ("users", "IF NEW.bio <> '' THEN NEW.name := NEW.name || '!'; END IF;"),
        ("user_names", "IF NEW.part LIKE 'ann%' THEN RETURN NULL; END IF;"),
    ] {
        let database = server.database();
        // The database changes rows by itself, as a trigger in a template might.
        let meddle = format!(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN {meddling} RETURN NEW; END $$;
             CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF to_regclass('{table}') IS NOT NULL
                     AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'meddling') THEN
                     CREATE TRIGGER meddling BEFORE INSERT ON {table}
                         FOR EACH ROW EXECUTE FUNCTION meddle();
                 END IF; END $$;
             CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
                 EXECUTE FUNCTION watch()"
        );
        server.run(name(&database), &meddle);
        let refused = move_folder(filled.path(), &database, false).unwrap_err().to_string();
        let says = format!("nothing was moved: the row of {table} with application 1, ");
        assert!(refused.starts_with(&says) && refused.ends_with("is another one in PostgreSQL"), "{refused}");
        assert!(is_empty(server, &database), "{meddling}");
    }
    move_folder(filled.path(), &server.database(), false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_guesses_which_of_two_secrets_the_server_had() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let database = server.database();
    let own = std::fs::read_to_string(filled.path().join("secret.key")).unwrap();
    let refused = move_with_secret(filled.path(), &database, MasterSecret::from_bytes([9; 32])).unwrap_err();
    assert!(refused.to_string().contains("HUBBUB_SECRET is not the secret in"), "{refused}");
    assert!(is_empty(server, &database));
    move_with_secret(filled.path(), &database, MasterSecret::parse(&own).unwrap()).unwrap();
}
