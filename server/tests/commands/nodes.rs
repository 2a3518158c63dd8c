//! Nodes over a PostgreSQL database, as their operator starts, lists and examines them.

use std::fs;
use std::process::Output;
use std::thread::sleep;
use std::time::Duration;

use crate::home::{Home, Serving, said};

/// Settings of a node: a store, and the secret that all nodes have.
fn node(home: &Home, database: &str) -> Serving {
    let mut command = home.command(&["serve", "--addr", "127.0.0.1:0", "--node-name", "left"]);
    command.env("HUBBUB_STORE", database);
    home.start(command)
}

fn run(home: &Home, database: &str, arguments: &[&str]) -> Output {
    home.command(arguments).env("HUBBUB_STORE", database).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command until its output is as wanted. Only a failing test waits a minute.
fn until(run: impl Fn() -> Output, is: impl Fn(&str) -> bool) -> String {
    for _ in 0..600 {
        let told = told(&run());
        if is(&told) {
            return told;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("it stays at {}", told(&run()));
}

#[test]
fn nodes_are_listed_while_they_run_and_afterwards() {
    let Some(postgres) = services::postgres() else { return };
    let (home, database) = (Home::new(), postgres.database());
    let server = node(&home, &database);
    let list = until(|| run(&home, &database, &["nodes"]), |told| told.contains("left"));
    let mut lines = list.lines();
    assert!(lines.next().unwrap().starts_with("name"), "{list}");
    let left = lines.next().unwrap();
    assert!(left.contains(env!("CARGO_PKG_VERSION")) && left.ends_with("alive"), "{list}");
    server.stop();
    let list = run(&home, &database, &["nodes"]);
    assert_eq!(list.status.code(), Some(0), "{}", said(&list));
    assert!(!told(&list).contains("left"), "{}", told(&list));
    let alone = home.run(&["nodes"]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(said(&alone).contains("there are no other nodes"), "{}", said(&alone));
}

#[test]
fn the_folder_of_a_node_has_no_facts_and_its_secret_is_that_of_all() {
    let Some(postgres) = services::postgres() else { return };
    let (home, database) = (Home::new(), postgres.database());
    let server = node(&home, &database);
    server.publish(1);
    server.stop();
    let mut files: Vec<_> =
        fs::read_dir(home.at("data")).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.retain(|file| !file.to_string_lossy().starts_with("search.db"));
    files.sort();
    assert_eq!(files, ["blobs", "hubbub.lock", "secret.key"]);

    // Another machine, with nothing.
    let other = Home::new();
    let refused = run(&other, &database, &["serve", "--addr", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    assert!(said(&refused).contains("copy secret.key"), "{}", said(&refused));
    assert!(!other.at("data/secret.key").exists(), "a wrong secret would be in the way of the right one");
    fs::copy(home.at("data/secret.key"), other.at("data/secret.key")).unwrap();
    // The files of the first one would not be there.
    let refused = run(&other, &database, &["serve", "--addr", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    let folder = fs::read_to_string(home.at("data/blobs/folder.id")).unwrap();
    assert!(
        said(&refused).contains(folder.trim()) && said(&refused).contains("--blobs"),
        "{}",
        said(&refused)
    );
    let mut command = other.command(&["serve", "--addr", "127.0.0.1:0", "--node-name", "left"]);
    command.env("HUBBUB_STORE", &database).env("HUBBUB_BLOBS", home.at("data/blobs"));
    let server = other.start(command);
    assert!(server.history().contains("\"seq\":1"), "{}", server.history());
    server.stop();
}

#[test]
fn the_doctor_examines_the_database() {
    let Some(postgres) = services::Postgres::start() else { return };
    let (home, database) = (Home::new(), postgres.database());
    let doctor = || run(&home, &database, &["doctor"]);
    let none = doctor();
    assert!(told(&none).contains("look  tables      there are none yet"), "{}", told(&none));
    let server = node(&home, &database);
    let well = until(doctor, |told| told.contains("master secret; alive nodes: 1"));
    for line in [
        "ok    database    postgres://postgres@127.0.0.1:",
        "ok    durability  synchronous_commit is on",
        "ok    clocks",
        "ok    connections alive nodes: 1, with up to 13 each",
        "ok    horizon",
        "ok    tables      schema 21, of this master secret",
        "ok    secret      secret.key has it, and no dump",
    ] {
        assert!(well.contains(line), "{line}: {well}");
    }
    assert!(well.contains("round trip"), "{well}");
    assert_eq!(doctor().status.code(), Some(0), "{well}");

    let own = home
        .command(&["doctor"])
        .env("HUBBUB_STORE", &database)
        .env("HUBBUB_SECRET", "a7".repeat(32))
        .output();
    assert!(told(&own.unwrap()).contains("WRONG tables      schema 21, of another master secret"));
    let many = run(&home, &database, &["doctor", "--readers", "400"]);
    assert_eq!(many.status.code(), Some(1), "{}", told(&many));
    assert!(
        told(&many).contains("WRONG connections") && told(&many).contains("raise max_connections to 415")
    );
    server.stop();
    postgres.run("postgres", "ALTER SYSTEM SET synchronous_commit = off");
    postgres.run("postgres", "SELECT pg_reload_conf()");
    until(doctor, |told| told.contains("WRONG durability  synchronous_commit is off"));
    let refused = run(&home, &database, &["serve", "--addr", "127.0.0.1:0"]);
    assert!(said(&refused).contains("synchronous_commit is off"), "{}", said(&refused));
}

#[test]
fn the_doctor_sends_itself_a_message_over_the_bus() {
    let (Some(postgres), Some(redis), Some(nats)) =
        (services::postgres(), services::redis(), services::nats())
    else {
        return;
    };
    let (home, database) = (Home::new(), postgres.database());
    let doctor = |bus: &str| told(&run(&home, &database, &["doctor", "--bus", bus]));
    for (url, name) in [(redis.url(), "redis"), (nats.url(), "nats")] {
        let found = doctor(&url);
        assert!(found.contains("ok    bus") && found.contains("was back after"), "{name}: {found}");
        // The password of the service is another one.
        let wrong = doctor(&url.replace(services::Redis::PASSWORD, "sesame-seed"));
        assert!(wrong.contains("WRONG bus") && wrong.contains(&format!("over {name}://")), "{wrong}");
        assert!(!wrong.contains("sesame-seed"), "{wrong}");
    }
    assert!(doctor("none").contains("ok    bus         there is none"), "{}", doctor("none"));
    let gone = doctor("redis://127.0.0.1:9");
    assert!(gone.contains("WRONG bus") && gone.contains("127.0.0.1:9"), "{gone}");
    // The port of something else: of a web server, of the other service, of the database.
    let web = home.command(&["serve", "--addr", "127.0.0.1:0", "--store", "memory"]);
    let web = home.start(web);
    for (of, name, says) in [
        (format!("redis://{}", web.addr()), "an HTTP server", "does not answer as Redis does"),
        (format!("redis://{}", nats.address()), "NATS", "does not answer as Redis does"),
        (format!("nats://{}", web.addr()), "an HTTP server", "no NATS server answers there"),
        (format!("nats://{}", redis.address()), "Redis", "no NATS server answers there"),
    ] {
        let other = doctor(&of);
        assert!(other.contains("WRONG bus") && other.contains(says), "{of} is {name}: {other}");
    }
    web.stop();
}

#[test]
fn the_doctor_finds_a_transaction_that_holds_the_horizon_back() {
    let Some(postgres) = services::postgres() else { return };
    let (home, database) = (Home::new(), postgres.database());
    let name = database.rsplit('/').next().unwrap().to_owned();
    let holds = std::thread::spawn(move || {
        let sleep = "BEGIN; SELECT pg_current_xact_id(), pg_sleep(0); SELECT pg_sleep(40); COMMIT";
        let statement = format!("SET application_name = 'report'; {sleep}");
        // Ended by the test.
        let ended = std::panic::catch_unwind(|| services::postgres().unwrap().run(&name, &statement));
        assert!(ended.is_err());
    });
    let doctor = || run(&home, &database, &["doctor"]);
    let found = until(doctor, |told| told.contains("WRONG horizon"));
    assert!(found.contains("a transaction of postgres report is 1"), "{found}");
    let (_, rest) = found.split_once("end it with ").unwrap();
    let end = rest.lines().next().unwrap();
    postgres.run("postgres", end);
    holds.join().unwrap();
    until(doctor, |told| told.contains("ok    horizon"));
}

#[test]
fn backup_and_restore_say_what_to_use_for_a_database() {
    let home = Home::new();
    let database = "postgres://hubbub:Tieguanyin@127.0.0.1:9/tea";
    let backup = run(&home, database, &["backup", "x.dump"]);
    assert_eq!(backup.status.code(), Some(1));
    let dump = "pg_dump --format=custom --exclude-table-data=nodes --exclude-table-data=writers --file=hubbub.dump 'postgres://hubbub@127.0.0.1:9/tea'";
    assert!(said(&backup).contains(dump), "{}", said(&backup));
    let restore = run(&home, database, &["restore", "x.dump"]);
    assert_eq!(restore.status.code(), Some(1));
    let with = "--dbname='postgres://hubbub@127.0.0.1:9/tea' x.dump; nodes notice it when they start, and give it a new epoch";
    assert!(
        said(&restore).contains("pg_restore --clean") && said(&restore).contains(with),
        "{}",
        said(&restore)
    );
    let bench = run(&home, database, &["bench", "--quick"]);
    assert!(bench.status.code() == Some(2) && said(&bench).contains("--store sqlite"), "{}", said(&bench));
    for output in [backup, restore, bench] {
        assert!(!said(&output).contains("Tieguanyin"), "{}", said(&output));
    }
}

#[test]
fn a_database_that_is_not_right_is_refused_with_what_to_do() {
    let Some(postgres) = services::Postgres::start() else { return };
    let database = postgres.database();
    let (server, name) = database.rsplit_once('/').unwrap();
    postgres.run("postgres", "CREATE ROLE tea LOGIN PASSWORD 'Tieguanyin'");
    // This user alone needs a password.
    let file = postgres.run("postgres", "SHOW hba_file");
    let rules = "VALUES ('host all tea 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')";
    postgres.run("postgres", &format!("COPY ({rules}) TO '{file}'"));
    postgres.run("postgres", "SELECT pg_reload_conf()");
    let tea = database.replace("postgres@", "tea@");
    let home = Home::new();
    let serve = |database: &str, password: Option<&str>| {
        let mut command = home.command(&["serve", "--addr", "127.0.0.1:0"]);
        command.env("HUBBUB_STORE", database).envs(password.map(|word| ("HUBBUB_STORE_PASSWORD", word)));
        let refused = command.output().unwrap();
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(
            !said(&refused).contains("Tieguanyin") && !said(&refused).contains("Silver"),
            "{}",
            said(&refused)
        );
        said(&refused)
    };
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let old = format!("CREATE DATABASE old_{encoding} ENCODING {encoding} LOCALE 'C' TEMPLATE template0");
        postgres.run("postgres", &old);
        let old = serve(&format!("{server}/old_{}", encoding.to_lowercase()), None);
        assert!(
            old.contains(&format!("the encoding {encoding}")) && old.contains("createdb -E UTF8"),
            "{old}"
        );
    }
    let nowhere = serve(&format!("{server}/nowhere"), None);
    assert!(nowhere.contains("createdb -O postgres nowhere"), "{nowhere}");
    let without = serve(&tea, None);
    assert!(without.contains("wants a password for tea; set HUBBUB_STORE_PASSWORD"), "{without}");
    let wrong = serve(&tea, Some("Silver Needle"));
    assert!(wrong.contains("does not accept tea with this password: either is wrong"), "{wrong}");
    let nobody = serve(&database.replace("postgres@", "rooibos@"), Some("Silver Needle"));
    assert!(nobody.contains("rooibos"), "{nobody}");
    let denied = serve(&tea, Some("Tieguanyin"));
    assert!(denied.contains(&format!("ALTER DATABASE {name} OWNER TO tea")), "{denied}");
    postgres.run(name, "CREATE TABLE guestbook (line text)");
    let other = serve(&database, None);
    assert!(other.contains("tables of another program"), "{other}");

    // The right one, by a file.
    postgres.run(name, "DROP TABLE guestbook");
    postgres.run("postgres", &format!("ALTER DATABASE {name} OWNER TO tea"));
    fs::write(home.at("password"), "Tieguanyin\n").unwrap();
    let mut command = home.command(&["serve", "--addr", "127.0.0.1:0"]);
    command.env("HUBBUB_STORE", &tea).env("HUBBUB_STORE_PASSWORD_FILE", home.at("password"));
    let running = home.start(command);
    running.publish(1);
    running.stop();
    postgres.run(name, "UPDATE meta SET schema = 99");
    let newer = serve(&tea, Some("Tieguanyin"));
    assert!(newer.contains("the database has schema 99"), "{newer}");
}

#[test]
fn a_node_waits_for_a_database_that_does_not_answer_yet() {
    let Some(postgres) = services::Postgres::start() else { return };
    let database = postgres.database();
    let home = Home::new();
    postgres.kill();
    std::thread::scope(|scope| {
        let node = scope.spawn(|| node(&home, &database));
        // Its attempts in between find nobody.
        while !home.at("data/hubbub.lock").exists() {
            sleep(Duration::from_millis(10));
        }
        sleep(Duration::from_millis(300));
        postgres.start();
        let node = node.join().unwrap();
        node.publish(1);
        node.stop();
    });
}

#[test]
fn a_node_whose_database_was_restored_ends_to_be_started_anew() {
    let Some(postgres) = services::postgres() else { return };
    let (home, database) = (Home::new(), postgres.database());
    let name = database.rsplit('/').next().unwrap();
    let mut server = node(&home, &database);
    server.publish(1);
    let before = server.epoch();
    // As a restored dump has it: the same rows in another table.
    postgres.run(
        name,
        "BEGIN; CREATE TABLE restored (LIKE meta INCLUDING ALL); INSERT INTO restored SELECT * FROM meta; \
         DROP TABLE meta; ALTER TABLE restored RENAME TO meta; COMMIT",
    );
    assert_eq!(server.process.wait().unwrap().code(), Some(1), "so that the service manager starts it again");
    let server = node(&home, &database);
    assert_ne!(server.epoch(), before);
    assert!(server.history().contains("\"seq\":1"), "{}", server.history());
    server.stop();
}
