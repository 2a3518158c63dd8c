//! `hubbub move`, as an operator runs it.

use crate::home::{Home, said};

#[test]
fn a_folder_is_moved_while_no_server_holds_it_and_none_starts_on_it_afterwards() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let home = Home::new();
    let server = home.serve();
    for number in 1..=5 {
        server.publish(number);
    }
    let arguments = ["move", "--to", database.as_str()];
    let busy = home.run(&arguments);
    assert!(
        busy.status.code() == Some(1) && said(&busy).contains("another process has the folder"),
        "{busy:?}"
    );
    server.stop();
    // The password is never shown, whatever is wrong.
    let wrong = home.run(&["move", "--to", "postgres://hubbub:Tieguanyin@127.0.0.1:1/hubbub"]);
    assert!(wrong.status.code() == Some(1) && said(&wrong).contains("nothing was moved: "), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("Tieguanyin"), "{wrong:?}");

    let moved = home.run(&arguments);
    assert_eq!(moved.status.code(), Some(0), "{}", said(&moved));
    let (told, steps) = (String::from_utf8_lossy(&moved.stdout), String::from_utf8_lossy(&moved.stderr));
    assert!(told.contains(" and 5 entries, ") && told.contains("compared row by row"), "{told}");
    let secret = home.at("data").join("secret.key");
    assert!(told.contains("HUBBUB_SECRET") && told.contains(secret.to_str().unwrap()), "{told}");
    assert!(!told.contains(std::fs::read_to_string(secret).unwrap().trim()), "{told}");
    assert!(steps.contains("entries: 5 rows\n") && steps.contains("comparing entries\n"), "{steps}");

    let started = home.run(&["serve", "--addr", "127.0.0.1:0"]);
    assert!(started.status.code() == Some(1) && said(&started).contains("its data was moved"), "{started:?}");
    let name = database.rsplit('/').next().unwrap();
    assert_eq!(postgres.run(name, "SELECT count(*) FROM entries"), "5");
}
